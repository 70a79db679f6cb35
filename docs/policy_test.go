package docs_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

// fenced returns the blocks of a page in one language.
func fenced(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, after := range strings.Split(string(text), "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(after, "\n```")
		blocks = append(blocks, block)
	}
	return blocks
}

// The Rego of the page is that of the folders, except for the first block, and all of it is
// formatted as opa fmt does. Their tests are run by a test of the reference server.
func TestPolicyBlocks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("policies/*/*")
	if err != nil || len(files) < 12 {
		t.Fatalf("there are %d files, %v", len(files), err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
		if !strings.HasSuffix(file, ".rego") {
			continue
		}
		formatted, err := format.SourceWithOpts(file, text, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil || string(formatted) != string(text) {
			t.Errorf("opa fmt makes of %s: %v\n%s", file, err, formatted)
		}
	}
	blocks := append(fenced(t, "policy.md", "rego")[1:], fenced(t, "policy.md", "json")[0])
	if len(blocks) != 7 {
		t.Fatalf("there are %d blocks", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(all.String(), block) {
			t.Errorf("no file holds\n%s", block)
		}
	}
}

// onRoutes is the first snippet of policy.md.
func onRoutes(
	ctx context.Context, folder string, mux *http.ServeMux, routes []cpodkit.Route, authenticate cpodkit.Middleware,
) (*rego.Engine, error) {
	source, err := rego.NewDir(ctx, folder)
	if err != nil {
		return nil, err
	}
	engine, err := rego.New(rego.NewMemory(), rego.WithSource(source))
	if err != nil {
		return nil, err // it does not compile; the error has file, line and column
	}
	go engine.Run(ctx) // takes over edits

	policy, err := engine.Wrap()
	if err != nil {
		return nil, err
	}
	cpodkit.Mount(mux, routes, cpodkit.WrapProtected(authenticate), policy)
	return engine, nil
}

func policyEngine(t *testing.T, modules map[string]string, routes ...cpodkit.Route) (*rego.Engine, http.Handler) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range modules {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	reader := webtest.As(cpodkit.Identity{TenantID: "acme", AppID: "shop", Scopes: cpodkit.Scopes{"orders.*"}})
	engine, err := onRoutes(t.Context(), folder, mux, routes, reader)
	if err != nil {
		t.Fatal(err)
	}
	return engine, mux
}

func TestPolicyOnRoutes(t *testing.T) {
	t.Parallel()
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	_, h := policyEngine(t, map[string]string{"http.rego": fenced(t, "policy.md", "rego")[0]},
		cpodkit.Route{Name: "read", Pattern: "GET /v1/orders", Scopes: []string{"orders.read"}, Handler: ok},
		cpodkit.Route{Name: "write", Pattern: "POST /v1/orders", Scopes: []string{"orders.write"}, Handler: ok})
	webtest.Call(t, h, "GET", "/v1/orders", "", "").WantStatus(t, http.StatusNoContent)
	// The scope of the route is covered by a wildcard, which the policy does not know.
	webtest.Call(t, h, "POST", "/v1/orders", "", "").WantProblem(t, cpodkit.CodePolicyDenied)
}

func TestPreparedPolicy(t *testing.T) {
	t.Parallel()
	type order struct {
		Action string `json:"action"`
		Owner  string `json:"owner"`
		User   string `json:"user"`
	}
	engine, _ := policyEngine(t, map[string]string{
		"orders.rego": "package orders\n\nallow if input.action == \"read\"\n\nallow if input.user == input.owner\n",
	})
	ctx := t.Context()
	allowed := func() (bool, error) {
		roles, err := rego.Prepare[order](engine, "orders/allow")
		if err != nil {
			return false, err
		}
		d, err := roles.Decide(ctx, "acme", &order{Action: "read", Owner: "ann", User: "ann"})
		if err != nil {
			return false, err // no decision
		}
		return d.Allowed, nil
	}
	if yes, err := allowed(); !yes || err != nil {
		t.Errorf("it is %t, %v", yes, err)
	}
	var _ authz.Decider = engine
}
