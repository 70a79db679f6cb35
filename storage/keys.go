package storage

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
)

// Limits of keys, in bytes.
const (
	MaxFileKey     = 700
	MaxFileSegment = 200
	MaxKey         = 512 // of documents and kv
	MaxCollection  = 64
)

// CheckFileKey returns an invalid_key error unless key may name a file: 1 to
// [MaxFileKey] bytes of UTF-8 without control characters, no slash at the
// start, no empty, "." or ".." segment, none over [MaxFileSegment] bytes.
func CheckFileKey(key string) error {
	if err := check(key, MaxFileKey); err != nil {
		return err
	}
	for segment := range strings.SplitSeq(key, "/") {
		if len(segment) > MaxFileSegment {
			return cpodkit.Errorf(cpodkit.CodeInvalidKey, "A segment of a file's key has at most %d bytes.", MaxFileSegment)
		}
	}
	return nil
}

// CheckFilePrefix returns an invalid_key error unless prefix is empty, or a key
// as [CheckFileKey] wants it, with or without a slash at its end. A last segment
// of "." or ".." is refused although a key can begin so: no driver should ever
// see one.
func CheckFilePrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return CheckFileKey(strings.TrimSuffix(prefix, "/"))
}

// CheckKey returns an invalid_key error unless key may name a document or a kv
// entry: as [CheckFileKey], with up to [MaxKey] bytes and segments of any size.
func CheckKey(key string) error { return check(key, MaxKey) }

// CheckCollection returns an invalid_key error unless name may name a
// collection: 1 to [MaxCollection] of A-Z, a-z, 0-9, "_" and "-".
func CheckCollection(name string) error {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	if name == "" || len(name) > MaxCollection || strings.Trim(name, letters) != "" {
		return cpodkit.Errorf(cpodkit.CodeInvalidKey, "A collection has 1 to %d of A-Z, a-z, 0-9, _ and -.", MaxCollection)
	}
	return nil
}

func check(key string, most int) error {
	switch {
	case key == "":
		return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The key is empty.")
	case len(key) > most:
		return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The key has %d bytes; at most %d are allowed.", len(key), most)
	case !utf8.ValidString(key):
		return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The key is not UTF-8.")
	case strings.ContainsFunc(key, unicode.IsControl):
		return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The key holds a control character.")
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return cpodkit.Errorf(cpodkit.CodeInvalidKey, "A key has no empty, \".\" or \"..\" segment and no slash at its start.")
		}
	}
	return nil
}
