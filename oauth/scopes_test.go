package oauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

// The list of scopes is closed: what is near to one of them is not taken for an app's
// own.
func TestScopesOfThisAPI(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	declare := func(token, scope string) *webtest.Answer {
		return f.call(http.MethodPost, "/v1/oauth/apps", token, body(map[string]any{
			"client_id": strings.NewReplacer("*", "all").Replace(scope), "declared_scopes": []string{scope},
		}))
	}
	for _, scope := range append(oauth.KnownScopes(),
		"auth.*", "policy.*", "secrets.*", "masking.*", "audit.*", "flags.*", "ratelimit.*", "jobs.*",
		"storage.private.*", "storage.user.*", "storage.shared.*",
		"orders.read", "orders", "orders.*", "orders.items.*", "jobs-2.reed", "administer", "job.read") {
		wantProblem(f, declare(platform, scope), "")
	}
	for scope, detail := range map[string]string{
		"storage.private.reed": "did you mean storage.private.read?",
		"storage.privat.write": "did you mean storage.private.write?",
		"storage.read":         "did you mean storage.user.read?",
		"jobs":                 "did you mean jobs.read?",
		"jobs.execute":         "did you mean jobs.write?",
		"jobs.read.all":        "did you mean jobs.read?",
		"masking.detokenize":   "did you mean masking.detokenise?",
		"admin.read":           "did you mean admin?",
		"platform":             "did you mean platform.admin?",
		"platform.admins":      "did you mean platform.admin?",
		"storage.*":            "is not a wildcard of this API",
		"storage.privat.*":     "is not a wildcard of this API",
		"storage.private.r.*":  "is not a wildcard of this API",
		"jobs.read.*":          "is not a wildcard of this API",
		"admin.*":              "is not a wildcard of this API",
		"platform.*":           "is not a wildcard of this API",
	} {
		w := declare(platform, scope)
		w.WantProblem(f, cpodkit.CodeValidationFailed, "/declared_scopes/0")
		if !strings.Contains(w.Body.String(), detail) {
			t.Errorf("%s is refused with %s, want %q", scope, w.Body, detail)
		}
	}
}

// An app and a user hand on what they hold, an admin key also what it does not hold.
func TestWhoGrantsWhat(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(platform, "app-1", "admin", "orders.read", "jobs.*", "platform.admin")
	plain := f.createKey(adminT1, keysPath, "admin", "orders.read").Key
	wide := f.createKey(adminT1, keysPath, "admin", "jobs.*").Key
	strong := f.createKey(platform, keysPath, "platform.admin", "orders.read").Key
	user, err := f.server.Issue(t.Context(), oauth.TokenRequest{ClientID: "app-1", UserID: "alice", Scopes: cpodkit.Scopes{"admin", "orders.read"}})
	f.must(err)
	tokens := map[string]string{
		"an admin key": adminT1, "a platform key": platform, "a key of the platform alone": onlyPlatform,
		"an app's key": plain, "an app's key with a wildcard": wide, "an app's key of the platform": strong, "a user": user,
	}
	for _, test := range []struct {
		who, scope string
		want       cpodkit.Code
	}{
		{"an admin key", "orders.read", ""},
		{"an admin key", "platform.admin", cpodkit.CodeInvalidScope},
		{"a platform key", "platform.admin", ""},
		{"a key of the platform alone", "orders.read", ""},
		{"an app's key", "admin", ""},
		{"an app's key", "orders.read", ""},
		{"an app's key", "jobs.read", cpodkit.CodeInvalidScope},
		{"an app's key", "platform.admin", cpodkit.CodeInvalidScope},
		{"an app's key with a wildcard", "jobs.read", ""},
		{"an app's key with a wildcard", "jobs.*", ""},
		{"an app's key with a wildcard", "orders.read", cpodkit.CodeInvalidScope},
		{"an app's key of the platform", "platform.admin", ""},
		{"an app's key of the platform", "orders.read", ""},
		{"an app's key of the platform", "admin", cpodkit.CodeInvalidScope},
		{"a user", "orders.read", ""},
		{"a user", "jobs.read", cpodkit.CodeInvalidScope},
	} {
		t.Run(test.who+" grants "+test.scope, func(t *testing.T) {
			f, token := &fixture{TB: t, handler: f.handler}, tokens[test.who]
			app := body(map[string]any{"client_id": "made", "declared_scopes": []string{test.scope}})
			w := f.call(http.MethodPost, "/v1/oauth/apps", token, app)
			wantProblem(f, w, test.want)
			if test.want == "" {
				wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/made", platform, ""), "")
			}
			wantProblem(f, f.call(http.MethodPost, keysPath, token, `{"name": "x", "scopes": ["`+test.scope+`"]}`), test.want)
		})
	}
	// A new secret is worth all that the app has declared.
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps/app-1/rotate-secret", plain, ""), cpodkit.CodeInvalidScope)
	f.register(adminT1, "app-2", "orders.read")
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps/app-2/rotate-secret", plain, ""), "")
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps/app-2/rotate-secret", wide, ""), cpodkit.CodeInvalidScope)
}

// An identity of a token is no admin key, whatever app another issuer names.
func TestATokenIsNoAdminKey(t *testing.T) {
	t.Parallel()
	for _, issuer := range []string{"", "https://elsewhere.example"} {
		want := cpodkit.Code("")
		if issuer != "" {
			want = cpodkit.CodeInvalidScope
		}
		f := newFixture(t)
		server := f.server.Routes()
		f.handler = webtest.Handler(server, webtest.As(cpodkit.Identity{
			TenantID: "t1", AppID: "cpod:admin", Issuer: issuer, Scopes: cpodkit.Scopes{"admin"},
		}))
		wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps", "", body(map[string]any{"declared_scopes": []string{"orders.read"}})), want)
	}
}

// Apps that were registered before the list was closed go on to work.
func TestScopesFromBefore(t *testing.T) {
	t.Parallel()
	apps := oauth.NewMemoryApps()
	f := newFixture(t, func(c *oauth.Config) { c.Apps = apps })
	c := f.register(platform, "app-1", "orders.read")
	app, err := apps.Get(t.Context(), "app-1")
	f.must(err)
	app.DeclaredScopes = cpodkit.Scopes{"storage.private.reed", "storage.*", "platform.*"}
	f.must(apps.Update(t.Context(), app))
	f.wantPing(f.token(c), "")
	f.wantPing(f.token(c, "scope", "storage.private.reed storage.*"), "")
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps/app-1/rotate-secret", adminT1, ""), cpodkit.CodeInvalidScope)
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps/app-1/rotate-secret", platform, ""), "")
}
