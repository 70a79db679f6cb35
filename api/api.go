// Package api holds the OpenAPI document of the HTTP contract and serves it.
//
// The document is put together from one fragment for each capability in
// fragments/. Package apitest checks real answers against it.
package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/cpodkit/cpodkit"
)

//go:generate go run ./internal/genspec

//go:embed openapi.yaml
var spec string

// Spec returns the OpenAPI 3.1 document as YAML. The caller owns the slice.
func Spec() []byte { return []byte(spec) }

// Routes returns the one public route GET /openapi.yaml. The answer is
// application/yaml (RFC 9512) with a strong ETag, may be kept for 5 minutes,
// and is 304 for a request whose If-None-Match holds the ETag.
func Routes() []cpodkit.Route {
	return []cpodkit.Route{{Name: "getOpenAPI", Pattern: "GET /openapi.yaml", Public: true, Handler: newHandler()}}
}

func newHandler() http.Handler {
	body := Spec()
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("ETag", etag)
		h.Set("Cache-Control", "public, max-age=300")
		if hasETag(r.Header.Values("If-None-Match"), etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", "application/yaml")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		h.Set("X-Content-Type-Options", "nosniff")
		// A failed write means that the client has gone.
		_, _ = bytes.NewReader(body).WriteTo(w)
	})
}

// hasETag compares weakly, as RFC 9110 section 13.1.2 has it. An entity tag
// cannot hold a quotation mark, so finding it with its marks is finding it whole.
func hasETag(fields []string, etag string) bool {
	for _, field := range fields {
		if strings.TrimSpace(field) == "*" || strings.Contains(field, etag) {
			return true
		}
	}
	return false
}
