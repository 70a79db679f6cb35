package testclients_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// verified returns the claims of an access token that go-oidc has verified by the key set,
// as an API would.
func (h house) verified(ctx context.Context, token *oauth2.Token) (claims map[string]any) {
	h.Helper()
	keys := oidc.NewRemoteKeySet(ctx, h.url+"/.well-known/jwks.json")
	verifier := oidc.NewVerifier(h.url, keys, &oidc.Config{ClientID: h.url, SupportedSigningAlgs: []string{oidc.ES256}})
	verified, err := verifier.Verify(ctx, token.AccessToken)
	h.must(err)
	h.must(verified.Claims(&claims))
	wrong := token.AccessToken[:len(token.AccessToken)-4] + "AAAA"
	if _, err := verifier.Verify(ctx, wrong); err == nil {
		h.Error("go-oidc takes a token with a wrong signature")
	}
	return claims
}

func (h house) oauth2(a app, style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{
		ClientID: a.ID, ClientSecret: a.Secret, RedirectURL: redirectURI, Scopes: []string{"storage.user.read", "storage.user.write"},
		Endpoint: oauth2.Endpoint{AuthURL: h.url + "/oauth/authorize", TokenURL: h.url + "/v1/oauth/token", AuthStyle: style},
	}
}

// signIn gets a code with PKCE and returns its tokens.
func (h house) signIn(ctx context.Context, config *oauth2.Config) *oauth2.Token {
	h.Helper()
	verifier := oauth2.GenerateVerifier()
	back, err := url.Parse(h.visit(config.AuthCodeURL("state 1", oauth2.S256ChallengeOption(verifier))))
	h.must(err)
	answer := back.Query()
	if answer.Get("state") != "state 1" || answer.Get("iss") != h.url {
		h.Fatalf("the answer is %v", answer)
	}
	token, err := config.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier))
	h.must(err)
	return token
}

// wantRefused checks the OAuth error of a call.
func (h house) wantRefused(err error, code string) {
	h.Helper()
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); !ok || refused.ErrorCode != code {
		h.Errorf("the call is answered %v, want %s", err, code)
	}
}

func TestGoClients(t *testing.T) {
	t.Parallel()
	ctx, h := bounded(t), newHouse(t)
	styles := map[string]oauth2.AuthStyle{"basic": oauth2.AuthStyleInHeader, "post": oauth2.AuthStyleInParams, "detected": oauth2.AuthStyleAutoDetect}
	for name, style := range styles {
		config := clientcredentials.Config{ClientID: h.service.ID, ClientSecret: h.service.Secret, TokenURL: h.url + "/v1/oauth/token",
			Scopes: []string{"storage.private.read"}, AuthStyle: style}
		token, err := config.Token(ctx)
		h.must(err)
		if claims := h.verified(ctx, token); claims["appId"] != h.service.ID || claims["scope"] != "storage.private.read" {
			t.Errorf("%s: the claims are %v", name, claims)
		}
		config.ClientSecret = "cs_wrong"
		_, err = config.Token(ctx)
		h.wantRefused(err, "invalid_client")
	}
	for name, config := range map[string]*oauth2.Config{
		"public": h.oauth2(h.browser, oauth2.AuthStyleInParams), "basic": h.oauth2(h.web, oauth2.AuthStyleInHeader),
		"post": h.oauth2(h.web, oauth2.AuthStyleInParams), "detected": h.oauth2(h.web, oauth2.AuthStyleAutoDetect),
	} {
		first := h.signIn(ctx, config)
		if claims := h.verified(ctx, first); claims["userId"] != claims["sub"] || claims["client_id"] != config.ClientID || claims["tenantId"] != "default" {
			t.Errorf("%s: the claims are %v", name, claims)
		}
		// An access token that has expired is refreshed by the source alone.
		tokens := []*oauth2.Token{first}
		for range 2 {
			old := *tokens[len(tokens)-1]
			old.Expiry = time.Now().Add(-time.Hour)
			next, err := config.TokenSource(ctx, &old).Token()
			h.must(err)
			if next.RefreshToken == old.RefreshToken || next.AccessToken == old.AccessToken {
				t.Errorf("%s: the tokens do not rotate", name)
			}
			tokens = append(tokens, next)
		}
		answer, err := config.Client(ctx, tokens[2]).Get(h.url + "/v1/storage/files?tier=user")
		h.must(err)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: the user tier answers %s", name, answer.Status)
		}
		for _, token := range []*oauth2.Token{tokens[0], tokens[2]} { // an old one, which ends the newest too
			_, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
			h.wantRefused(err, "invalid_grant")
		}
	}
}
