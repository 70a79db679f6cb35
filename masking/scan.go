package masking

import (
	"strings"
	"unicode/utf8"
)

const (
	// maxLine is the length of a line, in bytes, above which it is scanned in pieces.
	maxLine = 16 << 10
	// cutSlack is how many bytes after maxLine the space may be at which a long line is cut.
	cutSlack = 1 << 10
	// lookBack is how far before its start the scan of a line reads, in bytes.
	lookBack = 2 << 10
)

// scan is one pass over a part of a text. Nothing that is found crosses a line, except a
// private key. Words that give context may be on the line before.
type scan struct {
	m     *engine
	text  string // up to the end of the part
	found []Finding
	names bool // whether names are looked for

	pem      int // where a private key starts that does not end in the line, or -1
	queryEnd int // where the query ends whose parameters have been seen

	contextAt int // the position of the last context that was asked for
	context   flags
	folded    [maxWord]byte
}

// segment scans text between two offsets, and finds what ends before the second one, or a
// private key. It reports false when it must know more of the text, which is not final.
func (s *scan) segment(text string, from, to int, names, final bool) bool {
	s.text, s.found, s.queryEnd, s.contextAt = text[:to], s.found[:0], 0, -1
	s.names = names && s.m.on.has(nameID)
	first := from
	for {
		s.pem = -1
		s.line(from)
		if s.pem < 0 {
			s.customs(first, to)
			return true
		}
		end := pemEnd(text, s.pem, final)
		if end < 0 {
			return false
		}
		if end > s.pem {
			s.add(rulePrivateKey, s.pem, end)
			s.customs(first, to)
			return true
		}
		from = s.pem + len(pemBegin)
	}
}

// lineEnd returns the end of the line at from, or of its first piece when it has more than
// limit bytes; -1 when it may go on after the text. A piece ends after a space, if there is
// one. What the line has after the piece does not matter, so that masking it does not.
func (m *engine) lineEnd(text string, from, limit int, final bool) int {
	window := text[from:min(len(text), from+limit+cutSlack)]
	i := strings.IndexByte(window, '\n')
	if len(window) >= limit && (i < 0 || i >= limit) {
		if space := strings.IndexByte(window[limit-1:], ' '); space >= 0 && (i < 0 || space+limit-1 < i) {
			i = space + limit - 1
		}
	}
	if i >= 0 {
		return from + i + 1
	}
	to := from + limit + cutSlack
	switch {
	case !final && len(text) < to+maxOwn+utf8.UTFMax:
		return -1
	case len(text) <= to:
		return len(text)
	}
	for n := 1; n < utf8.UTFMax && to < len(text) && !utf8.RuneStart(text[to]); n++ {
		to++
	}
	_, end := m.placeholderAround(text, to)
	return max(to, end)
}

func (s *scan) line(from int) {
	text, actions := s.text, &s.m.actions
	for i := from; ; {
		for i+4 <= len(text) && actions[text[i]]|actions[text[i+1]]|actions[text[i+2]]|actions[text[i+3]] == pass {
			i += 4
		}
		for i < len(text) && actions[text[i]] == pass {
			i++
		}
		if i >= len(text) {
			return
		}
		next := 0
		switch actions[text[i]] {
		case atDigit:
			next = s.digits(i)
		case atUpper:
			next = s.capital(i)
		case atHigh:
			next = s.high(i)
		case atAt:
			next = s.email(i)
		case atColon:
			next = s.colon(i)
		case atEquals:
			next = s.assigned(i)
		case atQuery:
			next = s.query(i)
		case atUnderscore:
			next = s.underscore(i)
		case atHyphen:
			next = s.hyphen(i)
		case atBracket:
			if isUpper(s.at(i + 1)) {
				next = i + s.m.ownEnd(text[i:])
			}
		case atTag:
			next = s.tag(i)
		case atW:
			next = s.passwordWord(i)
		}
		i = max(next, i+1)
	}
}

// add keeps a finding, unless one that overlaps it is better. A finding of placeholders alone
// is not one, and a finding does not have a part of a placeholder.
func (s *scan) add(id ruleID, start, end int) {
	rule := &s.m.rules[id]
	if s.m.on&rule.bit == 0 || s.isMasked(start, end) {
		return
	}
	keep := len(s.found)
	for keep > 0 && s.found[keep-1].End > start {
		if old := &s.found[keep-1]; old.Start < end && !s.beats(id, end-start, old) {
			return
		}
		keep--
	}
	s.found = append(s.found[:keep], Finding{})
	f := &s.found[keep]
	f.Entity, f.Rule, f.Start, f.End, f.Score, f.rule = rule.Entity, rule.Name, start, end, rule.Score, id
}

// isMasked reports whether text from start to end is placeholders, or cuts one.
func (s *scan) isMasked(start, end int) bool {
	if _, to := s.m.placeholderAround(s.text, start); to > 0 {
		return true
	}
	if end < len(s.text) { // a private key may end after the text
		if _, to := s.m.placeholderAround(s.text, end); to > 0 {
			return true
		}
	}
	for start < end {
		n := s.m.ownEnd(s.text[start:])
		if n == 0 {
			return false
		}
		start += n
	}
	return start == end
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

func firstRune(text string) int {
	_, size := utf8.DecodeRuneInString(text)
	return size
}
