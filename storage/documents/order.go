package documents

import (
	"strings"
)

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
