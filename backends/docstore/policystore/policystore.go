// Package policystore keeps the policies of tenants, and logged decisions, in a document
// driver.
package policystore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/internal/heads"
	"github.com/cpodkit/cpodkit/internal/follow"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const (
	// MaxTenantBytes is how much a tenant's policy and its earlier revisions have together.
	// When there would be more, the content that was put longest ago is dropped first:
	// earlier decisions are then explained no more.
	MaxTenantBytes = 64 << 20

	space               = "policy" // of the records (see storage.System)
	changesCollection   = "policy-heads"
	decisionsCollection = "policy-decisions"
	pageSize            = 500
	maxPageBytes        = 8 << 20
)

// Store is a [rego.Store]: one record for each tenant's head, blob and decision. It is safe
// for concurrent use.
//
// A change of a head is seen by the Watch of every other Store on the database: at once by
// notices, else within 2 s.
type Store struct {
	policies  *docstore.Collection[headRecord]
	blobs     *docstore.Collection[blobRecord]
	decisions *docstore.Collection[decisionRecord]
	heads     *heads.Heads
}

var (
	_ rego.Store     = (*Store)(nil)
	_ rego.Watcher   = (*Store)(nil)
	_ cpodkit.Pinger = (*Store)(nil)
)

// headRecord is a head as it is stored. Its key is the encoded tenant and a slash.
type headRecord struct {
	Revision  string   `json:"revision,omitempty"`
	Blobs     []string `json:"blobs,omitempty"`
	Version   string   `json:"version"`
	UpdatedAt int64    `json:"updatedAt"` // Unix milliseconds
}

func (r headRecord) head() rego.Head {
	return rego.Head{Revision: r.Revision, Blobs: r.Blobs, Version: r.Version, UpdatedAt: time.UnixMilli(r.UpdatedAt).UTC()}
}

// Option configures [New].
type Option func(*heads.Config)

// WithNotices sets how replicas tell each other of changes: a *cluster.Topic. Without it
// they ask the database every 2 s.
func WithNotices(n follow.Notices) Option { return func(c *heads.Config) { c.Notices = n } }

// WithLog sets where it is logged that changes of other replicas cannot be followed.
// Without it nothing is logged.
func WithLog(log *slog.Logger) Option { return func(c *heads.Config) { c.Log = log } }

// Indexes returns the indexes that the store is faster with where servers share a
// database.
func Indexes() []documents.Index {
	return []documents.Index{
		heads.Index(changesCollection),
		{Collection: decisionsCollection, Members: []documents.Order{{Path: documents.Path{"at"}}}},
	}
}

// New returns the store. The options say how other replicas learn of a change.
func New(db *docstore.DB, opts ...Option) (*Store, error) {
	if db == nil {
		return nil, errors.New("policystore: the database is nil")
	}
	s := &Store{
		policies:  docstore.NewCollection[headRecord](db, space, "policies"),
		blobs:     docstore.NewCollection[blobRecord](db, space, "policy-blobs"),
		decisions: docstore.NewCollection[decisionRecord](db, space, decisionsCollection),
	}
	c := heads.Config{
		Subject: "changes of policies", Space: space, Collection: changesCollection,
		Most: heads.Counts{Bytes: MaxTenantBytes}, Full: full, Count: s.count,
	}
	for _, opt := range opts {
		opt(&c)
	}
	var err error
	if s.heads, err = heads.New(db, c); err != nil {
		return nil, fmt.Errorf("policystore: %w", err)
	}
	return s, nil
}

// operator is what the keys of the operator's records begin with. No encoded id holds it.
const operator = "~/"

// prefixOf returns what the keys of a tenant's records begin with. No encoded id holds a
// slash.
func prefixOf(tenantID string) (string, error) {
	tenant, err := cpodkit.EncodeID(tenantID)
	if err != nil {
		return "", fmt.Errorf("policystore: the tenant's id %w", err)
	}
	return tenant + "/", nil
}

// Head implements [rego.Store].
func (s *Store) Head(ctx context.Context, tenantID string) (rego.Head, error) {
	key, err := prefixOf(tenantID)
	if err != nil {
		return rego.Head{}, err
	}
	r, err := s.policies.Get(ctx, key)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return rego.Head{}, nil
	}
	if err != nil {
		return rego.Head{}, err
	}
	return r.Value.head(), nil
}

// SetHead implements [rego.Store].
func (s *Store) SetHead(ctx context.Context, tenantID string, h rego.Head, ifVersion string) (rego.Head, error) {
	key, err := prefixOf(tenantID)
	if err != nil {
		return rego.Head{}, err
	}
	record := headRecord{h.Revision, h.Blobs, rand.Text(), time.Now().UnixMilli()}
	is := func(old *docstore.Record[headRecord]) bool {
		if old == nil {
			return ifVersion == ""
		}
		return old.Value.Version == ifVersion
	}
	err = heads.Change(ctx, s.policies, key, is, func(old *docstore.Record[headRecord]) error {
		return s.heads.Within(ctx, tenantID, "", heads.Counts{}, func() error {
			if old == nil {
				return s.policies.Create(ctx, key, record)
			}
			return s.policies.Replace(ctx, key, record, old.Version)
		})
	})
	if err != nil {
		return rego.Head{}, err
	}
	s.heads.Announce(ctx, tenantID, "")
	return record.head(), nil
}

// Watch implements [rego.Watcher].
func (s *Store) Watch(ctx context.Context, changed func(tenantID string)) error {
	s.heads.Watch(ctx, func(tenantID, _ string) { changed(tenantID) })
	return nil
}

// Ping returns why changes of other replicas are not followed now. It asks no system.
func (s *Store) Ping(ctx context.Context) error { return s.heads.Ping(ctx) }

// MeasureTenant returns how many blobs and decisions there are of a tenant, and their
// bytes.
func (s *Store) MeasureTenant(ctx context.Context, tenantID string) (count int, size int64, err error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return 0, 0, err
	}
	err = walk(ctx, s.blobs, prefix, func(r docstore.Record[blobRecord]) error {
		count, size = count+1, size+int64(len(r.Value.Content))
		return nil
	})
	if err != nil {
		return count, size, err
	}
	err = walk(ctx, s.decisions, prefix, func(r docstore.Record[decisionRecord]) error {
		count, size = count+1, size+r.Value.size()
		return nil
	})
	return count, size, err
}

// DeleteTenant removes the policy of a tenant and its decisions. It returns how many blobs
// and decisions there were, and their bytes.
func (s *Store) DeleteTenant(ctx context.Context, tenantID string) (count int, size int64, err error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return 0, 0, err
	}
	if err := s.policies.Delete(ctx, prefix); err != nil {
		return 0, 0, err
	}
	s.heads.Announce(ctx, tenantID, "")
	err = walk(ctx, s.blobs, prefix, func(r docstore.Record[blobRecord]) error {
		count, size = count+1, size+int64(len(r.Value.Content))
		return s.blobs.Delete(ctx, r.Key)
	})
	if err != nil {
		return count, size, err
	}
	err = walk(ctx, s.decisions, prefix, func(r docstore.Record[decisionRecord]) error {
		count, size = count+1, size+r.Value.size()
		return s.decisions.Delete(ctx, r.Key)
	})
	if err != nil {
		return count, size, err
	}
	return count, size, s.heads.Delete(ctx, tenantID)
}

// walk calls visit with each record of a tenant.
func walk[R any](ctx context.Context, c *docstore.Collection[R], prefix string, visit func(docstore.Record[R]) error) error {
	for q := (docstore.Query{After: prefix, Limit: pageSize, MaxBytes: maxPageBytes}); ; {
		page, err := c.List(ctx, q)
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
		q.After = page[len(page)-1].Key
	}
}
