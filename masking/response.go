package masking

import (
	"cmp"
	"mime"
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/trailer"
)

// ResponseOption configures [Masker.Responses].
type ResponseOption func(*responses)

// WithContentTypes has bodies of more media types masked, as text: "application/xml", or
// all of a kind: "application/*". Parameters and case do not count.
func WithContentTypes(types ...string) ResponseOption {
	return func(s *responses) {
		for _, t := range types {
			name, _, _ := strings.Cut(t, ";")
			s.texts[strings.ToLower(strings.TrimSpace(name))] = true
		}
	}
}

// responses is how [Masker.Responses] was configured.
type responses struct {
	m     *Masker
	texts map[string]bool // media types
}

// Responses is middleware that masks the bodies of answers: JSON (application/json, +json),
// lines of JSON (application/x-ndjson, application/jsonl), the data of server-sent events,
// and text of any kind (text/*). Other bodies pass as they are; see [WithContentTypes].
// Headers and trailers are not masked.
//
// An answer that cannot be masked is not sent. Such are JSON that is broken or too deep, a
// charset other than UTF-8, a Content-Encoding other than gzip, a part of a body (206), and
// an event or a line of JSON of more than 1 MiB. The client gets 500 internal, or an
// aborted connection when a part of the answer has been sent.
//
// A body is masked as it is written. Text waits for the end of its line, and an event for
// its own end. A Flush sends what is masked. JSON is checked up to its end, or 16 KiB, or a
// Flush, before anything of it is sent.
//
// What the body's bytes decide is taken out: Content-Length, digests and Accept-Ranges of
// the answer, Accept-Encoding, Range, If-Range and If-Modified-Since of the request. An ETag
// becomes weak and names the profile. A handler inside sees its own ETags in If-None-Match
// and If-Match. It cannot hijack the connection.
func (m *Masker) Responses(opts ...ResponseOption) cpodkit.Middleware {
	s := responses{m: m, texts: map[string]bool{}}
	for _, opt := range opts {
		opt(&s)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, next) })
	}
}

func (s *responses) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	trailer.Keep(r)
	inner := *r
	tags := entityTags{revision: s.m.Revision()}
	inner.Header = tags.request(r)
	masked := &maskedWriter{responses: s, w: w, r: r, tags: tags, header: w.Header().Clone(), declared: -1}
	if masked.header == nil {
		masked.header = http.Header{}
	}
	defer masked.release()
	next.ServeHTTP(masked, &inner)
	masked.finish()
}

// bodyKind is how a body is masked.
type bodyKind uint8

const (
	kindUnknown bodyKind = iota // it is decided by the body's first bytes
	kindOther                   // it is not masked
	kindText
	kindJSON
	kindLines // of JSON
	kindEvents
)

// kindOf returns how a body with a Content-Type is masked, and whether it may be: its
// charset is UTF-8.
func (s *responses) kindOf(contentType string) (kind bodyKind, ok bool) {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		// What is before the parameters says enough, but nobody knows the charset.
		name, _, _ := strings.Cut(contentType, ";")
		mediaType = strings.ToLower(strings.TrimSpace(name))
	}
	if kind = s.kindOfMedia(mediaType); kind == kindOther {
		return kind, true
	}
	switch strings.ToLower(cmp.Or(parameters["charset"], "utf-8")) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return kind, err == nil
	}
	return kind, false
}

func (s *responses) kindOfMedia(mediaType string) bodyKind {
	top, sub, ok := strings.Cut(mediaType, "/")
	switch {
	case !ok || top == "" || sub == "":
		return kindUnknown
	case mediaType == "application/json", mediaType == "text/json", strings.HasSuffix(sub, "+json"):
		return kindJSON
	case mediaType == "text/event-stream":
		return kindEvents
	case top == "text", s.texts[mediaType], s.texts[top+"/*"]:
		return kindText
	}
	switch sub {
	case "x-ndjson", "ndjson", "jsonl", "x-jsonl", "jsonlines", "x-jsonlines":
		return kindLines
	}
	return kindOther
}
