package cpodkit

import "context"

type recheckKey struct{}

// WithRecheck returns a context in which [Recheck] calls recheck. Authentication
// middleware calls it, so that an answer that lasts can find out that its
// credential has ended. recheck returns nil while the credential is good, else
// an error with the code that a new request would get. It is safe for concurrent
// use.
func WithRecheck(ctx context.Context, recheck func(context.Context) error) context.Context {
	return context.WithValue(ctx, recheckKey{}, recheck)
}

// Recheck verifies the credential of the request again. It returns nil while the
// credential is good, and where no [WithRecheck] was called. It may ask a store:
// a stream calls it at each heartbeat, and not for each event.
func Recheck(ctx context.Context) error {
	if recheck, ok := ctx.Value(recheckKey{}).(func(context.Context) error); ok {
		return recheck(ctx)
	}
	return nil
}

type stoppingKey struct{}

// WithStopping returns a context in which [Stopping] returns stopping. A server
// calls it for the contexts of its requests.
func WithStopping(ctx context.Context, stopping <-chan struct{}) context.Context {
	return context.WithValue(ctx, stoppingKey{}, stopping)
}

// Stopping returns a channel that is closed when the server of the request begins
// to stop. A handler whose answer has no end of its own ends it then. The channel
// is nil, and never closed, where no server called [WithStopping].
func Stopping(ctx context.Context) <-chan struct{} {
	stopping, _ := ctx.Value(stoppingKey{}).(<-chan struct{})
	return stopping
}
