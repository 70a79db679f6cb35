package flags

import (
	"strconv"
	"strings"

	"github.com/cpodkit/cpodkit/internal/strictjson"
)

// place is where a value is in a definition. Nil is the whole definition.
type place struct {
	parent *place
	name   string // of a member
	index  int    // of an element, when isElement
	isElem bool
}

func (p *place) member(name string) *place { return &place{parent: p, name: name} }

func (p *place) element(i int) *place { return &place{parent: p, index: i, isElem: true} }

// token returns the last reference token (RFC 6901 section 3).
func (p *place) token() string {
	if p.isElem {
		return strconv.Itoa(p.index)
	}
	return strings.ReplaceAll(strings.ReplaceAll(p.name, "~", "~0"), "/", "~1")
}

// pointer returns the JSON pointer of the place.
func (p *place) pointer() string {
	if p == nil {
		return ""
	}
	return p.parent.pointer() + "/" + p.token()
}

// Position returns the line and the column in which the value at a JSON pointer begins,
// or the name of the member when it has one. Both count from 1; a column is a byte. For a
// pointer that leads nowhere they are those of the last value on the way.
func Position(definition []byte, pointer string) (line, column int) {
	return strictjson.Position(definition, pointer)
}
