package documents

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Path leads to a value within a document: member names, from the outside in, at
// least one. A name may be empty. It does not enter arrays.
type Path []string

// Limits of [ParsePath].
const (
	MaxPathLen   = 1 << 10 // bytes
	MaxPathDepth = 64      // names
)

// ParsePath reads a dotted path such as "address.city". In a name `\.` is a dot
// and `\\` a backslash. A name may be empty: "packages..version", and "" is the
// member with the empty name. A path with another escape, that is not UTF-8, or that
// is over [MaxPathLen] or [MaxPathDepth] is an error, whose text is fit for a client.
func ParsePath(s string) (Path, error) {
	if len(s) > MaxPathLen {
		return nil, fmt.Errorf("the path has %d bytes; at most %d are allowed", len(s), MaxPathLen)
	}
	if !utf8.ValidString(s) {
		return nil, errors.New("the path is not UTF-8")
	}
	if n := strings.Count(s, ".") + 1; n <= MaxPathDepth && !strings.Contains(s, `\`) {
		path := Path(strings.Split(s, "."))
		return path, path.check()
	}
	var path Path
	var name strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			path = append(path, name.String())
			name.Reset()
		case c != '\\':
			name.WriteByte(c)
		case i+1 < len(s) && (s[i+1] == '.' || s[i+1] == '\\'):
			i++
			name.WriteByte(s[i])
		default:
			return nil, errors.New(`a backslash in a path stands before a dot or a backslash only`)
		}
	}
	path = append(path, name.String())
	return path, path.check()
}

func (p Path) check() error {
	if len(p) > MaxPathDepth {
		return fmt.Errorf("the path has %d names; at most %d are allowed", len(p), MaxPathDepth)
	}
	return nil
}

// checkGiven returns what is wrong with a path that comes as a Go value.
func (p Path) checkGiven() error {
	if len(p) == 0 {
		return errors.New("the path has no name")
	}
	_, err := ParsePath(p.String())
	return err
}

// String returns the path as [ParsePath] reads it.
func (p Path) String() string {
	escape := strings.NewReplacer(`\`, `\\`, `.`, `\.`)
	names := make([]string, len(p))
	for i, name := range p {
		names[i] = escape.Replace(name)
	}
	return strings.Join(names, ".")
}

func appendNameByte(out []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	if plainNameByte(c) {
		return append(out, c)
	}
	return append(out, '%', digits[c>>4], digits[c&15])
}

func plainNameByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '_' || c == '-'
}
