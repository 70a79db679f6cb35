package rego_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
)

func onStore(t testing.TB, store rego.Store, opts ...rego.Option) *rego.Engine {
	t.Helper()
	e, err := rego.New(store, opts...)
	must(t, err)
	return e
}

// settled is a source whose policy the test sets.
type settled struct{ policy *rego.Policy }

func (s settled) Current() *rego.Policy                 { return s.policy }
func (settled) Run(ctx context.Context, _ func()) error { <-ctx.Done(); return ctx.Err() }
func (settled) Err() error                              { return nil }
func operator(modules map[string]string, data map[string]any) rego.Option {
	return rego.WithSource(settled{&rego.Policy{Modules: modules, Data: data}})
}

// want evaluates a rule and holds its value against a text; "" is for a rule that is not
// there.
func want(t testing.TB, e *rego.Engine, tenantID, path, want string) rego.Decision {
	t.Helper()
	d, err := e.Evaluate(t.Context(), tenantID, path, nil)
	if want == "" {
		if !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("%s of %s is %s, %v", path, tenantID, d.Result, err)
		}
		return d
	}
	if err != nil || string(d.Result) != want {
		t.Errorf("%s of %s is %s, %v; want %s", path, tenantID, d.Result, err, want)
	}
	return d
}

func wantCode(t testing.TB, what string, err error, code cpodkit.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("%s: the error is %v, want %s", what, err, code)
	}
}

// pointers returns those of a validation error, and its details.
func pointers(err error) (pointers, details string) {
	e, ok := errors.AsType[*cpodkit.Error](err)
	if !ok {
		return "", ""
	}
	for _, f := range e.Fields {
		pointers, details = pointers+f.Pointer+" ", details+f.Detail+"\n"
	}
	return strings.TrimSpace(pointers), details
}

func TestModules(t *testing.T) {
	t.Parallel()
	ctx, e := t.Context(), onStore(t, rego.NewMemory())
	put := func(name, source string, when rego.Condition) (rego.Changed, error) {
		return e.PutModule(ctx, "acme", name, source, when)
	}
	_, err := e.Module(ctx, "acme", "a.rego")
	wantCode(t, "no module", err, cpodkit.CodeNotFound)
	_, err = put("a.rego", "package a\nx := 1", rego.Condition{Exists: true})
	wantCode(t, "a condition", err, cpodkit.CodePreconditionFailed)
	first, err := put("a.rego", "package a\nx := 1", rego.Condition{Absent: true})
	must(t, err)
	d := want(t, e, "acme", "a/x", "1")
	if !strings.HasSuffix(d.Revision, "."+first.Revision) || first.UpdatedAt.IsZero() || d.Path != "data.a.x" {
		t.Errorf("the decision is %+v after %+v", d, first)
	}
	want(t, e, "globex", "a/x", "")
	_, err = put("a.rego", "package a\nx := 2", rego.Condition{Version: "other"})
	wantCode(t, "another version", err, cpodkit.CodePreconditionFailed)
	second, err := put("a.rego", "package a\nx := 2", rego.Condition{Version: first.Version})
	must(t, err)
	_, err = put("lib/b.rego", "package b\ny := data.a.x + 1", rego.Condition{})
	must(t, err)
	want(t, e, "acme", "data.b.y", "3")
	again, err := put("lib/b.rego", "package b\ny := data.a.x + 1", rego.Condition{})
	if err != nil || again.UpdatedAt.IsZero() {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	modules, err := e.Modules(ctx, "acme")
	if err != nil || len(modules) != 2 || modules[0].Name != "a.rego" || modules[0].Version != second.Version || modules[1].Name != "lib/b.rego" {
		t.Errorf("the modules are %+v, %v", modules, err)
	}
	back, err := put("a.rego", "package a\nx := 1", rego.Condition{})
	if err != nil || back.Version != first.Version {
		t.Errorf("the first content again: %+v, %v", back, err)
	}
	must(t, second1(e.DeleteModule(ctx, "acme", "lib/b.rego", rego.Condition{Exists: true})))
	must(t, second1(e.DeleteModule(ctx, "acme", "lib/b.rego", rego.Condition{})))
	wantCode(t, "gone", second1(e.DeleteModule(ctx, "acme", "lib/b.rego", rego.Condition{Exists: true})), cpodkit.CodePreconditionFailed)
	want(t, e, "acme", "b/y", "")
	last, err := e.DeleteModule(ctx, "acme", "a.rego", rego.Condition{})
	if err != nil || last.Revision != "" {
		t.Errorf("nothing is left: %+v, %v", last, err)
	}
	if d := want(t, e, "acme", "a/x", ""); strings.Contains(d.Revision, ".") {
		t.Errorf("the revision is %s", d.Revision)
	}
}

// second1 returns the error of a call that returns something else as well.
func second1[T any](_ T, err error) error { return err }

// What does not compile changes nothing, and says where.
func TestBrokenModules(t *testing.T) {
	t.Parallel()
	ctx, e := t.Context(), onStore(t, rego.NewMemory())
	must(t, second1(e.PutModule(ctx, "acme", "good", "package good\nx := 1", rego.Condition{})))
	must(t, second1(e.PutData(ctx, "acme", []string{"taken"}, []byte(`{"x":1}`), rego.Condition{})))
	before := want(t, e, "acme", "good/x", "1")
	for source, detail := range map[string]string{
		"":                                "empty",
		"package a\nx := ":                "line 2",
		"package a\n\n  x := nothing":     "line 3, column 8",
		"package a\nx := http.send({})":   "line 2",
		"package http\nallow := true":     "line 1",
		"package system.x\ny := true":     "line 1",
		"package a\nx := data.http.allow": "line 2",
		"package taken.x\ny := 1":         "",
	} {
		_, err := e.PutModule(ctx, "acme", "bad/one", source, rego.Condition{})
		wantCode(t, source, err, cpodkit.CodeValidationFailed)
		if at, details := pointers(err); !strings.Contains(at, "/modules/bad~1one") || !strings.Contains(details, detail) {
			t.Errorf("%q: the errors are %q: %q", source, at, details)
		}
	}
	if after := want(t, e, "acme", "good/x", "1"); after.Revision != before.Revision {
		t.Errorf("the revision was %s and is %s", before.Revision, after.Revision)
	}
	for _, name := range []string{"", "a//b", "/a", "a/", ".", "../a", "a b", "ä", "a~", strings.Repeat("a", 129)} {
		wantCode(t, name, second1(e.PutModule(ctx, "acme", name, "package a", rego.Condition{})), cpodkit.CodeInvalidKey)
	}
	large := "package large\n# " + strings.Repeat("x", rego.MaxModule)
	wantCode(t, "a large one", second1(e.PutModule(ctx, "acme", "large", large, rego.Condition{})), cpodkit.CodePayloadTooLarge)
	wantCode(t, "no tenant", second1(e.PutModule(ctx, "", "a", "package a", rego.Condition{})), cpodkit.CodeMissingToken)
	wantCode(t, "bytes", second1(e.PutModule(ctx, "acme", "a", "package a\n# \xff", rego.Condition{})), cpodkit.CodeValidationFailed)
	// Of two modules that need each other none can go.
	must(t, second1(e.PutModule(ctx, "acme", "lib", "package lib\nf(x) := x", rego.Condition{})))
	must(t, second1(e.PutModule(ctx, "acme", "user", "package user\ny := data.lib.f(1)", rego.Condition{})))
	_, err := e.DeleteModule(ctx, "acme", "lib", rego.Condition{})
	wantCode(t, "a module that is needed", err, cpodkit.CodeValidationFailed)
	if at, _ := pointers(err); at != "/modules/user" {
		t.Errorf("the error is at %q", at)
	}
}

func TestLimitsOfATenant(t *testing.T) {
	t.Parallel()
	ctx, e := t.Context(), onStore(t, rego.NewMemory())
	for i := range rego.MaxModules {
		must(t, second1(e.PutModule(ctx, "many", fmt.Sprintf("m%d", i), fmt.Sprintf("package m%d", i), rego.Condition{})))
	}
	wantCode(t, "one more", second1(e.PutModule(ctx, "many", "more", "package more", rego.Condition{})), cpodkit.CodeValidationFailed)
	filler := strings.Repeat("x", rego.MaxModule-100)
	for i := range rego.MaxTenantModules / rego.MaxModule {
		must(t, second1(e.PutModule(ctx, "large", fmt.Sprintf("m%d", i), fmt.Sprintf("package m%d\n# %s", i, filler), rego.Condition{})))
	}
	wantCode(t, "too large", second1(e.PutModule(ctx, "large", "more", "package more\n#"+filler, rego.Condition{})), cpodkit.CodeValidationFailed)
	half := []byte(`"` + strings.Repeat("x", rego.MaxData/2) + `"`)
	must(t, second1(e.PutData(ctx, "acme", []string{"a"}, half, rego.Condition{})))
	wantCode(t, "too much data", second1(e.PutData(ctx, "acme", []string{"b"}, half, rego.Condition{})), cpodkit.CodeValidationFailed)
}

func TestData(t *testing.T) {
	t.Parallel()
	ctx, e := t.Context(), onStore(t, rego.NewMemory(), operator(map[string]string{"o": "package o\nsees := data.teams"}, map[string]any{"secret": "x"}))
	must(t, second1(e.PutModule(ctx, "acme", "m", "package m\nred := data.teams.red", rego.Condition{})))
	get := func(path string, want string) {
		t.Helper()
		d, err := e.Data(ctx, "acme", split(path)...)
		switch {
		case want == "":
			wantCode(t, path, err, cpodkit.CodeNotFound)
		case err != nil || string(d.JSON) != want || d.Version == "":
			t.Errorf("the data at %q is %s, %v; want %s", path, d.JSON, err, want)
		}
	}
	put := func(path, value string, when rego.Condition) error {
		return second1(e.PutData(ctx, "acme", split(path), []byte(value), when))
	}
	get("", "")
	must(t, put("teams/red", ` [ "alice",1.50, 12345678901234567890, {"b":1,"a":"x"} ] `, rego.Condition{Absent: true}))
	get("teams/red", `["alice",1.50,12345678901234567890,{"a":"x","b":1}]`)
	get("teams/blue", "")
	get("teams/red/alice", "")
	want(t, e, "acme", "m/red", `["alice",1.50,12345678901234567890,{"a":"x","b":1}]`)
	want(t, e, "acme", "o/sees", "") // the operator's rules see the operator's data
	must(t, put("teams/none", "null", rego.Condition{}))
	get("teams/none", "null")
	wantCode(t, "below null", put("teams/none/x", "1", rego.Condition{}), cpodkit.CodeConflict)
	wantCode(t, "below an array", put("teams/red/x", "1", rego.Condition{}), cpodkit.CodeConflict)
	wantCode(t, "there already", put("teams/red", "1", rego.Condition{Absent: true}), cpodkit.CodePreconditionFailed)
	wantCode(t, "another version", put("teams/red", "1", rego.Condition{Version: "x"}), cpodkit.CodePreconditionFailed)
	wantCode(t, "broken", put("teams/red", "{", rego.Condition{}), cpodkit.CodeBadRequest)
	wantCode(t, "no object", put("", "[]", rego.Condition{}), cpodkit.CodeValidationFailed)
	wantCode(t, "null", put("", "null", rego.Condition{}), cpodkit.CodeValidationFailed)
	wantCode(t, "dots", put("a/../b", "1", rego.Condition{}), cpodkit.CodeInvalidKey)
	wantCode(t, "deep", put(strings.Repeat("a/", 64)+"a", "1", rego.Condition{}), cpodkit.CodeInvalidKey)
	wantCode(t, "a package", put("m/red", "1", rego.Condition{}), cpodkit.CodeValidationFailed)
	teams, err := e.Data(ctx, "acme", "teams")
	must(t, err)
	must(t, put("teams", `{"red":[]}`, rego.Condition{Version: teams.Version}))
	get("", `{"teams":{"red":[]}}`)
	must(t, second1(e.DeleteData(ctx, "acme", split("teams/red"), rego.Condition{Exists: true})))
	must(t, second1(e.DeleteData(ctx, "acme", split("teams/red"), rego.Condition{})))
	must(t, second1(e.DeleteData(ctx, "acme", split("no/such/path"), rego.Condition{})))
	wantCode(t, "gone", second1(e.DeleteData(ctx, "acme", split("teams/red"), rego.Condition{Exists: true})), cpodkit.CodePreconditionFailed)
	get("", `{"teams":{}}`)
	must(t, put("", `{"x":{"y":2}}`, rego.Condition{}))
	get("x/y", "2")
	must(t, second1(e.DeleteData(ctx, "acme", nil, rego.Condition{})))
	get("", "")
	want(t, e, "acme", "m/red", "")
}

func split(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// Edits that come at once on several replicas are all kept.
func TestEditsAtOnce(t *testing.T) {
	t.Parallel()
	store := rego.NewMemory()
	replicas := []*rego.Engine{onStore(t, store), onStore(t, store), onStore(t, store)}
	var running sync.WaitGroup
	for i, e := range replicas {
		running.Go(func() {
			for n := range 4 {
				name := fmt.Sprintf("m%d_%d", i, n)
				if _, err := e.PutModule(t.Context(), "acme", name, "package "+name, rego.Condition{}); err != nil {
					t.Error(err)
				}
				if _, err := e.PutData(t.Context(), "acme", []string{"d", name}, []byte("1"), rego.Condition{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	modules, err := replicas[0].Modules(t.Context(), "acme")
	if err != nil || len(modules) != 12 {
		t.Errorf("there are %d modules, %v", len(modules), err)
	}
	if d, err := replicas[1].Data(t.Context(), "acme", "d"); err != nil || strings.Count(string(d.JSON), ":1") != 12 {
		t.Errorf("the data is %s, %v", d.JSON, err)
	}
}
