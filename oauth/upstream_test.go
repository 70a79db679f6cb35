package oauth_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/oauth"
)

// withUpstreams has users sign in at these alone.
func withUpstreams(upstreams ...*oauth.Upstream) func(*site, *oauth.SessionsConfig) {
	return func(_ *site, c *oauth.SessionsConfig) { c.Local, c.Upstreams = nil, upstreams }
}

// Attack: an ID token that is not one for this sign-in. Each row changes one thing.
func TestIDTokens(t *testing.T) {
	t.Parallel()
	now := time.Now().Unix()
	claim := func(name string, value any) func(*provider) {
		return func(p *provider) { p.claims[name] = value }
	}
	ahead := func(name string, by time.Duration) func(*provider) {
		return func(p *provider) { p.claims[name] = time.Now().Add(by).Unix() }
	}
	header := func(name string, value any) func(*provider) {
		return func(p *provider) { p.header[name] = value }
	}
	for name, change := range map[string]func(*provider){
		"no issuer":                    claim("iss", nil),
		"another issuer":               claim("iss", "https://evil.example"),
		"an issuer with a slash":       func(p *provider) { p.claims["iss"] = p.server.URL + "/" },
		"no audience":                  claim("aud", nil),
		"another audience":             claim("aud", "other"),
		"an audience that begins so":   claim("aud", "cpod2"),
		"an audience in another case":  claim("aud", "CPOD"),
		"an empty list":                claim("aud", []string{}),
		"a number":                     claim("aud", 1),
		"two audiences without azp":    claim("aud", []string{"cpod", "other"}),
		"made for another party":       claim("azp", "other"),
		"azp is a list":                claim("azp", []string{"cpod"}),
		"another nonce":                claim("nonce", "x"),
		"no nonce":                     func(p *provider) { p.claims["nonce"] = nil },
		"the nonce is a list":          claim("nonce", []string{"x"}),
		"expired":                      claim("exp", now-60),
		"exp is text":                  claim("exp", fmt.Sprint(now+300)),
		"exp is negative":              claim("exp", -1),
		"exp is true":                  claim("exp", true),
		"no exp":                       claim("exp", nil),
		"from the future":              ahead("iat", 2*time.Minute),
		"no iat":                       claim("iat", nil),
		"not valid yet":                ahead("nbf", 2*time.Minute),
		"nbf is text":                  claim("nbf", "now"),
		"no subject":                   claim("sub", nil),
		"an empty subject":             claim("sub", ""),
		"a subject that is a number":   claim("sub", 7),
		"not signed":                   func(p *provider) { p.header["alg"] = "none"; p.sign = func([]byte) []byte { return nil } },
		"alg none with a signature":    header("alg", "none"),
		"another algorithm of the key": header("alg", "PS256"),
		"no algorithm":                 func(p *provider) { delete(p.header, "alg") },
		"an unknown key":               header("kid", "k2"),
		"a key id that is a list":      header("kid", []string{"k1"}),
		"an access token by its typ":   header("typ", "at+jwt"),
		"a logout token by its typ":    header("typ", "logout+jwt"),
		"critical extensions":          header("crit", []string{"exp"}),
		"signed by another key": func(p *provider) {
			other, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				p.Fatal(err)
			}
			p.key = other
		},
		"signed by a key in the header": func(p *provider) {
			other, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				p.Fatal(err)
			}
			p.key = other
			p.header["jwk"] = map[string]any{"kty": "RSA", "n": base64.RawURLEncoding.EncodeToString(other.N.Bytes()), "e": "AQAB"}
		},
		"keyed by the public key": func(p *provider) {
			p.header["alg"] = "HS256"
			public := p.key.N.Bytes()
			p.sign = func(signed []byte) []byte {
				mac := hmac.New(sha256.New, public)
				mac.Write(signed)
				return mac.Sum(nil)
			}
		},
		"an altered signature": func(p *provider) {
			sign := p.sign
			p.sign = func(signed []byte) []byte {
				signature := sign(signed)
				signature[9] ^= 1
				return signature
			}
		},
		"signed by another scheme": func(p *provider) {
			key := p.key
			p.sign = func(signed []byte) []byte {
				digest := sha256.Sum256(signed)
				signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], nil)
				if err != nil {
					p.Error(err)
				}
				return signature
			}
		},
		"a set of symmetric keys": func(p *provider) {
			p.keys = func() []any { return []any{map[string]any{"kty": "oct", "kid": "k1", "k": "AAAA"}} }
		},
		"a key for encryption": func(p *provider) {
			keys := p.keys()
			p.keys = func() []any {
				key := maps.Clone(keys[0].(map[string]any))
				key["use"] = "enc"
				return []any{key}
			}
		},
		"a weak key": func(p *provider) {
			p.keys = func() []any { return []any{map[string]any{"kty": "RSA", "kid": "k1", "n": "AQAB", "e": "AQAB"}} }
		},
		"two keys of one id": func(p *provider) {
			keys := p.keys()
			p.keys = func() []any {
				return []any{keys[0], map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": strings.Repeat("A", 43)}}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			change(p)
			s := newSite(t, withUpstreams(p.upstream("corp")))
			v := s.visitor()
			page := v.open("/private")
			if page.Code != http.StatusForbidden && page.Code != http.StatusServiceUnavailable || v.cookie("cpod") != "" {
				t.Errorf("%d:\n%s", page.Code, page.Body)
			}
		})
	}
}

// What an ID token may be, besides the plainest one.
func TestIDTokensThatAreGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*provider)
		want   string
	}{
		"two audiences with azp": {func(p *provider) { p.claims["aud"], p.claims["azp"] = []string{"other", "cpod"}, "cpod" }, "t1 corp-alice alice@example.com"},
		"no key id":              {func(p *provider) { delete(p.header, "kid") }, "t1 corp-alice alice@example.com"},
		"no e-mail address":      {func(p *provider) { delete(p.claims, "email") }, "t1 corp-alice "},
		"one not verified":       {func(p *provider) { p.claims["email_verified"] = "true" }, "t1 corp-alice "},
		"a subject that is long": {func(p *provider) { p.claims["sub"] = strings.Repeat("x", 255) }, "t1 sha256-"},
		"a subject with slashes": {func(p *provider) { p.claims["sub"] = "../../t2/bob" }, "t1 corp-../../t2/bob"},
		"keys that are no use": {func(p *provider) {
			keys := p.keys()
			p.keys = func() []any {
				return []any{"x", map[string]any{"kty": "oct"}, map[string]any{"kty": "EC", "crv": "P-521"}, keys[0]}
			}
		}, "t1 corp-alice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			c.change(p)
			newSite(t, withUpstreams(p.upstream("corp"))).visitor().open("/private").want(t, http.StatusOK, c.want)
		})
	}
}

// Attack: what comes back from the provider is of another sign-in, browser or provider.
func TestCallbacks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(back, other url.Values) // of what comes back; the other sign-in is the attacker's
		want   string
	}{
		"no state":                     {func(b, _ url.Values) { b.Del("state") }, "did not begin in this browser"},
		"another browser's state":      {func(b, o url.Values) { b.Set("state", o.Get("state")) }, "did not begin in this browser"},
		"all of another browser":       {func(b, o url.Values) { b.Set("state", o.Get("state")); b.Set("code", o.Get("code")) }, "did not begin in this browser"},
		"an altered state":             {func(b, _ url.Values) { b.Set("state", "A"+b.Get("state")[1:]+"A") }, "did not begin in this browser"},
		"an injected code":             {func(b, o url.Values) { b.Set("code", o.Get("code")) }, "cannot be used to sign in"},
		"a made-up code":               {func(b, _ url.Values) { b.Set("code", "x") }, "cannot be used to sign in"},
		"no code":                      {func(b, _ url.Values) { b.Del("code") }, "cannot be used to sign in"},
		"another issuer":               {func(b, _ url.Values) { b.Set("iss", "https://evil.example") }, "cannot be used to sign in"},
		"no issuer, which is promised": {func(b, _ url.Values) { b.Del("iss") }, "cannot be used to sign in"},
		"two codes":                    {func(b, o url.Values) { b.Add("code", o.Get("code")) }, "more than once"},
		"an error":                     {func(b, _ url.Values) { b.Set("error", "access_denied") }, "has not signed you in: access_denied"},
		"an error with markup":         {func(b, _ url.Values) { b.Set("error", "<b>Call 555</b>") }, "has not signed you in: unknown error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			s := newSite(t, withUpstreams(p.upstream("corp")))
			// back is where the provider sends a browser that begins.
			back := func(v *visitor) url.Values {
				page := v.get(v.get("/login?return=/private").Header().Get("Location"))
				u, err := url.Parse(page.Header().Get("Location"))
				s.must(err)
				return u.Query()
			}
			v := s.visitor()
			query, other := back(v), back(s.visitor())
			c.change(query, other)
			page := v.open("/login/callback?" + query.Encode())
			if page.Code < 400 {
				t.Errorf("the status is %d", page.Code)
			}
			page.want(t, page.Code, c.want)
			if v.cookie("cpod") != "" {
				t.Error("somebody is signed in")
			}
		})
	}
}

// Attack: a callback comes again. It signs nobody in: the code was used.
func TestCallbackReplay(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s := newSite(t, withUpstreams(p.upstream("corp")))
	v := s.visitor()
	at := v.get(v.get("/login?return=/private").Header().Get("Location")).Header().Get("Location")
	browser := v.cookie("cpod-browser")
	v.open(at).want(t, http.StatusOK, "t1 corp-alice")
	again := s.visitor()
	again.open(at).want(t, http.StatusForbidden, "did not begin in this browser")
	again.setCookie("cpod-browser", browser) // even with all that the browser had
	again.open(at).want(t, http.StatusForbidden, "cannot be used to sign in")
}

// Attack: mix-up. The user begins at a provider of the attacker, which leads to the honest
// one and hopes for its code.
func TestMixUp(t *testing.T) {
	t.Parallel()
	honest, evil := newProvider(t), newProvider(t)
	evil.discovery["authorization_endpoint"] = honest.server.URL + "/authorize"
	var got string
	evil.tokens = func(w http.ResponseWriter, r *http.Request) bool {
		got = r.PostFormValue("code")
		reply(w, http.StatusBadRequest, map[string]string{"error": "x"})
		return true
	}
	s := newSite(t, withUpstreams(honest.upstream("honest"), evil.upstream("evil")))
	v := s.visitor()
	v.open("/login?upstream=evil&return=/private").want(t, http.StatusForbidden, "cannot be used")
	if got != "" {
		t.Error("the attacker has a code of the honest provider")
	}
}

func TestTenantsOfUpstreams(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule   func(*oauth.UpstreamConfig)
		claims map[string]any
		want   string // "" for a refusal
	}{
		"by claim":                {func(u *oauth.UpstreamConfig) { u.TenantClaim = "org" }, map[string]any{"org": "t7"}, "t7 corp-alice"},
		"by claim, not there":     {func(u *oauth.UpstreamConfig) { u.TenantClaim = "org" }, nil, ""},
		"by claim, a path":        {func(u *oauth.UpstreamConfig) { u.TenantClaim = "org" }, map[string]any{"org": ".."}, ""},
		"by claim, a list":        {func(u *oauth.UpstreamConfig) { u.TenantClaim = "org" }, map[string]any{"org": []string{"t7"}}, ""},
		"by claim, allowed":       {func(u *oauth.UpstreamConfig) { u.TenantClaim, u.Tenants = "org", []string{"t7"} }, map[string]any{"org": "t7"}, "t7 "},
		"by claim, not allowed":   {func(u *oauth.UpstreamConfig) { u.TenantClaim, u.Tenants = "org", []string{"t7"} }, map[string]any{"org": "t8"}, ""},
		"by domain":               {func(u *oauth.UpstreamConfig) { u.Domains = map[string]string{"example.com": "t9"} }, nil, "t9 corp-alice alice@example.com"},
		"by domain, unknown":      {func(u *oauth.UpstreamConfig) { u.Domains = map[string]string{"example.org": "t9"} }, nil, ""},
		"by domain, subdomain":    {func(u *oauth.UpstreamConfig) { u.Domains = map[string]string{"com": "t9"} }, nil, ""},
		"by domain, not verified": {func(u *oauth.UpstreamConfig) { u.Domains = map[string]string{"example.com": "t9"} }, map[string]any{"email_verified": false}, ""},
		"by domain, two signs":    {func(u *oauth.UpstreamConfig) { u.Domains = map[string]string{"example.com": "t9"} }, map[string]any{"email": "a@evil.example@example.com"}, ""},
		"another user claim":      {func(u *oauth.UpstreamConfig) { u.Tenant, u.UserClaim = "t1", "oid" }, map[string]any{"oid": "o-1"}, "t1 corp-o-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			maps.Copy(p.claims, c.claims)
			u := p.upstream("corp", func(u *oauth.UpstreamConfig) { u.Tenant = ""; c.rule(u) })
			page := newSite(t, withUpstreams(u)).visitor().open("/private")
			if c.want == "" {
				page.want(t, http.StatusForbidden, "belongs to no organisation")
				return
			}
			page.want(t, http.StatusOK, c.want)
		})
	}
}

// What the app asks for reaches the provider.
func TestWhatUpstreamsAreAsked(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s := newSite(t, withUpstreams(p.upstream("corp", func(u *oauth.UpstreamConfig) { u.Scopes = []string{"email"} })))
	for back, want := range map[string]map[string]string{
		"/private": {
			"response_type": "code", "client_id": "cpod", "redirect_uri": s.url + "/login/callback", "scope": "openid email",
			"code_challenge_method": "S256", "prompt": "", "login_hint": "",
		},
		"/private?prompt=login&login_hint=Ann@example.com":            {"prompt": "login", "login_hint": "ann@example.com"},
		"/private?max_age=0&login_hint=x":                             {"prompt": "", "max_age": "0", "login_hint": ""},
		"/private?max_age=-1&prompt=consent+select_account":           {"prompt": "login", "max_age": ""},
		"/private?prompt=consent&state=" + strings.Repeat("ab", 1000): {"prompt": ""},
	} {
		to := s.visitor().get("/login?" + url.Values{"return": {back}}.Encode()).Header().Get("Location")
		u, err := url.Parse(to)
		s.must(err)
		for name, value := range want {
			if got := u.Query().Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", back, name, got, value)
			}
		}
		if len(u.Query().Get("code_challenge")) != 43 || len(u.Query().Get("nonce")) != 43 || u.Query().Get("state") == "" {
			t.Errorf("%s: %s", back, to)
		}
	}
}

// Whom the app wants to be asked again, the provider must have asked.
func TestUpstreamsThatDoNotAsk(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		back  string
		since time.Duration // 0 for no auth_time
		asked bool
	}{
		"any time":             {"/private", time.Hour, true},
		"asked":                {"/private?prompt=login", time.Second, true},
		"a clock behind":       {"/private?prompt=login", 20 * time.Second, true},
		"not asked":            {"/private?prompt=login", time.Hour, false},
		"within the age":       {"/private?max_age=7200", time.Hour, true},
		"beyond the age":       {"/private?max_age=600", time.Hour, false},
		"a provider too plain": {"/private?prompt=login", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			if c.since != 0 {
				p.claims["auth_time"] = time.Now().Add(-c.since).Unix()
			}
			page := newSite(t, withUpstreams(p.upstream("corp"))).visitor().open("/login?" + url.Values{"return": {c.back}}.Encode())
			if c.asked {
				page.want(t, http.StatusOK, "corp-alice")
				return
			}
			page.want(t, http.StatusForbidden, "cannot be used to sign in")
		})
	}
}

func TestUpstreamConfig(t *testing.T) {
	t.Parallel()
	good := oauth.UpstreamConfig{Name: "corp", Issuer: "https://id.example.com", ClientID: "c", Tenant: "t1"}
	if _, err := oauth.NewUpstream(good); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*oauth.UpstreamConfig){
		"no name":          func(c *oauth.UpstreamConfig) { c.Name = "" },
		"a hyphen":         func(c *oauth.UpstreamConfig) { c.Name = "a-b" },
		"a name of others": func(c *oauth.UpstreamConfig) { c.Name = "user" },
		"http":             func(c *oauth.UpstreamConfig) { c.Issuer = "http://id.example.com" },
		"no issuer":        func(c *oauth.UpstreamConfig) { c.Issuer = "" },
		"a fragment":       func(c *oauth.UpstreamConfig) { c.Issuer += "#" },
		"no client":        func(c *oauth.UpstreamConfig) { c.ClientID = "" },
		"no tenant":        func(c *oauth.UpstreamConfig) { c.Tenant = "" },
		"two rules":        func(c *oauth.UpstreamConfig) { c.TenantClaim = "org" },
		"a bad tenant":     func(c *oauth.UpstreamConfig) { c.Tenant = ".." },
		"a bad domain":     func(c *oauth.UpstreamConfig) { c.Tenant, c.Domains = "", map[string]string{"Example.com": "t1"} },
		"a bad scope":      func(c *oauth.UpstreamConfig) { c.Scopes = []string{"a b"} },
	} {
		c := good
		change(&c)
		if _, err := oauth.NewUpstream(c); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	list, err := oauth.ParseUpstreams([]byte(`[{"name": "corp", "issuer": "https://id.example.com", "clientId": "c", "domains": {"example.com": "t1"}}]`))
	if err != nil || len(list) != 1 || list[0].Domains["example.com"] != "t1" {
		t.Errorf("ParseUpstreams returns %+v, %v", list, err)
	}
	for _, broken := range []string{`{}`, `[{"nam": "x"}]`, `[{"name": 1}]`, `[`, ``} {
		if _, err := oauth.ParseUpstreams([]byte(broken)); err == nil {
			t.Errorf("%s is accepted", broken)
		}
	}
}
