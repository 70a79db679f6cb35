package vaultsecrets

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// mainMember is the member of a name without one.
const mainMember = "value"

// location is where a secret is.
type location struct {
	tenantID string
	path     string // below MOUNT/data/ and MOUNT/metadata/
	member   string
}

func (d *Driver) locate(tenantID, name string) (location, error) {
	folder, err := d.folder(tenantID)
	if err != nil {
		return location{}, err
	}
	if err := secrets.CheckName(name); err != nil {
		return location{}, err
	}
	path, member := split(name)
	encoded, _ := encode(path)
	return location{tenantID, folder + encoded, member}, nil
}

// folder returns the folder of a tenant, with a slash at its end.
func (d *Driver) folder(tenantID string) (string, error) {
	tenant, err := cpodkit.EncodeID(tenantID)
	if err != nil {
		return "", err
	}
	return d.prefix + "/" + tenant + "/", nil
}

// split takes a name apart into a path and a member. Different names give different
// pairs.
func split(name string) (path, member string) {
	i := strings.LastIndexByte(name, '#')
	if i <= 0 {
		return name, mainMember
	}
	path, member = name[:i], name[i+1:]
	if member == "" || member == mainMember || strings.Contains(member, "/") {
		return name, mainMember
	}
	if _, ok := encode(path); !ok { // "a/.." of "a/..#b" would climb
		return name, mainMember
	}
	return path, member
}

// encode percent-encodes a path as [cpodkit.EncodeID] does an id. It reports false for a
// path with an empty segment or one of dots.
func encode(path string) (string, bool) {
	const hexDigits = "0123456789ABCDEF"
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "", false
		}
	}
	var out strings.Builder
	for i := range len(path) {
		c := path[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("@._-/", c) >= 0:
			out.WriteByte(c)
		default:
			out.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return out.String(), true
}

// decode undoes encode. It reports false for what encode does not return.
func decode(encoded string) (string, bool) {
	path, err := url.PathUnescape(encoded)
	if err != nil {
		return "", false
	}
	again, ok := encode(path)
	return path, ok && again == encoded
}

// binary is how a value is stored that is not UTF-8.
type binary struct {
	Base64 *[]byte `json:"base64"`
}

func encodeValue(value string) (json.RawMessage, error) {
	if utf8.ValidString(value) {
		return json.Marshal(value)
	}
	raw := []byte(value)
	return json.Marshal(binary{&raw})
}

// value returns a member; "" for one that is not there. No error shows a part of it.
func (r revision) value(member string) (string, error) {
	raw := r.members[member]
	var text *string
	if len(raw) == 0 || json.Unmarshal(raw, &text) == nil {
		if text == nil {
			return "", nil
		}
		return checked(*text)
	}
	var object map[string]string
	if json.Unmarshal(raw, &object) == nil && len(object) == 1 {
		if encoded, ok := object["base64"]; ok {
			decoded, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				return "", errors.New("vaultsecrets: the member base64 of a value is not base64")
			}
			return checked(string(decoded))
		}
	}
	return checked(string(raw))
}

func checked(value string) (string, error) {
	if len(value) > secrets.MaxValue {
		return "", errors.New("vaultsecrets: the value in Vault is larger than a secret may be")
	}
	return value, nil
}
