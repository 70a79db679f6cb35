package rego

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// reads says which parts of the input a rule may read, and whether the same parts always
// make the same decision.
type reads struct {
	input           readNode
	isDeterministic bool
}

// readNode is a part of the input.
type readNode struct {
	isWhole bool // all of it; then it has no children
	names   []string
	parts   map[string]*readNode
}

func (n *readNode) add(path []string) {
	switch {
	case n.isWhole:
		return
	case len(path) == 0:
		*n = readNode{isWhole: true}
		return
	}
	part := n.parts[path[0]]
	if part == nil {
		part = &readNode{}
		if n.parts == nil {
			n.parts = map[string]*readNode{}
		}
		n.parts[path[0]] = part
		n.names = slices.Sorted(maps.Keys(n.parts))
	}
	part.add(path[1:])
}

// readsOf returns what the document at ref may read: of the rules there and all rules that
// they may refer to. It may name too much, and never too little.
func readsOf(c *ast.Compiler, ref ast.Ref) *reads {
	r := &reader{compiler: c, seen: map[*ast.Rule]bool{}, reads: &reads{isDeterministic: true}}
	r.ref(ref)
	return r.reads
}

type reader struct {
	compiler *ast.Compiler
	seen     map[*ast.Rule]bool
	reads    *reads
}

// ref adds what evaluating a reference reads, except for the terms in it.
func (r *reader) ref(ref ast.Ref) {
	switch {
	case ref[0].Equal(ast.InputRootDocument):
		r.reads.input.add(namesOf(ref[1:]))
	case ref[0].Equal(ast.DefaultRootDocument):
		for _, rule := range r.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{IncludeHiddenModules: true}) {
			r.rule(rule)
		}
	default:
		if !isDeterministic(ref.String()) {
			r.reads.isDeterministic = false
		}
	}
}

func (r *reader) rule(rule *ast.Rule) {
	if r.seen[rule] {
		return
	}
	r.seen[rule] = true
	for _, t := range rule.Head.Reference { // a visitor leaves it out
		ast.WalkRefs(t, func(ref ast.Ref) bool { r.ref(ref); return false })
	}
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case ast.Ref:
			r.ref(x)
			for _, t := range x[1:] { // its head is no variable of its own
				r.inner(t)
			}
			return true
		case ast.Var:
			if x.Equal(ast.InputRootDocument.Value) {
				r.reads.input.add(nil)
			}
		case *ast.With:
			// What is put below a part of the input depends on all of this part.
			if target, ok := x.Target.Value.(ast.Ref); ok && target[0].Equal(ast.InputRootDocument) {
				r.reads.input.add(namesOf(target[1:min(2, len(target))]))
			}
		}
		return false
	}).Walk(rule)
}

// inner adds the references in a term of a reference.
func (r *reader) inner(t *ast.Term) {
	ast.WalkRefs(t, func(ref ast.Ref) bool { r.ref(ref); return false })
}

// namesOf returns the constant names at the beginning of a path.
func namesOf(path ast.Ref) []string {
	names := []string{}
	for _, t := range path {
		name, ok := t.Value.(ast.String)
		if !ok {
			break
		}
		names = append(names, string(name))
	}
	return names
}

// isDeterministic reports whether a built-in function always returns the same for the
// same operands.
func isDeterministic(name string) bool {
	if b, ok := ast.BuiltinMap[name]; ok && b.IsNondeterministic() {
		return false
	}
	switch name {
	case "crypto.x509.parse_and_verify_certificates", "crypto.x509.parse_and_verify_certificates_with_options",
		"time.now_ns", "http.send", "opa.runtime", "rand.intn", "uuid.rfc4122", "net.lookup_ip_addr",
		"io.jwt.decode_verify", "json.match_schema", "json.verify_schema", "trace":
		return false
	}
	return true
}
