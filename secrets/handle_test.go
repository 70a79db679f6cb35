package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

const tenant = "acme"

// newSecrets returns secrets in memory.
func newSecrets(t testing.TB, opts ...secrets.Option) (*secrets.Secrets, *secrets.Memory) {
	t.Helper()
	m := secrets.NewMemory()
	return over(t, m, m, opts...), m
}

func over(t testing.TB, p secrets.Provider, r secrets.Records, opts ...secrets.Option) *secrets.Secrets {
	t.Helper()
	s, err := secrets.New(p, r, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// app returns the handle of an app, with scopes.
func app(s *secrets.Secrets, id string, scopes ...string) secrets.Handle {
	return s.For(cpodkit.Identity{TenantID: tenant, AppID: id, Scopes: scopes})
}

func put(t testing.TB, h secrets.Handle, name, value string, opts ...secrets.WriteOption) secrets.Info {
	t.Helper()
	info, err := h.Put(t.Context(), name, secrets.NewValue(value), opts...)
	if err != nil {
		t.Fatalf("Put of %s: %v", name, err)
	}
	return info
}

// wantValue checks what a handle reads; "" is for not_found.
func wantValue(t testing.TB, h secrets.Handle, name, want string, opts ...secrets.GetOption) {
	t.Helper()
	secret, err := h.Get(t.Context(), name, opts...)
	if want == "" {
		wantCode(t, err, cpodkit.CodeNotFound)
	} else if err != nil {
		t.Errorf("Get of %s: %v", name, err)
	}
	if got := secret.Value.Reveal(); got != want {
		t.Errorf("%s is %q; want %q", name, got, want)
	}
}

func wantCode(t testing.TB, err error, code cpodkit.Code) {
	t.Helper()
	if cpodkit.CodeOf(err) != code {
		t.Errorf("the error is %v; want %q", err, code)
	}
	if e, ok := errors.AsType[*cpodkit.Error](err); code != "" && (!ok || e.Detail == "" && len(e.Fields) == 0) {
		t.Errorf("the error %v has no sentence", err)
	}
}

// wantPointer checks a validation_failed error.
func wantPointer(t testing.TB, err error, pointers ...string) {
	t.Helper()
	wantCode(t, err, cpodkit.CodeValidationFailed)
	var got []string
	if e, ok := errors.AsType[*cpodkit.Error](err); ok {
		for _, f := range e.Fields {
			got = append(got, f.Pointer)
		}
	}
	if !slices.Equal(got, pointers) {
		t.Errorf("the faults are at %q; want %q", got, pointers)
	}
}

func TestGrantsDecideWhoReads(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	a, b, admin := app(s, "a"), app(s, "b"), app(s, "boss", "admin")
	put(t, a, "mine", "1")
	put(t, a, "ours", "2", secrets.Apps("b", "a", "b"))
	put(t, a, "theirs", "3", secrets.Apps("b"))
	put(t, admin, "admins", "4")
	put(t, s.Trusted(tenant), "servers", "5", secrets.Apps("b"))
	for _, c := range []struct {
		name             string
		a, b, admin      string
		deleteA, deleteB cpodkit.Code
	}{
		{"mine", "1", "", "1", "", cpodkit.CodeNotFound},
		{"ours", "2", "2", "2", "", cpodkit.CodeConflict},
		{"theirs", "", "3", "3", "", cpodkit.CodeConflict},
		{"admins", "", "", "4", cpodkit.CodeNotFound, cpodkit.CodeNotFound},
		{"servers", "", "5", "5", cpodkit.CodeNotFound, cpodkit.CodeConflict},
		{"none", "", "", "", cpodkit.CodeNotFound, cpodkit.CodeNotFound},
	} {
		for range 2 { // also from the cache
			wantValue(t, a, c.name, c.a)
			wantValue(t, b, c.name, c.b)
			wantValue(t, admin, c.name, c.admin)
			wantValue(t, app(s, "p", "platform.*"), c.name, c.admin)
			wantValue(t, s.Trusted("other"), c.name, "")
			wantValue(t, s.For(cpodkit.Identity{TenantID: "other", AppID: "a"}), c.name, "")
		}
		if c.name != "none" && c.deleteA != "" {
			_, err := a.Put(t.Context(), c.name, secrets.NewValue("x"))
			wantCode(t, err, cpodkit.CodeConflict)
		}
		wantCode(t, b.Delete(t.Context(), c.name), c.deleteB)
		wantCode(t, a.Delete(t.Context(), c.name), c.deleteA)
	}
	wantValue(t, admin, "mine", "")
	wantCode(t, admin.Delete(t.Context(), "admins"), "")
	wantCode(t, admin.Delete(t.Context(), "admins"), cpodkit.CodeNotFound)
}

func TestPutKeepsGrants(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	a, b, admin := app(s, "a"), app(s, "b"), s.Trusted(tenant)
	put(t, a, "x", "1", secrets.Apps("a", "b"))
	if info := put(t, admin, "x", "2"); info.Version != 2 || info.Owner != "a" || !slices.Equal(info.Apps, []string{"a", "b"}) || info.Name != "x" {
		t.Errorf("the secret is %+v", info)
	}
	wantValue(t, b, "x", "2")
	wantValue(t, b, "x", "1", secrets.Version(1))
	wantValue(t, b, "x", "", secrets.Version(3))
	wantValue(t, b, "x", "", secrets.Version(-1))
	wantValue(t, app(s, "c"), "x", "", secrets.Version(1))
	// A failed Put changes nothing.
	for _, opts := range [][]secrets.WriteOption{{secrets.IfVersion(1)}, {secrets.IfAbsent()}} {
		_, err := a.Put(t.Context(), "x", secrets.NewValue("y"), append(opts, secrets.Apps("c"))...)
		wantCode(t, err, cpodkit.CodePreconditionFailed)
		wantValue(t, app(s, "c"), "x", "")
		wantValue(t, b, "x", "2")
		_, err = a.Put(t.Context(), "new", secrets.NewValue("y"), secrets.IfExists())
		wantCode(t, err, cpodkit.CodePreconditionFailed)
		put(t, b, "new", "y", secrets.IfAbsent()) // a has not kept the name
		wantCode(t, b.Delete(t.Context(), "new", secrets.IfVersion(7)), cpodkit.CodePreconditionFailed)
		wantCode(t, b.Delete(t.Context(), "new", secrets.IfExists()), "")
		wantCode(t, admin.Delete(t.Context(), "new", secrets.IfExists()), cpodkit.CodePreconditionFailed)
	}
	put(t, a, "x", "3", secrets.Apps())
	wantValue(t, a, "x", "")
	wantValue(t, b, "x", "")
	put(t, a, "x", "4", secrets.IfVersion(3), secrets.Apps("b"))
	wantValue(t, b, "x", "4")
}

func TestWrongInput(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	a := app(s, "a")
	ctx := t.Context()
	for _, name := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "../a", "a\x00b", "a\nb", "a\x7f", "a\u0085", "a\xff",
		strings.Repeat("n", secrets.MaxName+1),
	} {
		_, err := a.Get(ctx, name)
		wantCode(t, err, cpodkit.CodeInvalidKey)
		_, err = a.Put(ctx, name, secrets.NewValue("v"))
		wantCode(t, err, cpodkit.CodeInvalidKey)
		wantCode(t, a.Delete(ctx, name), cpodkit.CodeInvalidKey)
		_, _, err = a.Resolve(ctx, "good", name)
		wantPointer(t, err, "/names/1")
		_, err = a.Expand(ctx, name)
		wantCode(t, err, cpodkit.CodeInvalidKey)
		_, err = s.Trusted(tenant).Grant(ctx, name)
		wantCode(t, err, cpodkit.CodeInvalidKey)
	}
	put(t, a, strings.Repeat("n", secrets.MaxName), strings.Repeat("v", secrets.MaxValue))
	put(t, a, "a/..b/…", "\x00\xff")
	wantValue(t, a, "a/..b/…", "\x00\xff")
	for value, code := range map[string]cpodkit.Code{
		"": cpodkit.CodeValidationFailed, strings.Repeat("v", secrets.MaxValue+1): cpodkit.CodePayloadTooLarge,
	} {
		_, err := a.Put(ctx, "x", secrets.NewValue(value))
		wantCode(t, err, code)
	}
	many := make([]string, secrets.MaxApps+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for pointer, apps := range map[string][]string{"/apps": many, "/apps/1": {"a", ""}, "/apps/0": {strings.Repeat("a", 65)}} {
		_, err := a.Put(ctx, "x", secrets.NewValue("v"), secrets.Apps(apps...))
		wantPointer(t, err, pointer)
		_, err = s.Trusted(tenant).SetGrant(ctx, "x", apps, secrets.Match{})
		wantPointer(t, err, pointer)
	}
	wantValue(t, s.Trusted(tenant), "x", "")
	_, _, err := a.Resolve(ctx, many...)
	wantPointer(t, err, "/names")
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	for code, h := range map[cpodkit.Code]secrets.Handle{
		cpodkit.CodeMissingToken:     {},
		cpodkit.CodeForbidden:        s.For(cpodkit.Identity{TenantID: "t", AppID: ".."}),
		cpodkit.CodeValidationFailed: s.Trusted(""),
	} {
		_, err := h.Get(t.Context(), "x")
		wantCode(t, err, code)
		_, _, err = h.List(t.Context(), "", 1)
		wantCode(t, err, code)
		_, _, err = h.ListBundles(t.Context(), "", 1)
		wantCode(t, err, code)
		_, err = h.SetGrant(t.Context(), "x", nil, secrets.Match{})
		wantCode(t, err, code)
		_, err = h.PutBundle(t.Context(), secrets.Bundle{Name: "x"}, secrets.Match{})
		wantCode(t, err, code)
		for _, err := range h.Watch(t.Context(), "x") {
			wantCode(t, err, code)
		}
		_, _, err = h.Resolve(t.Context())
		wantCode(t, err, code)
	}
	_, err := app(s, "a", "secrets.*").SetGrant(t.Context(), "x", nil, secrets.Match{})
	wantCode(t, err, cpodkit.CodeInvalidScope)
	put(t, app(s, "a"), "x", "1")
	handler := s.Attach(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		wantValue(t, secrets.FromContext(r.Context()), "x", "1")
	}))
	r := httptest.NewRequestWithContext(
		cpodkit.WithIdentity(t.Context(), cpodkit.Identity{TenantID: tenant, AppID: "a"}), http.MethodGet, "/", http.NoBody)
	handler.ServeHTTP(httptest.NewRecorder(), r)
}

func TestResolve(t *testing.T) {
	t.Parallel()
	s, _ := newSecrets(t)
	a := app(s, "a")
	put(t, a, "one", "1")
	put(t, a, "two", "2")
	put(t, app(s, "b"), "three", "3")
	values, missing, err := a.Resolve(t.Context(), "three", "one", "none", "two", "one", "none")
	if err != nil || len(values) != 2 || values["one"].Reveal() != "1" || values["two"].Reveal() != "2" ||
		!slices.Equal(missing, []string{"three", "none"}) {
		t.Errorf("resolved to %d values, missing %q, error %v", len(values), missing, err)
	}
}

// A secret that an operator has put into the provider is for nobody until it is granted.
func TestSecretsOfOthers(t *testing.T) {
	t.Parallel()
	s, m := newSecrets(t)
	ctx := t.Context()
	a, admin := app(s, "a"), app(s, "boss", "admin")
	if _, err := m.Put(ctx, tenant, "theirs", secrets.NewValue("1"), secrets.Condition{}); err != nil {
		t.Fatal(err)
	}
	wantValue(t, a, "theirs", "")
	wantValue(t, admin, "theirs", "1")
	_, err := a.Put(ctx, "theirs", secrets.NewValue("2"))
	wantCode(t, err, cpodkit.CodeConflict)
	g, err := admin.SetGrant(ctx, "theirs", []string{"b", "a"}, secrets.Match{Absent: true})
	if err != nil || !slices.Equal(g.Apps, []string{"a", "b"}) || g.Owner != "" {
		t.Errorf("the grant is %+v, %v", g, err)
	}
	wantValue(t, a, "theirs", "1")
	_, err = a.Put(ctx, "theirs", secrets.NewValue("2"))
	wantCode(t, err, cpodkit.CodeConflict)
	for _, match := range []secrets.Match{{Absent: true}, {Version: "other"}} {
		_, err = admin.SetGrant(ctx, "theirs", nil, match)
		wantCode(t, err, cpodkit.CodePreconditionFailed)
		wantCode(t, admin.DeleteGrant(ctx, "theirs", match), cpodkit.CodePreconditionFailed)
	}
	if now, err := admin.Grant(ctx, "theirs"); err != nil || now.Version != g.Version || now.UpdatedAt.IsZero() {
		t.Errorf("the grant is %+v, %v", now, err)
	}
	wantCode(t, admin.DeleteGrant(ctx, "theirs", secrets.Match{Version: g.Version}), "")
	wantCode(t, admin.DeleteGrant(ctx, "theirs", secrets.Match{}), cpodkit.CodeNotFound)
	wantCode(t, admin.DeleteGrant(ctx, "theirs", secrets.Match{Exists: true}), cpodkit.CodePreconditionFailed)
	wantValue(t, a, "theirs", "")
}

func TestLists(t *testing.T) {
	t.Parallel()
	s, m := newSecrets(t)
	ctx := t.Context()
	a, b, admin := app(s, "a"), app(s, "b"), s.Trusted(tenant)
	var all, ofB []string
	for i := range 450 {
		name := fmt.Sprintf("n%03d", i)
		all = append(all, name)
		if i%2 == 0 {
			put(t, a, name, "v", secrets.Apps("b"))
			ofB = append(ofB, name)
			continue
		}
		if _, err := m.Put(ctx, tenant, name, secrets.NewValue("v"), secrets.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := admin.SetGrant(ctx, "n0001", []string{"b"}, secrets.Match{}); err != nil { // of no secret
		t.Fatal(err)
	}
	names := func(h secrets.Handle) (names []string) {
		for info, err := range h.All(ctx) {
			if err != nil || info.UpdatedAt.IsZero() && info.Version > 0 {
				t.Errorf("%+v, %v", info, err)
			}
			names = append(names, info.Name)
		}
		return names
	}
	for _, c := range []struct {
		h    secrets.Handle
		want []string
	}{{a, ofB}, {b, ofB}, {admin, all}, {app(s, "c"), nil}, {s.Trusted("other"), nil}} {
		if got := names(c.h); !slices.Equal(got, c.want) {
			t.Errorf("the list is %d: %q", len(got), got)
		}
	}
	infos, more, err := b.List(ctx, "n004", 2)
	if err != nil || !more || len(infos) != 2 || infos[0].Name != "n006" || infos[1].Name != "n008" ||
		infos[0].Owner != "a" || !slices.Equal(infos[0].Apps, []string{"b"}) || infos[0].Version != 1 {
		t.Errorf("the page is %+v, %t, %v", infos, more, err)
	}
	if _, more, err = b.List(ctx, "n446", 1); more || err != nil {
		t.Errorf("there is more after the last one: %v", err)
	}
	grants, more, err := admin.ListGrants(ctx, "n448", 1)
	if err != nil || more || len(grants) != 0 {
		t.Errorf("the grants are %+v, %t, %v", grants, more, err)
	}
	_, _, err = b.ListGrants(ctx, "", 1)
	wantCode(t, err, cpodkit.CodeInvalidScope)
	// A provider that lists nothing.
	plain := over(t, getOnly{m}, m)
	if got := names(app(plain, "b")); len(got) != len(ofB)+1 {
		t.Errorf("the list is %d: %q", len(got), got)
	}
	_, err = app(plain, "a").Put(ctx, "x", secrets.NewValue("v"))
	wantCode(t, err, cpodkit.CodeNotSupported)
	wantCode(t, app(plain, "a").Delete(ctx, "x"), cpodkit.CodeNotSupported)
}

// getOnly hides everything but Get.
type getOnly struct{ secrets.Provider }

func TestReadHook(t *testing.T) {
	t.Parallel()
	var reads []secrets.Read
	var failure error
	s, _ := newSecrets(t, secrets.WithReadHook(func(_ context.Context, r secrets.Read) error {
		reads = append(reads, r)
		return failure
	}))
	h := s.For(cpodkit.Identity{TenantID: tenant, AppID: "a", UserID: "u"})
	put(t, h, "x", "1")
	wantValue(t, h, "x", "1")
	wantValue(t, h, "x", "1")
	wantValue(t, h, "none", "")
	wantValue(t, app(s, "b"), "x", "")
	_, _, err := h.Resolve(t.Context(), "x", "x", "none")
	wantCode(t, err, "")
	_, err = h.PutBundle(t.Context(), secrets.Bundle{Name: "b", Env: map[string]string{"X": "x", "Y": "x"}}, secrets.Match{})
	wantCode(t, err, "")
	_, err = h.Expand(t.Context(), "b")
	wantCode(t, err, "")
	read := secrets.Read{TenantID: tenant, AppID: "a", UserID: "u", Name: "x", Version: 1}
	want := []secrets.Read{read, read, read, read}
	want[3].Bundle = "b"
	if !reflect.DeepEqual(reads, want) {
		t.Errorf("the reads are %+v", reads)
	}
	failure = errors.New("the log is full")
	_, err = h.Get(t.Context(), "x")
	wantCode(t, err, cpodkit.CodeUnavailable)
	_, _, err = h.Resolve(t.Context(), "x")
	wantCode(t, err, cpodkit.CodeUnavailable)
	_, err = h.Expand(t.Context(), "b")
	wantCode(t, err, cpodkit.CodeUnavailable)
	for secret, err := range h.Watch(t.Context(), "x") {
		wantCode(t, err, cpodkit.CodeUnavailable)
		if !secret.Value.IsZero() {
			t.Error("Watch hands out a value that is not recorded")
		}
	}
}
