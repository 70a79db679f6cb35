package authz_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// foreign returns an issuer of another server, with changes.
func foreign(tb testing.TB, k keys, change func(*authz.Issuer)) authz.Issuer {
	tb.Helper()
	i := authz.Issuer{Issuer: issuerName, Audience: audience, Keys: k.set(tb), Foreign: true}
	if change != nil {
		change(&i)
	}
	return i
}

// A token without jti is revoked by its digest, and in no other spelling it is good again.
func TestForeignTokensAreRevoked(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for name, jti := range map[string]any{"without jti": nil, "with jti": "inst.1", "with the beginning of ours": "inst."} {
		revocations := openRevocations(t)
		v := newJWT(t, foreign(t, k, func(i *authz.Issuer) { i.Revocations = revocations }))
		f := newForgery(k, esKey, authz.ES256)
		if delete(f.claims, "jti"); jti != nil {
			f.claims["jti"] = jti
		}
		token := f.token()
		id, err := v.Verify(t.Context(), token)
		must(t, err)
		if len(id.TokenID) != len("sha256-")+43 || !strings.HasPrefix(id.TokenID, "sha256-") {
			t.Errorf("%s: the token is named %q", name, id.TokenID)
		}
		must(t, revocations.Revoke(t.Context(), authz.Revocation{ID: id.TokenID, ExpiresAt: time.Now().Add(time.Hour)}))
		for what, spelling := range map[string]string{"the token": token, "another signature of it": token[:strings.LastIndex(token, ".")+1] + otherSignature(k, token)} {
			_, err = v.Verify(t.Context(), spelling)
			wantCode(t, err, cpodkit.CodeTokenRevoked)
			if err == nil {
				t.Errorf("%s: %s is accepted", name, what)
			}
		}
		if revoked(t, revocations, "inst.1") || revoked(t, revocations, "inst.2") {
			t.Errorf("%s: tokens of ours are revoked", name)
		}
	}
}

func TestUserIDs(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	long := strings.Repeat("x", 65)
	const hash = "sha256-"
	for _, test := range []struct {
		name, namespace string
		hashes          bool
		user            any
		want            string // "!" is refused; a prefix
	}{
		{"as it is", "", false, "alice", "alice"},
		{"a namespace", "okta", false, "alice", "okta:alice"},
		{"no user", "okta", true, nil, ""},
		{"too long", "", false, long, "!"},
		{"too long with the namespace", "okta", false, long[:60], "!"},
		{"hashed", "", true, long, hash},
		{"hashed in a namespace", "eleven-char", true, long, "eleven-char:" + hash},
		{"short, where long ones are hashed", "okta", true, "alice", "okta:alice"},
		{"in the form of a hash", "", true, hash + long[:43], hash},
		{"dots, where long ones are hashed", "", true, "..", hash},
	} {
		v := newJWT(t, foreign(t, k, func(i *authz.Issuer) { i.UserNamespace, i.LongSubjects = test.namespace, test.hashes }))
		f := newForgery(k, esKey, authz.ES256)
		if f.claims["userId"] = test.user; test.user == nil {
			delete(f.claims, "userId")
		}
		id, err := v.Verify(t.Context(), f.token())
		if (err != nil) != (test.want == "!") {
			t.Errorf("%s: %v", test.name, err)
		}
		if err == nil && (!strings.HasPrefix(id.UserID, test.want) || test.want == "" && id.UserID != "" || test.hashes && id.UserID == test.user && id.UserID != test.want) {
			t.Errorf("%s: the user is %q", test.name, id.UserID)
		}
	}
}

// No issuer names a user of another one, whatever its tokens say.
func TestIssuersNameTheirOwnUsers(t *testing.T) {
	t.Parallel()
	ours, theirs := newKeys(t), newKeys(t)
	other := foreign(t, theirs, func(i *authz.Issuer) { i.Issuer, i.UserNamespace = "https://okta.example", "okta" })
	v := newJWT(t, foreign(t, ours, nil), other)
	f := newForgery(ours, esKey, authz.ES256)
	f.claims["userId"] = "okta:alice"
	_, err := v.Verify(t.Context(), f.token())
	wantCode(t, err, cpodkit.CodeInvalidToken)
	f = newForgery(theirs, esKey, authz.ES256)
	f.claims["iss"], f.claims["userId"] = other.Issuer, "okta:alice"
	id, err := v.Verify(t.Context(), f.token())
	must(t, err)
	if id.UserID != "okta:okta:alice" {
		t.Errorf("the user is %q", id.UserID)
	}
}

// An issuer that comes later takes its users from the others at once, also in tokens that were
// seen before.
func TestNamespacesOfLaterIssuers(t *testing.T) {
	t.Parallel()
	ours, theirs := newKeys(t), newKeys(t)
	first := foreign(t, ours, nil)
	later := foreign(t, theirs, func(i *authz.Issuer) { i.Issuer, i.UserNamespace = "https://okta.example", "okta" })
	v := newJWT(t, first)
	f := newForgery(ours, esKey, authz.ES256)
	f.claims["userId"] = "okta:alice"
	token := f.token()
	_, err := v.Verify(t.Context(), token)
	must(t, err)
	must(t, v.SetIssuers(first, later))
	_, err = v.Verify(t.Context(), token)
	wantCode(t, err, cpodkit.CodeInvalidToken)
	must(t, v.SetIssuers(first))
	_, err = v.Verify(t.Context(), token)
	must(t, err)
}

// Another issuer does not speak for all tenants.
func TestForeignScopesDoNotCoverThePlatform(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	v := newJWT(t, foreign(t, k, nil))
	for _, scope := range []any{"platform.admin orders.read", "orders.read platform.*", []string{"platform.admin", "orders.read"}} {
		f := newForgery(k, esKey, authz.ES256)
		f.claims["scope"] = scope
		id, err := v.Verify(t.Context(), f.token())
		must(t, err)
		if id.Scopes.String() != "orders.read" {
			t.Errorf("%v becomes %q", scope, id.Scopes)
		}
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for name, test := range map[string]struct {
		identify func(authz.Claims) (cpodkit.Identity, error)
		want     cpodkit.Code
	}{
		"good": {func(c authz.Claims) (cpodkit.Identity, error) {
			org, _ := c.Text("/org/id")
			roles, _ := c.Texts("roles")
			return cpodkit.Identity{TenantID: org, AppID: c.ClientID, Scopes: roles, TokenID: "bent", Issuer: "bent"}, nil
		}, ""},
		"an error": {func(authz.Claims) (cpodkit.Identity, error) { return cpodkit.Identity{}, errDown }, cpodkit.CodeInvalidToken},
		"an error of the client": {func(authz.Claims) (cpodkit.Identity, error) {
			return cpodkit.Identity{}, cpodkit.CodeNotFound
		}, cpodkit.CodeInvalidToken},
		"a directory that is down": {func(authz.Claims) (cpodkit.Identity, error) {
			return cpodkit.Identity{}, cpodkit.Errorf(cpodkit.CodeUnavailable, "Try again.")
		}, cpodkit.CodeUnavailable},
		"a panic": {func(authz.Claims) (cpodkit.Identity, error) { panic("bug") }, cpodkit.CodeInvalidToken},
		"no tenant": {func(authz.Claims) (cpodkit.Identity, error) {
			return cpodkit.Identity{AppID: "a"}, nil
		}, cpodkit.CodeInvalidToken},
		"an id that escapes": {func(authz.Claims) (cpodkit.Identity, error) {
			return cpodkit.Identity{TenantID: "..", AppID: "a"}, nil
		}, cpodkit.CodeInvalidToken},
		"a tenant that is not the issuer's": {func(authz.Claims) (cpodkit.Identity, error) {
			return cpodkit.Identity{TenantID: "t9", AppID: "a"}, nil
		}, cpodkit.CodeInvalidToken},
	} {
		calls := 0
		v := newJWT(t, foreign(t, k, func(i *authz.Issuer) {
			i.Tenants = []string{"acme"}
			i.Identify = func(c authz.Claims) (cpodkit.Identity, error) {
				calls++
				return test.identify(c)
			}
		}))
		f := newForgery(k, esKey, authz.ES256)
		f.claims["org"], f.claims["roles"] = map[string]any{"id": "acme"}, []string{"orders.read"}
		token := f.token()
		id, err := v.Verify(t.Context(), token)
		wantCode(t, err, test.want)
		if test.want != "" {
			continue
		}
		_, err = v.Verify(t.Context(), token)
		must(t, err)
		if id.TenantID != "acme" || id.AppID != "app-1" || id.UserID != "" || id.Scopes.String() != "orders.read" || id.Issuer != issuerName ||
			id.TokenID == "bent" || calls != 1 {
			t.Errorf("%s: %d calls, %+v", name, calls, id)
		}
	}
}

func TestClaimsFromContext(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	// A verifier around the JWT hides nothing.
	tokens := newJWT(t, foreign(t, k, nil))
	around := authz.VerifierFunc(func(ctx context.Context, token string) (cpodkit.Identity, error) {
		id, err := tokens.Verify(ctx, token)
		id.AppID = "renamed"
		return id, err
	})
	f := newForgery(k, esKey, authz.ES256)
	f.claims["aud"], f.claims["address"], f.claims["https://x.example/a"] = []string{"other", audience}, map[string]any{"city": "Köln"}, true
	token, calls := f.token(), 0
	f.claims["userId"] = "bob"
	bobs := f.token()
	handler := authz.Authenticate(around)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		calls++
		_, err := tokens.Verify(r.Context(), bobs) // such as a call that checks a token of its body
		must(t, err)
		must(t, cpodkit.Recheck(r.Context()))
		id, _ := cpodkit.IdentityFromContext(r.Context())
		c, ok := authz.ClaimsFromContext(r.Context())
		city, _ := c.Text("/address/city")
		if !ok || c.Subject != "app-1" || c.Audience != audience || c.TokenID != "inst.1" || c.UserID != "alice@example.com" ||
			c.AppID != "renamed" || id.AppID != "renamed" || city != "Köln" || string(c.Value("https://x.example/a")) != "true" ||
			c.Value("none") != nil || c.ExpiresAt.IsZero() {
			t.Errorf("the claims are %+v", c)
		}
		all, err := json.Marshal(c)
		must(t, err)
		var members map[string]any
		must(t, json.Unmarshal(all, &members))
		if members["address"] == nil || members["appId"] != "app-1" {
			t.Errorf("all claims are %s", all)
		}
	}))
	for range 2 {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	if calls != 2 {
		t.Errorf("the handler was called %d times", calls)
	}
	if _, ok := authz.ClaimsFromContext(t.Context()); ok {
		t.Error("a context without a request has claims")
	}
}

func TestNewJWTRefusesSettings(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for name, change := range map[string]func(*authz.Issuer){
		"an algorithm that is not accepted": func(i *authz.Issuer) { i.Algorithms = []string{"HS256"} },
		"a pointer that is malformed":       func(i *authz.Issuer) { i.Claims.AppID = "/a~2" },
		"no claim for the tenant":           func(i *authz.Issuer) { i.Claims.TenantID = "-" },
		"two spaces between names":          func(i *authz.Issuer) { i.Claims.AppID = "a  b" },
		"a requirement without a claim":     func(i *authz.Issuer) { i.Require = []authz.Requirement{{}} },
		"a namespace that is too long":      func(i *authz.Issuer) { i.UserNamespace = "twelve-chars" },
		"a namespace with a colon":          func(i *authz.Issuer) { i.UserNamespace = "a:b" },
		"a tenant that escapes":             func(i *authz.Issuer) { i.TenantID = ".." },
		"a groups claim that is malformed": func(i *authz.Issuer) {
			i.Groups = authz.Groups{Claim: "/~", Scopes: map[string]cpodkit.Scopes{"a": {"b"}}}
		},
	} {
		if _, err := authz.NewJWT(foreign(t, k, change)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// An issuer says of which algorithms its keys may be, and of what types its tokens.
func TestAlgorithmsAndTypes(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	v := newJWT(t, foreign(t, k, func(i *authz.Issuer) {
		i.Algorithms, i.Types = []string{authz.RS256, authz.ES256}, []string{"", "JWT"}
	}))
	for _, test := range []struct {
		key, algorithm string
		typ            any
		want           cpodkit.Code
	}{
		{esKey, authz.ES256, "JWT", ""},
		{rsKey, authz.RS256, nil, ""},
		{rsKey, authz.RS256, "application/jwt", ""},
		{edKey, authz.EdDSA, "JWT", cpodkit.CodeInvalidToken},
		{esKey, authz.ES256, "at+jwt", cpodkit.CodeInvalidToken},
		{esKey, authz.ES256, "", cpodkit.CodeInvalidToken},
		{esKey, authz.ES256, 5, cpodkit.CodeInvalidToken},
	} {
		f := newForgery(k, test.key, test.algorithm)
		if f.header["typ"] = test.typ; test.typ == nil {
			delete(f.header, "typ")
		}
		_, err := v.Verify(t.Context(), f.token())
		wantCode(t, err, test.want)
	}
}

// SetIssuers takes effect at once, and keeps what it cannot replace.
func TestSetIssuers(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	first := foreign(t, k, nil)
	v := newJWT(t, first)
	token := newForgery(k, esKey, authz.ES256).token()
	check := func(want cpodkit.Code) {
		t.Helper()
		_, err := v.Verify(t.Context(), token)
		wantCode(t, err, want)
	}
	check("")
	narrowed := first
	narrowed.Tenants = []string{"other"}
	must(t, v.SetIssuers(narrowed))
	check(cpodkit.CodeInvalidToken)
	must(t, v.SetIssuers(first))
	check("")
	if err := v.SetIssuers(); err == nil {
		t.Error("no issuer is accepted")
	}
	if err := v.SetIssuers(first, first); err == nil {
		t.Error("an issuer that is there twice is accepted")
	}
	check("")
	asked := &countedKeys{KeySource: first.Keys}
	counted := first
	counted.Keys = asked
	must(t, v.SetIssuers(counted))
	check("")
	counted.Tenants = slices.Clone(counted.Tenants)
	must(t, v.SetIssuers(counted))
	check("")
	if asked.n != 1 {
		t.Errorf("an issuer with the same settings verified its token %d times", asked.n)
	}
	other := first
	other.Issuer = "https://other.example"
	must(t, v.SetIssuers(other))
	check(cpodkit.CodeInvalidToken)
	if list := v.Issuers(); len(list) != 1 || list[0].Issuer != other.Issuer {
		t.Errorf("the issuers are %+v", list)
	}
}

// countedKeys counts how often a key is asked for.
type countedKeys struct {
	authz.KeySource

	n int
}

func (c *countedKeys) Key(ctx context.Context, id string) (*authz.VerificationKey, error) {
	c.n++
	return c.KeySource.Key(ctx, id)
}

// runningKeys is a key source that counts its runs.
type runningKeys struct {
	authz.KeySource

	started, ended chan struct{}
}

func (r runningKeys) Run(ctx context.Context) {
	r.started <- struct{}{}
	<-ctx.Done()
	r.ended <- struct{}{}
}

func TestJWTRun(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	newKeySource := func() runningKeys { return runningKeys{k.set(t), make(chan struct{}), make(chan struct{})} }
	a, b := newKeySource(), newKeySource()
	v := newJWT(t, foreign(t, k, func(i *authz.Issuer) { i.Keys = a }), foreign(t, k, func(i *authz.Issuer) { i.Issuer = "https://plain.example" }))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.Run(ctx)
	}()
	<-a.started
	must(t, v.SetIssuers(foreign(t, k, func(i *authz.Issuer) { i.Keys = b })))
	<-a.ended
	<-b.started
	stop()
	<-b.ended
	<-done
}
