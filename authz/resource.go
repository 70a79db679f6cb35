package authz

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// resourcePath is where the metadata of a protected resource are (RFC 9728 section 3).
const resourcePath = "/.well-known/oauth-protected-resource"

// Resource says how tokens for a server are got (RFC 9728 section 2).
type Resource struct {
	// URL is that of the server, without a path, query or fragment: what "resource" is.
	URL string

	// AuthorizationServers returns the issuers whose tokens are accepted, such as those of
	// [JWT.Issuers]. It is called for each request; nil names none.
	AuthorizationServers func() []string

	Scopes        []string // that calls may need
	Documentation string   // the URL of a page for developers; "" for none
}

// MetadataURL returns the URL of the metadata, for [cpodkit.ServerInfo].
func (s Resource) MetadataURL() string { return s.URL + resourcePath }

// Route returns the public call that serves the metadata. It fails when the URL is
// malformed or has a path.
func (s Resource) Route() (cpodkit.Route, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return cpodkit.Route{}, err
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return cpodkit.Route{}, errors.New("authz: the URL of a resource has a scheme and a host, and nothing else")
	}
	return cpodkit.Route{
		Name: "getProtectedResourceMetadata", Pattern: "GET " + resourcePath, Access: cpodkit.Reads, Public: true,
		Handler: rest.Handler(s.serve),
	}, nil
}

func (s Resource) serve(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	var servers []string
	if s.AuthorizationServers != nil {
		servers = s.AuthorizationServers()
	}
	w.Header().Set("Cache-Control", "public, max-age=3600")
	cpodkit.WriteJSON(w, r, http.StatusOK, struct {
		Resource      string   `json:"resource"`
		Servers       []string `json:"authorization_servers,omitempty"`
		Scopes        []string `json:"scopes_supported,omitempty"`
		Methods       []string `json:"bearer_methods_supported"`
		Documentation string   `json:"resource_documentation,omitempty"`
	}{s.URL, servers, s.Scopes, []string{"header"}, s.Documentation})
	return nil
}
