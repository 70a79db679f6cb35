package authz

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/internal/strictjson"
)

// compactToken is a JWT in compact serialization (RFC 7515 section 7.1), taken
// apart but not verified.
type compactToken struct {
	signed    []byte // what the signature covers
	signature []byte
	header    members
	claims    members
}

var errMalformed = errors.New("not a JWT in compact serialization")

func parseCompact(token string) (compactToken, error) {
	// The decoder of the standard library skips line breaks, which would give
	// one token many spellings.
	if strings.ContainsAny(token, "\r\n") {
		return compactToken{}, errMalformed
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return compactToken{}, errMalformed
	}
	header, err := decodeMembers(parts[0])
	if err != nil {
		return compactToken{}, err
	}
	claims, err := decodeMembers(parts[1])
	if err != nil {
		return compactToken{}, err
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(signature) == 0 {
		return compactToken{}, errMalformed
	}
	signed := token[:len(parts[0])+1+len(parts[1])]
	return compactToken{signed: []byte(signed), signature: signature, header: header, claims: claims}, nil
}

// members are those of a JSON object: values of strings, bools, nil,
// json.Number, []any and map[string]any.
type members map[string]any

// decodeMembers takes one part of a token. A member that stands twice is an
// error: two readers could see two different tokens (RFC 8725 section 2.4 is
// about the same trick with encodings).
func decodeMembers(part string) (members, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, errMalformed
	}
	var m map[string]any
	faults, err := strictjson.Unmarshal(data, &m)
	if err != nil || len(faults) > 0 || m == nil {
		return nil, errMalformed
	}
	return m, nil
}

// text returns a string member. It is "" and false when there is none or it
// is no string.
func (m members) text(name string) (string, bool) {
	s, ok := m[name].(string)
	return s, ok
}

// optionalText is text for a member that may be absent: false means that it is
// there and no string.
func (m members) optionalText(name string) (string, bool) {
	if _, there := m[name]; !there {
		return "", true
	}
	return m.text(name)
}

// list returns the texts of an array of strings: false for anything else.
func (m members) list(name string) ([]string, bool) {
	items, ok := m[name].([]any)
	texts := make([]string, len(items))
	for i := range items {
		if texts[i], ok = items[i].(string); !ok {
			return nil, false
		}
	}
	return texts, ok
}

// maxNumericDate is the end of the year 9999.
const maxNumericDate = 253402300799

// date returns a NumericDate (RFC 7519 section 2), which may have a fraction.
func (m members) date(name string) (time.Time, bool) {
	n, ok := m[name].(json.Number)
	if !ok {
		return time.Time{}, false
	}
	f, err := n.Float64()
	if err != nil || f < 0 || f > maxNumericDate {
		return time.Time{}, false
	}
	seconds, fraction := math.Modf(f)
	return time.Unix(int64(seconds), int64(fraction*1e9)).UTC(), true
}

// names reports whether audience is what an "aud" says, or one of several
// (RFC 7519 section 4.1.3).
func (m members) names(audience string) bool {
	switch aud := m["aud"].(type) {
	case string:
		return aud == audience
	case []any:
		found := false
		for _, a := range aud {
			s, ok := a.(string)
			if !ok {
				return false
			}
			found = found || s == audience
		}
		return found
	}
	return false
}
