package housetest_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cpodkit/cpodkit/internal/housetest"
)

// graph makes a graph of lines "package: import import"; a path that starts
// with "./" is in the module, and "." is its root package.
func graph(lines ...string) housetest.Graph {
	expand := func(path string) string {
		if path == "." {
			return housetest.Module
		}
		if rel, ok := strings.CutPrefix(path, "./"); ok {
			return housetest.Module + "/" + rel
		}
		return path
	}
	g := housetest.Graph{}
	for _, line := range lines {
		path, imports, _ := strings.Cut(line, ":")
		p := housetest.Package{ImportPath: expand(path), Standard: !strings.ContainsAny(path, ".")}
		for imported := range strings.FieldsSeq(imports) {
			p.Imports = append(p.Imports, expand(imported))
		}
		g[p.ImportPath] = p
	}
	return g
}

func TestCheckImports(t *testing.T) {
	t.Parallel()
	const mayRoot = "it may import the standard library, internal/..., the OpenTelemetry API"
	for _, c := range []struct {
		name string
		line string
		want string // "" when the line is fine
	}{
		{"root", ".: net/http ./internal/strictjson go.opentelemetry.io/otel/trace", ""},
		{"root with a capability", ".: ./storage", "the root package imports " + housetest.Module + "/storage; " + mayRoot},
		{"root with a library", ".: github.com/google/uuid", "the root package imports github.com/google/uuid; " + mayRoot},
		{"authz", "./authz: . github.com/lestrrat-go/jwx/v2/jwt", ""},
		{"authz with an old jwx", "./authz: github.com/lestrrat-go/jwx/jwt", "authz imports github.com/lestrrat-go/jwx/jwt"},
		{"rego", "./authz/rego: . ./authz github.com/open-policy-agent/opa/v1/rego", ""},
		{"oauth", "./oauth: . ./authz", ""},
		{"oauth with storage", "./oauth: ./storage/documents", "oauth imports " + housetest.Module + "/storage/documents"},
		{"primitive", "./storage/files: . ./storage", ""},
		{"primitive with its sibling", "./storage/files: ./storage/kv", "storage/files imports " + housetest.Module + "/storage/kv"},
		{"capability with another", "./jobs: ./secrets", "jobs imports " + housetest.Module + "/secrets; " + mayRoot + ", the root package"},
		{"capability with a backend", "./storage/kv: ./backends/redis/rediskv", "storage/kv imports"},
		{"capability with an example", "./flags: ./examples/cpod-backend", "flags imports"},
		{"telemetry SDK", "./audit: go.opentelemetry.io/otel/sdk/trace", "audit imports go.opentelemetry.io/otel/sdk/trace"},
		{"telemetry globals", ".: go.opentelemetry.io/otel", "the root package imports go.opentelemetry.io/otel; " + mayRoot},
		{"suite", "./storage/files/filestest: ./storage/files ./storage . testing", ""},
		{"suite with a driver", "./storage/files/filestest: ./backends/local/localfiles", "storage/files/filestest imports"},
		{"backend", "./backends/sqlite/sqlitedocuments: ./storage/documents . modernc.org/sqlite modernc.org/sqlite/lib", ""},
		{"backend with another library", "./backends/local/localfiles: ./storage/files github.com/x/y", "backends/local/localfiles imports github.com/x/y"},
		{"backend of one capability with another", "./backends/redis/rediskv: ./ratelimit", "backends/redis/rediskv imports"},
		{"backend with its neighbour", "./backends/redis/rediskv: ./backends/redis/redislimit", "backends/redis/rediskv imports"},
		{"client", "./client: net/http .", ""},
		{"client with a capability", "./client: ./oauth", "client imports"},
		{"example", "./examples/cpod-backend: . ./storage ./backends/local/localfiles github.com/x/y", ""},
		{"internal with a capability", "./internal/seal: ./oauth", "internal/seal imports"},
		{"package without a rule", "./brandnew: .", "package brandnew has no rule"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expectOne(t, housetest.CheckImports(graph(c.line), housetest.Rules()), c.want)
		})
	}
}

func TestCheckWeight(t *testing.T) {
	t.Parallel()
	const module = housetest.Module
	for _, c := range []struct {
		name  string
		graph housetest.Graph
		want  string // "" when the graph is fine
	}{
		{
			"a library behind two packages",
			graph(
				"./storage/kv: . ./internal/a fmt",
				"./internal/a: ./internal/b",
				"./internal/b: github.com/x/y strings",
				"github.com/x/y: github.com/x/z",
				"./oauth: ./internal/b",
				".: fmt",
			),
			"package storage/kv links github.com/x/y (" + module + "/storage/kv -> " + module + "/internal/a -> " +
				module + "/internal/b -> github.com/x/y); it may link no third-party package but the OpenTelemetry API",
		},
		{
			"the root package with the telemetry API",
			graph(".: ./internal/a fmt", "./internal/a: go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/trace: context"),
			"package " + module + " links go.opentelemetry.io/otel/trace (" + module + " -> " + module +
				"/internal/a -> go.opentelemetry.io/otel/trace); it may link no third-party package",
		},
		{
			"the telemetry API with its hash",
			graph(
				"./flags: go.opentelemetry.io/otel/trace",
				"go.opentelemetry.io/otel/trace: go.opentelemetry.io/otel/attribute context",
				"go.opentelemetry.io/otel/attribute: github.com/cespare/xxhash/v2",
			),
			"",
		},
		{
			"that hash for something else",
			graph("./flags: github.com/cespare/xxhash/v2"),
			"package flags links github.com/cespare/xxhash/v2",
		},
		{
			"the telemetry API with more",
			graph("./jobs: go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/trace: github.com/go-logr/logr"),
			"package jobs links github.com/go-logr/logr (" + module + "/jobs -> go.opentelemetry.io/otel/trace -> github.com/go-logr/logr)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			expectOne(t, housetest.CheckWeight(c.graph, housetest.Light()), c.want)
		})
	}
}

func expectOne(t *testing.T, got []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(got) > 0:
		t.Errorf("got %q, want nothing", got)
	case want != "" && (len(got) != 1 || !strings.Contains(got[0], want)):
		t.Errorf("got %q, want one with %q", got, want)
	}
}

func TestCheckSource(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	fsys := fstest.MapFS{
		"good.go":               file("package p\n\ntype t struct{}\n\nfunc (t) init() {}\n"),
		"init.go":               file("package p\n\nfunc init() {}\n"),
		"long.go":               file("package p\n" + strings.Repeat("\n", 500)),
		"excused.go":            file("package p\n" + strings.Repeat("\n", 500)),
		"background.go":         file("package p\n\nvar a = context.Background()\nvar b = context.TODO()\n"),
		"background_test.go":    file("package p\n\nvar a = context.Background()\n"),
		"sleep.go":              file("package p\n\nfunc f() { time.Sleep(1) }\n"),
		"sleep_test.go":         file("package p\n\nfunc f() {\n\ttime.Sleep(1)\n}\n"),
		"bubble_test.go":        file("package p\n\nfunc f() { synctest.Test(t, func(t *testing.T) { time.Sleep(1) }) }\n"),
		"kv/kvtest/suite.go":    file("package kvtest\n\nfunc f() { time.Sleep(1) }\n"),
		"cmd/main.go":           file("package main\n\nvar a = context.Background()\n"),
		"examples/x/x.go":       file("package x\n\nvar a = context.Background()\n"),
		"nested/go.mod":         file("module nested\n"),
		"nested/nested.go":      file("package nested\n\nfunc init() {}\n"),
		"testdata/broken.go":    file("not Go"),
		".hidden/hidden.go":     file("not Go"),
		"api/fragments/kv.yaml": file(strings.Repeat("a: 1\n", 501)),
		"api/openapi.yaml":      file(strings.Repeat("a: 1\n", 5000)),
	}
	got, err := housetest.CheckSource(fsys, []housetest.Exception{
		{File: "excused.go", Rule: housetest.RuleLines, Reason: "a table"},
		{File: "good.go", Rule: housetest.RuleInit, Reason: "stale"},
		{File: "init.go", Rule: housetest.RuleInit},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"api/fragments/kv.yaml:1: has 501 lines",
		"background.go:3: context.Background in a library",
		"background.go:4: context.TODO in a library",
		"good.go: the exception from \"init\" is not needed",
		"init.go: the exception from \"init\" is not needed",
		"init.go:3: func init",
		"kv/kvtest/suite.go:3: time.Sleep in a test",
		"long.go:1: has 501 lines",
		"sleep_test.go:4: time.Sleep in a test",
	}
	slices.Sort(got)
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
