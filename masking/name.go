package masking

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

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
	core := run[from:]
	to := 1
	for to < len(core) && !isStop(&core[to]) {
		to++
	}
	next := s.resume(run, i+1)
	if to < len(core) {
		next = min(next, core[to].start)
		if core[to].is(place) && !core[to].isName() {
			return next
		}
		if core[0].isUnknown() {
			lead &^= greets
		}
	}
	core = core[:to]
	if to == 1 && core[0].is(given) && s.isSpeech(core[0].end) {
		lead |= calls
	}
	for len(core) > 1 && core[len(core)-1].is(particle) && !core[len(core)-1].isName() {
		core = core[:len(core)-1]
	}
	if isStop(&core[0]) {
		return next
	}
	if s.isHonorificAfter(core[len(core)-1].end) {
		lead = title
	}
	if from == 0 {
		if start := s.particlesBefore(core[0].start); start < core[0].start {
			core[0].start, lead = start, title
		}
	}
	if count := nameLength(core, lead); count > 0 {
		end := core[count-1].end
		if end-core[0].start <= maxName && s.endsName(end) && !s.isPhrase(core[:count]) && s.isAlone(core[:count], end) {
			s.add(ruleName, core[0].start, end)
			if count < len(core) {
				return end
			}
			return max(end, next)
		}
	}
	return next
}

// capitals collects the run of words with capitals that starts at i. Between two of them
// there is one space, or a particle.
func (s *scan) capitals(words *[maxNameWords]nameWord, i int) int {
	n := 0
	for n < maxNameWords {
		w, ok := s.nameWord(i)
		if !ok {
			break
		}
		words[n] = w
		n++
		i = w.end
		if s.at(i) == '.' && (w.isInitial || w.is(title)) {
			i++
		}
		if i = s.afterSpace(i); i < 0 {
			break
		}
		for n < maxNameWords-1 && s.m.kinds[s.at(i)]&lower != 0 {
			p, f := s.lookUp(i)
			if f&particle == 0 {
				return n
			}
			after := s.afterSpace(p.end)
			if after < 0 {
				return n
			}
			words[n] = nameWord{start: i, end: p.end, flags: f & particle}
			n++
			i = after
		}
	}
	for n > 1 && words[n-1].flags == particle {
		n--
	}
	return n
}

// nameWord reads a word that starts with a capital, with what hyphens join to it.
func (s *scan) nameWord(i int) (nameWord, bool) {
	if c := s.at(i); c < 0x80 {
		if !isUpper(c) {
			return nameWord{}, false
		}
	} else if r, _ := utf8.DecodeRuneInString(s.text[i:]); !unicode.IsUpper(r) {
		return nameWord{}, false
	}
	w, f := s.lookUp(i)
	if c := s.at(w.end); isDigit(c) || c == '_' {
		return nameWord{}, false
	}
	word := nameWord{start: i, end: w.end, flags: f, isCaps: w.lower == 0 && w.upper > 1}
	if word.isInitial = w.upper == 1 && w.lower == 0; word.isInitial {
		word.flags &= title
	}
	for s.at(word.end) == '-' && s.isLetterAt(word.end+1) && !s.isHonorific(word.end+1) {
		word.isJoined = s.m.kinds[s.text[word.end+1]]&lower != 0
		w, f = s.lookUp(word.end + 1)
		word.end = w.end
		if f&(given|family) != 0 {
			word.flags |= f &^ weak
		} else if f&(common|place) != 0 {
			word.flags |= common
		}
	}
	return word, true
}

// isSpeech reports whether a verb of speech is after i.
func (s *scan) isSpeech(i int) bool {
	if s.at(i) != ' ' || s.m.kinds[s.at(i+1)]&lower == 0 {
		return false
	}
	_, f := s.lookUp(i + 1)
	return f&speech != 0
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

func (s *scan) isHonorificAfter(i int) bool { return s.at(i) == '-' && s.isHonorific(i+1) }

// resume returns where the scan goes on after a run of words, from an offset on: at a word
// that may begin something else, or after the last word.
func (s *scan) resume(run []nameWord, from int) int {
	for i := range run {
		w := &run[i]
		isLast := i == len(run)-1 && (w.isCaps || w.end-w.start < 3) // digits may follow
		if i > 0 && w.start >= from && (isLast || w.is(secret) || isOneOf(s.text[w.start:w.end], "Bearer Basic Token")) {
			return w.start
		}
	}
	return max(from, run[len(run)-1].end)
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
		case w.isCaps && !w.isName() && i+1 < len(run) && !run[i+1].isCaps:
			lead = 0
		case w.is(common) && w.is(weak) && i == 0 && len(run) == 2 && run[1].isStrong(given) && !run[1].is(family):
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

// wordBefore returns what the word before i says of a name at i.
func (s *scan) wordBefore(i int) flags {
	j, after := i, flags(0)
	for j > 0 && i-j < 4 {
		c := s.text[j-1]
		if c == ':' || c == '=' {
			after = field
		} else if c != ' ' && c != '"' && c != '\'' && c != '.' && c != '*' && c != '\t' && c != ',' {
			break
		}
		j--
	}
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
	if f&calls != 0 {
		f |= after
	} else if isOneOf(s.text[start:j], "is ist est es é è to") {
		if g := s.wordBefore(start); g&calls != 0 && start > 4 && isOneOf(strings.ToLower(s.lastWord(start-1)), "name nom nombre nome naam adı imię") {
			return calls | field
		}
	}
	return f & (title | calls | greets | near | place | field)
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
		rest := nameLength(core[1:], 0)
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
	strong, weaks, names := 0, 0, 0
	for i := range core[:count] {
		w := &core[i]
		switch {
		case w.isStrong(given | family):
			strong++
			names++
		case w.is(syllable):
			weaks++
			names++
		case w.isName():
			names++
		}
		if w.isCaps && !w.isName() && !w.is(particle) {
			return 0
		}
	}
	isCalled := lead&calls != 0
	last := &core[count-1]
	switch {
	case count == 2 && (first.is(family) && last.isJoined || first.isJoined && last.is(family)):
		return count
	case first.isCaps && (names < 2 || strong == 0):
		return 0
	case first.isStrong(given), first.is(given) && last.isStrong(given|family):
		return count
	case first.is(family) && first.is(syllable) && names == count:
		return count
	case strong > 0 && names >= 2:
		return count
	case first.isUnknown() && strong > 0 && last.isStrong(family):
		return count
	case isCalled && (names > 0 || lead&field != 0):
		return count
	case first.isName() && len(core) > 1 && core[1].isInitial && count > 2:
		return count
	}
	return oneWord(first, lead)
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

// startsName reports whether a name may start at i, by what is before.
func (s *scan) startsName(i int) bool {
	switch c := s.before(i); c {
	case '\n', ' ', '\t', '\r', '"', '(', '[', '{', '<', '>', ',', ';', ':', '=', '|', '*', '~', '!', '?':
		return true
	case '\'':
		return i < 2 || s.text[i-2] < 0x80 && !isAlnum(s.text[i-2]) || isElision(s.text[:i-1])
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

// endsName reports whether a name may end at i, by what follows.
func (s *scan) endsName(i int) bool {
	switch c := s.at(i); c {
	case '_', '@', '(', '[', '/', '\\', '$', '#', '=', '+', '&', '%':
		return false
	case '*':
		return !strings.HasPrefix(s.text[i:], "***")
	case '.', ':', '-':
		if c == '-' && s.isHonorific(i+1) {
			return true
		}
		if i+1 == len(s.text) {
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
