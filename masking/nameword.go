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
			if !s.m.linking.may(s, i) {
				return n
			}
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
	if c := s.at(w.end); isDigit(c) || c == '_' || c == '.' && isAlnum(s.at(w.end+1)) || s.isAddress(w.end) {
		return nameWord{}, false // of an identifier or an address
	}
	word := nameWord{start: i, end: w.end, flags: f, isCaps: w.lower == 0 && w.upper > 1}
	if word.isInitial = w.upper == 1 && w.lower == 0; word.isInitial {
		if word.flags &= title; s.at(w.end) != '.' { // M. Dupont
			word.flags = 0
		}
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

func (s *scan) isHonorificAfter(i int) bool { return s.at(i) == '-' && s.isHonorific(i+1) }

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

func isScheme(word string) bool { return word == "Bearer" || word == "Basic" || word == "Token" }

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
	if j-start == 1 && s.text[j] != '.' {
		f &^= title
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

// endsName reports whether a name may end at i, by what follows.
func (s *scan) endsName(i int) bool {
	c := s.at(i)
	switch c {
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
