package kv

import (
	"context"
	"time"
)

// Driver stores strings by key. Keys are full storage paths, built and checked
// by the portable type.
//
// An outcome that callers act on is an error for which errors.Is finds
// cpodkit.CodeNotFound, CodeConflict or CodeUnavailable. Every other error is
// returned raw; its text reaches logs and never a client. All methods are safe
// for concurrent use, linearizable for each key, and honour ctx. Package kvtest
// is the suite that every driver passes.
type Driver interface {
	// Get returns the value, or CodeNotFound.
	Get(ctx context.Context, key string) (string, error)

	// Exists reports whether there is a value.
	Exists(ctx context.Context, key string) (bool, error)

	// Set stores value. It ends after ttl, or never when ttl is 0; a ttl that
	// was there before is replaced. With ifAbsent it stores nothing and returns
	// false when there is a value; else it returns true.
	Set(ctx context.Context, key, value string, ttl time.Duration, ifAbsent bool) (bool, error)

	// Delete removes the value; one that is not there is no error. With a
	// non-nil ifValue it removes it only while it equals *ifValue. It reports
	// whether something was removed.
	Delete(ctx context.Context, key string, ifValue *string) (bool, error)

	// Incr adds by to the integer that the value spells in decimal and returns
	// the sum. It starts at 0 and keeps the ttl. CodeConflict when the value is no
	// 64-bit integer, or the sum would not be one; the value then stays.
	Incr(ctx context.Context, key string, by int64) (int64, error)

	// TTL returns how long the value has left, 0 for one that does not end, or
	// CodeNotFound.
	TTL(ctx context.Context, key string) (time.Duration, error)

	// Close frees what the driver holds. The driver is not used afterwards.
	Close() error
}
