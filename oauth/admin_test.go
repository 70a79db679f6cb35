package oauth_test

import (
	"net/http"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

// A platform administrator reaches the apps of all tenants, with or without the
// scope of an ordinary one.
func TestPlatformAdministratorReachesAllTenants(t *testing.T) {
	t.Parallel()
	for _, token := range []string{platform, onlyPlatform} {
		f := newFixture(t)
		f.register(adminT1, "app-1", "orders.read")
		two := f.register(adminT2, "app-2", "orders.read")

		var got []string
		for query := "?limit=1"; ; {
			page := listApps(f, token, query)
			for _, a := range page.Items {
				got = append(got, a.ClientID+" of "+a.TenantID)
			}
			if page.NextCursor == "" {
				break
			}
			query = "?limit=1&cursor=" + page.NextCursor
		}
		if len(got) != 2 || got[0] != "app-1 of t1" || got[1] != "app-2 of t2" {
			t.Errorf("%s lists %v", token, got)
		}
		w := f.call(http.MethodGet, "/v1/oauth/apps/app-2", token, "")
		if a := webtest.Decode[app](f, w); a.TenantID != "t2" {
			t.Errorf("%s reads %+v", token, a)
		}
		key := f.createKey(token, "/v1/oauth/apps/app-2/keys", "orders.read")
		f.wantPing(key.Key, "")
		w = f.call(http.MethodPost, "/v1/oauth/apps/app-2/rotate-secret", token, "")
		rotated := webtest.Decode[app](f, w)
		wantOAuth(f, f.serve(f.tokenRequest(two)), http.StatusUnauthorized, "invalid_client")
		access := f.token(client{"app-2", rotated.ClientSecret})
		if claims := claimsOf(f, access); claims["tenantId"] != "t2" {
			t.Errorf("the claims are %v", claims)
		}
		wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-2/keys/"+key.ID, token, ""), "")
		wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-2", token, ""), "")
		f.wantPing(access, cpodkit.CodeTokenRevoked)

		// What it registers joins its own tenant.
		home := admins[token].TenantID
		if a := f.registerAs(token, "app-home", "service", "admin", "platform.admin"); a.TenantID != home {
			t.Errorf("%s registered %+v", token, a)
		}
		if claims := claimsOf(f, f.token(client{"app-1", webtest.Decode[app](f,
			f.call(http.MethodPost, "/v1/oauth/apps/app-1/rotate-secret", token, "")).ClientSecret})); claims["tenantId"] != "t1" {
			t.Errorf("the claims are %v", claims)
		}
	}
}

func TestAnAdministratorSeesNoTenants(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(platform, "app-1")
	f.register(adminT2, "app-2")
	items := listApps(f, adminT1, "").Items
	if len(items) != 1 || items[0].ClientID != "app-1" || items[0].TenantID != "" {
		t.Errorf("listed %+v", items)
	}
	for _, id := range []string{"app-2", "app-0"} {
		wantProblem(f, f.call(http.MethodGet, "/v1/oauth/apps/"+id, adminT1, ""), cpodkit.CodeNotFound)
	}
}

// A new secret would give an administrator all that the app has declared.
func TestAnAdministratorGetsNoSecretThatIsWorthMore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	strong := f.register(platform, "app-1", "platform.admin")
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps/app-1/rotate-secret", adminT1, ""), cpodkit.CodeInvalidScope)
	f.token(strong)
	wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps/app-1/rotate-secret", platform, ""), "")
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT1, ""), "")
}

func TestIssue(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(adminT2, "app-1", "orders.read", "jobs.*")
	for _, test := range []struct {
		name    string
		request oauth.TokenRequest
		want    cpodkit.Code // CodeInternal for an error without a code
	}{
		{"for the app", oauth.TokenRequest{ClientID: "app-1", Scopes: cpodkit.Scopes{"orders.read", "jobs.read"}}, ""},
		{"for a user", oauth.TokenRequest{ClientID: "app-1", TenantID: "t2", UserID: "alice", Scopes: cpodkit.Scopes{"jobs.*"}, TTL: 60e9}, ""},
		{"an unknown app", oauth.TokenRequest{ClientID: "app-0", Scopes: cpodkit.Scopes{"orders.read"}}, cpodkit.CodeNotFound},
		{"no app", oauth.TokenRequest{Scopes: cpodkit.Scopes{"orders.read"}}, cpodkit.CodeNotFound},
		{"an app of another tenant", oauth.TokenRequest{ClientID: "app-1", TenantID: "t1", Scopes: cpodkit.Scopes{"orders.read"}}, cpodkit.CodeNotFound},
		{"a user that is no id", oauth.TokenRequest{ClientID: "app-1", UserID: "..", Scopes: cpodkit.Scopes{"orders.read"}}, cpodkit.CodeBadRequest},
		{"no scope", oauth.TokenRequest{ClientID: "app-1"}, cpodkit.CodeBadRequest},
		{"a scope not declared", oauth.TokenRequest{ClientID: "app-1", Scopes: cpodkit.Scopes{"orders.write"}}, cpodkit.CodeBadRequest},
		{"a scope that is none", oauth.TokenRequest{ClientID: "app-1", Scopes: cpodkit.Scopes{"Orders"}}, cpodkit.CodeBadRequest},
		{"for too long", oauth.TokenRequest{ClientID: "app-1", Scopes: cpodkit.Scopes{"orders.read"}, TTL: oauth.MaxTokenTTL + 1e9}, cpodkit.CodeInternal},
		{"for half a second", oauth.TokenRequest{ClientID: "app-1", Scopes: cpodkit.Scopes{"orders.read"}, TTL: 5e8}, cpodkit.CodeInternal},
	} {
		token, err := f.server.Issue(t.Context(), test.request)
		if got := cpodkit.CodeOf(err); got != test.want {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
		if err != nil {
			continue
		}
		f.wantPing(token, "")
		claims := claimsOf(f, token)
		life := claims["exp"].(float64) - claims["iat"].(float64)
		if test.request.UserID != "" {
			if claims["sub"] != "alice" || claims["userId"] != "alice" || life != 60 || claims["scope"] != "jobs.*" {
				t.Errorf("%s: the claims are %v", test.name, claims)
			}
		} else if _, user := claims["userId"]; user || claims["sub"] != "app-1" || life != 3600 || claims["tenantId"] != "t2" {
			t.Errorf("%s: the claims are %v", test.name, claims)
		}
	}
	token, err := f.server.Issue(t.Context(), oauth.TokenRequest{ClientID: "app-1", Scopes: cpodkit.Scopes{"orders.read"}})
	f.must(err)
	wantProblem(f, f.call(http.MethodDelete, "/v1/oauth/apps/app-1", adminT2, ""), "")
	f.wantPing(token, cpodkit.CodeTokenRevoked)
}
