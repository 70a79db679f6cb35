package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/client"
)

func TestAuthWire(t *testing.T) {
	t.Parallel()
	type ctx = context.Context
	for name, tt := range map[string]struct {
		call   func(ctx, *client.Auth) (any, error)
		path   string
		body   string
		status int
		answer string
		want   string
	}{
		"authorize": {
			func(c ctx, a *client.Auth) (any, error) { return a.Authorize(c, "Bearer x", "read", "/api/orders") },
			"authorize", `{"token":"Bearer x","action":"read","resource":"/api/orders"}`, http.StatusOK,
			`{"allowed":true,"claims":{"sub":"shop"},"reason":"Yes.","decisionId":"dec-1"}`, "{true map[sub:shop] Yes. dec-1}",
		},
		"authorize with a context": {
			func(c ctx, a *client.Auth) (any, error) {
				return a.Authorize(c, "x", "read", "/a", client.AuthContext(map[string]any{"ip": "192.0.2.1"}))
			},
			"authorize", `{"token":"x","action":"read","resource":"/a","context":{"ip":"192.0.2.1"}}`, http.StatusOK,
			`{"allowed":false,"claims":{},"reason":"No.","decisionId":"dec-2"}`, "{false map[] No. dec-2}",
		},
		"validate": {
			func(c ctx, a *client.Auth) (any, error) { return a.ValidateToken(c, "x") },
			"validate", `{"token":"x"}`, http.StatusOK,
			`{"valid":true,"claims":{"sub":"shop"},"expiresAt":"2026-01-01T12:00:00.000Z"}`, "{map[sub:shop] 2026-01-01 12:00:00 +0000 UTC}",
		},
		"revoke": {
			func(c ctx, a *client.Auth) (any, error) { return "", a.RevokeToken(c, "x", "lost") },
			"revoke", `{"token":"x","reason":"lost"}`, http.StatusNoContent, "", "",
		},
		"revoke without a reason": {
			func(c ctx, a *client.Auth) (any, error) { return "", a.RevokeToken(c, "x", "") },
			"revoke", `{"token":"x"}`, http.StatusNoContent, "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				equal(t, "request", r.Method+" "+r.URL.RequestURI(), "POST /v1/auth/"+tt.path)
				equal(t, "body", string(body), tt.body)
				respond(w, tt.status, "application/json", tt.answer)
			}))
			got, err := tt.call(t.Context(), c.Auth)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "answer", fmt.Sprint(got), tt.want)
		})
	}
}

// A token that is not valid is an error of its own code, and no error repeats the token.
func TestValidateTokenFails(t *testing.T) {
	t.Parallel()
	const token = "eyJ.the.token"
	for answer, want := range map[string]cpodkit.Code{
		`{"valid":false,"code":"token_expired","reason":"The token has expired."}`: cpodkit.CodeTokenExpired,
		`{"valid":false,"code":"invalid_token","reason":"No."}`:                    cpodkit.CodeInvalidToken,
	} {
		c := newClient(t, handlerTransport(func(w http.ResponseWriter, _ *http.Request) {
			respond(w, http.StatusOK, "application/json", answer)
		}))
		claims, err := c.Auth.ValidateToken(t.Context(), token)
		var refused *client.AuthError
		if !errors.As(err, &refused) || refused.Code != want || claims.Claims != nil || !claims.ExpiresAt.Equal(time.Time{}) {
			t.Errorf("%s: %v, %v", answer, claims, err)
		}
	}
	c := newClient(t, handlerTransport(func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusUnprocessableEntity, "application/problem+json", `{"code":"validation_failed","detail":"The token `+token+` is wrong."}`)
	}))
	if err := c.Auth.RevokeToken(t.Context(), token, ""); err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("the error is %v", err)
	}
}
