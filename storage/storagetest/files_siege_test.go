package storagetest

import (
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/files"
)

// attackCursors continues lists of others, and lists by forged and bent cursors.
func (s *filesSubject) attackCursors(w *world) int {
	list := func(h files.Handle, cursor string) (string, error) {
		page, err := h.List(w.ctx, files.ListOptions{Cursor: cursor, Limit: 1})
		var shown strings.Builder
		for _, file := range page.Items {
			shown.WriteString(file.Key)
		}
		return shown.String(), err
	}
	first := func(h files.Handle, prefix string) string {
		page, err := h.List(w.ctx, files.ListOptions{Limit: 1, Prefix: prefix})
		if err != nil || page.NextCursor == "" {
			w.failf("the first page has no cursor: %v", err)
		}
		return page.NextCursor
	}
	n := 0
	for _, a := range attackers() {
		for _, key := range []string{"cursor/a", "cursor/b", "cursor/c"} {
			w.put(a, key)
		}
		own := first(s.as(a), "cursor/")
		if own == "" {
			continue
		}
		forged := bend(own)
		for _, b := range append(neighbours(), attackers()...) {
			if b.identity().TenantID != a.tenant || b.owner() != a.owner() {
				forged = append(forged, bent{"of the " + b.String(), first(s.as(b), "")})
			}
		}
		forged = append(forged,
			bent{"sealed by another", first(s.other.For(a.identity()).Tier(a.tier), "")},
			bent{"a signed URL's token", s.token(w, a, http.MethodGet)})
		n += len(forged)
		for _, f := range forged {
			got, err := list(s.as(a), f.token)
			if code := w.judge(a, doing{"listing by a cursor", f.name}, err); code != cpodkit.CodeInvalidCursor {
				w.failf("ESCAPE: a cursor %s lists for the %s: %q %.200q; want invalid_cursor", f.name, a, code, got)
			}
		}
		if _, err := list(s.as(a), own); err != nil {
			w.failf("the cursor of the %s itself: %v", a, err)
		}
	}
	return n
}

// token returns the token of a signed URL.
func (s *filesSubject) token(w *world, a actor, method string) string {
	signed, err := s.as(a).SignURL(w.ctx, "cursor/a", files.URLOptions{Method: method})
	if err != nil {
		w.failf("SignURL: %v", err)
	}
	return signed.URL[strings.LastIndexByte(signed.URL, '/')+1:]
}
