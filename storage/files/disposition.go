package files

import (
	"fmt"
	"regexp"
	"strings"
)

// These decide how a name can stand in a Content-Disposition.
var (
	tokenName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$") // RFC 9110 section 5.6.2

	// unfaithful is what some clients read in another way: escapes, also those of
	// percent-encoding, and what is not ASCII (RFC 6266 appendix D).
	unfaithful = regexp.MustCompile(`%([0-9A-Fa-f]{2})|["\\]|[^ -~]`)
)

// disposition returns a Content-Disposition of the kind, inline or attachment, for a
// file of the name. A name that filename cannot express for every client is in
// filename* too, and filename is then close to it (RFC 6266 appendix D).
func disposition(kind, name string) string {
	plain := unfaithful.ReplaceAllString(name, "_$1")
	value := kind + "; filename="
	if tokenName.MatchString(plain) {
		value += plain
	} else {
		value += `"` + plain + `"`
	}
	if plain != name {
		value += "; filename*=UTF-8''" + extValue(name)
	}
	return value
}

// extValue encodes s for a filename* (RFC 8187 section 3.2.1).
func extValue(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
