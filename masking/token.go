package masking

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// maxToken is the length of the longest token, in bytes.
const maxToken = 8 << 10

// run returns where the bytes of some kinds and of extra end, at most so
// many on.
func (s *scan) run(i int, kinds kind, extra string, most int) int {
	limit := min(len(s.text), i+most)
	for i < limit && (s.m.kinds[s.text[i]]&kinds != 0 || extra != "" && strings.IndexByte(extra, s.text[i]) >= 0) {
		i++
	}
	return i
}

// jwt handles "eyJ" at i.
func (s *scan) jwt(i int) int {
	end := s.run(i, base64url, ".", maxToken)
	token := s.text[i:end]
	for strings.HasSuffix(token, ".") && strings.Count(token, ".") != 2 {
		token = token[:len(token)-1]
	}
	if strings.Count(token, ".") >= 2 && strings.HasSuffix(token, ".") && len(s.text) > i+len(token) && s.text[i+len(token)] > ' ' {
		token = token[:len(token)-1]
	}
	parts := strings.Count(token, ".") + 1
	header, _, _ := strings.Cut(token, ".")
	if parts != 3 && parts != 5 || len(token) < 16 || !isHeader(header) {
		return end
	}
	s.add(ruleJWT, i, i+len(token))
	return end
}

// isHeader reports whether base64url text is the start of a JSON object with an algorithm
// (RFC 7515, section 4.1.1).
func isHeader(text string) bool {
	var encoded, decoded [512]byte
	n, err := base64.RawURLEncoding.Decode(decoded[:], encoded[:copy(encoded[:], text)])
	return (err == nil || n > 0) && bytes.HasPrefix(decoded[:n], []byte("{")) && bytes.Contains(decoded[:n], []byte(`"alg"`))
}

// scheme handles Bearer, Basic and Token, from i to end.
func (s *scan) scheme(i, end int) int {
	if s.at(end) != ' ' {
		return 0
	}
	switch s.text[i:end] {
	case "Bearer", "BEARER", "Token":
		return s.credential(ruleBearer, end+1)
	case "Basic", "BASIC":
		return s.credential(ruleBasic, end+1)
	}
	return 0
}

// credential looks for a token68 at i. It returns where to go on: the token may be more
// than a credential.
func (s *scan) credential(id ruleID, i int) int {
	i = s.skip(i, " ")
	if n := len(s.found); n > 0 && s.found[n-1].Start == i && s.found[n-1].rule == id {
		return i // after its header's name
	}
	end := s.run(i, alnum, "-._~+/", maxToken)
	for end > i && s.text[end-1] == '.' {
		end--
	}
	if end == i {
		return 0
	}
	for s.at(end) == '=' {
		end++
	}
	if c := s.at(end); c == '*' || c == '[' || c == '(' || c == '@' || c == ':' && isWord(s.at(end+1)) {
		return 0
	}
	token := s.text[i:end]
	if id == ruleBasic {
		decoded, err := base64.StdEncoding.DecodeString(token)
		if err != nil {
			decoded, err = base64.RawStdEncoding.DecodeString(token)
		}
		if err != nil || !bytes.Contains(decoded, []byte{':'}) {
			return 0
		}
	} else if !looksSecret(token, 8) {
		return 0
	}
	s.add(id, i, end)
	return i
}

// looksSecret reports whether text of at least n bytes is no word: it has a digit and a
// letter, or is long and of both cases.
func looksSecret(text string, n int) bool {
	if len(text) < n {
		return false
	}
	digits, uppers, lowers, others := 0, 0, 0, 0
	for i := range len(text) {
		switch c := text[i]; {
		case isDigit(c):
			digits++
		case isUpper(c):
			uppers++
		case c-'a' < 26:
			lowers++
		default:
			others++
		}
	}
	if digits > 0 && uppers+lowers > 0 {
		return true
	}
	if digits == len(text) {
		return digits >= 16
	}
	return len(text) >= 12 && uppers > 1 && lowers > 1 && others < 3 || len(text) >= 20 && others < 2
}

// isPlaceholder reports whether a value stands for a secret: "[PASSWORD]", "${X}", "***".
func isPlaceholder(value string) bool {
	switch value[0] {
	case '[', '{', '<', '$', '%', '*', '(', '#', '@', ':', '/', '\\', '|', '&', '?', '=', '+', '`', '~', '^', '!', '.', ',', ';', '-', '_':
		if value[0] == '[' || value[0] == '{' || value[0] == '<' || value[0] == '(' {
			return true
		}
	}
	if value[0] == '$' && len(value) > 1 && (value[1] == '{' || value[1] == '(' || isUpper(value[1]) && value == strings.ToUpper(value)) {
		return true
	}
	if value[0] == '%' && len(value) <= 3 {
		return true
	}
	return len(value) > 1 && strings.Trim(value, value[:1]) == "" || isElided(value)
}

// isElided reports whether a value has stars, an ellipsis or a bracket.
func isElided(value string) bool {
	for i := range len(value) {
		switch rest := value[i:]; value[i] {
		case '[':
			return true
		case '*', '.', 0xE2:
			if strings.HasPrefix(rest, "***") || strings.HasPrefix(rest, "...") || strings.HasPrefix(rest, "…") {
				return true
			}
		}
	}
	return false
}

// underscore handles an underscore at i: "ghp_", "sk_live_".
func (s *scan) underscore(i int) int {
	start := i
	for start > 0 && i-start < 9 && s.m.kinds[s.text[start-1]]&alnum != 0 {
		start--
	}
	if start < i && s.m.keys.words[s.text[start]&31]>>(i-start)&1 == 1 {
		if to := s.apiKey(start); to > 0 {
			return to
		}
	}
	return i + 1
}

// hyphen handles a dash at i: "sk-", a UUID, a MAC address, a PEM block.
func (s *scan) hyphen(i int) int {
	if s.at(i+1) == '-' && strings.HasPrefix(s.text[i:], pemBegin) {
		return s.privateKey(i)
	}
	if i == 0 || !isAlnum(s.text[i-1]) {
		return i + 1
	}
	if i >= 8 && s.at(i+5) == '-' && isUUID(s.text[i-8:]) {
		return i - 8 + uuidLength
	}
	if i >= 2 && s.at(i+3) == '-' && isHex(s.text[i-1]) && isHex(s.text[i-2]) {
		if to := s.macPairs(i - 2); to > 0 {
			return to
		}
	}
	start := i
	for start > 0 && i-start < 10 && s.m.kinds[s.text[start-1]]&alnum != 0 {
		start--
	}
	if n := i - start; n >= 2 && n <= 9 {
		if to := s.apiKey(start); to > 0 {
			return to
		}
	}
	return i + 1
}
