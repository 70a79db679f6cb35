// Package secretstest has the suites that every [secrets.Provider] and every
// [secrets.Records] passes.
package secretstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// Store is a provider, and what changes its secrets.
type Store struct {
	Provider secrets.Provider

	// Put stores a value, and Delete removes a secret, where the provider is no
	// [secrets.Editor]. A change is expected to be seen within [Patience].
	Put    func(t testing.TB, name, value string)
	Delete func(t testing.TB, name string)

	// Tenant is the only tenant that the provider has secrets of; "" for any tenant.
	Tenant string

	// Flat says that names hold letters, digits and _ alone. Names of all other
	// providers may hold whatever [secrets.CheckName] allows. The suite uses no #.
	Flat bool
}

// Patience is a watchdog: how long a change may take until the provider has it.
const Patience = 30 * time.Second

// Run runs the suite of providers. Each test gets a provider of its own from open, which
// has no secrets. While a test runs, so does the provider's Watch, if it is a
// [secrets.Watcher].
func Run(t *testing.T, open func(t testing.TB) Store) {
	t.Helper()
	for name, test := range map[string]func(*suite){
		"Unknown":          testUnknown,
		"Put":              testPut,
		"Delete":           testDelete,
		"Names":            testNames,
		"Tenants":          testTenants,
		"Values":           testValues,
		"Versions":         testVersions,
		"Remade":           testRemade,
		"Conditions":       testConditions,
		"ConcurrentPuts":   testConcurrentPuts,
		"List":             testList,
		"ListTenants":      testListTenants,
		"WatchReports":     testWatchReports,
		"WatchEnds":        testWatchEnds,
		"CancelledContext": testCancelledContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open, test, Patience)
		})
	}
}

// suite is one test of a provider.
type suite struct {
	testing.TB
	Store
	ctx      context.Context
	tenant   string
	editor   secrets.Editor // nil for a provider that is none
	lister   secrets.Lister // the same
	patience time.Duration
	watch    *watch // nil for a provider that is no Watcher
}

func run(t testing.TB, open func(t testing.TB) Store, test func(*suite), patience time.Duration) {
	t.Helper()
	s := &suite{TB: t, Store: open(t), ctx: t.Context(), tenant: "t1", patience: patience}
	if s.Tenant != "" {
		s.tenant = s.Tenant
	}
	s.editor, _ = s.Provider.(secrets.Editor)
	s.lister, _ = s.Provider.(secrets.Lister)
	var end func()
	s.watch, end = startWatch(s.ctx, s.Provider)
	defer end()
	test(s)
}

// put stores a value and waits until it is there.
func (s *suite) put(tenantID, name, value string) {
	s.Helper()
	if s.editor == nil {
		s.Put(s, name, value)
		s.eventually(fmt.Sprintf("%s of %s has its new value", name, tenantID), func() bool { return s.value(tenantID, name) == value })
		return
	}
	if _, err := s.editor.Put(s.ctx, tenantID, name, secrets.NewValue(value), secrets.Condition{}); err != nil {
		s.Fatalf("Put of %q of %q: %v", name, tenantID, err)
	}
}

func (s *suite) remove(tenantID, name string) {
	s.Helper()
	if s.editor == nil {
		s.Delete(s, name)
		s.eventually(name+" is gone", func() bool { return s.value(tenantID, name) == "" })
		return
	}
	if err := s.editor.Delete(s.ctx, tenantID, name, secrets.Condition{}); err != nil {
		s.Fatalf("Delete of %q of %q: %v", name, tenantID, err)
	}
}

// value returns the newest value of a secret, "" for none.
func (s *suite) value(tenantID, name string) string {
	s.Helper()
	return s.get(tenantID, name, 0).Value.Reveal()
}

// get returns a version of a secret, the zero Secret for none.
func (s *suite) get(tenantID, name string, version int64) secrets.Secret {
	s.Helper()
	secret, err := s.Provider.Get(s.ctx, tenantID, name, version)
	if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
		s.Fatalf("Get of version %d of %q of %q: %v", version, name, tenantID, err)
	}
	if err == nil && secret.Value.IsZero() || err != nil && !secret.Value.IsZero() {
		s.Errorf("Get of %q of %q has %d bytes and the error %v", name, tenantID, len(secret.Value.Reveal()), err)
	}
	return secret
}

func (s *suite) want(tenantID, name, value string) {
	s.Helper()
	if got := s.value(tenantID, name); got != value {
		s.Errorf("%.40q of %q is %.40q; want %.40q", name, tenantID, got, value)
	}
}

func (s *suite) wantCode(what string, err error, code cpodkit.Code) {
	s.Helper()
	wantCode(s, what, err, code)
}

func wantCode(t testing.TB, what string, err error, code cpodkit.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !errors.Is(err, code) {
		t.Errorf("%s: the error is %v; want %q", what, err, code)
	}
}

func (s *suite) eventually(what string, isSo func() bool) {
	s.Helper()
	eventually(s, s.patience, what, isSo)
}

func eventually(t testing.TB, patience time.Duration, what string, isSo func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !isSo() {
		select {
		case <-deadline:
			t.Fatalf("it never came that %s", what)
		case <-tick.C:
		}
	}
}

// watch is a Watch that runs.
type watch struct {
	reports chan [2]string
	ended   chan error // what Watch returned
	end     func()
}

func startWatch(ctx context.Context, driver any) (w *watch, end func()) {
	watcher, ok := driver.(secrets.Watcher)
	if !ok {
		return nil, func() {}
	}
	const most = 1000
	w = &watch{reports: make(chan [2]string, most), ended: make(chan error, 1)}
	ctx, w.end = context.WithCancel(ctx)
	go func() {
		w.ended <- watcher.Watch(ctx, func(tenantID, name string) {
			select {
			case w.reports <- [2]string{tenantID, name}:
			default: // nobody reads them
			}
		})
	}()
	return w, w.end
}

// hasReported waits a moment for a report of a change.
func (w *watch) hasReported(tenantID, name string, patience time.Duration) bool {
	moment := time.NewTimer(patience / 20)
	defer moment.Stop()
	for {
		select {
		case r := <-w.reports:
			if (r[0] == "" || r[0] == tenantID) && (r[1] == "" || r[1] == name) {
				return true
			}
		case <-moment.C:
			return false
		}
	}
}

// testEnd ends the Watch.
func (w *watch) testEnd(t testing.TB, patience time.Duration) {
	t.Helper()
	w.end()
	select {
	case err := <-w.ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("Watch has ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("Watch goes on after the end of its context")
	}
}

// hardNames are names that encodings and paths mix up.
func hardNames() []string {
	return []string{
		"a", "A", "a/b", "a/b/c", "a-b", "a.b", "a0", "a_b", "a%2Fb", "a%252Fb", "a b", " a", "a ", "a+b", "a:b", `a\b`, "a?b=c", "a&b",
		"..a", "a..", "...", "a/..b", "ä", "a\u0308", "日本/語", "data/a", "metadata/a", "a/value", "a*", "a'\"<b>", "a,b", "~", "_", "$a.b", "a@b",
		strings.Repeat("n", secrets.MaxName), strings.Repeat("n", secrets.MaxName-1), strings.Repeat("é", secrets.MaxName/2),
		strings.Repeat("a/", secrets.MaxName/2-1) + "a",
	}
}

// hardTenants are ids of tenants that encodings and paths mix up.
func hardTenants() []string {
	return []string{"t1", "t", "t1x", "T1", "t1/", "t1/a", "../t1", "t%31", "t1%2F", " t1", "t1 ", "t@1.2", "ü", "default", `t\1`, "日本"}
}

// concurrently calls do so many times at once, and returns how many calls succeeded. Others
// must fail with precondition_failed.
func concurrently(t testing.TB, n int, do func(i int) error) (succeeded int) {
	t.Helper()
	errs := make([]error, n)
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() { errs[i] = do(i) })
	}
	calls.Wait()
	for _, err := range errs {
		if err == nil {
			succeeded++
		} else if !errors.Is(err, cpodkit.CodePreconditionFailed) {
			t.Errorf("a concurrent write: %v", err)
		}
	}
	return succeeded
}

// pages returns the names of a list, read in pages of so many.
func pages[T any](t testing.TB, limit int, name func(T) string, fetch func(after string, limit int) ([]T, bool, error)) (names []string) {
	t.Helper()
	for after, more := "", true; more; {
		var items []T
		var err error
		if items, more, err = fetch(after, limit); err != nil {
			t.Fatalf("a list: %v", err)
		}
		if len(items) > limit || more && len(items) == 0 {
			t.Fatalf("a page of at most %d has %d items, and there is more: %t", limit, len(items), more)
		}
		for _, item := range items {
			after = name(item)
			names = append(names, after)
		}
	}
	return names
}

// testPages reads a list in pages of several sizes.
func testPages[T any](t testing.TB, want []string, name func(T) string, fetch func(after string, limit int) ([]T, bool, error)) {
	t.Helper()
	slices.Sort(want)
	for _, limit := range []int{1, 2, 3, max(len(want)-1, 1), max(len(want), 1), len(want) + 1, 1000} {
		if got := pages(t, limit, name, fetch); !slices.Equal(got, want) {
			t.Errorf("in pages of %d the list is %.300q; want %.300q", limit, got, want)
		}
	}
}
