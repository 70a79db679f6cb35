package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// maxDepth is how many rules of a tenant's modules may refer to each other in a row. Each of
// them takes room on the stack of an evaluation.
const maxDepth = 500

// maxTypeSize is how many parts the type of a rule or of a variable in a tenant's modules
// may have. Types that are made of others, as [a, a], grow fast, and the compiler takes
// the time to read them whole.
const maxTypeSize = 10_000

// checkSizes returns an error for the first rule of the compiled modules with a type that is
// too large, or with too many rules that it depends on in a row. It looks at no types, but at how terms are made of others, and so may
// find a type larger than it is.
func checkSizes(c *ast.Compiler) *ast.Error {
	s := sizer{compiler: c, rules: map[*ast.Rule]measure{}}
	for _, module := range c.Modules {
		for _, rule := range module.Rules {
			s.largest, s.deepest = 0, 0
			s.rule(rule)
			switch {
			case s.deepest > maxDepth:
				return ast.NewError(ast.CompileErr, rule.Location, "more than %d rules refer to each other in a row", maxDepth)
			case s.largest > maxTypeSize:
				return ast.NewError(ast.TypeErr, rule.Location, "the type of the rule has more than %d parts", maxTypeSize)
			}
		}
	}
	return nil
}

type sizer struct {
	compiler *ast.Compiler
	rules    map[*ast.Rule]measure
	largest  int // size of the terms that were looked at
	deepest  int // depth of the rules that were
}

// measure is what is known of a rule: the size of its type, and its depth.
type measure struct{ size, depth int }

// rule returns the size of the type of a rule.
func (s *sizer) rule(rule *ast.Rule) int {
	if m, ok := s.rules[rule]; ok {
		s.deepest = max(s.deepest, m.depth)
		return m.size
	}
	s.rules[rule] = measure{size: 1} // rules are not recursive, except by "with"
	beside := s.deepest
	s.deepest = 0
	size := 1
	for r := rule; r != nil; r = r.Else {
		vars := map[ast.Var]int{}
		s.body(r.Body, vars)
		for _, t := range append([]*ast.Term{r.Head.Key, r.Head.Value}, r.Head.Reference...) {
			if t != nil {
				size = plus(size, s.term(t, vars))
			}
		}
	}
	depth := s.deepest + 1
	s.rules[rule] = measure{size, depth}
	s.deepest = max(beside, depth)
	return size
}

func (s *sizer) body(body ast.Body, vars map[ast.Var]int) {
	for _, expr := range body {
		sum := 0 // of a variable that the expression may give a value
		switch terms := expr.Terms.(type) {
		case []*ast.Term:
			for _, t := range terms[1:] {
				sum = plus(sum, s.term(t, vars))
			}
			if !expr.IsEquality() {
				sum = s.ref(expr.Operator())
			}
		case *ast.Term:
			sum = s.term(terms, vars)
		case *ast.Every:
			sum = s.term(terms.Domain, vars)
			s.body(terms.Body, vars)
		case *ast.Not:
			s.body(terms.Body, vars)
		case *ast.LogicalAnd:
			s.body(terms.Lhs, vars)
			s.body(terms.Rhs, vars)
		case *ast.LogicalOr:
			s.body(terms.Lhs, vars)
			s.body(terms.Rhs, vars)
		}
		for v := range varsOf(expr) {
			vars[v] = max(vars[v], sum)
		}
	}
}

func (s *sizer) ref(ref ast.Ref) int {
	size := 1
	if ref[0].Equal(ast.DefaultRootDocument) {
		for _, rule := range s.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{IncludeHiddenModules: true}) {
			size = plus(size, s.rule(rule))
		}
	}
	return size
}

func (s *sizer) term(t *ast.Term, vars map[ast.Var]int) int {
	size := 1
	add := func(t *ast.Term) { size = plus(size, s.term(t, vars)) }
	switch v := t.Value.(type) {
	case ast.Var:
		size = max(1, vars[v])
	case ast.Ref:
		size = plus(s.ref(v), 0)
		if head, ok := v[0].Value.(ast.Var); ok {
			size = max(size, vars[head])
		}
	case *ast.Array:
		v.Foreach(add)
	case ast.Set:
		v.Foreach(add)
	case ast.Object:
		v.Foreach(func(key, value *ast.Term) { add(key); add(value) })
	case *ast.ArrayComprehension:
		s.body(v.Body, vars)
		add(v.Term)
	case *ast.SetComprehension:
		s.body(v.Body, vars)
		add(v.Term)
	case *ast.ObjectComprehension:
		s.body(v.Body, vars)
		add(v.Key)
		add(v.Value)
	}
	s.largest = max(s.largest, size)
	return size
}

// plus adds sizes up to what is too large.
func plus(a, b int) int { return min(a+b, maxTypeSize+1) }
