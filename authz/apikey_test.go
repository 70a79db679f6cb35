package authz_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// keyStore is a KeyStore in a map. A nil one does not answer.
type keyStore map[authz.KeyDigest]authz.APIKey

func (s keyStore) Find(_ context.Context, digest authz.KeyDigest) (authz.APIKey, error) {
	if s == nil {
		return authz.APIKey{}, errDown
	}
	key, ok := s[digest]
	if !ok {
		return authz.APIKey{}, cpodkit.CodeNotFound
	}
	return key, nil
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		forever, hour, odd := authz.NewAPIKey(), authz.NewAPIKey(), authz.NewAPIKey()
		store := keyStore{
			authz.DigestOf(forever): {ID: "k1", TenantID: "t1", AppID: "a1", Scopes: cpodkit.Scopes{"admin"}},
			authz.DigestOf(hour):    {ID: "k2", TenantID: "t1", AppID: "a1", ExpiresAt: time.Now().Add(time.Hour)},
			authz.DigestOf(odd):     {ID: "k3", TenantID: "..", AppID: "a1"},
			authz.DigestOf("admin"): {ID: "k4", TenantID: "t1", AppID: "a1"}, // not a key by its form
		}
		v, err := authz.NewAPIKeys(store)
		must(t, err)
		check := func(key string, want cpodkit.Code) {
			t.Helper()
			_, err := v.Verify(t.Context(), key)
			wantCode(t, err, want)
		}
		id, err := v.Verify(t.Context(), forever)
		must(t, err)
		if id.TenantID != "t1" || id.AppID != "a1" || id.TokenID != "k1" || id.Issuer != "" || id.KeyDigest != authz.DigestOf(forever).String() || !id.Scopes.Covers("admin") {
			t.Errorf("the identity is %+v", id)
		}
		check(hour, "")
		check(odd, cpodkit.CodeInvalidToken)
		for _, unknown := range []string{
			"", "cpod_", "admin", authz.NewAPIKey(), forever + "x", forever[:len(forever)-1],
			strings.ToUpper(forever), "cpod_" + strings.Repeat("x", 600),
		} {
			check(unknown, cpodkit.CodeInvalidToken)
		}
		time.Sleep(time.Hour)
		check(hour, cpodkit.CodeTokenExpired)
		check(forever, "")
		delete(store, authz.DigestOf(forever))
		check(forever, cpodkit.CodeInvalidToken) // at once
	})
}

func TestKeyDigestAsText(t *testing.T) {
	t.Parallel()
	want := authz.DigestOf("x")
	text := want.String()
	if got, ok := authz.ParseKeyDigest(text); !ok || got != want || len(text) != 64 {
		t.Errorf("%s is read as %s, %t", text, got, ok)
	}
	for _, wrong := range []string{"", "0", text[1:], text + "0", text + "00", "g" + text[1:], strings.Repeat("0", 62) + "0\x00"} {
		if got, ok := authz.ParseKeyDigest(wrong); ok {
			t.Errorf("%q is read as %s", wrong, got)
		}
	}
}

func TestAPIKeyStoreDownIsUnavailable(t *testing.T) {
	t.Parallel()
	v, err := authz.NewAPIKeys(keyStore(nil))
	must(t, err)
	_, err = v.Verify(t.Context(), authz.NewAPIKey())
	wantCode(t, err, cpodkit.CodeUnavailable)
}

func TestNewAPIKeyHas256Bits(t *testing.T) {
	t.Parallel()
	a, b := authz.NewAPIKey(), authz.NewAPIKey()
	if a == b || len(a) != len("cpod_")+43 || !strings.HasPrefix(a, authz.APIKeyPrefix) {
		t.Errorf("the keys are %d bytes long", len(a))
	}
}

func TestAnyChoosesByPrefix(t *testing.T) {
	t.Parallel()
	named := func(name string) authz.Verifier {
		return authz.VerifierFunc(func(context.Context, string) (cpodkit.Identity, error) {
			return cpodkit.Identity{TokenID: name}, nil
		})
	}
	v := authz.Any(named("keys"), named("tokens"))
	for token, want := range map[string]string{"cpod_x": "keys", "cpod": "tokens", "CPOD_x": "tokens", "e.e.e": "tokens", "": "tokens"} {
		if id, _ := v.Verify(t.Context(), token); id.TokenID != want {
			t.Errorf("%q went to the %s", token, id.TokenID)
		}
	}
}
