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
	for i < limit && (s.m.kinds[s.text[i]]&kinds != 0 || strings.IndexByte(extra, s.text[i]) >= 0) {
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
		if err != nil || strings.IndexByte(string(decoded), ':') < 0 {
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
	return len(value) > 1 && strings.Trim(value, value[:1]) == "" || strings.Contains(value, "***") || strings.Contains(value, "...") || strings.Contains(value, "…") || strings.Contains(value, "[")
}

// keyForm is what follows the prefix of a provider's key.
type keyForm struct {
	kinds    kind
	extra    string
	min, max int
}

// underscore handles an underscore at i: "ghp_", "sk_live_".
func (s *scan) underscore(i int) int {
	start := i
	for start > 0 && i-start < 8 && s.m.kinds[s.text[start-1]]&lower != 0 {
		start--
	}
	switch s.text[start:i] {
	case "cpod", "cs", "rt", "ghp", "gho", "ghu", "ghs", "ghr", "github", "gsk", "glsa", "glc", "hf", "lin", "npm", "ntn", "pk", "rk", "sk", "rubygems",
		"shpat", "shpss", "shpca", "shppa", "sbp", "sntrys", "sntryu", "whsec", "dop", "dckr", "figd":
	default:
		return i + 1
	}
	if to := s.apiKey(start, i); to > 0 {
		return to
	}
	return i + 1
}

// apiKey looks for a key of a provider at i, whose first word ends at end. It returns
// where the key ends, or 0.
func (s *scan) apiKey(i, end int) int {
	if !s.m.on.has(apiKeyID) {
		return 0
	}
	if touches(s.before(i)) {
		return 0
	}
	text := s.text[i:min(len(s.text), i+24)]
	prefix, form := keyPrefix(text)
	if prefix == 0 {
		return 0
	}
	to := s.run(i+prefix, form.kinds, form.extra, form.max+1)
	for to > i+prefix+form.min && (s.text[to-1] == '.' || s.text[to-1] == '-') {
		to--
	}
	if n := to - i - prefix; n < form.min || n > form.max || touchesAfter(s.at(to)) || !hasDigit(s.text[i+prefix:to]) {
		return 0
	}
	s.add(ruleAPIKey, i, to)
	return to
}

func hasDigit(text string) bool {
	for i := range len(text) {
		if isDigit(text[i]) {
			return true
		}
	}
	return false
}

// keyPrefix returns the length of the prefix of a provider's key, and what follows it.
func keyPrefix(text string) (int, keyForm) {
	has := func(prefix string) bool { return strings.HasPrefix(text, prefix) }
	of := func(prefix string, kinds kind, extra string, least, most int) (int, keyForm) {
		return len(prefix), keyForm{kinds, extra, least, most}
	}
	switch text[0] {
	case 'A':
		switch {
		case has("AKIA"), has("ASIA"), has("ABIA"), has("ACCA"), has("AROA"), has("AIDA"):
			return of("AKIA", upper|digit, "", 16, 16) // AWS
		case has("AIza"):
			return of("AIza", base64url, "", 35, 35) // Google
		case has("AC"):
			return of("AC", hex, "", 32, 32) // Twilio
		}
	case 'E':
		if has("EAAC") || has("EAAG") || has("EAAB") {
			return of("EAAC", alnum, "", 30, 400) // Facebook
		}
	case 'G':
		if has("GOCSPX-") {
			return of("GOCSPX-", base64url, "", 20, 40) // Google
		}
	case 'P':
		if has("PMAK-") {
			return of("PMAK-", alnum, "-", 50, 70) // Postman
		}
	case 'H':
		if has("HRKU-") {
			return of("HRKU-", base64url, "", 30, 70) // Heroku
		}
	case 'S':
		switch {
		case has("SG."):
			return of("SG.", base64url, ".", 40, 80) // SendGrid
		case has("SK"):
			return of("SK", hex, "", 32, 32) // Twilio
		}
	case 'N':
		if has("NRAK-") {
			return of("NRAK-", alnum, "", 20, 40) // New Relic
		}
	}
	return lowerKeyPrefix(text, has, of)
}

func lowerKeyPrefix(
	text string, has func(string) bool, of func(string, kind, string, int, int) (int, keyForm),
) (int, keyForm) {
	switch text[0] {
	case 'a':
		if has("atlasv") {
			return of("atlasv1.", alnum, "-", 60, 80)
		}
	case 'c':
		switch {
		case has("cpod_"):
			return of("cpod_", base64url, "", 43, 43)
		case has("cs_live_"), has("cs_test_"):
			return of("cs_live_", alnum, "", 24, 99) // Stripe
		case has("cs_"):
			return of("cs_", base64url, "", 43, 43)
		}
	case 'd':
		switch {
		case has("dop_v1_"):
			return of("dop_v1_", hex, "", 64, 64) // DigitalOcean
		case has("dckr_pat_"):
			return of("dckr_pat_", base64url, "", 20, 40) // Docker
		}
	case 'f':
		switch {
		case has("figd_"):
			return of("figd_", base64url, "", 30, 60) // Figma
		case has("fo1_"):
			return of("fo1_", base64url, "", 40, 50) // Fly
		}
	case 'g':
		switch {
		case has("ghp_"), has("gho_"), has("ghu_"), has("ghs_"), has("ghr_"):
			return of("ghp_", alnum, "", 36, 255) // GitHub
		case has("github_pat_"):
			return of("github_pat_", alnum, "_", 40, 255) // GitHub
		case has("glpat-"), has("gldt-"), has("glrt-"):
			return of(text[:strings.IndexByte(text, '-')+1], base64url, ".", 20, 64) // GitLab
		case has("gsk_"):
			return of("gsk_", alnum, "", 40, 60) // Groq
		case has("glsa_"), has("glc_"):
			return of(text[:strings.IndexByte(text, '_')+1], base64url, "=+/", 30, 200) // Grafana
		}
	case 'h':
		switch {
		case has("hf_"):
			return of("hf_", alnum, "", 30, 40) // Hugging Face
		case has("hvs."):
			return of("hvs.", base64url, "", 24, 200) // Vault
		}
	case 'k':
		if has("key-") {
			return of("key-", hex, "", 32, 32) // Mailgun
		}
	case 'l':
		if has("lin_api_") {
			return of("lin_api_", alnum, "", 30, 50) // Linear
		}
	case 'n':
		switch {
		case has("npm_"):
			return of("npm_", alnum, "", 36, 36)
		case has("ntn_"):
			return of("ntn_", alnum, "", 40, 60) // Notion
		}
	case 'p':
		switch {
		case has("pk_live_"), has("pk_test_"):
			return of("pk_live_", alnum, "", 16, 128) // Stripe
		case has("pypi-"):
			return of("pypi-", base64url, "", 50, 250)
		case has("pplx-"):
			return of("pplx-", alnum, "", 40, 60)
		}
	case 'r':
		switch {
		case has("rk_live_"), has("rk_test_"):
			return of("rk_live_", alnum, "", 16, 128) // Stripe
		case has("rt_"):
			return of("rt_", base64url, "", 43, 43)
		case has("rubygems_"):
			return of("rubygems_", hex, "", 48, 48)
		}
	case 's':
		switch {
		case has("sk_live_"), has("sk_test_"):
			return of("sk_live_", alnum, "", 16, 128) // Stripe
		case has("sk-ant-"):
			return of("sk-ant-", base64url, "", 30, 150) // Anthropic
		case has("sk-"):
			return of("sk-", base64url, "", 20, 200) // OpenAI
		case has("shpat_"), has("shpss_"), has("shpca_"), has("shppa_"):
			return of("shpat_", hex, "", 32, 32) // Shopify
		case has("sq0atp-"), has("sq0csp-"):
			return of("sq0atp-", base64url, "", 22, 43) // Square
		case has("sbp_"):
			return of("sbp_", hex, "", 40, 40) // Supabase
		case has("sntrys_"), has("sntryu_"):
			return of("sntrys_", base64url, "=+/", 40, 250) // Sentry
		}
	case 'w':
		if has("whsec_") {
			return of("whsec_", alnum, "+/=", 24, 64) // Stripe
		}
	case 'x':
		switch {
		case has("xoxb-"), has("xoxp-"), has("xoxa-"), has("xoxr-"), has("xoxs-"), has("xoxe-"):
			return of("xoxb-", alnum, "-", 20, 250) // Slack
		case has("xapp-"):
			return of("xapp-", alnum, "-", 30, 250) // Slack
		case has("xai-"):
			return of("xai-", alnum, "", 60, 100)
		}
	}
	return 0, keyForm{}
}

// hyphen handles a dash at i: "sk-", a UUID, a MAC address, a PEM block.
func (s *scan) hyphen(i int) int {
	if i == 0 || !isAlnum(s.text[i-1]) {
		if s.at(i+1) == '-' && strings.HasPrefix(s.text[i:], pemBegin) {
			return s.privateKey(i)
		}
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
	for start > 0 && i-start < 8 && s.m.kinds[s.text[start-1]]&alnum != 0 {
		start--
	}
	if n := i - start; n >= 2 && n <= 7 {
		if to := s.apiKey(start, i); to > 0 {
			return to
		}
	}
	return i + 1
}
