package rego

import (
	"maps"

	"github.com/open-policy-agent/opa/v1/ast"
)

// boundedPrefix is before the names of the functions of boundedBuiltins.
const boundedPrefix = "bounded"

// bound changes the rules of a tenant's compiled module: they call the bounded built-in
// functions, and whatever makes a value of others is charged for it. So no value of an
// evaluation is larger than its budget, and no step of it that cannot be interrupted takes
// longer than it takes to read such a value.
func bound(module *ast.Module, bounded builtinFuncs) {
	b := binder{bounded}
	for _, rule := range module.Rules {
		ast.WalkRules(rule, func(rule *ast.Rule) bool {
			b.rule(rule)
			return false
		})
	}
}

type binder struct{ bounded builtinFuncs }

// varSet are variables that have a value.
type varSet = ast.VarSet

func (b binder) rule(rule *ast.Rule) {
	known := varSet{}
	ast.WalkVars(rule.Head.Args, func(v ast.Var) bool { known.Add(v); return false })
	isFunction := len(rule.Head.Args) > 0
	var made []*ast.Term
	for _, t := range append([]*ast.Term{rule.Head.Key, rule.Head.Value}, rule.Head.Reference...) {
		if t == nil || isFunction && !isComposite(t.Value) {
			continue // a function makes no other value than its operands and its body do
		}
		made = append(made, t)
	}
	rule.Body = b.body(rule.Body, known, made)
}

// body returns a body with its charges; made are the terms that it makes, once for each
// solution. The known variables become those that have a value after the body.
func (b binder) body(body ast.Body, known varSet, made []*ast.Term) ast.Body {
	var exprs []*ast.Expr
	for _, expr := range body {
		charged := b.expr(expr, known)
		if len(charged) > 0 {
			exprs = append(exprs, charge(charged, expr.Location))
		}
		exprs = append(exprs, expr)
		if !expr.Negated {
			for v := range varsOf(expr) {
				known.Add(v)
			}
		}
	}
	var charged []*ast.Term
	for _, t := range made {
		switch v := t.Value.(type) {
		case ast.Var:
			if known.Contains(v) {
				charged = append(charged, t)
			}
		default:
			charged = b.composites(t, known, charged)
		}
	}
	if len(charged) > 0 {
		var at *ast.Location
		if len(exprs) > 0 {
			at = exprs[len(exprs)-1].Location
		}
		exprs = append(exprs, charge(charged, at))
	}
	return ast.NewBody(exprs...)
}

// expr changes an expression and the bodies in it. It returns the values that the
// expression puts together, each as often as it does.
func (b binder) expr(expr *ast.Expr, known varSet) (charged []*ast.Term) {
	for _, w := range expr.With {
		w.Target, w.Value = b.renamed(w.Target), b.renamed(w.Value)
		charged = b.composites(w.Value, known, charged)
	}
	switch terms := expr.Terms.(type) {
	case []*ast.Term:
		if expr.IsCall() {
			terms[0] = b.renamed(terms[0])
			terms = terms[1:]
		}
		for _, t := range terms {
			charged = b.composites(t, known, charged)
		}
	case *ast.Term:
		charged = b.composites(terms, known, charged)
	case *ast.Every:
		charged = b.composites(terms.Domain, known, charged)
		inner := maps.Clone(known)
		for _, t := range []*ast.Term{terms.Key, terms.Value} {
			if t != nil {
				ast.WalkVars(t, func(v ast.Var) bool { inner.Add(v); return false })
			}
		}
		terms.Body = b.body(terms.Body, inner, nil)
	case *ast.Not:
		terms.Body = b.body(terms.Body, maps.Clone(known), nil)
	case *ast.LogicalAnd:
		terms.Lhs = b.body(terms.Lhs, maps.Clone(known), nil)
		terms.Rhs = b.body(terms.Rhs, maps.Clone(known), nil)
	case *ast.LogicalOr:
		terms.Lhs = b.body(terms.Lhs, maps.Clone(known), nil)
		terms.Rhs = b.body(terms.Rhs, maps.Clone(known), nil)
	}
	return charged
}

// renamed returns a term that names a built-in function with the bounded one.
func (b binder) renamed(t *ast.Term) *ast.Term {
	ref, ok := t.Value.(ast.Ref)
	if !ok {
		return t
	}
	if _, ok := b.bounded[boundedPrefix+"."+ref.String()]; !ok {
		return t
	}
	return boundedTerm(ref.String()).SetLocation(t.Location)
}

func boundedTerm(name string) *ast.Term {
	ref := ast.MustParseRef(boundedPrefix + "." + name)
	return ast.NewTerm(ref)
}

// composites appends the variables of a term that is put together of several, if they have
// a value, each as often as it is in there. It also changes the bodies in the term.
func (b binder) composites(t *ast.Term, known varSet, charged []*ast.Term) []*ast.Term {
	isIn := false
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.ArrayComprehension:
			x.Body = b.body(x.Body, maps.Clone(known), []*ast.Term{x.Term})
			return true
		case *ast.SetComprehension:
			x.Body = b.body(x.Body, maps.Clone(known), []*ast.Term{x.Term})
			return true
		case *ast.ObjectComprehension:
			x.Body = b.body(x.Body, maps.Clone(known), []*ast.Term{x.Key, x.Value})
			return true
		case *ast.Array, ast.Object, ast.Set:
			isIn = true
		case *ast.Term:
			if v, ok := x.Value.(ast.Var); ok && isIn && known.Contains(v) {
				charged = append(charged, x)
			}
		}
		return false
	}).Walk(t)
	return charged
}

func isComposite(v ast.Value) bool {
	switch v.(type) {
	case *ast.Array, ast.Object, ast.Set:
		return true
	}
	return false
}

// charge returns an expression that charges for values.
func charge(values []*ast.Term, at *ast.Location) *ast.Expr {
	expr := ast.NewExpr([]*ast.Term{boundedTerm("charge"), ast.ArrayTerm(values...)})
	expr.Location, expr.Generated = at, true
	return expr
}

// varsOf returns the variables of an expression outside of the bodies in it.
func varsOf(expr *ast.Expr) ast.VarSet {
	return expr.Vars(ast.VarVisitorParams{SkipClosures: true, SkipRefCallHead: true})
}
