package documents

import (
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/header"
)

func quoted(version string) string { return `"` + version + `"` }

// setOptions reads the conditions of a PUT.
func setOptions(h http.Header) (SetOptions, error) {
	if err := header.Refuse(h, "If-Unmodified-Since"); err != nil {
		return SetOptions{}, err
	}
	version, err := ifMatch(h)
	if err != nil {
		return SetOptions{}, err
	}
	absent := h.Values("If-None-Match")
	switch {
	case len(absent) == 0:
		return SetOptions{IfMatch: version}, nil
	case len(absent) > 1 || strings.TrimSpace(absent[0]) != "*":
		return SetOptions{}, cpodkit.Errorf(cpodkit.CodeBadRequest, "If-None-Match takes * here: create only.")
	}
	return SetOptions{IfMatch: version, IfAbsent: true}, nil
}

// ifMatch reads If-Match (RFC 9110 section 13.1.1) with one strong tag or "*";
// "" when there is none.
func ifMatch(h http.Header) (string, error) {
	fields := h.Values("If-Match")
	if len(fields) == 0 {
		return "", nil
	}
	field := strings.TrimSpace(fields[0])
	if len(fields) == 1 && field == AnyVersion {
		return AnyVersion, nil
	}
	tag, weak := strings.CutPrefix(field, "W/")
	version, ok := unquotedTag(tag)
	switch {
	case len(fields) > 1 || !ok:
		return "", cpodkit.Errorf(cpodkit.CodeBadRequest, `If-Match takes one version in quotation marks ("…"), or *.`)
	case weak || version == "" || version == AnyVersion:
		// A weak tag matches nothing (RFC 9110 section 8.8.3.2), and no document
		// has such a version.
		return "", errPrecondition()
	}
	return version, nil
}

// unquotedTag returns what stands between the quotation marks of one opaque-tag
// (RFC 9110 section 8.8.3).
func unquotedTag(tag string) (string, bool) {
	if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return "", false
	}
	version := tag[1 : len(tag)-1]
	return version, !strings.ContainsAny(version, "\" \t")
}

// noneMatch reports whether If-None-Match (RFC 9110 section 13.1.2) holds the
// version, by weak comparison. No version holds a comma.
func noneMatch(fields []string, version string) bool {
	for _, field := range fields {
		for tag := range strings.SplitSeq(field, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == quoted(version) {
				return true
			}
		}
	}
	return false
}
