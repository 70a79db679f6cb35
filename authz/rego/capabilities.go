package rego

import (
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// compileTime bounds how long a tenant's edit may take to compile. It is looked at between
// the stages of the compiler. What is in force already has storedTime, so that a busy
// replica uses it, too.
const (
	compileTime = 2 * time.Second
	storedTime  = 30 * time.Second
)

// maxParts is how many expressions, calls, references and comprehensions a rule of a tenant
// may have. Some stages of the compiler take the square of them.
const maxParts = 500

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

// checkModule returns an error for a module that speaks of data.http or data.system, or has
// too large a rule.
func checkModule(module *ast.Module) error {
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
	for _, rule := range module.Rules {
		parts := 0
		ast.NewGenericVisitor(func(x any) bool {
			switch x.(type) {
			case *ast.Expr, ast.Call, ast.Ref, *ast.With, *ast.Rule,
				*ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
				parts++
			}
			return false
		}).Walk(rule)
		if parts > maxParts {
			errs = append(errs, ast.NewError(ast.CompileErr, rule.Location, "the rule has more than %d expressions", maxParts))
		}
	}
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
	c.WithCapabilities(builtins).WithBuiltins(decls) //nolint:staticcheck // modules are not to name them by themselves
	inTime := func(*ast.Compiler) *ast.Error {
		if time.Now().After(until) {
			return ast.NewError(ast.CompileErr, nil, "the modules take too long to compile")
		}
		return nil
	}
	for _, stage := range []ast.StageID{
		ast.StageResolveRefs, ast.StageRewriteLocalVars, ast.StageRewriteTemplateStrings,
		ast.StageRewriteExprTerms, ast.StageSetGraph, ast.StageRewriteComprehensionTerms,
		ast.StageRewriteRefsInHead, ast.StageRewriteWithValues, ast.StageCheckRuleConflicts,
		ast.StageCheckUndefinedFuncs, ast.StageCheckSafetyRuleHeads, ast.StageCheckSafetyRuleBodies,
		ast.StageRewriteDynamicTerms, ast.StageCheckRecursion, ast.StageCheckTypes,
	} {
		c.WithStageAfterID(stage, ast.CompilerStageDefinition{Name: "InTime", MetricName: "in_time", Stage: inTime})
	}
	c.WithStageAfterID(ast.StageSetGraph, ast.CompilerStageDefinition{
		Name: "Sizes", MetricName: "sizes", Stage: checkSizes,
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
