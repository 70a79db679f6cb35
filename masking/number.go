package masking

import "strings"

const (
	// maxGroups is how many groups of digits are looked at together.
	maxGroups = 8
	// maxDigits is how many digits they have at most.
	maxDigits = 24
)

// number is one or more groups of digits with single separators between them.
type number struct {
	start  int // with the plus and the bracket before it
	groups int
	from   [maxGroups]int
	to     [maxGroups]int
	seps   [maxGroups]byte // what is before the group: a space, '-', '.', '/', '(' or ')'; 0 for the first one
	ends   [maxGroups]int  // digits up to the end of the group
	shapes [maxGroups]uint32
	digits [maxDigits]byte

	hasPlus    bool
	hasBracket bool // before the first group
	isTight    bool // something before the number belongs to it
	isNumbered bool // '#' or a sign of a currency is before it
}

// digits handles a digit at i.
func (s *scan) digits(i int) int {
	end := i + 1
	for end < len(s.text) && isDigit(s.text[end]) {
		end++
	}
	if before := s.before(i); isWord(before) {
		return s.insideWord(i, end)
	}
	c := s.at(end)
	if isWord(c) && (c|0x20 != 'x' || end == i+1 || !s.isNumber(end+1)) {
		return s.mixed(i)
	}
	if c == ':' {
		if to := s.telegram(i, end); to > 0 {
			return to
		}
		if to := s.hexGroups(i); to > 0 {
			return to
		}
		return end
	}
	length := end - i
	if length > maxDigits {
		return end
	}
	if length == 4 && (c == '.' || s.before(i) == '.') {
		if to := s.macQuadsAround(i); to > 0 {
			return to
		}
	}
	if length < 7 && !s.joins(end) {
		if length <= 4 && s.m.on.has(birthID) {
			if to := s.writtenDate(i, end); to > 0 {
				return to
			}
		}
		return end
	}
	if length == 8 && c == '-' && isUUID(s.text[i:]) {
		return i + uuidLength
	}
	var n number
	s.parse(&n, i)
	if to := s.match(&n); to > 0 {
		return to
	}
	return end
}

// isNumber reports whether the word at i has digits alone.
func (s *scan) isNumber(i int) bool {
	end := i
	for isDigit(s.at(end)) {
		end++
	}
	return end > i && !isWord(s.at(end))
}

// joins reports whether a separator at i joins digits to more digits.
func (s *scan) joins(i int) bool {
	switch s.at(i) {
	case ' ':
		return isDigit(s.at(i+1)) || s.at(i+1) == '('
	case '-', '.', '/':
		return isDigit(s.at(i + 1))
	case ')':
		return isDigit(s.at(i+1)) || (s.at(i+1) == ' ' || s.at(i+1) == '-') && isDigit(s.at(i+2))
	case '(':
		return isDigit(s.at(i + 1))
	case 0xC2, 0xE2:
		_, size := wideSeparator(s.text[i:])
		return size > 0 && isDigit(s.at(i+size))
	}
	return false
}

// wideSeparator returns the ASCII separator for one of two or three bytes.
func wideSeparator(text string) (byte, int) {
	switch {
	case strings.HasPrefix(text, "\u00a0"):
		return ' ', 2
	case strings.HasPrefix(text, "\u202f"), strings.HasPrefix(text, "\u2009"):
		return ' ', 3
	case strings.HasPrefix(text, "\u2010"), strings.HasPrefix(text, "\u2011"), strings.HasPrefix(text, "\u2013"):
		return '-', 3
	}
	return 0, 0
}

// parse reads the groups from i on.
func (s *scan) parse(n *number, i int) {
	isOpen := s.parseLead(n, i)
	count := 0
	for shape := uint32(0); n.groups < maxGroups; {
		from := i
		for i < len(s.text) && isDigit(s.text[i]) && count < maxDigits {
			n.digits[count] = s.text[i]
			count++
			i++
		}
		g := n.groups
		shape = shape<<4 | uint32(min(i-from, 15))
		n.from[g], n.to[g], n.ends[g], n.shapes[g] = from, i, count, shape
		n.groups++
		if count == maxDigits || n.groups == maxGroups {
			return
		}
		sep, size := s.separator(i, &isOpen)
		if size == 0 {
			return
		}
		n.seps[n.groups] = sep
		i += size
	}
}

// parseLead reads what is before the first group, at i. It reports whether a bracket is
// open.
func (s *scan) parseLead(n *number, i int) bool {
	n.start = i
	before := s.before(i)
	isOpen := before == '('
	if isOpen {
		n.hasBracket = true
		n.start--
		before = s.before(n.start)
	}
	if before == '+' {
		n.hasPlus = true
		n.start--
		before = s.before(n.start)
		if before == '(' && !isOpen {
			isOpen, n.hasBracket = true, true
			n.start--
			before = s.before(n.start)
		}
		n.isTight = isWord(before)
	}
	switch before {
	case '-', '.', '/':
		c := s.before(n.start - 1)
		n.isTight = n.isTight || (isWord(c) || before == '/' && c == '/') && (before != '/' || !n.hasPlus) // PJSIP/trunk/+61…
	case '#', '$', '@', '%', '^', '~':
		n.isNumbered = true
	default:
		n.isNumbered = before >= 0x80 && (strings.HasSuffix(s.text[:n.start], "€") || strings.HasSuffix(s.text[:n.start], "£"))
	}
	return isOpen
}

// separator returns what is at i between two groups, and its length.
func (s *scan) separator(i int, isOpen *bool) (byte, int) {
	c := s.at(i)
	switch c {
	case ')':
		if !*isOpen {
			return 0, 0
		}
		*isOpen = false
		if d := s.at(i + 1); (d == ' ' || d == '-' || d == '/') && isDigit(s.at(i+2)) {
			return ')', 2
		}
		if isDigit(s.at(i + 1)) {
			return ')', 1
		}
		return 0, 0
	case ' ', '-', '.', '/', '(':
		if isDigit(s.at(i + 1)) {
			*isOpen = *isOpen || c == '('
			return c, 1
		}
		if c != '(' && s.at(i+1) == '(' && isDigit(s.at(i+2)) {
			*isOpen = true
			return '(', 2
		}
		return 0, 0
	case 0xC2, 0xE2:
		if sep, size := wideSeparator(s.text[i:]); size > 0 && isDigit(s.at(i+size)) {
			return sep, size
		}
	}
	return 0, 0
}

// match looks for what starts with the first group, the longest one first.
func (s *scan) match(n *number) int {
	if to := s.date(n); to > 0 {
		return to
	}
	if to := s.ipv4(n); to > 0 {
		return to
	}
	if to := s.pathCard(n); to > 0 {
		return to
	}
	if to := s.nif(n); to > 0 {
		return to
	}
	for k := n.groups; k > 0; k-- {
		if !s.endsNumber(n, k) {
			continue
		}
		digits := string(n.digits[:n.ends[k-1]])
		if to := s.identity(n, k, digits); to > 0 {
			return to
		}
		if to := s.phone(n, k, digits); to > 0 {
			return to
		}
	}
	if n.groups > 2 && (n.groups > 4 || n.seps[1] == ' ' && n.sameSeparators(n.groups)) && s.contextBefore(n.from[0]) == counter {
		return n.to[n.groups-1]
	}
	return 0
}

// endsNumber reports whether a number may end after k groups.
func (s *scan) endsNumber(n *number, k int) bool {
	if k < n.groups {
		return n.seps[k] == ' ' || n.seps[k] == '(' || n.seps[k] == ')' && k == 1
	}
	switch c := s.at(n.to[k-1]); c {
	case '-', '.', '/', '\\':
		return !isWord(s.at(n.to[k-1] + 1))
	case '@': // sip:+4415…@
		return n.seps[0] == 0 && k == 1 && endsWithAny(s.text[:n.start], "sip: sips: tel:")
	case '%', '_', '*':
		return false
	case 'x', 'X':
		return s.isNumber(n.to[k-1] + 1)
	default:
		return !isWord(c)
	}
}

// identity looks for a number of a person or an account in the first k groups.
func (s *scan) identity(n *number, k int, digits string) int {
	if n.hasPlus || n.isTight {
		return 0
	}
	from, to := n.from[0], n.to[k-1]
	if c := s.at(to); c|0x20 == 'x' {
		return 0
	}
	id, ok := s.identityRule(n, k, digits)
	if !ok || n.isNumbered && s.contextBefore(from)&s.m.rules[id].context == 0 {
		return 0
	}
	if s.m.on&s.m.rules[id].bit == 0 {
		return 0
	}
	s.add(id, from, to)
	return to
}

// sameSeparators reports whether one separator is between the first k groups.
func (n *number) sameSeparators(k int) bool {
	for i := 2; i < k; i++ {
		if n.seps[i] != n.seps[1] {
			return false
		}
	}
	return true
}
