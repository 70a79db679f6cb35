package files

import (
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/header"
)

func quoteETag(etag string) string { return `"` + etag + `"` }

// writeOptions reads the header of a PUT. Whatever asks for less than a plain
// overwrite, and cannot be kept, is an error: ignoring it would destroy what the
// caller wants to protect (RFC 9110 sections 9.3.4, 13.1 and 14.5).
func writeOptions(h http.Header) (WriteOptions, error) {
	var opts WriteOptions
	if err := header.Refuse(h, "If-Unmodified-Since", "Content-Range"); err != nil {
		return opts, err
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return opts, cpodkit.Errorf(cpodkit.CodeUnsupportedMediaType,
			"A file is stored without Content-Encoding: send its bytes as they are to be read.")
	}
	switch types := h.Values("Content-Type"); {
	case len(types) > 1, len(types) == 1 && types[0] != "" && !validContentType(types[0]):
		return opts, errContentType()
	case len(types) == 1:
		opts.ContentType = types[0]
	}
	var err error
	if opts.IfMatch, err = ifMatch(h.Values("If-Match")); err != nil {
		return opts, err
	}
	switch values := h.Values("If-None-Match"); {
	case len(values) == 1 && values[0] == "*":
		opts.IfAbsent = true
	case len(values) > 0:
		return opts, cpodkit.Errorf(cpodkit.CodeBadRequest, "To write, If-None-Match takes * only.")
	}
	return opts, nil
}

// ifMatch reads "*" or one entity tag (RFC 9110 section 8.8.3). A weak one
// never matches (section 13.1.1).
func ifMatch(values []string) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	if len(values) == 1 {
		if values[0] == "*" {
			return "*", nil
		}
		tag, weak := strings.CutPrefix(values[0], "W/")
		if n := len(tag); n > 2 && tag[0] == '"' && tag[n-1] == '"' && !strings.ContainsAny(tag[1:n-1], "\" \t") {
			if weak {
				return "", classified(cpodkit.CodePreconditionFailed)
			}
			return tag[1 : n-1], nil
		}
	}
	return "", cpodkit.Errorf(cpodkit.CodeBadRequest, `To write, If-Match takes * or one ETag in quotes, such as "5f2a9c".`)
}

// inert reports whether a browser can show the type without running any of it.
// Everything else is sent to be saved: HTML, SVG, XML and scripts, but also PDF,
// which may hold scripts, and whatever comes to be invented.
func inert(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch media {
	case "text/plain", "application/json",
		"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp",
		"audio/mpeg", "audio/ogg", "audio/wav", "audio/webm", "audio/aac", "audio/flac", "audio/mp4",
		"video/mp4", "video/webm", "video/ogg":
		return true
	}
	return false
}

// contentHeaders describes a file to a client that may be a browser and may
// come from anywhere.
func contentHeaders(h http.Header, at place, a Attributes) {
	contentType := a.ContentType
	if !validContentType(contentType) { // put into the store by something else
		contentType = DefaultContentType
	}
	disposition := "attachment"
	if inert(contentType) {
		disposition = "inline"
	}
	// FormatMediaType encodes the name as RFC 6266 and RFC 8187 say.
	if full := mime.FormatMediaType(disposition, map[string]string{"filename": path.Base(at.key)}); full != "" {
		disposition = full
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", disposition)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-cache") // keep it, but ask with the ETag before each use
	h.Set("ETag", quoteETag(a.ETag))
}
