package ratelimit

import (
	"context"
	"time"
)

const (
	// MaxTokens is the largest limit: a thousand million tokens.
	MaxTokens = 1_000_000_000

	// MinWindow is the shortest window of a limit: 1 ms.
	MinWindow = time.Millisecond

	// MaxWindow is the longest window of a limit: 365 days.
	MaxWindow = 365 * 24 * time.Hour

	// MaxKey is the most bytes of a bucket's key: 1 KiB.
	MaxKey = 1 << 10

	// MaxBuckets is how many buckets one call may take from.
	MaxBuckets = 16
)

// Limit is what a bucket holds: Tokens when it is full, refilled evenly over
// Window from empty to full. So a caller never gets more than Tokens plus what
// flows in meanwhile.
type Limit struct {
	// Name is the policy's name in the RateLimit fields; "" stands for "default".
	// It is no part of the limit as a driver sees it.
	Name string

	Tokens int64         // 1 to [MaxTokens]
	Window time.Duration // [MinWindow] to [MaxWindow]
}

// Bucket is one token bucket of a call: what to take from, and then its state.
type Bucket struct {
	State
	Key   string // 1 to [MaxKey] bytes of any value
	Limit Limit
}

// State is what a bucket had to say to a call, after it.
type State struct {
	// Allowed reports whether this bucket has what the call costs. Of a call on
	// several buckets only all of them together allow it.
	Allowed bool

	// Remaining is how many whole tokens are left.
	Remaining int64

	// Reset is how long the bucket takes to be full again, rounded up.
	Reset time.Duration

	// RetryAfter is how long it takes until the bucket has what the call costs,
	// rounded up; 0 when it is Allowed.
	RetryAfter time.Duration
}

// Driver is for drivers: it keeps token buckets by key. The portable type has checked keys, limits
// and costs: a driver sees 1 to [MaxBuckets] buckets with different keys, and a
// cost from 0 to the Tokens of the smallest.
//
// Errors are raw; an outcome that callers act on is one for which errors.Is
// finds a cpodkit.Code, such as CodeUnavailable. All methods are safe for
// concurrent use, linearizable for each key, and honour ctx. Package
// ratelimittest is the suite that every driver passes.
type Driver interface {
	// Take takes cost tokens from every bucket if each has them, else from none,
	// in one step, and fills in State. A cost of 0 takes nothing; Allowed and
	// RetryAfter are then about one token. A key that is not known is a full
	// bucket. One that has had other Tokens or another Window is changed to the
	// new ones first, whatever the outcome, and keeps the fraction that it is
	// filled to. Time is the driver's, and never goes back.
	//
	// The driver keeps and changes buckets only until it returns. After an error
	// their State means nothing.
	Take(ctx context.Context, buckets []Bucket, cost int64) error

	// Reset makes the bucket full. One that is not there is no error.
	Reset(ctx context.Context, key string) error

	// Close frees what the driver holds. The driver is not used afterwards.
	Close() error
}

// Bounded is for drivers: one that takes from fewer buckets in one call than
// [MaxBuckets]. A driver that wraps such a driver is Bounded too.
type Bounded interface {
	// MaxBuckets returns how many buckets one call may have, at least 1.
	MaxBuckets() int
}

// Returner is for drivers: one that takes tokens back.
type Returner interface {
	// Return gives cost tokens of limit back to the bucket of key, which a Take
	// took and nobody has used. No bucket gets fuller than full.
	Return(ctx context.Context, key string, limit Limit, cost int64) error
}
