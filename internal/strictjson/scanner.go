package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// scanner walks through valid JSON, and keeps where it is for the faults.
type scanner struct {
	data   []byte
	pos    int
	path   []step
	names  names
	faults []Fault
}

// step is one level of the path: a member's name, or an index.
type step struct {
	name  []byte // nil for an index
	index int
}

// peek moves to the next value and returns its first byte.
func (s *scanner) peek() byte {
	for {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.pos++
		default:
			return c
		}
	}
}

// quoted returns the bytes of the next string.
func (s *scanner) quoted() []byte {
	start := s.pos
	for s.pos++; s.data[s.pos] != '"'; s.pos++ {
		if s.data[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
	return s.data[start:s.pos]
}

// scalar returns the bytes of the next value, which is no container. It reports a
// string that is not text.
func (s *scanner) scalar() []byte {
	start := s.pos
	if s.data[start] == '"' {
		text := s.quoted()
		if hasLoneSurrogate(text) {
			s.fault(loneSurrogate)
		}
		return text
	}
	for ; s.pos < len(s.data); s.pos++ {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n', ',', ']', '}':
			return s.data[start:s.pos]
		}
	}
	return s.data[start:]
}

// check walks over the next value and returns its bytes. It reports repeated
// members and strings that are not text, and fails where arrays and objects nest too
// deep.
func (s *scanner) check(depth int) ([]byte, error) {
	kind := s.peek()
	start := s.pos
	var err error
	switch kind {
	case '{':
		err = s.object(depth, func([]byte) error {
			_, err := s.check(depth + 1)
			return err
		})
	case '[':
		err = s.array(depth, func() error {
			_, err := s.check(depth + 1)
			return err
		})
	default:
		s.scalar()
	}
	return s.data[start:s.pos:s.pos], err
}

// object calls each at the value of every member. A repeated name is a fault, and so
// is one that is not text.
func (s *scanner) object(depth int, each func(name []byte) error) error {
	if depth >= MaxDepth {
		return errTooDeep
	}
	s.pos++
	scope := s.names.open()
	defer s.names.close(scope)
	for s.peek() != '}' {
		name := s.quoted()
		lone := hasLoneSurrogate(name)
		if bytes.IndexByte(name, '\\') < 0 {
			name = name[1 : len(name)-1]
		} else {
			name = []byte(unquote(name))
		}
		s.peek()
		s.path = append(s.path, step{name: name})
		var err error
		switch {
		case lone:
			s.fault("has a name that " + loneSurrogate)
			_, err = s.check(depth + 1)
		case s.names.add(&scope, name):
			err = each(name)
		default:
			s.fault("stands more than once")
			_, err = s.check(depth + 1)
		}
		s.path = s.path[:len(s.path)-1]
		if err != nil {
			return err
		}
	}
	s.pos++
	return nil
}

// array calls each at every element.
func (s *scanner) array(depth int, each func() error) error {
	if depth >= MaxDepth {
		return errTooDeep
	}
	s.pos++
	at := len(s.path)
	s.path = append(s.path, step{})
	for s.peek() != ']' {
		if err := each(); err != nil {
			return err
		}
		s.path[at].index++
	}
	s.path = s.path[:at]
	s.pos++
	return nil
}

// fault notes what is wrong at the path.
func (s *scanner) fault(detail string) {
	if len(s.faults) == maxFaults {
		return
	}
	var pointer strings.Builder
	for _, p := range s.path {
		pointer.WriteByte('/')
		if p.name == nil {
			pointer.WriteString(strconv.Itoa(p.index))
		} else {
			pointer.WriteString(escape(string(p.name)))
		}
		if pointer.Len() > maxPointer {
			s.faults = append(s.faults, Fault{strings.ToValidUTF8(pointer.String()[:maxPointer], "") + "…", detail})
			return
		}
	}
	s.faults = append(s.faults, Fault{pointer.String(), detail})
}

// escape makes a member name a reference token (RFC 6901 section 3).
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

var errTooDeep = fmt.Errorf("it nests deeper than %d levels", MaxDepth)

// unquote returns the text of a valid JSON string.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	// A valid string can always be decoded.
	_ = json.Unmarshal(quoted, &text)
	return text
}

// names are the member names of the objects that are open, for all of them in
// one slice; an object with many members gets a map.
type names struct{ list [][]byte }

// fewNames is how many names are compared one by one.
const fewNames = 16

type scope struct {
	first int
	many  map[string]struct{}
}

func (n *names) open() scope { return scope{first: len(n.list)} }

func (n *names) close(s scope) { n.list = n.list[:s.first] }

// add reports whether name is new in the scope.
func (n *names) add(s *scope, name []byte) bool {
	if s.many != nil {
		if _, again := s.many[string(name)]; again {
			return false
		}
		s.many[string(name)] = struct{}{}
		return true
	}
	for _, other := range n.list[s.first:] {
		if bytes.Equal(other, name) {
			return false
		}
	}
	n.list = append(n.list, name)
	if len(n.list)-s.first > fewNames {
		s.many = map[string]struct{}{}
		for _, other := range n.list[s.first:] {
			s.many[string(other)] = struct{}{}
		}
	}
	return true
}
