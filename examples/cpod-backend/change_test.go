package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// An administrator changes an app: its tokens end with a scope that is taken away, its
// keys lose the scope, and its pages come from elsewhere.
func TestChangingAnApp(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	const before, after = "https://before.example.com", "https://after.example.com"
	credentials := srv.registerPage(t, "app-a", before)
	token, key := srv.token(t, credentials), srv.createKey(t, "app-a", "storage.private.read", "storage.shared.read")
	apps := srv.client(t, client.Config{APIKey: srv.adminKey}).Apps
	app, err := apps.Get(t.Context(), "app-a")
	if err != nil {
		t.Fatal(err)
	}
	changed, err := apps.Update(t.Context(), "app-a", client.AppChange{
		Name: "Renamed", DeclaredScopes: cpodkit.Scopes{"storage.private.read"}, AllowedOrigins: []string{after},
	}, client.IfMatch(app.ETag))
	if err != nil || changed.Name != "Renamed" || len(changed.DeclaredScopes) != 1 || changed.ETag == app.ETag {
		t.Fatalf("changed: %+v, %v", changed, err)
	}
	if _, err := apps.Update(t.Context(), "app-a", client.AppChange{Name: "Again"}, client.IfMatch(app.ETag)); !errors.As(err, new(*client.PreconditionFailedError)) {
		t.Errorf("with the old ETag: %v", err)
	}
	c := newCaller(t, srv.url)
	c.tokens["token"], c.tokens["key"], c.tokens["fresh"] = token, key, srv.token(t, credentials)
	for _, row := range []struct {
		who, call string
		code      string
	}{
		{"token", "GET /v1/storage/files", "token_revoked"},
		{"fresh", "GET /v1/storage/files", ""},
		{"fresh", "GET /v1/storage/files?tier=shared", "invalid_scope"},
		{"key", "GET /v1/storage/files", ""},
		{"key", "GET /v1/storage/files?tier=shared", "invalid_scope"},
	} {
		if a := c.do(t, row.who, row.call, ""); a.code != row.code {
			t.Errorf("%s as %s: %d %q, want %q", row.call, row.who, a.status, a.code, row.code)
		}
	}
	for origin, want := range map[string]string{before: "", after: after} {
		if got := srv.allowed(t, http.MethodOptions, srv.url+"/v1/storage/files", origin, "", ""); got != want {
			t.Errorf("a preflight from %s allows %q", origin, got)
		}
	}
	c.client.Transport = nil // the document has no preflights
	a := c.do(t, "", "OPTIONS /v1/oauth/apps/app-a", "", "Origin", after, "Access-Control-Request-Method", "PATCH")
	if methods := a.header.Get("Access-Control-Allow-Methods"); methods != "GET, HEAD, PATCH, DELETE" {
		t.Errorf("a preflight allows %q", methods)
	}
	if !strings.Contains(srv.log.String(), "app changed") {
		t.Errorf("the log is %s", srv.log)
	}
}

// What one replica takes from an app, the other one refuses: of keys at once.
func TestChangingAnAppOfReplicas(t *testing.T) {
	t.Parallel()
	a, b := newReplicas(t, documents.NewMemory())
	body := `{"client_id":"app-a","name":"A","declared_scopes":["storage.private.read","storage.shared.read"],"app_type":"service"}`
	secret := decodeMember(t, a.call("POST", "/v1/oauth/apps", rotationAdmin, body), "client_secret")
	key := decodeMember(t, a.call("POST", "/v1/oauth/apps/app-a/keys", rotationAdmin, `{"name":"k","scopes":["storage.private.read"]}`), "key")
	token := decodeMember(t, b.call("POST", "/v1/oauth/token", "", "grant_type=client_credentials&client_id=app-a&client_secret="+secret,
		"Content-Type", formType), "access_token")
	if !b.accepts(token) || !b.accepts(key) {
		t.Fatal("a replica refuses what another one made")
	}
	if w := a.call("PATCH", "/v1/oauth/apps/app-a", rotationAdmin, `{"declared_scopes":["storage.shared.read"]}`); w.Code != http.StatusOK {
		t.Fatalf("change: %d %s", w.Code, w.Body)
	}
	if b.accepts(key) {
		t.Error("a key has the scope that was taken away")
	}
	eventually(t, "the other replica refuses the token", func() bool { return !b.accepts(token) })
}
