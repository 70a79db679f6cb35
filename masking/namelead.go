package masking

import "strings"

// leadFlags are what a word before a name may say of it.
const leadFlags = title | calls | greets | near | place | field | role | label

// lead takes from the start of a run the words that come before a name. It returns what
// they say of it and how many they are.
func (s *scan) lead(run []nameWord) (flags, int) {
	lead := flags(0)
	for i := range run {
		said, isBefore := s.leadWord(run, i, lead)
		if !isBefore {
			if i == 0 || run[0].is(title|calls) && s.wordBefore(run[0].start)&place != 0 {
				lead = s.wordBefore(run[0].start)
			}
			return lead, i
		}
		lead = said
	}
	return lead, len(run)
}

// leadWord reports whether the word at i of a run comes before a name, and what the words up
// to it say then. lead is what those before it say.
func (s *scan) leadWord(run []nameWord, i int, lead flags) (flags, bool) {
	w, isLast := &run[i], i+1 == len(run)
	switch {
	case w.is(title) && !isLast && isTitle(w, &run[i+1]):
		if lead&place == 0 {
			lead |= title
		}
		return lead, true
	case i == 0 && !isLast && w.is(greets) && w.isName() && s.isGreeting(run), i > 0 && w.is(closes) && run[i-1].is(good):
		return greets | calls, true
	case w.is(calls|near|role|greets|label) && !w.isName():
		return lead&greets | w.flags&(calls|greets|near|role|label), true
	case !isLast && w.isName() && s.isLeadPlace(run[i:]):
		return place, true
	case w.is(common|place|months|thing) && !w.isName():
		return w.flags & place, true
	case isLast:
		return 0, w.isParticle()
	}
	return 0, lead&title == 0 && s.isAcronym(w, &run[i+1]) || i == 0 && s.isNoun(run)
}

// isTitle reports whether a word that may be a title is one before the next word.
func isTitle(w, next *nameWord) bool {
	return !w.isName() || next.isStrong(given) && !next.is(family) && !w.isStrong(given)
}

// isGreeting reports whether the first word of a run, which may be a name too, greets the
// second one: "Gentile Robert".
func (s *scan) isGreeting(run []nameWord) bool {
	end := run[len(run)-1].end
	return run[1].is(given) && !run[1].is(family) || (run[1].is(given) || run[1].isUnknown()) && (s.at(end) == ',' || s.at(end) == '!')
}

// isAcronym reports whether a word is capitals that do not belong to the name after it: "CEO
// Alice".
func (s *scan) isAcronym(w, next *nameWord) bool {
	return w.isCaps && !w.isName() && !next.isCaps && s.wordBefore(w.start)&(title|role|greets) == 0
}

// isNoun reports whether the first word of a run of two, which may be a name too, is a noun
// before a given name.
func (s *scan) isNoun(run []nameWord) bool {
	w := &run[0]
	return w.is(common) && w.is(weak) && len(run) == 2 && run[1].isStrong(given) && !run[1].is(family) && s.wordBefore(w.start)&(calls|title) == 0
}

// wordBefore returns what the word before i says of a name at i.
func (s *scan) wordBefore(i int) flags {
	j, after, isEnd := i, flags(0), false
	for j > 0 && i-j < 5 {
		switch s.text[j-1] {
		case ':', '=', '>':
			after = field
		case ',', '!', '\n', '\r':
			if isEnd = true; s.text[j-1] == '\n' && after != 0 {
				return 0
			}
		case ' ', '"', '\'', '.', '*', '\t', '(', '-', '_', ';', '|', '#':
		case 0x9A: // the full-width colon
			if j < 3 || s.text[j-3:j] != "：" {
				goto found
			}
			after = field
			j -= 2
		default:
			goto found
		}
		j--
	}
found:
	start := j
	for start > 0 && j-start < maxWord && (s.m.kinds[s.text[start-1]]&letter != 0 || s.text[start-1] >= 0x80) {
		start--
	}
	if start == j {
		return 0
	}
	w, f := s.lookUp(start)
	if w.end > j {
		return 0
	}
	if f&(calls|role|title|closes|near|label) != 0 && after == 0 && s.text[i-1] == '|' {
		after = field
	}
	l := leadWord{w, start, s.text[start:j], s.text[j:i], f, after, isEnd}
	return s.leadBefore(&l)
}

// leadWord is a word before a name, and what is between the two.
type leadWord struct {
	word      word
	start     int
	text, gap string
	flags     flags
	after     flags // field, when a colon is between
	isEnd     bool  // a comma or the end of a line is between
}

// leadBefore returns what a word says of the name after it.
func (s *scan) leadBefore(l *leadWord) flags {
	if l.flags&title != 0 && !l.isTitle() {
		l.flags &^= title
	}
	if l.flags&title != 0 && l.after == 0 && l.start > 1 && s.beforeTitle(l.start)&place != 0 {
		return place
	}
	s.narrow(l)
	if l.isEnd {
		return s.leadAtEnd(l)
	}
	if l.flags&closes != 0 && s.isRegards(l) {
		return greets | calls
	}
	if l.flags&near != 0 && l.after != 0 {
		l.flags |= calls
	}
	return s.leadBeside(l)
}

// isTitle reports whether a form of address is one, as it is written and by what is after it.
func (l *leadWord) isTitle() bool {
	hasDot := strings.HasPrefix(l.gap, ".")
	switch {
	case len(l.text) == 1 && !hasDot:
		return false
	case l.after != 0:
		return true
	case l.isEnd || strings.ContainsAny(l.gap, "-_;|#("):
		return false
	}
	return l.word.upper > 0 || l.word.folded > 3 || hasDot || isOneOf(l.text, "mr mrs ms dr pan sir hr fru don seu tia")
}

// narrow takes from the flags of a word what it cannot mean as it is written.
func (s *scan) narrow(l *leadWord) {
	if l.after == 0 {
		l.flags &^= label
	}
	if l.word.folded > 3 && l.after == 0 && strings.Contains(l.gap, ".") {
		l.flags &= title | given | common
	}
	switch {
	case l.text == "im" || l.text == "Im":
		l.flags &^= role | calls
	case l.word.upper == 0 && l.flags&label != 0:
		l.flags &^= place
	case s.before(l.start) == '.' && isOneOf(l.text, "ra ssa gra re"): // Sig.ra
		l.flags = title
	}
}

// leadAtEnd returns what a word before a comma or the end of a line says: only a greeting, or
// what ends a letter, has a name after it.
func (s *scan) leadAtEnd(l *leadWord) flags {
	switch {
	case l.flags&greets != 0, l.flags&closes != 0 && !strings.Contains(l.gap, ":") && s.closesLetter(l.start):
		return greets | calls
	}
	return 0
}

// isRegards reports whether a word that may end a letter does so with no comma: "Thanks - Ann"
// and "Best regards Ann".
func (s *scan) isRegards(l *leadWord) bool {
	return strings.HasSuffix(l.gap, "- ") || l.after == 0 && l.start > 1 && s.isWordBefore(l.start-1, good)
}

// leadBeside returns what a word on the line of the name says. Some pass on what the word
// before them says.
func (s *scan) leadBeside(l *leadWord) flags {
	switch {
	case l.after == 0 && l.start > 4 && isCopula(l.text):
		if s.wordBefore(l.start)&(calls|role) != 0 && s.isWordBefore(l.start-1, naming) { // "my name is"
			return calls | role | field
		}
	case l.flags&(calls|role) != 0:
		l.flags |= l.after
		if l.after != 0 && s.isWordBefore(l.start+len(l.text), naming) && s.isThingsLabel(l.start) {
			return label
		}
	case l.after != 0 && l.flags&title != 0:
		return role | field
	case l.start > 1 && (l.text == "się" || l.text == "se"):
		return s.wordBefore(l.start) & (role | calls)
	case l.flags&particle != 0 && l.flags&title == 0 && l.start > 2 && l.gap == " ":
		if g := s.wordBefore(l.start); g&role == 0 { // not "le fils de"
			return l.flags&near | g&place
		}
		return l.flags & near
	}
	if strings.ContainsAny(l.gap, "-_;|#") && l.flags&(field|greets) == 0 {
		return 0
	}
	return l.flags & leadFlags
}

// isCopula reports whether a word is a form of "is".
func isCopula(word string) bool {
	switch word {
	case "is", "ist", "est", "es", "é", "è", "to", "jest", "er", "är", "on":
		return true
	}
	return false
}

// closesLetter reports whether the word at i, before a comma, ends a letter: it begins a
// sentence, or a greeting is before it.
func (s *scan) closesLetter(i int) bool {
	if !s.isSmallAt(i) {
		return true
	}
	for range 2 {
		if s.before(i) != ' ' {
			return false
		}
		word := s.lastWord(i - 1)
		if word == "à" || s.isWordBefore(i-1, greets|good) {
			return true
		}
		i -= 1 + len(word)
	}
	return false
}

// beforeTitle returns the flags of the word before a form of address, or before a particle
// before it: "rue du Docteur Roux".
func (s *scan) beforeTitle(i int) flags {
	for range 3 {
		if s.before(i) != ' ' && s.before(i) != '-' {
			return 0
		}
		word := s.lastWord(i - 1)
		if word == "" {
			return 0
		}
		i -= 1 + len(word)
		_, f := s.lookUp(i)
		if f&particle == 0 {
			return f
		}
	}
	return 0
}

// isThingsLabel reports whether the word before i makes of the label of a field one that names no
// person: "Product name".
func (s *scan) isThingsLabel(i int) bool {
	if c := s.before(i); c != ' ' && c != '_' && c != '-' && c != '.' || i < 3 {
		return false
	}
	word := s.lastWord(i - 1)
	if word == "" {
		return false
	}
	_, f := s.lookUp(i - 1 - len(word))
	return f&label != 0
}

// isWordBefore reports whether the word that ends at i has one of the flags.
func (s *scan) isWordBefore(i int, f flags) bool {
	word := s.lastWord(i)
	if word == "" {
		return false
	}
	_, g := s.lookUp(i - len(word))
	return g&f != 0
}

func isScheme(word string) bool { return word == "Bearer" || word == "Basic" || word == "Token" }
