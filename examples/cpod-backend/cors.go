package main

import (
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/oauth"
)

var _ httpserver.Origins = (*oauth.Origins)(nil)

// readCORSOrigins reads the origins that are answered everywhere.
func readCORSOrigins(s *settings) httpserver.CORSOption {
	const name = "CPOD_CORS_ORIGINS"
	list := s.optional(name, "", "origins whose pages may make every call, such as `https://app.example.com,https://admin.example.com`, or `*`")
	if list == "" {
		return httpserver.WithOrigins()
	}
	option := httpserver.WithOrigins(strings.Split(list, ",")...)
	if _, err := httpserver.CORS(http.NewServeMux(), nil, option); err != nil {
		s.fail(name, "want origins such as https://app.example.com, as browsers send them, or *, with commas and no spaces between them")
	}
	return option
}

// cors lets pages of configured origins, and of those that apps allow, call the
// routes of mux.
func (s *server) cors(mux *http.ServeMux) (cpodkit.Middleware, error) {
	return httpserver.CORS(mux, s.origins, s.corsOrigins,
		httpserver.WithOpenPaths("/.well-known/", "/openapi.yaml", "/openapi.json", "/health"),
		// A page must not act in the place of the person in front of it.
		httpserver.WithClosedPaths("/oauth/authorize", "/login", "/login/", "/logout", "/invite/", "/docs", "/docs/"))
}
