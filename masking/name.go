package masking

import "strings"

// maxNameWords is how many words with capitals are looked at together.
const maxNameWords = 8

// maxName is the length of the longest name, in bytes.
const maxName = 100

// politeness is what is before a name alone: words that the lists do not have are names
// then.
const politeness = title | greets

// nameWord is a word of a run of words with capitals.
type nameWord struct {
	start, end int
	flags      flags
	isInitial  bool // one letter
	isCaps     bool // more letters, all capitals
	isJoined   bool // a second part in lower case: "Ji-hoon"
}

func (w *nameWord) is(f flags) bool { return w.flags&f != 0 }

func (w *nameWord) isName() bool { return w.is(given | family) }

func (w *nameWord) isStrong(f flags) bool { return w.is(f) && !w.is(weak|syllable|brand) }

// isUnknown reports whether the lists do not have the word, so that it may be a name.
func (w *nameWord) isUnknown() bool {
	return !w.is(given|family|common|place|months|title|calls|particle|near|role|label|thing|weak|greets|closes) && !w.isInitial
}

// isParticle reports whether the word is only a part of a name: "van".
func (w *nameWord) isParticle() bool { return w.is(particle) && !w.isName() }

// name looks for a name in the run of words with capitals that starts at i. It returns
// where to go on.
func (s *scan) name(i int) int {
	var words [maxNameWords]nameWord
	n := s.capitals(&words, i)
	if n == 0 {
		return max(i+1, s.wordEnd(i))
	}
	run := words[:n]
	if n == 1 && run[0].is(common) && !run[0].isName() || !s.startsName(i) {
		return run[0].end
	}
	lead, from := s.lead(run)
	next := s.resume(run, i+1)
	if len(run)-from > 2 && from > 0 && s.isOwner(&run[from-1], run[from:]) {
		from++
	}
	if from == len(run) {
		return next
	}
	if end := s.familyFirst(run[from:], lead); end > 0 {
		s.add(ruleName, run[from].start, end)
		return end
	}
	return s.givenFirst(run, from, lead, next)
}

// familyFirst looks for a name that begins with the family, with a comma or of Vietnam, at the
// start of core. It returns its end, or 0.
func (s *scan) familyFirst(core []nameWord, lead flags) int {
	if end := s.reversed(core, lead); end > 0 {
		return end
	}
	if lead&place == 0 && s.isVietnamese(core) && !s.isPhrase(nil, core) {
		return core[len(core)-1].end
	}
	return 0
}

// givenFirst looks for any other name in a run, after the first from words, of which lead is
// what they say. It returns where to go on: at next, when there is none.
func (s *scan) givenFirst(run []nameWord, from int, lead flags, next int) int {
	core, stop := cutAtStop(run[from:])
	if stop != nil {
		next = min(next, stop.start)
		if s.isPlaceEnd(stop) && (lead&politeness == 0 || len(core) > 1) {
			return next
		}
		if !core[0].isStrong(given) && len(core) == 1 && lead&field == 0 {
			lead &^= greets | role
		}
	}
	if isStop(&core[0]) {
		return next
	}
	lead = s.around(core, lead, from == 0)
	core, count := s.longest(core, lead)
	if count == 0 {
		return next
	}
	end := s.endWithDot(&core[count-1])
	if s.isElse(run, from, count, end, lead) {
		return next
	}
	s.add(ruleName, core[0].start, end)
	if count < len(core) {
		return end
	}
	return max(end, next)
}

// isPlaceEnd reports whether a word that stops a name makes it a place: "Close".
func (s *scan) isPlaceEnd(stop *nameWord) bool {
	return stop.is(place) || isOneOf(s.text[stop.start:stop.end], "Close Drive Court")
}

// longest returns how many words at the start of core are the longest name that may end where
// it does, or 0, and the words that were looked at for it.
func (s *scan) longest(core []nameWord, lead flags) ([]nameWord, int) {
	for len(core) > 0 {
		count := s.nameLength(core, lead)
		if count == 0 || s.endsName(core[count-1].end, count, lead) {
			return core, count
		}
		core = core[:count-1]
	}
	return nil, 0
}

// isElse reports whether the count words of a run after the first from, which look like a name
// up to end, are something else.
func (s *scan) isElse(run []nameWord, from, count, end int, lead flags) bool {
	core := run[from : from+count]
	switch {
	case end-core[0].start > maxName, s.isPhrase(run[:from], core), !s.isAlone(core, end), s.isThing(end, lead), s.isSpelled(run, from, count):
		return true
	case count == 1:
		return s.isOther(&core[0], lead)
	}
	return s.isStreet(core)
}

// cutAtStop returns the words before the second or later one that stops a name, without
// particles at their end, and that one.
func cutAtStop(core []nameWord) ([]nameWord, *nameWord) {
	var stop *nameWord
	to := 1
	for to < len(core) && (!isStop(&core[to]) || core[to].is(particle) && to+1 < len(core) && !isStop(&core[to+1])) {
		to++
	}
	if to < len(core) {
		stop = &core[to]
	}
	for to > 1 && core[to-1].isParticle() {
		to--
	}
	return core[:to], stop
}

// around returns what the words before and after core say. It takes in particles in lower
// case that are before core, when isFirst says that nothing of the run is.
func (s *scan) around(core []nameWord, lead flags, isFirst bool) flags {
	end := core[len(core)-1].end
	if s.isSpeech(end) {
		lead |= calls | speech
	}
	if s.isHonorificAfter(end) {
		lead = title
	}
	if s.isChat(core[0].start, end) {
		lead |= role | calls
	}
	if s.isMailAfter(end) && (len(core) > 1 || core[0].isName()) {
		lead = lead&^place | role | field
	}
	if isFirst {
		if start := s.particlesBefore(core[0].start); start < core[0].start {
			core[0].start, lead = start, lead&^place|title
		}
	}
	return lead
}

func isStop(w *nameWord) bool {
	return w.is(common|place|months|title|role|thing|label) && !w.isName() && !w.isJoined && !w.isInitial
}

// nameLength returns how many words of core are a name, or 0. lead is what the words
// before say.
func (s *scan) nameLength(core []nameWord, lead flags) int {
	first := &core[0]
	if first.isParticle() && len(core) == 1 || lead&(place|label) != 0 && lead&(calls|politeness|role) == 0 {
		return 0
	}
	if first.isInitial && s.at(first.end) != '.' {
		return 0
	}
	if first.isInitial && len(core) > 1 {
		rest := s.nameLength(core[1:], lead)
		if len(core) > 2 && core[1].isInitial && s.at(core[1].end) == '.' && core[2].isUnknown() && !core[2].isCaps && core[2].end-core[2].start > 4 { // P. V. Rangaswamy
			rest = max(rest, 2)
		}
		if core[1].isStrong(family) || core[1].isUnknown() && !core[1].isCaps && lead&(politeness|role|speech|calls) != 0 {
			rest = max(rest, 1)
		}
		if rest > 0 {
			return rest + 1
		}
		return 0
	}
	count := extent(core)
	switch {
	case first.isInitial && count == 1:
		return 0
	case lead&title != 0:
		return count
	case count == 1:
		return oneWord(first, lead)
	}
	if isSeveral(core, count, lead) {
		return count
	}
	return oneWord(first, lead)
}

// isSeveral reports whether the first words of core, two or more, are a name.
func isSeveral(core []nameWord, count int, lead flags) bool {
	strong, names, initials, isShouted := tally(core[:count], lead)
	if isShouted {
		return false
	}
	first, last := &core[0], &core[count-1]
	isPerson := lead&(politeness|role|field) != 0 && lead&label == 0
	switch {
	case first.isInitial:
		return false
	case count == 2 && (first.is(family) && last.isJoined || first.isJoined && last.is(family)): // Park Ji-hoon
		return true
	case first.isCaps && !isPerson && (names < 2 || strong == 0):
		return false
	case isPerson, lead&calls != 0 && names > 0, strong > 0 && names >= 2:
		return true
	case initials > 0 && count > 2 && !last.isInitial: // Zanele T. Mokoena
		return true
	case last.isInitial:
		return first.isStrong(given)
	}
	return isPair(first, last, names == count, lead)
}

// tally counts the words that are surely names, those that are names or syllables of names,
// and the initials after the first word. isShouted says that one in capitals is no name.
func tally(words []nameWord, lead flags) (strong, names, initials int, isShouted bool) {
	for i := range words {
		w := &words[i]
		if w.isStrong(given | family) {
			strong++
		}
		if w.isName() || w.is(syllable) {
			names++
		}
		if w.isInitial && i > 0 {
			initials++
		}
		if w.isCaps && !w.isName() && !w.is(particle) && lead&(field|politeness) == 0 && (i == 0 || strong == 0) {
			return strong, names, initials, true
		}
	}
	return strong, names, initials, false
}

// isPair reports whether the first and the last word of a name go together. areNames says
// that the lists have all.
func isPair(first, last *nameWord, areNames bool, lead flags) bool {
	switch {
	case first.isStrong(given):
		return true
	case first.is(given) && last.isStrong(given|family):
		return true
	case first.is(given) && last.isUnknown():
		return !first.is(brand|syllable) && first.end-first.start > 3 || lead&(speech|calls) != 0
	case first.is(family) && first.is(syllable): // Zhang Wei
		return areNames
	}
	return first.isUnknown() && last.isStrong(family)
}

// oneWord returns 1 when a single word is a name.
func oneWord(w *nameWord, lead flags) int {
	isCalled := lead&(calls|role) != 0
	switch {
	case lead&speech != 0 && lead&(greets|role|field) == 0 && w.is(common) && w.is(brand): // Kenya said no
		return 0
	case w.is(greets) && !w.isStrong(given):
		return 0
	case w.isCaps && !isCapsName(w, lead):
		return 0
	case w.isStrong(given):
		return 1
	case lead&speech != 0 && w.isStrong(family):
		return 1
	case isCalled && w.isName() && !w.is(syllable) && (!w.is(common|brand) || w.is(given)), lead&greets != 0 && w.isName():
		return 1
	case lead&(greets|role) != 0 && lead&label == 0 && w.isUnknown() && !w.isCaps && w.end-w.start > 2:
		return 1
	}
	return 0
}

// isCapsName reports whether a single word that is all capitals may be a name.
func isCapsName(w *nameWord, lead flags) bool {
	return lead&(calls|role|greets) != 0 && w.isName() && (lead&(field|greets) != 0 || w.end-w.start > 3)
}

// extent returns how many words of core go together: a given name, a word that the lists
// do not have, and family names.
func extent(core []nameWord) int {
	unknown, hasFamily := 0, false
	count := 0
	for i := range core {
		w := &core[i]
		switch {
		case w.isInitial && (i+1 < len(core) || i == 1 && core[0].is(given) && !core[0].is(brand)), w.isParticle():
			if i+1 < len(core) {
				continue
			}
		case w.isName():
			hasFamily = hasFamily || i > 0 && w.isStrong(family)
		default:
			if unknown++; unknown > 2 || hasFamily && i > 1 {
				return max(count, 1)
			}
		}
		count = i + 1
	}
	return max(count, 1)
}

// reversed looks for a family name and a given name with a comma between them at the start of
// core. It returns their end, or 0.
func (s *scan) reversed(core []nameWord, lead flags) int {
	last := &core[len(core)-1]
	if s.at(last.end) != ',' || s.at(last.end+1) != ' ' || lead&(place|label) != 0 && lead&(role|calls) == 0 || !mayBeFamily(core) {
		return 0
	}
	isField := lead&field != 0 && lead&(role|calls) != 0
	if !isField && !s.startsCell(core[0].start) && lead&(role|calls|near) == 0 {
		return 0
	}
	var words [maxNameWords]nameWord
	after := words[:s.capitals(&words, last.end+2)]
	if !mayBeGiven(after, &core[0], isField) {
		return 0
	}
	end := s.endWithDot(&after[len(after)-1])
	if !s.endsCell(end) || !core[0].isName() && !core[0].isUnknown() && !core[0].is(particle) {
		return 0
	}
	return end
}

// mayBeFamily reports whether the words before a comma may be a family name.
func mayBeFamily(core []nameWord) bool {
	if len(core) > 3 || len(core) > 1 && core[0].is(given) {
		return false
	}
	for i := range core {
		if w := &core[i]; isStop(w) && !w.is(particle) || w.isStrong(given) && !w.is(family) || w.isInitial {
			return false
		}
	}
	return true
}

// mayBeGiven reports whether the words after a comma may be the given names of the family
// before it. isField says that a label asks for a name.
func mayBeGiven(after []nameWord, before *nameWord, isField bool) bool {
	if len(after) == 0 || len(after) > 3 {
		return false
	}
	first := &after[0]
	if before.is(given) && first.is(family) && !first.isStrong(given) {
		return false
	}
	for i := range after {
		w := &after[i]
		if isStop(w) || i > 0 && !w.isInitial && !w.is(given) && w.isUnknown() && !isField {
			return false
		}
	}
	if first.is(given) {
		return isField || !first.is(brand)
	}
	return isField && first.isUnknown() && (!first.isCaps || before.isCaps)
}

// endWithDot returns the end of a word, with the dot of an initial.
func (s *scan) endWithDot(w *nameWord) int {
	if w.isInitial && s.at(w.end) == '.' {
		return w.end + 1
	}
	return w.end
}

// isAlone reports whether a name is not a part of the name of a company: "Marks & Spencer".
func (s *scan) isAlone(core []nameWord, end int) bool {
	rest := s.text[end:]
	for _, joint := range []string{" & ", " and ", " und ", " et ", " y ", " e ", " u. ", " + ", " i ", " en ", " og ", " och "} {
		if strings.HasPrefix(rest, joint) {
			w, f := s.lookUp(end + len(joint))
			if isUpper(s.at(end+len(joint))) && (f&place != 0 || s.isAward(w.end)) {
				return false
			}
		}
	}
	if core[0].isStrong(given) && len(core) > 1 {
		return true
	}
	before, isAfter := strings.HasSuffix(s.text[:core[0].start], " & "), strings.HasPrefix(rest, " & ")
	if !before && !isAfter {
		return true
	}
	at := end + 3
	if before {
		at = core[0].start - 3
		at -= len(s.lastWord(at))
	}
	var other nameWord
	return s.nameWord(&other, at) && core[0].isStrong(given) && other.isStrong(given) && !core[0].is(family) && !other.is(family) && !s.arePhrase(&other, &core[0])
}

// isPhrase reports whether the words of a name, or the last word before it and the name, are
// something else together.
func (s *scan) isPhrase(before, core []nameWord) bool {
	if len(core) == 1 && len(before) > 0 {
		return s.arePhrase(&before[len(before)-1], &core[0])
	}
	for i := range len(core) - 1 {
		if s.arePhrase(&core[i], &core[i+1]) {
			return true
		}
	}
	return false
}

func (s *scan) arePhrase(a, b *nameWord) bool {
	if !s.m.phrases.may(s, a.start) {
		return false
	}
	var joined [2 * maxWord]byte
	n := 0
	for _, at := range [...]int{a.start, b.start} {
		w, _ := s.lookUp(at)
		n += copy(joined[n:], s.folded[:w.folded])
	}
	return s.m.words.flagsOf(string(joined[:n]))&phrase != 0
}

// isPhraseBefore reports whether a word that ends a name and the word at i are something else
// together: "bobby pins".
func (s *scan) isPhraseBefore(i, end int) bool {
	word := s.lastWord(end)
	if len(word) > maxWord/2 || !s.isLetterAt(i) {
		return false
	}
	a := nameWord{start: end - len(word)}
	return s.arePhrase(&a, &nameWord{start: i})
}
