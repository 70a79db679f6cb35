package files

import (
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// writeOptions reads the header of a PUT. Whatever asks for less than a plain
// overwrite, and cannot be kept, is an error: ignoring it would destroy what the
// caller wants to protect (RFC 9110 sections 9.3.4, 13.1 and 14.5).
func writeOptions(h http.Header) (WriteOptions, error) {
	conditions, err := rest.WriteConditions(h)
	if err == nil {
		err = rest.RefuseHeaders(h, "Content-Range")
	}
	opts := WriteOptions{IfMatch: conditions.IfMatch, IfPresent: conditions.MustExist, IfAbsent: conditions.IfAbsent}
	if err != nil {
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
	return opts, nil
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
func contentHeaders(h http.Header, at authorized, a Attributes) {
	contentType := a.ContentType
	if !validContentType(contentType) { // put into the store by something else
		contentType = DefaultContentType
	}
	kind := "attachment"
	if inert(contentType) {
		kind = "inline"
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", disposition(kind, path.Base(at.key)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-cache") // keep it, but ask with the ETag before each use
	h.Set("ETag", rest.ETag(a.ETag))
}
