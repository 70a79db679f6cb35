package files

import (
	"context"
	"errors"
	"math"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// WithQuota bounds the bytes of the files of each tenant: those of their contents and
// paths, and [storage.FileOverhead] each. Each write and each delete then looks at the
// file that is there. A body that does not fit is quota_exceeded: before it is read when
// its length is known, otherwise as soon as it has more than fits. One process ends writes
// of the same file one after the other. URLs to write that a driver signs know no quota.
// A nil q is no quota.
func WithQuota(q storage.Quota) Option { return func(c *config) { c.quota = q } }

// booking is the bytes that one write has reserved. A nil booking reserves none.
type booking struct {
	store  *Store
	at     authorized
	tenant string
	taken  int64
	credit int64  // what the file that is there counts for; only once looked is set
	looked bool   // for that file, because there was no room otherwise
	unlock func() // of the name, from the end of the body on
	freed  int64  // what the replaced file counts for more than the new one
}

// book reserves the bytes of a body; a negative length is not known.
func (s *Store) book(ctx context.Context, at authorized, length int64) (*booking, error) {
	if s.quota == nil {
		return nil, nil //nolint:nilnil // nothing to reserve, and no error
	}
	b := &booking{store: s, at: at, tenant: storage.TenantOf(at.root)}
	return b, b.cover(ctx, max(length, 0))
}

// cover reserves what a file of n bytes needs beyond what is reserved. Only when there is
// no room it looks for what the file will replace.
func (b *booking) cover(ctx context.Context, n int64) error {
	if b == nil {
		return nil
	}
	need := costOf(b.at.name(), n) - b.credit - b.taken
	if need <= 0 {
		return nil
	}
	err := b.store.quota.Reserve(ctx, b.tenant, need)
	if errors.Is(err, cpodkit.CodeQuotaExceeded) && !b.looked {
		b.looked = true
		there, statErr := b.store.costAt(ctx, b.at.name())
		if statErr != nil {
			return statErr
		}
		if b.credit = there; there > 0 {
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
	old, err := b.store.costAt(ctx, b.at.name())
	if err != nil {
		return err
	}
	cost := costOf(b.at.name(), n)
	b.freed = max(old-cost, 0)
	need := max(cost-old, 0)
	if need <= b.taken {
		b.store.quota.Release(b.tenant, b.taken-need)
	} else if err := b.store.quota.Reserve(ctx, b.tenant, need-b.taken); err != nil {
		return err
	}
	b.taken = need
	return nil
}

// end ends the booking. stored says that the write has stored its file.
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

// costOf returns the bytes that a file of n bytes counts for.
func costOf(name string, n int64) int64 {
	beside := int64(len(name)) + storage.FileOverhead
	return beside + min(n, math.MaxInt64-beside) // a client may announce any length
}

// costAt returns the bytes that the file at name counts for, 0 when there is none.
func (s *Store) costAt(ctx context.Context, name string) (int64, error) {
	attrs, err := s.stat(ctx, name)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return 0, nil
	}
	return costOf(name, attrs.Size), err
}

// remove deletes a file, and gives its bytes back.
func (s *Store) remove(ctx context.Context, at authorized) error {
	freed := int64(0)
	if s.quota != nil {
		unlock, err := s.names.Lock(ctx, at.name())
		if err != nil {
			return err
		}
		defer unlock()
		if freed, err = s.costAt(ctx, at.name()); err != nil {
			return err
		}
	}
	ctx, call := s.calls.remove.Start(ctx)
	err := call.End(ctx, s.driver.Delete(ctx, at.name()))
	if err == nil && freed > 0 {
		s.quota.Release(storage.TenantOf(at.root), freed)
	}
	return err
}
