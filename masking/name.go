package masking

import "strings"

// maxNameWords is how many words with capitals are looked at together.
const maxNameWords = 7

// maxName is the length of the longest name, in bytes.
const maxName = 100

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

func (w *nameWord) isStrong(f flags) bool { return w.is(f) && !w.is(weak|syllable) }

// isUnknown reports whether the lists do not have the word, so that it may be a name.
func (w *nameWord) isUnknown() bool {
	return !w.is(given|family|common|place|months|title|calls|particle|near) && !w.isInitial
}

// name looks for a name in the run of words with capitals that starts at i. It returns
// where to go on.
func (s *scan) name(i int) int {
	var words [maxNameWords]nameWord
	n := s.capitals(&words, i)
	if n == 0 {
		return max(i+1, s.wordEnd(i))
	}
	run := words[:n]
	if !s.startsName(i) {
		return run[0].end
	}
	lead, from := s.lead(run)
	if from == len(run) {
		return s.resume(run, i+1)
	}
	core, stop := cutAtStop(run[from:])
	next := s.resume(run, i+1)
	if stop != nil {
		next = min(next, stop.start)
		if stop.is(place) {
			return next
		}
		if core[0].isUnknown() {
			lead &^= greets
		}
	}
	if isStop(&core[0]) {
		return next
	}
	lead = s.around(core, lead, from == 0)
	count := nameLength(core, lead)
	for count > 0 && !s.endsName(core[count-1].end) {
		if core = core[:count-1]; len(core) == 0 {
			return next
		}
		count = nameLength(core, lead)
	}
	if count == 0 {
		return next
	}
	end := core[count-1].end
	if end-core[0].start > maxName || s.isPhrase(core[:count]) || !s.isAlone(core[:count], end) {
		return next
	}
	s.add(ruleName, core[0].start, end)
	if count < len(core) {
		return end
	}
	return max(end, next)
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
	for to > 1 && core[to-1].is(particle) && !core[to-1].isName() {
		to--
	}
	return core[:to], stop
}

// around returns what the words before and after core say. It takes in particles in lower
// case that are before core, when isFirst says that nothing of the run is.
func (s *scan) around(core []nameWord, lead flags, isFirst bool) flags {
	end := core[len(core)-1].end
	if len(core) == 1 && core[0].is(given) && s.isSpeech(end) {
		lead |= calls
	}
	if s.isHonorificAfter(end) {
		lead = title
	}
	if isFirst {
		if start := s.particlesBefore(core[0].start); start < core[0].start {
			core[0].start, lead = start, title
		}
	}
	return lead
}

// lead takes from the start of a run the words that come before a name. It returns what
// they say of it and how many they are.
func (s *scan) lead(run []nameWord) (flags, int) {
	lead, i := flags(0), 0
	for ; i < len(run); i++ {
		w := &run[i]
		switch {
		case w.is(title) && !w.isName() && i+1 < len(run):
			lead = title
		case w.is(calls|near) && !w.isName():
			lead = w.flags & (calls | greets | near)
		case w.is(common|place|months) && !w.isName():
			lead = w.flags & place
		case i+1 < len(run) && lead&title == 0 && s.isAcronym(w, &run[i+1]):
			lead = 0
		case w.is(common) && w.is(weak) && i == 0 && len(run) == 2 && run[1].isStrong(given) && !run[1].is(family) && s.wordBefore(w.start)&(calls|title) == 0:
			lead = 0
		case w.is(particle) && !w.isName() && i+1 == len(run):
			lead = 0
		default:
			if i == 0 {
				lead = s.wordBefore(w.start)
			}
			return lead, i
		}
	}
	return lead, i
}

// isAcronym reports whether a word is capitals that do not belong to the name after it: "CEO
// Alice".
func (s *scan) isAcronym(w, next *nameWord) bool {
	return w.isCaps && !w.isName() && !next.isCaps && s.wordBefore(w.start)&title == 0
}

func isStop(w *nameWord) bool {
	return w.is(common|place|months|title) && !w.isName() && !w.isJoined
}

// nameLength returns how many words of core are a name, or 0. lead is what the words
// before say.
func nameLength(core []nameWord, lead flags) int {
	first := &core[0]
	if lead&place != 0 && lead&calls == 0 {
		return 0
	}
	if first.isInitial && len(core) > 1 {
		rest := nameLength(core[1:], lead)
		if core[1].isStrong(family) {
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
	strong, names := 0, 0
	for i := range core[:count] {
		w := &core[i]
		if w.isStrong(given | family) {
			strong++
		}
		if w.isName() || w.is(syllable) {
			names++
		}
		if w.isCaps && !w.isName() && !w.is(particle) {
			return false
		}
	}
	first, last := &core[0], &core[count-1]
	switch {
	case count == 2 && (first.is(family) && last.isJoined || first.isJoined && last.is(family)): // Park Ji-hoon
		return true
	case first.isCaps && (names < 2 || strong == 0):
		return false
	case lead&calls != 0 && (names > 0 || lead&field != 0), strong > 0 && names >= 2:
		return true
	}
	return isPair(first, last, names == count) || first.isName() && core[1].isInitial && count > 2
}

// isPair reports whether the first and the last word of a name go together. areNames says
// that the lists have all.
func isPair(first, last *nameWord, areNames bool) bool {
	switch {
	case first.isStrong(given):
		return true
	case first.is(given) && last.isStrong(given|family):
		return true
	case first.is(family) && first.is(syllable): // Zhang Wei
		return areNames
	}
	return first.isUnknown() && last.isStrong(family)
}

// oneWord returns 1 when a single word is a name.
func oneWord(w *nameWord, lead flags) int {
	isCalled := lead&calls != 0
	switch {
	case w.isCaps && !isCalled:
		return 0
	case w.isStrong(given):
		return 1
	case isCalled && w.isName() && (!w.is(common) || w.is(given)), lead&greets != 0 && w.isName():
		return 1
	case lead&greets != 0 && w.isUnknown() && !w.isCaps:
		return 1
	}
	return 0
}

// extent returns how many words of core go together: a given name, a word that the lists
// do not have, and family names.
func extent(core []nameWord) int {
	unknown, hasFamily := 0, false
	count := 0
	for i := range core {
		w := &core[i]
		switch {
		case w.isInitial && i+1 < len(core), w.is(particle) && !w.isName():
			continue
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

// isAlone reports whether a name is not a part of the name of a company: "Marks & Spencer".
func (s *scan) isAlone(core []nameWord, end int) bool {
	if core[0].isStrong(given) && len(core) > 1 {
		return true
	}
	return !strings.HasPrefix(s.text[end:], " & ") && !strings.HasSuffix(s.text[:core[0].start], " & ")
}

func (s *scan) isPhrase(core []nameWord) bool {
	if len(core) != 2 {
		return false
	}
	var joined [2 * maxWord]byte
	n := 0
	for i := range core {
		w, _ := s.lookUp(core[i].start)
		n += copy(joined[n:], s.folded[:w.folded])
	}
	hash := uint32(hashStart)
	for _, c := range joined[:n] {
		hash = (hash ^ uint32(c)) * hashFactor
	}
	e := s.m.words.find(joined[:n], hash*hashSpread)
	return e != nil && e.flags&phrase != 0
}
