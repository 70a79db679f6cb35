package secretstest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// RunRecords runs the suite of records. Each test gets records of its own from open, which
// are empty. While a test runs, so does their Watch, if they are a [secrets.Watcher].
func RunRecords(t *testing.T, open func(t testing.TB) secrets.Records) {
	t.Helper()
	for kind, pick := range kinds() {
		for name, test := range map[string]func(*recordSuite){
			"Unknown":          testRecordUnknown,
			"Put":              testRecordPut,
			"Versions":         testRecordVersions,
			"Concurrent":       testRecordConcurrent,
			"Names":            testRecordNames,
			"Tenants":          testRecordTenants,
			"List":             testRecordList,
			"Copies":           testRecordCopies,
			"Watch":            testRecordWatch,
			"CancelledContext": testRecordCancelled,
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				runRecords(t, open, pick, test, Patience)
			})
		}
	}
}

// kinds are the kinds of records, by their names.
func kinds() map[string]func(secrets.Records) kind {
	return map[string]func(secrets.Records) kind{"Grants": grants, "Bundles": bundles}
}

// kind is the calls on one kind of records, all of which are seen as bundles. A grant is
// one that has apps and an owner alone.
type kind struct {
	isGrant bool
	get     func(ctx context.Context, tenantID, name string) (secrets.Bundle, error)
	list    func(ctx context.Context, tenantID, after string, limit int) ([]secrets.Bundle, bool, error)
	put     func(ctx context.Context, tenantID string, b secrets.Bundle, version string) (string, error)
	remove  func(ctx context.Context, tenantID, name, version string) error
}

func grants(r secrets.Records) kind {
	bundle := func(g secrets.Grant) secrets.Bundle {
		return secrets.Bundle{Name: g.Name, Owner: g.Owner, Apps: g.Apps, Version: g.Version, UpdatedAt: g.UpdatedAt}
	}
	return kind{
		isGrant: true,
		get: func(ctx context.Context, tenantID, name string) (secrets.Bundle, error) {
			g, err := r.GetGrant(ctx, tenantID, name)
			return bundle(g), err
		},
		list: func(ctx context.Context, tenantID, after string, limit int) (all []secrets.Bundle, more bool, err error) {
			grants, more, err := r.ListGrants(ctx, tenantID, after, limit)
			for _, g := range grants {
				all = append(all, bundle(g))
			}
			return all, more, err
		},
		put: func(ctx context.Context, tenantID string, b secrets.Bundle, version string) (string, error) {
			return r.PutGrant(ctx, tenantID, secrets.Grant{Name: b.Name, Owner: b.Owner, Apps: b.Apps, Version: b.Version}, version)
		},
		remove: r.DeleteGrant,
	}
}

func bundles(r secrets.Records) kind {
	return kind{get: r.GetBundle, list: r.ListBundles, put: r.PutBundle, remove: r.DeleteBundle}
}

// recordSuite is one test of records.
type recordSuite struct {
	testing.TB
	kind
	records  secrets.Records
	ctx      context.Context
	patience time.Duration
	watch    *watch
}

func runRecords(
	t testing.TB, open func(t testing.TB) secrets.Records, pick func(secrets.Records) kind, test func(*recordSuite), patience time.Duration,
) {
	t.Helper()
	r := open(t)
	s := &recordSuite{TB: t, kind: pick(r), records: r, ctx: t.Context(), patience: patience}
	var end func()
	s.watch, end = startWatch(s.ctx, r)
	defer end()
	test(s)
}

// record returns a record with a number in it.
func (s *recordSuite) record(name string, i int) secrets.Bundle {
	b := secrets.Bundle{Name: name, Owner: fmt.Sprint("app ", i), Apps: []string{"a", fmt.Sprint("b", i)}}
	if !s.isGrant {
		b.Env, b.Files = map[string]string{"V": fmt.Sprint("secret/", i)}, map[string]string{"f.txt": "s"}
	}
	return b
}

// store stores a record over the one with the version, and returns its own.
func (s *recordSuite) store(tenantID string, b secrets.Bundle, version string) string {
	s.Helper()
	now, err := s.put(s.ctx, tenantID, b, version)
	if err != nil || now == "" || now == version {
		s.Fatalf("the record %q of %q over the version %q gets the version %q, error %v", b.Name, tenantID, version, now, err)
	}
	return now
}

// want checks that a record is there, and returns it.
func (s *recordSuite) want(tenantID string, want secrets.Bundle) secrets.Bundle {
	s.Helper()
	b, err := s.get(s.ctx, tenantID, want.Name)
	if err != nil {
		s.Errorf("the record %.40q of %q: %v", want.Name, tenantID, err)
	} else if !same(b, want) {
		s.Errorf("the record is %+v; want %+v", b, want)
	}
	return b
}

// same compares what a caller sets.
func same(a, b secrets.Bundle) bool {
	return a.Name == b.Name && a.Owner == b.Owner && slices.Equal(a.Apps, b.Apps) && maps.Equal(a.Env, b.Env) && maps.Equal(a.Files, b.Files)
}

func (s *recordSuite) wantNone(tenantID, name string) {
	s.Helper()
	_, err := s.get(s.ctx, tenantID, name)
	wantCode(s, fmt.Sprintf("the record %.40q of %q", name, tenantID), err, cpodkit.CodeNotFound)
}

func testRecordUnknown(s *recordSuite) {
	s.store("t1", s.record("known", 1), "")
	for _, name := range []string{"a", "know", "known/a", "Known"} {
		s.wantNone("t1", name)
	}
	s.wantNone("nobody", "known")
	if err := s.remove(s.ctx, "t1", "a", ""); err != nil {
		s.Errorf("to delete nothing: %v", err)
	}
}

func testRecordPut(s *recordSuite) {
	before := time.Now().Add(-24 * time.Hour)
	many := make([]string, secrets.MaxApps)
	for i := range many {
		many[i] = fmt.Sprintf("app-%03d", i)
	}
	version := ""
	for i, apps := range [][]string{{"a"}, nil, {}, many, {"Ä <&> \"", "a@b"}} {
		b := s.record("r", i)
		b.Apps = apps
		if i == 1 {
			b.Owner = ""
		}
		if !s.isGrant && i == 2 {
			b.Env, b.Files = nil, nil
		}
		if !s.isGrant && i == 3 {
			for k := range secrets.MaxBundle - len(b.Files) {
				b.Env[fmt.Sprint("V", k)] = hardNames()[k%len(hardNames())]
			}
		}
		version = s.store("t1", b, version)
		stored := s.want("t1", b)
		if stored.Version != version || stored.UpdatedAt.Before(before) || stored.UpdatedAt.Location() != time.UTC {
			s.Errorf("the record has the version %q, not %q, and is of %v", stored.Version, version, stored.UpdatedAt)
		}
	}
	if err := s.remove(s.ctx, "t1", "r", version); err != nil {
		s.Error(err)
	}
	s.wantNone("t1", "r")
}

// A write needs the version that is there.
func testRecordVersions(s *recordSuite) {
	const fails = cpodkit.CodePreconditionFailed
	refused := func(what, version string) {
		s.Helper()
		_, err := s.put(s.ctx, "t1", s.record("r", 9), version)
		wantCode(s, "to write over "+what, err, fails)
	}
	refused("nothing, as if it were there", "1")
	first := s.store("t1", s.record("r", 1), "")
	refused("a record, as if it were new", "")
	second := s.store("t1", s.record("r", 1), first) // the same again
	refused("an old version", first)
	refused("an unknown version", second+"x")
	wantCode(s, "to delete an old version", s.remove(s.ctx, "t1", "r", first), fails)
	s.want("t1", s.record("r", 1))
	if err := s.remove(s.ctx, "t1", "r", second); err != nil {
		s.Error(err)
	}
	refused("what is deleted", second)
	third := s.store("t1", s.record("r", 2), "")
	if third == first || third == second {
		s.Errorf("made anew, the record has its old version %q", third)
	}
	refused("what was deleted before", second)
	wantCode(s, "to delete it once more", s.remove(s.ctx, "t1", "r", second), fails)
	s.want("t1", s.record("r", 2))
}

func testRecordConcurrent(s *recordSuite) {
	const n = 8
	version := ""
	for range 2 {
		if won := concurrently(s, n, func(i int) error {
			_, err := s.put(s.ctx, "t1", s.record("r", i), version)
			return err
		}); won != 1 {
			s.Errorf("%d of %d concurrent writes over the version %q succeeded", won, n, version)
		}
		b, err := s.get(s.ctx, "t1", "r")
		if err != nil {
			s.Fatal(err)
		}
		version = b.Version
	}
}

// Each name has a record of its own, in each kind of records.
func testRecordNames(s *recordSuite) {
	for i, name := range hardNames() {
		s.store("t1", s.record(name, i), "")
	}
	for i, name := range hardNames() {
		s.want("t1", s.record(name, i))
	}
	other := grants(s.records)
	if s.isGrant {
		other = bundles(s.records)
	}
	if _, err := other.get(s.ctx, "t1", "a"); err == nil {
		s.Error("a record of the other kind has the name as well")
	}
	if all, _, err := other.list(s.ctx, "t1", "", 10); err != nil || len(all) > 0 {
		s.Errorf("the list of the other kind has %d records, error %v", len(all), err)
	}
}

func testRecordTenants(s *recordSuite) {
	versions := map[string]string{}
	for i, tenantID := range hardTenants() {
		s.wantNone(tenantID, "r")
		versions[tenantID] = s.store(tenantID, s.record("r", i), "")
	}
	for i, tenantID := range hardTenants() {
		s.want(tenantID, s.record("r", i))
		all, more, err := s.list(s.ctx, tenantID, "", 10)
		if err != nil || more || len(all) != 1 || !same(all[0], s.record("r", i)) || all[0].Version != versions[tenantID] {
			s.Errorf("the list of %q is %+v, %t, %v", tenantID, all, more, err)
		}
	}
	if err := s.remove(s.ctx, "t1", "r", versions["t1"]); err != nil {
		s.Error(err)
	}
	for i, tenantID := range hardTenants()[1:] {
		s.want(tenantID, s.record("r", i+1))
	}
}

func testRecordList(s *recordSuite) {
	fetch := func(after string, limit int) ([]secrets.Bundle, bool, error) {
		return s.list(s.ctx, "t1", after, limit)
	}
	name := func(b secrets.Bundle) string { return b.Name }
	testPages(s, nil, name, fetch)
	var names []string
	for i, n := range hardNames() {
		s.store("t1", s.record(n, i), "")
		names = append(names, n)
	}
	testPages(s, names, name, fetch)
}

// What one side changes later is not changed for the other one.
func testRecordCopies(s *recordSuite) {
	b := s.record("r", 1)
	s.store("t1", b, "")
	for range 2 {
		b.Apps[0] = "changed"
		if !s.isGrant {
			b.Env["V"], b.Files["more"] = "changed", "changed"
		}
		b = s.want("t1", s.record("r", 1))
	}
}

func testRecordWatch(s *recordSuite) {
	if s.watch == nil || !s.isGrant {
		s.Skip("changes of these records are not reported")
	}
	version := ""
	for i := range 2 {
		eventually(s, s.patience, "Watch reports a change of a grant", func() bool {
			version = s.store("t1", s.record("r", i), version) // Watch may begin after the first change
			return s.watch.hasReported("t1", "r", s.patience)
		})
	}
	s.watch.testEnd(s, s.patience)
}

func testRecordCancelled(s *recordSuite) {
	version := s.store("t1", s.record("r", 1), "")
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, err := s.get(ctx, "t1", "r")
	errs := map[string]error{"to read": err}
	_, _, errs["to list"] = s.list(ctx, "t1", "", 1)
	_, errs["to write"] = s.put(ctx, "t1", s.record("r", 2), version)
	errs["to delete"] = s.remove(ctx, "t1", "r", version)
	for what, err := range errs {
		if err == nil {
			s.Errorf("%s with a cancelled context is no error", what)
		}
	}
	s.want("t1", s.record("r", 1))
}
