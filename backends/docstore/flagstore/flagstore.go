// Package flagstore keeps the feature flags of tenants in a document driver.
package flagstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/internal/heads"
	"github.com/cpodkit/cpodkit/flags"
)

const pageSize = 500

// Store is a [flags.Editor] that keeps one record for each flag. It is safe for
// concurrent use, except that Watch runs once at a time.
//
// A flag may hold $evaluators of its own and a bucketing in its metadata (see
// [flags.FlagDefinition]); there are none that several flags share, so that each flag is
// right or wrong by itself. A tenant has at most [flags.MaxFlags] flags, with
// [flags.MaxTenantBytes] together.
//
// A change is seen by the Watch of every other Store on the database: at once by
// notices, else within 2 s.
type Store struct {
	flags *docstore.Collection[flagRecord]
	heads *heads.Heads
}

var (
	_ flags.Editor   = (*Store)(nil)
	_ flags.Watcher  = (*Store)(nil)
	_ cpodkit.Pinger = (*Store)(nil)
)

// flagRecord is a flag as it is stored. Its key is the encoded tenant, a slash, and the
// key of the flag.
type flagRecord struct {
	Definition json.RawMessage `json:"definition"`
	Version    string          `json:"version"`
	UpdatedAt  int64           `json:"updatedAt"` // Unix milliseconds
}

func (r flagRecord) flag(key string) flags.StoredFlag {
	return flags.StoredFlag{
		Key: key, Definition: r.Definition, Version: r.Version, UpdatedAt: time.UnixMilli(r.UpdatedAt).UTC(),
	}
}

// New returns the store. The options say how other replicas learn of a change.
func New(db *docstore.DB, opts ...Option) (*Store, error) {
	if db == nil {
		return nil, errors.New("flagstore: the database is nil")
	}
	s := &Store{flags: docstore.NewCollection[flagRecord](db, space, "flags")}
	c := heads.Config{
		Subject: "changes of flags", Space: space, Collection: headsCollection,
		Most: heads.Counts{Flags: flags.MaxFlags, Bytes: flags.MaxTenantBytes}, Full: full, Count: s.count,
	}
	for _, opt := range opts {
		opt(&c)
	}
	var err error
	if s.heads, err = heads.New(db, c); err != nil {
		return nil, fmt.Errorf("flagstore: %w", err)
	}
	return s, nil
}

// space is that of the records (see storage.System).
const space = "flags"

// prefixOf returns what the keys of a tenant's records begin with. No encoded id holds a
// slash.
func prefixOf(tenantID string) (string, error) {
	tenant, err := cpodkit.EncodeID(tenantID)
	if err != nil {
		return "", fmt.Errorf("flagstore: the tenant's id %w", err)
	}
	return tenant + "/", nil
}

// GetFlag implements [flags.Editor].
func (s *Store) GetFlag(ctx context.Context, tenantID, key string) (flags.StoredFlag, error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return flags.StoredFlag{}, err
	}
	r, err := s.flags.Get(ctx, prefix+key)
	if err != nil {
		return flags.StoredFlag{}, err
	}
	return r.Value.flag(key), nil
}

// ListFlags implements [flags.Editor].
func (s *Store) ListFlags(ctx context.Context, tenantID, after string, limit int) ([]flags.StoredFlag, bool, error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return nil, false, err
	}
	// The slash alone comes before all of the tenant's keys.
	page, err := s.flags.List(ctx, docstore.Query{After: prefix + after, Limit: limit + 1, MaxBytes: flags.MaxListBytes})
	if err != nil {
		return nil, false, err
	}
	listed := make([]flags.StoredFlag, 0, len(page))
	for _, r := range page {
		key, isOwn := strings.CutPrefix(r.Key, prefix)
		switch {
		case !isOwn:
			return listed, false, nil
		case len(listed) == limit:
			return listed, true, nil
		}
		listed = append(listed, r.Value.flag(key))
	}
	// A page that is not full ends the collection, or was cut because of its size.
	if len(page) == 0 {
		return listed, false, nil
	}
	next, err := s.flags.List(ctx, docstore.Query{After: page[len(page)-1].Key, Limit: 1})
	return listed, err == nil && len(next) > 0 && strings.HasPrefix(next[0].Key, prefix), err
}

// Load implements [flags.Source]: a definition for each flag. One that is wrong, because
// it was written by something else, is wrong for itself.
func (s *Store) Load(ctx context.Context, tenantID string) ([]flags.Definition, error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return nil, err
	}
	has, err := s.heads.Get(ctx, tenantID)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []flags.Definition
	err = s.walk(ctx, prefix, int(has.Flags), func(r docstore.Record[flagRecord]) error {
		key := strings.TrimPrefix(r.Key, prefix)
		d, err := flags.FlagDefinition(key, r.Value.Definition)
		if err != nil {
			return fmt.Errorf("flagstore: the flag %q: %w", key, err)
		}
		d.Lenient = true
		all = append(all, d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// PutFlag implements [flags.Editor].
func (s *Store) PutFlag(
	ctx context.Context, tenantID, key string, definition []byte, c flags.Condition,
) (flags.StoredFlag, error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return flags.StoredFlag{}, err
	}
	record := flagRecord{definition, rand.Text(), time.Now().UnixMilli()}
	err = s.change(ctx, tenantID, prefix+key, c, func(old *docstore.Record[flagRecord]) error {
		if old != nil {
			grown := heads.Counts{Bytes: int64(len(definition) - len(old.Value.Definition))}
			return s.heads.Within(ctx, tenantID, "", grown, func() error {
				return s.flags.Replace(ctx, prefix+key, record, old.Version)
			})
		}
		return s.heads.Within(ctx, tenantID, "", heads.Counts{Flags: 1, Bytes: int64(len(definition))}, func() error {
			return s.flags.Create(ctx, prefix+key, record)
		})
	})
	if err != nil {
		return flags.StoredFlag{}, err
	}
	return record.flag(key), nil
}

// DeleteFlag implements [flags.Editor].
func (s *Store) DeleteFlag(ctx context.Context, tenantID, key string, c flags.Condition) error {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return err
	}
	return s.change(ctx, tenantID, prefix+key, c, func(old *docstore.Record[flagRecord]) error {
		if old == nil {
			return nil
		}
		return s.heads.Within(ctx, tenantID, "", heads.Counts{Flags: -1, Bytes: -int64(len(old.Value.Definition))}, func() error {
			return s.flags.DeleteVersion(ctx, prefix+key, old.Version)
		})
	})
}

// change calls write with the record of a key, or nil, when the condition holds for it.
// Then it tells other replicas.
func (s *Store) change(
	ctx context.Context, tenantID, recordKey string, c flags.Condition, write func(old *docstore.Record[flagRecord]) error,
) error {
	holds := func(old *docstore.Record[flagRecord]) bool {
		if old == nil {
			return c.Holds(false, "")
		}
		return c.Holds(true, old.Value.Version)
	}
	err := heads.Change(ctx, s.flags, recordKey, holds, write)
	if err == nil {
		s.heads.Announce(ctx, tenantID, "")
	}
	return err
}

// DeleteTenant removes all flags of a tenant. It returns how many there were, and the
// bytes of their definitions.
func (s *Store) DeleteTenant(ctx context.Context, tenantID string) (count int, size int64, err error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return 0, 0, err
	}
	err = s.walk(ctx, prefix, pageSize, func(r docstore.Record[flagRecord]) error {
		count, size = count+1, size+int64(len(r.Value.Definition))
		return s.flags.Delete(ctx, r.Key)
	})
	if err == nil {
		err = s.heads.Delete(ctx, tenantID)
	}
	return count, size, err
}

// MeasureTenant returns how many flags a tenant has, and the bytes of their definitions.
func (s *Store) MeasureTenant(ctx context.Context, tenantID string) (count int, size int64, err error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return 0, 0, err
	}
	err = s.walk(ctx, prefix, pageSize, func(r docstore.Record[flagRecord]) error {
		count, size = count+1, size+int64(len(r.Value.Definition))
		return nil
	})
	return count, size, err
}

// walk calls visit with each record of a tenant. It reads few records of other tenants
// when there are about as many as expected.
func (s *Store) walk(ctx context.Context, prefix string, expected int, visit func(docstore.Record[flagRecord]) error) error {
	for q := (docstore.Query{After: prefix, MaxBytes: flags.MaxListBytes}); ; {
		q.Limit = min(max(expected, 0)+1, pageSize)
		page, err := s.flags.List(ctx, q)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			if !strings.HasPrefix(r.Key, prefix) {
				return nil
			}
			if err := visit(r); err != nil {
				return err
			}
		}
		q.After, expected = page[len(page)-1].Key, expected-len(page)
	}
}
