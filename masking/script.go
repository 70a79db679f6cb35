package masking

import (
	"strings"
	"unicode/utf8"
)

// maxScriptName is the length of the longest name that is looked for in a script without
// capitals, in bytes.
const maxScriptName = 96

// uncased looks for a name at i, where a letter r of a script without capitals is. It
// returns where to go on.
func (s *scan) uncased(i int, r rune) int {
	switch {
	case r >= 0xAC00 && r < 0xD7A4:
		return s.hangul(i)
	case isHan(r):
		return s.han(i)
	case r >= 0xE01 && r < 0xE5C:
		return s.thai(i)
	case r >= 0x5D0 && r < 0x700, r >= 0x900 && r < 0x980:
		return s.plainWords(i)
	}
	return i + utf8.RuneLen(r)
}

func isHan(r rune) bool {
	return r >= 0x3041 && r < 0x3100 && r != '・' || r >= 0x4E00 && r < 0xA000 || r == '々'
}

func isKatakana(r rune) bool { return r >= 0x30A1 && r < 0x30FF && r != '・' }

// runeAt returns the code point at i, or a line feed at the end of the text.
func (s *scan) runeAt(i int) (rune, int) {
	if i >= len(s.text) {
		return '\n', 1
	}
	return utf8.DecodeRuneInString(s.text[i:])
}

// flagsBetween returns the flags of the word from start to end.
func (s *scan) flagsBetween(start, end int) flags {
	if end > len(s.text) || end-start >= maxWord || start >= end {
		return 0
	}
	return s.m.words.flagsOf(s.text[start:end])
}

// plainWords looks for a name in words of Hebrew, Arabic or Devanagari letters.
func (s *scan) plainWords(i int) int {
	first, f := s.lookUp(i)
	if first.end <= i {
		_, size := s.runeAt(i)
		return i + size
	}
	start := i
	if f == 0 && first.end-i > 6 && startsWithProclitic(s.text[i:]) {
		if _, g := s.lookUp(i + 2); g&given != 0 {
			start, f = i+2, g
		}
	}
	lead := s.wordBefore(start)
	if f&(title|greets) != 0 && lead&(title|field) == 0 {
		return first.end
	}
	isTold := lead&(title|greets) != 0 || lead&field != 0 && lead&(role|calls) != 0
	end, count, names := s.plainRun(start, first.end, lead, isTold)
	if names > 0 && !isTold {
		isTold = lead&(role|calls) != 0 || s.isHonorificAfter(end)
	}
	if count == 0 || names < 2 && !isTold || f&common != 0 && f&(given|family) == 0 {
		return first.end
	}
	s.add(ruleName, start, end)
	return end
}

// startsWithProclitic reports whether text starts with a letter that Arabic or Hebrew joins to
// a name after it: "and", "to", "in".
func startsWithProclitic(text string) bool {
	return strings.HasPrefix(text, "و") || strings.HasPrefix(text, "ل") || strings.HasPrefix(text, "ב") || strings.HasPrefix(text, "ל")
}

// plainRun reads the words from start on that may be one name. It returns where the last one
// ends that is no particle, or else end; how many words there are; and how many of them are
// names. isTold is set when what is before, lead, tells that a name follows.
func (s *scan) plainRun(start, end int, lead flags, isTold bool) (to, count, names int) {
	to = end
	for j := start; count < 4 && j < len(s.text); {
		w, f := s.lookUp(j)
		if w.end <= j || w.end-start > maxScriptName {
			break
		}
		isName := f&(given|family) != 0
		isParticle := f&particle != 0 && count > 0
		if !isName && !isParticle && (!isTold || !s.isToldWord(w.end, count, f, lead)) {
			break
		}
		count++
		if isName {
			names++
		}
		if f&particle == 0 {
			to = w.end
		}
		if s.at(w.end) != ' ' {
			break
		}
		j = w.end + 1
		if r, _ := s.runeAt(j); r < 0x590 {
			break
		}
	}
	return to, count, names
}

// isToldWord reports whether a word that is in no list of names, and ends at end, is of the name
// that lead tells of. count words of the name are before it.
func (s *scan) isToldWord(end, count int, f, lead flags) bool {
	if f&^particle != 0 || count > 1 || count == 1 && lead&greets != 0 {
		return false
	}
	return count == 0 && lead&title != 0 || s.at(end) != ' ' || s.isSubject(end+1, lead)
}

// isSubject reports whether a Hindi word that follows a whole name is at i, where a form of
// address is before the name.
func (s *scan) isSubject(i int, lead flags) bool {
	r, _ := s.runeAt(i)
	if lead&title == 0 || r < 0x900 || r >= 0x980 {
		return false
	}
	_, f := s.lookUp(i)
	return f&(common|honorific) != 0
}

// hangul looks for a name in the Korean word at i: a family name of one syllable and a given
// name of two.
func (s *scan) hangul(i int) int {
	const syllables = 3 // bytes
	end := i
	for end < len(s.text) && end-i < maxScriptName {
		r, size := s.runeAt(end)
		if r < 0xAC00 || r >= 0xD7A4 {
			break
		}
		end += size
	}
	to := i + 3*syllables
	if end < to || s.flagsBetween(i, i+syllables)&family == 0 {
		return end
	}
	lead, rest := s.wordBefore(i), s.text[to:end]
	isGiven := s.flagsBetween(i+syllables, to)&given != 0
	looksGiven := isGiven || s.flagsBetween(i+syllables, i+2*syllables)&s.flagsBetween(i+2*syllables, to)&syllable != 0
	isHonored := s.m.scripts.koreanHonors.have(rest)
	if rest == "" && s.at(end) == ' ' {
		_, f := s.lookUp(end + 1)
		isHonored = f&honorific != 0
	}
	isWhole := s.m.scripts.koreanEndings.have(rest)
	switch {
	case isHonored && looksGiven, isGiven && (rest == "" || isWhole):
	case (rest == "" || isWhole) && lead&(role|title|greets) != 0 && (lead&field != 0 || looksGiven):
	default:
		return end
	}
	s.add(ruleName, i, to)
	return end
}

// han looks for names in a run of Chinese and Japanese letters, and returns its end.
func (s *scan) han(i int) int {
	start := i
	for i < len(s.text) {
		r, size := s.runeAt(i)
		if !isHan(r) {
			break
		}
		var end int
		if isKatakana(r) {
			end = s.katakana(i)
			if end <= 0 {
				i = -end
				continue
			}
		} else if end = s.japanese(start, i); end == 0 {
			end = s.chinese(start, i)
		}
		if end > 0 {
			s.add(ruleName, i, end)
			i = end
			continue
		}
		i += size
	}
	return i
}

// hanEnd returns where up to n letters that keep accepts end, from i on, and their number.
func (s *scan) hanEnd(i, n int, keep func(rune) bool) (int, int) {
	count := 0
	for count < n {
		r, size := s.runeAt(i)
		if !keep(r) {
			break
		}
		i += size
		count++
	}
	return i, count
}

func isKanji(r rune) bool { return r >= 0x4E00 && r < 0xA000 || r == '々' }

// hasPrefixOf reports whether one of words is at i.
func (s *scan) hasPrefixOf(i int, words *affixes) bool {
	return i < len(s.text) && words.areBefore(s.text[i:])
}

func startsWithAny(text, words string) bool {
	for word := range strings.FieldsSeq(words) {
		if strings.HasPrefix(text, word) {
			return true
		}
	}
	return false
}

// isAfter reports whether one of words is right before i, with a colon or a space between.
func (s *scan) isAfter(i int, words *affixes) bool {
	from := max(0, i-16)
	for i > from {
		switch c := s.text[i-1]; {
		case c == ' ' || c == ':' || c == '"':
			i--
		case i-from >= 3 && isGap(s.text[i-3:i]):
			i -= 3
		default:
			return words.areAfter(s.text[from:i])
		}
	}
	return false
}

// isGap reports whether a full-width sign may be between a field and its name.
func isGap(text string) bool { return text == "：" || text == "・" || text == "　" || text == "「" }

// japanese returns the end of a Japanese name at i, in a run that starts at start, or 0.
func (s *scan) japanese(start, i int) int {
	for n := 3; n > 0; n-- {
		end, count := s.hanEnd(i, n, isKanji)
		if count == n && n > 1 && s.flagsBetween(i, end)&(given|family) == given && s.hasPrefixOf(end, &s.m.scripts.japaneseForms) {
			return end
		}
		if count < n || s.flagsBetween(i, end)&family == 0 {
			continue
		}
		isTold := i == start && s.isAfter(i, &s.m.scripts.japaneseFields)
		if n == 1 && !isTold && !s.hasPrefixOf(end, &s.m.scripts.japaneseForms) {
			return 0
		}
		if to := s.japaneseGiven(end, n > 1, isTold); to > 0 {
			return to
		}
		if s.hasPrefixOf(end, &s.m.scripts.japaneseTitles) || isTold {
			return end
		}
		return 0
	}
	return 0
}

// japaneseGiven returns the end of a given name after a family name, or 0.
func (s *scan) japaneseGiven(i int, isLong, isTold bool) int {
	from := i
	if c := s.at(i); c == ' ' {
		from++
	} else if strings.HasPrefix(s.text[i:], "　") {
		from += len("　")
	}
	for n := 4; n > 0; n-- {
		end, count := s.hanEnd(from, n, isHan)
		if count < n {
			continue
		}
		r, _ := s.runeAt(end)
		isEnd := !isKanji(r) || s.hasPrefixOf(end, &s.m.scripts.japaneseTitles)
		if s.flagsBetween(from, end)&given != 0 && isLong && (n > 1 && isEnd || isEnd && !isHan(r) || s.hasPrefixOf(end, &s.m.scripts.japaneseTitles)) {
			return end
		}
	}
	end, count := s.hanEnd(from, 4, isKanji)
	r, _ := s.runeAt(end)
	if count > 0 && count < 4 && !s.hasPrefixOf(from, &s.m.scripts.japaneseTitles) && (!isHan(r) && (isTold || from > i && isLong && r == '\n') || s.hasPrefixOf(end, &s.m.scripts.japaneseTitles) && isLong) {
		return end
	}
	if from > i || !isTold {
		return s.kanaGiven(from, i)
	}
	return 0
}

// kanaGiven returns the end of a given name in hiragana or katakana before a form of address,
// when a space is before it.
func (s *scan) kanaGiven(from, i int) int {
	if from == i {
		return 0
	}
	for n := 5; n > 1; n-- {
		end, count := s.hanEnd(from, n, isHan)
		if count == n && s.hasPrefixOf(end, &s.m.scripts.japanesePolite) {
			return end
		}
	}
	return 0
}

// katakana returns the end of a name in katakana at i; the end of the word, negated, when it
// is not one.
func (s *scan) katakana(i int) int {
	end, count := s.hanEnd(i, 12, isKatakana)
	parts := 1
	for parts < 4 {
		next := 0
		if strings.HasPrefix(s.text[end:], "・") || strings.HasPrefix(s.text[end:], "　") {
			next = end + 3
		} else if s.at(end) == ' ' {
			next = end + 1
		}
		to, n := s.hanEnd(next, 12, isKatakana)
		if next == 0 || n < 2 {
			break
		}
		end, parts = to, parts+1
	}
	isTold := s.hasPrefixOf(end, &s.m.scripts.katakanaTitles)
	if count >= 2 && (isTold || parts > 1 && s.isAfter(i, &s.m.scripts.japaneseFields)) {
		return end
	}
	return -end
}

// chinese returns the end of a Chinese name at i, in a run that starts at start, or 0.
func (s *scan) chinese(start, i int) int {
	end, count := s.hanEnd(i, 2, isKanji)
	if count < 2 || s.flagsBetween(i, end)&family == 0 {
		end, _ = s.hanEnd(i, 1, isKanji)
		if s.flagsBetween(i, end)&family == 0 {
			return 0
		}
	}
	if s.isChineseTitle(end) {
		return end
	}
	two, n := s.hanEnd(end, 2, isKanji)
	one, _ := s.hanEnd(end, 1, isKanji)
	if n == 0 {
		return 0
	}
	isOne := s.flagsBetween(end, one)&syllable != 0
	isTwo := n == 2 && isOne && s.flagsBetween(one, two)&syllable != 0
	isTold := s.isAfter(i, &s.m.scripts.chineseFields)
	r, _ := s.runeAt(two)
	ends := !isHan(r)
	switch {
	case isOne && s.isChineseTitle(one):
		return one
	case n == 2 && s.isChineseTitle(two) && (isTwo || isTold || isOne):
		return two
	case isTold && ends, isTold && isTwo, i == start && ends && (isTwo || n == 1 && isOne) && s.isChineseCell(i, two):
		return two
	case isTold && isOne:
		return one
	}
	return 0
}

// isChineseCell reports whether a cell of a table is from i to end.
func (s *scan) isChineseCell(i, end int) bool {
	before, after := s.before(i), s.at(end)
	return strings.IndexByte("\n\t,;|\"", before) >= 0 && strings.IndexByte("\t,;|\"", after) >= 0
}

func (s *scan) isChineseTitle(i int) bool { return s.hasPrefixOf(i, &s.m.scripts.chineseTitles) }

// thai looks for names in a run of Thai letters, after a form of address. It returns the
// end of the run.
func (s *scan) thai(i int) int {
	end := s.thaiEnd(i)
	isTold := s.isAfter(i, &s.m.scripts.thaiFields) && s.before(i) != 'n'
	start, isMan := i, false
	switch at, length := s.thaiTitle(i, end); {
	case at >= 0:
		start, isMan = at+length, length > len("คุณ")-1 && !strings.HasPrefix(s.text[at:], "คุณ")
	case !isTold:
		return end
	}
	to := s.thaiGiven(start, end)
	if to == 0 {
		if start == end || end-start > 39 || !isMan && !isTold || isTold && !isMan && s.at(end) != ' ' || s.hasPrefixOf(start, &s.m.scripts.thaiNotTitles) && s.thaiTitleIsWord(start) {
			return end
		}
		to = end
	}
	if to == end && s.at(end) == ' ' {
		if r, _ := s.runeAt(end + 1); r >= 0xE01 && r < 0xE5C && !s.hasPrefixOf(end+1, &s.m.scripts.thaiAfterFamily) {
			if last := s.thaiEnd(end + 1); last-end < 46 {
				to = last
			}
		}
	}
	s.add(ruleName, start, to)
	return max(end, to)
}

// thaiTitleIsWord reports whether a form of address and what is at i are another word: "the
// employer".
func (s *scan) thaiTitleIsWord(i int) bool {
	return s.hasPrefixOf(i, &s.m.scripts.thaiOtherWords)
}

func (s *scan) thaiEnd(i int) int {
	from := i
	for i < len(s.text) && i-from < 4*maxScriptName {
		r, size := s.runeAt(i)
		if r < 0xE01 || r >= 0xE5C {
			break
		}
		i += size
	}
	return i
}

// thaiTitle returns where the first form of address in a run is, and its length; or -1.
func (s *scan) thaiTitle(i, end int) (at, length int) {
	at = -1
	for word := range strings.FieldsSeq("นางสาว นาย นาง คุณ") {
		if k := strings.Index(s.text[i:end], word); k >= 0 && (at < 0 || i+k < at) {
			at, length = i+k, len(word)
		}
	}
	if at < 0 && i >= 4 && isOneOf(s.text[i-1:i], ".") && startsWithAny(s.text[max(0, i-8):], "น.ส. ด.ช. ด.ญ. ดร.") {
		return i, 0
	}
	return at, length
}

// thaiGiven returns the end of the longest given name at i, or 0.
func (s *scan) thaiGiven(i, end int) int {
	for to := min(end, i+30); to > i; to -= 3 {
		if s.flagsBetween(i, to)&given != 0 {
			return to
		}
	}
	return 0
}
