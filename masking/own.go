package masking

import "strings"

const (
	tokenPrefix = "tok_"
	tokenLength = len(tokenPrefix) + 26
	hashDigits  = 16
	// maxOwn is more than the length of the longest placeholder, hash or token, in bytes.
	maxOwn = maxEntity + hashDigits + len("[#]") + 1
)

// isOwn reports whether a text is what this package puts in: a placeholder, a hash or a
// token.
func (m *engine) isOwn(text string) bool { return text != "" && m.ownEnd(text) == len(text) }

// ownEnd returns where the placeholder, hash or token ends that text starts with, or 0.
func (m *engine) ownEnd(text string) int {
	switch {
	case text == "":
		return 0
	case text[0] == 't':
		return tokenEnd(text)
	case text[0] != '[':
		return 0
	}
	end := 1
	for end < len(text) && end <= maxEntity+1 && isWord(text[end]) {
		end++
	}
	name := text[1:end]
	if end+1+hashDigits < len(text) && text[end] == '#' {
		for _, c := range []byte(text[end+1 : end+1+hashDigits]) {
			if !isDigit(c) && c-'a' >= 6 {
				return 0
			}
		}
		end += 1 + hashDigits
	}
	if end == len(text) || text[end] != ']' || !m.knows(name) {
		return 0
	}
	return end + 1
}

// knows reports whether a name is that of an entity, or of a field's placeholder.
func (m *engine) knows(name string) bool {
	return isEntity(name) || name == string(maskedEntity) || m.custom != nil && m.custom.knows(name)
}

func tokenEnd(text string) int {
	if len(text) < tokenLength || !strings.HasPrefix(text, tokenPrefix) {
		return 0
	}
	for _, c := range []byte(text[len(tokenPrefix):tokenLength]) {
		if c-'a' >= 26 && c-'2' >= 6 {
			return 0
		}
	}
	return tokenLength
}

// placeholderAround returns where the placeholder, hash or token starts and ends that has the
// bytes before and after i; zeros when there is none.
func (m *engine) placeholderAround(text string, i int) (int, int) {
	if i == 0 || i == len(text) || !isOwnByte(text[i-1]) && text[i-1] != '[' || !isOwnByte(text[i]) && text[i] != ']' {
		return 0, 0
	}
	from := i
	for from > 0 && i-from < maxOwn && isOwnByte(text[from-1]) {
		from--
	}
	if from > 0 && text[from-1] == '[' {
		if end := from - 1 + m.ownEnd(text[from-1:]); end > i {
			return from - 1, end
		}
	}
	from = max(from, i-tokenLength+1)
	if at := strings.LastIndex(text[from:min(len(text), i+len(tokenPrefix)-1)], tokenPrefix); at >= 0 && from+at < i {
		if end := from + at + tokenEnd(text[from+at:]); end > i {
			return from + at, end
		}
	}
	return 0, 0
}

// isOwnByte reports whether a byte may be inside of a placeholder, a hash or a token.
func isOwnByte(c byte) bool { return isWord(c) || c == '#' }
