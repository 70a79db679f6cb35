package documents

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// Within a key the bytes up to stringEscape of a string stand as stringEscape
// and a letter, which leaves stringEnd as the one byte before all others: it
// ends a string within an array. In JSON both have escapes of two bytes.
const (
	stringEnd    = '\b'
	stringEscape = '\t'
)

// listEnd ends an array, and an object or a member name within one. It sorts
// before the type of any element and before any byte of a name.
const listEnd = '!'

var errNotUTF8 = errors.New("documents: the value is not UTF-8")

// encoder reads JSON from in once and writes keys and projections to out.
type encoder struct {
	in     []byte
	pos    int
	out    []byte
	quoted bool // keys become the inside of JSON strings

	members []member // of all objects that are open
}

// member is where one member of an object stands in encoder.out.
type member struct {
	name, nameEnd, end int
}

// object writes the object at e.pos as a projection or, within an array, flat:
// each name, listEnd and the key of the value.
func (e *encoder) object(depth int, flat bool) error {
	if depth > maxNesting {
		return fmt.Errorf("documents: the value nests deeper than %d levels", maxNesting)
	}
	e.out = append(e.out, '{')
	e.pos++
	start, first := len(e.out), len(e.members)
	sorted := true
	for e.skipSpace(); e.peek() != '}'; {
		if !flat {
			e.out = append(e.out, '"')
		}
		m := member{name: len(e.out)}
		if err := e.memberName(); err != nil {
			return err
		}
		m.nameEnd = len(e.out)
		if err := e.memberValue(depth, flat); err != nil {
			return err
		}
		m.end = len(e.out)
		if sorted && len(e.members) > first {
			sorted = e.compareNames(e.members[len(e.members)-1], m) <= 0
		}
		e.members = append(e.members, m)

		if more, err := e.more('}'); err != nil {
			return err
		} else if !more {
			break
		}
		if e.peek() == '}' {
			return e.fault(e.pos)
		}
	}
	e.pos++
	if !sorted {
		e.sortMembers(start, e.members[first:], flat)
	}
	e.members = e.members[:first]
	switch {
	case flat:
		e.out = append(e.out, listEnd)
	case len(e.out) == start:
		e.out = append(e.out, '}')
	default:
		e.out[len(e.out)-1] = '}' // over the last comma
	}
	return nil
}

func (e *encoder) memberValue(depth int, flat bool) error {
	e.skipSpace()
	if e.peek() != ':' {
		return e.fault(e.pos)
	}
	e.pos++
	e.skipSpace()
	if flat {
		e.out = append(e.out, listEnd)
		return e.key(depth+1, true)
	}
	e.out = append(e.out, '"', ':')
	if e.peek() == '{' {
		if err := e.object(depth+1, false); err != nil {
			return err
		}
	} else {
		e.out = append(e.out, '"')
		if err := e.key(depth+1, false); err != nil {
			return err
		}
		e.out = append(e.out, '"')
	}
	e.out = append(e.out, ',')
	return nil
}

// sortMembers puts the members that fill out from start on into the order of
// their names.
func (e *encoder) sortMembers(start int, members []member, flat bool) {
	slices.SortStableFunc(members, e.compareNames)
	end := len(e.out)
	for _, m := range members {
		if !flat {
			m.name-- // the quote
		}
		e.out = append(e.out, e.out[m.name:m.end]...)
	}
	copy(e.out[start:], e.out[end:])
	e.out = e.out[:end]
}

func (e *encoder) compareNames(a, b member) int {
	return bytes.Compare(e.out[a.name:a.nameEnd], e.out[b.name:b.nameEnd])
}

// key writes the key of the value at e.pos. Nested means within an array, where
// every key must show its own end.
func (e *encoder) key(depth int, nested bool) error {
	switch e.peek() {
	case 'n':
		return e.literal([]byte("null"), tagNull)
	case 'f':
		return e.literal([]byte("false"), tagFalse)
	case 't':
		return e.literal([]byte("true"), tagTrue)
	case '"':
		e.out = append(e.out, tagString)
		if err := e.text(); err != nil {
			return err
		}
		if nested {
			e.put(stringEnd)
		}
		return nil
	case '[':
		return e.array(depth)
	case '{':
		return e.object(depth, true)
	}
	return e.number()
}

func (e *encoder) literal(word []byte, tag byte) error {
	if !bytes.HasPrefix(e.in[e.pos:], word) {
		return e.fault(e.pos)
	}
	e.pos += len(word)
	e.out = append(e.out, tag)
	return nil
}

func (e *encoder) array(depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("documents: the value nests deeper than %d levels", maxNesting)
	}
	e.out = append(e.out, tagArray)
	e.pos++
	for e.skipSpace(); e.peek() != ']'; {
		if err := e.key(depth+1, true); err != nil {
			return err
		}
		if more, err := e.more(']'); err != nil {
			return err
		} else if !more {
			break
		}
		if e.peek() == ']' {
			return e.fault(e.pos)
		}
	}
	e.pos++
	e.out = append(e.out, listEnd)
	return nil
}

// more steps over the comma after a member or element; it reports false at
// close.
func (e *encoder) more(closing byte) (bool, error) {
	e.skipSpace()
	switch e.peek() {
	case closing:
		return false, nil
	case ',':
		e.pos++
		e.skipSpace()
		return true, nil
	}
	return false, e.fault(e.pos)
}

// text writes the inside of the JSON string at e.pos.
func (e *encoder) text() error {
	e.pos++
	for start := e.pos; ; e.pos++ {
		e.pos += plainText(e.in[e.pos:])
		switch c := e.peek(); {
		case c == '"':
			e.out = append(e.out, e.in[start:e.pos]...)
			e.pos++
			return nil
		case c == '\\':
			e.out = append(e.out, e.in[start:e.pos]...)
			r, err := e.escape()
			if err != nil {
				return err
			}
			switch {
			case r <= stringEscape:
				e.put(stringEscape)
				e.out = append(e.out, 'A'+byte(r))
			case r < utf8.RuneSelf:
				e.put(byte(r))
			default:
				e.out = utf8.AppendRune(e.out, r)
			}
			start = e.pos
			e.pos--
		case c < ' ':
			return e.fault(e.pos)
		}
	}
}

// plainText returns how many bytes of a JSON string stand for themselves from
// the start of in on.
func plainText(in []byte) int {
	for i, c := range in {
		if c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return len(in)
}

// put writes one byte of a key.
func (e *encoder) put(c byte) {
	const digits = "0123456789abcdef"
	switch {
	case !e.quoted:
		e.out = append(e.out, c)
	case c == '"' || c == '\\':
		e.out = append(e.out, '\\', c)
	case c == stringEnd:
		e.out = append(e.out, '\\', 'b')
	case c == stringEscape:
		e.out = append(e.out, '\\', 't')
	case c < ' ':
		e.out = append(e.out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	default:
		e.out = append(e.out, c)
	}
}

// memberName writes the JSON string at e.pos as [EscapeName] does.
func (e *encoder) memberName() error {
	if e.peek() != '"' {
		return e.fault(e.pos)
	}
	start := len(e.out)
	for e.pos++; ; {
		switch c := e.peek(); {
		case c == '"':
			e.pos++
			if len(e.out) == start {
				e.out = append(e.out, '%')
			}
			return nil
		case c == '\\':
			r, err := e.escape()
			if err != nil {
				return err
			}
			var buf [utf8.UTFMax]byte
			for _, c := range utf8.AppendRune(buf[:0], r) {
				e.out = appendNameByte(e.out, c)
			}
		case c < ' ':
			return e.fault(e.pos)
		case plainNameByte(c):
			end := e.pos + 1
			for end < len(e.in) && plainNameByte(e.in[end]) {
				end++
			}
			e.out = append(e.out, e.in[e.pos:end]...)
			e.pos = end
		default:
			e.out = appendNameByte(e.out, c)
			e.pos++
		}
	}
}

// escape reads the escape at e.pos (RFC 8259 section 7). Half a surrogate pair
// is U+FFFD, as encoding/json has it.
func (e *encoder) escape() (rune, error) {
	at := e.pos
	e.pos += 2
	if e.pos > len(e.in) {
		return 0, e.fault(at)
	}
	switch c := e.in[at+1]; c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		r := e.hex4(at + 2)
		if r < 0 {
			return 0, e.fault(at)
		}
		e.pos = at + 6
		if !utf16.IsSurrogate(r) {
			return r, nil
		}
		if e.pos+1 < len(e.in) && e.in[e.pos] == '\\' && e.in[e.pos+1] == 'u' {
			if pair := utf16.DecodeRune(r, e.hex4(e.pos+2)); pair != utf8.RuneError {
				e.pos += 6
				return pair, nil
			}
		}
		return utf8.RuneError, nil
	}
	return 0, e.fault(at)
}

// hex4 returns the four hexadecimal digits at i, or -1.
func (e *encoder) hex4(i int) rune {
	if i+4 > len(e.in) {
		return -1
	}
	var r rune
	for _, c := range e.in[i : i+4] {
		v := hexValue(c)
		if v > 15 {
			return -1
		}
		r = r<<4 | rune(v)
	}
	return r
}

func (e *encoder) skipSpace() {
	for e.pos < len(e.in) {
		switch e.in[e.pos] {
		case ' ', '\t', '\n', '\r':
			e.pos++
		default:
			return
		}
	}
}

// peek returns the byte at e.pos, or NUL, which no JSON holds, at the end.
func (e *encoder) peek() byte {
	if e.pos < len(e.in) {
		return e.in[e.pos]
	}
	return 0
}

// end checks that nothing follows the value.
func (e *encoder) end() error {
	if e.skipSpace(); e.pos < len(e.in) {
		return e.fault(e.pos)
	}
	return nil
}

func (e *encoder) fault(at int) error {
	if at >= len(e.in) {
		return errors.New("documents: the value is not JSON: it ends too early")
	}
	return fmt.Errorf("documents: the value is not JSON at byte %d", at)
}
