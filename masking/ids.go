package masking

import "strings"

// identityRule returns the rule that the first k groups pass.
func (s *scan) identityRule(n *number, k int, digits string) (ruleID, bool) {
	switch len(digits) {
	case 8, 9:
		return s.nineDigits(n, k, digits)
	case 10:
		return s.tenDigits(n, k, digits)
	case 11:
		return s.elevenDigits(n, k, digits)
	case 12:
		if isAadhaar(digits) {
			if k == 3 && n.shapes[2] == 0x444 && n.sameSeparators(k) && n.seps[1] != '.' && n.seps[1] != '/' && !s.goesOn(n, k) ||
				k == 1 && s.contextNear(n, k)&aadhaarID.context() != 0 {
				return ruleAadhaar, true
			}
		}
	}
	if len(digits) >= 12 {
		return ruleCard, s.isCardNumber(n, k, digits)
	}
	return 0, false
}

// goesOn reports whether groups of four are a part of more such groups.
func (s *scan) goesOn(n *number, k int) bool {
	if k < n.groups {
		return s.follows(n) || n.seps[k] == n.seps[1] && n.to[k]-n.from[k] == 4
	}
	return s.follows(n)
}

// follows reports whether a group of four that is not masked is before a number of such
// groups.
func (s *scan) follows(n *number) bool {
	from, next := n.from[0], len(s.found)-1
	return s.before(from) == n.seps[1] && from >= 5 && !s.endsFinding(from-1, &next) && isDigit(s.text[from-2]) && isAlnum(s.text[from-5]) && !isWord(s.before(from-5))
}

func (s *scan) nineDigits(n *number, k int, digits string) (ruleID, bool) {
	if n.isSocial(k) {
		if isSSN(digits) {
			return ruleSSN, true
		}
		return ruleITIN, isITIN(digits)
	}
	isDotted := k == 3 && (n.shapes[2] == 0x423 || n.shapes[2] == 0x333 || n.shapes[2] == 0x432)
	if k > 1 && !isDotted {
		return 0, false
	}
	if len(digits) == 8 && !isBSN(digits) && !isCompactDate(digits) {
		return 0, false
	}
	context := s.contextNear(n, k)
	switch {
	case context&bsnID.context() != 0 && isBSN(digits):
		return ruleBSN, true
	case k == 1 && len(digits) == 8 && context&birthID.context() != 0 && isCompactDate(digits):
		return ruleBirthDate, true
	}
	if k > 1 || len(digits) != 9 {
		return 0, false
	}
	switch {
	case context&routingID.context() != 0 && isRouting(digits):
		return ruleRouting, true
	case context&itinID.context() != 0 && isITIN(digits):
		return ruleITIN, true
	case context&ssnID.context() != 0 && isSSN(digits):
		return ruleSSNContext, true
	}
	return 0, false
}

// isSocial reports whether k groups are 3-2-4 digits.
func (n *number) isSocial(k int) bool {
	return k == 3 && n.shapes[2] == 0x324 && n.sameSeparators(k) && (n.seps[1] == '-' || n.seps[1] == ' ')
}

func (s *scan) tenDigits(n *number, k int, digits string) (ruleID, bool) {
	if !isNHS(digits) && !isNPI(digits) {
		return 0, false
	}
	context := s.contextNear(n, k)
	switch {
	case (k == 1 || k == 3 && n.shapes[2] == 0x334) && context&nhsID.context() != 0 && isNHS(digits):
		return ruleNHS, true
	case k == 1 && context&npiID.context() != 0 && isNPI(digits):
		return ruleNPI, true
	}
	return 0, false
}

func (s *scan) elevenDigits(n *number, k int, digits string) (ruleID, bool) {
	if k > 1 {
		isGrouped := k == 4 && n.shapes[3] == 0x3332 && n.seps[1] == n.seps[2] && strings.IndexByte("-./ ", n.seps[3]) >= 0
		return ruleCPF, (isGrouped || k == 2 && n.shapes[1] == 0x92 && n.seps[1] == '-') && isCPF(digits)
	}
	if !isCPF(digits) && !isPESEL(digits) {
		return 0, false
	}
	context := s.contextNear(n, k)
	if isCPF(digits) && (context&cpfID.context() != 0 || context&phoneID.context() == 0 && s.isNear(n, "CPF", "cpf")) {
		return ruleCPF, true
	}
	isOther := context == counter || context&phoneID.context() != 0 && !s.isCell(n)
	if isPESEL(digits) && (context&peselID.context() != 0 || !isOther && s.at(n.to[0]) != '.' || context&phoneID.context() == 0 && s.isNear(n, "PESEL", "pesel")) {
		return rulePESEL, true
	}
	return 0, false
}

// isNear reports whether one of two words is on the line, within 200 bytes.
func (s *scan) isNear(n *number, a, b string) bool {
	window := s.text[max(0, n.from[0]-200):min(len(s.text), n.to[0]+200)]
	from := strings.LastIndexByte(window[:min(n.from[0], 200)], '\n') + 1
	return strings.Contains(window[from:], a) || strings.Contains(window[from:], b)
}

// isCell reports whether a number in quotes is an element of a row, and not the value of a
// field.
func (s *scan) isCell(n *number) bool {
	quote := s.before(n.from[0])
	if quote != '"' && quote != '\'' || s.at(n.to[0]) != quote {
		return false
	}
	i := n.from[0] - 1
	for s.before(i) == ' ' && n.from[0]-i < 4 {
		i--
	}
	return strings.IndexByte(",;(\n\t|[", s.before(i)) >= 0
}

// isCompactDate reports whether eight digits are a year, a month and a day in an order that is
// in use.
func isCompactDate(d string) bool {
	isDate := func(year, month, day string) bool {
		return year >= "1900" && year < "2030" && month >= "01" && month <= "12" && day >= "01" && day <= "31"
	}
	return isDate(d[:4], d[4:6], d[6:]) || isDate(d[4:], d[2:4], d[:2]) || isDate(d[4:], d[:2], d[2:4])
}

// nif looks for a NIF with a dash before its letter, and perhaps dots: "12.345.678-Z".
func (s *scan) nif(n *number) int {
	k := 1
	if n.groups >= 3 && n.shapes[2] == 0x233 && n.seps[1] == '.' && n.seps[2] == '.' {
		k = 3
	}
	to := n.to[k-1]
	if n.ends[k-1] != 8 || n.isTight || n.hasPlus {
		return 0
	}
	if s.at(to) == '-' {
		to++
	}
	if to == n.to[k-1] && k == 1 || !isUpper(s.at(to)) || !isNIF(string(n.digits[:8]), s.text[to]) || !s.endsIdentifier(n.from[0], to+1) {
		return 0
	}
	s.add(ruleNIF, n.from[0], to+1)
	return to + 1
}

// isSSN follows the ranges that the Social Security Administration never assigns.
func isSSN(d string) bool {
	return len(d) == 9 && d[:3] != "000" && d[:3] != "666" && d[0] != '9' && d[3:5] != "00" && d[5:] != "0000"
}

func isITIN(d string) bool {
	group := d[3:5]
	return len(d) == 9 && d[0] == '9' &&
		(group >= "50" && group <= "65" || group >= "70" && group <= "88" || group >= "90" && group <= "92" || group >= "94")
}

func isRouting(d string) bool {
	prefix := d[:2]
	isAssigned := prefix <= "12" || prefix >= "21" && prefix <= "32" || prefix >= "61" && prefix <= "72" || prefix == "80"
	return isAssigned && d != "000000000" && weighted(d, "371371371")%10 == 0
}

// weighted is the sum of digits times weights.
func weighted(d, weights string) int {
	sum := 0
	for i := range len(weights) {
		sum += int(d[i]-'0') * int(weights[i]-'0')
	}
	return sum
}

func isNPI(d string) bool { return (d[0] == '1' || d[0] == '2') && (luhn(d)+24)%10 == 0 }

// luhn returns the sum of the digits, of which every second one from the right is doubled.
func luhn(d string) int {
	sum := 0
	for i := range len(d) {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum
}

func isNHS(d string) bool {
	sum := 0
	for i := range 9 {
		sum += int(d[i]-'0') * (10 - i)
	}
	check := 11 - sum%11
	return check%11 == int(d[9]-'0') && check != 10 && !isRepeated(d)
}

// isRepeated reports whether all digits are the same.
func isRepeated(d string) bool { return strings.Count(d, d[:1]) == len(d) }

func isAadhaar(d string) bool {
	// Verhoeff: the multiplication of the dihedral group D5, and the permutation of each
	// position.
	const (
		multiply = "0123456789" + "1234067895" + "2340178956" + "3401289567" + "4012395678" +
			"5987604321" + "6598710432" + "7659821043" + "8765932104" + "9876543210"
		permute = "0123456789" + "1576283094" + "5803796142" + "8916043527" + "9453126870" + "4286573901" + "2793806415" + "7046913258"
	)
	if d[0] < '2' || isRepeated(d) {
		return false
	}
	c := 0
	for i := range len(d) {
		p := int(permute[i%8*10+int(d[len(d)-1-i]-'0')] - '0')
		c = int(multiply[c*10+p] - '0')
	}
	return c == 0
}

func isCPF(d string) bool {
	if isRepeated(d) {
		return false
	}
	for length := 9; length <= 10; length++ {
		sum := 0
		for i := range length {
			sum += int(d[i]-'0') * (length + 1 - i)
		}
		if sum*10%11%10 != int(d[length]-'0') {
			return false
		}
	}
	return true
}

func isBSN(d string) bool {
	if len(d) == 8 {
		d = "0" + d
	}
	sum := weighted(d, "98765432") - int(d[8]-'0')
	return sum%11 == 0 && d != "000000000"
}

func isPESEL(d string) bool {
	if (weighted(d, "1379137913")+int(d[10]-'0'))%10 != 0 {
		return false
	}
	month := int(d[2]-'0')%2*10 + int(d[3]-'0') // the century is in the first digit
	day := int(d[4]-'0')*10 + int(d[5]-'0')
	return month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// isCardNumber reports whether groups are a card: by issuer, length and Luhn.
func (s *scan) isCardNumber(n *number, k int, digits string) bool {
	if len(digits) > 19 || luhn(digits)%10 != 0 || isRepeated(digits) || !n.sameSeparators(k) {
		return false
	}
	if k > 1 && (n.seps[1] != ' ' && n.seps[1] != '-' || !isCardShape(n.shapes[k-1])) {
		return false
	}
	if k > 1 && s.follows(n) { // what follows may be the expiry date
		return false
	}
	need, ok := issuer(digits)
	if !ok {
		return false
	}
	context := s.contextBefore(n.from[0])
	if context&cardID.context() != 0 {
		return true
	}
	if k > 1 {
		return len(digits) >= 15 || need == needsNothing && context != counter
	}
	return context != counter && need == needsNothing
}

// pathCard looks for a card that is a segment of a path. Other lengths than those of most
// cards are left out: ids of 17 to 19 digits are in many paths.
func (s *scan) pathCard(n *number) int {
	from, to := n.from[0], n.to[0]
	digits := string(n.digits[:n.ends[0]])
	if n.start < from || len(digits) != 15 && len(digits) != 16 || !s.isSegment(from, to) ||
		!s.m.on.has(cardID) || !s.isCardNumber(n, 1, digits) {
		return 0
	}
	s.add(ruleCard, from, to)
	return to
}

// isSegment reports whether what is from i to end is a segment of a path: /pay/x/edit?y.
func (s *scan) isSegment(i, end int) bool {
	if s.before(i) != '/' || s.before(i-1) == '/' {
		return false
	}
	switch after := s.at(end); after {
	case '.':
		return !isWord(s.at(end + 1))
	case '-', '+', '=', '%', '*', '~', '@', ':', '\\':
		return false
	default:
		return !isWord(after)
	}
}

// isCardShape reports whether digits are grouped as on a card.
func isCardShape(shape uint32) bool {
	switch shape {
	case 0x4444, 0x465, 0x464, 0x44443, 0x4441, 0x4442, 0x4443, 0x66, 0x68, 0x613, 0x88, 0x444, 0x4543, 0x4653:
		return true
	}
	return false
}

// issuer returns whether an issuer has cards of these digits, and whether they need a word
// of the context.
func issuer(d string) (planNeed, bool) {
	between := func(from, to string) bool { return d[:len(from)] >= from && d[:len(to)] <= to }
	n := len(d)
	switch {
	case d[0] == '4':
		if n == 13 {
			return needsWord, true
		}
		return needsNothing, n == 16 || n == 19
	case between("51", "55"), between("2221", "2720"):
		return needsNothing, n == 16
	case between("34", "34"), between("37", "37"):
		return needsNothing, n == 15
	case between("300", "305"), between("3095", "3095"), d[:2] == "36", between("38", "39"):
		return needsNothing, n == 14 || n >= 16
	case between("3528", "3589"):
		return needsNothing, n >= 16
	case d[:4] == "6011", between("644", "659"), d[:2] == "62", d[:2] == "60", d[:2] == "81", d[:2] == "82", between("2200", "2204"), d[:3] == "508":
		return needsNothing, n >= 16
	case isOneOf(d[:4], "5018 5020 5038 5893 6304 6759 6761 6762 6763 5019 6771 6706 6709 6333"):
		if n < 16 {
			return needsWord, true
		}
		return needsNothing, true
	case between("50", "50"), between("56", "58"), d[0] == '6', between("9792", "9792"):
		return needsWord, true // Maestro, Elo, Hipercard, Troy
	}
	return needsNothing, false
}

// isOneOf reports whether word is one of a list with spaces between.
func isOneOf(word, list string) bool {
	for at := 0; at+len(word) <= len(list); {
		if end := at + len(word); list[at:end] == word && (end == len(list) || list[end] == ' ') {
			return word != ""
		}
		space := strings.IndexByte(list[at:], ' ')
		if space < 0 {
			return false
		}
		at += space + 1
	}
	return false
}
