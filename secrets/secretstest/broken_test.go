package secretstest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/secrets"
)

// brief is how long the suites wait here for what never comes.
const brief = 500 * time.Millisecond

// broken is a Memory with some of it replaced.
type broken struct {
	*secrets.Memory
	get    func(ctx context.Context, tenantID, name string, version int64) (secrets.Secret, error)
	put    func(ctx context.Context, tenantID, name string, v secrets.Value, c secrets.Condition) (secrets.Info, error)
	remove func(ctx context.Context, tenantID, name string, c secrets.Condition) error
	list   func(ctx context.Context, tenantID, after string, limit int) ([]secrets.Info, bool, error)
	watch  func(ctx context.Context, changed func(tenantID, name string)) error

	getGrant    func(ctx context.Context, tenantID, name string) (secrets.Grant, error)
	putGrant    func(ctx context.Context, tenantID string, g secrets.Grant, version string) (string, error)
	removeGrant func(ctx context.Context, tenantID, name, version string) error
	listGrants  func(ctx context.Context, tenantID, after string, limit int) ([]secrets.Grant, bool, error)
}

// newBroken returns a Memory that works, until break replaces some of it.
func newBroken(breaks func(b *broken)) *broken {
	m := secrets.NewMemory()
	b := &broken{
		Memory: m, get: m.Get, put: m.Put, remove: m.Delete, list: m.List, watch: m.Watch,
		getGrant: m.GetGrant, putGrant: m.PutGrant, removeGrant: m.DeleteGrant, listGrants: m.ListGrants,
	}
	breaks(b)
	return b
}

func (b *broken) Get(ctx context.Context, tenantID, name string, version int64) (secrets.Secret, error) {
	return b.get(ctx, tenantID, name, version)
}

func (b *broken) Put(ctx context.Context, tenantID, name string, v secrets.Value, c secrets.Condition) (secrets.Info, error) {
	return b.put(ctx, tenantID, name, v, c)
}

func (b *broken) Delete(ctx context.Context, tenantID, name string, c secrets.Condition) error {
	return b.remove(ctx, tenantID, name, c)
}

func (b *broken) List(ctx context.Context, tenantID, after string, limit int) ([]secrets.Info, bool, error) {
	return b.list(ctx, tenantID, after, limit)
}

func (b *broken) Watch(ctx context.Context, changed func(tenantID, name string)) error {
	return b.watch(ctx, changed)
}

func (b *broken) GetGrant(ctx context.Context, tenantID, name string) (secrets.Grant, error) {
	return b.getGrant(ctx, tenantID, name)
}

func (b *broken) PutGrant(ctx context.Context, tenantID string, g secrets.Grant, version string) (string, error) {
	return b.putGrant(ctx, tenantID, g, version)
}

func (b *broken) DeleteGrant(ctx context.Context, tenantID, name, version string) error {
	return b.removeGrant(ctx, tenantID, name, version)
}

func (b *broken) ListGrants(ctx context.Context, tenantID, after string, limit int) ([]secrets.Grant, bool, error) {
	return b.listGrants(ctx, tenantID, after, limit)
}

// renamed replaces the names or the tenants of all calls.
func renamed(tenantOf, nameOf func(string) string) func(b *broken) {
	return func(b *broken) {
		m := b.Memory
		b.get = func(ctx context.Context, t, n string, version int64) (secrets.Secret, error) {
			return m.Get(ctx, tenantOf(t), nameOf(n), version)
		}
		b.put = func(ctx context.Context, t, n string, v secrets.Value, c secrets.Condition) (secrets.Info, error) {
			info, err := m.Put(ctx, tenantOf(t), nameOf(n), v, c)
			info.Name = n
			return info, err
		}
		b.remove = func(ctx context.Context, t, n string, c secrets.Condition) error {
			return m.Delete(ctx, tenantOf(t), nameOf(n), c)
		}
		b.list = func(ctx context.Context, t, after string, limit int) ([]secrets.Info, bool, error) {
			return m.List(ctx, tenantOf(t), after, limit)
		}
		b.getGrant = func(ctx context.Context, t, n string) (secrets.Grant, error) {
			g, err := m.GetGrant(ctx, tenantOf(t), nameOf(n))
			g.Name = n
			return g, err
		}
		b.putGrant = func(ctx context.Context, t string, g secrets.Grant, version string) (string, error) {
			g.Name = nameOf(g.Name)
			return m.PutGrant(ctx, tenantOf(t), g, version)
		}
		b.listGrants = func(ctx context.Context, t, after string, limit int) ([]secrets.Grant, bool, error) {
			return m.ListGrants(ctx, tenantOf(t), after, limit)
		}
	}
}

func same1(s string) string { return s }

// The suite catches each of these mistakes.
func TestMistakesAreSeen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		test   func(*suite)
		breaks func(b *broken)
	}{
		"what is not there is no error": {testUnknown, func(b *broken) {
			b.get = func(ctx context.Context, t, n string, v int64) (secrets.Secret, error) {
				secret, _ := b.Memory.Get(ctx, t, n, v)
				return secret, nil
			}
		}},
		"what is not there is unavailable": {testUnknown, func(b *broken) {
			b.get = func(ctx context.Context, t, n string, v int64) (secrets.Secret, error) {
				secret, err := b.Memory.Get(ctx, t, n, v)
				if err != nil {
					err = cpodkit.CodeUnavailable
				}
				return secret, err
			}
		}},
		"names have one case":       {testNames, renamed(same1, strings.ToLower)},
		"folders are cut":           {testNames, renamed(same1, func(n string) string { return n[strings.LastIndex(n, "/")+1:] })},
		"percents are decoded":      {testNames, renamed(same1, func(n string) string { return strings.ReplaceAll(n, "%2F", "/") })},
		"blanks are trimmed":        {testNames, renamed(same1, strings.TrimSpace)},
		"long names are cut":        {testNames, renamed(same1, func(n string) string { return n[:min(len(n), 255)] })},
		"tenants have one case":     {testTenants, renamed(strings.ToLower, same1)},
		"all tenants are one":       {testTenants, renamed(func(string) string { return "t" }, same1)},
		"tenants are lists' alone":  {testListTenants, renamed(func(string) string { return "t" }, same1)},
		"the tenant is a folder":    {testTenants, renamed(func(t string) string { return strings.Split(t, "/")[0] }, same1)},
		"values are trimmed":        {testValues, putting(func(v string) string { return strings.TrimRight(v, "\n") })},
		"values are texts":          {testValues, putting(func(v string) string { return strings.ToValidUTF8(v, "?") })},
		"values end at a zero byte": {testValues, putting(func(v string) string { v, _, _ = strings.Cut(v, "\x00"); return v + "x"[:max(0, 1-len(v))] })},
		"large values are cut":      {testValues, putting(func(v string) string { return v[:min(len(v), 1<<15)] })},
		"a value is stored once":    {testPut, conditioned(func(c secrets.Condition) secrets.Condition { c.Absent = true; return c })},
		"conditions are ignored":    {testConditions, conditioned(func(secrets.Condition) secrets.Condition { return secrets.Condition{} })},
		"the version is ignored":    {testConditions, conditioned(func(c secrets.Condition) secrets.Condition { c.Version = 0; return c })},
		"absence is ignored":        {testConcurrentPuts, conditioned(func(c secrets.Condition) secrets.Condition { c.Absent = false; return c })},
		"a race is lost for nothing": {testConcurrentPuts, func(b *broken) {
			var unconditional atomic.Int64
			b.put = func(ctx context.Context, t, n string, v secrets.Value, c secrets.Condition) (secrets.Info, error) {
				if c == (secrets.Condition{}) && unconditional.Add(1) == 2 {
					return secrets.Info{}, cpodkit.CodePreconditionFailed
				}
				return b.Memory.Put(ctx, t, n, v, c)
			}
		}},
		"the error holds the value": {testConditions, func(b *broken) {
			b.put = func(ctx context.Context, t, n string, v secrets.Value, c secrets.Condition) (secrets.Info, error) {
				info, err := b.Memory.Put(ctx, t, n, v, c)
				if err != nil {
					err = errors.Join(err, errors.New(v.Reveal()))
				}
				return info, err
			}
		}},
		"to delete nothing is an error": {testDelete, func(b *broken) {
			b.remove = func(ctx context.Context, t, n string, c secrets.Condition) error {
				c.Exists = true
				return b.Memory.Delete(ctx, t, n, c)
			}
		}},
		"old versions stay": {testDelete, func(b *broken) {
			b.get = func(ctx context.Context, t, n string, v int64) (secrets.Secret, error) {
				secret, err := b.Memory.Get(ctx, t, n, v)
				if err != nil && v == 1 {
					return secrets.Secret{Value: secrets.NewValue("v"), Version: 1}, nil
				}
				return secret, err
			}
		}},
		"versions are ignored": {testVersions, func(b *broken) {
			b.get = func(ctx context.Context, t, n string, _ int64) (secrets.Secret, error) {
				return b.Memory.Get(ctx, t, n, 0)
			}
		}},
		"no versions, and no error": {testVersions, func(b *broken) {
			b.get = func(ctx context.Context, t, n string, _ int64) (secrets.Secret, error) {
				secret, err := b.Memory.Get(ctx, t, n, 0)
				secret.Version = 0
				return secret, err
			}
		}},
		"old versions come back": {testRemade, func(b *broken) {
			var old secrets.Secret
			b.get = func(ctx context.Context, t, n string, v int64) (secrets.Secret, error) {
				secret, err := b.Memory.Get(ctx, t, n, v)
				if v == 0 && secret.Version == 2 {
					old = secret
				}
				if v == 2 && err != nil {
					return old, nil
				}
				return secret, err
			}
		}},
		"the list is not in order": {testList, listing(func(all []secrets.Info) []secrets.Info { slices.Reverse(all); return all })},
		"the list has its start":   {testList, listing(func(all []secrets.Info) []secrets.Info { return append([]secrets.Info{{Name: "a"}}, all...) })},
		"the list has owners": {testList, listing(func(all []secrets.Info) []secrets.Info {
			for i := range all {
				all[i].Owner = "x"
			}
			return all
		})},
		"the list never ends": {testList, func(b *broken) {
			b.list = func(ctx context.Context, t, after string, limit int) ([]secrets.Info, bool, error) {
				all, _, err := b.Memory.List(ctx, t, after, limit)
				return all, true, err
			}
		}},
		"deleted secrets are listed": {testList, func(b *broken) {
			b.remove = func(ctx context.Context, t, n string, _ secrets.Condition) error {
				_, err := b.Memory.Put(ctx, t, n, secrets.NewValue("deleted"), secrets.Condition{})
				return err
			}
		}},
		"nothing is reported":        {testWatchReports, func(b *broken) { b.watch = mute }},
		"another tenant is reported": {testWatchReports, reporting(func(_, n string) (string, string) { return "another", n })},
		"another name is reported":   {testWatchReports, reporting(func(t, _ string) (string, string) { return t, "another" })},
		"Watch does not end": {testWatchEnds, func(b *broken) {
			b.watch = func(ctx context.Context, changed func(tenantID, name string)) error {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*brief)
				defer cancel()
				return b.Memory.Watch(ctx, changed)
			}
		}},
		"Watch ends with an error": {testWatchEnds, func(b *broken) {
			b.watch = func(ctx context.Context, _ func(tenantID, name string)) error {
				<-ctx.Done()
				return cpodkit.CodeInternal
			}
		}},
		"the end of the context is not seen": {testCancelledContext, func(b *broken) {
			b.get = func(ctx context.Context, t, n string, v int64) (secrets.Secret, error) {
				return b.Memory.Get(context.WithoutCancel(ctx), t, n, v)
			}
		}},
		"the end of the context makes it not found": {testCancelledContext, func(b *broken) {
			b.get = func(ctx context.Context, t, n string, v int64) (secrets.Secret, error) {
				secret, err := b.Memory.Get(ctx, t, n, v)
				if err != nil {
					err = cpodkit.CodeNotFound
				}
				return secret, err
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) {
				run(t, func(testing.TB) Store { return Store{Provider: newBroken(c.breaks)} }, c.test, brief)
			})
		})
	}
}

func mute(ctx context.Context, _ func(tenantID, name string)) error {
	<-ctx.Done()
	return nil
}

// putting replaces the values that are put.
func putting(valueOf func(string) string) func(b *broken) {
	return func(b *broken) {
		b.put = func(ctx context.Context, t, n string, v secrets.Value, c secrets.Condition) (secrets.Info, error) {
			return b.Memory.Put(ctx, t, n, secrets.NewValue(valueOf(v.Reveal())), c)
		}
	}
}

// conditioned replaces the conditions of writes.
func conditioned(of func(secrets.Condition) secrets.Condition) func(b *broken) {
	return func(b *broken) {
		b.put = func(ctx context.Context, t, n string, v secrets.Value, c secrets.Condition) (secrets.Info, error) {
			return b.Memory.Put(ctx, t, n, v, of(c))
		}
		b.remove = func(ctx context.Context, t, n string, c secrets.Condition) error {
			return b.Memory.Delete(ctx, t, n, of(c))
		}
	}
}

// listing replaces pages of lists.
func listing(of func([]secrets.Info) []secrets.Info) func(b *broken) {
	return func(b *broken) {
		b.list = func(ctx context.Context, t, after string, limit int) ([]secrets.Info, bool, error) {
			all, more, err := b.Memory.List(ctx, t, after, limit)
			return of(all), more, err
		}
	}
}

// reporting replaces what Watch reports.
func reporting(of func(tenantID, name string) (string, string)) func(b *broken) {
	return func(b *broken) {
		b.watch = func(ctx context.Context, changed func(tenantID, name string)) error {
			return b.Memory.Watch(ctx, func(tenantID, name string) { changed(of(tenantID, name)) })
		}
	}
}

// The suite of records catches each of these mistakes.
func TestMistakesOfRecordsAreSeen(t *testing.T) {
	t.Parallel()
	granting := func(of func(g secrets.Grant, version string) (secrets.Grant, string)) func(b *broken) {
		return func(b *broken) {
			b.putGrant = func(ctx context.Context, t string, g secrets.Grant, version string) (string, error) {
				g, version = of(g, version)
				return b.Memory.PutGrant(ctx, t, g, version)
			}
		}
	}
	for name, c := range map[string]struct {
		test   func(*recordSuite)
		breaks func(b *broken)
	}{
		"what is not there is no error": {testRecordUnknown, func(b *broken) {
			b.getGrant = func(ctx context.Context, t, n string) (secrets.Grant, error) {
				g, _ := b.Memory.GetGrant(ctx, t, n)
				return g, nil
			}
		}},
		"the owner is lost":     {testRecordPut, granting(func(g secrets.Grant, v string) (secrets.Grant, string) { g.Owner = ""; return g, v })},
		"the apps are lost":     {testRecordPut, granting(func(g secrets.Grant, v string) (secrets.Grant, string) { g.Apps = nil; return g, v })},
		"names have one case":   {testRecordNames, renamed(same1, strings.ToLower)},
		"tenants have one case": {testRecordTenants, renamed(strings.ToLower, same1)},
		"the time is not kept": {testRecordPut, func(b *broken) {
			b.getGrant = func(ctx context.Context, t, n string) (secrets.Grant, error) {
				g, err := b.Memory.GetGrant(ctx, t, n)
				g.UpdatedAt = time.Time{}
				return g, err
			}
		}},
		"versions are ignored": {testRecordVersions, overwriting},
		"a write is no swap":   {testRecordConcurrent, overwriting},
		"a delete has no version": {testRecordVersions, func(b *broken) {
			b.removeGrant = func(ctx context.Context, t, n, _ string) error {
				g, _ := b.Memory.GetGrant(ctx, t, n)
				return b.Memory.DeleteGrant(ctx, t, n, g.Version)
			}
		}},
		"to delete nothing is an error": {testRecordUnknown, func(b *broken) {
			b.removeGrant = func(ctx context.Context, t, n, v string) error {
				if _, err := b.Memory.GetGrant(ctx, t, n); err != nil {
					return err
				}
				return b.Memory.DeleteGrant(ctx, t, n, v)
			}
		}},
		"a list of one page": {testRecordList, func(b *broken) {
			b.listGrants = func(ctx context.Context, t, after string, limit int) ([]secrets.Grant, bool, error) {
				all, _, err := b.Memory.ListGrants(ctx, t, after, limit)
				return all, false, err
			}
		}},
		"what is stored is shared": {testRecordCopies, func(b *broken) {
			kept := map[string]secrets.Grant{}
			b.putGrant = func(ctx context.Context, t string, g secrets.Grant, v string) (string, error) {
				kept[g.Name] = g
				return b.Memory.PutGrant(ctx, t, g, v)
			}
			b.getGrant = func(_ context.Context, _, n string) (secrets.Grant, error) { return kept[n], nil }
		}},
		"nothing is reported": {testRecordWatch, func(b *broken) { b.watch = mute }},
		"the end of the context is not seen": {testRecordCancelled, func(b *broken) {
			b.listGrants = func(ctx context.Context, t, after string, limit int) ([]secrets.Grant, bool, error) {
				return b.Memory.ListGrants(context.WithoutCancel(ctx), t, after, limit)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustfail.Want(t, func(t testing.TB) {
				runRecords(t, func(testing.TB) secrets.Records { return newBroken(c.breaks) }, grants, c.test, brief)
			})
		})
	}
}

// overwriting stores grants over whatever is there.
func overwriting(b *broken) {
	b.putGrant = func(ctx context.Context, t string, g secrets.Grant, _ string) (string, error) {
		for {
			now, _ := b.Memory.GetGrant(ctx, t, g.Name)
			if version, err := b.Memory.PutGrant(ctx, t, g, now.Version); err == nil {
				return version, nil
			}
		}
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	Run(t, func(testing.TB) Store { return Store{Provider: secrets.NewMemory()} })
	RunRecords(t, func(testing.TB) secrets.Records { return secrets.NewMemory() })
}
