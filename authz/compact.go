package authz

import (
	"encoding/base64"
	"errors"
	"strings"
)

// compactToken is a JWT in compact serialization (RFC 7515 section 7.1), taken
// apart but not verified.
type compactToken struct {
	signed    string // what the signature covers
	signature []byte
	header    members
	claims    members
	json      string // the claims
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
	// The buffers are large enough for the usual token.
	var head [256]byte
	var body [2048]byte
	part, err := encoding.AppendDecode(head[:0], []byte(header))
	if err != nil {
		return errMalformed
	}
	if t.header, ok = scanObject(string(part), t.header); !ok {
		return errMalformed
	}
	if part, err = encoding.AppendDecode(body[:0], []byte(claims)); err != nil {
		return errMalformed
	}
	t.json = string(part)
	if t.claims, ok = scanObject(t.json, t.claims); !ok {
		return errMalformed
	}
	if t.signature, err = encoding.AppendDecode(t.signature, []byte(signature)); err != nil {
		return errMalformed
	}
	t.signed = token[:len(header)+1+len(claims)]
	return nil
}
