package oauth_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
)

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// signing is a private key of an app, with its public JWK.
type signing struct {
	algorithm string
	private   crypto.Signer
	jwk       map[string]any
}

func newSigning(t testing.TB, algorithm, kid string) signing {
	t.Helper()
	s := signing{algorithm: algorithm, jwk: map[string]any{"kid": kid, "use": "sig", "alg": algorithm}}
	switch algorithm {
	case authz.ES256, authz.ES384, authz.ES512:
		curve := map[string]elliptic.Curve{authz.ES256: elliptic.P256(), authz.ES384: elliptic.P384(), authz.ES512: elliptic.P521()}[algorithm]
		private, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		point, err := private.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		half := (len(point) - 1) / 2
		s.private = private
		maps.Copy(s.jwk, map[string]any{"kty": "EC", "crv": curve.Params().Name, "x": b64(point[1 : 1+half]), "y": b64(point[1+half:])})
	case authz.EdDSA:
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		s.private = private
		maps.Copy(s.jwk, map[string]any{"kty": "OKP", "crv": "Ed25519", "x": b64(public)})
	default:
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		s.private = private
		maps.Copy(s.jwk, map[string]any{"kty": "RSA", "n": b64(private.N.Bytes()), "e": "AQAB"})
	}
	return s
}

// sign returns a JWT. Without a header it is the usual one.
func (s signing) sign(t testing.TB, header, claims any) string {
	t.Helper()
	if header == nil {
		header = map[string]any{"alg": s.algorithm, "kid": s.jwk["kid"]}
	}
	return s.signRaw(t, jsonOf(t, header), jsonOf(t, claims))
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	if text, ok := v.(string); ok {
		return text
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (s signing) signRaw(t testing.TB, header, claims string) string {
	t.Helper()
	signed := b64([]byte(header)) + "." + b64([]byte(claims))
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[strings.TrimLeft(s.algorithm, "PRSE")]
	var sum []byte
	if hash != 0 {
		h := hash.New()
		h.Write([]byte(signed))
		sum = h.Sum(nil)
	}
	var signature []byte
	var err error
	switch private := s.private.(type) {
	case *ecdsa.PrivateKey:
		half := (private.Params().BitSize + 7) / 8
		r, v, signErr := ecdsa.Sign(rand.Reader, private, sum)
		signature, err = append(r.FillBytes(make([]byte, half)), v.FillBytes(make([]byte, half))...), signErr
	case ed25519.PrivateKey:
		signature = ed25519.Sign(private, []byte(signed))
	case *rsa.PrivateKey:
		if strings.HasPrefix(s.algorithm, "PS") {
			signature, err = rsa.SignPSS(rand.Reader, private, hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			signature, err = rsa.SignPKCS1v15(rand.Reader, private, hash, sum)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(signature)
}

// withKeys registers a service that authenticates with keys.
func (f *flow) withKeys(id string, keys ...signing) client {
	f.Helper()
	var list []any
	for _, key := range keys {
		list = append(list, key.jwk)
	}
	w := f.call(http.MethodPost, "/v1/oauth/apps", adminT1, jsonOf(f, map[string]any{
		"client_id": id, "name": id, "app_type": "service", "declared_scopes": []string{"orders.read"}, "jwks": map[string]any{"keys": list},
	}))
	w.WantStatus(f, http.StatusCreated)
	return client{id, webtest.Decode[app](f, w).ClientSecret}
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

func (f *flow) assert(assertion string, more ...string) *webtest.Answer {
	f.Helper()
	return f.serve(f.form("/v1/oauth/token", append([]string{
		"grant_type", "client_credentials", "client_assertion_type", assertionType, "client_assertion", assertion,
	}, more...)...))
}

// claimsFor returns those of an assertion, changed by names and values in turn; nil takes
// one out.
func claimsFor(id string, changes ...any) map[string]any {
	claims := map[string]any{
		"iss": id, "sub": id, "aud": issuer, "jti": rand.Text(), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	for i := 0; i < len(changes); i += 2 {
		if name := changes[i].(string); changes[i+1] == nil {
			delete(claims, name)
		} else {
			claims[name] = changes[i+1]
		}
	}
	return claims
}

// Each algorithm, with and without the claims that are optional (RFC 7523 section 3).
func TestPrivateKeyJWT(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	for _, algorithm := range authz.Algorithms() {
		key := newSigning(t, algorithm, "k1")
		id := "bot-" + strings.ToLower(algorithm)
		f.withKeys(id, key)
		for name, claims := range map[string]map[string]any{
			"as usual":               claimsFor(id),
			"for the token endpoint": claimsFor(id, "aud", issuer+"/v1/oauth/token"),
			"for both":               claimsFor(id, "aud", []string{issuer, issuer + "/v1/oauth/token"}),
			"without iat":            claimsFor(id, "iat", nil),
			"with nbf":               claimsFor(id, "nbf", time.Now().Unix()),
		} {
			if w := f.assert(key.sign(t, nil, claims)); outcome(w) != "token" {
				t.Errorf("%s %s: %d %s", algorithm, name, w.Code, w.Body)
			}
		}
		if w := f.assert(key.sign(t, map[string]any{"alg": algorithm, "typ": "JWT"}, claimsFor(id)), "client_id", id); outcome(w) != "token" {
			t.Errorf("%s without a kid: %s", algorithm, w.Body)
		}
		typed := map[string]any{"alg": algorithm, "kid": "k1", "typ": "client-authentication+jwt"}
		if w := f.assert(key.sign(t, typed, claimsFor(id))); outcome(w) != "token" {
			t.Errorf("%s with a typ: %s", algorithm, w.Body)
		}
		r := f.form("/v1/oauth/introspect", "token", "x", "client_assertion_type", assertionType, "client_assertion", key.sign(t, nil, claimsFor(id)))
		f.serve(r).WantStatus(t, http.StatusOK)
	}
}

// A key that is alone needs no kid (RFC 7517 section 4.5).
func TestKeyWithoutID(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	key := newSigning(t, authz.ES256, "")
	delete(key.jwk, "kid")
	f.withKeys("bot", key)
	f.tokens(f.assert(key.sign(t, map[string]any{"alg": "ES256"}, claimsFor("bot"))))
	if w := f.assert(key.sign(t, map[string]any{"alg": "ES256", "kid": "x"}, claimsFor("bot"))); outcome(w) != "401 invalid_client" {
		t.Errorf("another kid: %s", w.Body)
	}
}

func TestAttacksOnClientAssertions(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	es, rs := newSigning(t, authz.ES256, "es"), newSigning(t, authz.RS256, "rs")
	bot := f.withKeys("bot", es, rs)
	other := newSigning(t, authz.ES256, "es")
	f.withKeys("other", other)
	f.register(adminT1, "secretive", "orders.read")
	spa := f.app("spa", "browser", "orders.read")
	hs256 := func(key []byte) string {
		signed := b64([]byte(`{"alg":"HS256","kid":"rs"}`)) + "." + b64([]byte(jsonOf(t, claimsFor("bot"))))
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(signed))
		return signed + "." + b64(mac.Sum(nil))
	}
	der, err := x509.MarshalPKIXPublicKey(rs.private.Public())
	f.must(err)
	used := es.sign(t, nil, claimsFor("bot"))
	f.tokens(f.assert(used))
	now := time.Now()
	header := func(changes ...any) map[string]any {
		h := map[string]any{"alg": "ES256", "kid": "es"}
		for i := 0; i < len(changes); i += 2 {
			h[fmt.Sprint(changes[i])] = changes[i+1]
		}
		return h
	}
	const refused = "401 invalid_client"
	for _, row := range []struct{ name, assertion, want string }{
		{"nothing", es.sign(t, nil, claimsFor("bot")), "token"},
		{"used before", used, refused},
		{"the same jti signed anew", es.sign(t, nil, claimsFor("bot", "jti", claimsOf(f.fixture, used)["jti"])), refused},
		{"no algorithm", b64([]byte(`{"alg":"none"}`)) + "." + b64([]byte(jsonOf(t, claimsFor("bot")))) + ".", refused},
		{"HMAC by the public key in DER", hs256(der), refused},
		{"HMAC by the public key's modulus", hs256(rs.private.(*rsa.PrivateKey).N.Bytes()), refused},
		{"another algorithm of the key", rs.sign(t, map[string]any{"alg": "PS256", "kid": "rs"}, claimsFor("bot")), refused},
		{"signed with the key of another app", other.sign(t, nil, claimsFor("bot")), refused},
		{"for another app", es.sign(t, nil, claimsFor("other")), refused},
		{"for an app without keys", es.sign(t, nil, claimsFor("secretive")), refused},
		{"for a browser app", es.sign(t, nil, claimsFor(spa.id)), refused},
		{"for no app", es.sign(t, nil, claimsFor("nobody")), refused},
		{"the key in the header", other.sign(t, header("jwk", other.jwk), claimsFor("bot")), refused},
		{"the key's address in the header", other.sign(t, header("jku", "https://evil.example/jwks"), claimsFor("bot")), refused},
		{"no kid where there are two keys", es.sign(t, map[string]any{"alg": "ES256"}, claimsFor("bot")), refused},
		{"the kid of the other key", es.sign(t, header("kid", "rs"), claimsFor("bot")), refused},
		{"a kid that is a number", es.sign(t, header("kid", 1), claimsFor("bot")), refused},
		{"an access token by its typ", es.sign(t, header("typ", "at+jwt"), claimsFor("bot")), refused},
		{"an ID token by its typ", es.sign(t, header("typ", "id+jwt"), claimsFor("bot")), refused},
		{"a critical extension", es.sign(t, header("crit", []string{"b64"}, "b64", false), claimsFor("bot")), refused},
		{"the issuer is another", es.sign(t, nil, claimsFor("bot", "iss", "other")), refused},
		{"the subject is a user", es.sign(t, nil, claimsFor("bot", "sub", "ann")), refused},
		{"no subject", es.sign(t, nil, claimsFor("bot", "sub", nil)), refused},
		{"for another server", es.sign(t, nil, claimsFor("bot", "aud", "https://evil.example")), refused},
		{"for this server and another", es.sign(t, nil, claimsFor("bot", "aud", []string{issuer, "https://evil.example"})), refused},
		{"for the server with a slash", es.sign(t, nil, claimsFor("bot", "aud", issuer+"/")), refused},
		{"for nobody", es.sign(t, nil, claimsFor("bot", "aud", nil)), refused},
		{"for an empty list", es.sign(t, nil, claimsFor("bot", "aud", []string{})), refused},
		{"for a nested list", es.sign(t, nil, claimsFor("bot", "aud", []any{[]string{issuer}})), refused},
		{"expired", es.sign(t, nil, claimsFor("bot", "exp", now.Add(-time.Second).Unix())), refused},
		{"expires in an hour", es.sign(t, nil, claimsFor("bot", "exp", now.Add(time.Hour).Unix())), refused},
		{"expires as a text", es.sign(t, nil, claimsFor("bot", "exp", fmt.Sprint(now.Add(time.Minute).Unix()))), refused},
		{"expires never", es.sign(t, nil, claimsFor("bot", "exp", nil)), refused},
		{"expires at an infinite time", es.signRaw(t, jsonOf(t, header()), strings.Replace(jsonOf(t, claimsFor("bot", "exp", 0)), `"exp":0`, `"exp":1e999`, 1)), refused},
		{"issued in the future", es.sign(t, nil, claimsFor("bot", "iat", now.Add(time.Minute).Unix())), refused},
		{"issued at a text", es.sign(t, nil, claimsFor("bot", "iat", "now")), refused},
		{"not valid yet", es.sign(t, nil, claimsFor("bot", "nbf", now.Add(time.Minute).Unix())), refused},
		{"no jti", es.sign(t, nil, claimsFor("bot", "jti", nil)), refused},
		{"an empty jti", es.sign(t, nil, claimsFor("bot", "jti", "")), refused},
		{"a claim twice", es.signRaw(t, jsonOf(t, header()), strings.Replace(jsonOf(t, claimsFor("bot")), `{`, `{"sub":"other",`, 1)), refused},
		{"a header member twice", es.signRaw(t, `{"alg":"none","alg":"ES256","kid":"es"}`, jsonOf(t, claimsFor("bot"))), refused},
		{"a bent signature", bendSignature(es.sign(t, nil, claimsFor("bot"))), refused},
		{"no signature", strings.TrimRight(es.sign(t, nil, claimsFor("bot")), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), refused},
		{"two parts", "e30.e30", refused},
		{"very long", es.sign(t, nil, claimsFor("bot", "x", strings.Repeat("x", 8<<10))), refused},
		{"a list of claims", es.signRaw(t, jsonOf(t, header()), `[]`), refused},
		{"an access token of this server", f.token(bot), refused},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := f.assert(row.assertion)
			if got := outcome(w); got != row.want {
				t.Errorf("got %q, want %q: %s", got, row.want, w.Body)
			}
		})
	}
	good := func() string { return es.sign(t, nil, claimsFor("bot")) }
	for name, w := range map[string]*webtest.Answer{
		"400 invalid_request with a secret too":      f.assert(good(), "client_id", "bot", "client_secret", bot.secret),
		"400 invalid_request for another client_id":  f.assert(good(), "client_id", "other"),
		"400 invalid_request of another type":        f.serve(f.form("/v1/oauth/token", "grant_type", "client_credentials", "client_assertion", good())),
		"401 invalid_client without an assertion":    f.assert("", "client_id", "bot"),
		"400 invalid_request with two assertions":    f.assert(good(), "client_assertion", good()),
		"400 invalid_request with HTTP Basic beside": f.serve(withBasic(f, bot, good())),
	} {
		if want := strings.Join(strings.Fields(name)[:2], " "); outcome(w) != want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func withBasic(f *flow, c client, assertion string) *http.Request {
	r := f.form("/v1/oauth/token", "grant_type", "client_credentials", "client_assertion_type", assertionType, "client_assertion", assertion)
	r.SetBasicAuth(c.id, c.secret)
	return r
}

// bendSignature changes a bit in the middle of a signature.
func bendSignature(token string) string {
	at := len(token) - 40
	return token[:at] + string(token[at]^1) + token[at+1:]
}

// foreign are tokens of an issuer that the server trusts.
var foreign = map[string]cpodkit.Identity{
	"ann":     {TenantID: "t1", AppID: "theirs", UserID: "ann", Scopes: cpodkit.Scopes{"orders.*", "secrets.read"}, Issuer: "https://idp.example"},
	"nobody":  {TenantID: "t1", AppID: "theirs", Scopes: cpodkit.Scopes{"orders.read"}, Issuer: "https://idp.example"},
	"t2":      {TenantID: "t2", AppID: "theirs", UserID: "ann", Scopes: cpodkit.Scopes{"orders.read"}, Issuer: "https://idp.example"},
	"other":   {TenantID: "t1", AppID: "theirs", UserID: "ann", Scopes: cpodkit.Scopes{"flags.read"}, Issuer: "https://idp.example"},
	"brief":   {TenantID: "t1", AppID: "theirs", UserID: "ann", Scopes: cpodkit.Scopes{"orders.read"}, Issuer: "https://idp.example"},
	"apikey":  {TenantID: "t1", AppID: "theirs", UserID: "ann", Scopes: cpodkit.Scopes{"orders.read"}},
	"ours":    {TenantID: "t1", AppID: "bff", UserID: "ann", Scopes: cpodkit.Scopes{"orders.read", "orders.write"}, Issuer: issuer},
	"ours-of": {TenantID: "t1", AppID: "theirs", UserID: "ann", Scopes: cpodkit.Scopes{"orders.read"}, Issuer: issuer},
}

func TestAttacksOnTokenExchange(t *testing.T) {
	t.Parallel()
	f := newFlow(t, func(c *oauth.Config) {
		ours := c.Verifier
		c.Verifier = authz.VerifierFunc(func(ctx context.Context, token string) (cpodkit.Identity, error) {
			id, ok := foreign[token]
			switch {
			case token == "down":
				return id, cpodkit.CodeUnavailable
			case !ok:
				return ours.Verify(ctx, token)
			}
			id.ExpiresAt, id.TokenID = time.Now().Add(2*time.Hour), token
			if token == "brief" {
				id.ExpiresAt = time.Now().Add(10*time.Second + 500*time.Millisecond)
			}
			return id, nil
		})
	})
	c := f.app("bff", "web", "orders.read", "orders.write", "storage.user.read")
	spa := f.app("spa", "browser", "orders.read")
	exchange := func(c client, subject string, more ...string) *webtest.Answer {
		return f.serve(f.tokenCall(c, append([]string{
			"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", subject,
			"subject_token_type", "urn:ietf:params:oauth:token-type:access_token",
		}, more...)...))
	}
	got := f.tokens(exchange(c, "ann"))
	if got.Scope != "orders.read orders.write" || got.RefreshToken != "" || got.IssuedTokenType != "urn:ietf:params:oauth:token-type:access_token" {
		t.Errorf("got %+v", got)
	}
	if claims := claimsOf(f.fixture, got.AccessToken); claims["userId"] != "ann" || claims["appId"] != "bff" || claims["tenantId"] != "t1" {
		t.Errorf("the claims are %v", claims)
	}
	if brief := f.tokens(exchange(c, "brief")); brief.ExpiresIn != 10 {
		t.Errorf("the token outlives the one it was given for: %+v", brief)
	}
	const invalid = "400 invalid_request"
	for _, row := range []struct {
		name, subject string
		more          []string
		want          string
	}{
		{"fewer scopes", "ann", []string{"scope", "orders.read"}, "token"},
		{"narrowing a token of its own", "ours", []string{"scope", "orders.read"}, "token"},
		{"a token of this server for another app", "ours-of", nil, invalid},
		{"a scope that the token lacks", "ann", []string{"scope", "storage.user.read"}, "400 invalid_scope"},
		{"a scope that the app lacks", "ann", []string{"scope", "secrets.read"}, "400 invalid_scope"},
		{"a wildcard that the app lacks", "ann", []string{"scope", "orders.*"}, "400 invalid_scope"},
		{"no scope in common", "other", nil, "400 invalid_scope"},
		{"a user of another tenant", "t2", nil, invalid},
		{"a token without a user", "nobody", nil, invalid},
		{"an API key", "apikey", nil, invalid},
		{"the admin key", adminT1, nil, invalid},
		{"no token", "", nil, invalid},
		{"a token that is none", "x.y.z", nil, invalid},
		{"an actor", "ann", []string{"actor_token", "bob", "actor_token_type", "urn:ietf:params:oauth:token-type:access_token"}, invalid},
		{"another audience", "ann", []string{"audience", "https://evil.example"}, "400 invalid_target"},
		{"another resource", "ann", []string{"resource", "https://evil.example"}, "400 invalid_target"},
		{"a refresh token wanted", "ann", []string{"requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"}, invalid},
		{"an ID token brought", "ann", []string{"subject_token_type", "urn:ietf:params:oauth:token-type:id_token"}, invalid},
		{"while the keys cannot be had", "down", nil, "503 temporarily_unavailable"},
	} {
		if w := exchange(c, row.subject, row.more...); outcome(w) != row.want {
			t.Errorf("%s: %d %s, want %s", row.name, w.Code, w.Body, row.want)
		}
	}
	if got := outcome(exchange(spa, "ann")); got != "400 unauthorized_client" {
		t.Errorf("by a browser app: %q", got)
	}
	if got := outcome(exchange(client{c.id, "cs_x"}, "ann")); got != "401 invalid_client" {
		t.Errorf("with a wrong secret: %q", got)
	}
	// What was exchanged ends with the user.
	f.wantPing(got.AccessToken, "")
	f.must(f.server.EndUser(t.Context(), "t1", "ann"))
	f.wantPing(got.AccessToken, cpodkit.CodeTokenRevoked)
}

// What is wrong with the keys of an app is told when they are registered.
func TestRegistrationOfKeys(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	es, rs, ed := newSigning(t, authz.ES256, "a"), newSigning(t, authz.RS256, "b"), newSigning(t, authz.EdDSA, "c")
	with := func(jwk map[string]any, changes ...any) map[string]any {
		jwk = maps.Clone(jwk)
		for i := 0; i < len(changes); i += 2 {
			if name := fmt.Sprint(changes[i]); changes[i+1] == nil {
				delete(jwk, name)
			} else {
				jwk[name] = changes[i+1]
			}
		}
		return jwk
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	f.must(err)
	for i, row := range []struct {
		name    string
		appType string
		keys    any
		want    []string // pointers; nil is accepted
	}{
		{"three keys", "web", []any{es.jwk, rs.jwk, ed.jwk}, nil},
		{"one key without a kid, alg and use", "service", []any{with(es.jwk, "kid", nil, "alg", nil, "use", nil)}, nil},
		{"one that may verify", "service", []any{with(es.jwk, "key_ops", []string{"verify"})}, nil},
		{"one with a certificate", "service", []any{with(rs.jwk, "x5c", []string{"MII"})}, nil},
		{"a browser app", "browser", []any{es.jwk}, []string{"/jwks"}},
		{"no keys", "web", []any{}, []string{"/jwks"}},
		{"no list", "web", "x", []string{"/jwks"}},
		{"21 keys", "web", make([]any, 21), []string{"/jwks"}},
		{"null", "web", []any{nil}, []string{"/jwks/keys/0"}},
		{"a text", "web", []any{"x"}, []string{"/jwks/keys/0"}},
		{"a symmetric key", "web", []any{map[string]any{"kty": "oct", "k": "c2VjcmV0"}}, []string{"/jwks/keys/0"}},
		{"a private key", "web", []any{rs.jwk, with(es.jwk, "d", "x")}, []string{"/jwks/keys/1"}},
		{"a key for encryption", "web", []any{with(rs.jwk, "use", "enc")}, []string{"/jwks/keys/0"}},
		{"a key to sign with", "web", []any{with(rs.jwk, "key_ops", []string{"sign"})}, []string{"/jwks/keys/0"}},
		{"two with one kid", "web", []any{es.jwk, with(rs.jwk, "kid", "a")}, []string{"/jwks/keys/1"}},
		{"two, one without a kid", "web", []any{es.jwk, with(rs.jwk, "kid", nil)}, []string{"/jwks/keys/1"}},
		{"HMAC by the RSA key", "web", []any{with(rs.jwk, "alg", "HS256")}, []string{"/jwks/keys/0"}},
		{"an algorithm of another kind", "web", []any{with(rs.jwk, "alg", "ES256")}, []string{"/jwks/keys/0"}},
		{"a weak key", "web", []any{with(rs.jwk, "n", b64(weak.N.Bytes()))}, []string{"/jwks/keys/0"}},
		{"a huge key", "web", []any{with(rs.jwk, "n", b64(bytes.Repeat([]byte{0xff}, 1025)))}, []string{"/jwks/keys/0"}},
		{"an even exponent", "web", []any{with(rs.jwk, "e", "Ag")}, []string{"/jwks/keys/0"}},
		{"a huge exponent", "web", []any{with(rs.jwk, "e", b64(bytes.Repeat([]byte{1}, 9)))}, []string{"/jwks/keys/0"}},
		{"a point off its curve", "web", []any{with(es.jwk, "y", es.jwk["x"])}, []string{"/jwks/keys/0"}},
		{"a short coordinate", "web", []any{with(es.jwk, "y", "AA")}, []string{"/jwks/keys/0"}},
		{"another curve", "web", []any{with(es.jwk, "crv", "secp256k1")}, []string{"/jwks/keys/0"}},
		{"a short Ed25519 key", "web", []any{with(ed.jwk, "x", "AA")}, []string{"/jwks/keys/0"}},
		{"too many bytes", "web", []any{with(es.jwk, "note", strings.Repeat("x", 16<<10))}, []string{"/jwks"}},
	} {
		w := f.call(http.MethodPost, "/v1/oauth/apps", adminT1, jsonOf(t, map[string]any{
			"client_id": fmt.Sprint("app-", i), "name": "x", "app_type": row.appType, "declared_scopes": []string{}, "jwks": map[string]any{"keys": row.keys},
		}))
		if row.want == nil && w.Code != http.StatusCreated {
			t.Errorf("%s: %d %s", row.name, w.Code, w.Body)
		} else if row.want != nil {
			t.Log(row.name)
			w.WantProblem(t, cpodkit.CodeValidationFailed, row.want...)
		}
	}
}
