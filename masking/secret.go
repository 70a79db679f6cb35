package masking

import "strings"

const (
	pemBegin = "-----BEGIN "
	pemEnds  = "-----END "
	// maxPEM is the length of the longest private key block, in bytes.
	maxPEM = 16 << 10
	// maxSecret is the length of the longest value of a field, in bytes.
	maxSecret = 512
)

// privateKey handles the first line of a PEM block at i.
func (s *scan) privateKey(i int) int {
	label := s.text[i+len(pemBegin) : min(len(s.text), i+len(pemBegin)+48)]
	label, _, ok := strings.Cut(label, "-----")
	if !ok || !strings.HasSuffix(strings.TrimSuffix(label, " BLOCK"), "PRIVATE KEY") {
		return i + len(pemBegin)
	}
	s.pem = i
	return len(s.text)
}

// pemEnd returns where the private key ends that starts at i, or -1 when more of the text
// must be known. A key without its last line ends with the last line of base64; without any
// it is not one, and pemEnd returns i. A bracket ends the search, so that a placeholder does.
func pemEnd(text string, i int, final bool) int {
	window := text[i:min(len(text), i+maxPEM)]
	size := len(window)
	if bracket := strings.IndexByte(window, '['); bracket >= 0 {
		window = window[:bracket]
	}
	if end := strings.Index(window, pemEnds); end >= 0 {
		rest := window[end+len(pemEnds):]
		if dashes := strings.Index(rest, "-----"); dashes >= 0 && dashes < 48 {
			return i + end + len(pemEnds) + dashes + len("-----")
		}
	}
	if !final && size == len(window) && size < maxPEM {
		return -1
	}
	begin := len(pemBegin)
	end := begin + strings.Index(window[begin:], "-----") + len("-----")
	last := 0
	for end < len(window) {
		from := end
		for end < len(window) && (isAlnum(window[end]) || window[end] == '+' || window[end] == '/' || window[end] == '=') {
			end++
		}
		if end-from >= 16 {
			last = end
		}
		switch {
		case end > from && end-from < 16:
			return i + last
		case strings.HasPrefix(window[end:], `\n`), strings.HasPrefix(window[end:], `\r`):
			end += 2
		case end < len(window) && (window[end] == '\n' || window[end] == '\r' || window[end] == ' '):
			end++
		case end < len(window):
			return i + last
		}
	}
	return i + last
}

// colon handles a colon at i.
func (s *scan) colon(i int) int {
	next := s.at(i + 1)
	if next == '/' && s.at(i+2) == '/' && s.m.on.has(urlCredentialsID) {
		return s.url(i)
	}
	if isHex(next) || next == ':' {
		start := i
		for start > 0 && i-start < 5 && isHex(s.text[start-1]) {
			start--
		}
		if start < i || next == ':' {
			if to := s.hexGroups(start); to > 0 {
				return to
			}
		}
		if next == ':' {
			return i + 2
		}
	}
	return s.secretAfter(i, i+1)
}

// assigned handles an equals sign at i.
func (s *scan) assigned(i int) int {
	if i < s.queryEnd {
		return i + 1
	}
	if s.at(i+1) == '=' || strings.IndexByte("=!<>", s.before(i)) >= 0 {
		return i + 2
	}
	key := i
	if s.before(i) == ':' { // :=
		key--
	}
	after := i + 1
	if s.at(after) == '>' {
		after++
	}
	return s.secretAfter(key, after)
}

// secretAfter looks for a secret at after, the key of which ends before i. It returns
// where to go on.
func (s *scan) secretAfter(i, after int) int {
	key := s.keyBefore(i)
	if key == 0 {
		if key = s.nameOfValue(i); key == 0 {
			return after
		}
	}
	from, to, quoted := s.value(after)
	if from == to {
		return after
	}
	value := s.text[from:to]
	if key&credentialID.context() != 0 {
		s.headerCredential(from)
		return from
	}
	if s.isSecretValue(key, value, to, quoted) {
		s.addSecret(key, from, to)
	}
	return from
}

// headerCredential looks for the value of an Authorization header at i.
func (s *scan) headerCredential(i int) {
	word, _, _ := strings.Cut(s.text[i:min(len(s.text), i+8)], " ")
	switch {
	case len(word) == len("bearer") && strings.EqualFold(word, "bearer"), strings.EqualFold(word, "token"):
		s.credential(ruleBearer, i+len(word)+1)
	case word == "SSWS": // Okta
		s.credential(ruleBearer, i+len(word)+1)
	case strings.EqualFold(word, "basic"):
		s.credential(ruleBasic, i+len(word)+1)
	}
}

// keyBefore returns what the name of a field that ends before i says of its value, or 0.
func (s *scan) keyBefore(i int) flags {
	end := s.keyEnd(i)
	if end < 2 {
		return 0
	}
	last, second := s.text[end-1], s.text[end-2]
	if last < 0x80 && second < 0x80 && s.m.endings[last&31]&(1<<(second&31)) == 0 {
		return 0
	}
	start := end
	for start > 0 && end-start < maxWord && s.isLetterEnd(start) {
		start--
	}
	if end-start < 2 {
		return 0
	}
	for j := end - 1; j > start; j-- { // the last word of camelCase
		if isUpper(s.text[j]) && s.text[j-1] >= 'a' && s.text[j-1] < 0x80 {
			start = j
			break
		}
	}
	w, f := s.lookUp(start)
	switch {
	case w.end < end:
		return 0
	case f&secret != 0:
		return f
	case last >= 0x80:
		return passwordBefore(s.text[:end])
	}
	return s.fieldKind(start, s.folded[:w.folded])
}

// keyEnd returns where the name of a field ends that is before i, without quotes and digits;
// 0 when there is none.
func (s *scan) keyEnd(i int) int {
	end := i
	if s.before(end) == ' ' {
		end--
	}
	if s.before(end) == ']' { // x["password"] = y
		end--
		if c := s.before(end); c != '"' && c != '\'' {
			return 0
		}
	}
	switch s.before(end) {
	case '"', '\'', '`', '>', '*':
		end--
		if c := s.before(end); c == '\\' || c == '"' || c == '*' {
			end--
		}
	}
	for end > 0 && i-end < 4 && isDigit(s.text[end-1]) {
		end--
	}
	return end
}

// passwordBefore returns what a word for a password at the end of text says, in scripts
// without spaces.
func passwordBefore(text string) flags {
	for word := range strings.FieldsSeq(passwordEndings) {
		if strings.HasSuffix(text, word) {
			return secret | strongKey
		}
	}
	return 0
}

// passwordStart returns where a word for a password starts that has the letter at i, or is
// before it; -1 when there is none.
func passwordStart(text string, i int) int {
	before := ""
	switch text[i:min(i+2, len(text))] {
	case "ñ":
		before = "contrase"
	case "ł":
		before = "has"
	case "é":
		before = "senha "
	case "è":
		before = "parola "
	}
	if before == "" || !strings.HasSuffix(text[:i], before) {
		return -1
	}
	return i - len(before)
}

// fieldKind returns what the last word of a name says that starts at start, when the lists
// say nothing.
func (s *scan) fieldKind(start int, folded []byte) flags {
	for _, word := range []string{"password", "passwd", "secret", "token"} { // PGPASSWORD
		if len(folded) > len(word) && string(folded[len(folded)-len(word):]) == word {
			if word[0] == 'p' {
				return secret | strongKey
			}
			return secret
		}
	}
	switch string(folded) {
	case "key":
		return s.keyKind(start)
	case "authorization":
		return credentialID.context()
	case "passe":
		if strings.HasSuffix(strings.ToLower(s.text[max(0, start-7):start]), "mot de ") {
			return secret | strongKey
		}
	}
	return 0
}

// keyKind returns what "key" at i says after the word before it.
func (s *scan) keyKind(i int) flags {
	end := i
	if c := s.before(end); c == '_' || c == '-' || c == ' ' {
		end--
	}
	start := end
	for start > 0 && end-start < 12 && s.m.kinds[s.text[start-1]]&letter != 0 {
		start--
	}
	word := strings.ToLower(s.text[start:end])
	for _, kind := range []string{"api", "secret", "access", "private", "encryption", "signing", "auth", "master", "account", "ssh", "license", "storage", "shared", "hmac", "aes", "service"} {
		if strings.HasSuffix(word, kind) {
			return secret
		}
	}
	return 0
}

// value returns where the value after a key is.
func (s *scan) value(i int) (from, to int, quoted bool) {
	for n := 0; n < 3 && (s.at(i) == ' ' || s.at(i) == '\t'); n++ {
		i++
	}
	escaped := s.at(i) == '\\'
	if escaped {
		i++
	}
	limit := min(len(s.text), i+maxSecret)
	switch quote := s.at(i); quote {
	case '"', '\'', '`':
		i++
		for to = i; to < limit; to++ {
			switch c := s.text[to]; {
			case c == '\n':
				return i, i, false
			case c == '\\' && escaped && s.at(to+1) == quote:
				return i, to, true
			case c == '\\':
				to++
			case c == quote && !escaped:
				return i, to, true
			}
		}
		return i, i, false
	}
	for to = i; to < limit; to++ {
		c := s.text[to]
		if c <= ' ' || s.m.kinds[c]&endsValue != 0 || c == '&' && s.isParameter(to+1) {
			break
		}
	}
	for to > i && (s.text[to-1] == '.' || s.text[to-1] == ':' || s.text[to-1] == '?' && !looksSecret(s.text[i:to-1], 5)) {
		to--
	}
	return i, to, false
}

// isParameter reports whether "name=" is at i.
func (s *scan) isParameter(i int) bool {
	end := s.wordEnd(i)
	return end > i && s.at(end) == '='
}

// isSecretValue reports whether a value, which ends at end, is a secret, and not a word about
// one.
func (s *scan) isSecretValue(key flags, value string, end int, quoted bool) bool {
	if len(value) < 3 || isReference(value) {
		return false
	}
	letters, words := isWords(value)
	isStrong := key&strongKey != 0
	switch {
	case letters && s.isWordNotSecret(value):
		return false
	case quoted && words && strings.IndexByte(value, ' ') > 0:
		return isStrong && isSentence(value)
	case !quoted && isCode(value, words):
		return false
	case !quoted && value[0] == '!' && s.at(end) == ' ' && words:
		return false // a tag of YAML: "!Ref X"
	case words && s.isPassphrase(value):
		return true
	case !isStrong:
		return looksSecret(value, 6) || quoted && len(value) >= 8 && !words
	case quoted || !words:
		return true
	case s.at(end) == ' ' && s.isLetterAt(end+1):
		return false // "password: please enter"
	}
	return s.isUnknown(value, letters)
}

// isUnknown reports whether words without digits may be a password, not "see-the-wiki".
func (s *scan) isUnknown(value string, letters bool) bool {
	parts, known := s.parts(value)
	return (parts < 2 || known == 0) && (letters || len(value) >= 8)
}

// isReference reports whether a value is a placeholder, a PEM block or a path.
func isReference(value string) bool {
	return isPlaceholder(value) || strings.HasPrefix(value, pemBegin) || strings.HasPrefix(value, "/") && strings.Count(value, "/") > 1
}

// isCode reports whether a value is an expression: "config.password", "f(x)".
func isCode(value string, words bool) bool {
	return strings.ContainsAny(value, "([{") || words && strings.IndexByte(value, '.') > 0
}

// isPassphrase reports whether a value is three or more words in lower case with dashes between,
// of which none has a meaning here: "oskpel-kave-gatnix".
func (s *scan) isPassphrase(value string) bool {
	parts, known := s.parts(value)
	return parts >= 3 && known == 0 && value == strings.ToLower(value) && strings.IndexByte(value, '.') < 0
}

// parts returns how many words of three letters or more a value has with dashes between, and how
// many of all have a meaning here.
func (s *scan) parts(value string) (parts, known int) {
	var folded [maxWord]byte
	for part := range strings.SplitSeq(value, "-") {
		w := foldWord(&folded, part, 0)
		if w.end < len(part) || w.folded == 0 {
			return 0, 0
		}
		if len(part) < 3 {
			known++
		} else if e := s.m.words.find(folded[:w.folded], w.hash); e != nil && e.flags&(common|secret|counter|versions) != 0 {
			known++
		}
		parts++
	}
	return parts, known
}

// isSentence reports whether words are a passphrase rather than a message: three to seven
// in lower case.
func isSentence(value string) bool {
	spaces := strings.Count(value, " ")
	return spaces > 1 && spaces < 7 && value == strings.ToLower(value) && strings.IndexByte(value, '\'') < 0
}

// isWords reports whether a value is letters alone, and whether it is letters and what is
// between words.
func isWords(value string) (letters, words bool) {
	letters, words = true, true
	for i := range len(value) {
		c := value[i]
		isLetter := c|0x20-'a' < 26 || c >= 0x80
		letters = letters && isLetter
		words = words && (isLetter || strings.IndexByte("._ -':!", c) >= 0)
	}
	return letters, words
}

// isWordNotSecret reports whether letters are a word that says something of a secret.
func (s *scan) isWordNotSecret(value string) bool {
	var folded [maxWord]byte
	if w := foldWord(&folded, value, 0); w.folded > 0 {
		if e := s.m.words.find(folded[:w.folded], w.hash); e != nil && e.flags&(common|near|calls|months) != 0 {
			return true
		}
	}
	return isOneOf(strings.ToLower(value), "nil none null true false string str bool boolean required optional hidden redacted masked undefined empty unset bytes "+
		"secretstr any object text varchar char input field masked filtered removed expired mismatch incorrect invalid rotated forgotten")
}

// passwordWord handles a w at i, of "password is x" and "passwd x".
func (s *scan) passwordWord(i int) int {
	switch s.before(i) {
	case 's': // passwd, psw
		if c := s.before(i - 1); c != 's' && c != 'p' {
			return i + 1
		}
	case 'p':
	case ' ', '-':
		if s.at(i+1) != 'a' || s.at(i+2) != 'c' { // wachtwoord
			return i + 1
		}
	default:
		return i + 1
	}
	start := i
	for start > 0 && i-start < 6 && s.m.kinds[s.text[start-1]]&letter != 0 {
		start--
	}
	if isWord(s.before(start)) {
		return i + 1
	}
	return max(i+1, s.passwordStated(start))
}

// passwordStated looks for the password after a word for it at i. It returns where the
// word ends, or 0 when it is another one.
func (s *scan) passwordStated(i int) int {
	w, f := s.lookUp(i)
	if f&strongKey == 0 || s.at(w.end) != ' ' {
		return 0
	}
	from := w.end + 1
	isStated := false
	if verb, _ := s.lookUp(from); isOneOf(s.text[from:verb.end], "is was ist lautet war es é è to jest") {
		if c := s.at(verb.end); c == ' ' || c == ':' {
			from, isStated = s.skip(verb.end, ": "), true
		}
	}
	if s.at(from) == ':' || s.at(from) == '=' {
		return w.end
	}
	from, to, quoted := s.value(from)
	if !quoted && to > from && s.text[to-1] == '?' {
		to-- // of the sentence
	}
	if to-from < 5 {
		return w.end
	}
	value := s.text[from:to]
	isQuoted := quoted && (isStated || from == w.end+2 && strings.IndexByte(value, ' ') < 0) // PASSWORD 'x', of SQL
	if (isQuoted || !quoted && (looksSecret(value, 5) || s.isPassphrase(value))) && s.isSecretValue(strongKey, value, to, quoted) {
		s.add(rulePassword, from, to)
	}
	return w.end
}
