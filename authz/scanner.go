package authz

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects of a token may nest.
const maxDepth = 64

// scanner checks JSON in one pass.
type scanner struct {
	data  string
	pos   int
	names []string // of the objects that are open
}

// scanObject returns the members of an object: see [scanner.members].
func scanObject(data string) (members, bool) {
	var s scanner
	return s.members(data, nil)
}

// members appends the members of a JSON object to into. It is false for anything but
// one object (RFC 8259), and for what two readers could read as two different things:
// text that is not UTF-8, half of a surrogate pair, and a member that stands twice, also
// deeper within.
func (s *scanner) members(data string, into members) (members, bool) {
	if !utf8.ValidString(data) {
		return into, false
	}
	s.data, s.pos, s.names = data, 0, s.names[:0]
	if s.space(); s.peek() != '{' {
		return into, false
	}
	ok := s.object(0, func(name string, v value) bool {
		into = append(into, member{name, v})
		return true
	})
	if !ok {
		return into, false
	}
	s.space()
	return into, s.pos == len(data)
}

// peek returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// value checks the next value, after spaces. The depth is that of the containers around
// it.
func (s *scanner) value(depth int) (value, bool) {
	s.space()
	start := s.pos
	var ok bool
	switch s.peek() {
	case '"':
		ok = s.text()
	case '{':
		ok = s.object(depth, nil)
	case '[':
		ok = s.array(depth, nil)
	case 't':
		ok = s.word("true")
	case 'f':
		ok = s.word("false")
	case 'n':
		ok = s.word("null")
	default:
		ok = s.number()
	}
	if !ok {
		return "", false
	}
	return value(s.data[start:s.pos]), true
}

func (s *scanner) word(word string) bool {
	if !strings.HasPrefix(s.data[s.pos:], word) {
		return false
	}
	s.pos += len(word)
	return true
}

func (s *scanner) number() bool {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return false
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return false
		}
	}
	if s.peek()|0x20 == 'e' {
		s.pos++
		if sign := s.peek(); sign == '+' || sign == '-' {
			s.pos++
		}
		return s.digits()
	}
	return true
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}

// text checks a string.
func (s *scanner) text() bool {
	for s.pos++; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return true
		case c < 0x20:
			return false
		case c == '\\':
			if !s.escape() {
				return false
			}
		}
	}
	return false
}

// escape checks an escape, and both halves of a surrogate pair. It ends at its last byte.
func (s *scanner) escape() bool {
	s.pos++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
	default:
		return false
	}
	unit, ok := s.unit()
	if !ok || unit < 0xd800 || unit > 0xdfff {
		return ok
	}
	if unit > 0xdbff || !strings.HasPrefix(s.data[s.pos+1:], `\u`) {
		return false
	}
	s.pos += 2
	unit, ok = s.unit()
	return ok && unit >= 0xdc00 && unit <= 0xdfff
}

// unit reads the four hexadecimal digits after \u, and ends at the last one.
func (s *scanner) unit() (unit rune, ok bool) {
	for range 4 {
		s.pos++
		c := s.peek()
		switch {
		case '0' <= c && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}

// array checks an array, and calls each with its elements until that returns false.
func (s *scanner) array(depth int, each func(value) bool) bool {
	if depth >= maxDepth {
		return false
	}
	s.pos++
	if s.space(); s.peek() == ']' {
		s.pos++
		return true
	}
	for {
		v, ok := s.value(depth + 1)
		if !ok {
			return false
		}
		if each != nil && !each(v) {
			return true
		}
		if done, ok := s.next(']'); done || !ok {
			return ok
		}
	}
}

// object checks an object, and calls each with its members until that returns false.
func (s *scanner) object(depth int, each func(name string, v value) bool) bool {
	if depth >= maxDepth {
		return false
	}
	s.pos++
	if s.space(); s.peek() == '}' {
		s.pos++
		return true
	}
	first := len(s.names)
	var many map[string]struct{}
	for {
		name, ok := s.name(first, &many)
		if !ok {
			return false
		}
		v, ok := s.value(depth + 1)
		if !ok {
			return false
		}
		if each != nil && !each(name, v) {
			return true
		}
		if done, ok := s.next('}'); done || !ok {
			s.names = s.names[:first]
			return ok
		}
	}
}

// fewNames is how many names are compared one by one. An object with more gets a map, so
// that a hostile one does not take the square of its length.
const fewNames = 24

// name reads a member's name and its colon. It is false for a name that was there.
func (s *scanner) name(first int, many *map[string]struct{}) (string, bool) {
	s.space()
	start := s.pos
	if s.peek() != '"' || !s.text() {
		return "", false
	}
	name, _ := value(s.data[start:s.pos]).text()
	if s.space(); s.peek() != ':' {
		return "", false
	}
	s.pos++
	if *many == nil {
		if slices.Contains(s.names[first:], name) {
			return "", false
		}
		if len(s.names)-first < fewNames {
			s.names = append(s.names, name)
			return name, true
		}
		*many = make(map[string]struct{}, 2*fewNames)
		for _, other := range s.names[first:] {
			(*many)[other] = struct{}{}
		}
	}
	if _, again := (*many)[name]; again {
		return "", false
	}
	(*many)[name] = struct{}{}
	return name, true
}

// next reads what follows an element: a comma, or the end.
func (s *scanner) next(end byte) (done, ok bool) {
	s.space()
	c := s.peek()
	if c != end && c != ',' {
		return false, false
	}
	s.pos++
	return c == end, true
}
