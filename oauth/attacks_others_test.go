package oauth_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// TestAttacksByOthers uses what ann gave to "shop" at one replica at another one: by another app
// or tenant, or with a secret that is no longer good.
func TestAttacksByOthers(t *testing.T) {
	t.Parallel()
	rotated := func(f *flow, c client) client {
		w := f.call(http.MethodPost, "/v1/oauth/apps/"+c.id+"/rotate-secret", adminT1, "")
		w.WantStatus(f, http.StatusOK)
		return client{c.id, webtest.Decode[app](f, w).ClientSecret}
	}
	exchange := func(f *flow, c client, token string) *webtest.Answer {
		return f.serve(f.tokenCall(c, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange",
			"subject_token", token, "subject_token_type", "urn:ietf:params:oauth:token-type:access_token"))
	}
	revoke := func(f *flow, c client, token string) *webtest.Answer {
		r := f.form("/v1/oauth/revoke", "token", token)
		r.SetBasicAuth(c.id, c.secret)
		return f.serve(r)
	}
	for _, row := range []struct {
		name   string
		attack func(a, b *flow, c client, code string, tokens userTokens) *webtest.Answer
		want   string
		lives  bool // the sign-in goes on afterwards
	}{
		{"a code by an app of another tenant", func(_, b *flow, _ client, code string, _ userTokens) *webtest.Answer {
			return b.redeem(b.appBy(adminT2, "evil", "web", "orders.read"), code)
		}, "400 invalid_grant", true},
		{"a code with the secret from before a rotation", func(a, b *flow, c client, code string, _ userTokens) *webtest.Answer {
			rotated(a, c)
			return b.redeem(c, code)
		}, "401 invalid_client", true},
		{"a code with the secret after a rotation, which is no attack", func(a, b *flow, c client, code string, _ userTokens) *webtest.Answer {
			return b.redeem(rotated(a, c), code)
		}, "token", true},
		{"a refresh token by an app of another tenant", func(_, b *flow, _ client, _ string, tokens userTokens) *webtest.Answer {
			return b.refresh(b.appBy(adminT2, "evil", "browser", "orders.read"), tokens.RefreshToken)
		}, "400 invalid_grant", true},
		{"a refresh token that was used, by another app", func(a, b *flow, c client, _ string, tokens userTokens) *webtest.Answer {
			a.tokens(a.refresh(c, tokens.RefreshToken))
			return b.refresh(b.app("evil", "browser", "orders.read"), tokens.RefreshToken)
		}, "400 invalid_grant", true},
		{"a refresh token with the secret from before a rotation", func(a, b *flow, c client, _ string, tokens userTokens) *webtest.Answer {
			rotated(a, c)
			return b.refresh(c, tokens.RefreshToken)
		}, "401 invalid_client", true},
		{"a refresh token after the grant was removed at another replica", func(a, b *flow, c client, _ string, tokens userTokens) *webtest.Answer {
			browser{a, "ann"}.remove("/v1/oauth/me/grants/shop").WantStatus(a, http.StatusNoContent)
			return b.refresh(c, tokens.RefreshToken)
		}, "400 invalid_grant", false},
		{"a code after the grant was removed at another replica", func(a, b *flow, c client, code string, _ userTokens) *webtest.Answer {
			browser{a, "ann"}.remove("/v1/oauth/me/grants/shop").WantStatus(a, http.StatusNoContent)
			return b.redeem(c, code)
		}, "400 invalid_grant", false},
		{"an access token exchanged by another app", func(_, b *flow, _ client, _ string, tokens userTokens) *webtest.Answer {
			return exchange(b, b.app("evil", "web", "orders.read"), tokens.AccessToken)
		}, "400 invalid_request", true},
		{"an access token exchanged by an app of another tenant", func(_, b *flow, _ client, _ string, tokens userTokens) *webtest.Answer {
			return exchange(b, b.appBy(adminT2, "evil", "web", "orders.read"), tokens.AccessToken)
		}, "400 invalid_request", true},
		{"an access token exchanged after its app was deleted", func(a, b *flow, c client, _ string, tokens userTokens) *webtest.Answer {
			a.call(http.MethodDelete, "/v1/oauth/apps/shop", adminT1, "").WantStatus(a, http.StatusNoContent)
			return exchange(b, c, tokens.AccessToken)
		}, "401 invalid_client", false},
		{"a refresh token revoked by another app", func(_, b *flow, _ client, _ string, tokens userTokens) *webtest.Answer {
			return revoke(b, b.app("evil", "web", "orders.read"), tokens.RefreshToken)
		}, "200", true},
		{"a refresh token revoked by an app of another tenant", func(_, b *flow, _ client, _ string, tokens userTokens) *webtest.Answer {
			return revoke(b, b.appBy(adminT2, "evil", "web", "orders.read"), tokens.RefreshToken)
		}, "200", true},
		{"a grant removed with a token of another app", func(a, b *flow, _ client, _ string, _ userTokens) *webtest.Answer {
			evil := a.signInTo(a.app("evil", "browser", "orders.read"))
			return b.call(http.MethodDelete, "/v1/oauth/me/grants/shop", evil.AccessToken, "")
		}, "404 not_found", true},
		{"the grants of a user by a token of another tenant", func(_, b *flow, _ client, _ string, _ userTokens) *webtest.Answer {
			b.door.signIn("eve", oauth.User{TenantID: "t2", ID: "ann", AuthTime: time.Now()})
			browser{b, "eve"}.remove("/v1/oauth/me/grants/shop")
			return b.call(http.MethodGet, "/v1/oauth/me/grants", b.token(b.appBy(adminT2, "evil", "web", "orders.read")), "")
		}, "403 user_required", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newFlows(t, 2)
			c := r[0].app("shop", "web", "orders.read")
			tokens, code := r[0].signInTo(c), r[0].code(c)
			w := row.attack(r[0], r[1], c, code, tokens)
			if got := outcome(w); got != row.want {
				t.Errorf("got %q, want %q: %s", got, row.want, w.Body)
			}
			want := cpodkit.Code("")
			if !row.lives {
				want = cpodkit.CodeTokenRevoked
			}
			for _, f := range r {
				f.wantPing(tokens.AccessToken, want)
			}
		})
	}
}

// Attack: a user who was disabled at one replica goes on at another one, with a session, a code,
// a refresh token or an access token.
func TestDisabledUser(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"disabled", "deleted", "given another password"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			store, accounts := oauth.NewMemorySessions(), localusers.NewMemory()
			var r []*flow
			users, err := localusers.New(accounts, issuer, localusers.WithCost(cheap), localusers.WithEnded(func(ctx context.Context, tenantID, userID string) error {
				if _, err := store.DeleteUser(ctx, tenantID, userID); err != nil {
					return err
				}
				return r[0].server.EndUser(ctx, tenantID, userID)
			}))
			if err != nil {
				t.Fatal(err)
			}
			limiter, err := ratelimit.New(ratelimit.NewMemory())
			if err != nil {
				t.Fatal(err)
			}
			var shared oauth.Config
			for range 2 { // each has its own Sessions, over one store
				f := newFlow(t, func(c *oauth.Config) {
					if len(r) > 0 {
						*c = shared
					}
					c.SignIn, err = oauth.NewSessions(oauth.SessionsConfig{
						PublicURL: issuer, Store: store, Secret: []byte("0123456789abcdef"), Apps: c.Apps, Local: users, Limiter: limiter,
					})
					if err != nil {
						t.Fatal(err)
					}
					shared = *c
				})
				f.grants = shared.Grants
				r = append(r, f)
			}
			link, err := users.Invite(t.Context(), localusers.NewUser{TenantID: "t1", Email: "ann@example.com"})
			r[0].must(err)
			ann, err := users.UseLink(t.Context(), strings.TrimPrefix(link.URL, issuer+"/invite/"), goodPassword)
			r[0].must(err)
			now := time.Now()
			r[0].must(store.Create(t.Context(), oauth.Session{
				Digest: sha256.Sum256([]byte("cookie")), ID: "s", TenantID: "t1", UserID: ann.ID, AuthTime: now.Add(time.Second),
				CreatedAt: now, EndsAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
			}))
			authorize := func(f *flow) *webtest.Answer {
				b := browser{f, "cookie"}
				w := b.get(request("shop"))
				if outcome(w) == "question" {
					w = b.decide(w, "allow")
				}
				return w
			}
			c := r[0].app("shop", "web", "orders.read")
			tokens := r[0].tokens(r[1].redeem(c, r[0].answer(authorize(r[0])).Get("code")))
			code := r[0].answer(authorize(r[1])).Get("code")
			r[1].wantPing(tokens.AccessToken, "")

			switch disabled := true; how {
			case "disabled":
				_, err = users.Change(t.Context(), "t1", ann.ID, localusers.Change{Disabled: &disabled})
			case "deleted":
				_, err = users.Delete(t.Context(), "t1", ann.ID)
			default:
				link, err = users.Reset(t.Context(), "t1", ann.ID)
				r[0].must(err)
				_, err = users.UseLink(t.Context(), link.URL[strings.LastIndexByte(link.URL, '/')+1:], goodPassword+"!")
			}
			r[0].must(err)
			for i, f := range r {
				f.wantPing(tokens.AccessToken, cpodkit.CodeTokenRevoked)
				for what, got := range map[string][2]string{
					"session":       {outcome(authorize(f)), "login"},
					"refresh token": {outcome(f.refresh(c, tokens.RefreshToken)), "400 invalid_grant"},
					"code":          {outcome(f.redeem(c, code)), "400 invalid_grant"},
				} {
					if got[0] != got[1] {
						t.Errorf("the %s at replica %d: %s, want %s", what, i, got[0], got[1])
					}
				}
			}
		})
	}
}

// ending is a store of grants that does something once, before it stores a grant or a family.
type ending struct {
	oauth.GrantStore

	grant, family func()
}

func (e *ending) PutGrant(ctx context.Context, g oauth.Grant) error {
	if do := e.grant; do != nil {
		e.grant = nil
		do()
	}
	return e.GrantStore.PutGrant(ctx, g)
}

func (e *ending) CreateFamily(ctx context.Context, f oauth.Family) error {
	if do := e.family; do != nil {
		e.family = nil
		do()
	}
	return e.GrantStore.CreateFamily(ctx, f)
}

// Attack: a user who is ended answers the question, or goes back to an app, at the same moment.
// No grant and no code is left of it.
func TestConsentBesideTheEndOfTheUser(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		store := &ending{GrantStore: oauth.NewMemoryGrants()}
		f := newFlow(t, func(c *oauth.Config) { c.Grants = store })
		f.grants = store
		c := f.app("shop", "web", "orders.read")
		ann := browser{f, "ann"}
		end := func() {
			f.door.mu.Lock()
			delete(f.door.sessions, "ann") // sessions go first
			f.door.mu.Unlock()
			f.must(f.server.EndUser(t.Context(), "t1", "ann"))
		}
		var w *webtest.Answer
		if again {
			f.signInTo(c)
			store.family = end
			w = ann.get(request(c.id))
		} else {
			page := ann.get(request(c.id))
			store.grant = end
			w = ann.decide(page, "allow")
		}
		if got := f.answer(w); got.Get("error") != "login_required" || got.Has("code") {
			t.Errorf("again %v: the app gets %v", again, got)
		}
		grants, err := store.ListGrants(t.Context(), "t1", "ann", "", 10)
		if f.must(err); len(grants) != 0 || f.families() != 0 {
			t.Errorf("again %v: %d grants and %d families are left", again, len(grants), f.families())
		}
	}
}

// Attack: an app exchanges a token of its own while the grant is removed. What it gets does not
// outlive the grant.
func TestExchangeBesideTheRemovalOfTheGrant(t *testing.T) {
	t.Parallel()
	store := &ending{GrantStore: oauth.NewMemoryGrants()}
	f := newFlow(t, func(c *oauth.Config) { c.Grants = store })
	f.grants = store
	c := f.app("shop", "web", "orders.read")
	tokens := f.signInTo(c)
	store.family = func() {
		browser{f, "ann"}.remove("/v1/oauth/me/grants/shop").WantStatus(t, http.StatusNoContent)
	}
	w := f.serve(f.tokenCall(c, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", tokens.AccessToken,
		"subject_token_type", "urn:ietf:params:oauth:token-type:access_token"))
	if got := outcome(w); got != "400 invalid_request" || f.families() != 0 {
		t.Errorf("got %q, and %d families are left", got, f.families())
	}
}
