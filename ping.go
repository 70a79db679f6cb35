package cpodkit

import "context"

// Pinger is a driver, of whatever capability, that can say with one cheap call
// whether its system serves now. It is optional, and found by type assertion: a
// driver without a system of its own, such as one in memory, has no use for it.
//
// Ping returns nil or why not, in words for a log that no client sees. It is
// safe for concurrent use and honours ctx.
type Pinger interface {
	Ping(ctx context.Context) error
}
