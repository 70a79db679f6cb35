package masking

import (
	"strings"
	"unicode/utf8"
)

const (
	// maxLine is the length of a line, in bytes, above which it is scanned in pieces.
	maxLine = 16 << 10
	// lookBack is how far before its start the scan of a line reads, in bytes.
	lookBack = 2 << 10
)

// scan is one pass over a text, line by line. Nothing that is found crosses a line,
// except a private key. Words that give context may be on the line before.
type scan struct {
	m     *engine
	text  string // up to the end of the line
	found []Finding
	first int  // the findings of this pass start here
	names bool // whether names are looked for

	pem      int // where a private key starts that does not end in the line, or -1
	pemSeen  int // up to where no last line of a private key is
	queryEnd int // where the query ends whose parameters have been seen

	contextAt int // the position of the last context that was asked for
	context   flags
	folded    [maxWord]byte
}

// segment scans the next line of text, from an offset. It returns where the line ends,
// or -1 when the line may go on after text: only when text is not final.
func (s *scan) segment(text string, from int, final bool) int {
	to := lineEnd(text, from)
	if to < 0 {
		if !final {
			return -1
		}
		to = len(text)
	}
	had := len(s.found)
	s.text, s.pem, s.queryEnd, s.contextAt = text[:to], -1, 0, -1
	s.line(from)
	if s.pem < 0 {
		return to
	}
	end := s.pemEnd(text, s.pem, final)
	if end < 0 {
		s.found = s.found[:had]
		return -1
	}
	if end == s.pem {
		return s.pem + len(pemBegin)
	}
	s.add(rulePrivateKey, s.pem, end)
	return end
}

// lineEnd returns the end of the line at from, or -1 when the text ends before.
func lineEnd(text string, from int) int {
	window := text[from:min(len(text), from+maxLine)]
	if i := strings.IndexByte(window, '\n'); i >= 0 {
		return from + i + 1
	}
	if len(window) < maxLine {
		return -1
	}
	if i := strings.LastIndexByte(window, ' '); i >= maxLine/2 {
		return from + i + 1
	}
	to := from + maxLine
	for n := 1; n < utf8.UTFMax && to < len(text) && !utf8.RuneStart(text[to]); n++ {
		to--
	}
	return to
}

func (s *scan) line(from int) {
	text, actions := s.text, &s.m.actions
	for i := from; i < len(text); {
		switch actions[text[i]] {
		case pass:
			i++
		case atDigit:
			i = s.digits(i)
		case atUpper:
			i = s.capital(i)
		case atHigh:
			i = s.high(i)
		case atAt:
			i = s.email(i)
		case atColon:
			i = s.colon(i)
		case atEquals:
			i = s.assigned(i)
		case atQuery:
			i = s.query(i)
		case atUnderscore:
			i = s.underscore(i)
		case atHyphen:
			i = s.hyphen(i)
		case atW:
			i = s.passwordWord(i)
		}
	}
}

// add keeps a finding, unless one that overlaps it is better.
func (s *scan) add(id ruleID, start, end int) {
	rule := &s.m.rules[id]
	if s.m.on&rule.bit == 0 {
		return
	}
	keep := len(s.found)
	for keep > s.first && s.found[keep-1].End > start {
		if old := &s.found[keep-1]; old.Start < end && !s.beats(id, end-start, old) {
			return
		}
		keep--
	}
	s.found = append(s.found[:keep], Finding{
		Entity: rule.Entity, Rule: rule.Name, Start: start, End: end, Score: rule.Score, rule: id,
	})
}

// beats reports whether a finding of a rule is better than an old one: it is longer, or
// has a higher score, or an entity that is earlier in the table.
func (s *scan) beats(id ruleID, length int, old *Finding) bool {
	rule := &s.m.rules[id]
	if n := old.End - old.Start; length != n {
		return length > n
	}
	if rule.Score != old.Score {
		return rule.Score > old.Score
	}
	return rule.bit < s.m.rules[old.rule].bit
}

// before returns the byte before i, or a line feed at the start of the text.
func (s *scan) before(i int) byte {
	if i <= 0 {
		return '\n'
	}
	return s.text[i-1]
}

// at returns the byte at i, or a line feed at the end of the text.
func (s *scan) at(i int) byte {
	if i >= len(s.text) {
		return '\n'
	}
	return s.text[i]
}

// wordEnd returns where the letters, digits and underscores from i on end.
func (s *scan) wordEnd(i int) int {
	for i < len(s.text) && (s.m.kinds[s.text[i]]&alnum != 0 || s.text[i] == '_') {
		i++
	}
	return i
}

// isWord reports whether a byte is a part of an identifier.
func isWord(c byte) bool { return isAlnum(c) || c == '_' }

// touches reports whether a byte before a candidate belongs to a word, or ends a
// placeholder, which stands for one.
func touches(c byte) bool { return isWord(c) || c == ']' }

// touchesAfter is touches for a byte after a candidate.
func touchesAfter(c byte) bool { return isWord(c) || c == '[' }

func firstRune(text string) int {
	_, size := utf8.DecodeRuneInString(text)
	return size
}
