package flagstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const headsCollection = "flag-heads"

// Indexes returns the indexes that the store is faster with where servers share a
// database: which tenants' flags have changed lately is asked for again and again.
func Indexes() []documents.Index {
	return []documents.Index{{
		Collection: headsCollection, Members: []documents.Order{{Path: documents.Path{"changedAt"}}},
	}}
}

// headRecord is what is kept of all flags of a tenant. Its key is the encoded tenant and
// a slash. The counts are never below what there is: room is taken before a write, and
// given back after one.
type headRecord struct {
	Flags     int    `json:"flags"`
	Bytes     int64  `json:"bytes"`
	Change    string `json:"change"`    // another one after every change
	ChangedAt int64  `json:"changedAt"` // Unix milliseconds
}

// recountAfter is for how long nothing may have changed before the flags of a full
// tenant are counted: no write is under way then.
const recountAfter = time.Minute

// within does a write that adds so many flags and bytes to a tenant, which may be
// negative. A write that fails gives its room back when it was not done.
func (s *Store) within(ctx context.Context, prefix string, count, bytes int, write func() error) error {
	if count > 0 || bytes > 0 {
		if err := s.update(ctx, prefix, max(count, 0), max(bytes, 0)); err != nil {
			return err
		}
	}
	err := write()
	switch {
	case err == nil:
		return s.update(ctx, prefix, min(count, 0), min(bytes, 0))
	case errors.Is(err, cpodkit.CodeConflict), errors.Is(err, cpodkit.CodePreconditionFailed):
		if backErr := s.update(ctx, prefix, -max(count, 0), -max(bytes, 0)); backErr != nil {
			return backErr
		}
	}
	return err
}

// update adds to the counts of a tenant, and notes a change of its flags.
func (s *Store) update(ctx context.Context, prefix string, count, bytes int) error {
	for range maxAttempts {
		r, err := s.heads.Get(ctx, prefix)
		isNew := errors.Is(err, cpodkit.CodeNotFound)
		if err != nil && !isNew {
			return err
		}
		head := r.Value
		if count > 0 && head.Flags+count > flags.MaxFlags || bytes > 0 && head.Bytes+int64(bytes) > flags.MaxTenantBytes {
			if head, err = s.recount(ctx, prefix, head); err != nil {
				return err
			}
		}
		head.Flags, head.Bytes = max(head.Flags+count, 0), max(head.Bytes+int64(bytes), 0)
		if count > 0 && head.Flags > flags.MaxFlags {
			return full(fmt.Sprintf("the tenant has %d flags, which is the most", flags.MaxFlags))
		}
		if bytes > 0 && head.Bytes > flags.MaxTenantBytes {
			return full(fmt.Sprintf("the flags of the tenant would have %d bytes together; at most %d are allowed", head.Bytes, flags.MaxTenantBytes))
		}
		head.Change, head.ChangedAt = rand.Text(), time.Now().UnixMilli()
		if isNew {
			err = s.heads.Create(ctx, prefix, head)
		} else {
			err = s.heads.Replace(ctx, prefix, head, r.Version)
		}
		if !errors.Is(err, cpodkit.CodeConflict) && !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return err
		}
	}
	return errors.New("flagstore: the flags of the tenant keep changing")
}

func full(detail string) error {
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: "", Detail: detail})
}

// recount counts the flags of a tenant that seems to be full, because a server that was
// killed has given no room back.
func (s *Store) recount(ctx context.Context, prefix string, head headRecord) (headRecord, error) {
	if time.Since(time.UnixMilli(head.ChangedAt)) < recountAfter {
		return head, nil
	}
	head.Flags, head.Bytes = 0, 0
	err := s.walk(ctx, prefix, flags.MaxFlags, func(r docstore.Record[flagRecord]) error {
		head.Flags, head.Bytes = head.Flags+1, head.Bytes+int64(len(r.Value.Definition))
		return nil
	})
	return head, err
}
