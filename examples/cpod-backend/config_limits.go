package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// limits are how many requests the server takes. A limit of no tokens is off.
type limits struct {
	tenant, app           ratelimit.Limit // of all requests with a good token
	refusedTokens, grants ratelimit.Limit // of the refusals that one address gets: everywhere, and at the token endpoint

	address ratelimit.ClientAddress // where a request comes from
	leases  bool                    // of hot buckets in Redis
}

// loadLimits reads limits such as "6000/1m" or "off". The defaults stop what no
// single server stands, and leave the rest to the operator.
func loadLimits(getenv func(string) string) (limits, error) {
	var l limits
	for _, v := range []struct {
		name, policy, byDefault string
		into                    *ratelimit.Limit
	}{
		{"CPOD_LIMIT_TENANT", "tenant", "1200000/1m", &l.tenant},
		{"CPOD_LIMIT_APP", "app", "600000/1m", &l.app},
		{"CPOD_LIMIT_REFUSED_TOKENS", "refused-tokens", "600/1m", &l.refusedTokens},
		{"CPOD_LIMIT_REFUSED_GRANTS", "refused-grants", "600/1m", &l.grants},
	} {
		var err error
		if *v.into, err = parseLimit(cmp.Or(getenv(v.name), v.byDefault)); err != nil {
			return l, fmt.Errorf("%s: %w", v.name, err)
		}
		v.into.Name = v.policy
	}
	var err error
	if l.address, err = ratelimit.ParseClientAddress(cmp.Or(getenv("CPOD_CLIENT_ADDRESS"), "peer")); err != nil {
		return l, fmt.Errorf("CPOD_CLIENT_ADDRESS: %w", err)
	}
	switch leases := getenv("CPOD_RATELIMIT_LEASES"); leases {
	case "", off:
	case "on":
		if isLocal(getenv("CPOD_RATELIMIT")) {
			return l, errors.New("CPOD_RATELIMIT_LEASES: leases are for a Redis in CPOD_RATELIMIT; set that too")
		}
		l.leases = true
	default:
		return l, errors.New("CPOD_RATELIMIT_LEASES: want on or off")
	}
	return l, nil
}

func parseLimit(text string) (ratelimit.Limit, error) {
	if text == off {
		return ratelimit.Limit{}, nil
	}
	tokens, window, _ := strings.Cut(text, "/")
	n, err := strconv.ParseInt(tokens, 10, 64)
	if err == nil && n >= 1 && n <= ratelimit.MaxTokens {
		if d, err := time.ParseDuration(window); err == nil && d >= ratelimit.MinWindow && d <= ratelimit.MaxWindow {
			return ratelimit.Limit{Tokens: n, Window: d}, nil
		}
	}
	return ratelimit.Limit{}, errors.New("want a number of requests and the time that an empty limit takes to refill, such as 6000/1m, or off")
}
