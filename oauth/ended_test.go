package oauth_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

// wantEnded checks whether what a credential made may still be used.
func (f *fixture) wantEnded(what string, c oauth.Credential, want bool) {
	f.Helper()
	if got, err := f.server.Ended(f.Context(), c); got != want || err != nil {
		f.Errorf("%s: what %+v made has ended: %t, %v; want %t", what, c, got, err, want)
	}
}

// ofKey is a credential that is an API key of app-1, and ofToken one that is a token.
func ofKey(key apiKey, scope string) oauth.Credential {
	return oauth.Credential{TenantID: "t1", AppID: "app-1", TokenID: key.ID, KeyDigest: authz.DigestOf(key.Key).String(), Scope: scope}
}

func (f *fixture) ofToken(token string) oauth.Credential {
	return oauth.Credential{TenantID: "t1", AppID: "app-1", TokenID: claimsOf(f, token)["jti"].(string), Scope: "storage.private.read"}
}

// old returns the credential as an older version kept it.
func old(c oauth.Credential) oauth.Credential {
	c.KeyDigest, c.IsOld = "", true
	return c
}

func TestWhatAKeyMadeEndsWithIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const read, write = "storage.private.read", "storage.private.write"
	f.register(adminT1, "app-1", read, write)
	both, other := f.createKey(adminT1, keysPath, read, write), f.createKey(adminT1, keysPath, read)
	for _, form := range []func(oauth.Credential) oauth.Credential{func(c oauth.Credential) oauth.Credential { return c }, old} {
		f.wantEnded("a key", form(ofKey(both, read)), false)
		f.wantEnded("a scope that it lacks", form(ofKey(other, write)), true)
		stranger := form(ofKey(both, read))
		stranger.TenantID = "t2"
		f.wantEnded("another tenant", stranger, true)
		stranger = form(ofKey(both, read))
		stranger.AppID = "app-2"
		f.wantEnded("another app", stranger, true)
		stranger = form(ofKey(both, read))
		stranger.TokenID = "key-0"
		f.wantEnded("another key", stranger, true)
	}
	forms := func(what string, key apiKey, scope string, want bool) {
		t.Helper()
		f.wantEnded(what, ofKey(key, scope), want)
		f.wantEnded(what+", of before", old(ofKey(key, scope)), want)
	}
	wantProblem(f, f.change(adminT1, `{"declared_scopes": ["storage.private.read"]}`), "")
	forms("the scope was taken away", both, write, true)
	forms("another scope was taken away", both, read, false)
	wantProblem(f, f.change(adminT1, `{"declared_scopes": ["storage.private.*"]}`), "")
	forms("the scope was declared again", both, write, true)
	wantProblem(f, f.call(http.MethodDelete, keysPath+"/"+both.ID, adminT1, ""), "")
	forms("the key was deleted", both, read, true)
	forms("another key was deleted", other, read, false)
	wantProblem(f, f.call(http.MethodDelete, appPath, adminT1, ""), "")
	forms("the app was deleted", other, read, true)
	for _, admin := range []string{adminT1, adminT2} {
		f.register(admin, "app-1", read, write)
		f.createKey(admin, keysPath, read)
		forms("the client_id was taken again by "+admin, other, read, true)
		wantProblem(f, f.call(http.MethodDelete, appPath, admin, ""), "")
	}
	f.wantEnded("no app is known", oauth.Credential{TenantID: "t1", TokenID: other.ID, IsOld: true, Scope: read}, false)
}

// The keys of an app that is being deleted have ended, also where that was not finished.
func TestWhatAKeyMadeEndsWithADeletion(t *testing.T) {
	t.Parallel()
	store := &brokenKeys{MemoryKeys: oauth.NewMemoryKeys(), deleteAll: errDown}
	f := newFixture(t, func(c *oauth.Config) { c.Keys = store })
	f.register(adminT1, "app-1", "storage.private.read")
	key := f.createKey(adminT1, keysPath, "storage.private.read")
	wantProblem(f, f.call(http.MethodDelete, appPath, adminT1, ""), cpodkit.CodeInternal)
	f.wantEnded("half deleted", ofKey(key, "storage.private.read"), true)
	f.wantEnded("half deleted", old(ofKey(key, "storage.private.read")), true)
}

func TestWhatATokenMadeEndsWithIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.register(adminT1, "app-1", "storage.private.read", "orders.read")
	one, two := f.token(c), f.token(c)
	wantProblem(f, f.serve(f.revoke(c, "token", one)), "")
	f.wantEnded("revoked", f.ofToken(one), true)
	f.wantEnded("another one was revoked", f.ofToken(two), false)
	f.wantEnded("of before", old(f.ofToken(two)), false)
	wantProblem(f, f.change(adminT1, `{"declared_scopes": ["storage.private.read"]}`), "")
	f.wantEnded("a scope was taken away", f.ofToken(two), true)
	three := f.token(c)
	wantProblem(f, f.call(http.MethodDelete, appPath, adminT1, ""), "")
	f.wantEnded("the app was deleted", f.ofToken(three), true)
	f.register(adminT1, "app-1", "storage.private.read")
	f.wantEnded("the client_id was taken again", f.ofToken(three), true)
	f.wantEnded("the same, of before", old(f.ofToken(three)), true)
	odd := oauth.Credential{TenantID: "t1", AppID: "app-1", TokenID: "key-of-another-issuer"}
	f.wantEnded("a token that is called as a key", odd, false)
}

// What a credential made goes on when the credential expires, and stays ended for as
// long as it could live.
func TestWhatACredentialMadeOutlivesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		c := f.register(adminT1, "app-1", "storage.private.read")
		kept, revoked := f.ofToken(f.token(c)), f.token(c)
		key := webtest.Decode[apiKey](f, f.call(http.MethodPost, keysPath, adminT1,
			`{"name": "x", "scopes": ["storage.private.read"], "expiresIn": 60}`))
		wantProblem(f, f.serve(f.revoke(c, "token", revoked)), "")
		time.Sleep(7 * 24 * time.Hour)
		f.wantEnded("expired", kept, false)
		f.wantEnded("expired", ofKey(key, "storage.private.read"), false)
		f.wantEnded("revoked", f.ofToken(revoked), true)
	})
}

// Without an answer of the store nobody knows.
func TestEndedWithoutAStore(t *testing.T) {
	t.Parallel()
	keys := &brokenKeys{MemoryKeys: oauth.NewMemoryKeys()}
	apps := &brokenApps{MemoryApps: oauth.NewMemoryApps()}
	f := newFixture(t, func(c *oauth.Config) { c.Keys, c.Apps = keys, apps })
	f.register(adminT1, "app-1", "storage.private.read")
	key := ofKey(f.createKey(adminT1, keysPath, "storage.private.read"), "storage.private.read")
	down := fmt.Errorf("%w: %w", cpodkit.CodeUnavailable, errDown)
	for name, fail := range map[string]func(error){
		"keys": func(err error) { keys.all = err },
		"apps": func(err error) { apps.all = err },
	} {
		fail(down)
		for _, c := range []oauth.Credential{key, old(key)} {
			if ended, err := f.server.Ended(t.Context(), c); ended || cpodkit.CodeOf(err) != cpodkit.CodeUnavailable {
				t.Errorf("%s: %t, %v", name, ended, err)
			}
		}
		fail(nil)
	}
	f.wantEnded("afterwards", key, false)
}
