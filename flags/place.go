package flags

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
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
	d := json.NewDecoder(bytes.NewReader(definition))
	offset := start(definition, 0)
	for _, token := range strings.Split(pointer, "/")[1:] {
		next, ok := enter(d, definition, strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~"))
		if !ok {
			break
		}
		offset = next
	}
	before := definition[:min(offset, len(definition))]
	return 1 + bytes.Count(before, []byte{'\n'}), len(before) - bytes.LastIndexByte(before, '\n')
}

// start returns where the next value or name begins.
func start(definition []byte, offset int64) int {
	rest := definition[offset:]
	return len(definition) - len(bytes.TrimLeft(rest, " \t\r\n,:"))
}

// enter moves d, which is before a container, to before the member or element, and
// returns where that begins.
func enter(d *json.Decoder, definition []byte, token string) (offset int, ok bool) {
	opening, err := d.Token()
	if err != nil {
		return 0, false
	}
	for i := 0; d.More(); i++ {
		offset = start(definition, d.InputOffset())
		name := strconv.Itoa(i)
		if opening == json.Delim('{') {
			member, err := d.Token()
			if err != nil {
				return 0, false
			}
			name, _ = member.(string)
		}
		if name == token {
			return offset, true
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return 0, false
		}
	}
	return 0, false
}
