package oauth_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

func (f *fixture) introspect(c client, params ...string) *http.Request {
	r := f.form("/v1/oauth/introspect", params...)
	r.SetBasicAuth(c.id, c.secret)
	return r
}

func (f *fixture) revoke(c client, params ...string) *http.Request {
	r := f.form("/v1/oauth/revoke", params...)
	r.SetBasicAuth(c.id, c.secret)
	return r
}

func TestIntrospect(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	asking := f.register(adminT1, "api")
	asked := f.register(adminT1, "app-1", "storage.private.read")
	stranger := f.register(adminT2, "stranger")
	token := f.token(asked)

	w := f.serve(f.introspect(asking, "token", token, "token_type_hint", "refresh_token"))
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d, headers %v", w.Code, w.Header())
	}
	got, claims := webtest.Decode[map[string]any](f, w), claimsOf(f, token)
	want := map[string]any{"active": true, "token_type": "Bearer"}
	for _, name := range []string{"client_id", "sub", "scope", "iss", "aud", "jti", "iat", "exp", "tenantId", "appId"} {
		want[name] = claims[name]
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("RFC 7662 2.2: got %v, want %v", got, want)
	}

	revoked := f.token(asked)
	f.serve(f.revoke(asked, "token", revoked))
	for _, test := range []struct {
		name  string
		by    client
		token string
	}{
		{"a token of another tenant", stranger, token},
		{"a revoked token", asking, revoked},
		{"no token at all", asking, "nonsense"},
		{"a forged token", asking, token[:len(token)-4] + "AAAA"},
		{"an API key that is known", asking, adminT1},
		{"an API key that is not known", asking, "cpod_other"},
	} {
		t.Run("RFC 7662 2.2: "+test.name+" is inactive, and no more is said", func(t *testing.T) {
			w := f.serve(f.introspect(test.by, "token", test.token))
			if w.Code != http.StatusOK || w.Body.String() != "{\"active\":false}\n" {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.register(adminT1, "app-1")
	neighbour := f.register(adminT1, "app-2")
	stranger := f.register(adminT2, "app-3")
	token, kept := f.token(c), f.token(c)
	ok := func(r *http.Request) {
		t.Helper()
		if w := f.serve(r); w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("got %d %s, headers %v", w.Code, w.Body, w.Header())
		}
	}
	// RFC 7009 section 2.1: a client revokes its own tokens only.
	wantOAuth(f, f.serve(f.revoke(neighbour, "token", token)), http.StatusBadRequest, "unauthorized_client")
	ok(f.revoke(stranger, "token", token)) // of another tenant: not known there
	f.wantPing(token, "")

	ok(f.revoke(c, "token", token, "token_type_hint", "access_token"))
	f.wantPing(token, cpodkit.CodeTokenRevoked)
	f.wantPing(kept, "")

	// RFC 7009 section 2.2: an invalid token is no error.
	ok(f.revoke(c, "token", token))
	ok(f.revoke(c, "token", "nonsense"))
	// Section 2.2.1: what is valid and cannot be revoked here is told.
	wantOAuth(f, f.serve(f.revoke(c, "token", adminT1)), http.StatusBadRequest, "unsupported_token_type")
}

// What RFC 7662 section 2.1 and RFC 7009 section 2.1 ask of both endpoints.
func TestInspectionNeedsClientAuthentication(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *oauth.Config) { c.Limits.Failures = 1000 })
	c := f.register(adminT1, "app-1")
	f.registerAs(adminT1, "spa", "browser")
	token := f.token(c)
	for _, path := range []string{"/v1/oauth/introspect", "/v1/oauth/revoke"} {
		for _, test := range []struct {
			name   string
			params []string
			bearer string
			status int
			want   string
		}{
			{"no client", []string{"token", token}, "", 401, "invalid_client"},
			{"the token itself as authentication", []string{"token", token}, token, 401, "invalid_client"},
			{"a wrong secret", []string{"token", token, "client_id", c.id, "client_secret", "cs_x"}, "", 401, "invalid_client"},
			{"a public client", []string{"token", token, "client_id", "spa"}, "", 401, "invalid_client"},
			{"no token", []string{"client_id", c.id, "client_secret", c.secret}, "", 400, "invalid_request"},
			{"an empty token", []string{"token", "", "client_id", c.id, "client_secret", c.secret}, "", 400, "invalid_request"},
			{"two tokens", []string{"token", token, "token", token, "client_id", c.id, "client_secret", c.secret}, "", 400, "invalid_request"},
		} {
			t.Run(path+" "+test.name, func(t *testing.T) {
				r := f.form(path, test.params...)
				if test.bearer != "" {
					r.Header.Set("Authorization", "Bearer "+test.bearer)
				}
				wantOAuth(f, f.serve(r), test.status, test.want)
			})
		}
	}
	f.wantPing(token, "")
}

func TestInspectionWhileTheVerifierIsDown(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *oauth.Config) {
		c.Verifier = authz.VerifierFunc(func(context.Context, string) (cpodkit.Identity, error) {
			return cpodkit.Identity{}, cpodkit.Errorf(cpodkit.CodeUnavailable, "Try again.").WithCause(errDown)
		})
	})
	c := f.register(adminT1, "app-1")
	for _, r := range []*http.Request{f.introspect(c, "token", "x"), f.revoke(c, "token", "x")} {
		w := f.serve(r)
		wantOAuth(f, w, http.StatusServiceUnavailable, "temporarily_unavailable")
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
}

// A signed URL works for up to seven days and ends with the token that it was
// made with, so a revocation lasts as long.
func TestRevocationOutlivesTheToken(t *testing.T) {
	t.Parallel()
	store := authz.NewMemoryRevocations()
	f := newFixture(t, func(c *oauth.Config) {
		revocations, err := authz.OpenRevocations(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		c.Revocations = revocations
	})
	c := f.register(adminT1, "app-1")
	if w := f.serve(f.revoke(c, "token", f.token(c))); w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	list, err := store.List(t.Context(), time.Now().Add(7*24*time.Hour-time.Minute), time.Time{})
	if err != nil || len(list) != 1 {
		t.Errorf("in seven days %d revocations stand, %v", len(list), err)
	}
}
