package rest

import (
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// Conditions are those of a write (RFC 9110 section 13.1). The zero value is
// none.
type Conditions struct {
	// IfMatch is the entity tag, without its quotes, that the target must have; ""
	// for none. The tag "*" in quotes is a tag like any other.
	IfMatch string

	MustExist bool // If-Match: *
	IfAbsent  bool // If-None-Match: *
}

// WriteConditions reads the conditions of a write from its header. If-Match is *
// or one entity tag, If-None-Match is *; anything else is bad_request, because a
// condition that is ignored destroys what the caller wants to protect. A weak tag
// never matches a write (section 13.1.1): precondition_failed. If-Unmodified-Since
// is bad_request, because no store keeps that condition; so are If-Match and
// If-None-Match together, because nothing meets both.
func WriteConditions(h http.Header) (Conditions, error) {
	var c Conditions
	switch fields := h.Values("If-Match"); {
	case len(fields) == 0:
	case len(fields) == 1 && strings.Trim(fields[0], " \t") == "*":
		c.MustExist = true
	default:
		tag, weak := strings.CutPrefix(strings.Trim(fields[0], " \t"), "W/")
		tag, ok := opaqueTag(tag)
		switch {
		case !ok || len(fields) > 1:
			return c, badRequest(`To write, If-Match takes * or one ETag in quotes, such as "5f2a9c".`)
		case weak || tag == "":
			return c, cpodkit.Errorf(cpodkit.CodePreconditionFailed, "This ETag matches nothing that is stored.")
		}
		c.IfMatch = tag
	}
	switch fields := h.Values("If-None-Match"); {
	case len(fields) == 0:
	case len(fields) == 1 && strings.Trim(fields[0], " \t") == "*":
		c.IfAbsent = true
	default:
		return c, badRequest("To write, If-None-Match takes * only: create, and do not replace.")
	}
	if c.IfAbsent && (c.MustExist || c.IfMatch != "") {
		return c, badRequest("Nothing can meet If-Match and If-None-Match: * together: send one of them.")
	}
	return c, RefuseHeaders(h, "If-Unmodified-Since")
}

// ETag returns the strong entity tag of a version, with its quotes.
func ETag(version string) string { return `"` + version + `"` }

// opaqueTag returns what stands between the quotes of an entity tag (section
// 8.8.3).
func opaqueTag(tag string) (string, bool) {
	if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return "", false
	}
	tag = tag[1 : len(tag)-1]
	return tag, !strings.ContainsAny(tag, "\" \t")
}

// Unchanged reports whether If-None-Match of a read has the entity tag, which is
// given without its quotes, or *. Tags compare weakly (section 13.1.2). The tag
// must hold no comma.
func Unchanged(h http.Header, tag string) bool {
	for _, field := range h.Values("If-None-Match") {
		for one := range strings.SplitSeq(field, ",") {
			one = strings.Trim(one, " \t")
			if one == "*" || strings.TrimPrefix(one, "W/") == ETag(tag) {
				return true
			}
		}
	}
	return false
}

// RefuseConditions returns a bad_request error when the request of a write has any
// condition, for calls that keep none.
func RefuseConditions(h http.Header) error {
	return RefuseHeaders(h, "If-Match", "If-None-Match", "If-Unmodified-Since")
}

// RefuseHeaders returns a bad_request error when the request has one of the named
// headers, for conditions that a call cannot keep.
func RefuseHeaders(h http.Header, names ...string) error {
	for _, name := range names {
		if len(h.Values(name)) > 0 {
			return badRequest("This call does not take the header " + name + ".")
		}
	}
	return nil
}
