package flags

import (
	"slices"
	"strconv"
	"strings"
)

// variable compiles var: what the context has at a path with dots, or the second
// operand where there is nothing.
func (c *compiler) variable(name string, operand any, at *place) node {
	operands, ok := c.operands(name, operand, at, 0, 2)
	if !ok {
		return nothing(at)
	}
	fallback := func(*env) value { return value{} }
	if len(operands) == 2 {
		fallback = operands[1].eval
	}
	if len(operands) == 0 {
		return node{eval: (*env).data}.over(operands)
	}
	if operands[0].lit == nil {
		path := operands[0].eval
		return node{eval: func(e *env) value { return e.lookup(parsePath(path(e)), fallback) }}.over(operands)
	}
	path := parsePath(*operands[0].lit)
	if len(path) == 0 {
		return node{eval: (*env).data}.over(operands)
	}
	if path[0].name == "$flagd" && (len(path) != 2 || path[1].name != "flagKey" && path[1].name != "timestamp") {
		c.fault(at, "flagd has $flagd.flagKey and $flagd.timestamp, and nothing else under $flagd")
		return nothing(at)
	}
	if path[0].name == "$flagd" {
		own := (*env).flagKey
		if path[1].name == "timestamp" {
			own = func(e *env) value { return numberValue(float64(e.timestamp())) }
		}
		return node{eval: func(e *env) value {
			if e.scope != nil {
				return e.lookup(path, fallback)
			}
			return own(e)
		}}.over(operands)
	}
	if len(path) == 1 {
		return member(path, fallback).over(operands)
	}
	return node{eval: func(e *env) value { return e.lookup(path, fallback) }}.over(operands)
}

// member returns the node of a member of the context itself.
func member(path []segment, fallback eval) node {
	root := path[0].name
	isOwn := root == TargetingKey || root == IdentityMember
	n := node{eval: func(e *env) value {
		if e.scope != nil {
			return e.lookup(path, fallback)
		}
		if v, ok := e.root(root); ok {
			return v
		}
		return fallback(e)
	}}
	n.str = func(e *env) (string, bool) {
		if e.scope == nil && !isOwn {
			if s, ok := e.attributes[root].(string); ok {
				return s, true
			}
		}
		v := n.eval(e)
		return v.str, v.kind == text
	}
	return n
}

func (e *env) flagKey() value { return textValue(e.flag.key) }

// segment is one step of a path: a member, and an element where it is a number.
type segment struct {
	name  string
	index int // -1 for none
}

func parsePath(v value) []segment {
	if v.kind == null || v.kind == text && v.str == "" {
		return nil
	}
	var path []segment
	for name := range strings.SplitSeq(v.toText(), ".") {
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || strconv.Itoa(i) != name {
			i = -1
		}
		path = append(path, segment{name, i})
	}
	return path
}

// data is what a var without a path returns: the context, or the element.
func (e *env) data() value {
	switch {
	case e.scope == nil:
		return value{kind: object, ref: e.whole()}
	case e.scope.isReduce:
		return value{kind: object, ref: map[string]any{"current": e.scope.element, "accumulator": e.scope.accumulator}}
	}
	return e.read(e.scope.element)
}

// lookup follows a path. It returns the fallback where there is nothing.
func (e *env) lookup(path []segment, fallback eval) value {
	if len(path) == 0 {
		return e.data()
	}
	v, ok := e.first(path[0])
	for i := 1; ok && i < len(path); i++ {
		v, ok = e.member(v, path[i])
	}
	if !ok {
		return fallback(e)
	}
	return e.read(v)
}

// first returns what the first step of a path leads to.
func (e *env) first(s segment) (value, bool) {
	switch {
	case e.scope == nil && s.name == "$flagd":
		return value{kind: object, ref: map[string]any{"flagKey": e.flag.key, "timestamp": e.timestamp()}}, true
	case e.scope == nil:
		return e.root(s.name)
	case !e.scope.isReduce:
		return e.member(e.scope.element, s)
	case s.name == "current":
		return e.scope.element, true
	case s.name == "accumulator":
		return e.scope.accumulator, true
	}
	return value{}, false
}

// member returns a member of an object, or an element of a list.
func (e *env) member(v value, s segment) (value, bool) {
	switch v.kind {
	case object:
		members, _ := v.ref.(map[string]any)
		x, ok := members[s.name]
		return e.admit(x), ok
	case list:
		if s.index >= 0 && s.index < v.length() {
			return e.at(v, s.index), true
		}
	case null, boolean, number, text:
	}
	return value{}, false
}

// at returns an element of a list. One that JSON cannot hold ends the evaluation.
func (e *env) at(v value, i int) value {
	if items, ok := v.ref.([]any); ok {
		return e.admit(items[i])
	}
	return v.at(i)
}

// admit takes a value of the context.
func (e *env) admit(x any) value {
	v, ok := valueOf(x)
	if !ok {
		e.code = ErrorInvalidContext
	}
	return v
}

// conditional compiles if: condition, result, condition, result, …, else.
func (c *compiler) conditional(name string, operand any, at *place) node {
	operands, ok := c.operands(name, operand, at, 0, many)
	if !ok {
		return nothing(at)
	}
	var results []result
	for i, o := range operands {
		if i%2 == 1 || i == len(operands)-1 {
			results = append(results, o.results...)
		}
	}
	last := func(*env) value { return value{} }
	if len(operands)%2 == 1 {
		last = operands[len(operands)-1].eval
	}
	conditions := make([]func(e *env) bool, len(operands)/2)
	outcomes := make([]eval, len(conditions))
	for i := range conditions {
		conditions[i], outcomes[i] = operands[2*i].truth(), operands[2*i+1].eval
	}
	n := node{eval: func(e *env) value {
		for i, condition := range conditions {
			if condition(e) {
				return outcomes[i](e)
			}
		}
		return last(e)
	}, results: results}
	if len(conditions) == 1 { // the usual case, for less
		condition, outcome := conditions[0], outcomes[0]
		n.eval = func(e *env) value {
			if condition(e) {
				return outcome(e)
			}
			return last(e)
		}
		if len(operands) == 3 && operands[1].lit != nil && operands[2].lit != nil { // for less still
			yes, no := operands[1].lit, operands[2].lit
			n.eval = func(e *env) value {
				if condition(e) {
					return *yes
				}
				return *no
			}
		}
	}
	return n.over(operands)
}

// and compiles and: the first operand that is false, or the last one.
func (c *compiler) and(name string, operand any, at *place) node {
	return c.junction(name, operand, at, false)
}

// or compiles or: the first operand that is true, or the last one.
func (c *compiler) or(name string, operand any, at *place) node {
	return c.junction(name, operand, at, true)
}

func (c *compiler) junction(name string, operand any, at *place, until bool) node {
	operands, ok := c.operands(name, operand, at, 1, many)
	if !ok {
		return nothing(at)
	}
	args, last := evals(operands[:len(operands)-1]), operands[len(operands)-1]
	tests := make([]func(e *env) bool, len(operands))
	for i, o := range operands {
		tests[i] = o.truth()
	}
	n := node{
		eval: func(e *env) value {
			for _, arg := range args {
				if v := arg(e); v.truthy() == until {
					return v
				}
			}
			return last.eval(e)
		},
		test: func(e *env) bool {
			for _, test := range tests {
				if test(e) == until {
					return until
				}
			}
			return !until
		},
		results: last.results,
	}
	if len(tests) == 2 { // the usual case, for less
		a, b := tests[0], tests[1]
		n.test = func(e *env) bool {
			if a(e) == until {
				return until
			}
			return b(e)
		}
	}
	return n.over(operands)
}

// missing returns the paths at which the context has nothing, null or "".
func missing(args []eval) eval {
	return func(e *env) value {
		paths := make([]value, len(args))
		for i, arg := range args {
			paths[i] = arg(e)
		}
		return listValue(e.missing(e.keys(paths)))
	}
}

// keys returns the elements of the first list, if the first is one.
func (e *env) keys(paths []value) []value {
	if len(paths) == 0 || paths[0].kind != list {
		return paths
	}
	elements := make([]value, paths[0].length())
	for i := range elements {
		elements[i] = e.at(paths[0], i)
	}
	return elements
}

func (e *env) missing(paths []value) []value {
	absent := []value{}
	nothing := func(*env) value { return value{} }
	for _, path := range paths {
		v := e.lookup(parsePath(path), nothing)
		if v.kind == null || v.kind == text && v.str == "" {
			absent = append(absent, path)
		}
	}
	return absent
}

// missingSome is an empty list when at least so many paths have something, and else
// what missing returns.
func missingSome(args []eval) eval {
	needed, paths := args[0], args[1]
	return func(e *env) value {
		wanted := e.keys([]value{paths(e)})
		absent := e.missing(wanted)
		if float64(len(wanted)-len(absent)) >= needed(e).toNumber() {
			absent = nil
		}
		return listValue(slices.Clip(absent))
	}
}
