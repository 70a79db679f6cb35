// Package regotest is the suite that every [rego.Store] passes.
package regotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
)

// Patience is a watchdog: how long a report of Watch may take.
const Patience = 30 * time.Second

// Run runs the suite. Each test gets a store of its own from open, which is empty. While a
// test runs, so does the store's Watch, if it is a [rego.Watcher].
func Run(t *testing.T, open func(t testing.TB) rego.Store) {
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
		"Head":                 testHead,
		"HeadVersions":         testHeadVersions,
		"ConcurrentHeads":      testConcurrentHeads,
		"Blobs":                testBlobs,
		"Decisions":            testDecisions,
		"LastDecisions":        testLastDecisions,
		"Tenants":              testTenants,
		"PruneDecisions":       testPruneDecisions,
		"PruneBlobs":           testPruneBlobs,
		"PruneKeepsWhatIsUsed": testPruneKeeps,
		"WatchReports":         testWatchReports,
		"WatchEnds":            testWatchEnds,
		"CancelledContext":     testCancelledContext,
	}
}

// suite is one test.
type suite struct {
	testing.TB
	rego.Store
	ctx      context.Context
	patience time.Duration
	reports  chan string // of Watch; nil for a store that is no Watcher
	ended    chan error  // what Watch returned
	end      func()      // ends Watch
}

func run(t testing.TB, open func(t testing.TB) rego.Store, test func(*suite), patience time.Duration) {
	t.Helper()
	s := &suite{TB: t, Store: open(t), ctx: t.Context(), end: func() {}, patience: patience}
	if watcher, ok := s.Store.(rego.Watcher); ok {
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

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) wantCode(what string, err error, code cpodkit.Code) {
	s.Helper()
	if !errors.Is(err, code) {
		s.Errorf("%s: the error is %v, want %s", what, err, code)
	}
}

// set puts a head in force.
func (s *suite) set(tenantID, revision, ifVersion string, blobs ...string) rego.Head {
	s.Helper()
	h, err := s.SetHead(s.ctx, tenantID, rego.Head{Revision: revision, Blobs: blobs}, ifVersion)
	if err != nil {
		s.Fatalf("SetHead of %q to %s: %v", tenantID, revision, err)
	}
	return h
}

func (s *suite) put(tenantID, digest, content string) {
	s.Helper()
	if err := s.PutBlob(s.ctx, tenantID, digest, []byte(content)); err != nil {
		s.Fatalf("PutBlob of %q: %v", tenantID, err)
	}
}

// wantBlob expects a blob, or none with "".
func (s *suite) wantBlob(tenantID, digest, want string) {
	s.Helper()
	content, err := s.Blob(s.ctx, tenantID, digest)
	if want == "" {
		s.wantCode(fmt.Sprintf("the blob %s of %q", digest, tenantID), err, cpodkit.CodeNotFound)
		return
	}
	if err != nil || string(content) != want {
		s.Errorf("the blob %s of %q is %q, %v; want %q", digest, tenantID, content, err, want)
	}
}

// decision returns a decision on a path, of which one with a larger n is newer.
func decision(tenantID, path string, n int) rego.LoggedDecision {
	return rego.LoggedDecision{
		ID: rego.DecisionPrefix(path) + fmt.Sprintf("%020d", 1_000_000-n), TenantID: tenantID, Kind: rego.KindRoute,
		Time: time.Date(2026, 1, 2, 15, 4, 5, 678e6, time.UTC).Add(time.Duration(n) * time.Second),
		Path: path, Revision: "p-1.2", Operator: "1", Tenant: "2",
		Input: json.RawMessage(`{"n":1.50,"é":"\u0000"}`), Result: json.RawMessage("null"),
		Allowed: true, Reason: "because", Subject: "getFlag",
	}
}

// same reports whether two decisions are the same. A store may write JSON in another way.
func same(a, b rego.LoggedDecision) bool {
	text := func(d rego.LoggedDecision) string {
		encoded, err := json.Marshal(struct {
			rego.LoggedDecision
			Tenant, Operator, Of string
		}{d, d.Tenant, d.Operator, d.TenantID})
		return fmt.Sprint(string(encoded), err)
	}
	return text(a) == text(b) && a.Time.Equal(b.Time)
}
