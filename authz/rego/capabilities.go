package rego

import (
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// compileTime bounds how long a tenant's policy may take to compile. It is looked at
// between the stages of the compiler.
const compileTime = 2 * time.Second

// tenantCapabilities are what modules of tenants may use: the built-in functions that OPA
// has, except those that reach outside of the policy, and those whose time or memory no
// bound on their operands bounds. They are named in docs/policy.md.
func tenantCapabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return !isForTenants(b.Name) })
	c.AllowNet = []string{}
	return c
}

func isForTenants(name string) bool {
	switch name {
	case "http.send", "opa.runtime", // reach outside
		"io.jwt.encode_sign", "io.jwt.encode_sign_raw", "providers.aws.sign_req", // make credentials
		"rego.parse_module", "strings.render_template", "regex.globs_match", // exponential time
		"graph.reachable_paths", "json.match_schema", "json.verify_schema",
		"internal.test_case":
		return false
	}
	return !strings.HasPrefix(name, "net.") && !strings.HasPrefix(name, "graphql.")
}

// checkReserved returns an error for a module that speaks of data.http or data.system.
func checkReserved(module *ast.Module) error {
	var errs ast.Errors
	ast.WalkRefs(module, func(ref ast.Ref) bool {
		if len(ref) > 1 && ref[0].Equal(ast.DefaultRootDocument) {
			if name, ok := ref[1].Value.(ast.String); ok && (name == "http" || name == "system") {
				errs = append(errs, ast.NewError(ast.CompileErr, ref[1].Location,
					"data.%s is the operator's; a tenant's module cannot have or use it", string(name)))
			}
		}
		return false
	})
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// restrict sets what the compiler of a tenant's modules allows, and adds the bounds.
func restrict(c *ast.Compiler, builtins *ast.Capabilities, bounded builtinFuncs, until time.Time) {
	decls := make(map[string]*ast.Builtin, len(bounded))
	for name, b := range bounded {
		decls[name] = b.Decl
	}
	c.WithCapabilities(builtins).WithBuiltins(decls)
	inTime := func(*ast.Compiler) *ast.Error {
		if time.Now().After(until) {
			return ast.NewError(ast.CompileErr, nil, "the modules take longer than %s to compile", compileTime)
		}
		return nil
	}
	for _, stage := range []ast.StageID{
		ast.StageResolveRefs, ast.StageRewriteLocalVars, ast.StageRewriteExprTerms,
		ast.StageRewriteComprehensionTerms, ast.StageCheckSafetyRuleBodies, ast.StageRewriteDynamicTerms,
		ast.StageCheckTypes,
	} {
		c.WithStageAfterID(stage, ast.CompilerStageDefinition{Name: "InTime", MetricName: "in_time", Stage: inTime})
	}
	c.WithStageAfterID(ast.StageCheckRecursion, ast.CompilerStageDefinition{
		Name: "TypeSizes", MetricName: "type_sizes", Stage: checkTypeSizes,
	})
	c.WithStageAfterID(ast.StageCheckDeprecatedBuiltins, ast.CompilerStageDefinition{
		Name: "Bound", MetricName: "bound",
		Stage: func(c *ast.Compiler) *ast.Error {
			for _, module := range c.Modules {
				bound(module, bounded)
			}
			return nil
		},
	})
}
