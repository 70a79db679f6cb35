package masking

import "strings"

const (
	contextWords = 6  // words
	contextBytes = 64 // bytes, without findings
)

// contextBefore returns of which entities the words before i are context, and counter
// when a word that counts things is right before i.
func (s *scan) contextBefore(i int) flags {
	if s.contextAt == i {
		return s.context
	}
	s.contextAt = i
	s.context = s.wordsBefore(i)
	return s.context
}

// walk goes back over the words before a position. A finding counts as one word that is
// context of its own entity, and so does a placeholder: a masked text has the context that
// the text had.
type walk struct {
	at       int // the start of the last word
	budget   int // bytes that may still be read
	next     int // the last finding that may be before
	isDirect bool
}

func (s *scan) wordsBefore(i int) flags {
	w := walk{at: i, budget: contextBytes, next: len(s.found) - 1, isDirect: true}
	found, isEvent := flags(0), false
	for range contextWords {
		end := s.wordEndBefore(&w)
		if end == 0 {
			break
		}
		if start, id := s.opaque(end, &w.next); start < end {
			if secretEntities.has(id) {
				break
			}
			found |= id.context()
			w.at, w.isDirect = start, false
			continue
		}
		f := s.wordBack(&w, end)
		if f&counter != 0 && w.isDirect && found == 0 {
			return counter
		}
		w.isDirect = w.isDirect && f&filler != 0
		isEvent = isEvent || f&event != 0 && found&birthID.context() == 0
		found |= f & anyContext
	}
	if isEvent {
		found &^= birthID.context()
	}
	return found
}

// wordEndBefore goes back to the end of a word, and returns it; 0 when there is none.
func (s *scan) wordEndBefore(w *walk) int {
	end := w.at
	for end > 0 && w.budget > 0 && !s.isLetterEnd(end) && s.text[end-1] != ']' && !s.endsFinding(end, &w.next) {
		if c := s.text[end-1]; c == '\n' || c == ',' || c == ';' || isDigit(c) {
			if c == '\n' && !s.isLabel(end-1) {
				return 0
			}
			w.isDirect = false
		}
		end--
		w.budget--
	}
	if w.budget == 0 {
		return 0
	}
	w.budget--
	return end
}

// wordBack goes back over the word that ends at end, and returns what it means.
func (s *scan) wordBack(w *walk, end int) flags {
	if s.text[end-1] == ']' {
		w.at = end - 1
		return filler
	}
	start, hasUpper := end, false // a capital inside
	for start > 0 && w.budget > 0 && s.isLetterEnd(start) && !s.endsFinding(start, &w.next) {
		hasUpper = hasUpper || start < end && isUpper(s.text[start])
		start--
		w.budget--
	}
	w.at = start
	f := flags(0)
	if (w.budget > 0 || start == 0) && (hasUpper || s.m.contexts.may(s, start)) {
		var word word
		switch word, f = s.lookUp(start); {
		case word.end < end:
			f = 0
		case f&counter != 0 && s.at(end) == '.' && strings.EqualFold(s.text[start:end], "port"):
			f = phoneID.context() // portable
		case f == 0 && word.upper > 0 && word.lower > 0:
			f = s.camelCase(start, end)
		}
	}
	if s.text[end-1] >= 0x80 {
		f |= ideographs(s.text[start:end])
	}
	return f
}

// camelCase returns what the parts of a word in camelCase mean.
func (s *scan) camelCase(start, end int) flags {
	found := flags(0)
	for i := start + 1; i <= end; i++ {
		if i < end && (!isUpper(s.text[i]) || isUpper(s.text[i-1])) {
			continue
		}
		w := foldWord(&s.folded, s.text[:i], start)
		if e := s.m.words.find(s.folded[:w.folded], w.hash); w.folded > 0 && e != nil {
			found |= e.flags & (anyContext | counter | filler)
		}
		start = i
	}
	if found&anyContext != 0 {
		found &^= counter
	}
	return found
}

// isLabel reports whether the line that ends at i ends with a colon, so that it speaks of
// the next one.
func (s *scan) isLabel(i int) bool {
	for n := 0; n < 8 && i > 0 && (s.text[i-1] == '\r' || s.text[i-1] == ' '); n++ {
		i--
	}
	return s.before(i) == ':'
}

// secretEntities are those over which no context reaches.
const secretEntities = 1<<urlCredentialsID | 1<<jwtID | 1<<credentialID | 1<<apiKeyID | 1<<passwordID | 1<<privateKeyID | entitySet(0)

// endsFinding reports whether a finding ends at i, or i is inside of one.
func (s *scan) endsFinding(i int, next *int) bool {
	for *next >= 0 && s.found[*next].Start >= i {
		*next--
	}
	return *next >= 0 && s.found[*next].End >= i
}

// opaque returns where the finding or the placeholder starts that ends at i, and its
// entity; i when there is none.
func (s *scan) opaque(i int, next *int) (int, entityID) {
	if s.endsFinding(i, next) {
		f := &s.found[*next]
		return f.Start, s.m.rules[f.rule].id
	}
	if s.text[i-1] != ']' {
		return i, 0
	}
	start, end := s.m.placeholderAround(s.text, i-1)
	if end != i {
		return i, 0
	}
	name, _, _ := strings.Cut(s.text[start+1:i-1], "#")
	for id := range nameID + 1 {
		if string(s.m.entities[id]) == name {
			return start, id
		}
	}
	return start, nameID + 1
}

// isLetterEnd reports whether the byte before i belongs to a word.
func (s *scan) isLetterEnd(i int) bool {
	c := s.text[i-1]
	return c|0x20-'a' < 26 || c >= 0x80
}

// contextNear returns the context before the first k groups or, without one, after them.
func (s *scan) contextNear(n *number, k int) flags {
	if before := s.contextBefore(n.from[0]); before != 0 {
		return before
	}
	return s.contextAfter(n.to[k-1])
}

// contextAfter returns of which entities the words right after i are context. A
// placeholder ends the search, as what it stands for does.
func (s *scan) contextAfter(i int) flags {
	found := flags(0)
	for n := 0; n < 3 && i < len(s.text); {
		if !s.isLetterEnd(i + 1) {
			switch s.text[i] {
			case ' ', ',', '(', ')', ';', ':', '"', '\'', '/', '#', '-', '*', '=':
				i++
				continue
			}
			break
		}
		w, f := s.lookUp(i)
		found |= f & anyContext
		i = max(w.end, i+1)
		n++
	}
	return found
}

// endsWithAny reports whether text ends with one of the words.
func endsWithAny(text, words string) bool {
	for word := range strings.FieldsSeq(words) {
		if strings.HasSuffix(text, word) {
			return true
		}
	}
	return false
}

// ideographs returns the context of words that no spaces separate.
func ideographs(text string) flags {
	found := flags(0)
	for word := range strings.FieldsSeq(phoneIdeographs) {
		if strings.Contains(text, word) {
			found |= phoneID.context()
		}
	}
	for word := range strings.FieldsSeq(birthIdeographs) {
		if strings.Contains(text, word) {
			found |= birthID.context()
		}
	}
	return found
}
