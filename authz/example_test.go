package authz_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// A server that signs its own tokens, and a handler behind them.
func Example() {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	signer, err := authz.NewSigner(authz.SigningKey{ID: "2026-01", Algorithm: authz.ES256, Private: private})
	if err != nil {
		panic(err)
	}
	revocations, err := authz.OpenRevocations(context.Background(), authz.NewMemoryRevocations())
	if err != nil {
		panic(err)
	}
	verifier, err := authz.NewJWT(authz.Issuer{
		Issuer: "https://api.example.com", Audience: "https://api.example.com", Keys: signer, Revocations: revocations,
	})
	if err != nil {
		panic(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := cpodkit.IdentityFromContext(r.Context())
		fmt.Fprintf(w, "hello %s of %s", id.AppID, id.TenantID)
	})
	handler := cpodkit.Chain(hello, authz.Authenticate(verifier), cpodkit.RequireScope("orders.read"))

	token, err := signer.Sign(authz.Claims{
		Issuer: "https://api.example.com", Audience: "https://api.example.com",
		Subject: "shop", ClientID: "shop", TokenID: rand.Text(),
		IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
		Scopes: cpodkit.Scopes{"orders.read"}, TenantID: "acme", AppID: "shop",
	})
	if err != nil {
		panic(err)
	}
	for _, authorization := range []string{"Bearer " + token, ""} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body.Len() > 0)
	}
	// Output:
	// 200 true
	// 401 true
}

// Any takes API keys beside tokens. Here keys are all that there are.
func ExampleAny() {
	key := authz.NewAPIKey()
	store := keyStore{authz.DigestOf(key): {ID: "key-1", TenantID: "acme", AppID: "shop"}}
	noTokens := authz.VerifierFunc(func(context.Context, string) (cpodkit.Identity, error) {
		return cpodkit.Identity{}, cpodkit.CodeInvalidToken
	})
	keys, err := authz.NewAPIKeys(store)
	if err != nil {
		panic(err)
	}
	verifier := authz.Any(keys, noTokens)

	id, err := verifier.Verify(context.Background(), key)
	fmt.Println(id.TenantID, id.AppID, err)
	// Output: acme shop <nil>
}
