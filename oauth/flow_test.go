package oauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/oauth"
)

func TestCodeFlow(t *testing.T) {
	t.Parallel()
	for _, appType := range []string{"web", "browser"} {
		t.Run(appType, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t)
			c := f.app("shop", appType, "storage.user.*", "orders.read", "admin")
			stranger, ann := browser{f, ""}, browser{f, "ann"}

			// Nobody is signed in: sign in, and come back.
			login := stranger.get(request(c.id, "login_hint", "ann@example.com"))
			target, err := url.Parse(login.Header().Get("Location"))
			f.must(err)
			returnTo := target.Query().Get("return_to")
			if login.Code != http.StatusSeeOther || target.Path != "/login" || !strings.Contains(returnTo, "login_hint=ann%40example.com") {
				t.Fatalf("got %d %v", login.Code, login.Header())
			}

			page := ann.get(returnTo)
			for _, want := range []string{"App shop", "ann@example.com", "t1", "app.example.com", "your data that apps have stored", "orders.read", ">Deny<"} {
				if !strings.Contains(page.Body.String(), want) {
					t.Errorf("the page lacks %q:\n%s", want, page.Body)
				}
			}
			if strings.Contains(page.Body.String(), "admin") {
				t.Errorf("a user is asked for an administrator's scope:\n%s", page.Body)
			}
			answer := f.answer(ann.decide(page, "allow"))
			if answer.Get("state") != "s t&ate" || len(answer) != 3 {
				t.Errorf("the app gets %v", answer)
			}
			got := f.tokens(f.redeem(c, answer.Get("code")))
			if got.Scope != "storage.user.* orders.read" || got.TokenType != "Bearer" || got.ExpiresIn != 3600 || !strings.HasPrefix(got.RefreshToken, "rt_") {
				t.Errorf("got %+v", got)
			}
			f.wantPing(got.AccessToken, "")
			claims := claimsOf(f.fixture, got.AccessToken)
			if claims["sub"] != "ann" || claims["userId"] != "ann" || claims["tenantId"] != "t1" || claims["appId"] != "shop" || claims["client_id"] != "shop" {
				t.Errorf("the claims are %v", claims)
			}

			// What is granted is not asked for again.
			again := f.answer(ann.get(request(c.id)))
			if again.Get("code") == "" {
				t.Errorf("the app gets %v", again)
			}
			next := f.tokens(f.refresh(c, got.RefreshToken))
			f.wantPing(next.AccessToken, "")
			if next.RefreshToken == got.RefreshToken || next.Scope != got.Scope {
				t.Errorf("the refresh gives %+v", next)
			}
		})
	}
}

// The user reads what each scope of this API permits; an app's own is shown as it is.
func TestScopesInWords(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	scopes := append(oauth.KnownScopes(), "jobs.*", "storage.private.*", "masking.*", "orders.read")
	f.appBy(platform, "all", "web", scopes...)
	page := browser{f, "ann"}.get(request("all")).Body.String()
	if strings.Count(page, "Use “") != 1 || !strings.Contains(page, "Use “orders.read” of the app") {
		t.Errorf("a scope has no words:\n%s", page)
	}
	if items := strings.Count(page, "<li>"); items != len(scopes)-2 { // without those of administrators
		t.Errorf("%d scopes are shown of %d", items, len(scopes))
	}
}
