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
	return []cpodkit.Route{
		l.route("checkRateLimit", "POST /v1/ratelimit/check", serveCheck),
		l.route("resetRateLimit", "POST /v1/ratelimit/reset", serveReset),
	}
}

func (l *Limiter) route(name, pattern string, serve func(w http.ResponseWriter, r *http.Request, h Handle) error) cpodkit.Route {
	handler := rest.Handler(func(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
		id, _ := cpodkit.IdentityFromContext(r.Context()) // the zero identity may do nothing
		return serve(w, r, l.For(id))
	})
	return cpodkit.Route{Name: name, Pattern: pattern, Scopes: []string{Scope}, Access: cpodkit.WritesAfter, Handler: handler}
}

func serveCheck(w http.ResponseWriter, r *http.Request, h Handle) error {
	var body checkBody
	if err := cpodkit.DecodeJSON(w, r, &body, maxBody); err != nil {
		return err
	}
	limit, cost, err := body.read()
	if err != nil {
		return err
	}
	d, err := h.Take(r.Context(), *body.Key, limit, cost)
	if err != nil {
		return err
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
	cpodkit.WriteJSON(w, r, http.StatusOK, answer)
	return nil
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

func serveReset(w http.ResponseWriter, r *http.Request, h Handle) error {
	var body struct {
		Key *string `json:"key"`
	}
	if err := cpodkit.DecodeJSON(w, r, &body, maxBody); err != nil {
		return err
	}
	if body.Key == nil {
		return invalid("/key", "is missing")
	}
	if err := h.Reset(r.Context(), *body.Key); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
