package secrets

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/cpodkit/cpodkit"
)

// Chain is several providers as one. It is safe for concurrent use.
type Chain []Provider

// NewChain returns a provider that has the secrets of several. A secret is that of the
// first provider that has it, with its versions. An error other than not_found ends the
// search, so that no value of a later provider is served instead of one that cannot
// be reached.
//
// A write goes to the first provider that is an [Editor], and is not_supported when there
// is none. It is a conflict while an earlier provider has the secret, and Delete also while
// a later one has it alone. Lists are of all providers, and not_supported unless each is a
// [Lister].
func NewChain(providers ...Provider) Chain { return Chain(providers) }

// holder returns the position of the provider that has a secret, and what it has; the
// number of providers when none has it.
func (c Chain) holder(ctx context.Context, tenantID, name string) (at int, newest Secret, err error) {
	for i, p := range c {
		secret, err := p.Get(ctx, tenantID, name, 0)
		if !errors.Is(err, cpodkit.CodeNotFound) {
			return i, secret, err
		}
	}
	return len(c), Secret{}, ctx.Err()
}

// Get implements [Provider].
func (c Chain) Get(ctx context.Context, tenantID, name string, version int64) (Secret, error) {
	at, secret, err := c.holder(ctx, tenantID, name)
	switch {
	case err != nil:
		return Secret{}, err
	case at == len(c):
		return Secret{}, cpodkit.CodeNotFound
	case version != 0:
		return c[at].Get(ctx, tenantID, name, version)
	}
	return secret, nil
}

// editor returns the provider that is written, its position, and that of the provider that
// has the secret.
func (c Chain) editor(ctx context.Context, tenantID, name string) (e Editor, at, holder int, err error) {
	for at, p := range c {
		if e, ok := p.(Editor); ok {
			holder, _, err = c.holder(ctx, tenantID, name)
			if err == nil && holder < at {
				err = cpodkit.CodeConflict
			}
			return e, at, holder, err
		}
	}
	return nil, 0, 0, cpodkit.CodeNotSupported
}

// Put implements [Editor].
func (c Chain) Put(ctx context.Context, tenantID, name string, value Value, cond Condition) (Info, error) {
	e, _, _, err := c.editor(ctx, tenantID, name)
	if err != nil {
		return Info{}, err
	}
	return e.Put(ctx, tenantID, name, value, cond)
}

// Delete implements [Editor].
func (c Chain) Delete(ctx context.Context, tenantID, name string, cond Condition) error {
	e, at, holder, err := c.editor(ctx, tenantID, name)
	switch {
	case err != nil:
		return err
	case holder > at && holder < len(c):
		return cpodkit.CodeConflict
	}
	return e.Delete(ctx, tenantID, name, cond)
}

// List implements [Lister].
func (c Chain) List(ctx context.Context, tenantID, after string, limit int) (all []Info, more bool, err error) {
	end := "" // where the first page ends that is not the last one of its provider
	for _, p := range c {
		lister, ok := p.(Lister)
		if !ok {
			return nil, false, cpodkit.CodeNotSupported
		}
		infos, hasMore, err := lister.List(ctx, tenantID, after, limit)
		if err != nil {
			return nil, false, err
		}
		if last := len(infos) - 1; hasMore && last >= 0 && (!more || infos[last].Name < end) {
			more, end = true, infos[last].Name
		}
		all = append(all, infos...)
	}
	slices.SortStableFunc(all, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	all = slices.CompactFunc(all, func(a, b Info) bool { return a.Name == b.Name }) // the first provider's stays
	if more {
		all = slices.DeleteFunc(all, func(i Info) bool { return i.Name > end })
	}
	if len(all) > limit {
		all, more = all[:limit], true
	}
	return all, more, nil
}

// Watch implements [Watcher]: it reports what those of the providers report that can. When
// one of them fails, it ends with that error.
func (c Chain) Watch(ctx context.Context, changed func(tenantID, name string)) error {
	all, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var watching sync.WaitGroup
	for _, p := range c {
		if watcher, ok := p.(Watcher); ok {
			watching.Go(func() {
				if err := watcher.Watch(all, changed); err != nil && !errors.Is(err, cpodkit.CodeNotSupported) {
					stop(err)
				}
			})
		}
	}
	watching.Wait()
	switch {
	case ctx.Err() != nil:
		return nil
	case all.Err() != nil:
		return context.Cause(all)
	}
	return cpodkit.CodeNotSupported
}

// Ping returns what fails of the providers that can say so.
func (c Chain) Ping(ctx context.Context) error { return ping(ctx, c) }
