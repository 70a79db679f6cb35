package storagetest

import (
	"encoding/base64"
	"strings"
)

// bent is a token that was made to fail, and how.
type bent struct{ name, token string }

// bend returns what is almost token, which has eight letters at least.
func bend(token string) []bent {
	last := len(token) - 1
	at := func(i int, c byte) string {
		i = min(max(i, 0), last)
		return token[:i] + string(c) + token[i+1:]
	}
	flipped := func(i int) string {
		if changed := at(i, 'A'); changed != token {
			return changed
		}
		return at(i, 'B')
	}
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	all := []bent{
		{"without its first letter", token[1:]}, {"without its last letter", token[:last]}, {"without its last four", token[:last-3]},
		{"of one letter", token[:1]}, {"cut in half", token[:last/2+1]}, {"its second half", token[last/2:]},
		{"twice", token + token}, {"with a letter more", token + "A"}, {"with four letters more", token + "AAAA"}, {"with a letter before", "A" + token},
		{"with padding", token + "="}, {"with more padding", token + "=="}, {"with a line end", token + "\n"}, {"with a line end inside", token[:4] + "\r\n" + token[4:]},
		{"with a blank", token + " "}, {"with a blank before", " " + token}, {"with a NUL", token + "\x00"}, {"with a dot", token + ".AAAA"},
		{"with a first letter changed", flipped(0)}, {"with a letter of the nonce changed", flipped(8)}, {"with a middle letter changed", flipped(last / 2)},
		{"with its last letter changed", flipped(last)}, {"with the last but one changed", flipped(last - 1)}, {"with a letter of the tag changed", flipped(last - 10)},
		{"with a letter beyond the alphabet", at(last/2, '*')}, {"with a plus", at(last/2, '+')}, {"with a slash", at(last/2, '/')},
		{"in standard base64", base64.StdEncoding.EncodeToString(raw) + "="}, {"in hexadecimal", strings.Repeat("0f", 32)},
		{"encoded twice", base64.RawURLEncoding.EncodeToString([]byte(token))}, {"with the case swapped", swapCase(token)},
		{"of zeros", strings.Repeat("A", len(token))}, {"over the longest", strings.Repeat("A", 4097)}, {"far over the longest", strings.Repeat("A", 20_000)},
		{"of JSON", `{"after":"","prefix":""}`}, {"of JSON in base64", base64.RawURLEncoding.EncodeToString([]byte(`{"after":"t2/","prefix":""}`))},
		{"that is a key", target}, {"that is a path", "../../t2/apps/app/x"}, {"that is a number", "1"}, {"that is null", "null"},
	}
	return all
}

func swapCase(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return c - 'a' + 'A'
		case 'A' <= c && c <= 'Z':
			return c - 'A' + 'a'
		}
		return c
	}, s)
}
