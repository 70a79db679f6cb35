package usagestore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/health"
	"github.com/cpodkit/cpodkit/internal/parallel"
	"github.com/cpodkit/cpodkit/storage"
)

const (
	// flushInterval is how often a replica adds what it has taken to the records, and
	// reads what others have.
	flushInterval = time.Second

	// flushesAtOnce is how many tenants' records are written at a time.
	flushesAtOnce = 16

	// idleAfter is how long a tenant that writes nothing stays in memory.
	idleAfter = time.Minute

	// loadPatience is how long a write waits while its tenant is counted.
	loadPatience = 5 * time.Second

	// countLimit bounds how long a count takes.
	countLimit = time.Hour
)

// Counter counts how many bytes a tenant stores, given its encoded id.
type Counter func(ctx context.Context, tenant string) (int64, error)

// Usage bounds what tenants store: a [storage.Quota]. It keeps the usage of the tenants
// that write in memory, and adds what it has taken to their records once a second. So a
// limit may be passed by what other replicas take within the second before they are
// read; one replica alone never passes it. A crash loses what it has taken within the
// last second. It is safe for concurrent use, except that Run runs once at a time.
type Usage struct {
	records *Records
	limit   int64
	count   Counter
	state   *health.State

	mu      sync.Mutex
	tenants map[string]*usage
	closed  bool
	counts  sync.WaitGroup
}

var _ storage.Quota = (*Usage)(nil)

// usage is one tenant in memory.
type usage struct {
	stored  int64 // as its record said last
	pending int64 // taken here, less given back, and not in the record yet
	loaded  bool
	loading chan struct{} // closed when loading has ended; nil when nobody loads
	failed  error         // of the last load
	cancel  context.CancelFunc
	usedAt  time.Time
}

// New returns a usage with the limit of each tenant in bytes, at least 1. count is called
// for a tenant without a record, once at a time; its writes wait for it. log gets a line
// when the records cannot be written any more, and one when they can again; it may be
// nil.
func New(records *Records, limit int64, count Counter, log *slog.Logger) (*Usage, error) {
	if records == nil || count == nil {
		return nil, errors.New("usagestore: New needs records and a counter")
	}
	if limit < 1 {
		return nil, fmt.Errorf("usagestore: a limit of %d bytes: at least 1 is needed", limit)
	}
	return &Usage{
		records: records, limit: limit, count: count, state: health.New(log, "usage of tenants"),
		tenants: map[string]*usage{},
	}, nil
}

// Reserve implements [storage.Quota].
func (u *Usage) Reserve(ctx context.Context, tenant string, n int64) error {
	for {
		u.mu.Lock()
		t := u.tenant(tenant)
		if t.loaded {
			defer u.mu.Unlock()
			used := t.stored + t.pending
			if n > u.limit-used {
				return cpodkit.Errorf(cpodkit.CodeQuotaExceeded,
					"The tenant stores %d of the %d bytes that it may store; this write needs %d more.", max(used, 0), u.limit, n)
			}
			t.pending += n
			return nil
		}
		loading, err := u.load(ctx, tenant, t)
		u.mu.Unlock()
		if err != nil {
			return err
		}
		if err := await(ctx, loading); err != nil {
			return err
		}
		u.mu.Lock()
		failed := t.failed
		u.mu.Unlock()
		if failed != nil {
			return cpodkit.Errorf(cpodkit.CodeUnavailable, "What the tenant stores cannot be counted now; try again.").WithCause(failed)
		}
	}
}

// await waits for a load, but not for long: a count of many files takes its time.
func await(ctx context.Context, loading <-chan struct{}) error {
	patience := time.NewTimer(loadPatience)
	defer patience.Stop()
	select {
	case <-loading:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		e := cpodkit.Errorf(cpodkit.CodeUnavailable, "What the tenant stores is being counted; try again later.")
		e.RetryAfter = loadPatience
		return e
	}
}

// Release implements [storage.Quota].
func (u *Usage) Release(tenant string, n int64) {
	if n == 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tenant(tenant).pending -= n
}

// Forget drops what is in memory of a tenant that was deleted.
func (u *Usage) Forget(tenant string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.tenants, tenant)
}

// tenant returns the tenant in memory. The caller holds mu.
func (u *Usage) tenant(tenant string) *usage {
	t := u.tenants[tenant]
	if t == nil {
		t = &usage{}
		u.tenants[tenant] = t
	}
	t.usedAt = time.Now()
	return t
}

// load starts a goroutine that reads the record of a tenant, or counts it. The caller
// holds mu. load returns a channel that is closed when the goroutine has ended.
func (u *Usage) load(ctx context.Context, tenant string, t *usage) (<-chan struct{}, error) {
	if t.loading != nil {
		return t.loading, nil
	}
	if u.closed {
		return nil, cpodkit.Errorf(cpodkit.CodeUnavailable, "The server stops.")
	}
	t.loading = make(chan struct{})
	ctx, t.cancel = context.WithTimeout(context.WithoutCancel(ctx), countLimit)
	u.counts.Go(func() {
		defer t.cancel()
		stored, counted, err := u.read(ctx, tenant)
		u.mu.Lock()
		defer u.mu.Unlock()
		if t.failed = err; err == nil {
			if counted { // what was given back before is not in the count, and nothing was taken
				t.pending = 0
			}
			t.stored, t.loaded = stored, true
		}
		close(t.loading)
		t.loading = nil
	})
	return t.loading, nil
}

// read returns what the record of a tenant says. Without one it counts.
func (u *Usage) read(ctx context.Context, tenant string) (stored int64, counted bool, err error) {
	there, err := u.records.Get(ctx, tenant)
	if !errors.Is(err, cpodkit.CodeNotFound) {
		return there.Bytes, false, err
	}
	n, err := u.count(ctx, tenant)
	if err != nil {
		return 0, true, err
	}
	stored, err = u.records.create(ctx, tenant, n)
	return stored, true, err
}

// Run adds what is taken to the records every second, until ctx ends; Close does so once
// more.
func (u *Usage) Run(ctx context.Context) {
	tick := time.NewTicker(flushInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := u.Flush(ctx)
		if ctx.Err() == nil {
			u.state.Set(ctx, err)
		}
	}
}

// Flush adds what is taken to the records, and reads what other replicas have taken. It
// returns what failed; what could not be added is kept for the next time.
func (u *Usage) Flush(ctx context.Context) error {
	u.mu.Lock()
	due := map[string]*usage{}
	for tenant, t := range u.tenants {
		switch {
		case t.pending != 0 || t.loaded && time.Since(t.usedAt) < idleAfter:
			due[tenant] = t
		case t.loading == nil:
			delete(u.tenants, tenant)
		}
	}
	u.mu.Unlock()
	var failed error // one is enough to log
	err := parallel.Each(ctx, flushesAtOnce, maps.Keys(due), func(ctx context.Context, tenant string) error {
		if err := u.flush(ctx, tenant, due[tenant]); err != nil {
			u.mu.Lock()
			defer u.mu.Unlock()
			failed = err
		}
		return nil // the others are written all the same
	})
	return cmp.Or(failed, err)
}

func (u *Usage) flush(ctx context.Context, tenant string, t *usage) error {
	u.mu.Lock()
	pending := t.pending
	u.mu.Unlock()
	stored, err := u.records.Add(ctx, tenant, pending)
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case err == nil:
		t.stored = stored
		t.pending -= pending
		return nil
	case errors.Is(err, cpodkit.CodeNotFound): // somebody wants it counted anew
		if t.loading == nil && u.tenants[tenant] == t {
			delete(u.tenants, tenant)
		}
		return nil
	}
	return err
}

// Close ends counts that are under way, and adds what is taken to the records. Writes
// that come later are unavailable where their tenant is not in memory.
func (u *Usage) Close(ctx context.Context) error {
	u.mu.Lock()
	u.closed = true
	for _, t := range u.tenants {
		if t.cancel != nil {
			t.cancel()
		}
	}
	u.mu.Unlock()
	u.counts.Wait()
	return u.Flush(ctx)
}
