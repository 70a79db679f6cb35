package client

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
)

// RateLimit takes tokens from buckets of this app, wherever its instances run. It needs the scope ratelimit.write, and is
// safe for concurrent use.
type RateLimit struct{ api *api }

// RateLimitResult is what a bucket answered.
type RateLimitResult struct {
	// Allowed reports whether the bucket had the tokens, which are then taken.
	Allowed bool
	// Limit is how many tokens a full bucket holds.
	Limit int64
	// Remaining is how many are left.
	Remaining int64
	// Reset is how long the bucket takes to be full again, in whole seconds.
	Reset time.Duration
	// RetryAfter is how long it takes until the bucket has the tokens, in whole seconds; 0 when Allowed.
	RetryAfter time.Duration
}

// CheckOption changes what [RateLimit.Check] takes.
type CheckOption func(*checkBody)

type checkBody struct {
	Key           string `json:"key"`
	Limit         int64  `json:"limit"`
	WindowSeconds int64  `json:"windowSeconds"`
	Cost          *int64 `json:"cost,omitempty"`
}

// Cost is how many tokens a call takes, instead of 1. With 0 it takes none, and Allowed tells whether there is one.
func Cost(tokens int64) CheckOption { return func(b *checkBody) { b.Cost = &tokens } }

// Check takes a token from the bucket of a key, if it has one. The bucket holds limit tokens, 1 to 1000000000, and an
// empty one takes the window, 1 second to 365 days in whole seconds, to be full again. With another limit or window than
// before, the bucket keeps the fraction that it is filled to. A key has up to 512 bytes of UTF-8 without control
// characters.
//
// A refusal is no error. When the answer to a call is lost, it is unknown whether the tokens were taken, and the call is
// not repeated.
func (r *RateLimit) Check(ctx context.Context, key string, limit int64, window time.Duration, options ...CheckOption) (RateLimitResult, error) {
	const op = "ratelimit.check"
	if err := checkLimitKey(op, key); err != nil {
		return RateLimitResult{}, err
	}
	if window < time.Second || window%time.Second != 0 {
		return RateLimitResult{}, invalid(op, cpodkit.CodeValidationFailed, "the window is one second or more, in whole seconds")
	}
	body := checkBody{Key: key, Limit: limit, WindowSeconds: int64(window / time.Second)}
	for _, option := range options {
		option(&body)
	}
	check := &call{
		op: op, method: http.MethodPost, path: "/v1/ratelimit/check",
		contentType: jsonType, repeat: ifUntouched, success: []int{http.StatusOK},
	}
	if body.Cost != nil && *body.Cost == 0 {
		check.repeat = always
	}
	var err error
	if check.data, err = encodeJSON(op, body); err != nil {
		return RateLimitResult{}, err
	}
	var answer struct {
		Allowed           bool  `json:"allowed"`
		Limit             int64 `json:"limit"`
		Remaining         int64 `json:"remaining"`
		ResetSeconds      int64 `json:"resetSeconds"`
		RetryAfterSeconds int64 `json:"retryAfterSeconds"`
	}
	if err := r.api.doJSON(ctx, check, &answer); err != nil {
		return RateLimitResult{}, err
	}
	return RateLimitResult{
		Allowed:    answer.Allowed,
		Limit:      answer.Limit,
		Remaining:  answer.Remaining,
		Reset:      secondsOf(answer.ResetSeconds),
		RetryAfter: secondsOf(answer.RetryAfterSeconds),
	}, nil
}

// secondsOf keeps to what a window can be, whatever the answer says.
func secondsOf(seconds int64) time.Duration {
	const year = 365 * 24 * 60 * 60
	return time.Duration(min(max(seconds, 0), year)) * time.Second
}

// checkLimitKey refuses what JSON would change on its way; the server looks at the rest.
func checkLimitKey(op, key string) error {
	if !utf8.ValidString(key) {
		return invalid(op, cpodkit.CodeValidationFailed, "the key is not UTF-8")
	}
	return nil
}

// Reset makes the bucket of a key full.
func (r *RateLimit) Reset(ctx context.Context, key string) error {
	const op = "ratelimit.reset"
	if err := checkLimitKey(op, key); err != nil {
		return err
	}
	data, err := encodeJSON(op, map[string]string{"key": key})
	if err != nil {
		return err
	}
	_, err = r.api.do(ctx, &call{
		op: op, method: http.MethodPost, path: "/v1/ratelimit/reset", data: data,
		contentType: jsonType, repeat: always, success: []int{http.StatusNoContent},
	})
	return err
}
