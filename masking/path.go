package masking

import (
	"slices"
	"strconv"
	"strings"
)

// path says which values are fields by where they are.
type path struct {
	segments []segment
	dotted   string // instead of segments: names with dots between them, from the root
	field    *fieldMask
}

// segment is a step of a JSONPath (RFC 9535, section 2.5).
type segment struct {
	isDeep bool // at any depth
	isAny  bool // any child
	name   string
	index  int // -1 for a name
}

// parsePath reads a JSONPath of $, .name, ['name'], ["name"], [0], [*], .* and each of them
// after "..". It says what is wrong with one.
func parsePath(text string) ([]segment, string) {
	const fault = `is not a path: $ and then .name, ['name'], [0], [*], .* or ..name`
	rest, ok := strings.CutPrefix(text, "$")
	if !ok || len(text) > maxPattern {
		return nil, fault
	}
	var segments []segment
	for rest != "" {
		s := segment{index: -1}
		switch {
		case strings.HasPrefix(rest, ".."):
			s.isDeep = true
			if rest = rest[1:]; strings.HasPrefix(rest, ".[") {
				rest = rest[1:]
			}
		case rest[0] != '.' && rest[0] != '[':
			return nil, fault
		}
		read := s.dot
		if rest[0] == '[' {
			read = s.bracket
		}
		n := read(rest)
		if n == 0 {
			return nil, fault
		}
		segments, rest = append(segments, s), rest[n:]
	}
	return segments, ""
}

// dot reads .name or .*, and returns its length, or 0.
func (s *segment) dot(text string) int {
	n := 1
	for n < len(text) && (isWord(text[n]) || text[n] == '-' || text[n] >= 0x80) {
		n++
	}
	if s.name = text[1:n]; s.name != "" {
		return n
	}
	if strings.HasPrefix(text, ".*") {
		s.isAny = true
		return 2
	}
	return 0
}

// bracket reads ['name'], [0] or [*], and returns its length, or 0.
func (s *segment) bracket(text string) int {
	if strings.HasPrefix(text, "[*]") {
		s.isAny = true
		return 3
	}
	if len(text) > 1 && (text[1] == '\'' || text[1] == '"') {
		return s.quoted(text)
	}
	digits, _, ok := strings.Cut(text[1:], "]")
	index, err := strconv.Atoi(digits)
	if !ok || err != nil || strconv.Itoa(index) != digits || index < 0 {
		return 0
	}
	s.index = index
	return len(digits) + 2
}

// quoted reads ['name'], in which a backslash is before a quote or a backslash.
func (s *segment) quoted(text string) int {
	var name strings.Builder
	for i := 2; i < len(text); i++ {
		switch c := text[i]; c {
		case text[1]:
			if !strings.HasPrefix(text[i:], text[1:2]+"]") {
				return 0
			}
			s.name = name.String()
			return i + 2
		case '\\':
			if i++; i == len(text) || text[i] != '\\' && text[i] != text[1] {
				return 0
			}
			name.WriteByte(text[i])
		default:
			name.WriteByte(c)
		}
	}
	return 0
}

// progress is how far a path has been followed: so many segments, or bytes of a dotted path.
type progress struct {
	path *path
	at   int
}

// starts returns the places of the root, and the field when the root is one.
func (c *compiled) starts(places []progress) ([]progress, *fieldMask) {
	var found *fieldMask
	for i := range c.paths {
		p := &c.paths[i]
		if p.dotted == "" && len(p.segments) == 0 {
			if found == nil {
				found = p.field
			}
			continue
		}
		places = append(places, progress{path: p})
	}
	return places, found
}

// child appends the places of a child of what has the places from..to. It returns the field
// when the child is one: of several paths that of the first one. index is -1 for a member.
func child(places []progress, from, to int, name string, index int) ([]progress, *fieldMask) {
	var found *fieldMask
	first := len(places)
	add := func(p progress) {
		if !slices.Contains(places[first:], p) {
			places = append(places, p)
		}
	}
	match := func(p *path) {
		if found == nil {
			found = p.field
		}
	}
	for i := from; i < to; i++ {
		p := places[i]
		if p.path.dotted != "" {
			rest := p.path.dotted[p.at:]
			switch {
			case index >= 0:
				add(p)
			case rest == name:
				match(p.path)
			case strings.HasPrefix(rest, name) && rest[len(name)] == '.':
				add(progress{p.path, p.at + len(name) + 1})
			}
			continue
		}
		s := &p.path.segments[p.at]
		if s.isDeep {
			add(p)
		}
		if !s.isAny && (s.index != index || s.name != name) {
			continue
		}
		if p.at+1 == len(p.path.segments) {
			match(p.path)
		} else {
			add(progress{p.path, p.at + 1})
		}
	}
	return places, found
}
