package oauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

// alter changes the one family that there is, as time would.
func (f *flow) alter(change func(*oauth.Family)) {
	f.Helper()
	page, err := f.grants.ListFamilies(f.Context(), oauth.GrantFilter{TenantID: "t1"}, "", 2)
	if err != nil || len(page) != 1 {
		f.Fatalf("%d families, %v", len(page), err)
	}
	change(&page[0])
	f.must(f.grants.UpdateFamily(f.Context(), page[0]))
}

func (f *flow) families() int {
	f.Helper()
	page, err := f.grants.ListFamilies(f.Context(), oauth.GrantFilter{TenantID: "t1"}, "", 1000)
	f.must(err)
	return len(page)
}

// TestAttacksOnCodes sends the code that ann gave to "shop" in other ways.
func TestAttacksOnCodes(t *testing.T) {
	t.Parallel()
	redeem := func(f *flow, c client, code string, changes ...string) *webtest.Answer {
		params := map[string]string{"grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": verifier}
		for i := 0; i < len(changes); i += 2 {
			params[changes[i]] = changes[i+1]
		}
		var list []string
		for name, value := range params {
			if value != "" {
				list = append(list, name, value)
			}
		}
		return f.serve(f.tokenCall(c, list...))
	}
	for _, row := range []struct {
		name   string
		attack func(f *flow, c client, code string) *webtest.Answer
		want   string
		ends   bool // nobody gets tokens with the code afterwards
	}{
		{"nothing", func(f *flow, c client, code string) *webtest.Answer { return redeem(f, c, code) }, "token", true},
		{"no verifier", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, c, code, "code_verifier", "")
		}, "400 invalid_grant", true},
		{"another verifier", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, c, code, "code_verifier", strings.Repeat("v", 43))
		}, "400 invalid_grant", true},
		{"the challenge as the verifier", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, c, code, "code_verifier", challengeOf(verifier))
		}, "400 invalid_grant", true},
		{"a longer verifier", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, c, code, "code_verifier", verifier+"A")
		}, "400 invalid_grant", true},
		{"another redirect", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, c, code, "redirect_uri", "http://localhost/cb")
		}, "400 invalid_grant", true},
		{"no redirect", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, c, code, "redirect_uri", "")
		}, "400 invalid_grant", true},
		{"by another app", func(f *flow, _ client, code string) *webtest.Answer {
			return redeem(f, f.app("evil", "web", "orders.read"), code)
		}, "400 invalid_grant", true},
		{"by another public app", func(f *flow, _ client, code string) *webtest.Answer {
			return redeem(f, f.app("evil", "browser", "orders.read"), code)
		}, "400 invalid_grant", true},
		{"without the secret", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, client{c.id, ""}, code)
		}, "401 invalid_client", false},
		{"with a wrong secret", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, client{c.id, "cs_x"}, code)
		}, "401 invalid_client", false},
		{"injected into a session with another verifier", func(f *flow, c client, code string) *webtest.Answer {
			f.code(c, "code_challenge", challengeOf(strings.Repeat("v", 43))) // of the victim
			return redeem(f, c, code, "code_verifier", strings.Repeat("v", 43))
		}, "400 invalid_grant", true},
		{"a bent code", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, c, code[:40]+"AAAA"+code[44:])
		}, "400 invalid_grant", false},
		{"a code with padding", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, c, code+"=")
		}, "400 invalid_grant", false},
		{"a code with a line break", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, c, code[:8]+"\n"+code[8:])
		}, "400 invalid_grant", false},
		{"half a code", func(f *flow, c client, code string) *webtest.Answer {
			return redeem(f, c, code[:len(code)/2])
		}, "400 invalid_grant", false},
		{"no code", func(f *flow, c client, _ string) *webtest.Answer { return redeem(f, c, "") }, "400 invalid_request", false},
		{"two codes", func(f *flow, c client, code string) *webtest.Answer {
			return f.serve(f.tokenCall(c, "grant_type", "authorization_code", "code", code, "code", code, "redirect_uri", callback, "code_verifier", verifier))
		}, "400 invalid_request", false},
		{"the code in the query", func(f *flow, c client, code string) *webtest.Answer {
			r := f.tokenCall(c, "grant_type", "authorization_code", "redirect_uri", callback, "code_verifier", verifier)
			r.URL.RawQuery = "code=" + code
			return f.serve(r)
		}, "400 invalid_request", false},
		{"the code as a refresh token", func(f *flow, c client, code string) *webtest.Answer {
			return f.refresh(c, "rt_"+code)
		}, "400 invalid_grant", false},
		{"a code that has expired", func(f *flow, c client, code string) *webtest.Answer {
			f.alter(func(family *oauth.Family) { family.ExpiresAt = time.Now() })
			return redeem(f, c, code)
		}, "400 invalid_grant", true},
		{"after the grant was removed", func(f *flow, c client, code string) *webtest.Answer {
			b := browser{f, "ann"}
			r := b.fixture.form("/v1/oauth/me/grants/shop")
			r.Method = http.MethodDelete
			b.send(r).WantStatus(f, http.StatusNoContent)
			return redeem(f, c, code)
		}, "400 invalid_grant", true},
		{"after the grant was removed and given anew", func(f *flow, c client, code string) *webtest.Answer {
			f.must(f.grants.DeleteGrant(f.Context(), "t1", "ann", "shop"))
			f.code(c)
			return redeem(f, c, code)
		}, "400 invalid_grant", true},
		{"after the user was ended", func(f *flow, c client, code string) *webtest.Answer {
			f.must(f.server.EndUser(f.Context(), "t1", "ann"))
			return redeem(f, c, code)
		}, "400 invalid_grant", true},
		{"for a later app of the same name", func(f *flow, _ client, code string) *webtest.Answer {
			f.call(http.MethodDelete, "/v1/oauth/apps/shop", adminT1, "").WantStatus(f, http.StatusNoContent)
			return redeem(f, f.app("shop", "web", "orders.read"), code)
		}, "400 invalid_grant", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t)
			c := f.app("shop", "web", "orders.read")
			code := f.code(c)
			if got := outcome(row.attack(f, c, code)); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if got := outcome(f.redeem(c, code)); (got != "token") != row.ends {
				t.Errorf("afterwards: %q", got)
			}
		})
	}
}

// Attack: a code is used twice, by its app or another one. That ends what it gave at first.
func TestCodeReplayEndsItsTokens(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"shop", "evil"} {
		f := newFlow(t)
		apps := map[string]client{"shop": f.app("shop", "web", "orders.read"), "evil": f.app("evil", "browser", "orders.read")}
		code := f.code(apps["shop"])
		first := f.tokens(f.redeem(apps["shop"], code))
		second := f.tokens(f.refresh(apps["shop"], first.RefreshToken))
		if got := outcome(f.redeem(apps[by], code)); got != "400 invalid_grant" {
			t.Errorf("by %s: %q", by, got)
		}
		for _, token := range []string{first.AccessToken, second.AccessToken} {
			f.wantPing(token, cpodkit.CodeTokenRevoked)
		}
		if got := outcome(f.refresh(apps["shop"], second.RefreshToken)); got != "400 invalid_grant" || f.families() != 0 {
			t.Errorf("by %s: the refresh token still works: %q", by, got)
		}
		if !strings.Contains(f.log.String(), "code used twice") {
			t.Error("the log does not tell")
		}
	}
}

// TestAttacksOnRefreshTokens uses the refresh token that ann's sign-in gave to "shop".
func TestAttacksOnRefreshTokens(t *testing.T) {
	t.Parallel()
	// later lets the time pass in which a refresh may be tried again.
	later := func(f *flow) {
		f.alter(func(family *oauth.Family) { family.RotatedAt = family.RotatedAt.Add(-oauth.RetryTime) })
	}
	for _, row := range []struct {
		name   string
		attack func(f *flow, c client, first userTokens) *webtest.Answer
		want   string
		ends   bool // the whole family, with its access tokens
	}{
		{"nothing", func(f *flow, c client, first userTokens) *webtest.Answer {
			return f.refresh(c, first.RefreshToken)
		}, "token", false},
		{"fewer scopes", func(f *flow, c client, first userTokens) *webtest.Answer {
			return f.refresh(c, first.RefreshToken, "scope", "orders.read")
		}, "token", false},
		{"a second time", func(f *flow, c client, first userTokens) *webtest.Answer {
			f.tokens(f.refresh(c, first.RefreshToken))
			later(f)
			return f.refresh(c, first.RefreshToken)
		}, "400 invalid_grant", true},
		{"a second time at once, after the next was used", func(f *flow, c client, first userTokens) *webtest.Answer {
			next := f.tokens(f.refresh(c, first.RefreshToken))
			f.tokens(f.refresh(c, next.RefreshToken))
			return f.refresh(c, first.RefreshToken)
		}, "400 invalid_grant", true},
		{"a made-up token of the family", func(f *flow, c client, first userTokens) *webtest.Answer {
			return f.refresh(c, first.RefreshToken[:40]+strings.Repeat("A", len(first.RefreshToken)-40))
		}, "400 invalid_grant", true},
		{"by another app", func(f *flow, _ client, first userTokens) *webtest.Answer {
			return f.refresh(f.app("evil", "browser", "orders.read"), first.RefreshToken)
		}, "400 invalid_grant", false},
		{"without the secret", func(f *flow, c client, first userTokens) *webtest.Answer {
			return f.refresh(client{c.id, ""}, first.RefreshToken)
		}, "401 invalid_client", false},
		{"more scopes", func(f *flow, c client, first userTokens) *webtest.Answer {
			return f.refresh(c, first.RefreshToken, "scope", "orders.read storage.user.read")
		}, "400 invalid_scope", false},
		{"the scope of administrators", func(f *flow, c client, first userTokens) *webtest.Answer {
			return f.refresh(c, first.RefreshToken, "scope", "admin")
		}, "400 invalid_scope", false},
		{"the access token as a refresh token", func(f *flow, c client, first userTokens) *webtest.Answer {
			return f.refresh(c, first.AccessToken)
		}, "400 invalid_grant", false},
		{"the refresh token as a code", func(f *flow, c client, first userTokens) *webtest.Answer {
			return f.redeem(c, strings.TrimPrefix(first.RefreshToken, "rt_"))
		}, "400 invalid_grant", false},
		{"the refresh token as a bearer token", func(f *flow, _ client, first userTokens) *webtest.Answer {
			return f.call(http.MethodGet, "/v1/ping", first.RefreshToken, "")
		}, "401 invalid_token", false},
		{"no token", func(f *flow, c client, _ userTokens) *webtest.Answer { return f.refresh(c, "") }, "400 invalid_request", false},
		{"unused for 30 days", func(f *flow, c client, first userTokens) *webtest.Answer {
			f.alter(func(family *oauth.Family) { family.ExpiresAt = family.ExpiresAt.Add(-oauth.RefreshIdleLife) })
			return f.refresh(c, first.RefreshToken)
		}, "400 invalid_grant", false},
		{"used for 180 days", func(f *flow, c client, first userTokens) *webtest.Answer {
			f.alter(func(family *oauth.Family) { family.CreatedAt = family.CreatedAt.Add(-oauth.RefreshLife) })
			next := f.tokens(f.refresh(c, first.RefreshToken)) // ends with it
			return f.refresh(c, next.RefreshToken)
		}, "400 invalid_grant", false},
		{"after it was revoked", func(f *flow, c client, first userTokens) *webtest.Answer {
			r := f.form("/v1/oauth/revoke", "token", first.RefreshToken)
			r.SetBasicAuth(c.id, c.secret)
			f.serve(r).WantStatus(f, http.StatusOK)
			return f.refresh(c, first.RefreshToken)
		}, "400 invalid_grant", true},
		{"after the app removed the grant", func(f *flow, c client, first userTokens) *webtest.Answer {
			f.call(http.MethodDelete, "/v1/oauth/me/grants/shop", first.AccessToken, "").WantStatus(f, http.StatusNoContent)
			return f.refresh(c, first.RefreshToken)
		}, "400 invalid_grant", true},
		{"beside the removal of the grant", func(f *flow, c client, first userTokens) *webtest.Answer {
			f.must(f.grants.DeleteGrant(f.Context(), "t1", "ann", "shop")) // its families come next
			return f.refresh(c, first.RefreshToken)
		}, "400 invalid_grant", true},
		{"after the user was ended", func(f *flow, c client, first userTokens) *webtest.Answer {
			f.must(f.server.EndUser(f.Context(), "t1", "ann"))
			return f.refresh(c, first.RefreshToken)
		}, "400 invalid_grant", true},
		{"for a later app of the same name", func(f *flow, _ client, first userTokens) *webtest.Answer {
			f.call(http.MethodDelete, "/v1/oauth/apps/shop", adminT1, "").WantStatus(f, http.StatusNoContent)
			return f.refresh(f.app("shop", "web", "orders.read"), first.RefreshToken)
		}, "400 invalid_grant", true},
		{"for scopes that came back", func(f *flow, c client, first userTokens) *webtest.Answer {
			for _, scopes := range []string{`["storage.user.read"]`, `["orders.read"]`} {
				f.call(http.MethodPatch, "/v1/oauth/apps/shop", adminT1, `{"declared_scopes": `+scopes+`}`).WantStatus(f, http.StatusOK)
			}
			return f.refresh(c, first.RefreshToken)
		}, "400 invalid_grant", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t)
			c := f.app("shop", "web", "orders.read", "storage.user.read", "admin")
			first := f.signInTo(c, "scope", "orders.read")
			w := row.attack(f, c, first)
			if got := outcome(w); got != row.want {
				t.Errorf("got %q, want %q: %s", got, row.want, w.Body)
			}
			want := cpodkit.Code("")
			if row.ends {
				want = cpodkit.CodeTokenRevoked
			}
			f.wantPing(first.AccessToken, want)
		})
	}
}

// Attack: a refresh token is used twice within the time for retries. A client that has lost
// the answer, or asked twice at once, gets the same refresh token again; so nobody has one more than the other, and the next use by both is found.
func TestRefreshIsRetried(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.app("shop", "browser", "orders.read")
	first := f.signInTo(c)
	lost, again := f.tokens(f.refresh(c, first.RefreshToken)), f.tokens(f.refresh(c, first.RefreshToken))
	if lost.RefreshToken != again.RefreshToken || lost.AccessToken == again.AccessToken {
		t.Errorf("got %+v and %+v", lost, again)
	}
	f.tokens(f.refresh(c, again.RefreshToken))
	f.alter(func(family *oauth.Family) { family.RotatedAt = family.RotatedAt.Add(-oauth.RetryTime) })
	if got := outcome(f.refresh(c, lost.RefreshToken)); got != "400 invalid_grant" {
		t.Errorf("the thief is not found: %q", got)
	}
	for _, token := range []string{first.AccessToken, lost.AccessToken, again.AccessToken} {
		f.wantPing(token, cpodkit.CodeTokenRevoked)
	}
}

// A family has 16 access tokens that are valid; one more ends the oldest.
func TestFamilyHasFewAccessTokens(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	c := f.app("shop", "browser", "orders.read")
	tokens := f.signInTo(c)
	all := []string{tokens.AccessToken}
	for range 17 {
		tokens = f.tokens(f.refresh(c, tokens.RefreshToken))
		all = append(all, tokens.AccessToken)
	}
	for i, token := range all {
		want := cpodkit.Code("")
		if i < 2 {
			want = cpodkit.CodeTokenRevoked
		}
		f.wantPing(token, want)
	}
	if page, err := f.grants.ListFamilies(t.Context(), oauth.GrantFilter{TenantID: "t1"}, "", 9); err != nil || len(page) != 1 || len(page[0].Tokens) != 16 {
		t.Errorf("the family is %+v, %v", page, err)
	}
}

// The limits for one user hold for that user of that app alone.
func TestLimitsPerUser(t *testing.T) {
	t.Parallel()
	f := newFlow(t, func(c *oauth.Config) { c.Limits.PerUser = 3 })
	c := f.app("shop", "browser", "orders.read")
	tokens := f.signInTo(c) // one of each
	for range 2 {
		tokens = f.tokens(f.refresh(c, tokens.RefreshToken))
		f.code(c)
	}
	if w := f.refresh(c, tokens.RefreshToken); outcome(w) != "429 temporarily_unavailable" || w.Header().Get("Retry-After") == "" {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := (browser{f, "ann"}).get(request(c.id)); outcome(w) != "page 429" || w.Header().Get("Retry-After") == "" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	f.door.signIn("bob", oauth.User{TenantID: "t1", ID: "bob", AuthTime: time.Now()})
	bob := browser{f, "bob"}
	f.tokens(f.redeem(c, f.answer(bob.decide(bob.get(request(c.id)), "allow")).Get("code")))
	if got := outcome(f.refresh(c, tokens.RefreshToken)); got != "429 temporarily_unavailable" {
		t.Errorf("a limited refresh token was used up, or not: %s", fmt.Sprint(got))
	}
}
