package flags

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

const (
	// MaxDepth is how many levels a definition nests at most, and so does a rule with
	// its references put in.
	MaxDepth = 64

	// MaxOperations is how many operations and literals the rule of a flag has at most,
	// with its references put in.
	MaxOperations = 100_000

	// maxFaults is how many faults are reported together.
	maxFaults = 20
)

// eval computes a rule. It is compiled once and is safe for concurrent use.
type eval func(e *env) value

// node is a compiled rule.
type node struct {
	eval   eval
	test   func(e *env) bool           // whether it is true, for less than eval; nil without
	str    func(e *env) (string, bool) // its text, for less than eval; nil without
	lit    *value                      // what it always is; nil for a rule that has to be computed
	size   int                         // operations and literals, with references put in; a long text is more than one
	height int                         // levels, with references put in

	// results are the literal variants among its outcomes, and where they are.
	results []result
}

type result struct {
	value value
	at    *place
}

// truth returns what computes whether the outcome is true.
func (n node) truth() func(e *env) bool {
	if n.test != nil {
		return n.test
	}
	return func(e *env) bool { return n.eval(e).truthy() }
}

// text returns what computes the outcome where it is a text.
func (n node) text() func(e *env) (string, bool) {
	if n.str != nil {
		return n.str
	}
	if n.lit != nil {
		s, ok := n.lit.str, n.lit.kind == text
		return func(*env) (string, bool) { return s, ok }
	}
	return func(e *env) (string, bool) {
		v := n.eval(e)
		return v.str, v.kind == text
	}
}

// tested returns the node of a rule whose outcome is a boolean.
func tested(test func(e *env) bool) node {
	return node{eval: func(e *env) value { return boolValue(test(e)) }, test: test}
}

// compiler compiles the rules of one definition.
type compiler struct {
	operators  map[string]compileFunc
	isV012     bool // rollouts are those of flagd's core v0.12
	evaluators map[string]any
	done       map[string]node
	broken     map[string]bool // evaluators with a fault
	path       []string        // of the evaluators that are under way
	faults     []fault
	isBroken   bool // there was a fault, or a reference to an evaluator with one
}

func newCompiler() *compiler {
	return &compiler{operators: operators(), done: map[string]node{}, broken: map[string]bool{}}
}

// fault is one thing that is wrong with a definition.
type fault struct {
	at     *place
	detail string
}

func (c *compiler) fault(at *place, format string, args ...any) {
	c.isBroken = true
	c.faults = append(c.faults, fault{at, fmt.Sprintf(format, args...)})
}

// reported returns the first faults, for clients.
func (c *compiler) reported() []cpodkit.FieldError {
	var fields []cpodkit.FieldError
	for _, f := range c.faults[:min(len(c.faults), maxFaults)] {
		fields = append(fields, cpodkit.FieldError{Pointer: f.at.pointer(), Detail: f.detail})
	}
	return fields
}

// literal returns the node of a value that is no rule.
func literal(v value, at *place) node {
	return node{
		eval: func(*env) value { return v }, lit: &v, size: 1 + v.cost(), height: 1,
		results: []result{{v, at}},
	}
}

// nothing stands for a rule with a fault.
func nothing(at *place) node { return literal(value{}, at) }

// rule compiles a rule: a literal, an array of rules, or an object with one operator.
func (c *compiler) rule(x any, at *place) node {
	switch x := x.(type) {
	case []any:
		return c.array(c.rules(x, at), at)
	case map[string]any:
		return c.operation(x, at)
	}
	return literal(c.scalar(x, at), at)
}

func (c *compiler) scalar(x any, at *place) value {
	if digits, ok := x.(json.Number); ok {
		f, err := digits.Float64()
		if err != nil {
			c.fault(at, "is too large a number")
		}
		return numberValue(f)
	}
	v, _ := valueOf(x)
	return v
}

func (c *compiler) rules(elements []any, at *place) []node {
	nodes := make([]node, len(elements))
	for i, element := range elements {
		nodes[i] = c.rule(element, at.element(i))
	}
	return nodes
}

// array is a list whose elements are rules.
func (c *compiler) array(elements []node, at *place) node {
	items, isLiteral := make([]value, len(elements)), true
	for i, element := range elements {
		if element.lit == nil {
			isLiteral = false
			break
		}
		items[i] = *element.lit
	}
	if isLiteral {
		n := literal(listValue(items), at)
		return n.over(elements)
	}
	return node{eval: func(e *env) value {
		items := make([]value, len(elements))
		for i, element := range elements {
			items[i] = element.eval(e)
		}
		return listValue(items)
	}}.over(elements)
}

// over returns n with the size and height that it has above its operands.
func (n node) over(operands []node) node {
	n.size, n.height = 1, 1
	for _, operand := range operands {
		n.size = min(n.size+operand.size, MaxOperations+1)
		n.height = max(n.height, operand.height+1)
	}
	return n
}

func (c *compiler) operation(x map[string]any, at *place) node {
	if len(x) == 0 {
		return literal(value{kind: object, ref: map[string]any{}}, at)
	}
	if len(x) > 1 {
		names := make([]string, 0, len(x))
		for name := range x {
			names = append(names, name)
		}
		slices.Sort(names)
		c.fault(at, "has the members %s; a rule is an object with one operator", quoted(names))
		return nothing(at)
	}
	for name, operand := range x {
		at = at.member(name)
		if name == "$ref" {
			return c.reference(operand, at)
		}
		if compile, ok := c.operators[name]; ok {
			return compile(c, name, operand, at)
		}
		c.fault(at, "the operator %q is unknown", name)
	}
	return nothing(at)
}

func quoted(names []string) string {
	const shown = 5
	var text strings.Builder
	for i, name := range names {
		if i == shown {
			return text.String() + " …"
		}
		if i > 0 {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "%q", name)
	}
	return text.String()
}

// reference returns the evaluator of a name, which is compiled once.
func (c *compiler) reference(x any, at *place) node {
	name, ok := x.(string)
	if !ok {
		c.fault(at, "must be the name of an evaluator, a string")
		return nothing(at)
	}
	if _, ok := c.evaluators[name]; !ok {
		c.fault(at, "there is no evaluator %q", name)
		return nothing(at)
	}
	if i := slices.Index(c.path, name); i >= 0 {
		c.fault(at, "the evaluators refer to each other in a circle: %s", strings.Join(append(c.path[i:], name), " → "))
		return nothing(at)
	}
	return c.evaluator(name)
}

// evaluator returns an evaluator. One with a fault is reported once, and breaks what
// refers to it.
func (c *compiler) evaluator(name string) node {
	if n, ok := c.done[name]; ok {
		c.isBroken = c.isBroken || c.broken[name]
		return n
	}
	before := c.isBroken
	c.isBroken = false
	at := (*place)(nil).member("$evaluators").member(name)
	c.path = append(c.path, name)
	n := c.rule(c.evaluators[name], at)
	c.path = c.path[:len(c.path)-1]
	if !c.isBroken && !c.bounded(n, at) {
		n = nothing(at)
	}
	c.done[name], c.broken[name] = n, c.isBroken
	c.isBroken = c.isBroken || before
	return n
}

// bounded checks how large a rule is with its references put in.
func (c *compiler) bounded(n node, at *place) bool {
	switch {
	case n.height > MaxDepth:
		c.fault(at, "nests deeper than %d levels with its references", MaxDepth)
	case n.size > MaxOperations:
		c.fault(at, "has more than %d operations with its references", MaxOperations)
	default:
		return true
	}
	return false
}

// operands returns the operands of an operator: the elements of an array, or the one
// that stands without an array.
func (c *compiler) operands(name string, x any, at *place, least, most int) ([]node, bool) {
	elements, isArray := x.([]any)
	if !isArray {
		elements = []any{x}
	}
	if n := len(elements); n < least || n > most {
		c.fault(at, "%s takes %s, not %d", name, operandCount(least, most), n)
		return nil, false
	}
	if !isArray {
		return []node{c.rule(x, at)}, true
	}
	return c.rules(elements, at), true
}

func operandCount(least, most int) string {
	noun := "operands"
	switch {
	case least == most:
		if least == 1 {
			noun = "operand"
		}
		return fmt.Sprintf("%d %s", least, noun)
	case most == many:
		return fmt.Sprintf("%d or more %s", least, noun)
	}
	return fmt.Sprintf("%d to %d %s", least, most, noun)
}

// env is one evaluation.
type env struct {
	targetingKey string
	attributes   map[string]any
	identity     func() map[string]any // of the context; nil without
	subject      *subject              // nil without
	ctx          context.Context       //nolint:containedctx // of the call that this evaluation is

	flag  *flag
	scope *scope // nil outside of map, filter and their like
	now   int64  // Unix time in seconds; 0 until a rule asks for it
	steps int    // that loops may still take
	code  ErrorCode
}

// scope is what var sees in the rule that is applied to each element of a list.
type scope struct {
	element     value
	accumulator value // in reduce, where the element is "current"
	isReduce    bool
}

// maxSteps is how many operations the loops of one evaluation make, with what these
// read, and how many bytes and elements its rules put together.
const maxSteps = 1 << 20

// spend reports whether the evaluation may take n more steps.
func (e *env) spend(n int) bool {
	if e.steps -= n; e.steps < 0 {
		e.code = ErrorGeneral
	}
	return e.steps >= 0
}

// read charges what a rule within a loop reads: each operation on it takes time.
func (e *env) read(v value) value {
	if e.scope != nil {
		e.spend(v.cost())
	}
	return v
}

func (e *env) timestamp() int64 {
	if e.now == 0 {
		e.now = time.Now().Unix()
	}
	return e.now
}
