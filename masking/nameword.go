package masking

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// capitals collects the run of words with capitals that starts at i. Between two of them
// there is one space, or a particle.
func (s *scan) capitals(words *[maxNameWords]nameWord, i int) int {
	n := 0
	for n < maxNameWords {
		w := &words[n]
		if !s.nameWord(w, i) {
			break
		}
		n++
		i = w.end
		if n == 1 && w.is(common) && w.flags&^(common|weak|place|months|counter|filler|event|unit|versions|speech|thing|noun|goods)&(1<<contextShift-1) == 0 && s.isSmallAt(i+1) {
			break
		}
		if s.at(i) == '.' && (w.isInitial || w.is(title)) {
			i++
		}
		if i = s.afterSpace(i); i < 0 {
			break
		}
		for n < maxNameWords-1 && s.isSmallAt(i) {
			if words[n-1].is(good) {
				return n
			}
			if !s.m.linking.may(s, i) {
				return n
			}
			after := s.particle(&words[n], i)
			if after < 0 {
				return n
			}
			n++
			if words[n-1].flags != particle { // al-Hassan
				break
			}
			i = after
		}
		if last := &words[n-1]; last.isJoined && s.isSmallAt(last.start) {
			if i = s.afterSpace(last.end); i < 0 {
				break
			}
		}
		if n > 1 && words[n-1].flags == particle && s.isConjunction(&words[n-1], i) {
			return n - 1
		}
	}
	for n > 1 && words[n-1].flags == particle {
		n--
	}
	return n
}

func (s *scan) isSmallAt(i int) bool {
	c := s.at(i)
	return s.m.kinds[c]&lower != 0 || c == 0xC3 && s.at(i+1) >= 0xA0
}

// particle reads a particle in lower case at i, or a word that starts with one: "al-Hassan"
// and "d'Angelo". It returns what is after the space after it, or -1.
func (s *scan) particle(word *nameWord, i int) int {
	w, f := s.lookUp(i)
	if w.upper > 0 && w.lower > 0 && (s.at(i+1) == '\'' || strings.HasPrefix(s.text[i+1:], "’")) && strings.IndexByte("dl", s.text[i]) >= 0 {
		*word = nameWord{start: i, end: w.end, flags: f&^(common|place) | family, isJoined: true}
		return w.end
	}
	if f&particle == 0 || isOneOf(s.text[i:w.end], "o l d") {
		return -1
	}
	if s.at(w.end) == '-' && (isUpper(s.at(w.end+1)) || s.at(w.end+1) >= 0xC3) {
		next, g := s.lookUp(w.end + 1)
		*word = nameWord{start: i, end: next.end, flags: g&(given|family) | family, isJoined: true}
		return next.end
	}
	after := s.afterSpace(w.end)
	*word = nameWord{start: i, end: w.end, flags: particle}
	return after
}

// isConjunction reports whether a particle is an "and" between two names, for the second one
// at i begins with a given name: "Ana y Pedro".
func (s *scan) isConjunction(p *nameWord, i int) bool {
	if p.end-p.start > 1 {
		return false
	}
	var w nameWord
	return s.nameWord(&w, i) && w.is(given) && !w.is(family)
}

// nameWord reads a word that starts with a capital, with what hyphens join to it.
func (s *scan) nameWord(word *nameWord, i int) bool {
	if !s.isCapitalAt(i) {
		return false
	}
	w, f := s.lookUp(i)
	if s.at(i+1) == '\'' && isElision(s.text[:i+1]) && s.isSmallAt(i+2) && w.end > i+2 { // L'infermiera
		_, f = s.lookUp(i + 2)
		f = f&(role|calls|place) | common
	}
	isInitial := w.upper == 1 && w.lower == 0
	if isInitial {
		w.end = s.initialsEnd(w.end)
	}
	if s.isIdentifierAt(w.end) {
		return false
	}
	*word = nameWord{start: i, end: w.end, flags: f, isInitial: isInitial, isCaps: w.lower == 0 && w.upper > 1}
	if isInitial {
		if word.flags &= title; s.at(w.end) != '.' { // M. Dupont
			word.flags = 0
		}
	}
	if f == 0 && w.folded > 5 {
		word.flags = s.shape(i, &w)
	}
	if w.upper > 1 && w.lower > 0 && f&(given|family) == 0 {
		if !isCompound(s.text[i:w.end]) {
			word.flags |= common
		} else if isOneOf(s.text[i:i+2], "Mc O' D'") {
			word.flags = word.flags&^common | family
		}
	}
	s.join(word)
	return true
}

func (s *scan) isCapitalAt(i int) bool {
	c := s.at(i)
	if c < 0x80 {
		return isUpper(c)
	}
	r, _ := utf8.DecodeRuneInString(s.text[i:])
	return unicode.IsUpper(r)
}

// initialsEnd returns where a run of initials ends, the first of them at i: "J.R.R. Tolkien".
func (s *scan) initialsEnd(i int) int {
	for s.at(i) == '.' && isUpper(s.at(i+1)) && s.at(i+2) == '.' {
		i += 2
	}
	return i
}

// isIdentifierAt reports whether a word that ends at i is of an identifier or an address.
func (s *scan) isIdentifierAt(i int) bool {
	c := s.at(i)
	return isDigit(c) || c == '_' || c == '.' && isAlnum(s.at(i+1)) || s.isAddress(i)
}

// join adds to a word those that hyphens join to it.
func (s *scan) join(word *nameWord) {
	for s.at(word.end) == '-' && s.isLetterAt(word.end+1) && !s.isHonorific(word.end+1) {
		word.isJoined = s.m.kinds[s.text[word.end+1]]&lower != 0
		w, f := s.lookUp(word.end + 1)
		if f == 0 && w.folded > 5 {
			f = s.shape(word.end+1, &w)
		}
		switch {
		case f&(given|family) != 0 && (word.flags&(common|place) == 0 || word.flags&(given|family|particle) != 0):
			word.flags |= f &^ (weak | common)
		case f&(common|place|thing) != 0:
			word.flags = word.flags&^(given|family) | common | f&place
		}
		word.end = w.end
	}
}

// isVietnamese reports whether words are a Vietnamese name: a family name, and two or three
// short words, with letters that no other language has.
func (s *scan) isVietnamese(words []nameWord) bool {
	if len(words) < 3 || len(words) > 4 || !words[0].is(family) {
		return false
	}
	hasLetter := false
	for i := range words {
		w := &words[i]
		if w.end-w.start > 10 || w.isCaps || w.flags == particle || w.is(place) && !w.isName() {
			return false
		}
		for _, r := range s.text[w.start:w.end] {
			hasLetter = hasLetter || r >= 0x1EA0 && r <= 0x1EF9 || r >= 0x1A0 && r <= 0x1B0 || r == 'đ' || r == 'Đ' || r == 'ă'
		}
	}
	return hasLetter
}

// isCompound reports whether a word with a capital inside may be a family name: "McAllister".
func isCompound(word string) bool {
	i := strings.IndexFunc(word[1:], unicode.IsUpper) + 1
	prefix := strings.TrimRight(word[:i], "'’")
	return isOneOf(prefix, "Mc Mac O D L De Di Da Du La Le Lo Li Van Von Fitz Del Della Dos El Al Abu Ben Ter Ten St N M mc mac o d l de di da du la le lo li van von del dos el al abu ben ter ten st n m")
}

// shape returns what the ending of a word says that no list has.
func (s *scan) shape(i int, w *word) flags {
	text := s.folded[:w.folded]
	switch f := s.m.words.flagsOfEnding(text); {
	case text[0] < 0x80 && s.isPinyin(text):
		return given | syllable
	case f != 0:
		return f
	case w.end-i > w.folded && text[0] < 0x80 && hasEnding(s.text[i:w.end], familyAccents):
		return family
	}
	return 0
}

// isPinyin reports whether a folded word is two Chinese syllables.
func (s *scan) isPinyin(text []byte) bool {
	if len(text) > 12 {
		return false
	}
	for i := 2; i <= len(text)-2 && i <= 6; i++ {
		if s.m.words.flagsOf(string(text[:i]))&s.m.words.flagsOf(string(text[i:]))&syllable != 0 {
			return true
		}
	}
	return false
}

func hasEnding(text, endings string) bool {
	for ending := range strings.FieldsSeq(endings) {
		if strings.HasSuffix(text, ending) {
			return true
		}
	}
	return false
}

// isSpeech reports whether a verb of speech is after i.
func (s *scan) isSpeech(i int) bool {
	if s.at(i) != ' ' || s.m.kinds[s.at(i+1)]&lower == 0 {
		return false
	}
	_, f := s.lookUp(i + 1)
	return f&speech != 0
}

// isChat reports whether who speaks in a chat is from start to end: "[12:03] Ann: hi".
func (s *scan) isChat(start, end int) bool {
	if s.at(end) == '>' {
		return s.before(start) == '<' && (s.before(start-1) == '\n' || s.before(start-1) == ' ')
	}
	if s.at(end) != ':' || s.at(end+1) != ' ' {
		return false
	}
	i := start
	for i > 0 && start-i < 4 && strings.IndexByte(" -,]", s.text[i-1]) >= 0 {
		i--
	}
	return i < start && i > 4 && isDigit(s.text[i-1]) && isDigit(s.text[i-2]) && s.text[i-3] == ':' && isDigit(s.text[i-4])
}

// isMailAfter reports whether an address in angle brackets is after i.
func (s *scan) isMailAfter(i int) bool {
	for range 2 {
		if c := s.at(i); c == ' ' || c == '"' {
			i++
		}
	}
	rest := s.text[min(i, len(s.text)):min(i+maxLocalPart+2, len(s.text))]
	if strings.HasPrefix(rest, "<") || strings.HasPrefix(rest, "&lt;") {
		return strings.IndexByte(rest, '@') > 0 || strings.HasPrefix(rest, "<[EMAIL]")
	}
	return strings.HasPrefix(rest, ":mailto:")
}

// isAddress reports whether what goes on at i is the local part of an e-mail address.
func (s *scan) isAddress(i int) bool {
	if c := s.at(i); c != '@' && s.m.kinds[c]&localPart == 0 {
		return false
	}
	for limit := min(len(s.text), i+maxLocalPart); i < limit && s.m.kinds[s.text[i]]&(alnum|localPart) != 0; {
		i++
	}
	return s.at(i) == '@'
}

// isHonorific reports whether the word at i is what follows a Japanese name.
func (s *scan) isHonorific(i int) bool {
	for _, word := range []string{"san", "sama", "kun", "chan", "sensei"} {
		if strings.HasPrefix(s.text[i:], word) && !s.isLetterAt(i+len(word)) {
			return true
		}
	}
	return false
}

// isHonorificAfter reports whether a form of address is after the name that ends at i.
func (s *scan) isHonorificAfter(i int) bool {
	if s.at(i) == '-' {
		return s.isHonorific(i + 1)
	}
	if s.at(i) != ' ' || !s.isLetterAt(i+1) {
		return false
	}
	w, f := s.lookUp(i + 1)
	return f&honorific != 0 && (f&common == 0 || w.upper > 0 && w.lower > 0) && s.at(w.end) != '-'
}

// resume returns where the scan goes on after a run of words, from an offset on: at a word
// that may begin something else, or after the last word.
func (s *scan) resume(run []nameWord, from int) int {
	for i := range run {
		w := &run[i]
		isLast := i == len(run)-1 && (w.isCaps || w.end-w.start < 3) // digits may follow
		if i > 0 && w.start >= from && (isLast || w.is(secret) || isScheme(s.text[w.start:w.end])) {
			return w.start
		}
	}
	return max(from, run[len(run)-1].end)
}

// lastWord returns the word that ends at i.
func (s *scan) lastWord(i int) string {
	start := i
	for start > 0 && i-start < maxWord && s.isLetterEnd(start) {
		start--
	}
	return s.text[start:i]
}

// particlesBefore returns where the particles in lower case before i start, when a form of
// address is before them: "meneer van den Berg".
func (s *scan) particlesBefore(i int) int {
	start := i
	for range 3 {
		if s.before(start) != ' ' || start < 3 {
			return i
		}
		word := s.lastWord(start - 1)
		if word == "" {
			if c := s.before(start - 1); c != '.' || start < 4 {
				return i
			}
			if word = s.lastWord(start - 2); word == "" {
				return i
			}
		}
		at := strings.LastIndex(s.text[:start], word)
		_, f := s.lookUp(at)
		if f&title != 0 && start < i {
			return start
		}
		if f&particle == 0 || isUpper(word[0]) {
			return i
		}
		start = at
	}
	return i
}

// startsName reports whether a name may start at i, by what is before.
func (s *scan) startsName(i int) bool {
	switch c := s.before(i); c {
	case '\n', ' ', '\t', '\r', '"', '(', '[', '{', '<', '>', ',', ';', ':', '=', '|', '*', '~', '!', '?':
		return true
	case '\'':
		return i < 2 || s.text[i-2] < 0x80 && !isWord(s.text[i-2]) || isElision(s.text[:i-1])
	default:
		if c < 0x80 {
			return false
		}
		r, _ := utf8.DecodeLastRuneInString(s.text[:i])
		if r == '’' {
			return isElision(s.text[:i-len("’")])
		}
		return !unicode.IsLetter(r) && !unicode.IsMark(r) || r >= 0x3040
	}
}

// isElision reports whether text ends with the d or l of "d'Alice".
func isElision(text string) bool {
	n := len(text)
	return n > 0 && (text[n-1]|0x20 == 'd' || text[n-1]|0x20 == 'l') && (n == 1 || text[n-2] == ' ')
}

// startsCell reports whether a cell, a line or a quotation starts at i.
func (s *scan) startsCell(i int) bool {
	if s.before(i) == ' ' {
		i--
	}
	return strings.IndexByte("\n\t;|\":=(>[,", s.before(i)) >= 0
}

// endsCell reports whether a cell, a line or a quotation ends at i.
func (s *scan) endsCell(i int) bool {
	switch c := s.at(i); c {
	case '\n', '\r', '\t', ';', '|', '"', ')', '<', ']':
		return true
	case '.':
		return strings.IndexByte("\n\r ", s.at(i+1)) >= 0
	case ',':
		return s.at(i+1) == ' ' && (isDigit(s.at(i+2)) || s.isSmallAt(i+2)) || isDigit(s.at(i+1))
	case ' ':
		return strings.IndexByte("<([-|/&;", s.at(i+1)) >= 0 || isDigit(s.at(i+1)) || strings.HasPrefix(s.text[i+1:], "–")
	}
	return false
}

// endsName reports whether a name of count words may end at i, by what follows.
func (s *scan) endsName(i, count int, lead flags) bool {
	c := s.at(i)
	switch c {
	case '/':
		return count > 1
	case '_', '@', '(', '[', '\\', '$', '#', '=', '+', '&', '%':
		return c == '&' && (strings.HasPrefix(s.text[i:], "&lt;") || lead&field != 0 && count > 1) || c == '\\' && count > 1 && isOneOf(s.text[i:min(i+2, len(s.text))], `\n \" \r \t`)
	case '*':
		return !strings.HasPrefix(s.text[i:], "***")
	case '.', ':', '-':
		if c == '-' && s.isHonorific(i+1) {
			return true
		}
		if i+1 == len(s.text) || c == ':' && (strings.HasPrefix(s.text[i:], ":mailto:") || lead&field != 0 && count > 1) {
			return true
		}
		d := s.text[i+1]
		return !isAlnum(d) && d < 0x80 && d != c
	default:
		return !isDigit(c)
	}
}

// afterSpace returns the position after one space at i, or -1.
func (s *scan) afterSpace(i int) int {
	if s.at(i) == ' ' && i+1 < len(s.text) {
		return i + 1
	}
	if strings.HasPrefix(s.text[min(i, len(s.text)):], "\u00a0") {
		return i + 2
	}
	return -1
}

func (s *scan) isLetterAt(i int) bool {
	c := s.at(i)
	return s.m.kinds[c]&letter != 0 || c >= 0xC3 && c < 0xE2
}
