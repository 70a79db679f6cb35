package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/internal/follow"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage"
)

const (
	// erasureTopic is where commands tell running servers to look for erasures.
	erasureTopic = "erasures"

	// erasureInterval is how often a server without notices looks for erasures.
	erasureInterval = time.Second

	// drainLimit bounds how long an erasure waits for the tenant's writes under way.
	drainLimit = 80 * time.Second
)

// tenantsPart has a running server learn which tenants and users are erased. It keeps a
// deleted tenant out, and erases what this process alone holds. It comes after the parts
// that hold data.
func tenantsPart() part {
	return part{open: func(ctx context.Context, h *house) (opened, error) {
		f := &erasureFollower{house: h, server: tenantstore.Server{ID: rand.Text(), StartedAt: time.Now()}, applied: map[place]string{}}
		opts := []follow.Option{follow.WithInterval(erasureInterval), follow.WithLog(h.log, "erasures of tenants and users")}
		if h.cluster != nil {
			opts = append(opts, follow.WithNotices(h.cluster.Topic(erasureTopic)))
		}
		follower, err := follow.New(f.refresh, opts...)
		if err != nil {
			return opened{}, err
		}
		if err := f.start(ctx); err != nil {
			return opened{}, err
		}
		h.onClose(func() error {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), disconnectGrace)
			defer cancel()
			_ = h.records.servers.Delete(ctx, f.server.ID) // a command then finds that it does not answer
			return nil
		})
		return opened{
			wraps: []wrap{{afterAuthentication, h.gate.wrap}},
			run:   []func(context.Context){follower.Run},
		}, nil
	}}
}

// place is whose data an erasure is about.
type place struct{ tenantID, userID string }

// erasureFollower applies the erasures that commands write down.
type erasureFollower struct {
	*house
	server  tenantstore.Server
	applied map[place]string // the ID of the last erasure of each
}

// start takes over what has happened before: this process holds nothing of it.
func (f *erasureFollower) start(ctx context.Context) error {
	for e, err := range f.records.erasures.All(ctx) {
		if err != nil {
			return err
		}
		if e.Closed {
			f.gate.set(encoded(e.TenantID), true)
		}
		if e.Done {
			f.applied[place{e.TenantID, e.UserID}] = e.ID
		}
	}
	_ = f.write(ctx) // a database that takes no writes now gets it later
	return nil
}

// write puts the server into the records, where commands find whom to wait for.
func (f *erasureFollower) write(ctx context.Context) error {
	return f.records.servers.Put(ctx, f.server)
}

func (f *erasureFollower) refresh(ctx context.Context) error {
	var due []tenantstore.Erasure
	underWay := map[string]bool{}
	for e, err := range f.records.erasures.All(ctx) {
		if err != nil {
			return err
		}
		if f.applied[place{e.TenantID, e.UserID}] != e.ID {
			due = append(due, e)
		}
		underWay[e.ID] = !e.Done
	}
	if len(due) == 0 {
		// A command that this server did not answer in time has taken it out.
		there, err := f.records.servers.Has(ctx, f.server.ID)
		if err != nil || there {
			return err
		}
		return f.write(ctx)
	}
	// What is over is nobody's to read any more.
	over := func(id string) bool { return !underWay[id] }
	f.server.Seen = slices.DeleteFunc(f.server.Seen, over)
	maps.DeleteFunc(f.server.Applied, func(id string, _ map[string]storage.Amount) bool { return over(id) })
	for _, e := range due {
		if e.UserID == "" { // also when it is to be opened: this server may have missed that it was closed
			f.gate.set(encoded(e.TenantID), true)
		}
		if !slices.Contains(f.server.Seen, e.ID) { // it is, when to apply it has failed
			f.server.Seen = append(f.server.Seen, e.ID)
		}
	}
	if err := f.write(ctx); err != nil {
		return err
	}
	var failed []error
	for _, e := range due {
		if err := f.apply(ctx, e); err != nil {
			failed = append(failed, fmt.Errorf("the erasure of %q, %q: %w", e.TenantID, e.UserID, err))
		}
	}
	return errors.Join(failed...)
}

// apply erases what this process holds, and acknowledges it.
func (f *erasureFollower) apply(ctx context.Context, e tenantstore.Erasure) error {
	realm, err := realmOf(e.TenantID, e.UserID)
	if err != nil {
		return err
	}
	if e.UserID == "" {
		draining, cancel := context.WithTimeout(ctx, drainLimit)
		err := f.gate.drain(draining, encoded(e.TenantID))
		cancel()
		if err != nil {
			return fmt.Errorf("writes are still under way: %w", err)
		}
		if e.Closed {
			if _, err := oauth.RevokeApps(ctx, f.records.apps, f.revocations, e.TenantID); err != nil {
				return err
			}
		}
	}
	erased := map[string]storage.Amount{}
	for _, part := range f.inMemory {
		if e.TokensOnly && part.name != usersName {
			continue
		}
		if erased[part.name], err = part.data.Erase(ctx, realm); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if e.UserID == "" {
		f.forget(encoded(e.TenantID))
		f.gate.set(encoded(e.TenantID), e.Closed)
	}
	if f.server.Applied == nil {
		f.server.Applied = map[string]map[string]storage.Amount{}
	}
	f.server.Applied[e.ID] = erased
	if err := f.write(ctx); err != nil {
		return err
	}
	f.applied[place{e.TenantID, e.UserID}] = e.ID
	if e.TokensOnly {
		f.log.Info("the tokens of a user ended", "tenant", e.TenantID, "user", e.UserID)
		return nil
	}
	f.log.Info("erased in memory", "tenant", e.TenantID, "user", e.UserID, "tenant_closed", e.Closed)
	return nil
}

// realmOf is all of a tenant, or of one user of it.
func realmOf(tenantID, userID string) (storage.Realm, error) {
	if userID == "" {
		return storage.TenantRealm(tenantID)
	}
	return storage.UserRealm(tenantID, userID)
}

// isClosed reports whether a tenant is deleted, or being deleted.
func (h *house) isClosed(ctx context.Context, tenantID string) (bool, error) {
	e, err := h.records.erasures.Get(ctx, tenantID, "")
	if errors.Is(err, cpodkit.CodeNotFound) {
		return false, nil
	}
	return e.Closed, err
}
