package authz_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/httpserver"
)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	verifier := authz.VerifierFunc(func(_ context.Context, token string) (cpodkit.Identity, error) {
		good := cpodkit.Identity{TenantID: "t1", AppID: "a1", Scopes: cpodkit.Scopes{"jobs.read"}}
		switch token {
		case "good", "a.b-c_d~e+f/g==":
			return good, nil
		case "unusable":
			good.TenantID = ".."
			return good, nil
		case "expired":
			return cpodkit.Identity{}, cpodkit.CodeTokenExpired
		case "revoked":
			return cpodkit.Identity{}, cpodkit.CodeTokenRevoked
		case "down":
			return cpodkit.Identity{}, cpodkit.Errorf(cpodkit.CodeUnavailable, "Try again.").WithCause(errDown)
		case "broken":
			return cpodkit.Identity{}, errors.New("secret detail")
		}
		return cpodkit.Identity{}, cpodkit.CodeInvalidToken
	})
	mux := http.NewServeMux()
	cpodkit.Mount(mux, []cpodkit.Route{{
		Name: "listJobs", Pattern: "GET /", Scopes: []string{"jobs.read"},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, _ := cpodkit.IdentityFromContext(r.Context())
			cpodkit.WriteJSON(w, r, http.StatusOK, id.TenantID)
		}),
	}}, cpodkit.WrapProtected(authz.Authenticate(verifier)))
	server := httpserver.Guard(mux)

	for _, test := range []struct {
		name    string
		path    string
		headers []string
		want    cpodkit.Code
	}{
		{"RFC 6750 2.1: a bearer token", "/", []string{"Bearer good"}, ""},
		{"RFC 9110 11.1: the scheme in another case", "/", []string{"bEARER good"}, ""},
		{"RFC 6750 2.1: several spaces", "/", []string{"Bearer   good"}, ""},
		{"RFC 6750 2.1: all characters of b64token", "/", []string{"Bearer a.b-c_d~e+f/g=="}, ""},
		{"RFC 6750 3.1: no header", "/", nil, cpodkit.CodeMissingToken},
		{"RFC 6750 2.3: a token in the query is not read", "/?access_token=good", nil, cpodkit.CodeMissingToken},
		{"an empty header", "/", []string{""}, cpodkit.CodeMissingToken},
		{"no token after the scheme", "/", []string{"Bearer "}, cpodkit.CodeMissingToken},
		{"a token without a scheme", "/", []string{"good"}, cpodkit.CodeMissingToken},
		{"RFC 6750 3.1: another scheme", "/", []string{"Basic Z29vZDpnb29k"}, cpodkit.CodeMissingToken},
		{"two headers", "/", []string{"Bearer good", "Bearer good"}, cpodkit.CodeInvalidToken},
		{"two tokens", "/", []string{"Bearer good good"}, cpodkit.CodeInvalidToken},
		{"a list of tokens", "/", []string{"Bearer good,good"}, cpodkit.CodeInvalidToken},
		{"another character", "/", []string{"Bearer go\u00f6d"}, cpodkit.CodeInvalidToken},
		{"over 8 KiB", "/", []string{"Bearer " + strings.Repeat("x", authz.MaxToken+1)}, cpodkit.CodeInvalidToken},
		{"an unknown token", "/", []string{"Bearer bad"}, cpodkit.CodeInvalidToken},
		{"an expired token", "/", []string{"Bearer expired"}, cpodkit.CodeTokenExpired},
		{"a revoked token", "/", []string{"Bearer revoked"}, cpodkit.CodeTokenRevoked},
		{"an identity that cannot be a path", "/", []string{"Bearer unusable"}, cpodkit.CodeInvalidToken},
		{"a backend that is down is no 401", "/", []string{"Bearer down"}, cpodkit.CodeUnavailable},
		{"a verifier that fails is no 401", "/", []string{"Bearer broken"}, cpodkit.CodeInternal},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, test.path, nil)
			for _, h := range test.headers {
				r.Header.Add("Authorization", h)
			}
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			if test.want == "" {
				if w.Code != http.StatusOK || w.Body.String() != "\"t1\"\n" {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
				return
			}
			var problem struct{ Code cpodkit.Code }
			must(t, json.Unmarshal(w.Body.Bytes(), &problem))
			if problem.Code != test.want || w.Code != test.want.Status() {
				t.Errorf("got %d %s, want %s", w.Code, w.Body, test.want)
			}
			challenge := w.Header().Get("WWW-Authenticate")
			if (w.Code == http.StatusUnauthorized) != strings.HasPrefix(challenge, "Bearer ") {
				t.Errorf("%d with the challenge %q", w.Code, challenge)
			}
			if test.want == cpodkit.CodeMissingToken && strings.Contains(challenge, "error") {
				t.Errorf("RFC 6750 3.1: no error code without a token, got %q", challenge)
			}
			if test.want == cpodkit.CodeUnavailable && w.Header().Get("Retry-After") == "" {
				t.Error("unavailable without Retry-After")
			}
			if body := w.Body.String(); strings.Contains(body, "secret") || strings.Contains(body, "10.0.0.1") {
				t.Errorf("the answer tells too much: %s", body)
			}
		})
	}
}
