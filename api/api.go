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

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

//go:generate go run ./internal/genspec

//go:embed openapi.yaml
var spec string

// Spec returns the OpenAPI 3.1 document as YAML. The caller owns the slice.
func Spec() []byte { return []byte(spec) }

// Routes returns the public routes GET /openapi.yaml and GET /health. The first
// answers application/yaml (RFC 9512) with a strong ETag, may be kept for 5
// minutes, and is 304 for a request whose If-None-Match holds the ETag. The second
// answers {"status": "ok"} as long as the process serves.
func Routes() []cpodkit.Route {
	return []cpodkit.Route{
		{Name: "getOpenAPI", Pattern: "GET /openapi.yaml", Public: true, Handler: newHandler()},
		{Name: "getHealth", Pattern: "GET /health", Public: true, Handler: rest.Handler(serveHealth)},
	}
}

func serveHealth(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}

func newHandler() http.Handler {
	body := Spec()
	sum := sha256.Sum256(body)
	etag := hex.EncodeToString(sum[:16])
	return rest.Handler(func(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
		h := w.Header()
		h.Set("ETag", rest.ETag(etag))
		h.Set("Cache-Control", "public, max-age=300")
		if rest.Unchanged(r.Header, etag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		h.Set("Content-Type", "application/yaml")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		h.Set("X-Content-Type-Options", "nosniff")
		// A failed write means that the client has gone.
		_, _ = bytes.NewReader(body).WriteTo(w)
		return nil
	})
}
