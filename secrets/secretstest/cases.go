package secretstest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

func testUnknown(s *suite) {
	s.put(s.tenant, "known", "v")
	for _, name := range []string{"a", "know", "known1", "Known"} {
		_, err := s.Provider.Get(s.ctx, s.tenant, name, 0)
		s.wantCode("Get of "+name, err, cpodkit.CodeNotFound)
	}
	_, err := s.Provider.Get(s.ctx, "nobody", "known", 0)
	s.wantCode("Get of a tenant that is not there", err, cpodkit.CodeNotFound)
}

func testPut(s *suite) {
	before := time.Now().Add(-24 * time.Hour) // its clock may be another one
	s.put(s.tenant, "a", "one")
	one := s.get(s.tenant, "a", 0)
	s.put(s.tenant, "b", "other")
	s.put(s.tenant, "a", "two")
	two := s.get(s.tenant, "a", 0)
	if one.Value.Reveal() != "one" || two.Value.Reveal() != "two" {
		s.Error("Get does not return what was put")
	}
	if one.Version < 0 || one.Version > 0 && two.Version <= one.Version || one.Version == 0 && two.Version != 0 {
		s.Errorf("the versions are %d, and then %d", one.Version, two.Version)
	}
	for _, secret := range []secrets.Secret{one, two} {
		if at := secret.CreatedAt; !at.IsZero() && (at.Before(before) || at.Location() != time.UTC) {
			s.Errorf("a version is of %v", at)
		}
	}
	s.want(s.tenant, "b", "other")
	if s.editor == nil {
		return
	}
	info, err := s.editor.Put(s.ctx, s.tenant, "a", secrets.NewValue("three"), secrets.Condition{})
	if err != nil || info.Name != "a" || info.Version != s.get(s.tenant, "a", 0).Version || info.Owner != "" || info.Apps != nil {
		s.Errorf("Put returns %+v, %v", info, err)
	}
}

func testDelete(s *suite) {
	s.put(s.tenant, "a", "one")
	s.put(s.tenant, "a", "two")
	s.put(s.tenant, "b", "other")
	version := s.get(s.tenant, "a", 0).Version
	s.remove(s.tenant, "a")
	s.want(s.tenant, "a", "")
	s.want(s.tenant, "b", "other")
	for v := range version {
		if value := s.get(s.tenant, "a", v+1).Value; !value.IsZero() {
			s.Errorf("version %d of a deleted secret is still there", v+1)
		}
	}
	if s.editor == nil {
		return
	}
	s.remove(s.tenant, "a") // which is gone
	s.remove("nobody", "a")
}

// Each name has a secret of its own.
func testNames(s *suite) {
	names := hardNames()
	switch {
	case s.Flat:
		names = []string{"a", "A", "a_b", "a__b", "_a", "a0", "0a", "aB"}
	case s.editor == nil:
		names = []string{"a", "A", "a-b", "a.b", "a0", "a_b", "c/d", "c/d.e", "c/f/g"} // of a usual file system
	}
	for i, name := range names {
		s.put(s.tenant, name, fmt.Sprint("value ", i))
	}
	for i, name := range names {
		s.want(s.tenant, name, fmt.Sprint("value ", i))
	}
	if s.editor == nil {
		return
	}
	s.remove(s.tenant, "a")
	for i, name := range names[1:] {
		s.want(s.tenant, name, fmt.Sprint("value ", i+1))
	}
	s.want(s.tenant, "a", "")
}

// Tenants have their own secrets.
func testTenants(s *suite) {
	if s.Tenant != "" {
		s.put(s.tenant, "a", "v")
		for _, tenantID := range append(hardTenants(), "", s.tenant+"x", s.tenant+"/") {
			if tenantID != s.tenant {
				s.want(tenantID, "a", "")
			}
		}
		return
	}
	tenants := hardTenants()
	for i, tenantID := range tenants {
		s.want(tenantID, "a", "")
		s.put(tenantID, "a", fmt.Sprint("value ", i))
	}
	for i, tenantID := range tenants {
		s.want(tenantID, "a", fmt.Sprint("value ", i))
	}
	s.put("t1", "b/a", "of t1")
	s.want("t1/b", "a", "")
	s.remove("t1", "a")
	for i, tenantID := range tenants[1:] {
		s.want(tenantID, "a", fmt.Sprint("value ", i+1))
	}
}

// Values come back byte by byte.
func testValues(s *suite) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	values := []string{
		" ", "v", "ä 日本 \U0001F600", `{"a": "b"}`, `"'$HOME${x}%d\`, "-----BEGIN-----\nx\n-----END-----", "[redacted]", "a\r\nb", "null", "0",
		strings.Repeat("x", secrets.MaxValue),
	}
	if s.editor != nil {
		values = append(values, "\n", "v\n", "v\n\n", "v\r\n", "\x00", "\xff\xfe", string(all), "YWJj", strings.Repeat("\xff", secrets.MaxValue))
	}
	for _, value := range values {
		s.put(s.tenant, "a", value)
		s.want(s.tenant, "a", value)
	}
}

func testVersions(s *suite) {
	s.put(s.tenant, "a", "one")
	first := s.get(s.tenant, "a", 0).Version
	if first == 0 {
		_, err := s.Provider.Get(s.ctx, s.tenant, "a", 1)
		s.wantCode("Get of a version, of which there are none", err, cpodkit.CodeNotSupported)
		return
	}
	s.put(s.tenant, "a", "two")
	second := s.get(s.tenant, "a", 0).Version
	s.put(s.tenant, "b", "other")
	s.put(s.tenant, "a", "three")
	third := s.get(s.tenant, "a", 0).Version
	for version, value := range map[int64]string{first: "one", second: "two", third: "three", third + 1: "", third + 1000: ""} {
		secret := s.get(s.tenant, "a", version)
		if secret.Value.Reveal() != value || value != "" && secret.Version != version {
			s.Errorf("version %d is %q of version %d; want %q", version, secret.Value.Reveal(), secret.Version, value)
		}
	}
	if value := s.get("nobody", "a", first).Value; !value.IsZero() {
		s.Error("another tenant has the version")
	}
}

// A secret that is made anew does not have a version of its past again, except for those
// from 1 on.
func testRemade(s *suite) {
	if s.editor == nil {
		s.Skip("the provider is no Editor")
	}
	s.put(s.tenant, "a", "one")
	s.put(s.tenant, "a", "two")
	old := s.get(s.tenant, "a", 0).Version
	s.remove(s.tenant, "a")
	s.put(s.tenant, "a", "three")
	secret := s.get(s.tenant, "a", 0)
	if secret.Value.Reveal() != "three" || secret.Version != 1 && secret.Version <= old {
		s.Errorf("made anew, it is %q of version %d; it had %d", secret.Value.Reveal(), secret.Version, old)
	}
	for v := range max(old, secret.Version) {
		if value := s.get(s.tenant, "a", v+1).Value.Reveal(); value == "one" || value == "two" {
			s.Errorf("version %d is %q, which was deleted", v+1, value)
		}
	}
}

func testConditions(s *suite) {
	if s.editor == nil {
		s.Skip("the provider is no Editor")
	}
	const fails = cpodkit.CodePreconditionFailed
	for name, c := range map[string]struct {
		condition    func(newest int64) secrets.Condition
		absent, here cpodkit.Code
	}{
		"none":          {func(int64) secrets.Condition { return secrets.Condition{} }, "", ""},
		"exists":        {func(int64) secrets.Condition { return secrets.Condition{Exists: true} }, fails, ""},
		"absent":        {func(int64) secrets.Condition { return secrets.Condition{Absent: true} }, "", fails},
		"version":       {func(n int64) secrets.Condition { return secrets.Condition{Version: n} }, fails, ""},
		"old version":   {func(n int64) secrets.Condition { return secrets.Condition{Version: n - 1} }, fails, fails},
		"later version": {func(n int64) secrets.Condition { return secrets.Condition{Version: n + 1} }, fails, fails},
	} {
		write := func(what string, newest int64, want cpodkit.Code, before string, do func(secrets.Condition) error, after string) {
			s.Helper()
			err := do(c.condition(newest))
			s.wantCode(fmt.Sprintf("%s, condition %s", what, name), err, want)
			if err != nil && strings.Contains(err.Error(), "s3cr3t") {
				s.Errorf("the error of %s holds the value: %v", what, err)
			}
			if want != "" {
				after = before
			}
			s.want(s.tenant, name, after)
		}
		put := func(c secrets.Condition) error {
			_, err := s.editor.Put(s.ctx, s.tenant, name, secrets.NewValue("s3cr3t"), c)
			return err
		}
		remove := func(c secrets.Condition) error { return s.editor.Delete(s.ctx, s.tenant, name, c) }
		write("Delete of nothing", 7, c.absent, "", remove, "")
		write("Put of a new one", 7, c.absent, "", put, "s3cr3t")
		s.put(s.tenant, name, "v1")
		s.put(s.tenant, name, "v2")
		write("Put", s.get(s.tenant, name, 0).Version, c.here, "v2", put, "s3cr3t")
		s.put(s.tenant, name, "v3")
		write("Delete", s.get(s.tenant, name, 0).Version, c.here, "v3", remove, "")
	}
}

// Of concurrent writes with a condition one succeeds, and without one all do.
func testConcurrentPuts(s *suite) {
	if s.editor == nil {
		s.Skip("the provider is no Editor")
	}
	const n = 8
	put := func(i int, c secrets.Condition) (secrets.Info, error) {
		return s.editor.Put(s.ctx, s.tenant, "a", secrets.NewValue(fmt.Sprint(i)), c)
	}
	if won := concurrently(s, n, func(i int) error { _, err := put(i, secrets.Condition{Absent: true}); return err }); won != 1 {
		s.Errorf("%d of %d concurrent Puts made the secret", won, n)
	}
	version := s.get(s.tenant, "a", 0).Version
	if won := concurrently(s, n, func(i int) error { _, err := put(i, secrets.Condition{Version: version}); return err }); won != 1 {
		s.Errorf("%d of %d concurrent Puts replaced the same version", won, n)
	}
	var mu sync.Mutex
	seen := map[int64]int{}
	if won := concurrently(s, n, func(i int) error {
		info, err := put(i, secrets.Condition{})
		mu.Lock()
		defer mu.Unlock()
		seen[info.Version] = i
		return err
	}); won != n || len(seen) != n {
		s.Errorf("%d of %d concurrent Puts succeeded, with %d versions", won, n, len(seen))
	}
	for version, i := range seen {
		if value := s.get(s.tenant, "a", version).Value.Reveal(); value != fmt.Sprint(i) {
			s.Errorf("version %d is %q; want %d", version, value, i)
		}
	}
}

// list returns the names that the provider lists, or skips the test.
func (s *suite) list(tenantID string) func(after string, limit int) ([]secrets.Info, bool, error) {
	s.Helper()
	if s.lister == nil {
		s.Skip("the provider is no Lister")
	}
	return func(after string, limit int) ([]secrets.Info, bool, error) {
		return s.lister.List(s.ctx, tenantID, after, limit)
	}
}

func nameOf(i secrets.Info) string { return i.Name }

func testList(s *suite) {
	fetch := s.list(s.tenant)
	testPages(s, nil, nameOf, fetch)
	names := []string{"a", "a_b", "aB", "b", "B", "0"}
	if !s.Flat {
		names = []string{"a-", "a-b", "a.b", "a0", "a/b", "a/b.c", "a/c/d", "a/c0", "aB", "b", "B", "0"}
	}
	if s.editor != nil {
		names = hardNames()
	}
	for _, name := range names {
		s.put(s.tenant, name, "v")
	}
	s.put(s.tenant, names[0], "second version")
	testPages(s, names, nameOf, fetch)
	for _, after := range []string{"a", "a/", "a/b/", "zzzz", "\U0010FFFF"} { // also where no secret is
		want := slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(n string) bool { return n <= after })
		infos, _, err := fetch(after, 1000)
		if got := len(infos); err != nil || got != len(want) || got > 0 && infos[0].Name != want[0] {
			s.Errorf("after %q there are %d secrets, error %v; want %q", after, got, err, want)
		}
	}
	infos, _, err := fetch("", 1000)
	if err != nil {
		s.Fatal(err)
	}
	for _, info := range infos {
		newest := s.get(s.tenant, info.Name, 0)
		if info.Version != 0 && info.Version != newest.Version || info.Owner != "" || info.Apps != nil ||
			!info.UpdatedAt.IsZero() && (info.UpdatedAt.Before(info.CreatedAt) || info.UpdatedAt.Location() != time.UTC) {
			s.Errorf("a secret of version %d is listed as %+v", newest.Version, info)
		}
	}
	s.remove(s.tenant, names[1])
	testPages(s, slices.Delete(slices.Clone(names), 1, 2), nameOf, fetch)
}

func testListTenants(s *suite) {
	fetch := s.list(s.tenant)
	if s.Tenant != "" {
		s.put(s.tenant, "a", "v")
		testPages(s, nil, nameOf, s.list("other"))
		return
	}
	tenants := hardTenants()
	for i, tenantID := range tenants {
		s.put(tenantID, fmt.Sprint("n", i), "v")
	}
	for i, tenantID := range tenants {
		testPages(s, []string{fmt.Sprint("n", i)}, nameOf, s.list(tenantID))
	}
	testPages(s, []string{"n0"}, nameOf, fetch)
}

func testWatchReports(s *suite) {
	if s.watch == nil {
		s.Skip("the provider reports no changes")
	}
	tenants := []string{"t1", "t2", "t1"}
	if s.Tenant != "" {
		tenants = []string{s.tenant, s.tenant}
	}
	for _, tenantID := range tenants {
		s.eventually("Watch reports a change that can be read", func() bool {
			value := rand.Text() // Watch may begin after the first change
			s.put(tenantID, "a", value)
			return s.watch.hasReported(tenantID, "a", s.patience) && s.value(tenantID, "a") == value
		})
	}
	s.eventually("Watch reports that a secret is deleted", func() bool {
		s.put(s.tenant, "b", "v")
		for len(s.watch.reports) > 0 {
			<-s.watch.reports
		}
		s.remove(s.tenant, "b")
		return s.watch.hasReported(s.tenant, "b", s.patience)
	})
}

func testWatchEnds(s *suite) {
	if s.watch == nil {
		s.Skip("the provider reports no changes")
	}
	s.put(s.tenant, "a", "v")
	s.watch.testEnd(s, s.patience)
}

func testCancelledContext(s *suite) {
	s.put(s.tenant, "a", "v")
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, err := s.Provider.Get(ctx, s.tenant, "a", 0)
	errs := map[string]error{"Get": err}
	if s.lister != nil {
		_, _, errs["List"] = s.lister.List(ctx, s.tenant, "", 1)
	}
	if s.editor != nil {
		_, errs["Put"] = s.editor.Put(ctx, s.tenant, "a", secrets.NewValue("w"), secrets.Condition{})
		errs["Delete"] = s.editor.Delete(ctx, s.tenant, "a", secrets.Condition{})
	}
	for what, err := range errs {
		if err == nil || errors.Is(err, cpodkit.CodeNotFound) {
			s.Errorf("%s with a cancelled context: the error is %v", what, err)
		}
	}
	s.want(s.tenant, "a", "v")
}
