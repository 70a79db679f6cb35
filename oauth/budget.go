package oauth

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Limits bound the token endpoint, each in calls a minute. A field that is zero
// has the default.
type Limits struct {
	// PerAddress is how many refused token requests one address may make before
	// its refusals say only that it is to wait: 600. Requests that are granted are
	// not counted, so that a stranger behind the same proxy locks nobody out.
	PerAddress int

	// PerApp is how many tokens one app may get, from wherever: 600. It is counted
	// after the secret was found right, so that nobody else can use it up.
	PerApp int

	// Failures is how often one address may present a wrong secret for one
	// client_id before it is told to wait: 10. It also holds for introspection and
	// revocation. A right secret is never refused for the wrong ones before it: it
	// cannot be guessed, and a stranger must not be able to lock an app out.
	Failures int
}

const (
	defaultPerAddress = 600
	defaultPerApp     = 600
	defaultFailures   = 10

	budgetWindow = time.Minute
	// maxBudgetKeys bounds the memory of one budget to some 8 MiB. What comes
	// above it in one window is let through: who has that many addresses is not
	// held by a limit for each.
	maxBudgetKeys = 1 << 16
)

type budgets struct {
	addresses, apps, failures *budget
}

func newBudgets(l Limits) (budgets, error) {
	if l.PerAddress < 0 || l.PerApp < 0 || l.Failures < 0 {
		return budgets{}, fmt.Errorf("oauth: a limit is negative: %+v", l)
	}
	return budgets{
		addresses: newBudget("address", l.PerAddress, defaultPerAddress),
		apps:      newBudget("app", l.PerApp, defaultPerApp),
		failures:  newBudget("failures", l.Failures, defaultFailures),
	}, nil
}

// budget counts calls for each key within a fixed window of a minute.
type budget struct {
	name  string
	limit int

	mu    sync.Mutex
	end   time.Time // of the window
	spent map[string]int
}

func newBudget(name string, limit, fallback int) *budget {
	if limit == 0 {
		limit = fallback
	}
	return &budget{name: name, limit: limit, spent: map[string]int{}}
}

// spend takes one call from the budget of key. When there is none left it says
// how long until there is.
func (b *budget) spend(key string) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if !now.Before(b.end) {
		b.end = now.Add(budgetWindow)
		b.spent = map[string]int{}
	}
	n, there := b.spent[key]
	switch {
	case n >= b.limit:
		return b.end.Sub(now), false
	case there || len(b.spent) < maxBudgetKeys:
		b.spent[key] = n + 1
	}
	return 0, true
}

// charge is spend for a request: it sets the RateLimit fields
// (draft-ietf-httpapi-ratelimit-headers-11) when the answer is no.
func (b *budget) charge(w http.ResponseWriter, key string) error {
	wait, ok := b.spend(key)
	if ok {
		return nil
	}
	seconds := int64((wait + time.Second - 1) / time.Second)
	w.Header().Set("RateLimit-Policy", fmt.Sprintf(`"%s";q=%d;w=%d`, b.name, b.limit, int(budgetWindow.Seconds())))
	w.Header().Set("RateLimit", fmt.Sprintf(`"%s";r=0;t=%d`, b.name, seconds))
	e := cpodkit.Errorf(cpodkit.CodeRateLimited, "Too many attempts; try again in %d seconds.", seconds)
	e.RetryAfter = wait
	return e
}

// peerAddress is the other end of the connection. The addresses of an IPv6 /64
// usually belong to one customer, who could use any of them.
func peerAddress(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr := peer.Addr().Unmap().WithZone("")
	if addr.Is6() {
		prefix, _ := addr.Prefix(64)
		return prefix.String()
	}
	return addr.String()
}
