package masking

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// phonePlans says which country codes are assigned, and how long their numbers are.
type phonePlans struct {
	assigned [1000]bool
	min, max [1000]uint8 // digits after the country code
	national map[uint32][]nationalPlan
}

// nationalPlan is a form without a trunk prefix: how numbers of one shape start.
type nationalPlan struct {
	leads string // first digits, with spaces between; "" for any
	needs planNeed
}

type planNeed uint8

const (
	needsNothing planNeed = iota
	needsJoint            // a dash, or a bracket
	needsWord             // context
)

func newPhonePlans() phonePlans {
	// The list of codes assigned by ITU-T E.164; the lengths are those of the national plans.
	const codes = `1:10 7:10 20:8-10 27:9 30:10 31:9 32:8-9 33:9 34:9 36:8-9 39:6-11 40:9 41:9 43:6-12 44:9-10 45:8 46:7-10 47:8 48:9 49:7-11
	51:8-9 52:10 53:6-8 54:10-11 55:10-11 56:9 57:8-10 58:10 60:8-10 61:9 62:8-12 63:8-10 64:8-10 65:8 66:8-9 81:9-10 82:8-11 84:9-10 86:10-11
	90:10 91:10 92:9-10 93:9 94:9 95:7-10 98:10 211:9 212:9 213:8-9 216:8 218:8-9 220:7 221:9 222:8 223:8 224:9 225:10 226:8 227:8 228:8 229:8-10
	230:7-8 231:7-9 232:8 233:9 234:8-10 235:8 236:8 237:9 238:7 239:7 240:9 241:7-8 242:9 243:9 244:9 245:7-9 246:7 247:4-6 248:7 249:9 250:9
	251:9 252:7-9 253:8 254:9 255:9 256:9 257:8 258:8-9 260:9 261:9 262:9 263:9 264:8-9 265:7-9 266:8 267:7-8 268:8 269:7 290:5 291:7 297:7 298:6
	299:6 350:8 351:9 352:6-11 353:7-9 354:7 355:8-9 356:8 357:8 358:6-11 359:7-9 370:8 371:8 372:7-8 373:8 374:8 375:9 376:6-9 377:8-9 378:6-10
	380:9 381:8-9 382:8 383:8 385:8-9 386:8 387:8 389:8 420:9 421:9 423:7-9 500:5 501:7 502:8 503:8 504:8 505:8 506:8 507:7-8 508:6 509:8 590:9
	591:8 592:7 593:8-9 594:9 595:9 596:9 597:6-7 598:8 599:7-8 670:7-8 672:6 673:7 674:7 675:7-8 676:5-7 677:5-7 678:5-7 679:7 680:7 681:6 682:5
	683:4-7 685:5-7 686:5-8 687:6 688:5-6 689:6-8 690:4-5 691:7 692:7 800:8 808:8 850:8-10 852:8 853:8 855:8-9 856:8-10 870:9 878:10 880:8-10
	881:8-9 882:7-12 883:7-12 886:8-9 888:8-12 960:7 961:7-8 962:8-9 963:8-9 964:8-10 965:8 966:9 967:7-9 968:8 970:8-9 971:8-9 972:8-9 973:8
	974:8 975:7-8 976:8 977:8-10 979:9 992:9 993:8 994:9 995:9 996:9 998:9`
	p := phonePlans{national: map[uint32][]nationalPlan{}}
	for code := range strings.FieldsSeq(codes) {
		name, lengths, _ := strings.Cut(code, ":")
		from, to, isRange := strings.Cut(lengths, "-")
		if !isRange {
			to = from
		}
		cc, _ := strconv.Atoi(name)
		shortest, _ := strconv.Atoi(from)
		longest, _ := strconv.Atoi(to)
		p.assigned[cc], p.min[cc], p.max[cc] = true, uint8(shortest), uint8(longest)
	}
	plan := func(shape uint32, leads string, needs planNeed) {
		p.national[shape] = append(p.national[shape], nationalPlan{leads, needs})
	}
	plan(0x333, "6 7 8 9 50 51 53 57 60 66 69 72 73 78 79 88", needsNothing) // ES, PT, PL and CZ mobile
	plan(0x333, "", needsWord)
	plan(0x3222, "6 7 8 9", needsNothing)             // ES
	plan(0x2322, "9 8 1 2 3 4 5 6 7", needsNothing)   // ES, PL landlines
	plan(0x234, "2 9 8 7 6", needsNothing)            // PT landlines
	plan(0x334, "3 6 7 8 9", needsNothing)            // IT, IN, GR mobile
	plan(0x37, "3", needsNothing)                     // IT mobile
	plan(0x55, "6 7 8 9", needsNothing)               // IN mobile
	plan(0x433, "13 18 19 6 7 8 9", needsNothing)     // AU 1300 and 1800, IN mobile
	plan(0x344, "13 14 15 16 17 18 19", needsNothing) // CN mobile
	plan(0x254, "1 2 3 4 5 6 7 8 9", needsNothing)    // BR mobile
	plan(0x244, "1 2 3 4 5 6 7 8 9", needsJoint)      // BR landlines, MX
	plan(0x244, "33 55 56 81", needsNothing)          // MX
	plan(0x244, "", needsWord)                        //
	plan(0x3322, "5 9", needsNothing)                 // TR and RU mobile
	plan(0x13322, "8 0", needsNothing)                // RU, TR
	plan(0x2223, "6 7", needsNothing)                 //
	plan(0x2144, "1 2 3 4 5 6 7 8 9", needsJoint)     // BR mobile
	plan(0x54, "9", needsWord)                        // BR mobile without its area
	plan(0x44, "", needsWord)                         // SG, HK, BR
	plan(0x34, "", needsWord)                         // NANP without its area
	plan(0x2222, "", needsWord)                       // DK, NO
	plan(0x323, "", needsWord)                        // NO
	plan(0x38, "", needsWord)                         // CN
	plan(0x28, "", needsWord)                         // CN, IN
	plan(0x2333, "", needsWord)                       //
	plan(0x12244, "0", needsNothing)                  // MX with its old prefix
	plan(0x2244, "01 04", needsNothing)               // MX with its old prefix
	return p
}

// phone looks for a telephone number in the first k groups.
func (s *scan) phone(n *number, k int, digits string) int {
	if !s.m.on.has(phoneID) || n.isTight {
		return 0
	}
	if k > 1 && n.to[k-1]-n.from[k-1] <= 2 && s.isTime(n.to[k-1]) {
		return 0
	}
	end := n.to[k-1]
	id, ok := s.phoneRule(n, k, digits)
	if !ok {
		return 0
	}
	start := n.start
	if n.hasBracket && !strings.Contains(s.text[start:end], ")") {
		start++
		if n.hasPlus && s.text[start] != '+' {
			start = n.start
		}
	}
	end = s.extension(end)
	s.add(id, start, end)
	return end
}

// isTime reports whether a colon and a digit follow.
func (s *scan) isTime(end int) bool { return s.at(end) == ':' && isDigit(s.at(end+1)) }

// phoneRule returns the rule that the first k groups pass.
func (s *scan) phoneRule(n *number, k int, digits string) (ruleID, bool) {
	if n.hasPlus {
		return rulePhoneE164, s.isInternational(withoutTrunk(n, k, digits))
	}
	if len(digits) < 7 || len(digits) > 15 {
		return 0, false
	}
	context := s.contextBefore(n.from[0])
	called := context&phoneID.context() != 0
	if k == 1 && !called && !n.isNumbered && s.isBareMobile(n, digits) {
		return rulePhoneNational, context != counter
	}
	if (context == counter || n.isNumbered) && !called {
		return 0, false
	}
	if strings.HasPrefix(digits, "00") {
		return rulePhoneE164, (k > 1 || called) && digits[2] != '0' && s.isInternational(withoutTrunk(n, k, digits)[2:])
	}
	if k == 1 {
		return rulePhoneContext, called && s.isPlain(digits)
	}
	if !n.isEven(k) || !called && (s.isAmount(n.to[k-1]) || s.isColumns(n, k)) {
		return 0, false
	}
	return s.groupedRule(n, k, digits, called)
}

// isBareMobile reports whether digits without separators are a mobile number that needs no word
// for telephone: British ones, others after "from" and "to", Chinese ones in Chinese text.
func (s *scan) isBareMobile(n *number, digits string) bool {
	from, to := n.from[0], n.to[0]
	switch {
	case len(digits) == 11 && digits[:2] == "07" && digits[2] != '0':
		return true
	case len(digits) == 10 && isOneOf(digits[:2], "04 06 07"):
		return s.wordBefore(from)&(near|calls) != 0 && s.at(from-1) == ' '
	case len(digits) == 11 && digits[0] == '1' && digits[1] >= '3':
		before := s.text[max(0, from-24):from]
		after := s.text[to:min(len(s.text), to+24)]
		isChinese := isIdeograph(strings.TrimRight(before, " :：（(")) || ideographs(after)&phoneID.context() != 0
		for word := range strings.FieldsSeq(counterIdeographs) {
			isChinese = isChinese && !strings.Contains(before, word)
		}
		return isChinese
	}
	return false
}

// isIdeograph reports whether text ends with a letter of Chinese.
func isIdeograph(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return unicode.Is(unicode.Han, r)
}

// isColumns reports whether groups are a part of a row of numbers: more follow or are before,
// they are filled with zeros, or they are small ones that rise.
func (s *scan) isColumns(n *number, k int) bool {
	if n.hasBracket {
		return false
	}
	if n.digits[0] == '0' && s.before(n.start) == ' ' && s.isColumnEnd(n.start-1) {
		return true
	}
	for i := 1; i < k; i++ {
		if n.seps[i] != ' ' {
			return false
		}
	}
	size := n.to[0] - n.from[0]
	if k < n.groups && n.seps[k] == ' ' && n.to[k]-n.from[k] == size && n.shapes[k-1] != 0x334 {
		return true
	}
	if n.shapes[k-1] == 0x333 && n.digits[0] == '0' && (n.digits[3] == '0' || n.digits[6] == '0') {
		return true
	}
	for i := range k {
		if n.to[i]-n.from[i] != 2 || n.value(i) > 60 || i > 0 && n.value(i) <= n.value(i-1) {
			return false
		}
	}
	return true
}

// isColumnEnd reports whether a number that is not a time ends at i.
func (s *scan) isColumnEnd(i int) bool {
	next, start := len(s.found)-1, i
	for start > 0 && isDigit(s.text[start-1]) {
		start--
	}
	return start < i && !s.endsFinding(i, &next) && strings.IndexByte(" .\n", s.before(start)) >= 0
}

// groupedRule returns the rule that several groups pass. called says that a word for
// telephone is before them.
func (s *scan) groupedRule(n *number, k int, digits string, called bool) (ruleID, bool) {
	shape := n.shapes[k-1]
	isAmerican := isNANP(digits) || digits[0] == '1' && isNANP(digits[1:])
	switch {
	case (shape == 0x334 || shape == 0x1334) && isAmerican:
		return rulePhoneNANP, true
	case (shape == 0x37 || shape == 0x46 || shape == 0x137) && called && isAmerican:
		return rulePhoneContext, true
	case digits[0] == '0' && n.isTrunk(k, digits, called):
		return rulePhoneTrunk, true
	}
	if strings.IndexByte("./", n.seps[1]) >= 0 && !called && shape != 0x333 {
		return 0, false
	}
	if called && s.isInternational(digits) {
		return rulePhoneContext, true
	}
	for _, plan := range s.m.plans.national[shape] {
		switch {
		case !plan.starts(digits):
		case called:
			return rulePhoneContext, true
		case plan.needs == needsNothing && n.seps[1] != '.', plan.needs == needsJoint && (n.hasBracket || n.seps[k-1] == '-'):
			return rulePhoneNational, true
		}
	}
	return 0, false
}

func (p *nationalPlan) starts(digits string) bool {
	if p.leads == "" {
		return true
	}
	for lead := range strings.FieldsSeq(p.leads) {
		if strings.HasPrefix(digits, lead) {
			return true
		}
	}
	return false
}

// isEven reports whether the separators of the first k groups go together: one kind, with
// at most one other one.
func (n *number) isEven(k int) bool {
	changes := 0
	for i := 2; i < k; i++ {
		if n.seps[i] != n.seps[i-1] {
			changes++
		}
	}
	return changes <= 2
}

// withoutTrunk returns the digits without the 0 in "+44 (0)20".
func withoutTrunk(n *number, k int, digits string) string {
	for i := 1; i < k; i++ {
		if n.seps[i] == '(' && n.to[i]-n.from[i] == 1 && digits[n.ends[i]-1] == '0' {
			return digits[:n.ends[i]-1] + digits[n.ends[i]:]
		}
	}
	return digits
}

// isInternational reports whether digits are a country code and a number of its length.
func (s *scan) isInternational(digits string) bool {
	if len(digits) < 7 || len(digits) > 15 {
		return false
	}
	code := 0
	for i := range 3 {
		code = code*10 + int(digits[i]-'0')
		if p := &s.m.plans; p.assigned[code] {
			rest := len(digits) - i - 1
			isOld := code == 52 && rest == 11 && digits[2] == '1' // the old prefix of mobile numbers
			return rest >= int(p.min[code]) && (rest <= int(p.max[code]) || isOld) && (code != 1 || isNANP(digits[1:]))
		}
	}
	return false
}

// isNANP reports whether ten digits are a number of North America. Area code 555 counts,
// as it does in examples.
func isNANP(digits string) bool {
	return len(digits) == 10 && digits[0] >= '2' && digits[3] >= '2' && digits[1:3] != "11"
}

// isPlain reports whether digits without separators can be a telephone number.
func (s *scan) isPlain(digits string) bool {
	switch len(digits) {
	case 7, 8:
		return digits[0] >= '2'
	case 9:
		return true
	case 10:
		return isNANP(digits) || digits[0] == '0' && digits[1] != '0' || digits[0] >= '6' || s.m.plans.assigned[int(digits[0]-'0')*10+int(digits[1]-'0')]
	case 11, 12, 13:
		return digits[0] == '0' && digits[1] != '0' && len(digits) < 13 || digits[:2] > "10" && len(digits) == 11 || s.isInternational(digits)
	}
	return false
}

// isTrunk reports whether the first k groups are a national number with the prefix 0.
func (n *number) isTrunk(k int, digits string, called bool) bool {
	first := n.ends[0]
	if digits[1] == '0' || len(digits) < 9 || len(digits) > 12 || first < 2 || first > 6 {
		return false
	}
	for i := 1; i < k; i++ {
		size := n.to[i] - n.from[i]
		if size < 2 || size > 8 || size == 2 && k == 2 {
			return false
		}
		if n.seps[i] == '/' && i > 1 {
			return false
		}
		if (n.seps[i] == '.') != (n.seps[1] == '.') {
			return false
		}
	}
	if len(digits) == 9 && !called {
		switch n.shapes[k-1] {
		case 0x2322, 0x3222, 0x36, 0x27, 0x45, 0x333, 0x324, 0x234, 0x54:
		default:
			return false
		}
	}
	if len(digits) == 12 && !called && k > 4 {
		return false
	}
	return true
}

// isAmount reports whether a percent sign, a currency or a unit follows.
func (s *scan) isAmount(end int) bool {
	rest := strings.TrimLeft(s.text[end:min(len(s.text), end+12)], " \u00a0")
	for _, sign := range []string{"%", "€", "$", "£", "¥", "₹", "₺", "°"} {
		if strings.HasPrefix(rest, sign) {
			return true
		}
	}
	if s.at(end) != ' ' {
		return false
	}
	w, f := s.lookUp(end + 1)
	isInitial := w.end == end+2 && isUpper(s.text[end+1])
	return f&unit != 0 && !isInitial && strings.IndexByte(" ,;:)\n", s.at(w.end)) >= 0
}

// extension returns where an extension after a number ends: "x12", "ext. 12".
func (s *scan) extension(end int) int {
	rest := s.text[end:min(len(s.text), end+24)]
	i := 0
	for i < len(rest) && (rest[i] == ' ' || rest[i] == ',' || rest[i] == ';' || rest[i] == '(') && i < 2 {
		i++
	}
	word := 0
	for _, w := range []string{"extension", "ext.", "ext", "x", "poste", "durchwahl", "dw", "int.", "toestel", "wew.", "ramal", "dahili", "#"} {
		if len(rest)-i >= len(w) && (rest[0] != ',' || len(w) > 2) && strings.EqualFold(rest[i:i+len(w)], w) {
			word = len(w)
			break
		}
	}
	if word == 0 {
		return end
	}
	i += word
	for i < len(rest) && (rest[i] == ' ' || rest[i] == '.' || rest[i] == ':' || rest[i] == '=') {
		i++
	}
	from := i
	for i < len(rest) && isDigit(rest[i]) {
		i++
	}
	if i == from || i-from > 6 || i < len(rest) && (isWord(rest[i]) || rest[i] == '@') {
		return end
	}
	return end + i
}
