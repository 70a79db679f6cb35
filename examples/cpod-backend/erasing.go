package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage"
)

const (
	// seenLimit is how long a server has to notice an erasure. One that does not counts
	// as ended: it looks every second, or is told at once.
	seenLimit = 10 * time.Second

	// appliedLimit is how long a server has to apply an erasure that it has noticed.
	appliedLimit = drainLimit + 20*time.Second

	// forgetUsers is how long the record of a user's erasure stays, for a server that
	// has lost the database meanwhile.
	forgetUsers = 24 * time.Hour
)

// erasing is what a command needs to erase.
type erasing struct {
	*house
	settings *settings
	out      io.Writer
	parts    []part
	sources  []namedData // opened by open; the data is nil where only servers reach it
}

// onErasing returns an action that may erase, beside running servers or without one.
func onErasing(do func(ctx context.Context, e *erasing, operand string) error) action {
	return func(ctx context.Context, env environment, operand string) error {
		return onRecords(func(ctx context.Context, env environment, h *house, operand string) error {
			if _, err := clusterPart(env.settings).open(ctx, h); err != nil { // to tell the servers
				return err
			}
			_, parts, err := load(env.settings)
			if err != nil {
				return err
			}
			return do(ctx, &erasing{house: h, settings: env.settings, out: env.stdout, parts: parts}, operand)
		})(ctx, env, operand)
	}
}

// open opens the data of all parts.
func (e *erasing) open(ctx context.Context) error {
	for _, p := range e.parts {
		if p.data == nil {
			continue
		}
		opened, err := p.data(ctx, e.house)
		if err != nil {
			return err
		}
		e.sources = append(e.sources, namedData{p.name, opened})
	}
	return nil
}

// figures are what there is, or was, by name.
type figures []figure

type figure struct {
	name   string
	amount storage.Amount
	note   string // instead of the amount
}

func (f *figures) add(name string, amount storage.Amount) {
	for i := range *f {
		if (*f)[i].name == name {
			(*f)[i].amount.Add(amount)
			return
		}
	}
	*f = append(*f, figure{name: name, amount: amount})
}

func (f *figures) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range *f {
		switch {
		case line.note != "":
			fmt.Fprintf(table, "%s\t%s\n", line.name, line.note)
		case line.amount.Bytes > 0:
			fmt.Fprintf(table, "%s\t%d\t%d bytes\n", line.name, line.amount.Items, line.amount.Bytes)
		default:
			fmt.Fprintf(table, "%s\t%d\n", line.name, line.amount.Items)
		}
	}
	return table.Flush()
}

// none reports whether nothing is there, as far as is known.
func (f *figures) none() bool {
	return !slices.ContainsFunc(*f, func(line figure) bool { return line.amount.Items > 0 || line.note != "" })
}

// measure returns what there is of a realm.
func (e *erasing) measure(ctx context.Context, realm storage.Realm) (all figures, err error) {
	for _, source := range e.sources {
		if source.data == nil {
			all = append(all, figure{name: source.name, note: "in the memory of running servers, which do not count it"})
			continue
		}
		amount, err := source.data.Measure(ctx, realm)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.name, err)
		}
		all.add(source.name, amount)
	}
	return all, nil
}

// erase erases a realm where a command reaches it, and adds what it has erased to erased.
func (e *erasing) erase(ctx context.Context, realm storage.Realm, erased *figures) error {
	for _, source := range e.sources {
		if source.data == nil {
			continue
		}
		amount, err := source.data.Erase(ctx, realm)
		erased.add(source.name, amount)
		if err != nil {
			return fmt.Errorf("%s: %w", source.name, err)
		}
	}
	return nil
}

// eraseApps deletes the apps and keys of a tenant, and adds what it has deleted to erased.
func (e *erasing) eraseApps(ctx context.Context, tenantID string, erased *figures) error {
	keys, err := e.records.apiKeys.CountTenant(ctx, tenantID) // before those of apps go with these
	if err != nil {
		return err
	}
	apps, err := oauth.DeleteApps(ctx, e.records.apps, e.records.apiKeys, e.revocations, tenantID)
	erased.add("apps", storage.Amount{Items: int64(apps)})
	if err != nil {
		return fmt.Errorf("apps: %w", err)
	}
	if err := e.records.apiKeys.DeleteTenant(ctx, tenantID); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	erased.add("API keys and admin keys", storage.Amount{Items: int64(keys)})
	return nil
}

// announce writes an erasure down, and waits until every running server has applied it.
// It adds what these have erased in their memory to erased.
func (e *erasing) announce(ctx context.Context, erasure *tenantstore.Erasure, erased *figures) error {
	erasure.ID, erasure.Done, erasure.ChangedAt = rand.Text(), false, time.Now()
	if err := e.records.erasures.Put(ctx, *erasure); err != nil {
		return err
	}
	if err := e.notify(ctx); err != nil {
		return err
	}
	began, tick := time.Now(), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		applied, waiting, err := e.ask(ctx, erasure.ID, time.Since(began))
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			for _, amounts := range applied {
				for name, amount := range amounts {
					erased.add(name, amount)
				}
			}
			return nil
		}
		if time.Since(began) > appliedLimit {
			return fmt.Errorf("the server %s has not erased its memory within %s; see its log, and run the command again",
				waiting[0], appliedLimit)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ask returns what servers have applied, and those that have not. It forgets a server
// that does not answer.
func (e *erasing) ask(ctx context.Context, id string, since time.Duration) (applied []map[string]storage.Amount, waiting []string, err error) {
	servers, err := e.records.servers.List(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range servers {
		if amounts, ok := s.Applied[id]; ok {
			applied = append(applied, amounts)
			continue
		}
		limit := seenLimit
		if len(s.Seen) > len(s.Applied) { // it is busy with another erasure
			limit = appliedLimit
		}
		if slices.Contains(s.Seen, id) || since <= limit {
			waiting = append(waiting, s.ID)
			continue
		}
		e.log.Warn("a server does not answer, and counts as ended", "server", s.ID, "started", s.StartedAt)
		if err := e.records.servers.Delete(ctx, s.ID); err != nil {
			return nil, nil, err
		}
	}
	return applied, waiting, nil
}

// notify tells running servers that there is something to read. Those without notices
// look by themselves.
func (e *erasing) notify(ctx context.Context) error {
	if e.cluster == nil {
		return nil
	}
	if err := e.cluster.Topic(erasureTopic).Publish(ctx, []byte(rand.Text())); err != nil {
		return fmt.Errorf("CPOD_CLUSTER: the servers cannot be told: %w", err)
	}
	return nil
}

// finish marks an erasure as done, and forgets those of users that are long over, or of a
// tenant that is gone.
func (e *erasing) finish(ctx context.Context, erasure tenantstore.Erasure) error {
	erasure.Done = true
	if err := e.records.erasures.Put(ctx, erasure); err != nil {
		return err
	}
	var old []tenantstore.Erasure
	for other, err := range e.records.erasures.All(ctx) {
		if err != nil {
			return err
		}
		gone := erasure.Closed && other.TenantID == erasure.TenantID
		if other.UserID != "" && other.Done && (gone || time.Since(other.ChangedAt) > forgetUsers) {
			old = append(old, other)
		}
	}
	for _, other := range old {
		if err := e.records.erasures.Delete(ctx, other.TenantID, other.UserID); err != nil {
			return err
		}
	}
	return nil
}

// reopen prepares a name that a deleted tenant had for a new one: it erases once more
// what may have come since, and has servers let the tenant in. A name that no tenant had
// needs nothing.
func (e *erasing) reopen(ctx context.Context, tenantID string) error {
	past, err := e.records.erasures.Get(ctx, tenantID, "")
	switch {
	case errors.Is(err, cpodkit.CodeNotFound), err == nil && past.Done && !past.Closed:
		return nil
	case err != nil:
		return err
	case past.Closed && !past.Done:
		return fmt.Errorf("the tenant %q is being deleted: finish that first, with cpod-backend tenant delete --yes %s", tenantID, tenantID)
	}
	realm, err := storage.TenantRealm(tenantID)
	if err != nil {
		return err
	}
	if err := e.open(ctx); err != nil {
		return err
	}
	var erased figures
	if err := errors.Join(e.erase(ctx, realm, &erased), e.eraseApps(ctx, tenantID, &erased)); err != nil {
		return err
	}
	past.Closed = false
	if err := e.announce(ctx, &past, &erased); err != nil {
		return err
	}
	return e.finish(ctx, past)
}
