package openfeature

import (
	"context"
	"iter"

	"github.com/cpodkit/cpodkit/flags"
)

// InProcess returns the backend of a tenant's flags in this process. An evaluation acts
// for the identity in its context where there is one of this tenant, and else for trusted
// code of the tenant. [flags.Flags.Run] keeps the flags current.
func InProcess(all *flags.Flags, tenantID string) Backend {
	return &inProcess{all: all, tenantID: tenantID, handle: all.Tenant(tenantID)}
}

type inProcess struct {
	all      *flags.Flags
	tenantID string
	handle   flags.Handle
}

// Evaluate implements [Backend].
func (b *inProcess) Evaluate(ctx context.Context, key string, c flags.Context) (*flags.Result, error) {
	return b.handle.Resolve(ctx, key, &c)
}

// Start implements [Starter]: it loads the flags.
func (b *inProcess) Start(ctx context.Context) error {
	_, err := b.handle.Set(ctx)
	return err
}

// Watch implements [Watcher].
func (b *inProcess) Watch(ctx context.Context) iter.Seq2[flags.Change, error] {
	return b.all.Watch(ctx, b.tenantID)
}

// Ping reports why the flags are not current.
func (b *inProcess) Ping(ctx context.Context) error { return b.all.Ping(ctx) }
