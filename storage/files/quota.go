package files

import (
	"context"
	"errors"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// WithQuota bounds the bytes of the files of each tenant. A write, or a delete, then
// looks at the file that is there. A body of a known length that does not fit is refused
// before it is read, and one of another as soon as it has more than fits: quota_exceeded.
// Of writes of one file at once, by one process, the last steps come one after the other.
// URLs to write that a driver signs know no quota. A nil q is none.
func WithQuota(q storage.Quota) Option { return func(c *config) { c.quota = q } }

// booking is the bytes that one write has reserved. A nil booking reserves none.
type booking struct {
	store  *Store
	at     authorized
	tenant string
	taken  int64
	credit int64 // bytes of the file that is there, once they were needed
	looked bool
	unlock func() // of the name, from the end of the body on
	freed  int64  // what the file that is replaced has more
}

// book reserves the bytes of a body; a negative length is not known.
func (s *Store) book(ctx context.Context, at authorized, length int64) (*booking, error) {
	if s.quota == nil {
		return nil, nil //nolint:nilnil // nothing to reserve, and no error
	}
	b := &booking{store: s, at: at, tenant: storage.TenantOf(at.root)}
	return b, b.cover(ctx, length)
}

// cover reserves what n bytes of a body need beyond what is reserved. Only when there is
// no room it looks for what the body will replace.
func (b *booking) cover(ctx context.Context, n int64) error {
	if b == nil || n-b.credit <= b.taken {
		return nil
	}
	need := n - b.credit - b.taken
	err := b.store.quota.Reserve(ctx, b.tenant, need)
	if errors.Is(err, cpodkit.CodeQuotaExceeded) && !b.looked {
		b.looked = true
		size, statErr := b.store.sizeOf(ctx, b.at.name())
		if statErr != nil {
			return statErr
		}
		if b.credit = size; size > 0 {
			return b.cover(ctx, n)
		}
	}
	if err == nil {
		b.taken += need
	}
	return err
}

// settle makes what is reserved exact, at the end of a body of n bytes: from now until
// the write is over, nobody else changes the file by this store.
func (b *booking) settle(ctx context.Context, n int64) (err error) {
	if b == nil {
		return nil
	}
	if b.unlock, err = b.store.names.Lock(ctx, b.at.name()); err != nil {
		return err
	}
	old, err := b.store.sizeOf(ctx, b.at.name())
	if err != nil {
		return err
	}
	b.freed = max(old-n, 0)
	switch need := max(n-old, 0); {
	case need < b.taken:
		b.store.quota.Release(b.tenant, b.taken-need)
		b.taken = need
	case need > b.taken:
		if err := b.store.quota.Reserve(ctx, b.tenant, need-b.taken); err != nil {
			return err
		}
		b.taken = need
	}
	return nil
}

// end ends the booking of a write that has stored its file, or has not.
func (b *booking) end(stored bool) {
	if b == nil {
		return
	}
	back := b.freed
	if !stored {
		back = b.taken
	}
	b.store.quota.Release(b.tenant, back)
	if b.unlock != nil {
		b.unlock()
	}
}

// sizeOf returns the bytes of a file, 0 when there is none.
func (s *Store) sizeOf(ctx context.Context, name string) (int64, error) {
	attrs, err := s.stat(ctx, name)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return 0, nil
	}
	return attrs.Size, err
}

// remove deletes a file, and gives its bytes back.
func (s *Store) remove(ctx context.Context, at authorized) error {
	size := int64(0)
	if s.quota != nil {
		unlock, err := s.names.Lock(ctx, at.name())
		if err != nil {
			return err
		}
		defer unlock()
		if size, err = s.sizeOf(ctx, at.name()); err != nil {
			return err
		}
	}
	ctx, call := s.calls.remove.Start(ctx)
	err := call.End(ctx, s.driver.Delete(ctx, at.name()))
	if err == nil && size > 0 {
		s.quota.Release(storage.TenantOf(at.root), size)
	}
	return err
}
