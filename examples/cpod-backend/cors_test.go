package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

const (
	consoleOrigin  = "https://console.example.com" // of CPOD_CORS_ORIGINS
	strangerOrigin = "https://stranger.example.com"
)

// The server of all parts answers a preflight for every route with its method, and
// lets no page of a stranger read more than what is open to all.
func TestCORSOfEveryRoute(t *testing.T) {
	t.Parallel()
	server := openForTest(t, quiet(), map[string]string{"CPOD_DATA_DIR": t.TempDir(), "CPOD_CORS_ORIGINS": consoleOrigin})
	defer server.Close()
	handler, err := server.handler()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(r *http.Request, origin string) http.Header {
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if !slices.Contains(w.Header().Values("Vary"), "Origin") {
			t.Errorf("%s %s from %s: Vary is %q", r.Method, r.URL.Path, origin, w.Header().Values("Vary"))
		}
		return w.Header()
	}
	pages := regexp.MustCompile(`^/(oauth/authorize|login|login/callback|logout|invite/.*)$`)
	open := []string{"/.well-known/oauth-authorization-server", "/.well-known/jwks.json", "/.well-known/oauth-protected-resource", "/openapi.yaml", "/health"}
	for _, route := range server.routes {
		r := request(route, "")
		isOpen, isPage := slices.Contains(open, r.URL.Path), pages.MatchString(r.URL.Path)
		for origin, allowed := range map[string]string{consoleOrigin: consoleOrigin, strangerOrigin: ""} {
			switch {
			case isOpen:
				allowed = "*"
			case isPage:
				allowed = ""
			}
			if got := ask(request(route, ""), origin).Get("Access-Control-Allow-Origin"); got != allowed {
				t.Errorf("%s from %s: %q is allowed, want %q", route.Pattern, origin, got, allowed)
			}
			preflight := httptest.NewRequest(http.MethodOptions, r.URL.Path, nil)
			preflight.Header.Set("Access-Control-Request-Method", route.Method())
			h := ask(preflight, origin)
			methods := strings.Split(h.Get("Access-Control-Allow-Methods"), ", ")
			if h.Get("Access-Control-Allow-Origin") != allowed || slices.Contains(methods, route.Method()) != (allowed != "") {
				t.Errorf("a preflight for %s from %s: %v", route.Pattern, origin, h)
			}
		}
	}
	for _, path := range []string{"/oauth/authorize", "/login", "/login/callback", "/logout", "/invite/x", "/docs", "/docs/x"} {
		if h := ask(httptest.NewRequest(http.MethodGet, path, nil), consoleOrigin); h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s answers %s", path, consoleOrigin)
		}
	}
}

// allowed returns the origin that may read the answer.
func (s *instance) allowed(t *testing.T, method, url, origin, authorization, form string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", origin)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if method == http.MethodOptions {
		r.Header.Set("Access-Control-Request-Method", http.MethodGet)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.Header.Get("Access-Control-Allow-Origin")
}

// registerPage makes an app whose pages come from an origin.
func (s *instance) registerPage(t *testing.T, id, origin string) client.Config {
	t.Helper()
	_, secret, err := s.client(t, client.Config{APIKey: s.adminKey}).Apps.Register(t.Context(), client.NewApp{
		ClientID: id, Name: id, Type: client.WebApp, DeclaredScopes: storageScopes, AllowedOrigins: []string{origin},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client.Config{ClientID: id, ClientSecret: secret}
}

// An app's origin is answered from its registration to its deletion, on its own
// calls, its own signed URLs and its own calls of OAuth.
func TestOriginsOfAnApp(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	const own, others = "https://own.example.com", "https://others.example.com"
	files, token := srv.url+"/v1/storage/files", srv.url+"/v1/oauth/token"
	if got := srv.allowed(t, http.MethodOptions, files, own, "", ""); got != "" {
		t.Errorf("before the registration a preflight allows %q", got)
	}
	credentials := srv.registerPage(t, "app-page", own)
	other := srv.registerPage(t, "app-other", others)
	signed, err := srv.client(t, credentials).Storage.Files.Tier(client.Shared).URL(t.Context(), "x", 0)
	if err != nil {
		t.Fatal(err)
	}
	grant := func(c client.Config, secret string) string {
		return "grant_type=client_credentials&client_id=" + c.ClientID + "&client_secret=" + secret
	}
	bearer := "Bearer " + srv.token(t, credentials)
	for _, c := range []struct {
		what, method, url, authorization, form string
		own, others                            bool
	}{
		{"a preflight", http.MethodOptions, files, "", "", true, true},
		{"a call", http.MethodGet, files, bearer, "", true, false},
		{"a call that its scopes do not allow", http.MethodGet, srv.url + "/v1/oauth/apps", bearer, "", true, false},
		{"a call without a token", http.MethodGet, files, "", "", true, true},
		{"an unknown path", http.MethodGet, srv.url + "/nothing", "", "", true, true},
		{"an administrator's call", http.MethodGet, srv.url + "/v1/oauth/apps", "Bearer " + srv.adminKey, "", false, false},
		{"a signed URL", http.MethodGet, signed.URL, "", "", true, false},
		{"a bent URL", http.MethodGet, signed.URL + "A", "", "", true, true},
		{"a grant", http.MethodPost, token, "", grant(credentials, credentials.ClientSecret), true, false},
		{"the grant of the other app", http.MethodPost, token, "", grant(other, other.ClientSecret), false, true},
		{"a refused grant", http.MethodPost, token, "", grant(credentials, "wrong"), true, true},
	} {
		for origin, want := range map[string]bool{own: c.own, others: c.others, strangerOrigin: false} {
			if got := srv.allowed(t, c.method, c.url, origin, c.authorization, c.form); got != map[bool]string{true: origin}[want] {
				t.Errorf("%s from %s: %q is allowed", c.what, origin, got)
			}
		}
	}
	if err := srv.client(t, client.Config{APIKey: srv.adminKey}).Apps.Delete(t.Context(), "app-page"); err != nil {
		t.Fatal(err)
	}
	if got := srv.allowed(t, http.MethodOptions, files, own, "", ""); got != "" {
		t.Errorf("after the deletion a preflight allows %q", got)
	}
}
