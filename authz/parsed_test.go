package authz_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// downKeys is a source that does not answer.
type downKeys struct{}

func (downKeys) Key(context.Context, string) (*authz.VerificationKey, error) {
	return nil, errors.New("down")
}

func (downKeys) Generation() uint64 { return 0 }

func TestParsedJWT(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	alone, err := authz.ParseKeySet(jwks(publicJWK(esKey, "ES256", k[esKey].Public())))
	must(t, err)
	two, err := authz.ParseKeySet(jwks(publicJWK(esKey, "ES256", k[esKey].Public()), publicJWK(rsKey, "RS256", k[rsKey].Public())))
	must(t, err)
	claims := `{"iss":"i","sub":"s","jti":"j","iat":1,"exp":2.5,"nonce":"n"}`
	signed := func(keyID, header string) string {
		f := newForgery(k, keyID, authz.ES256)
		f.rawHeader, f.rawClaims = header, claims
		return f.token()
	}
	sign := func(header string) string { return signed(esKey, header) }
	for _, row := range []struct {
		name, token string
		keys        authz.KeySource
		types       []string
		want        cpodkit.Code
	}{
		{"a good one", sign(`{"alg":"ES256","kid":"` + esKey + `","typ":"JWT"}`), two, []string{"JWT"}, ""},
		{"without a typ", sign(`{"alg":"ES256","kid":"` + esKey + `"}`), two, []string{"", "JWT"}, ""},
		{"without a typ that is needed", sign(`{"alg":"ES256","kid":"` + esKey + `"}`), two, []string{"JWT"}, cpodkit.CodeInvalidToken},
		{"an access token", sign(`{"alg":"ES256","kid":"` + esKey + `","typ":"at+jwt"}`), two, []string{"", "JWT"}, cpodkit.CodeInvalidToken},
		{"without a kid, one key", sign(`{"alg":"ES256"}`), alone, []string{""}, ""},
		{"without a kid, two keys", sign(`{"alg":"ES256"}`), two, []string{""}, cpodkit.CodeInvalidToken},
		{"an empty kid", sign(`{"alg":"ES256","kid":""}`), alone, []string{""}, cpodkit.CodeInvalidToken},
		{"a kid that is a number", sign(`{"alg":"ES256","kid":1}`), alone, []string{""}, cpodkit.CodeInvalidToken},
		{"an unknown kid", sign(`{"alg":"ES256","kid":"x"}`), alone, []string{""}, cpodkit.CodeInvalidToken},
		{"another algorithm", sign(`{"alg":"ES384"}`), alone, []string{""}, cpodkit.CodeInvalidToken},
		{"critical", sign(`{"alg":"ES256","crit":["exp"]}`), alone, []string{""}, cpodkit.CodeInvalidToken},
		{"another key", signed(strayKey, `{"alg":"ES256"}`), alone, []string{""}, cpodkit.CodeInvalidToken},
		{"no keys", sign(`{"alg":"ES256","kid":"x"}`), downKeys{}, []string{""}, cpodkit.CodeUnavailable},
	} {
		p, err := authz.ParseJWT(row.token)
		must(t, err)
		c, err := p.Verify(t.Context(), row.keys, row.types...)
		if cpodkit.CodeOf(err) != row.want {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
		nonce, _ := c.Text("nonce")
		if at, ok := c.Time("exp"); err == nil && (c.Issuer != "i" || c.Subject != "s" || c.TokenID != "j" || nonce != "n" || !ok || at != time.Unix(2, 5e8).UTC()) {
			t.Errorf("%s: the claims are %+v", row.name, c)
		}
		if _, ok := c.Time("nbf"); ok {
			t.Errorf("%s: nbf is there", row.name)
		}
	}
	for _, broken := range []string{"", "x", "a.b.c", strings.Repeat("x", authz.MaxToken+1), "\n" + sign(`{}`)} {
		if _, err := authz.ParseJWT(broken); cpodkit.CodeOf(err) != cpodkit.CodeInvalidToken {
			t.Errorf("%.20q: %v", broken, err)
		}
	}
}
