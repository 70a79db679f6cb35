package storage_test

import (
	"errors"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

func wantKey(t *testing.T, name string, check func(string) error, key string, valid bool) {
	t.Helper()
	err := check(key)
	if (err == nil) != valid || err != nil && !errors.Is(err, cpodkit.CodeInvalidKey) {
		t.Errorf("%s(%.60q, %d bytes) = %v; want valid %v", name, key, len(key), err, valid)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for key, valid := range map[string]bool{
		"a": true, "a/b/c": true, "config/settings.json": true, "session:abc123": true, " ": true, "a b": true, "a\\b": true,
		".a": true, "a.": true, "..a": true, "a..": true, "...": true, "a/...": true, "~": true, "%2e%2e": true, "%00": true,
		"C:": true, "$system": true, "世界/🌍": true, "\u202e": true, "a\u00a0b": true, "e\u0301": true,
		"": false, "/": false, "/a": false, "a/": false, "a//b": false, "//": false, ".": false, "..": false, "./a": false,
		"../a": false, "a/.": false, "a/..": false, "a/./b": false, "a/../b": false,
		"\x00": false, "a\x00b": false, "a\nb": false, "\t": false, "\x7f": false, "\u0080": false, "\u009f": false,
		"\xff": false, "a\xc3": false, "\xed\xa0\x80": false, "\xc0\xaf": false,
	} {
		wantKey(t, "CheckKey", storage.CheckKey, key, valid)
		wantKey(t, "CheckFileKey", storage.CheckFileKey, key, valid)
	}
}

func TestKeyLengths(t *testing.T) {
	t.Parallel()
	x := func(n int) string { return strings.Repeat("x", n) }
	for key, valid := range map[string]bool{
		x(512): true, x(513): false, strings.Repeat("é", 256): true, strings.Repeat("é", 256) + "x": false, x(255) + "/" + x(256): true,
	} {
		wantKey(t, "CheckKey", storage.CheckKey, key, valid)
	}
	s := x(200) + "/"
	for key, valid := range map[string]bool{
		x(200): true, x(201): false, s + x(200): true, s + x(201): false, x(201) + "/a": false, strings.Repeat("é", 101): false,
		s + s + s + x(97): true, s + s + s + x(98): false,
	} {
		wantKey(t, "CheckFileKey", storage.CheckFileKey, key, valid)
	}
}

func TestFilePrefixes(t *testing.T) {
	t.Parallel()
	for prefix, valid := range map[string]bool{
		"": true, "a": true, "a/": true, "a/b": true, "exports/": true, ".a": true, strings.Repeat("x", 200) + "/": true,
		"/": false, "//": false, "a//": false, "/a": false, ".": false, "..": false, "../": false, "a/../": false, "a/..": false,
		"a/./": false, "a\x00": false, "\xff": false, strings.Repeat("x", 201): false, strings.Repeat("x/", 351): false,
	} {
		wantKey(t, "CheckFilePrefix", storage.CheckFilePrefix, prefix, valid)
	}
}

func TestCollections(t *testing.T) {
	t.Parallel()
	for name, valid := range map[string]bool{
		"a": true, "A-z_09": true, "-": true, strings.Repeat("x", 64): true,
		"": false, strings.Repeat("x", 65): false, "a.b": false, "a/b": false, "$a": false, "a b": false, "é": false, "a\x00": false,
		"a\n": false, "..": false, "ａ": false,
	} {
		wantKey(t, "CheckCollection", storage.CheckCollection, name, valid)
	}
}

func FuzzCheckKey(f *testing.F) {
	for _, seed := range []string{
		"", "a", "a/b", "/a", "a/", "a//b", ".", "..", "a/../b", "../../t2/apps/a/x", "..\\..", "%2e%2e/", "a\x00b", "\xff", "\u0085",
		"a\u2028b", "…/‥", strings.Repeat("x", 513), strings.Repeat("x/", 256) + "x",
	} {
		f.Add(seed)
	}
	const root = "t1/apps/a/"
	f.Fuzz(func(t *testing.T, key string) {
		err, fileErr := storage.CheckKey(key), storage.CheckFileKey(key)
		for _, e := range []error{err, fileErr} {
			if e != nil && !errors.Is(e, cpodkit.CodeInvalidKey) {
				t.Fatalf("%q: %v is not invalid_key", key, e)
			}
		}
		if fileErr == nil && len(key) <= storage.MaxKey && err != nil {
			t.Fatalf("%q is a key of files alone: %v", key, err)
		}
		if err != nil && fileErr != nil {
			return
		}
		if path.Clean(key) != key || path.Join(root, key) != root+key || !filepath.IsLocal(key) {
			t.Fatalf("%q is taken, but is not the clean path of something below", key)
		}
		if !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl) || len(key) > storage.MaxFileKey {
			t.Fatalf("%q is taken", key)
		}
		if fileErr == nil && (storage.CheckFilePrefix(key) != nil || storage.CheckFilePrefix(key+"/") != nil) {
			t.Fatalf("%q is a key, but no prefix", key)
		}
	})
}
