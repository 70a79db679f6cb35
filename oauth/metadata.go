package oauth

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// metadata is RFC 8414 section 2: what is supported, and nothing else.
// ResponseTypes is required even where no authorization endpoint has any.
type metadata struct {
	Issuer                   string   `json:"issuer"`
	TokenEndpoint            string   `json:"token_endpoint"`
	KeySet                   string   `json:"jwks_uri"`
	IntrospectionEndpoint    string   `json:"introspection_endpoint"`
	IntrospectionAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	RevocationEndpoint       string   `json:"revocation_endpoint"`
	RevocationAuthMethods    []string `json:"revocation_endpoint_auth_methods_supported"`
	AuthorizationEndpoint    string   `json:"authorization_endpoint,omitempty"`
	ResponseTypes            []string `json:"response_types_supported"`
	ResponseModes            []string `json:"response_modes_supported,omitempty"`
	ChallengeMethods         []string `json:"code_challenge_methods_supported,omitempty"`
	NamesIssuer              bool     `json:"authorization_response_iss_parameter_supported,omitempty"` // RFC 9207 section 3
	GrantTypes               []string `json:"grant_types_supported"`
	TokenAuthMethods         []string `json:"token_endpoint_auth_methods_supported"`

	// They are needed with private_key_jwt.
	TokenAuthAlgorithms         []string `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`
	IntrospectionAuthAlgorithms []string `json:"introspection_endpoint_auth_signing_alg_values_supported,omitempty"`
	RevocationAuthAlgorithms    []string `json:"revocation_endpoint_auth_signing_alg_values_supported,omitempty"`
}

func newMetadata(config Config) metadata {
	issuer, methods := config.Issuer, []string{"client_secret_basic", "client_secret_post"}
	var algorithms []string
	if config.Grants != nil {
		methods, algorithms = append(methods, "private_key_jwt"), authz.Algorithms()
	}
	m := metadata{
		Issuer:                   issuer,
		TokenEndpoint:            issuer + "/v1/oauth/token",
		KeySet:                   issuer + "/.well-known/jwks.json",
		IntrospectionEndpoint:    issuer + "/v1/oauth/introspect",
		IntrospectionAuthMethods: methods,
		RevocationEndpoint:       issuer + "/v1/oauth/revoke",
		RevocationAuthMethods:    methods,
		ResponseTypes:            []string{},
		GrantTypes:               []string{clientCredentialsGrant},
		TokenAuthMethods:         methods,

		TokenAuthAlgorithms: algorithms, IntrospectionAuthAlgorithms: algorithms, RevocationAuthAlgorithms: algorithms,
	}
	if config.Grants != nil {
		m.GrantTypes = append(m.GrantTypes, exchangeGrant)
	}
	if config.SignIn != nil {
		m.AuthorizationEndpoint = issuer + authorizePath
		m.ResponseTypes, m.ResponseModes, m.ChallengeMethods, m.NamesIssuer = []string{"code"}, []string{"query"}, []string{"S256"}, true
		m.GrantTypes = append(m.GrantTypes, codeGrant, refreshGrant)
		m.TokenAuthMethods = append(slices.Clip(methods), "none")
		m.RevocationAuthMethods = m.TokenAuthMethods
	}
	return m
}

// getMetadata is GET /.well-known/oauth-authorization-server (RFC 8414 section 3).
func (s *Server) getMetadata(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	cpodkit.WriteJSON(w, r, http.StatusOK, s.metadata)
	return nil
}

// KeySetMaxAge is how long others may keep a copy of the key set. A new key must
// be published for longer than that before it signs.
const KeySetMaxAge = 5 * time.Minute

// getKeySet is GET /.well-known/jwks.json (RFC 7517 section 5).
func (s *Server) getKeySet(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(KeySetMaxAge.Seconds())))
	_, err := w.Write(s.signer.JWKS())
	return err
}
