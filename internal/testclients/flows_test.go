package testclients_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

const (
	redirectURI  = "http://127.0.0.1:9/back" // nobody is there: the browser does not go
	userEmail    = "ann@example.com"
	userPassword = "correct horse battery"
)

// app is one as a client library needs it.
type app struct {
	ID     string         `json:"id"`
	Secret string         `json:"secret,omitempty"`
	Key    map[string]any `json:"key,omitempty"` // a private JWK
}

// house is a server with a user and an app of each kind.
type house struct {
	*server
	service, web, browser app
	person                *person
}

func newHouse(t *testing.T) house {
	t.Helper()
	h := house{server: start(t, nil), person: newPerson(t, map[string]string{"email": userEmail, "password": userPassword})}
	h.person.visit(h.invite(userEmail), h.url+"/login")
	users := []string{"storage.user.read", "storage.user.write"}
	h.service = app{ID: "app-service"}
	h.service.Secret = h.register(client.NewApp{ClientID: h.service.ID, Name: "Service", DeclaredScopes: []string{"storage.private.read", "storage.private.write"}})
	private, public := newKey(t)
	h.web = app{ID: "app-web", Key: private}
	h.web.Secret = h.register(client.NewApp{ClientID: h.web.ID, Name: "Web", Type: client.WebApp, RedirectURIs: []string{redirectURI},
		JWKS: client.AppKeys(public), DeclaredScopes: append(users, "storage.private.read")})
	h.browser = app{ID: "app-browser"}
	h.register(client.NewApp{ClientID: h.browser.ID, Name: "Browser", Type: client.BrowserApp, RedirectURIs: []string{redirectURI}, DeclaredScopes: users})
	return h
}

// visit has the user do what the pages ask for, until the app is called back.
func (h house) visit(address string) string {
	h.Helper()
	return h.person.visit(address, redirectURI)
}

// newKey returns a private JWK, and a key set with the public one.
func newKey(t *testing.T) (private map[string]any, public []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	scalar, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	jwk := map[string]any{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "key-1", "x": text(point[1:33]), "y": text(point[33:])}
	if public, err = json.Marshal(map[string]any{"keys": []any{jwk}}); err != nil {
		t.Fatal(err)
	}
	jwk["d"] = text(scalar)
	return jwk, public
}

// The npm packages run the same flows.
func TestNPMClients(t *testing.T) {
	t.Parallel()
	var steps []string
	for _, way := range []string{"client_secret_basic", "client_secret_post", "private_key_jwt"} {
		steps = append(steps, "client credentials, introspection and revocation with "+way)
	}
	for _, way := range []string{"no secret", "client_secret_basic", "private_key_jwt"} {
		steps = append(steps, "code with PKCE and iss with "+way, "refresh with rotation, and an old one ends all, with "+way,
			"revocation of a refresh token with "+way, "an error as the answer with "+way)
	}
	steps = append(steps, "token exchange")
	for _, name := range []string{"openid-client.mjs", "oauth4webapi.mjs"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			script(t, name, map[string]any{
				"server": h.url, "redirect": redirectURI,
				"apps": map[string]any{"service": h.service, "web": h.web, "browser": h.browser},
			}, h.visit, steps...)
		})
	}
}
