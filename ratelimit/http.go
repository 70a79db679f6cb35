package ratelimit

import (
	"fmt"
	"net/http"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// maxBody takes every key, however it is escaped, and says of one that is too
// long that it is.
const maxBody = 64 << 10

// Routes returns the calls under /v1/ratelimit, which act on the buckets of the
// caller's tenant and app.
func (l *Limiter) Routes() []cpodkit.Route {
	route := func(name, pattern string, serve rest.Func) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: pattern, Scopes: []string{Scope}, Access: cpodkit.WritesAfter, Handler: rest.Handler(serve),
		}
	}
	return []cpodkit.Route{
		route("checkRateLimit", "POST /v1/ratelimit/check", rest.JSON(maxBody, l.serveCheck)),
		route("resetRateLimit", "POST /v1/ratelimit/reset", rest.JSON(maxBody, l.serveReset)),
	}
}

// of returns the buckets of the caller. The zero identity may do nothing.
func (l *Limiter) of(r *http.Request) Handle {
	id, _ := cpodkit.IdentityFromContext(r.Context())
	return l.For(id)
}

func (l *Limiter) serveCheck(r *http.Request, body checkBody) (checkAnswer, error) {
	limit, cost, err := body.read()
	if err != nil {
		return checkAnswer{}, err
	}
	d, err := l.of(r).Take(r.Context(), *body.Key, limit, cost)
	if err != nil {
		return checkAnswer{}, err
	}
	answer := checkAnswer{
		Allowed:      d.Allowed,
		Limit:        limit.Tokens,
		Remaining:    d.Remaining,
		ResetSeconds: wholeSeconds(d.Reset),
	}
	if !d.Allowed {
		answer.RetryAfterSeconds = new(wholeSeconds(d.RetryAfter))
	}
	return answer, nil
}

type checkBody struct {
	Key           *string `json:"key"`
	Limit         *int64  `json:"limit"`
	WindowSeconds *int64  `json:"windowSeconds"`
	Cost          *int64  `json:"cost"`
}

type checkAnswer struct {
	Allowed           bool   `json:"allowed"`
	Limit             int64  `json:"limit"`
	Remaining         int64  `json:"remaining"`
	ResetSeconds      int64  `json:"resetSeconds"`
	RetryAfterSeconds *int64 `json:"retryAfterSeconds,omitempty"`
}

// read returns the limit and the cost, or all that is wrong with the body.
func (b *checkBody) read() (Limit, int64, error) {
	var faults []cpodkit.FieldError
	whole := func(pointer string, value *int64, least, most int64) int64 {
		switch {
		case value == nil:
			faults = append(faults, cpodkit.FieldError{Pointer: pointer, Detail: "is missing"})
			return 0
		case *value < least || *value > most:
			faults = append(faults, cpodkit.FieldError{Pointer: pointer, Detail: fmt.Sprintf("must be %d to %d", least, most)})
		}
		return *value
	}
	if b.Key == nil {
		faults = append(faults, cpodkit.FieldError{Pointer: "/key", Detail: "is missing"})
	} else if fault := handleKeyFault(*b.Key); fault != "" {
		faults = append(faults, cpodkit.FieldError{Pointer: "/key", Detail: fault})
	}
	tokens := whole("/limit", b.Limit, 1, MaxTokens)
	seconds := whole("/windowSeconds", b.WindowSeconds, 1, int64(MaxWindow/time.Second))
	cost := int64(1)
	if b.Cost != nil {
		most := int64(MaxTokens)
		if tokens > 0 {
			most = min(most, tokens)
		}
		cost = whole("/cost", b.Cost, 0, most)
	}
	if faults != nil {
		return Limit{}, 0, cpodkit.ValidationError(faults...)
	}
	return Limit{Tokens: tokens, Window: time.Duration(seconds) * time.Second}, cost, nil
}

type resetBody struct {
	Key *string `json:"key"`
}

func (l *Limiter) serveReset(r *http.Request, body resetBody) (rest.None, error) {
	if body.Key == nil {
		return rest.None{}, invalid("/key", "is missing")
	}
	return rest.None{}, l.of(r).Reset(r.Context(), *body.Key)
}
