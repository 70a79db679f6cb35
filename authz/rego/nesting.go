package rego

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Deeper modules take OPA's parser and compiler exponential time.
const (
	maxBrackets       = 64
	maxComprehensions = 5 // in one another, or "|" between values in brackets
	maxTemplates      = 2 // template strings in one another
)

// bracket is one that is open. A template string is one as well.
type bracket struct {
	kind            byte // '(', '[', '{', or the quote of a template string
	isComprehension bool
	height          int // of the comprehensions in it
}

// nesting reads the brackets of a module.
type nesting struct {
	open      []bracket
	templates int
}

// checkNesting returns an error for a module of a tenant with too deep brackets,
// comprehensions or template strings. It does not parse: OPA does, afterwards.
func checkNesting(name, source string) error {
	var n nesting
	line, start := 1, 0
	for i := 0; i < len(source); {
		c := source[i]
		if c == '\n' {
			line, start = line+1, i+1
		}
		next, what := n.step(source, i)
		if what != "" {
			at := &ast.Location{File: name, Row: line, Col: i - start + 1}
			return ast.NewError(ast.ParseErr, at, "%s", what)
		}
		for j := i + 1; j < min(next, len(source)); j++ {
			if source[j] == '\n' {
				line, start = line+1, j+1
			}
		}
		i = next
	}
	return nil
}

func (n *nesting) inTemplate() bool {
	return len(n.open) > 0 && (n.top().kind == '"' || n.top().kind == '`')
}

func (n *nesting) top() *bracket { return &n.open[len(n.open)-1] }

// step reads what begins at i. It returns where the next begins, and what is wrong.
func (n *nesting) step(source string, i int) (next int, what string) {
	c := source[i]
	if n.inTemplate() {
		switch {
		case c == '\\':
			return i + 2, ""
		case c == n.top().kind:
			return i + 1, n.shut()
		case c == '{':
			return i + 1, n.push(c)
		}
		return i + 1, ""
	}
	switch c {
	case '#':
		for i < len(source) && source[i] != '\n' {
			i++
		}
		return i, ""
	case '$':
		if i+1 < len(source) && (source[i+1] == '"' || source[i+1] == '`') {
			return i + 2, n.push(source[i+1])
		}
	case '"', '`':
		for i++; i < len(source) && source[i] != c; i++ {
			if source[i] == '\\' && c == '"' {
				i++
			}
		}
	case '(', '[', '{':
		return i + 1, n.push(c)
	case ')', ']', '}':
		return i + 1, n.shut()
	case '|':
		if len(n.open) > 0 && n.top().kind != '(' {
			n.top().isComprehension = true
		}
	}
	return i + 1, ""
}

func (n *nesting) push(kind byte) string {
	n.open = append(n.open, bracket{kind: kind})
	if n.inTemplate() {
		n.templates++
	}
	switch {
	case len(n.open) > maxBrackets:
		return fmt.Sprintf("more than %d brackets are nested", maxBrackets)
	case n.templates > maxTemplates:
		return fmt.Sprintf("more than %d template strings are nested", maxTemplates)
	}
	return ""
}

func (n *nesting) shut() string {
	if len(n.open) == 0 {
		return ""
	}
	if n.inTemplate() {
		n.templates--
	}
	b := *n.top()
	n.open = n.open[:len(n.open)-1]
	if b.isComprehension {
		b.height++
	}
	if b.height > maxComprehensions {
		return fmt.Sprintf("more than %d comprehensions are nested", maxComprehensions)
	}
	if len(n.open) > 0 {
		n.top().height = max(n.top().height, b.height)
	}
	return ""
}
