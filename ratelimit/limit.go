package ratelimit

import "time"

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
