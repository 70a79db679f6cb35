package flags

import (
	"math"
	"strings"
)

// many is the upper bound of operators that take any number of operands.
const many = math.MaxInt

type compileFunc func(c *compiler, name string, operand any, at *place) node

// operators returns how each operator is compiled: those of JsonLogic
// (https://jsonlogic.com/operations.html) and of flagd.
func operators() map[string]compileFunc {
	return map[string]compileFunc{
		"var":          (*compiler).variable,
		"missing":      plain(0, many, missing),
		"missing_some": plain(2, 2, missingSome),

		"if":  (*compiler).conditional,
		"?:":  (*compiler).conditional,
		"and": (*compiler).and,
		"or":  (*compiler).or,
		"!":   (*compiler).not,
		"!!":  (*compiler).not,

		"==":  equality(value.equal, true),
		"===": equality(value.same, true),
		"!=":  equality(value.equal, false),
		"!==": equality(value.same, false),
		"<":   comparison(func(a, b value) bool { return a.less(b, false) }),
		"<=":  comparison(func(a, b value) bool { return a.less(b, true) }),
		">":   comparison(func(a, b value) bool { return b.less(a, false) }),
		">=":  comparison(func(a, b value) bool { return b.less(a, true) }),

		"max": plain(1, many, extreme(math.Inf(-1), math.Max)),
		"min": plain(1, many, extreme(math.Inf(1), math.Min)),
		"+":   plain(1, many, folded(func(sum, f float64) float64 { return sum + f }, 0)),
		"*":   plain(1, many, folded(func(product, f float64) float64 { return product * f }, 1)),
		"-":   plain(1, 2, minus),
		"/":   plain(2, 2, arithmetic(func(a, b float64) float64 { return a / b })),
		"%":   plain(2, 2, arithmetic(math.Mod)),

		"map":    (*compiler).mapping,
		"filter": (*compiler).filter,
		"reduce": (*compiler).reduce,
		"all":    (*compiler).quantifier,
		"none":   (*compiler).quantifier,
		"some":   (*compiler).quantifier,
		"merge":  plain(0, many, merge),
		"in":     (*compiler).in,

		"cat":         plain(0, many, cat),
		"substr":      plain(2, 3, substr),
		"log":         plain(1, 1, func(args []eval) eval { return args[0] }),
		"starts_with": affix(strings.HasPrefix),
		"ends_with":   affix(strings.HasSuffix),
		"sem_ver":     (*compiler).semver,
		"fractional":  (*compiler).fractional,
	}
}

// plain compiles an operator whose operands are always all computed.
func plain(least, most int, build func(args []eval) eval) compileFunc {
	return func(c *compiler, name string, operand any, at *place) node {
		operands, ok := c.operands(name, operand, at, least, most)
		if !ok {
			return nothing(at)
		}
		return node{eval: build(evals(operands))}.over(operands)
	}
}

func evals(operands []node) []eval {
	all := make([]eval, len(operands))
	for i, operand := range operands {
		all[i] = operand.eval
	}
	return all
}

// not compiles ! and !!.
func (c *compiler) not(name string, operand any, at *place) node {
	operands, ok := c.operands(name, operand, at, 1, 1)
	if !ok {
		return nothing(at)
	}
	test, want := operands[0].truth(), name == "!!"
	return tested(func(e *env) bool { return test(e) == want }).over(operands)
}

// equality compiles ==, === and their opposites.
func equality(are func(a, b value) bool, want bool) compileFunc {
	return func(c *compiler, name string, operand any, at *place) node {
		operands, ok := c.operands(name, operand, at, 2, 2)
		if !ok {
			return nothing(at)
		}
		a, b := operands[0], operands[1]
		if a.lit != nil {
			a, b = b, a
		}
		test := func(e *env) bool { return are(a.eval(e), b.eval(e)) == want }
		if b.lit != nil && b.lit.kind == text && a.str != nil {
			// What is no text may still equal one by ==.
			str, literal := a.str, b.lit.str
			test = func(e *env) bool {
				if s, ok := str(e); ok {
					return (s == literal) == want
				}
				return are(a.eval(e), *b.lit) == want
			}
		}
		return tested(test).over(operands)
	}
}

// comparison compares two values, or three in a chain.
func comparison(holds func(a, b value) bool) compileFunc {
	return func(c *compiler, name string, operand any, at *place) node {
		operands, ok := c.operands(name, operand, at, 2, 3)
		if !ok {
			return nothing(at)
		}
		args := evals(operands)
		test := func(e *env) bool { return holds(args[0](e), args[1](e)) }
		if len(args) == 3 {
			test = func(e *env) bool {
				middle := args[1](e)
				return holds(args[0](e), middle) && holds(middle, args[2](e))
			}
		}
		return tested(test).over(operands)
	}
}

// extreme is the Math.max or Math.min of ECMAScript.
func extreme(none float64, more func(a, b float64) float64) func(args []eval) eval {
	return func(args []eval) eval {
		return func(e *env) value {
			most := none
			for _, arg := range args {
				f := arg(e).toNumber()
				if math.IsNaN(f) || math.IsNaN(most) {
					most = math.NaN()
				} else {
					most = more(most, f)
				}
			}
			return numberValue(most)
		}
	}
}

// folded is + or *, which read text as parseFloat does.
func folded(combine func(a, b float64) float64, first float64) func(args []eval) eval {
	return func(args []eval) eval {
		return func(e *env) value {
			all := first
			for _, arg := range args {
				all = combine(all, arg(e).parseFloat())
			}
			return numberValue(all)
		}
	}
}

func minus(args []eval) eval {
	if len(args) == 2 {
		return arithmetic(func(a, b float64) float64 { return a - b })(args)
	}
	a := args[0]
	return func(e *env) value { return numberValue(-a(e).toNumber()) }
}

func arithmetic(compute func(a, b float64) float64) func(args []eval) eval {
	return func(args []eval) eval {
		a, b := args[0], args[1]
		return func(e *env) value { return numberValue(compute(a(e).toNumber(), b(e).toNumber())) }
	}
}

// cat puts texts together. Null is "".
func cat(args []eval) eval {
	return func(e *env) value {
		var buffer [128]byte // so that a usual text is copied once
		all := buffer[:0]
		for _, arg := range args {
			v := arg(e)
			if v.kind == null {
				continue
			}
			part := v.toText()
			if !e.spend(len(part)) {
				return value{}
			}
			all = append(all, part...)
		}
		return textValue(string(all))
	}
}

// substr is that of ECMAScript with a negative length, which leaves off that many
// characters of the end. It counts code points.
func substr(args []eval) eval {
	source, start := args[0], args[1]
	var length eval
	if len(args) == 3 {
		length = args[2]
	}
	return func(e *env) value {
		runes := []rune(source(e).toText())
		from := index(start(e).toNumber())
		if from < 0 {
			from = max(0, len(runes)+from)
		}
		runes = runes[min(from, len(runes)):]
		if length == nil {
			return textValue(string(runes))
		}
		n := index(length(e).toNumber())
		if n < 0 {
			n = max(0, len(runes)+n)
		}
		return textValue(string(runes[:min(n, len(runes))]))
	}
}

// index returns a number as an index: truncated, and 0 for NaN.
func index(f float64) int {
	switch {
	case math.IsNaN(f):
		return 0
	case f > MaxDefinition:
		return MaxDefinition
	case f < -MaxDefinition:
		return -MaxDefinition
	}
	return int(f)
}

// affix compiles starts_with and ends_with, which are null for what is no text.
func affix(has func(s, affix string) bool) compileFunc {
	return func(c *compiler, name string, operand any, at *place) node {
		operands, ok := c.operands(name, operand, at, 2, 2)
		if !ok {
			return nothing(at)
		}
		for i, o := range operands {
			if o.lit != nil && o.lit.kind != text {
				c.fault(at.element(i), "%s takes strings", name)
				return nothing(at)
			}
		}
		whole, part := operands[0].text(), operands[1].text()
		test := func(e *env) bool {
			a, ok := whole(e)
			if !ok {
				return false
			}
			b, ok := part(e)
			return ok && has(a, b)
		}
		if lit := operands[1].lit; lit != nil {
			literal := lit.str
			test = func(e *env) bool {
				a, ok := whole(e)
				return ok && has(a, literal)
			}
		}
		return node{
			eval: func(e *env) value {
				a, okA := whole(e)
				b, okB := part(e)
				if !okA || !okB {
					return value{}
				}
				return boolValue(has(a, b))
			},
			test: test,
		}.over(operands)
	}
}
