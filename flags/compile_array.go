package flags

import (
	"slices"
	"strings"
)

// loop compiles the operands of an operator that applies a rule to each element of a
// list. The list is computed outside of its scope, and so is what follows the rule.
func (c *compiler) loop(name string, operand any, at *place, operands int) (all []node, body node, ok bool) {
	if all, ok = c.operands(name, operand, at, operands, operands); !ok {
		return nil, node{}, false
	}
	return all, all[1], true
}

// each calls visit with the outcome of the rule for each element, until that returns
// false or the evaluation may take no more steps.
func (n node) each(e *env, items value, visit func(element, outcome value) bool) {
	outer := e.scope
	inner := scope{}
	for i := range items.length() {
		if !e.spend(n.size) {
			break
		}
		inner.element = e.at(items, i)
		e.scope = &inner
		if !visit(inner.element, n.eval(e)) {
			break
		}
	}
	e.scope = outer
}

func (c *compiler) mapping(name string, operand any, at *place) node {
	all, body, ok := c.loop(name, operand, at, 2)
	if !ok {
		return nothing(at)
	}
	items := all[0].eval
	return node{eval: func(e *env) value {
		mapped := []value{}
		body.each(e, items(e), func(_, outcome value) bool {
			mapped = append(mapped, outcome)
			return true
		})
		return listValue(mapped)
	}}.over(all)
}

func (c *compiler) filter(name string, operand any, at *place) node {
	all, body, ok := c.loop(name, operand, at, 2)
	if !ok {
		return nothing(at)
	}
	items := all[0].eval
	return node{eval: func(e *env) value {
		kept := []value{}
		body.each(e, items(e), func(element, outcome value) bool {
			if outcome.truthy() {
				kept = append(kept, element)
			}
			return true
		})
		return listValue(kept)
	}}.over(all)
}

// quantifier compiles all, none and some. All of an empty list is false.
func (c *compiler) quantifier(name string, operand any, at *place) node {
	all, body, ok := c.loop(name, operand, at, 2)
	if !ok {
		return nothing(at)
	}
	items, stopAt := all[0].eval, name != "all"
	return node{eval: func(e *env) value {
		elements := items(e)
		stopped := false
		body.each(e, elements, func(_, outcome value) bool {
			stopped = outcome.truthy() == stopAt
			return !stopped
		})
		switch name {
		case "all":
			return boolValue(!stopped && elements.length() > 0)
		case "some":
			return boolValue(stopped)
		}
		return boolValue(!stopped)
	}}.over(all)
}

func (c *compiler) reduce(name string, operand any, at *place) node {
	all, body, ok := c.loop(name, operand, at, 3)
	if !ok {
		return nothing(at)
	}
	items, initial := all[0].eval, all[2].eval
	return node{eval: func(e *env) value {
		elements, inner := items(e), scope{isReduce: true}
		inner.accumulator = initial(e)
		outer := e.scope
		for i := range elements.length() {
			if !e.spend(body.size) {
				break
			}
			inner.element = e.at(elements, i)
			e.scope = &inner
			inner.accumulator = body.eval(e)
		}
		e.scope = outer
		return inner.accumulator
	}}.over(all)
}

// merge puts lists together. What is no list is an element.
func merge(args []eval) eval {
	return func(e *env) value {
		merged := []value{}
		for _, arg := range args {
			v := arg(e)
			if v.kind != list {
				merged = append(merged, v)
				continue
			}
			if !e.spend(v.length()) {
				return value{}
			}
			for i := range v.length() {
				merged = append(merged, e.at(v, i))
			}
		}
		return listValue(merged)
	}
}

// manyElements is from how many elements on a literal list of texts is a table.
const manyElements = 8

// in compiles in: an element of a list, or a part of a text.
func (c *compiler) in(name string, operand any, at *place) node {
	operands, ok := c.operands(name, operand, at, 2, 2)
	if !ok {
		return nothing(at)
	}
	needle, hay := operands[0].eval, operands[1].eval
	n := tested(func(e *env) bool { return e.isIn(needle(e), hay(e)) })
	if lit := operands[1].lit; lit != nil && lit.kind == list {
		elements, _ := lit.ref.([]value)
		n = tested(func(e *env) bool { return slices.ContainsFunc(elements, needle(e).same) })
		if isOfTexts(elements) {
			n = tested(oneOf(elements, operands[0].text()))
		}
	}
	return n.over(operands)
}

// isIn is the indexOf of ECMAScript on a list or a text.
func (e *env) isIn(needle, hay value) bool {
	if hay.kind == text {
		return strings.Contains(hay.str, needle.toText())
	}
	for i := range hay.length() {
		if needle.same(e.at(hay, i)) {
			return true
		}
	}
	return false
}

func isOfTexts(elements []value) bool {
	return !slices.ContainsFunc(elements, func(v value) bool { return v.kind != text })
}

// oneOf reports whether a text is one of the elements, which are texts.
func oneOf(elements []value, needle func(e *env) (string, bool)) func(e *env) bool {
	all := make([]string, len(elements))
	for i, element := range elements {
		all[i] = element.str
	}
	if len(all) < manyElements {
		return func(e *env) bool {
			s, ok := needle(e)
			return ok && slices.Contains(all, s)
		}
	}
	table := make(map[string]struct{}, len(all))
	for _, s := range all {
		table[s] = struct{}{}
	}
	return func(e *env) bool {
		s, ok := needle(e)
		if ok {
			_, ok = table[s]
		}
		return ok
	}
}
