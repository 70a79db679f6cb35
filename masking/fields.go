package masking

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// fieldMask says how a value is masked whole, whatever is in it.
type fieldMask struct {
	strategy  Strategy // "" for that of the entity
	entity    Entity   // what the value is, or ""
	textOnly  bool     // a number or a boolean stays
	isBuiltin bool
}

// builtinField is a field with a secret, by the name that fields in common use have.
type builtinField struct {
	name     string
	strategy Strategy
	entity   Entity
	isNumber bool // a number of this name is a secret, too
}

func builtinFields() []builtinField {
	fields := []builtinField{
		{"ssn", Shape, SSN, true},
		{"cvv", Placeholder, "", true},
		{"cvc", Placeholder, "", true},
		{"pin", Placeholder, "", true},
		{"otp", Placeholder, "", true},
	}
	for name := range strings.FieldsSeq(`password passwd pwd passphrase secret client_secret api_key access_key secret_key private_key
		token access_token refresh_token id_token session_token authorization proxy_authorization cookie set_cookie x_api_key credentials`) {
		fields = append(fields, builtinField{name: name, strategy: Placeholder})
	}
	return fields
}

// foldField returns the name of a field as fields are compared: the last part after a dot,
// in lower case, without "-" and "_".
func foldField(name string) string {
	if i := strings.LastIndexByte(strings.TrimRight(name, "."), '.'); i >= 0 {
		name = name[i+1:]
	}
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// keyInfo is what the name of a member says of its value.
type keyInfo struct {
	name    string
	field   *fieldMask // how fields of the name are masked, or nil
	prefix  string     // the name as words and a colon, when a word means something, or ""
	secret  flags      // what keyBefore says
	speaks  bool       // the name changes what is found in its value,
	hints   bool       // and more may be found,
	mutes   bool       // or less
	isClean bool       // nothing is found in the name itself
}

// maxKey is the length of the longest name that is cached, in bytes.
const maxKey = 64

// keyCache holds what was found out about names, so many at most.
type keyCache struct {
	seed maphash.Seed
	sets [128]keySet
}

// keySet holds names of equal hashes. Names of one record that are in one set do not drive
// each other out.
type keySet [4]atomic.Pointer[keyInfo]

// store puts k into a free slot, else into one by chance.
func (s *keySet) store(k *keyInfo, chance uint64) {
	for i := range s {
		if s[i].CompareAndSwap(nil, k) {
			return
		}
	}
	s[chance%uint64(len(s))].Store(k)
}

func newKeyCache() *keyCache { return &keyCache{seed: maphash.MakeSeed()} }

// key returns what a name says. It must not be changed.
func (c *compiled) key(name string) *keyInfo {
	if len(name) > maxKey || c.keys == nil {
		return c.newKey(strings.Clone(name))
	}
	hash := uint(len(name))
	if hash > 0 { // it is called often, and names are short
		hash = hash*31 + uint(name[0])*7 + uint(name[hash/2])*13 + uint(name[hash-1])
	}
	set := &c.keys.sets[hash%uint(len(c.keys.sets))]
	for i := range set {
		k := set[i].Load()
		if k == nil {
			break
		}
		if k.name == name {
			return k
		}
	}
	k := c.newKey(strings.Clone(name))
	if k.isClean { // what is personal is not kept
		set.store(k, maphash.String(c.keys.seed, name))
	}
	return k
}

func (c *compiled) newKey(name string) *keyInfo {
	k := &keyInfo{name: name, field: c.fields[foldField(name)]}
	k.isClean = len(c.find(nil, name)) == 0
	if len(name) > maxText || name == "" {
		return k
	}
	s := scan{m: &c.engine, text: name + ":"}
	if c.on.has(passwordID) {
		k.secret = s.keyBefore(len(name))
		k.speaks = k.secret != 0
	}
	s.text = keyWords(name) + ": "
	if c.custom.hasContext() {
		k.prefix, k.hints, k.speaks = s.text, true, true
	}
	for i := 0; i < len(s.text); {
		if !s.isLetterEnd(i + 1) {
			i++
			continue
		}
		w, f := s.lookUp(i)
		if f != 0 || s.text[i] >= 0x80 {
			k.prefix = s.text
			k.hints = k.hints || f&anyContext != 0 || s.text[i] >= 0x80
			k.mutes = k.mutes || f&(counter|versions|event) != 0
			k.speaks = k.speaks || k.hints || f&(counter|versions) != 0
		}
		i = max(i+1, w.end)
	}
	return k
}

// keyWords splits a name into words: "date of birth" for dateOfBirth and date_of_birth.
func keyWords(name string) string {
	words := make([]byte, 0, len(name)+8)
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_' || c == '-' || c == '.' || c < ' ':
			c = ' '
		case i > 0 && isUpper(c) && (name[i-1]-'a' < 26 || isDigit(name[i-1]) || isUpper(name[i-1]) && i+1 < len(name) && name[i+1]-'a' < 26):
			words = append(words, ' ')
		}
		words = append(words, c)
	}
	if !utf8.Valid(words) {
		return ""
	}
	return string(words)
}

// isAddress reports whether a text is an address as a whole, whatever its name says.
func (c *compiled) isAddress(found []Finding, text string) bool {
	if len(found) != 1 || found[0].End-found[0].Start != len(text) || found[0].rule >= ruleCount {
		return false
	}
	return (1<<emailID | 1<<ipID | entitySet(0)).has(c.rules[found[0].rule].id)
}

// findValue looks for findings in a text that is the value of a member. They are in dst.left,
// and the masked text is in dst.out after a prefix, whose length it returns.
func (c *compiled) findValue(dst *cleaner, text string, k *keyInfo) (int, bool) {
	if k == nil || k.secret == 0 && (k.prefix == "" || !k.speaks && !isProse(text) || !hasDigit(text) && !c.custom.hasContext()) {
		return 0, dst.whole(&c.engine, text, true)
	}
	if k.secret == 0 && !c.custom.hasContext() { // it may do without the name
		if !k.hints && !dst.whole(&c.engine, text, true) {
			return 0, false
		}
		if !k.mutes && strings.IndexByte(text, '.') >= 0 && dst.whole(&c.engine, text, true) && c.isAddress(dst.left, text) {
			return 0, true
		}
	}
	prefix := k.prefix
	if prefix == "" {
		prefix = k.name + ": "
	}
	dst.reset(&c.engine, prefix, 0)
	dst.rest, dst.last = text, true
	dst.run()
	if k.secret == 0 || text == "" || len(dst.left) == 1 && dst.left[0].End-dst.left[0].Start == len(text) {
		return len(prefix), len(dst.left) > 0
	}
	s := scan{m: &c.engine, text: prefix + text}
	s.secretValue(k, len(prefix))
	if len(s.found) > 0 {
		f := s.found[0]
		f.Start, f.End = f.Start-len(prefix), f.End-len(prefix)
		dst.left = append(dst.left[:0], f)
		dst.out = append(dst.out[:len(prefix)], text[:f.Start]...)
		dst.out = append(appendPlaceholder(dst.out, f.Entity), text[f.End:]...)
	}
	return len(prefix), len(dst.left) > 0
}

// secretValue adds the value at from on when its name and its looks say that it is a secret.
func (s *scan) secretValue(k *keyInfo, from int) {
	if k.secret&credentialID.context() != 0 {
		s.headerCredential(from)
		return
	}
	if value := s.text[from:]; s.isSecretValue(k.secret, value, len(s.text), true) {
		id := ruleSecret
		if k.secret&strongKey != 0 {
			id = rulePassword
		}
		s.add(id, from, len(s.text))
	}
}
