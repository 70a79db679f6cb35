package client

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
)

// The limits of keys (docs/files.md, docs/documents.md), in bytes.
const (
	maxFileKey     = 700
	maxFileSegment = 200
	maxKey         = 512
	maxCollection  = 64
	maxClientID    = 64
)

// filePath is a file key as a path: each segment encoded, the slashes kept. A key that could be read as another
// path by anything on the way is refused before a URL is built.
func filePath(op, key string) (string, error) { return pathOf(op, key, maxFileKey, maxFileSegment) }

func pathOf(op, key string, limit, segmentLimit int) (string, error) {
	if err := checkKey(op, key, limit); err != nil {
		return "", err
	}
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		if len(segment) > segmentLimit {
			return "", invalid(op, cpodkit.CodeInvalidKey, "a segment of the key is longer than %d bytes", segmentLimit)
		}
		segments[i] = url.PathEscape(segment)
	}
	return strings.Join(segments, "/"), nil
}

// keySegment is a db or kv key as one path segment: its slashes are sent as %2F.
func keySegment(op, key string) (string, error) {
	if err := checkKey(op, key, maxKey); err != nil {
		return "", err
	}
	return url.PathEscape(key), nil
}

func checkKey(op, key string, limit int) error {
	switch {
	case key == "":
		return invalid(op, cpodkit.CodeInvalidKey, "the key is empty")
	case len(key) > limit:
		return invalid(op, cpodkit.CodeInvalidKey, "the key is longer than %d bytes", limit)
	}
	if err := checkText(op, "key", key); err != nil {
		return err
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return invalid(op, cpodkit.CodeInvalidKey, "the key has an empty, %q or %q segment, or begins or ends with a slash", ".", "..")
		}
	}
	return nil
}

// checkPrefix lets a prefix end anywhere in a segment, but holds its whole segments to the rules of a key.
func checkPrefix(op, prefix string) error {
	if len(prefix) > maxFileKey {
		return invalid(op, cpodkit.CodeInvalidKey, "the prefix is longer than %d bytes", maxFileKey)
	}
	if err := checkText(op, "prefix", prefix); err != nil {
		return err
	}
	whole := strings.Split(prefix, "/")
	for _, segment := range whole[:len(whole)-1] {
		if segment == "" || segment == "." || segment == ".." {
			return invalid(op, cpodkit.CodeInvalidKey, "the prefix has an empty, %q or %q segment, or begins with a slash", ".", "..")
		}
	}
	return nil
}

func checkText(op, what, text string) error {
	if !utf8.ValidString(text) {
		return invalid(op, cpodkit.CodeInvalidKey, "the %s is not UTF-8", what)
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return invalid(op, cpodkit.CodeInvalidKey, "the %s holds a control character", what)
	}
	return nil
}

func checkCollection(op, name string) error {
	outside := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}
	if name == "" || len(name) > maxCollection || strings.ContainsFunc(name, outside) {
		return invalid(op, cpodkit.CodeInvalidKey, "a collection name has 1 to %d letters, digits, _ or -", maxCollection)
	}
	return nil
}

// clientIDSegment is an OAuth client id as one path segment.
func clientIDSegment(op, id string) (string, error) {
	if id == "" || id == "." || id == ".." || len(id) > maxClientID {
		return "", invalid(op, cpodkit.CodeInvalidKey, "a client id has 1 to %d bytes and is not %q or %q", maxClientID, ".", "..")
	}
	if err := checkText(op, "client id", id); err != nil {
		return "", err
	}
	return url.PathEscape(id), nil
}
