package authz

import (
	"encoding/base64"
	"errors"
	"strings"
)

// compactToken is a JWT in compact serialization (RFC 7515 section 7.1), taken
// apart but not verified. It is used again for other tokens.
type compactToken struct {
	signed    string // what the signature covers
	signature []byte
	header    members
	claims    members
	json      string // the claims

	scanner scanner
	part    []byte
}

func newCompactToken() any { return &compactToken{} }

// keptMembers is how many members may be in what is kept for the next token.
const keptMembers = 128

// clear forgets the token and keeps the memory for another one.
func (t *compactToken) clear() {
	names := t.scanner.names[:cap(t.scanner.names)]
	for _, m := range []members{t.header, t.claims} {
		clear(m[:cap(m)])
	}
	clear(names)
	kept := compactToken{signature: t.signature[:0], part: t.part[:0], scanner: scanner{names: names[:0]}}
	if cap(t.claims) <= keptMembers && cap(t.header) <= keptMembers {
		kept.header, kept.claims = t.header[:0], t.claims[:0]
	}
	*t = kept
}

var errMalformed = errors.New("not a JWT in compact serialization")

// parse takes a token apart. Everything of it is of one spelling: parts without padding,
// line breaks and spare bits, and objects without repeated members (RFC 8725 section 2.4
// is about such tricks). What encoding decodes is base64url without padding, strictly.
func (t *compactToken) parse(encoding *base64.Encoding, token string) error {
	// The decoder of the standard library skips line breaks.
	if strings.IndexByte(token, '\n') >= 0 || strings.IndexByte(token, '\r') >= 0 {
		return errMalformed
	}
	header, rest, _ := strings.Cut(token, ".")
	claims, signature, ok := strings.Cut(rest, ".")
	if !ok || signature == "" || strings.IndexByte(signature, '.') >= 0 {
		return errMalformed
	}
	var err error
	if t.part, err = encoding.AppendDecode(t.part[:0], []byte(header)); err != nil {
		return errMalformed
	}
	if t.header, ok = t.scanner.members(string(t.part), t.header); !ok {
		return errMalformed
	}
	if t.part, err = encoding.AppendDecode(t.part[:0], []byte(claims)); err != nil {
		return errMalformed
	}
	t.json = string(t.part)
	if t.claims, ok = t.scanner.members(t.json, t.claims); !ok {
		return errMalformed
	}
	if t.signature, err = encoding.AppendDecode(t.signature, []byte(signature)); err != nil {
		return errMalformed
	}
	t.signed = token[:len(header)+1+len(claims)]
	return nil
}
