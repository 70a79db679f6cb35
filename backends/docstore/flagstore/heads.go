package flagstore

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/internal/heads"
	"github.com/cpodkit/cpodkit/internal/follow"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const headsCollection = "flag-heads"

// Indexes returns the indexes that the store is faster with where servers share a
// database.
func Indexes() []documents.Index { return []documents.Index{heads.Index(headsCollection)} }

// Option configures [New].
type Option func(*heads.Config)

// WithNotices sets how replicas tell each other of changes: a *cluster.Topic. Without it
// they ask the database every 2 s.
func WithNotices(n follow.Notices) Option { return func(c *heads.Config) { c.Notices = n } }

// WithLog sets where it is logged that changes of other replicas cannot be followed.
// Without it nothing is logged.
func WithLog(log *slog.Logger) Option { return func(c *heads.Config) { c.Log = log } }

func full(kind string, has, most int64) error {
	detail := fmt.Sprintf("the tenant has %d flags, which is the most", most)
	if kind == "bytes" {
		detail = fmt.Sprintf("the flags of the tenant would have %d bytes together; at most %d are allowed", has, most)
	}
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: "", Detail: detail})
}

// count counts the flags of a tenant.
func (s *Store) count(ctx context.Context, tenantID string) (heads.Counts, error) {
	count, size, err := s.MeasureTenant(ctx, tenantID)
	return heads.Counts{Flags: int64(count), Bytes: size}, err
}

// Watch implements [flags.Watcher].
func (s *Store) Watch(ctx context.Context, changed func(tenantID string)) error {
	s.heads.Watch(ctx, func(tenantID, _ string) { changed(tenantID) })
	return nil
}

// Ping returns why changes of other replicas are not followed now. It asks no system.
func (s *Store) Ping(ctx context.Context) error { return s.heads.Ping(ctx) }
