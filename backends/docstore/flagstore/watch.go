package flagstore

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/internal/follow"
)

// window is how far the clocks of replicas may be apart, and how long a write may take:
// changes that were noted before it are known.
const window = time.Minute

// Option configures [New].
type Option func(*options)

type options struct {
	notices follow.Notices
	log     *slog.Logger
}

// WithNotices sets how replicas tell each other of changes: a *cluster.Topic. Without it
// they ask the database every 2 s.
func WithNotices(n follow.Notices) Option { return func(o *options) { o.notices = n } }

// WithLog sets where it is logged that changes of other replicas cannot be followed.
// Without it nothing is logged.
func WithLog(log *slog.Logger) Option { return func(o *options) { o.log = log } }

func (o *options) follow() []follow.Option {
	opts := []follow.Option{follow.WithLog(o.log, "changes of flags")}
	if o.notices != nil {
		opts = append(opts, follow.WithNotices(o.notices))
	}
	return opts
}

// watch is what a Watch knows.
type watch struct {
	mu      sync.Mutex
	changed func(tenantID string) // nil without a Watch
	since   time.Time             // what was noted before is known; zero at first
	known   map[string]string     // the changes since then, by the key of the head
}

// Watch implements [flags.Watcher].
func (s *Store) Watch(ctx context.Context, changed func(tenantID string)) error {
	s.setWatch(changed)
	defer s.setWatch(nil)
	s.follower.Run(ctx)
	return nil
}

func (s *Store) setWatch(changed func(tenantID string)) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.changed, s.watch.since, s.watch.known = changed, time.Time{}, nil
}

// announce tells the Watch, and other replicas, that the flags of a tenant have changed.
// Those that hear nothing ask. Where no notice can be sent now, Watch sends it later.
func (s *Store) announce(ctx context.Context, tenantID string) {
	s.watch.mu.Lock()
	if s.watch.changed != nil {
		s.watch.changed(tenantID)
	}
	s.watch.mu.Unlock()
	_ = s.follower.Notify(ctx) // the follower logs it
}

// refresh reports the tenants whose flags have changed.
func (s *Store) refresh(ctx context.Context) error {
	s.watch.mu.Lock()
	since := s.watch.since
	s.watch.mu.Unlock()
	began, isFirst := time.Now(), since.IsZero()
	if isFirst {
		since = began.Add(-window)
	}
	found := map[string]string{}
	for r, err := range s.heads.All(ctx, docstore.AtLeast("changedAt", since.UnixMilli())) {
		if err != nil {
			return err
		}
		found[r.Key] = r.Value.Change
	}
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if s.watch.changed == nil {
		return nil
	}
	if isFirst { // what is in memory may be older
		s.watch.changed("")
	}
	for key, change := range found {
		if !isFirst && s.watch.known[key] != change {
			s.watch.changed(tenantOf(key))
		}
	}
	s.watch.since, s.watch.known = began.Add(-window), found
	return nil
}

// tenantOf returns the tenant of a head's key.
func tenantOf(key string) string {
	tenant, _ := url.PathUnescape(strings.TrimSuffix(key, "/")) // prefixOf has encoded it
	return tenant
}

// Ping returns why changes of other replicas are not followed now. It asks no system.
func (s *Store) Ping(context.Context) error { return s.follower.Err() }
