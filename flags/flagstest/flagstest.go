// Package flagstest is the suite that every [flags.Source] passes.
package flagstest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
)

// Editor is a source, and what changes its definitions.
type Editor struct {
	Source flags.Source

	// Put replaces all definitions of a tenant by one in flagd's format. For a shared
	// source the tenant means nothing.
	Put func(t testing.TB, tenantID, definition string)

	// Remove removes all definitions of a tenant; nil where a source always has some.
	Remove func(t testing.TB, tenantID string)

	// OneByOne says that Put changes one flag after the other, because the source is a
	// [flags.Editor]. A load that meets it may then have some flags of either.
	OneByOne bool
}

// Patience is a watchdog: how long a change may take until the source has it.
const Patience = 30 * time.Second

// Run runs the suite. Each test gets a source of its own from open, which has no
// definitions, or ones without flags. The tests change the definitions of the tenants
// "t1" and "t2", and expect a change to be loaded within [Patience]. While a test runs,
// so does the source's Watch, if it is a [flags.Watcher].
func Run(t *testing.T, open func(t testing.TB) Editor) {
	t.Helper()
	for name, test := range tests() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open, test, Patience)
		})
	}
}

func tests() map[string]func(*suite) {
	return map[string]func(*suite){
		"Empty":               testEmpty,
		"Put":                 testPut,
		"ReplacedAsAWhole":    testReplaced,
		"Removed":             testRemoved,
		"Tenants":             testTenants,
		"DefinitionsAreWhole": testWhole,
		"Version":             testVersion,
		"WatchReports":        testWatchReports,
		"WatchEnds":           testWatchEnds,
		"CancelledContext":    testCancelledContext,
	}
}

// suite is one test.
type suite struct {
	testing.TB
	Editor
	ctx      context.Context
	patience time.Duration
	shared   bool
	reports  chan string // of Watch; nil for a source that is no Watcher
	ended    chan error  // what Watch returned
	end      func()      // ends Watch
}

func run(t testing.TB, open func(t testing.TB) Editor, test func(*suite), patience time.Duration) {
	t.Helper()
	s := &suite{TB: t, Editor: open(t), ctx: t.Context(), end: func() {}, patience: patience}
	if shared, ok := s.Source.(flags.Shared); ok {
		s.shared = shared.Shared()
	}
	if watcher, ok := s.Source.(flags.Watcher); ok {
		const most = 1000
		s.reports, s.ended = make(chan string, most), make(chan error, 1)
		var ctx context.Context
		ctx, s.end = context.WithCancel(s.ctx)
		defer s.end()
		go func() {
			s.ended <- watcher.Watch(ctx, func(tenantID string) {
				select {
				case s.reports <- tenantID:
				default: // nobody reads them
				}
			})
		}()
	}
	test(s)
}

// flag is a definition with one flag, whose value is a text.
func flag(key, value string) string { return definition(map[string]string{key: value}) }

func definition(values map[string]string) string {
	all := ""
	for key, value := range values {
		if all != "" {
			all += ","
		}
		all += fmt.Sprintf(`%q: {"state": "ENABLED", "variants": {"v": %q}, "defaultVariant": "v"}`, key, value)
	}
	return `{"flags": {` + all + `}}`
}

// set returns the flags that the source has for a tenant now.
func (s *suite) set(tenantID string) *flags.Set {
	s.Helper()
	set, err := s.load(tenantID)
	if err != nil {
		s.Fatalf("the definitions of %s cannot be loaded: %v", tenantID, err)
	}
	return set
}

func (s *suite) load(tenantID string) (*flags.Set, error) {
	all, err := flags.New(s.Source)
	if err != nil {
		return nil, err
	}
	return all.Set(s.ctx, tenantID)
}

// value returns the text of a flag, "" for none.
func (s *suite) value(tenantID, key string) string {
	s.Helper()
	value, _ := s.set(tenantID).Evaluate(key, nil).String("")
	return value
}

// want waits until a flag has the value; "" is for a flag that is not there.
func (s *suite) want(tenantID, key, value string) {
	s.Helper()
	s.eventually(fmt.Sprintf("flag %s of %s is %q", key, tenantID, value), func() bool { return s.value(tenantID, key) == value })
}

func (s *suite) eventually(what string, isSo func() bool) {
	s.Helper()
	deadline := time.After(s.patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !isSo() {
		select {
		case <-deadline:
			s.Fatalf("it never came that %s", what)
		case <-tick.C:
		}
	}
}

// version returns the source's version of a tenant's definitions.
func (s *suite) version(tenantID string) (version string, ok bool) {
	s.Helper()
	versioner, ok := s.Source.(flags.Versioner)
	if !ok {
		return "", false
	}
	version, err := versioner.Version(s.ctx, tenantID)
	if errors.Is(err, cpodkit.CodeNotSupported) {
		return "", false
	}
	if err != nil {
		s.Fatalf("the version of %s: %v", tenantID, err)
	}
	return version, true
}
