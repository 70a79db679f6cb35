package ratelimit

import "context"

// Driver is for drivers: it keeps token buckets by key. The portable type has
// checked keys, limits and costs: a driver sees 1 to [MaxBuckets] buckets with
// different keys, and a cost from 0 to the Tokens of the smallest.
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
