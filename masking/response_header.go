package masking

import (
	"net/http"
	"strings"
)

// bodyFields are the header fields that say something of a body's bytes, and are wrong for
// its masked form.
func bodyFields() []string {
	return []string{"Content-Length", "Content-Digest", "Repr-Digest", "Digest", "Content-Md5", "Content-Range"}
}

// isDigest reports whether a field of a trailer is a digest of the body.
func isDigest(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Content-Digest", "Repr-Digest", "Digest", "Content-Md5":
		return true
	}
	return false
}

// dropDigests takes the digests out of the trailer that h announces.
func dropDigests(h http.Header) {
	for name := range h {
		if rest, ok := strings.CutPrefix(name, http.TrailerPrefix); ok && isDigest(rest) {
			delete(h, name)
		}
	}
	announced, ok := h["Trailer"]
	if !ok {
		return
	}
	var rest []string
	for name := range strings.SplitSeq(strings.Join(announced, ","), ",") {
		if name = strings.TrimSpace(name); name != "" && !isDigest(name) {
			rest = append(rest, name)
		}
	}
	if len(rest) == 0 {
		h.Del("Trailer")
		return
	}
	h["Trailer"] = []string{strings.Join(rest, ", ")}
}

// entityTags translates ETags. The tag of a masked body is weak, since two bodies that
// differ in what is masked alone have the same one, and it names the profile that masked:
// "x" becomes W/"x-m-0123456789abcdef", and W/"x" becomes W/"x-w-0123456789abcdef".
type entityTags struct{ revision string }

const (
	strongMark = "-m-"
	weakMark   = "-w-"
)

// masked returns the tag of the masked body, or "" when the tag is malformed.
func (t entityTags) masked(tag string) string {
	opaque, mark := strings.TrimSpace(tag), strongMark
	if rest, ok := strings.CutPrefix(opaque, "W/"); ok {
		opaque, mark = rest, weakMark
	}
	if len(opaque) < 2 || opaque[0] != '"' || opaque[len(opaque)-1] != '"' {
		return ""
	}
	return "W/" + opaque[:len(opaque)-1] + mark + t.revision + `"`
}

// original returns the tag that the handler gave, and whether the body was masked by the
// profile in force. It returns "" for a tag that masked did not make.
func (t entityTags) original(tag string) (original string, current bool) {
	opaque, ok := strings.CutPrefix(tag, `W/"`)
	opaque, quoted := strings.CutSuffix(opaque, `"`)
	at := len(opaque) - len(t.revision) - len(strongMark)
	if !ok || !quoted || at < 0 {
		return "", false
	}
	weak := ""
	switch opaque[at : at+len(strongMark)] {
	case weakMark:
		weak = "W/"
	case strongMark:
	default:
		return "", false
	}
	return weak + `"` + opaque[:at] + `"`, opaque[at+len(strongMark):] == t.revision
}

// request returns the header of a request as the handler inside gets it.
func (t entityTags) request(r *http.Request) http.Header {
	h := r.Header.Clone()
	if h == nil {
		return http.Header{}
	}
	for _, name := range []string{"Accept-Encoding", "Range", "If-Range"} {
		h.Del(name)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		// A copy from before this profile has the same date. A tag that is not of this
		// profile is that of such a copy, or of a body that was not masked.
		h.Del("If-Modified-Since")
		t.translate(h, "If-None-Match", func(_, original string, current bool) string {
			if current {
				return original
			}
			return ""
		})
	} else {
		t.translate(h, "If-None-Match", keepForeign)
	}
	t.translate(h, "If-Match", keepForeign)
	return h
}

func keepForeign(tag, original string, _ bool) string {
	if original == "" {
		return tag
	}
	return original
}

// translate replaces the tags of a field by what replace returns for them.
func (t entityTags) translate(h http.Header, field string, replace func(tag, original string, current bool) string) {
	values, ok := h[field]
	if !ok {
		return
	}
	list := strings.Join(values, ",")
	if strings.TrimSpace(list) == "*" {
		return
	}
	var tags []string
	for list != "" {
		var tag string
		tag, list = cutTag(list)
		if tag == "" {
			continue
		}
		original, current := t.original(tag)
		if tag = replace(tag, original, current); tag != "" {
			tags = append(tags, tag)
		}
	}
	if len(tags) == 0 {
		h.Del(field)
		return
	}
	h[field] = []string{strings.Join(tags, ", ")}
}

// cutTag returns the first member of a list of tags, in which a comma may be quoted, and
// the rest of the list.
func cutTag(list string) (tag, rest string) {
	quoted := false
	for i := range len(list) {
		switch {
		case list[i] == '"':
			quoted = !quoted
		case list[i] == ',' && !quoted:
			return strings.TrimSpace(list[:i]), list[i+1:]
		}
	}
	return strings.TrimSpace(list), ""
}
