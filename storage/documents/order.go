package documents

import (
	"strings"
	"unicode/utf8"
)

// SortKey is a JSON value as text whose bytes sort as the value does: missing,
// null, false, true, numbers, strings (by their UTF-8 bytes), arrays, objects.
// Two values have the same key exactly when they are equal: 1, 1.0 and 10e-1
// are one number of whatever size, and the order of an object's members does
// not count. Arrays compare element by element; objects have some fixed order.
//
// A key is UTF-8 without NUL. "" is the key of what is missing. The first byte
// is the type, so that each type is one range of keys.
type SortKey string

// The first byte of a key. A key of an object is its projection, which begins
// with a brace.
const (
	tagNull   = '1'
	tagFalse  = '2'
	tagTrue   = '3'
	tagNumber = '4'
	tagString = '5'
	tagArray  = '6'
	tagObject = '{'
)

// maxNesting keeps the recursion of the encoder bounded whatever it is given. The
// limit for documents is lower, and checked by the portable type.
const maxNesting = 256

// KeyOf returns the key of one JSON value, such as the operand of a condition.
// It fails when raw is not one JSON value in UTF-8.
func KeyOf(raw []byte) (SortKey, error) {
	if !utf8.Valid(raw) {
		return "", errNotUTF8
	}
	e := encoder{in: raw, out: make([]byte, 0, len(raw)+len(raw)/4+16)}
	e.skipSpace()
	var err error
	if e.peek() == '{' {
		e.quoted = true
		err = e.object(0, false)
	} else {
		err = e.key(0, false)
	}
	if err == nil {
		err = e.end()
	}
	if err != nil {
		return "", err
	}
	return SortKey(e.out), nil
}

// TypeRange returns the bounds of the keys of k's type, for a Range within it:
// low <= every key of the type < high. The booleans are one type. It returns
// two empty keys when k is "".
func (k SortKey) TypeRange() (low, high SortKey) {
	if k == "" {
		return "", ""
	}
	switch tag := k[0]; tag {
	case tagFalse, tagTrue:
		return SortKey(tagFalse), SortKey(tagTrue + 1)
	default:
		return SortKey(tag), SortKey(tag + 1)
	}
}

// Projection is what of a document can be filtered and sorted by: a tree of
// JSON objects with the members of the document, whose names are those of
// [EscapeName], in the order of these names, and whose leaves, strings, are the
// keys of everything else (an array is a leaf). It is the one form for every
// driver, so the key of an object in it is its own JSON text.
//
// The projection of a document that is not an object is the zero value, in
// which no path finds anything.
type Projection struct {
	json string
}

// Project returns the projection of value. It fails when value is not one JSON
// value in UTF-8.
func Project(value []byte) (Projection, error) {
	if !utf8.Valid(value) {
		return Projection{}, errNotUTF8
	}
	e := encoder{in: value, quoted: true}
	e.skipSpace()
	if e.peek() != '{' {
		if err := e.key(0, false); err != nil {
			return Projection{}, err
		}
		return Projection{}, e.end()
	}
	e.out = make([]byte, 0, len(value)+len(value)/2+16)
	e.members = make([]member, 0, 16)
	if err := e.object(0, false); err != nil {
		return Projection{}, err
	}
	if err := e.end(); err != nil {
		return Projection{}, err
	}
	return Projection{string(e.out)}, nil
}

// JSON returns the projection as compact JSON, or nil when it is the zero value.
func (p Projection) JSON() []byte {
	if p.json == "" {
		return nil
	}
	return []byte(p.json)
}

// At returns the key of what stands at path, "" when nothing does.
func (p Projection) At(path Path) SortKey { return p.at(path.Escaped()) }

// at takes the names as [EscapeName] returns them.
func (p Projection) at(names []string) SortKey {
	s, i := p.json, 0
	for _, name := range names {
		if i = findMember(s, i, name); i < 0 {
			return ""
		}
	}
	if s == "" {
		return ""
	}
	end := skipValue(s, i)
	if s[i] == '{' {
		return SortKey(s[i:end])
	}
	return unquote(s[i+1 : end-1])
}

// findMember returns where the value of a member of the object at s[i] begins,
// or -1.
func findMember(s string, i int, name string) int {
	if s == "" || s[i] != '{' {
		return -1
	}
	for i++; s[i] == '"'; {
		i++
		start := i
		for s[i] != '"' { // a name holds nothing that is escaped
			i++
		}
		found := s[start:i]
		i += len(`":`)
		if found >= name {
			if found == name {
				return i
			}
			return -1
		}
		if i = skipValue(s, i); s[i] == ',' {
			i++
		}
	}
	return -1
}

// skipValue returns where the value at s[i] ends.
func skipValue(s string, i int) int {
	for depth := 0; ; i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			depth--
		case '"':
			i = closingQuote(s, i+1)
		}
		if depth == 0 {
			return i + 1
		}
	}
}

// closingQuote returns where the quote is that ends the string whose inside
// begins at s[i].
func closingQuote(s string, i int) int {
	for {
		i += strings.IndexByte(s[i:], '"')
		escapes := 0
		for s[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
		i++
	}
}

// unquote undoes what encoder.put does to a quoted key.
func unquote(s string) SortKey {
	if strings.IndexByte(s, '\\') < 0 {
		return SortKey(s)
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			out = append(out, stringEnd)
		case 't':
			out = append(out, stringEscape)
		case 'u':
			out = append(out, hexValue(s[i+3])<<4|hexValue(s[i+4]))
			i += 4
		default:
			out = append(out, s[i])
		}
	}
	return SortKey(out)
}

func hexValue(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xFF
}
