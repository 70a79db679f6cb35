package masking

import "strings"

const uuidLength = 36

// isUUID reports whether text starts with a UUID.
func isUUID(text string) bool {
	if len(text) < uuidLength {
		return false
	}
	for i := range uuidLength {
		c := text[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !isHex(c) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool { return c-'0' < 10 || c|0x20-'a' < 6 }

// ipv4 looks for an IPv4 address in the first four groups.
func (s *scan) ipv4(n *number) int {
	if !s.isDotted(n) || !s.m.on.has(ipID) || n.hasPlus {
		return 0
	}
	end := n.to[3]
	switch c := s.at(end); {
	case n.groups > 4 && n.seps[4] == '.':
		if n.groups != 5 || !s.isPortOf(n.from[0], n.to[4]) {
			return n.to[n.groups-1]
		}
	case n.groups == 5 && n.seps[4] == '-':
		return 0
	case n.groups == 4 && (isWord(c) || (c == '-' || c == '.') && isWord(s.at(end+1))):
		return end
	}
	if s.startsAddress(n.from[0], end) && !s.isVersion(n.from[0]) && (!n.isOutline() || s.isNetwork(n.from[0], end)) {
		s.add(ruleIPv4, n.from[0], end)
	}
	return end
}

// isDotted reports whether the first four groups are numbers of a byte with dots between.
func (s *scan) isDotted(n *number) bool {
	if n.groups < 4 || n.seps[1] != '.' || n.seps[2] != '.' || n.seps[3] != '.' {
		return false
	}
	for g := range 4 {
		size := n.to[g] - n.from[g]
		if size > 3 || n.value(g) > 255 || size > 1 && s.text[n.from[g]] == '0' {
			return false
		}
	}
	return true
}

// isPortOf reports whether the last number of an address from i to end is a port, as tcpdump
// writes it: "192.0.2.1.443 > ".
func (s *scan) isPortOf(i, end int) bool {
	return strings.HasPrefix(s.text[end:], " > ") || strings.HasPrefix(s.text[end:], ": ") && strings.HasSuffix(s.text[:i], "> ")
}

// isOutline reports whether four numbers can be those of a chapter or a version: all are
// small, and no network of private use or resolver starts so.
func (n *number) isOutline() bool {
	first, second := n.value(0), n.value(1)
	return first < 32 && second < 32 && n.value(2) < 32 && n.value(3) < 32 && first != 10 && first != 0 && (first != 8 || second != 8)
}

// isNetwork reports whether what is around an address from i to end speaks of a network or
// is a line of a log.
func (s *scan) isNetwork(i, end int) bool {
	rest := s.text[end:min(len(s.text), end+10)]
	switch c := s.at(end); {
	case (c == ':' || c == '/' || c == '#' || c == '.') && isDigit(s.at(end+1)), strings.IndexByte("@=/[<>", s.before(i)) >= 0:
		return true
	case strings.HasPrefix(rest, " - "), strings.HasPrefix(rest, " > "), strings.HasPrefix(rest, " -> "), strings.HasPrefix(rest, " port "):
		return true
	case strings.Contains(rest, "GET ") || strings.Contains(rest, "POST "):
		return true
	}
	if s.contextBefore(i)&ipID.context() != 0 {
		return true
	}
	before := s.text[max(0, i-64):i]
	for j := 2; j+3 < len(before); j++ { // a time
		if before[j] == ':' && isDigit(before[j-1]) && isDigit(before[j+1]) && before[j+3] == ':' {
			return !strings.Contains(before[j:], "\n")
		}
	}
	return false
}

// startsAddress reports whether an IPv4 address from i to end may start there, by what is
// before.
func (s *scan) startsAddress(i, end int) bool {
	second := s.before(i - 1)
	switch s.before(i) {
	case '.':
		return false
	case '-':
		return !isWord(second) && second != '.' || s.isRange(i)
	case '/':
		return !isWord(second) || s.at(end) == ':' && isDigit(s.at(end+1))
	}
	return true
}

// isRange reports whether an address and a dash are before i.
func (s *scan) isRange(i int) bool {
	next := len(s.found) - 1
	start, id := s.opaque(i-1, &next)
	return s.before(i) == '-' && start < i-1 && id == ipID
}

// isVersion reports whether one of the two words before i announces a version.
func (s *scan) isVersion(i int) bool {
	for range 2 {
		end := i
		for end > 0 && i-end < 4 && !s.isLetterEnd(end) {
			if c := s.text[end-1]; c == '\n' || isDigit(c) || c == ',' || c == ';' {
				return false
			}
			end--
		}
		start := end
		for start > 0 && end-start < maxWord && s.isLetterEnd(start) {
			start--
		}
		if start == end {
			return strings.HasSuffix(s.text[:end], "§")
		}
		if _, f := s.lookUp(start); f&versions != 0 || s.text[end-1] >= 0x80 && endsWithAny(s.text[start:end], versionIdeographs) {
			return true
		}
		i = start
	}
	return false
}

// hexGroups looks for a MAC or an IPv6 address that starts at i, and returns its end or 0.
func (s *scan) hexGroups(i int) int {
	if before := s.before(i); isWord(before) || before == ':' || before == '.' || before == '-' && isWord(s.before(i-1)) {
		return 0
	}
	g := s.readHexGroups(i)
	if g.end == 0 || s.isIndex(i) {
		return 0
	}
	if c := s.at(g.end); isWord(c) || (c == ':' || c == '-' || c == '.') && isWord(s.at(g.end+1)) {
		if c != '.' || !s.isPortOf(i, s.run(g.end+1, digit, "", 5)) {
			return 0
		}
	}
	switch {
	case g.count == 6 && g.arePairs && !g.isShort:
		s.add(ruleMAC, i, g.end)
	case g.count == 8 && !g.isShort && !g.arePairs, g.isShort && g.count > 0 && g.count < 8 && (g.hasDigit || g.count > 3):
		s.add(ruleIPv6, i, g.end)
	default:
		return 0
	}
	return g.end
}

// isIndex reports whether i is after the bracket of an index: "a[1::2]".
func (s *scan) isIndex(i int) bool {
	c := s.before(i - 1)
	return s.before(i) == '[' && (isWord(c) || c == ')' || c == ']')
}

// hexGroups is groups of hexadecimal digits with colons between.
type hexGroups struct {
	end, count                  int
	isShort, arePairs, hasDigit bool // isShort: there is a "::"
}

// readHexGroups reads the groups at i. The end is 0 when they are none of an address.
func (s *scan) readHexGroups(i int) hexGroups {
	g := hexGroups{arePairs: true}
	if s.text[i] == ':' {
		g.isShort = true
		i += 2
	}
	for g.count < 9 {
		from := i
		for isHex(s.at(i)) {
			g.hasDigit = g.hasDigit || isDigit(s.text[i])
			i++
		}
		size := i - from
		if size > 4 {
			return hexGroups{}
		}
		if size == 0 {
			break
		}
		g.count++
		g.arePairs = g.arePairs && size == 2
		if s.at(i) == '.' && (g.isShort || g.count == 7) {
			if end := s.dotted(from); end > 0 {
				g.count++
				i = end
				break
			}
		}
		next := s.at(i + 1)
		if s.at(i) != ':' || next != ':' && !isHex(next) {
			break
		}
		i++
		if next == ':' {
			if g.isShort {
				return hexGroups{}
			}
			g.isShort = true
			i++
		}
	}
	g.end = i
	return g
}

// dotted returns where four numbers with dots that start at i end, or 0.
func (s *scan) dotted(i int) int {
	for g := range 4 {
		from, v := i, 0
		for i < len(s.text) && isDigit(s.text[i]) && i-from < 4 {
			v = v*10 + int(s.text[i]-'0')
			i++
		}
		if i == from || v > 255 || i-from > 3 {
			return 0
		}
		if g < 3 {
			if s.at(i) != '.' {
				return 0
			}
			i++
		}
	}
	return i
}

// macPairs looks for a MAC address with dashes at i, and returns its end or 0.
func (s *scan) macPairs(i int) int {
	const size = 17
	if i < 0 || i+size > len(s.text) || isWord(s.before(i)) || s.before(i) == '-' {
		return 0
	}
	for j := range size {
		c := s.text[i+j]
		if j%3 == 2 && c != '-' || j%3 != 2 && !isHex(c) {
			return 0
		}
	}
	if c := s.at(i + size); isWord(c) || c == '-' {
		return 0
	}
	s.add(ruleMAC, i, i+size)
	return i + size
}

// macQuadsAround looks for such an address of which the word at i is a part, and returns its end
// or 0.
func (s *scan) macQuadsAround(i int) int {
	for start := i; start >= 0 && start >= i-10; start -= 5 {
		if to := s.macQuads(start); to > 0 {
			return to
		}
		if s.before(start) != '.' {
			break
		}
	}
	return 0
}

// macQuads looks for a MAC address as "0123.4567.89ab" at i, and returns its end or 0.
func (s *scan) macQuads(i int) int {
	const size = 14
	if i+size > len(s.text) || isWord(s.before(i)) || s.before(i) == '.' || s.text[i+4] != '.' || s.text[i+9] != '.' {
		return 0
	}
	letters := 0
	for j := range size {
		c := s.text[i+j]
		if j%5 != 4 && !isHex(c) {
			return 0
		}
		if c|0x20-'a' < 6 {
			letters++
		}
	}
	if c := s.at(i + size); isWord(c) || c == '.' && isWord(s.at(i+size+1)) || letters == 0 {
		return 0
	}
	s.add(ruleMAC, i, i+size)
	return i + size
}

// url handles the authority of a URL, whose "://" is at i.
func (s *scan) url(i int) int {
	from := i + len("://")
	end, at := from, -1
	for end < len(s.text) && end-from < 512 {
		c := s.text[end]
		if c <= ' ' || strings.IndexByte("/?#\"'<>`\\)|,", c) >= 0 {
			break
		}
		if c == '@' {
			at = end
		}
		end++
	}
	if at < 0 {
		return from
	}
	user, password, ok := strings.Cut(s.text[from:at], ":")
	if ok && password != "" && !isPlaceholder(password) && !strings.Contains(user, "[") {
		s.add(ruleURLUser, from, at)
	}
	return at + 1
}

// query handles the query of a URL, whose question mark is at i.
func (s *scan) query(i int) int {
	if c := s.before(i); c <= ' ' || !isAlnum(s.at(i+1)) || i < s.queryEnd {
		return i + 1
	}
	for j := i + 1; j < len(s.text); {
		name := j
		for j < len(s.text) && (isWord(s.text[j]) || s.text[j] == '-' || s.text[j] == '.') {
			j++
		}
		s.queryEnd = j
		if s.at(j) != '=' {
			break
		}
		j++
		value := j
		for j < len(s.text) && s.text[j] > ' ' && s.m.kinds[s.text[j]]&endsQuery == 0 {
			j++
		}
		s.queryEnd = j
		if s.isSecretParameter(s.text[name:value-1], s.text[value:j]) {
			s.add(ruleURLQuery, value, j)
		}
		if c := s.at(j); c != '&' && c != '#' && c != ';' {
			break
		}
		j++
	}
	return i + 1
}

// isSecretParameter reports whether a parameter of a query is a secret.
func (s *scan) isSecretParameter(name, value string) bool {
	if len(name) > maxWord || value == "" || isPlaceholder(value) {
		return false
	}
	var lower [maxWord]byte
	for i := range len(name) {
		lower[i] = name[i] | 0x20
		if name[i] == '_' {
			lower[i] = '-'
		}
	}
	switch string(lower[:len(name)]) {
	case "token", "access-token", "accesstoken", "refresh-token", "id-token", "auth-token", "authtoken", "secret", "client-secret", "password", "passwd", "pwd",
		"pass", "signature", "api-key", "apikey", "x-amz-signature", "x-amz-security-token", "x-amz-credential", "x-goog-signature", "x-goog-credential",
		"secret-key", "access-key", "accesskey", "private-key", "jwt", "reset-token", "session-token", "sessiontoken", "subscription-key", "hmac", "app-secret", "bearer",
		"x-api-key", "auth-key", "secret-token", "csrf-token", "authenticity-token", "license-key", "credential", "credentials", "sas", "passphrase",
		"invite-token", "verification-token", "magic-token", "share-token", "oauth-token", "oauth-signature", "oauth-verifier", "client-assertion", "code-verifier":
		return true
	case "key", "auth", "authorization", "sig", "session", "sessionid", "session-id", "sid", "otp", "code", "ticket", "nonce", "awsaccesskeyid":
		return looksSecret(value, 6)
	}
	for ending := range strings.FieldsSeq("signature token secret password passwd apikey api-key access-key") {
		if strings.HasSuffix(string(lower[:len(name)]), ending) {
			return !isOneOf(string(lower[:len(name)]), "page-token pagetoken next-token nexttoken next-page-token nextpagetoken continuation-token continuationtoken cursor-token sync-token")
		}
	}
	return false
}
