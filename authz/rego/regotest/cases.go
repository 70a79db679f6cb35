package regotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
)

const path = "data.http.allow"

func testHead(s *suite) {
	empty, err := s.Head(s.ctx, "t1")
	if err != nil || empty.Revision != "" || empty.Version != "" || empty.Blobs != nil || !empty.UpdatedAt.IsZero() {
		s.Fatalf("a tenant without a policy has %+v, %v", empty, err)
	}
	set := s.set("t1", "r1", "", "b1", "b2")
	got, err := s.Head(s.ctx, "t1")
	s.must(err)
	if got.Revision != "r1" || !slices.Equal(got.Blobs, []string{"b1", "b2"}) || got.Version == "" {
		s.Errorf("the head is %+v", got)
	}
	if set.Version != got.Version || set.Revision != got.Revision || !set.UpdatedAt.Equal(got.UpdatedAt) {
		s.Errorf("SetHead returned %+v, and the head is %+v", set, got)
	}
	if age := time.Since(got.UpdatedAt); age < -time.Minute || age > time.Hour || got.UpdatedAt.Location() != time.UTC {
		s.Errorf("the head came into force at %s", got.UpdatedAt)
	}
	none := s.set("t1", "", got.Version)
	if got, err = s.Head(s.ctx, "t1"); err != nil || got.Revision != "" || got.Version != none.Version || len(got.Blobs) != 0 {
		s.Errorf("after all is removed the head is %+v, %v", got, err)
	}
}

func testHeadVersions(s *suite) {
	attempt := func(what, ifVersion string) {
		s.Helper()
		_, err := s.SetHead(s.ctx, "t1", rego.Head{Revision: "wrong"}, ifVersion)
		s.wantCode(what, err, cpodkit.CodePreconditionFailed)
	}
	attempt("a version where there is no head", "v")
	first := s.set("t1", "r1", "")
	attempt("no version where there is a head", "")
	second := s.set("t1", "r1", first.Version)
	if second.Version == first.Version {
		s.Error("the version stays when the same revision is set again")
	}
	attempt("an old version", first.Version)
	if got, err := s.Head(s.ctx, "t1"); err != nil || got.Revision != "r1" || got.Version != second.Version {
		s.Errorf("the head is %+v, %v", got, err)
	}
}

// Of calls that replace the same head one succeeds.
func testConcurrentHeads(s *suite) {
	const callers = 8
	version := ""
	for round := range 3 {
		var won atomic.Int64
		var running sync.WaitGroup
		for i := range callers {
			running.Go(func() {
				_, err := s.SetHead(s.ctx, "t1", rego.Head{Revision: fmt.Sprintf("r%d-%d", round, i)}, version)
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, cpodkit.CodePreconditionFailed):
					s.Errorf("SetHead: %v", err)
				}
			})
		}
		running.Wait()
		if won.Load() != 1 {
			s.Fatalf("of %d calls %d succeeded", callers, won.Load())
		}
		head, err := s.Head(s.ctx, "t1")
		s.must(err)
		version = head.Version
	}
}

func testBlobs(s *suite) {
	s.wantBlob("t1", "d1", "")
	s.put("t1", "d1", "package a\n")
	s.put("t1", "d1", "package a\n")
	s.wantBlob("t1", "d1", "package a\n")
	s.wantBlob("t1", "d", "")
	content := []byte("mine")
	s.must(s.PutBlob(s.ctx, "t1", "d2", content))
	content[0] = 'X'
	got, err := s.Blob(s.ctx, "t1", "d2")
	s.must(err)
	got[1] = 'X'
	s.wantBlob("t1", "d2", "mine")
	odd := append(bytes.Repeat([]byte("\x00\xff\"\u2028"), 1<<18), '\n')
	s.must(s.PutBlob(s.ctx, "t1", "d3", odd))
	if got, err = s.Blob(s.ctx, "t1", "d3"); err != nil || !bytes.Equal(got, odd) {
		s.Errorf("a blob of %d bytes comes back with %d, %v", len(odd), len(got), err)
	}
	// The operator has blobs alone.
	s.put("", "d1", "of the operator")
	s.wantBlob("", "d1", "of the operator")
	s.wantBlob("t1", "d1", "package a\n")
}

func testDecisions(s *suite) {
	d := decision("t1", path, 1)
	_, err := s.Decision(s.ctx, "t1", d.ID)
	s.wantCode("a decision that is not there", err, cpodkit.CodeNotFound)
	s.must(s.AppendDecisions(s.ctx, nil))
	bare := rego.LoggedDecision{ID: decision("", "data.x", 2).ID, TenantID: "t2", Time: d.Time, Path: "data.x"}
	s.must(s.AppendDecisions(s.ctx, []rego.LoggedDecision{d, bare}))
	again := d
	again.Reason = "another one"
	s.must(s.AppendDecisions(s.ctx, []rego.LoggedDecision{again, decision("t1", path, 3)}))
	for _, want := range []rego.LoggedDecision{d, bare, decision("t1", path, 3)} {
		got, err := s.Decision(s.ctx, want.TenantID, want.ID)
		if err != nil || !same(got, want) || got.Time.Location() != time.UTC {
			s.Errorf("the decision is %+v, %v; want %+v", got, err, want)
		}
	}
}

func testLastDecisions(s *suite) {
	const many = 7
	var all []rego.LoggedDecision
	for n := range many {
		all = append(all, decision("t1", path, n*2), decision("t1", path+"ed", n*2+1))
	}
	s.must(s.AppendDecisions(s.ctx, all))
	for limit, want := range map[int][]int{1: {12}, 3: {12, 10, 8}, many: {12, 10, 8, 6, 4, 2, 0}, 1000: {12, 10, 8, 6, 4, 2, 0}} {
		last, err := s.LastDecisions(s.ctx, "t1", path, limit)
		s.must(err)
		var got []string
		for _, d := range last {
			got = append(got, d.ID)
			if d.Path != path || d.TenantID != "t1" {
				s.Errorf("among the decisions on %s is %+v", path, d)
			}
		}
		var ids []string
		for _, n := range want {
			ids = append(ids, decision("t1", path, n).ID)
		}
		if !slices.Equal(got, ids) {
			s.Errorf("the last %d decisions are %q, want %q", limit, got, ids)
		}
	}
	if last, err := s.LastDecisions(s.ctx, "t1", "data.http", 9); err != nil || len(last) > 0 {
		s.Errorf("the decisions on another path are %v, %v", last, err)
	}
}

// Tenants whose ids are alike.
func testTenants(s *suite) {
	tenants := []string{"t", "t1", "T", "t/1", "t%2F1", "~", "a b"}
	for i, tenant := range tenants {
		s.set(tenant, tenant, "")
		s.put(tenant, "d", "of "+tenant)
		s.must(s.AppendDecisions(s.ctx, []rego.LoggedDecision{decision(tenant, path, i)}))
	}
	s.put("", "d", "of nobody")
	for i, tenant := range tenants {
		head, err := s.Head(s.ctx, tenant)
		if err != nil || head.Revision != tenant {
			s.Errorf("the head of %q is %+v, %v", tenant, head, err)
		}
		s.wantBlob(tenant, "d", "of "+tenant)
		last, err := s.LastDecisions(s.ctx, tenant, path, 9)
		if err != nil || len(last) != 1 || !same(last[0], decision(tenant, path, i)) {
			s.Errorf("the decisions of %q are %+v, %v", tenant, last, err)
		}
		_, err = s.Decision(s.ctx, tenant, decision(tenant, path, (i+1)%len(tenants)).ID)
		s.wantCode("the decision of another tenant", err, cpodkit.CodeNotFound)
	}
}

func testPruneDecisions(s *suite) {
	var all []rego.LoggedDecision
	for n := range 6 {
		all = append(all, decision([]string{"t1", "t2"}[n%2], path, n))
	}
	s.must(s.AppendDecisions(s.ctx, all))
	s.must(s.Prune(s.ctx, all[3].Time, time.Now()))
	for n, d := range all {
		_, err := s.Decision(s.ctx, d.TenantID, d.ID)
		if n >= 3 {
			s.must(err)
			continue
		}
		s.wantCode("an old decision", err, cpodkit.CodeNotFound)
	}
	if last, err := s.LastDecisions(s.ctx, "t1", path, 9); err != nil || len(last) != 1 {
		s.Errorf("left are %v, %v", last, err)
	}
}

func testPruneBlobs(s *suite) {
	s.must(s.AppendDecisions(s.ctx, []rego.LoggedDecision{decision("t1", path, 1)}))
	for _, tenant := range []string{"t1", "t2", "t/3", ""} {
		s.put(tenant, "used", "used")
		s.put(tenant, "unused", "unused")
	}
	first := s.set("t1", "r1", "", "unused")
	s.set("t1", "r2", first.Version, "used", "missing")
	s.set("t/3", "r1", "", "used")
	s.must(s.Prune(s.ctx, time.Time{}, time.Now().Add(time.Hour)))
	for tenant, used := range map[string]string{"t1": "used", "t2": "", "t/3": "used", "": ""} {
		s.wantBlob(tenant, "used", used)
		s.wantBlob(tenant, "unused", "")
	}
	if _, err := s.Decision(s.ctx, "t1", decision("t1", path, 1).ID); err != nil {
		s.Errorf("a decision is pruned with the blobs: %v", err)
	}
}

func testPruneKeeps(s *suite) {
	for _, tenant := range []string{"t1", ""} {
		s.put(tenant, "new", "new")
	}
	head := s.set("t1", "r1", "", "b")
	s.must(s.Prune(s.ctx, time.Now(), time.Now().Add(-time.Hour)))
	for _, tenant := range []string{"t1", ""} {
		s.wantBlob(tenant, "new", "new")
	}
	if got, err := s.Head(s.ctx, "t1"); err != nil || got.Version != head.Version {
		s.Errorf("the head is %+v, %v", got, err)
	}
}

// reported waits for a report of a tenant.
func (s *suite) reported(tenantID string) {
	s.Helper()
	late := time.After(s.patience)
	for {
		select {
		case got := <-s.reports:
			if got == tenantID || got == "" {
				return
			}
		case <-late:
			s.Fatalf("the change of %s is not reported", tenantID)
		}
	}
}

func testWatchReports(s *suite) {
	if s.reports == nil {
		s.Skip("the store is no Watcher")
	}
	s.reported("") // or that there is nothing yet
	version := ""
	for i, tenant := range []string{"t1", "t1", "t2"} {
		if tenant == "t2" {
			version = ""
		}
		for len(s.reports) > 0 {
			<-s.reports
		}
		version = s.set(tenant, strings.Repeat("r", i), version).Version
		s.reported(tenant)
	}
}

func testWatchEnds(s *suite) {
	if s.reports == nil {
		s.Skip("the store is no Watcher")
	}
	s.reported("")
	s.end()
	select {
	case <-s.ended:
	case <-time.After(s.patience):
		s.Fatal("Watch goes on when its context has ended")
	}
}

func testCancelledContext(s *suite) {
	s.set("t1", "r1", "")
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, headErr := s.Head(ctx, "t1")
	_, setErr := s.SetHead(ctx, "t2", rego.Head{Revision: "r1"}, "")
	_, blobErr := s.Blob(ctx, "t1", "d")
	_, lastErr := s.LastDecisions(ctx, "t1", path, 1)
	for name, err := range map[string]error{
		"Head": headErr, "SetHead": setErr, "Blob": blobErr, "LastDecisions": lastErr, "PutBlob": s.PutBlob(ctx, "t1", "d", nil),
	} {
		if err == nil || errors.Is(err, cpodkit.CodeNotFound) {
			s.Errorf("%s without a context: %v", name, err)
		}
	}
	if got, err := s.Head(s.ctx, "t2"); err != nil || got.Revision != "" {
		s.Errorf("a call without a context has set %+v, %v", got, err)
	}
}
