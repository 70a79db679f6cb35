package masking

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWord is the length of the longest word that is looked up, in bytes, folded.
const maxWord = 32

// maxEnding is the length of the longest ending of a word that is looked up, in bytes.
const maxEnding = 14

// flags is what a word means. Above the lexical flags there is one for each entity of
// which the word is context.
type flags uint64

const (
	given     flags = 1 << iota // a given name
	family                      // a family name
	weak                        // a name that is also a word, a place or a brand
	common                      // a word that is not a name
	title                       // Mr, Frau, Dr
	calls                       // a word that a name follows: call, dear, from
	particle                    // de, van, bin
	place                       // a word that makes a name of a street, place or company of what is before it
	counter                     // a word that a number follows that is not personal: order, version
	months                      // a month
	secret                      // a word that a password follows
	strongKey                   // a secret whose value needs no proof: password
	syllable                    // a short name that needs another one beside it
	phrase                      // two words that are not a name together
	greets                      // a greeting
	near                        // a word that a name may follow: from, by
	field                       // a name is the value of the field before
	unit                        // a word after an amount
	versions                    // a word before a version
	event                       // a word before a date that is not of birth
	filler                      // a word between a counter and its number
	speech                      // a verb after a name
	role                        // what only a person is: patient, plaintiff
	closes                      // ends a letter, before a comma
	honorific                   // a form of address after a name: Bey
	thing                       // makes a thing of the name before: theorem
	brand                       // a name that is a place or a brand more often
	label                       // a field that names no person: company, product
	good                        // the first word of "good morning"
	naming                      // the word "name"
	noun                        // an English word that is no verb of a person
	goods                       // what a shop sells, after the name of a brand

	contextShift = 32
)

const anyContext = ^flags(1<<contextShift - 1)

// lexicon maps folded words to their flags: an open-addressed table of entries, whose
// text is in one string.
type lexicon struct {
	slots   []uint32 // tag and index of an entry, 0 for none
	entries []entry
	text    []byte
}

type entry struct {
	offset uint32
	length uint8
	flags  flags
}

const (
	slotBits  = 17
	indexBits = 16
)

func newLexicon(rules []Rule) lexicon {
	l := lexicon{slots: make([]uint32, 1<<slotBits), text: make([]byte, 0, 256<<10), entries: make([]entry, 1, 1<<indexBits)}
	for _, list := range wordLists() {
		l.addAll(list.words, list.flags)
	}
	for _, list := range endingLists() {
		l.addEndings(list.words, list.flags)
	}
	for i := range l.entries {
		if e := &l.entries[i]; e.flags&common != 0 && e.flags&(given|family) != 0 {
			e.flags |= weak
		}
	}
	for i := range rules {
		for _, word := range rules[i].Context {
			l.addAll(word, rules[i].context)
		}
	}
	return l
}

func (l *lexicon) addAll(words string, f flags) {
	var folded [maxWord]byte
	for word := range strings.FieldsSeq(words) {
		w := foldWord(&folded, word, 0)
		if w.folded < 3 && f&(role|speech|closes|honorific) != 0 {
			continue // too short, and so too often something else
		}
		e := l.find(folded[:w.folded], w.hash)
		if e == nil {
			e = l.insert(folded[:w.folded], w.hash)
		}
		e.flags |= f
	}
}

func (l *lexicon) find(word []byte, hash uint32) *entry {
	for slot := hash >> (32 - slotBits); ; slot = (slot + 1) & (1<<slotBits - 1) {
		v := l.slots[slot]
		if v == 0 {
			return nil
		}
		if v>>indexBits != hash&(1<<(32-indexBits)-1) {
			continue
		}
		e := &l.entries[v&(1<<indexBits-1)]
		if string(l.text[e.offset:e.offset+uint32(e.length)]) == string(word) {
			return e
		}
	}
}

// flagsOf returns the flags of a folded word.
func (l *lexicon) flagsOf(word string) flags {
	hash := uint32(hashStart)
	for i := range len(word) {
		hash = (hash ^ uint32(word[i])) * hashFactor
	}
	if e := l.find([]byte(word), hash*hashSpread); e != nil {
		return e.flags
	}
	return 0
}

// addEndings adds endings of words, each with a hyphen before it.
func (l *lexicon) addEndings(endings string, f flags) {
	for ending := range strings.FieldsSeq(endings) {
		hash := uint32(hashStart)
		word := append([]byte{'-'}, ending...)
		for _, c := range word {
			hash = (hash ^ uint32(c)) * hashFactor
		}
		l.insert(word, hash*hashSpread).flags = f
	}
}

// flagsOfEnding returns the flags of the longest ending of a folded word that is known.
func (l *lexicon) flagsOfEnding(word []byte) flags {
	var ending [maxEnding + 1]byte
	ending[0] = '-'
	for n := min(maxEnding, len(word)-1); n > 1; n-- {
		copy(ending[1:], word[len(word)-n:])
		hash := uint32(hashStart)
		for _, c := range ending[:n+1] {
			hash = (hash ^ uint32(c)) * hashFactor
		}
		if e := l.find(ending[:n+1], hash*hashSpread); e != nil {
			return e.flags
		}
	}
	return 0
}

func (l *lexicon) insert(word []byte, hash uint32) *entry {
	slot := hash >> (32 - slotBits)
	for l.slots[slot] != 0 {
		slot = (slot + 1) & (1<<slotBits - 1)
	}
	l.slots[slot] = hash&(1<<(32-indexBits)-1)<<indexBits | uint32(len(l.entries))
	l.entries = append(l.entries, entry{offset: uint32(len(l.text)), length: uint8(len(word))})
	l.text = append(l.text, word...)
	return &l.entries[len(l.entries)-1]
}

// wordStarts has a bit for the first two letters of words.
type wordStarts [32]uint32

// starts returns those of the words with a flag.
func (l *lexicon) starts(f flags) wordStarts {
	var starts wordStarts
	for i := range l.entries {
		e := &l.entries[i]
		switch {
		case e.flags&f == 0:
		case e.length == 1:
			starts[l.text[e.offset]&31] = ^uint32(0)
		default:
			starts[l.text[e.offset]&31] |= 1 << (l.text[e.offset+1] & 31)
		}
	}
	return starts
}

// may reports whether one of the words may start at i.
func (w *wordStarts) may(s *scan, i int) bool {
	first, second := s.at(i), s.at(i+1)
	return first >= 0x80 || second|0x20-'a' >= 26 || w[first&31]>>(second&31)&1 == 1
}

// secretEndings has a bit for the last two letters of each name of a field with a secret.
func (l *lexicon) secretEndings() [32]uint32 {
	endings := [32]uint32{}
	add := func(word []byte) {
		last, before := word[len(word)-1], word[len(word)-2]
		endings[last&31] |= 1 << (before & 31)
	}
	for i := range l.entries {
		if e := &l.entries[i]; e.flags&secret != 0 {
			add(l.text[e.offset : e.offset+uint32(e.length)])
		}
	}
	for _, word := range []string{"key", "authorization", "passe"} {
		add([]byte(word))
	}
	return endings
}

// word is a run of letters, folded: without case, accents and apostrophes.
type word struct {
	end    int
	folded int // bytes; 0 for a word that is too long to be looked up
	hash   uint32
	upper  int // capitals
	lower  int // other letters
}

const (
	hashStart  = 2166136261
	hashFactor = 16777619
	hashSpread = 0x9E3779B1
)

// foldWord folds the word that starts at i.
func foldWord(folded *[maxWord]byte, text string, i int) word {
	w := word{}
	hash := uint32(hashStart)
	n := 0
	j := i
	for j < len(text) {
		c := text[j]
		switch {
		case c|0x20-'a' < 26:
			w.upper += int(^c>>5) & 1
			w.lower += int(c>>5) & 1
			if n < maxWord {
				folded[n] = c | 0x20
				hash = (hash ^ uint32(c|0x20)) * hashFactor
				n++
			}
			j++
		case c >= 0xC3 && c != 0xE2 && c < 0xEE:
			r, size := utf8.DecodeRuneInString(text[j:])
			if !isWordLetter(r) {
				goto done
			}
			if unicode.IsUpper(r) {
				w.upper++
			} else {
				w.lower++
			}
			r = foldRune(r)
			if r > 0 && n+utf8.UTFMax < maxWord {
				start := n
				n += utf8.EncodeRune(folded[n:], r)
				for _, b := range folded[start:n] {
					hash = (hash ^ uint32(b)) * hashFactor
				}
			} else if r > 0 {
				n = maxWord
			}
			j += size
		case c == '\'' && j > i && j+1 < len(text) && !endsWord(text[j+1:]):
			j++
		case c == 0xE2 && j > i && strings.HasPrefix(text[j:], "’") && !endsWord(text[j+3:]):
			j += 3
		default:
			goto done
		}
	}
done:
	w.end = j
	if n < maxWord {
		w.folded = n
	}
	w.hash = hash * hashSpread
	return w
}

// isWordLetter reports whether a letter above U+007F, or a mark on one, goes on with a word.
func isWordLetter(r rune) bool {
	if r == utf8.RuneError || r >= 0x3000 && r < 0x3041 && r != '々' {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsMark(r)
}

// endsWord reports whether a word ends at an apostrophe before rest: it is a possessive s,
// or no letter follows.
func endsWord(rest string) bool {
	if rest == "" {
		return true
	}
	if c := rest[0]; c < 0x80 && c|0x20-'a' >= 26 {
		return true
	}
	return rest[0]|0x20 == 's' && (len(rest) == 1 || rest[1] < 0x80 && rest[1]|0x20-'a' >= 26)
}

// foldRune returns the letter without case and accent, or 0 for a combining mark.
func foldRune(r rune) rune {
	const (
		latin1    = "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
		extendedA = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
		vietnam   = "aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy"
	)
	switch {
	case r >= 0xC0 && r < 0x100:
		return rune(latin1[r-0xC0])
	case r >= 0x100 && r < 0x180:
		return rune(extendedA[r-0x100])
	case r >= 0x1EA0 && r <= 0x1EF9:
		return rune(vietnam[r-0x1EA0])
	case r >= 0x300 && r < 0x370, r >= 0x64B && r < 0x653, r >= 0x591 && r < 0x5C8:
		return 0
	case r >= 0x386 && r < 0x3CF:
		return foldGreek(r)
	case r >= 0x622 && r < 0x626, r == 0x629, r == 0x649:
		return foldArabic(r)
	case r == 'Ё' || r == 'ё':
		return 'е'
	case r == 0x1A0 || r == 0x1A1:
		return 'o'
	case r == 0x1AF || r == 0x1B0:
		return 'u'
	case r == 0x218 || r == 0x219:
		return 's'
	case r == 0x21A || r == 0x21B:
		return 't'
	}
	return unicode.ToLower(r)
}

// foldGreek takes the accent from a Greek letter.
func foldGreek(r rune) rune {
	const accented, plain = "ΆΈΉΊΌΎΏΪΫΐΰάέήίόύώϊϋς", "αεηιουωιυιυαεηιουωιυσ"
	if i := strings.IndexRune(accented, r); i >= 0 {
		base, _ := utf8.DecodeRuneInString(plain[i:]) // all letters have two bytes
		return base
	}
	return unicode.ToLower(r)
}

// foldArabic returns the plain form of an alef, a waw, a yeh or a teh marbuta.
func foldArabic(r rune) rune {
	switch r {
	case 0x624:
		return 0x648
	case 0x629:
		return 0x647
	case 0x649:
		return 0x64A
	}
	return 0x627
}

// lookUp folds the word that starts at i and returns it with its flags. A word of ASCII letters
// alone is folded here, as foldWord does.
func (s *scan) lookUp(i int) (w word, f flags) {
	text := s.text[i:min(len(s.text), i+maxWord)]
	hash, lower, n := uint32(hashStart), 0, 0
	for ; n < len(text); n++ {
		c := text[n]
		if c|0x20-'a' >= 26 {
			break
		}
		lower += int(c >> 5 & 1)
		s.folded[n&(maxWord-1)] = c | 0x20
		hash = (hash ^ uint32(c|0x20)) * hashFactor
	}
	if n == maxWord || n < len(text) && (text[n] >= 0x80 || text[n] == '\'') {
		w = foldWord(&s.folded, s.text, i)
	} else {
		w.end, w.folded, w.hash, w.upper, w.lower = i+n, n, hash*hashSpread, n-lower, lower
	}
	if w.folded > 0 {
		if e := s.m.words.find(s.folded[:w.folded], w.hash); e != nil {
			f = e.flags
		}
	}
	return w, f
}
