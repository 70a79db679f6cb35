package masking

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// insideWord handles a digit at i in a word that starts before. end is where its digits
// end.
func (s *scan) insideWord(i, end int) int {
	to := s.wordEnd(end)
	start := i - 1
	for start > 0 && i-start < 4 && isWord(s.text[start-1]) {
		start--
	}
	if s.text[i] == '1' && s.text[start:i] == "lasv" && strings.HasPrefix(s.text[max(0, i-7):], ".atlasv1.") {
		return max(to, s.terraform(i-7))
	}
	if to-i >= 8 {
		if to := s.longWord(i, to); to > 0 {
			return to
		}
	}
	switch s.text[start:i] {
	case "bc", "BC", "tb", "ltc":
		if s.text[i] == '1' && isBech32(s.text[start:to]) {
			s.add(ruleBech32, start, to)
		}
		return to
	}
	if i-start == 2 && s.m.kinds[s.text[start]]&s.m.kinds[s.text[start+1]]&lower != 0 {
		if to := s.iban(start); to > 0 {
			return to
		}
	}
	if to-start == 4 && (s.at(to) == '.' || s.before(start) == '.') {
		if to := s.macQuadsAround(start); to > 0 {
			return to
		}
	}
	return to
}

// longWord looks for what a word is that has its first digit at i and ends at end. It returns
// where to go on, or 0.
func (s *scan) longWord(i, end int) int {
	start := i
	for start > 0 && i-start < 48 && isWord(s.text[start-1]) {
		start--
	}
	if end-start == 16 && i-start == 6 && isCodiceFiscale(s.text[start:end]) && s.endsIdentifier(start, end) {
		s.add(ruleCodiceFiscale, start, end)
		return end
	}
	if to := s.dottedKey(start); to > 0 {
		return to
	}
	return s.apiKey(start)
}

// dottedKey looks for a key with a prefix like "dp.pt." before the word that has the byte at i.
// It returns where the key ends, or 0.
func (s *scan) dottedKey(i int) int {
	start := i
	for start > 0 && i-start < 16 && isWord(s.text[start-1]) {
		start--
	}
	if s.before(start) != '.' || s.wordEnd(i)-start < 12 {
		return 0
	}
	for start > 0 && i-start < 40 && (isWord(s.text[start-1]) || s.text[start-1] == '.') {
		start--
	}
	if to := s.apiKey(start); to > i {
		return to
	}
	return 0
}

// mixed handles a word that starts with a digit and has letters.
func (s *scan) mixed(i int) int {
	end := s.wordEnd(i)
	text := s.text[i:end]
	n := len(text)
	if n <= 8 {
		return max(end, s.mixedShort(i, end))
	}
	switch {
	case n == 9 && isUpper(text[8]) && isNIF(text[:8], text[8]) && s.endsIdentifier(i, end):
		s.add(ruleNIF, i, end)
	case n == 11 && isMBI(text) && s.endsIdentifier(i, end):
		s.add(ruleMBI, i, end)
	case n == 42 && text[:2] == "0x":
		s.ethereum(i, end)
	case n >= 26 && n <= 35 && (text[0] == '1' || text[0] == '3') && s.m.on.has(cryptoID) && isBase58Check(text):
		s.add(ruleBase58, i, end)
	}
	return end
}

// mixedShort handles a word of at most 8 bytes that may go on after a separator. It returns
// where to go on, or 0.
func (s *scan) mixedShort(i, end int) int {
	switch n, next := end-i, s.at(end); {
	case next == '-' && n == 4 && i+13 <= len(s.text) && s.text[i+8] == '-':
		if isMBI(s.text[i:end]+s.text[i+5:i+8]+s.text[i+9:i+13]) && s.endsIdentifier(i, i+13) {
			s.add(ruleMBI, i, i+13)
			return i + 13
		}
	case n <= 4 && s.m.on.has(birthID) && isOrdinal(s.text[i:end]):
		return s.ordinalDate(i, end)
	default:
		return s.hexWord(i, end)
	}
	return 0
}

// hexWord looks for what starts with a short word of hexadecimal digits, from i to end: an
// address or a UUID. It returns where to go on, or 0.
func (s *scan) hexWord(i, end int) int {
	switch n, next := end-i, s.at(end); {
	case n <= 4 && next == ':':
		return s.hexGroups(i)
	case n == 2 && next == '-':
		return s.macPairs(i)
	case n == 4 && next == '.':
		return s.macQuads(i)
	case n == 8 && next == '-' && isUUID(s.text[i:]):
		return i + uuidLength
	}
	return 0
}

// isOrdinal reports whether text is a day like "12th".
func isOrdinal(text string) bool {
	return len(text) >= 3 && isOneOf(text[len(text)-2:], "st nd rd th er") && isDigit(text[len(text)-3])
}

// endsIdentifier reports whether an identifier from i to end is a word of its own.
func (s *scan) endsIdentifier(i, end int) bool {
	switch before := s.before(i); before {
	case '-', '.', '/', '_', '+', '\\', '#':
		return before == '/' && s.before(i-1) == ' '
	default:
		if isWord(before) {
			return false
		}
	}
	switch after := s.at(end); after {
	case '-', '.', '/', '+', '=', '_':
		return after != '=' && after != '+' && !isWord(s.at(end+1))
	default:
		return !isWord(after)
	}
}

func isMBI(text string) bool {
	const form = "CABNABNAANN" // B: a letter or a digit
	if len(text) != len(form) {
		return false
	}
	for i := range len(form) {
		c := text[i]
		isLetter := isUpper(c) && strings.IndexByte("SLOIBZ", c) < 0
		switch form[i] {
		case 'C':
			if !isDigit(c) || c == '0' {
				return false
			}
		case 'A':
			if !isLetter {
				return false
			}
		case 'N':
			if !isDigit(c) {
				return false
			}
		case 'B':
			if !isLetter && !isDigit(c) {
				return false
			}
		}
	}
	return true
}

// isNIF reports whether a letter is the check letter of 8 digits.
func isNIF(digits string, check byte) bool {
	v := 0
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return false
		}
		v = v*10 + int(digits[i]-'0')
	}
	return "TRWAGMYFPDXBNJZSQVHLCKE"[v%23] == check && v > 0
}

// capital handles a capital letter at i.
func (s *scan) capital(i int) int {
	if isWord(s.before(i)) {
		return s.innerCapital(i)
	}
	if s.before(i) == '[' {
		if _, end := s.m.placeholderAround(s.text, i); end > 0 {
			return end
		}
	}
	end := i + 1
	for end < len(s.text) && s.m.kinds[s.text[end]]&letter != 0 {
		end++
	}
	if c := s.at(end); isDigit(c) || c == '_' {
		return s.identifier(i, s.wordEnd(end))
	}
	to := 0
	switch n, next := end-i, s.at(end); {
	case s.before(i) == '.', next == '-' && n > 2 && n <= 11:
		to = max(s.dottedKey(i), s.apiKey(i))
	case n <= 2 && (next == ' ' || next == '-'):
		to = s.spaced(i, end)
	case n == 2 && next == '.' && s.text[i:end] == "SG":
		to = s.apiKey(i)
	case n == 5 || n == 6:
		to = s.scheme(i, end)
	case n >= 16:
		return s.identifier(i, end)
	}
	if to > 0 {
		return to
	}
	s.passwordAt(i)
	if s.names {
		return s.name(i)
	}
	return end
}

// innerCapital handles a capital letter at i inside of a word.
func (s *scan) innerCapital(i int) int {
	if s.text[i] == 'J' && i >= 2 && s.text[i-2:i] == "ey" && !isWord(s.before(i-2)) {
		return s.jwt(i - 2)
	}
	return max(s.wordEnd(i), s.dottedKey(i))
}

// high handles a letter above U+007F at i, or a full-width colon.
func (s *scan) high(i int) int {
	c := s.text[i]
	if c == 0xEF {
		if strings.HasPrefix(s.text[i:], "：") {
			s.secretAfter(i, i+len("："))
		}
		return i + 3
	}
	if c == 0xC3 || c == 0xC5 {
		if start := passwordStart(s.text, i); start >= 0 {
			s.passwordStated(start)
		}
	}
	if c == 0xC3 && i+1 < len(s.text) && s.text[i+1] >= 0x9F {
		return i + 2
	}
	r, size := utf8.DecodeRuneInString(s.text[i:])
	if s.names && (c < 0xE3 || c >= 0xEA) && unicode.IsUpper(r) && !isWord(s.before(i)) {
		return s.name(i)
	}
	if s.names && r >= 0x590 {
		return s.uncased(i, r)
	}
	return i + size
}

// identifier handles a word of capitals, digits and perhaps more, from i to end.
func (s *scan) identifier(i, end int) int {
	text := s.text[i:end]
	if id, ok := s.identifierRule(text); ok && s.endsIdentifier(i, end) {
		s.add(id, i, end)
		return end
	}
	if len(text) >= 4 && isUpper(text[1]) && isDigit(text[2]) && isDigit(text[3]) {
		if to := s.iban(i); to > 0 {
			return to
		}
	}
	if to := s.apiKey(i); to > 0 {
		return to
	}
	if to := s.dottedKey(i); to > 0 {
		return to
	}
	if strings.IndexByte("MNO", text[0]) >= 0 && s.at(end) == '.' {
		if to := s.discord(i); to > 0 {
			return to
		}
	}
	return max(end, s.hexWord(i, end))
}

// identifierRule returns the rule that a whole identifier passes.
func (s *scan) identifierRule(text string) (ruleID, bool) {
	switch n := len(text); {
	case n == 9 && isNINO(text):
		return ruleNINO, true
	case n == 9 && isNIE(text):
		return ruleNIE, true
	case n == 16 && isCodiceFiscale(text):
		return ruleCodiceFiscale, true
	case n >= 26 && n <= 35 && strings.IndexByte("LMDTA9", text[0]) >= 0 && s.m.on.has(cryptoID):
		return ruleBase58, isBase58Check(text)
	}
	return 0, false
}

// spaced handles one or two capitals from i to end before a space or a dash: "AB 12 34 56
// C" and "X-1234567-L".
func (s *scan) spaced(i, end int) int {
	if to := s.macPairs(i); to > 0 && end-i == 2 {
		return to
	}
	var compact [10]byte
	n, j := 0, i
	size := 9
	for j < len(s.text) && n < size {
		c := s.text[j]
		switch {
		case isUpper(c) || isDigit(c):
			compact[n] = c
			n++
		case (c == ' ' || c == '-') && j > i && isAlnum(s.text[j-1]):
		default:
			return 0
		}
		j++
	}
	text := string(compact[:n])
	switch {
	case n != size || !s.endsIdentifier(i, j):
		return 0
	case end-i == 2 && isNINO(text):
		s.add(ruleNINO, i, j)
	case end-i == 1 && isNIE(text):
		s.add(ruleNIE, i, j)
	default:
		return 0
	}
	return j
}

func isNINO(text string) bool {
	if len(text) != 9 || !isUpper(text[0]) || !isUpper(text[1]) || text[8] < 'A' || text[8] > 'D' {
		return false
	}
	for i := 2; i < 8; i++ {
		if !isDigit(text[i]) {
			return false
		}
	}
	return strings.IndexByte("DFIQUV", text[0]) < 0 && strings.IndexByte("DFIOQUV", text[1]) < 0 &&
		!isOneOf(text[:2], "BG GB KN NK NT TN ZZ")
}

func isNIE(text string) bool {
	lead := strings.IndexByte("XYZ", text[0])
	if len(text) != 9 || lead < 0 {
		return false
	}
	return isNIF(string('0'+byte(lead))+text[1:8], text[8])
}

func isCodiceFiscale(text string) bool {
	const (
		form       = "LLLLLLDDMDDLDDDL"
		homonyms   = "LMNPQRSTUV" // for 0 to 9
		monthsUsed = "ABCDEHLMPRST"
		odd        = "\x01\x00\x05\x07\x09\x0d\x0f\x11\x13\x15\x02\x04\x12\x14\x0b\x03\x06\x08\x0c\x0e\x10\x0a\x16\x19\x18\x17"
	)
	sum := 0
	for i := range len(form) {
		c := text[i]
		if c >= 'a' {
			c &^= 0x20
		}
		switch form[i] {
		case 'L':
			if !isUpper(c) {
				return false
			}
		case 'M':
			if strings.IndexByte(monthsUsed, c) < 0 {
				return false
			}
		case 'D':
			if !isDigit(c) && strings.IndexByte(homonyms, c) < 0 {
				return false
			}
		}
		if i == len(form)-1 {
			break
		}
		v := c - 'A'
		if isDigit(c) {
			v = c - '0'
		}
		if i%2 == 0 {
			sum += int(odd[v])
		} else {
			sum += int(v)
		}
	}
	return text[15]&^0x20 == 'A'+byte(sum%26)
}

// ibanLengths has the length of each country's IBAN, by its two letters.
type ibanLengths [26 * 26]uint8

func newIBANLengths() ibanLengths {
	const countries = `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18
	FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24
	ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23
	TN24 TR26 UA29 VA22 VG24 XK20 YE30`
	var lengths ibanLengths
	for c := range strings.FieldsSeq(countries) {
		lengths[int(c[0]-'A')*26+int(c[1]-'A')] = (c[2]-'0')*10 + c[3] - '0'
	}
	return lengths
}

// iban looks for an IBAN at i, and returns its end or 0.
func (s *scan) iban(i int) int {
	length := int(s.m.ibans[int(s.text[i]&31-1)*26+int(s.text[i+1]&31-1)])
	isLower := s.text[i] >= 'a'
	if length == 0 || !s.m.on.has(ibanID) {
		return 0
	}
	n, remainder, j := 0, 0, i
	separator := byte(0)
	for ; n < length; j++ {
		c := s.at(j)
		isNext := n > 0 && n%4 == 0 && isAlnum(s.at(j-1)) // group
		switch {
		case (c == ' ' || c == '-') && isNext && (separator == c || n == 4 && separator == 0):
			separator = c
			continue
		case separator != 0 && isNext, !isDigit(c) && !isUpper(c) && (!isLower || c-'a' >= 26):
			return 0
		}
		if n >= 4 { // the country and the check digits count last
			remainder = add97(remainder, c)
		}
		n++
	}
	for k := range 4 {
		remainder = add97(remainder, s.text[i+k])
	}
	if remainder != 1 || !s.endsIdentifier(i, j) && (separator != 0 || !s.isSegment(i, j)) {
		return 0
	}
	s.add(ruleIBAN, i, j)
	return j
}

// add97 appends a digit, or the number of a letter from 10 for A on, to a number modulo 97.
func add97(remainder int, c byte) int {
	if isDigit(c) {
		return (remainder*10 + int(c-'0')) % 97
	}
	return (remainder*100 + int(c&31) + 9) % 97
}
