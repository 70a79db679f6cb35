// Package secrets resolves the secrets of tenants from a [Provider]: the environment,
// files, a sealed store in the database, Vault, or a chain of them. A secret can rotate
// while it is in use, and a [Value] cannot be printed, logged or marshalled by accident.
package secrets

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
)

// Limits of secrets, in bytes where nothing else is said.
const (
	MaxName  = 512
	MaxValue = 64 << 10
	MaxApps  = 100 // apps in a grant or a bundle
)

// CheckName returns an invalid_key error unless name may name a secret or a bundle: 1 to
// [MaxName] bytes of UTF-8 without control characters, no slash at the start, no empty,
// "." or ".." segment.
func CheckName(name string) error {
	fault := ""
	switch {
	case name == "" || len(name) > MaxName:
		fault = fmt.Sprintf("has %d bytes; 1 to %d are allowed", len(name), MaxName)
	case !utf8.ValidString(name):
		fault = "is not UTF-8"
	case strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 }):
		fault = "has a control character"
	case slices.ContainsFunc(strings.Split(name, "/"), func(s string) bool { return s == "" || s == "." || s == ".." }):
		fault = "has an empty segment, or one of dots"
	default:
		return nil
	}
	return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The name of the secret %s.", fault)
}
