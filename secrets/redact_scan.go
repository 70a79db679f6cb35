package secrets

import (
	"cmp"
	"slices"
	"sort"
)

// automaton finds texts in a text in one pass (Aho and Corasick, 1975). Transitions are
// lists, because nearly every node has one child.
type automaton struct {
	first [256]int32 // the children of the root by their labels
	nodes []node     // the root is the first
	depth int32      // of the deepest node
}

// node is the start of a text. 0 means none, and the root.
type node struct {
	child, sibling int32
	fail           int32 // the longest end of it that is a node as well
	depth          int32
	match          int32 // length of the longest text that it ends with
	label          byte
}

func newAutomaton() *automaton { return &automaton{nodes: make([]node, 1)} }

func (a *automaton) add(text string) {
	at := int32(0)
	for i := range len(text) {
		next := a.child(at, text[i])
		if next == 0 {
			next = int32(len(a.nodes))
			n := node{depth: a.nodes[at].depth + 1, label: text[i], sibling: a.nodes[at].child}
			a.nodes[at].child = next
			if at == 0 {
				a.first[text[i]] = next
			}
			a.nodes = append(a.nodes, n)
			a.depth = max(a.depth, n.depth)
		}
		at = next
	}
	a.nodes[at].match = a.nodes[at].depth
}

func (a *automaton) child(at int32, label byte) int32 {
	if at == 0 {
		return a.first[label]
	}
	c := a.nodes[at].child
	for c != 0 && a.nodes[c].label != label {
		c = a.nodes[c].sibling
	}
	return c
}

// link completes the automaton, when all texts are in it: shorter nodes before longer
// ones.
func (a *automaton) link() {
	queue := make([]int32, 1, len(a.nodes))
	for i := 0; i < len(queue); i++ {
		parent := queue[i]
		for c := a.nodes[parent].child; c != 0; c = a.nodes[c].sibling {
			queue = append(queue, c)
			n := &a.nodes[c]
			if parent != 0 {
				n.fail = a.next(a.nodes[parent].fail, n.label)
			}
			if n.match == 0 {
				n.match = a.nodes[n.fail].match
			}
		}
	}
}

// next returns the node after one more byte.
func (a *automaton) next(at int32, b byte) int32 {
	for at != 0 {
		if c := a.child(at, b); c != 0 {
			return c
		}
		at = a.nodes[at].fail
	}
	return a.first[b]
}

// span is a part of a text, by its offsets.
type span struct{ start, end int64 }

// merge returns spans in their order, those that overlap as one.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	merged := spans[:0]
	for _, s := range spans {
		if last := len(merged) - 1; last >= 0 && s.start < merged[last].end {
			merged[last].end = max(merged[last].end, s.end)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// scan reads a text piece by piece. It follows the text as it is, the two ways in which
// its runs of hexadecimal digits are bytes, and the four in which its runs of base64
// characters are.
type scan struct {
	*automaton

	at    int64  // offset of the next byte
	found []span // in their order, without overlap

	plain int32

	digits int // of the run that the last byte is in
	nibble byte
	hex    [2]int32 // by the place of a byte's last digit in the run

	run    base64Run
	base64 [4]int32 // by the place of a group's first character in the run
}

// base64Run is the run of base64 characters that the last byte is in.
type base64Run struct {
	start int64 // offset, as if all that were skipped had been at its start
	n     int   // characters so far
	last  byte  // the value of the last one

	// The characters before which a line end was skipped, one for each of its bytes, and
	// how many line ends came directly before the next character.
	skips []int
	ends  int
}

func newScan(a *automaton) *scan { return &scan{automaton: a} }

// scanText finds what is in the next piece of the text.
func scanText[T string | []byte](s *scan, text T) {
	if len(s.nodes) == 1 {
		s.at += int64(len(text))
		return
	}
	for i := range len(text) {
		b := text[i]
		s.at++
		s.plain = s.next(s.plain, b)
		if m := s.nodes[s.plain].match; m > 0 {
			s.add(s.at - int64(m))
		}
		s.readHex(hexValue(b))
		s.readBase64(b, base64Value(b))
	}
}

// add notes that a value is from start up to here.
func (s *scan) add(start int64) {
	n := len(s.found)
	for n > 0 && s.found[n-1].end > start {
		n--
		start = min(start, s.found[n].start)
	}
	s.found = append(s.found[:n], span{start, s.at})
}

func (s *scan) readHex(digit byte) {
	if digit == none {
		s.digits, s.hex = 0, [2]int32{}
		return
	}
	if s.digits > 0 {
		state := &s.hex[s.digits&1]
		*state = s.next(*state, s.nibble<<4|digit)
		if m := s.nodes[*state].match; m > 0 {
			s.add(s.at - 2*int64(m))
		}
	}
	s.nibble = digit
	s.digits++
}

func (s *scan) readBase64(b, value byte) {
	r := &s.run
	switch {
	case value != none:
	case (b == '\n' || b == '\r') && r.n > 0 && r.ends < 2:
		r.skip(int(s.depth))
		return
	default:
		if r.n > 0 {
			*r, s.base64 = base64Run{skips: r.skips[:0]}, [4]int32{}
		}
		return
	}
	if r.n == 0 {
		r.start = s.at - 1
	}
	for k := range s.base64 {
		// How many bits of the last character belong to an earlier byte.
		phase := (r.n - k) & 3
		if phase == 0 || r.n == 0 {
			continue
		}
		state := &s.base64[k]
		*state = s.next(*state, r.last<<(2*phase)|value>>(6-2*phase))
		if m := s.nodes[*state].match; m > 0 {
			s.add(r.offset(firstCharacter(r.n, phase, int(m))))
		}
	}
	r.last, r.ends = value, 0
	r.n++
}

// skip notes a byte of a line end.
func (r *base64Run) skip(depth int) {
	r.skips = append(r.skips, r.n)
	r.ends++
	// A value has at most 4 characters for 3 bytes: what is further back is never asked
	// for.
	if half := len(r.skips) / 2; half > 32 && r.skips[half] < r.n-2*depth-8 {
		r.start += int64(half)
		r.skips = append(r.skips[:0], r.skips[half:]...)
	}
}

// offset returns where a character of the run is in the text.
func (r *base64Run) offset(character int) int64 {
	return r.start + int64(character) + int64(sort.SearchInts(r.skips, character+1))
}

// firstCharacter returns the character in which the first of some bytes begins, whose
// last one ends in the given character, which is the phase-th after the first of its
// group.
func firstCharacter(last, phase, bytes int) int {
	before := bytes - phase // bytes before the group
	if before <= 0 {
		return last - phase - before
	}
	groups := (before + 2) / 3
	return last - phase - 4*groups + (3*groups - before)
}

// none says that a byte has no value.
const none = 0xff

func hexValue(b byte) byte {
	switch {
	case b >= '0' && b <= '9':
		return b - '0'
	case b >= 'a' && b <= 'f':
		return b - 'a' + 10
	case b >= 'A' && b <= 'F':
		return b - 'A' + 10
	}
	return none
}

// base64Value returns the value of a character in either alphabet (RFC 4648 sections 4
// and 5).
func base64Value(b byte) byte {
	switch {
	case b >= 'A' && b <= 'Z':
		return b - 'A'
	case b >= 'a' && b <= 'z':
		return b - 'a' + 26
	case b >= '0' && b <= '9':
		return b - '0' + 52
	case b == '+' || b == '-':
		return 62
	case b == '/' || b == '_':
		return 63
	}
	return none
}

// hold returns the offset up to which no later value begins before.
func (s *scan) hold() int64 {
	hold := s.at - int64(s.nodes[s.plain].depth)
	if s.digits > 0 {
		for k, state := range s.hex {
			pending := int64(s.digits-1-k) & 1
			hold = min(hold, s.at-pending-2*int64(s.nodes[state].depth))
		}
	}
	if r := &s.run; r.n > 0 {
		for k, state := range s.base64 {
			// What the next character completes is one byte more.
			phase := (r.n - k) & 3
			if depth := int(s.nodes[state].depth); phase > 0 {
				hold = min(hold, r.offset(firstCharacter(r.n, phase, depth+1)))
			} else if depth > 0 {
				hold = min(hold, r.offset(firstCharacter(r.n-1, 3, depth)))
			}
		}
	}
	return hold
}
