package oauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// A whole authorization server: an administrator registers an app, and the app
// gets a token that the same server accepts.
func Example() {
	const publicURL = "https://api.example.com"
	ctx := context.Background()

	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	signer, err := authz.NewSigner(authz.SigningKey{ID: "2026-01", Algorithm: authz.ES256, Private: private})
	check(err)
	revocations, err := authz.OpenRevocations(ctx, authz.NewMemoryRevocations())
	check(err)
	tokens, err := authz.NewJWT(authz.Issuer{
		Issuer: publicURL, Audience: publicURL, Keys: signer, Revocations: revocations,
	})
	check(err)
	limiter, err := ratelimit.New(ratelimit.NewMemory())
	check(err)
	server, err := oauth.New(oauth.Config{
		Issuer: publicURL, Apps: oauth.NewMemoryApps(), Signer: signer, Revocations: revocations, Verifier: tokens, Limiter: limiter,
	})
	check(err)

	adminKeys := authz.VerifierFunc(func(_ context.Context, key string) (cpodkit.Identity, error) {
		if key != "cpod_admin" {
			return cpodkit.Identity{}, cpodkit.CodeInvalidToken
		}
		return cpodkit.Identity{TenantID: "acme", AppID: "cpod:admin", Scopes: cpodkit.Scopes{"admin"}}, nil
	})
	mux := http.NewServeMux()
	cpodkit.Mount(mux, server.Routes(), cpodkit.WrapProtected(authz.Authenticate(authz.Any(adminKeys, tokens))))
	handler := httpserver.Guard(mux)

	r := httptest.NewRequest(http.MethodPost, "/v1/oauth/apps", strings.NewReader(
		`{"client_id": "shop", "name": "Shop", "declared_scopes": ["orders.read", "orders.write"], "app_type": "service"}`))
	r.Header.Set("Authorization", "Bearer cpod_admin")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	var app struct {
		Secret string `json:"client_secret"`
	}
	check(json.Unmarshal(w.Body.Bytes(), &app))

	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"orders.read"}}
	r = httptest.NewRequest(http.MethodPost, "/v1/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("shop", app.Secret)
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	var token struct {
		AccessToken string `json:"access_token"`
	}
	check(json.Unmarshal(w.Body.Bytes(), &token))

	id, err := tokens.Verify(ctx, token.AccessToken)
	fmt.Println(id.TenantID, id.AppID, id.Scopes, err)
	// Output: acme shop orders.read <nil>
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
