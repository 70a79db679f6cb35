// Package heads keeps one record for each tenant of a store: how much the store holds of the
// tenant, which is bounded, and when that last changed, which other replicas ask for.
package heads

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/internal/follow"
	"github.com/cpodkit/cpodkit/internal/keylock"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const (
	// maxAttempts bounds how often a write starts again because another one was faster. It
	// does so after pauses of up to maxPause.
	maxAttempts = 20
	maxPause    = 50 * time.Millisecond

	// maxRecent is how many changes a head lists by name. A write makes one or two.
	maxRecent = 16

	// recountAfter is for how long nothing may have changed before the records of a full
	// tenant are counted: no write is under way then.
	recountAfter = time.Minute
)

// Counts is how much a tenant has. A store uses some of its members.
type Counts struct {
	Flags   int64 `json:"flags,omitempty"`
	Secrets int64 `json:"secrets,omitempty"`
	Grants  int64 `json:"grants,omitempty"`
	Bundles int64 `json:"bundles,omitempty"`
	Tokens  int64 `json:"tokens,omitempty"`
	Bytes   int64 `json:"bytes"`
}

// each returns the members, in the order of kinds.
func (c *Counts) each() [6]*int64 {
	return [...]*int64{&c.Flags, &c.Secrets, &c.Grants, &c.Bundles, &c.Tokens, &c.Bytes}
}

func kinds() [6]string {
	return [...]string{"flags", "secrets", "grants", "bundles", "tokens", "bytes"}
}

// with returns what change makes of each member of c and d.
func (c Counts) with(d Counts, change func(c, d int64) int64) Counts {
	for i, member := range c.each() {
		*member = change(*member, *d.each()[i])
	}
	return c
}

func plus(c, d int64) int64   { return max(c+d, 0) }
func grown(_, d int64) int64  { return max(d, 0) }
func shrunk(_, d int64) int64 { return min(d, 0) }
func minus(c, _ int64) int64  { return -c }

// Config says what a store keeps.
type Config struct {
	Subject           string // what changes, for the log
	Space, Collection string // where the heads are
	Most              Counts // of a tenant; 0 for what the store does not have

	// Full returns the error for a write after which a tenant would have more than the
	// most of a kind: the name of a member of Counts, in lower case.
	Full func(kind string, has, most int64) error

	// Count counts what is there of a tenant.
	Count func(ctx context.Context, tenantID string) (Counts, error)

	Notices follow.Notices // how replicas tell each other of changes; nil for polling
	Log     *slog.Logger   // of what keeps changes from being followed; nil for none
}

// Heads is the records of all tenants. It is safe for concurrent use.
type Heads struct {
	Config
	records  *docstore.Collection[record]
	updates  keylock.Locks // by the key of the head
	follower *follow.Follower
	turn     chan struct{} // is held by the Watch that follows
	watch    watch
}

// record is the head of a tenant. Its key is the encoded tenant and a slash. The counts are
// never below what there is: room is taken before a write, and given back after one.
type record struct {
	Counts
	Change    string `json:"change"`           // another one after every change
	ChangedAt int64  `json:"changedAt"`        // Unix milliseconds
	Recent    []step `json:"recent,omitempty"` // the latest changes, the last one at the end; none where the store names none
}

// step is a change of what has a name.
type step struct {
	Change string `json:"change"`
	At     int64  `json:"at"` // Unix milliseconds
	Name   string `json:"name"`
}

// New returns the heads of a store.
func New(db *docstore.DB, c Config) (*Heads, error) {
	h := &Heads{
		Config: c, records: docstore.NewCollection[record](db, c.Space, c.Collection),
		turn: make(chan struct{}, 1), watch: watch{changed: map[*func(tenantID, name string)]struct{}{}},
	}
	opts := []follow.Option{follow.WithLog(c.Log, c.Subject)}
	if c.Notices != nil {
		opts = append(opts, follow.WithNotices(c.Notices))
	}
	var err error
	h.follower, err = follow.New(h.refresh, opts...)
	return h, err
}

// Index returns the index that the heads of a collection are faster with where servers
// share a database: which tenants have changed lately is asked for again and again.
func Index(collection string) documents.Index {
	return documents.Index{Collection: collection, Members: []documents.Order{{Path: documents.Path{"changedAt"}}}}
}

// keyOf returns the key of a tenant's head.
func keyOf(tenantID string) (string, error) {
	tenant, err := cpodkit.EncodeID(tenantID)
	if err != nil {
		return "", fmt.Errorf("the tenant's id %w", err)
	}
	return tenant + "/", nil
}

// Get returns how much a tenant has at most, or CodeNotFound for one that never had any.
func (h *Heads) Get(ctx context.Context, tenantID string) (Counts, error) {
	key, err := keyOf(tenantID)
	if err != nil {
		return Counts{}, err
	}
	r, err := h.records.Get(ctx, key)
	return r.Value.Counts, err
}

// Delete removes the head of a tenant of which nothing is there any more.
func (h *Heads) Delete(ctx context.Context, tenantID string) error {
	key, err := keyOf(tenantID)
	if err != nil {
		return err
	}
	return h.records.Delete(ctx, key)
}

// Within does a write that changes what has that name, "" for anything of the tenant, and
// adds so much to the tenant, which may be negative. A write that fails gives its room back
// when it was not done.
func (h *Heads) Within(ctx context.Context, tenantID, name string, more Counts, write func() error) error {
	key, err := keyOf(tenantID)
	if err != nil {
		return err
	}
	taken := more.with(more, grown)
	if taken != (Counts{}) {
		if err := h.update(ctx, tenantID, key, name, taken); err != nil {
			return err
		}
	}
	err = write()
	switch {
	case err == nil:
		return h.update(ctx, tenantID, key, name, more.with(more, shrunk))
	case errors.Is(err, cpodkit.CodeConflict), errors.Is(err, cpodkit.CodePreconditionFailed):
		if backErr := h.update(ctx, tenantID, key, name, taken.with(taken, minus)); backErr != nil {
			return backErr
		}
	}
	return err
}

// update adds to the counts of a tenant, and notes a change.
func (h *Heads) update(ctx context.Context, tenantID, key, name string, more Counts) error {
	unlock, err := h.updates.Lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	for try := range maxAttempts {
		if err := pause(ctx, try); err != nil {
			return err
		}
		r, err := h.records.Get(ctx, key)
		isNew := errors.Is(err, cpodkit.CodeNotFound)
		if err != nil && !isNew {
			return err
		}
		head := r.Value
		full := h.full(head.Counts, more)
		if full != nil && time.Since(time.UnixMilli(head.ChangedAt)) >= recountAfter {
			// A server that was killed has given no room back.
			if head.Counts, err = h.Count(ctx, tenantID); err != nil {
				return err
			}
			if full = h.full(head.Counts, more); full != nil && !isNew {
				// The next count is a minute later. Another write has had the same effect.
				_ = h.records.Replace(ctx, key, head.changed(name, Counts{}), r.Version)
			}
		}
		if full != nil {
			return full
		}
		head = head.changed(name, more)
		if isNew {
			err = h.records.Create(ctx, key, head)
		} else {
			err = h.records.Replace(ctx, key, head, r.Version)
		}
		if !errors.Is(err, cpodkit.CodeConflict) && !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return err
		}
	}
	return fmt.Errorf("%s: the tenant keeps changing", h.Collection)
}

// changed returns the head after a change.
func (r record) changed(name string, more Counts) record {
	next := record{Counts: r.with(more, plus), Change: rand.Text(), ChangedAt: time.Now().UnixMilli()}
	if name != "" {
		next.Recent = slices.Concat(r.Recent, []step{{next.Change, next.ChangedAt, name}})
		next.Recent = next.Recent[max(0, len(next.Recent)-maxRecent):]
	}
	return next
}

// full returns an error when a tenant has no room for more.
func (h *Heads) full(has, more Counts) error {
	for i, n := range more.each() {
		if sum, most := *has.each()[i]+*n, *h.Most.each()[i]; *n > 0 && sum > most {
			return h.Full(kinds()[i], sum, most)
		}
	}
	return nil
}

// Change calls write with the record of a key, or nil, when holds reports true for it. Else
// it returns CodePreconditionFailed. It does both again when another write was faster.
func Change[R any](
	ctx context.Context, c *docstore.Collection[R], key string,
	holds func(old *docstore.Record[R]) bool, write func(old *docstore.Record[R]) error,
) error {
	for try := range maxAttempts {
		if err := pause(ctx, try); err != nil {
			return err
		}
		r, err := c.Get(ctx, key)
		old := &r
		if errors.Is(err, cpodkit.CodeNotFound) {
			old, err = nil, nil
		}
		if err != nil {
			return err
		}
		if !holds(old) {
			return cpodkit.CodePreconditionFailed
		}
		err = write(old)
		if !errors.Is(err, cpodkit.CodeConflict) && !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return err
		}
	}
	return errors.New("docstore: the record keeps changing")
}

// pause waits before a try that is not the first: for a random time, so that replicas do not
// meet again and again.
func pause(ctx context.Context, try int) error {
	if try == 0 {
		return nil
	}
	timer := time.NewTimer(mathrand.N(min(time.Millisecond<<try, maxPause))) //nolint:gosec // no secret
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
