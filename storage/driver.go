package storage

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Space is for drivers and their callers: where the data of one identity in one
// tier is. It is an exact prefix that no other identity's space shares, contains or
// is a part of. The zero Space is none. Only [Caller.Authorize] and [System] make
// one.
type Space struct {
	root string
	tier Tier
}

// Tier returns the tier of the space; "" for a system space.
func (s Space) Tier() Tier { return s.tier }

// Root returns the prefix of every path in the space. It ends with a slash.
func (s Space) Root() string { return s.root }

const systemRoot = "$system/"

// System is for stores of the server's own records, such as apps and keys: it
// returns a space that no identity can reach, because no encoded id holds a "$".
func System(name string) Space { return Space{root: systemRoot + name + "/"} }

// IsSystem is for drivers: it reports whether root is that of a space of [System].
func IsSystem(root string) bool { return strings.HasPrefix(root, systemRoot) }

// PrefixEnd is for drivers: it returns the first text after all that begin with
// prefix, which ends with a slash.
func PrefixEnd(prefix string) string { return strings.TrimSuffix(prefix, "/") + "0" }

// JustBefore is for callers of drivers: it returns a text that sorts before key and
// after every other key that does. A driver lists what comes after a text; after
// this one it lists from key itself. The text is not a key, and may have some bytes
// more than one. That of "" is "".
func JustBefore(key string) string {
	if key == "" {
		return ""
	}
	last, size := utf8.DecodeLastRuneInString(key)
	before := last - 1
	if before == 0xDFFF { // the surrogates are no characters
		before = 0xD7FF
	}
	text := key[:len(key)-size] + string(before)
	room := max(MaxFileKey-len(text), 0)
	return text + strings.Repeat(string(unicode.MaxRune), room/utf8.UTFMax+1)
}
