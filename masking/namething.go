package masking

import "strings"

// isThing reports whether what goes on at i makes a thing of the name before: "Bayes'
// theorem". After a form of address only goods do: "Mr Muscle cleaners".
func (s *scan) isThing(i int, lead flags) bool {
	from := i
	for _, possessive := range []string{"'s", "’s", "'", "’"} {
		if strings.HasPrefix(s.text[i:], possessive) {
			i += len(possessive)
			break
		}
	}
	if s.at(i) != ' ' && s.at(i) != '-' || s.m.kinds[s.at(i+1)]&letter == 0 {
		return false
	}
	w, f := s.lookUp(i + 1)
	switch {
	case f&goods != 0 && w.upper == 0:
		return true
	case lead&politeness != 0:
		return false
	case f&thing != 0:
		return true
	case i > from && isOneOf(s.text[i+1:w.end], "opens closes delivers sells offers ships"):
		return true
	case i > from:
		return strings.HasPrefix(s.text[i:], " and ") && s.isShop(i+len(" and "))
	case isOneOf(s.text[i+1:w.end], "is are"):
		return s.isDefined(w.end)
	}
	return s.isPhraseBefore(i+1, from)
}

// isShop reports whether the name of a second shop is at i, and what shops do after it:
// "Wendy's and Arby's are open".
func (s *scan) isShop(i int) bool {
	w, _ := s.lookUp(i)
	if !isUpper(s.at(i)) || !strings.HasPrefix(s.text[w.end:], "'s ") {
		return false
	}
	verb := w.end + len("'s ")
	w, _ = s.lookUp(verb)
	return isOneOf(s.text[verb:w.end], "are have open close offer sell")
}

// isDefined reports whether a thing is what a sentence says the name before i to be: " a moon
// of Saturn".
func (s *scan) isDefined(i int) bool {
	for _, article := range []string{" a ", " an "} {
		if strings.HasPrefix(s.text[i:], article) {
			i += len(article) - 1
			break
		}
	}
	if s.at(i) != ' ' || !s.isSmallAt(i+1) {
		return false
	}
	_, f := s.lookUp(i + 1)
	return f&thing != 0
}

// isAward reports whether a word for a thing in lower case is at i, after a space.
func (s *scan) isAward(i int) bool {
	if s.at(i) != ' ' || !s.isSmallAt(i+1) {
		return false
	}
	_, f := s.lookUp(i + 1)
	return f&thing != 0
}

// isSpelling reports whether a word is of the spelling alphabet for radio, without "X-ray".
func isSpelling(word string) bool {
	switch word {
	case "Alfa", "Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliet", "Juliett", "Kilo",
		"Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "Yankee", "Zulu":
		return true
	}
	return false
}

// isSpelled reports whether the count words of a run after the first from are of the spelling
// alphabet, with at least one more beside them.
func (s *scan) isSpelled(run []nameWord, from, count int) bool {
	spelled := 0
	for i := range run[:min(from+count, len(run))] {
		switch isSpelling(s.text[run[i].start:run[i].end]) {
		case true:
			spelled++
		case i >= from:
			return false
		}
	}
	if next := from + count; spelled == 1 && next < len(run) && isSpelling(s.text[run[next].start:run[next].end]) {
		spelled++
	}
	return spelled > 1
}

// isOwner reports whether a common noun and a particle are before a given name: the particle
// is no part of the name in "Der Antrag von Uwe Strobel".
func (s *scan) isOwner(noun *nameWord, core []nameWord) bool {
	return core[0].flags == particle && s.isSmallAt(core[0].start) && isOneOf(s.text[core[0].start:core[0].end], "von van de di da del") &&
		noun.flags&(title|greets|calls|place) == 0 && noun.is(common|role) && !noun.isName() && core[1].is(given) && !core[1].isParticle()
}

// isLeadPlace reports whether the first word of a run is a name that makes a place of what is
// after it: "Plaza de Roberto Arlt".
func (s *scan) isLeadPlace(run []nameWord) bool {
	switch word := s.text[run[0].start:run[0].end]; word {
	case "Santo", "Santa", "Plaza", "Isla", "Castel":
		return true
	case "Villa", "Fuente", "Porto", "Puerto", "Monte":
		return run[1].is(given) || run[1].isParticle()
	case "Storm":
		return !run[1].is(family)
	case "Marina":
		return isOneOf(s.text[run[1].start:run[1].end], "di du")
	}
	return false
}

// isStreet reports whether the last word of core may be one for a street, and another street is
// beside core: "Alice Lane, Arthur Road".
func (s *scan) isStreet(core []nameWord) bool {
	last := &core[len(core)-1]
	if isOneOf(s.text[last.start:last.end], "Street Road") {
		return true
	}
	if !isOneOf(s.text[last.start:last.end], "Lane Park Hill Grove Green Way Row Walk Brook Rise") {
		return false
	}
	for _, joint := range []string{", ", " and "} {
		if before, ok := strings.CutSuffix(s.text[:core[0].start], joint); ok && s.isWordBefore(len(before), place) {
			return true
		}
		if strings.HasPrefix(s.text[last.end:], joint) {
			name, _ := s.lookUp(last.end + len(joint))
			if _, f := s.lookUp(min(len(s.text), name.end+1)); isUpper(s.at(last.end+len(joint))) && isUpper(s.at(name.end+1)) && f&place != 0 {
				return true
			}
		}
	}
	return false
}

// isOther reports whether a single word is something else than a name, by what is beside it:
// a month, a version, or an article before it.
func (s *scan) isOther(w *nameWord, lead flags) bool {
	if w.is(months) && (s.isDay(w) || s.isMonthAfter(w.end)) {
		return true
	}
	if lead&(calls|politeness|role|field) != 0 {
		return false
	}
	if s.at(w.end) == ' ' && isDigit(s.at(w.end+1)) && (isOneOf(s.text[w.start:w.end], "Claude Julia Ada") || s.at(w.end+2) == '.' || isDigit(s.at(w.end+2)) && s.at(w.end+3) == '.') {
		return true // a version
	}
	if s.before(w.start) == ' ' && isOneOf(s.lastWord(w.start-1), "The the in") {
		return true
	}
	if s.at(w.end) != ' ' || !s.isSmallAt(w.end+1) {
		return false
	}
	next, f := s.lookUp(w.end + 1)
	text := s.text[w.end+1 : next.end]
	if text == "it" || text == "the" && isUpper(s.at(next.end+1)) { // Peter the Great
		return true
	}
	if f&(speech|calls) != 0 || s.before(w.start) != '\n' && !strings.HasSuffix(s.text[:w.start], ". ") {
		return false
	}
	return len(text) > 5 && strings.HasSuffix(text, "ing") || f&noun != 0 && !hasEnding(text, "ed ly s") && !isOneOf(text, states)
}

// states are English words, among nouns, that tell of a person right after the name.
const states = "hat across alone arrive attend awake aware dead pregnant angry hungry afraid anxious sick felt hurt fit loud beneath beside overnight dance smile laugh bat gang sex fan"

// isMonthAfter reports whether another month is after i: "Jan, Feb" and "Jan to Mar".
func (s *scan) isMonthAfter(i int) bool {
	rest := s.text[i:min(len(s.text), i+8)]
	for _, joint := range []string{", ", "/", "-", "–", " to ", " - ", " and "} {
		if strings.HasPrefix(rest, joint) && isUpper(s.at(i+len(joint))) {
			_, f := s.lookUp(i + len(joint))
			return f&months != 0
		}
	}
	return false
}

// isDay reports whether a month is beside the number of a day or a year.
func (s *scan) isDay(w *nameWord) bool {
	i := w.end
	if s.at(i) == '.' {
		i++
	}
	for (s.at(i) == ' ' || s.at(i) == '\'') && i < w.end+3 {
		i++
	}
	if i > w.end && isDigit(s.at(i)) {
		return true
	}
	i = w.start
	for i > 0 && w.start-i < 2 && strings.IndexByte(" .-/", s.text[i-1]) >= 0 {
		i--
	}
	return i < w.start && isDigit(s.before(i))
}
