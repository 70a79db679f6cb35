package housetest

import (
	"fmt"
	"slices"
	"strings"
)

// Rule says what a package may import beyond the standard library, internal/
// and the OpenTelemetry API.
type Rule struct {
	Package string   // path within the module, "" for the root; "/..." takes in all below
	Allow   []string // paths within the module, or import paths of other modules
	Any     bool     // may import everything
}

const root = "the root package"

// Rules is the table of docs/layout.md. The first rule that names a package holds.
func Rules() []Rule {
	rules := []Rule{
		{Package: ""},
		{Package: "httpserver", Allow: []string{root}},
		{Package: "clientaddr", Allow: []string{root}},
		{Package: "authz", Allow: []string{root, "github.com/lestrrat-go/jwx/v2/..."}},
		{Package: "authz/rego", Allow: []string{root, "authz", "github.com/open-policy-agent/opa/..."}},
		{Package: "oauth", Allow: []string{root, "authz", "oauth/pages"}},
		{Package: "oauth/pages", Allow: []string{root}},
		{Package: "oauth/localusers", Allow: []string{root, "oauth", "golang.org/x/crypto/argon2"}},
		{Package: "keyring", Allow: []string{root}},
		{Package: "storage", Allow: []string{root}},
		{Package: "api", Allow: []string{root}},
		{Package: "api/apitest", Allow: []string{
			"api", "github.com/getkin/kin-openapi/openapi3", "github.com/santhosh-tekuri/jsonschema/v6",
		}},
		{Package: "api/internal/...", Allow: []string{"api/internal/..."}},
		{Package: "client", Allow: []string{root}},
		{Package: "examples/...", Any: true},
		{Package: "docs", Any: true},
		{Package: "internal/datakeys", Allow: []string{"github.com/tink-crypto/tink-go/v2/..."}},
		{Package: "internal/lineartest", Allow: []string{"github.com/anishathalye/porcupine"}},
		{Package: "internal/webtest", Allow: []string{root, "httpserver"}},
		{Package: "internal/...", Allow: []string{root}},
	}
	for _, capability := range []string{"ratelimit", "masking", "audit", "flags", "secrets", "jobs", "cluster"} {
		rules = append(rules, Rule{Package: capability, Allow: []string{root}})
		if capability != "ratelimit" {
			rules = append(rules, suite(capability))
		}
	}
	rules = append(rules, Rule{
		Package: "flags/openfeature", Allow: []string{root, "flags", "github.com/open-feature/go-sdk/openfeature/..."},
	})
	rules = append(rules, Rule{
		Package: "masking/otelmask", Allow: []string{root, "masking", "go.opentelemetry.io/otel/sdk/trace"},
	})
	rules = append(rules, Rule{Package: "ratelimit/prefetch", Allow: []string{root, "ratelimit"}})
	// Two suites check against a model.
	rules = append(rules, Rule{Package: "ratelimit/ratelimittest", Allow: []string{root, "ratelimit", "pgregory.net/rapid"}})
	rules = append(rules, Rule{Package: "storage/kv/kvtest", Allow: []string{root, "storage", "storage/kv", "pgregory.net/rapid"}})
	// The attacks on isolation go through all three primitives.
	rules = append(rules, Rule{Package: "storage/storagetest", Allow: []string{
		root, "storage", "storage/files", "storage/documents", "storage/kv",
	}})
	for _, primitive := range []string{"storage/files", "storage/documents", "storage/kv"} {
		rules = append(rules, Rule{Package: primitive, Allow: []string{root, "storage"}}, suite(primitive, "storage"))
	}
	rules = append(rules, suite("authz"), suite("authz/rego"), suite("oauth", "authz"), suite("oauth/localusers"), suite("keyring"))
	return append(rules, backendRules()...)
}

// suite is the rule of a capability's exported conformance suite.
func suite(capability string, also ...string) Rule {
	name := capability[strings.LastIndex(capability, "/")+1:]
	return Rule{
		Package: capability + "/" + name + "test",
		Allow:   append([]string{root, capability}, also...),
	}
}

// backendRules lets each backend import the capability that it serves and the
// client library of its system.
func backendRules() []Rule {
	serves := []struct{ ending, capability string }{
		{"files", "storage/files"},
		{"documents", "storage/documents"},
		{"kv", "storage/kv"},
		{"limit", "ratelimit"},
		{"revoke", "authz"},
		{"cluster", "cluster"},
		{"audit", "audit"},
		{"secrets", "secrets"},
		{"jobs", "jobs"},
	}
	libraries := []struct{ system, library string }{
		{"local", ""},
		{"sqlite", "modernc.org/sqlite/..."},
		{"redis", "github.com/redis/go-redis/v9/..."},
		{"mongo", "go.mongodb.org/mongo-driver/v2/..."},
		{"s3", "github.com/minio/minio-go/v7/..."},
		{"objstore", "github.com/thanos-io/objstore/..."},
		{"ulule", "github.com/ulule/limiter/v3/..."},
		{"vault", "github.com/hashicorp/vault/api/..."},
		{"docker", "github.com/moby/moby/..."},
	}
	rules := []Rule{{
		Package: "backends/docstore", Allow: []string{root, "storage/documents", "storage"},
	}, {
		// How much the stores hold of a tenant, and when that last changed.
		Package: "backends/docstore/internal/heads", Allow: []string{root, "storage/documents", "backends/docstore"},
	}, {
		Package: "backends/internal/circuit", Allow: []string{root, "github.com/sony/gobreaker/v2"},
	}, {
		Package: "backends/internal/queryslots", Allow: []string{root, "storage"},
	}, {
		// What a file is, in a store that keeps bytes alone.
		Package: "backends/internal/remotefile", Allow: []string{root, "storage/files", "backends/internal/circuit"},
	}, {
		// The suite of what real systems do to any driver.
		Package: "backends/backendtest",
		Allow:   []string{root, "storage/files", "storage/documents", "storage/kv", "secrets", "go.uber.org/goleak"},
	}}
	for store, serves := range map[string][]string{
		"authzstore": {"authz"}, "oauthstore": {"authz", "oauth"}, "keyringstore": {"keyring"}, "tenantstore": {"storage"},
		"userstore":   {"oauth/localusers"},
		"usagestore":  {"storage"},
		"flagstore":   {"flags", "backends/docstore/internal/heads"},
		"secretstore": {"secrets", "backends/docstore/internal/heads"},
		"maskstore":   {"masking", "backends/docstore/internal/heads"},
		"policystore": {"authz/rego", "backends/docstore/internal/heads"},
	} {
		rules = append(rules, Rule{
			Package: "backends/docstore/" + store, Allow: append([]string{root, "storage/documents", "backends/docstore"}, serves...),
		})
	}
	rules = append(rules, Rule{
		// What the suite of real systems needs of a Redis.
		Package: "backends/redis/internal/redistest",
		Allow:   []string{"github.com/redis/go-redis/v9/...", "backends/backendtest", "backends/redis/redisclient"},
	})
	for _, l := range libraries {
		shared := []string{root, l.library, "backends/internal/circuit", "backends/internal/queryslots"}
		rules = append(rules,
			Rule{Package: "backends/" + l.system + "/" + l.system + "client", Allow: shared},
			Rule{Package: "backends/" + l.system + "/internal/...", Allow: shared})
		for _, s := range serves {
			allow := []string{root, s.capability, "storage"}
			if !strings.HasPrefix(s.capability, "storage/") {
				allow = allow[:2]
			}
			if l.library != "" {
				allow = append(allow, l.library, "backends/internal/...", "backends/"+l.system+"/internal/...")
			}
			rules = append(rules, Rule{Package: "backends/" + l.system + "/" + l.system + s.ending, Allow: allow})
		}
	}
	return append(rules, Rule{Package: "backends/local/processjobs", Allow: []string{root, "jobs"}}, Rule{
		// What seals the key ring.
		Package: "backends/vault/vaulttransit",
		Allow:   []string{root, "keyring", "github.com/hashicorp/vault/api/...", "backends/internal/...", "backends/vault/internal/..."},
	})
}

// CheckImports returns a sentence for each import that no rule permits, and
// for each package that no rule names.
func CheckImports(g Graph, rules []Rule) []string {
	var violations []string
	for _, rel := range g.own() {
		i := slices.IndexFunc(rules, func(r Rule) bool { return covers(r.Package, rel) })
		if i < 0 {
			violations = append(violations,
				fmt.Sprintf("package %s has no rule: add one to internal/housetest and a line to docs/layout.md", name(rel)))
			continue
		}
		for _, imported := range g[full(rel)].Imports {
			if !rules[i].permits(g, imported) {
				violations = append(violations, fmt.Sprintf("package %s imports %s; it may import %s",
					name(rel), imported, rules[i].allowed()))
			}
		}
	}
	return violations
}

func (r Rule) permits(g Graph, imported string) bool {
	rel, isOwn := within(imported)
	switch {
	case r.Any, g.isStandard(imported), isTelemetry(imported):
		return true
	case isOwn && covers("internal/...", rel):
		return true
	case isOwn && rel == "":
		return slices.Contains(r.Allow, root)
	case isOwn:
		imported = rel
	}
	return slices.ContainsFunc(r.Allow, func(pattern string) bool { return covers(pattern, imported) })
}

func (r Rule) allowed() string {
	return strings.Join(append([]string{"the standard library", "internal/...", "the OpenTelemetry API"}, r.Allow...), ", ")
}

func name(rel string) string {
	if rel == "" {
		return root
	}
	return rel
}

// isTelemetry reports whether a package belongs to the OpenTelemetry API. Its
// SDK, exporters and bridges do not; nor does its root package, whose providers
// are globals and which links a logging library for them.
func isTelemetry(importPath string) bool {
	if importPath == "go.opentelemetry.io/otel" {
		return false
	}
	for _, part := range []string{"sdk", "exporters", "bridge", "log"} {
		if covers("go.opentelemetry.io/otel/"+part+"/...", importPath) {
			return false
		}
	}
	return covers("go.opentelemetry.io/otel/...", importPath)
}
