package ratelimit

import (
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// Err returns nil when the decision allows the call, else a rate_limited error
// that says when to try again.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	e := cpodkit.Errorf(cpodkit.CodeRateLimited, "Too many calls; try again in %d s.", wholeSeconds(d.RetryAfter))
	e.RetryAfter = d.RetryAfter
	return e
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// sentence is the [portable.Sentence] of this package.
func sentence(code cpodkit.Code, _ string) string {
	switch code {
	case cpodkit.CodeUnavailable:
		return "The rate limiter cannot take this call now; try again later."
	case cpodkit.CodeNotSupported:
		return "The rate limiter's store cannot do this."
	}
	return portable.Failed("The rate limiter", code)
}

func checkBucket(key string, limit *Limit, cost int64) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return checkCost(limit, cost)
}

func checkBuckets(buckets []Bucket, cost int64) error {
	if len(buckets) == 0 || len(buckets) > MaxBuckets {
		return cpodkit.Errorf(cpodkit.CodeValidationFailed, "One call takes from 1 to %d buckets, not from %d.",
			MaxBuckets, len(buckets))
	}
	for i := range buckets {
		b := &buckets[i]
		if err := checkBucket(b.Key, &b.Limit, cost); err != nil {
			return err
		}
		for j := range i {
			if buckets[j].Key == b.Key {
				return invalid("/key", "stands twice; a call takes from a bucket once")
			}
		}
	}
	return nil
}

func checkKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return badKey(len(key))
	}
	return nil
}

// badKey and badCost are apart so that the checks, which every call makes, are
// inlined.
func badKey(length int) error {
	if length == 0 {
		return invalid("/key", "is empty")
	}
	return invalid("/key", fmt.Sprintf("has %d bytes; at most %d are allowed", length, MaxKey))
}

func checkCost(limit *Limit, cost int64) error {
	if limit.Tokens < 1 || limit.Tokens > MaxTokens || limit.Window < MinWindow || limit.Window > MaxWindow ||
		cost < 0 || cost > limit.Tokens {
		return badCost(limit, cost)
	}
	return nil
}

func badCost(limit *Limit, cost int64) error {
	switch {
	case limit.Tokens < 1 || limit.Tokens > MaxTokens:
		return invalid("/limit", fmt.Sprintf("must be 1 to %d tokens", MaxTokens))
	case limit.Window < MinWindow || limit.Window > MaxWindow:
		return invalid("/windowSeconds", "must be 1 ms to 365 days")
	case cost < 0:
		return invalid("/cost", "must not be negative")
	}
	return invalid("/cost", fmt.Sprintf("is more than the %d tokens of a full bucket, so no wait would do", limit.Tokens))
}

func invalid(pointer, detail string) error {
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: pointer, Detail: detail})
}
