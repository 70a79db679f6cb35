package secrets_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

func TestBundles(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	ctx := t.Context()
	a, runner, admin := app(s, "a"), app(s, "runner"), s.Trusted(tenant)
	put(t, a, "db/password", "1")
	put(t, a, "key.pem", "2")
	bundle := secrets.Bundle{
		Name: "job", Env: map[string]string{"DB_PASSWORD": "db/password"},
		Files: map[string]string{"key.pem": "key.pem"}, Apps: []string{"runner"},
	}
	b, err := a.PutBundle(ctx, bundle, secrets.Match{Absent: true})
	if err != nil || b.Owner != "a" || b.Version == "" || b.UpdatedAt.IsZero() || !maps.Equal(b.Env, bundle.Env) || !maps.Equal(b.Files, bundle.Files) {
		t.Errorf("the bundle is %+v, %v", b, err)
	}
	wantMaterial(t, runner, "1")
	wantMaterial(t, admin, "1")
	wantValue(t, runner, "db/password", "")
	for _, h := range []secrets.Handle{a, app(s, "other"), s.For(cpodkit.Identity{TenantID: "other", AppID: "runner"})} {
		_, err = h.Expand(ctx, "job")
		wantCode(t, err, cpodkit.CodeNotFound)
	}
	put(t, a, "db/password", "rotated")
	wantMaterial(t, runner, "rotated")
	for _, c := range []struct {
		h    secrets.Handle
		code cpodkit.Code
	}{{app(s, "other"), cpodkit.CodeNotFound}, {runner, cpodkit.CodeConflict}} {
		wantCode(t, c.h.DeleteBundle(ctx, "job", secrets.Match{}), c.code)
		_, err = c.h.PutBundle(ctx, bundle, secrets.Match{})
		wantCode(t, err, cpodkit.CodeConflict)
	}
	if _, err = runner.Bundle(ctx, "job"); err != nil {
		t.Error(err)
	}
	_, err = app(s, "other").Bundle(ctx, "job")
	wantCode(t, err, cpodkit.CodeNotFound)
	// The owner must still be granted the secrets.
	if _, err = admin.SetGrant(ctx, "key.pem", []string{"other"}, secrets.Match{}); err != nil {
		t.Fatal(err)
	}
	_, err = runner.Expand(ctx, "job")
	wantCode(t, err, cpodkit.CodeConflict)
	if err == nil || !strings.Contains(err.Error(), "key.pem") || strings.Contains(err.Error(), "rotated") {
		t.Errorf("the error is %v", err)
	}
	// An administrator writes over it for the owner, who keeps it, and not more than the owner can read.
	bundle.Apps = nil
	_, err = admin.PutBundle(ctx, bundle, secrets.Match{})
	wantPointer(t, err, "/files/key.pem")
	bundle.Files = nil
	if b, err = admin.PutBundle(ctx, bundle, secrets.Match{Version: b.Version}); err != nil || b.Owner != "a" || !slices.Equal(b.Apps, []string{"runner"}) {
		t.Errorf("the bundle is %+v, %v", b, err)
	}
	for _, m := range []secrets.Match{{Version: "old"}, {Absent: true}} {
		_, err = a.PutBundle(ctx, bundle, m)
		wantCode(t, err, cpodkit.CodePreconditionFailed)
		wantCode(t, a.DeleteBundle(ctx, "job", m), cpodkit.CodePreconditionFailed)
	}
	wantCode(t, a.DeleteBundle(ctx, "job", secrets.Match{Version: b.Version}), "")
	wantCode(t, a.DeleteBundle(ctx, "job", secrets.Match{}), cpodkit.CodeNotFound)
	wantCode(t, a.DeleteBundle(ctx, "job", secrets.Match{Exists: true}), cpodkit.CodePreconditionFailed)
	// That of an administrator reads what administrators read.
	bundle.Name, bundle.Files = "admins", map[string]string{"key.pem": "key.pem"}
	if b, err = admin.PutBundle(ctx, bundle, secrets.Match{}); err != nil || b.Owner != "" || len(b.Apps) != 0 {
		t.Errorf("the bundle is %+v, %v", b, err)
	}
}

func wantMaterial(t testing.TB, h secrets.Handle, password string) {
	t.Helper()
	m, err := h.Expand(t.Context(), "job")
	if err != nil || len(m.Env) != 1 || len(m.Files) != 1 || m.Env["DB_PASSWORD"].Reveal() != password || m.Files["key.pem"].Reveal() != "2" {
		t.Errorf("the material is wrong: %v", err)
	}
	if text := fmt.Sprintf("%v %+v %#v", m, m, m); strings.Contains(text, password) {
		t.Errorf("the material prints its values: %s", text)
	}
}

func TestBundleNames(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	ctx := t.Context()
	a := app(s, "a")
	put(t, a, "x", "1")
	put(t, app(s, "b"), "theirs", "1")
	long := strings.Repeat("n", 257)
	for pointer, b := range map[string]secrets.Bundle{
		"/secrets/":            {Env: map[string]string{"": "x"}},
		"/secrets/1A":          {Env: map[string]string{"1A": "x"}},
		"/secrets/A~1B":        {Env: map[string]string{"A/B": "x"}},
		"/secrets/A=B":         {Env: map[string]string{"A=B": "x"}},
		"/secrets/Ä":           {Env: map[string]string{"Ä": "x"}},
		"/secrets/" + long:     {Env: map[string]string{long: "x"}},
		"/secrets/CPOD_A":      {Env: map[string]string{"CPOD_A": "x"}},
		"/secrets/cpod_master": {Env: map[string]string{"cpod_master": "x"}},
		"/secrets/CORESDK_ENV": {Env: map[string]string{"CORESDK_ENV": "x"}},
		"/secrets/CoreSDK_x":   {Env: map[string]string{"CoreSDK_x": "x"}},
		"/secrets/A":           {Env: map[string]string{"A": "../x"}},
		"/secrets/B":           {Env: map[string]string{"A": "x", "B": "none"}},
		"/secrets/C":           {Env: map[string]string{"A": "x", "C": "theirs"}},
		"/files/..":            {Files: map[string]string{"..": "x"}},
		"/files/.":             {Files: map[string]string{".": "x"}},
		"/files/":              {Files: map[string]string{"": "x"}},
		"/files/a~1b":          {Files: map[string]string{"a/b": "x"}},
		"/files/a~0":           {Files: map[string]string{"a~": "x"}},
		"/files/" + long[:201]: {Files: map[string]string{long[:201]: "x"}},
		"/files/theirs":        {Files: map[string]string{"theirs": "theirs"}},
		"/apps/0":              {Apps: []string{"."}},
	} {
		b.Name = "b"
		_, err := a.PutBundle(ctx, b, secrets.Match{})
		wantPointer(t, err, pointer)
	}
	good := secrets.Bundle{Name: "b", Env: map[string]string{"_a1": "x", long[:256]: "x"}, Files: map[string]string{"..a": "x", long[:200]: "x"}}
	if _, err := a.PutBundle(ctx, good, secrets.Match{}); err != nil {
		t.Error(err)
	}
	for i := range secrets.MaxBundle {
		good.Env[fmt.Sprint("V", i)] = "x"
	}
	_, err := a.PutBundle(ctx, good, secrets.Match{})
	wantPointer(t, err, "/secrets")
	good.Name, good.Env = "c", nil
	if b, err := a.PutBundle(ctx, good, secrets.Match{}); err != nil || !slices.Equal(b.Apps, []string{"a"}) {
		t.Errorf("the bundle is %+v, %v", b, err)
	}
	bundles, more, err := a.ListBundles(ctx, "", 1)
	if err != nil || !more || len(bundles) != 1 || bundles[0].Name != "b" {
		t.Errorf("the list is %+v, %t, %v", bundles, more, err)
	}
	if bundles, _, err = app(s, "b").ListBundles(ctx, "", 10); err != nil || len(bundles) != 0 {
		t.Errorf("another app's list is %+v, %v", bundles, err)
	}
}

// Writes without a condition all succeed, and of those with one a single one does.
func TestConcurrentRecords(t *testing.T) {
	t.Parallel()
	m := secrets.NewMemory()
	ctx := t.Context()
	for _, c := range []struct {
		match secrets.Match
		want  int32
	}{{secrets.Match{Absent: true}, 1}, {secrets.Match{}, 4}, {secrets.Match{Exists: true}, 4}} {
		var grants, bundles atomic.Int32
		var writers sync.WaitGroup
		for range 4 {
			h := over(t, m, m).Trusted(tenant) // a replica each
			count := func(n *atomic.Int32, err error) {
				if err == nil {
					n.Add(1)
				} else {
					wantCode(t, err, cpodkit.CodePreconditionFailed)
				}
			}
			writers.Go(func() {
				_, err := h.SetGrant(ctx, "x", []string{"a"}, c.match)
				count(&grants, err)
				_, err = h.PutBundle(ctx, secrets.Bundle{Name: "b"}, c.match)
				count(&bundles, err)
			})
		}
		writers.Wait()
		if grants.Load() != c.want || bundles.Load() != c.want {
			t.Errorf("with %+v %d writes of a grant and %d of a bundle succeeded; want %d", c.match, grants.Load(), bundles.Load(), c.want)
		}
	}
}
