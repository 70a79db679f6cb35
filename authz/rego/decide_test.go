package rego_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

func question(action, resource string) authz.Question {
	return authz.Question{
		Identity: ann, Claims: authz.Claims{Subject: "ann"}, Action: action, Resource: resource, Context: json.RawMessage(`{"owner": "ann"}`),
	}
}

// The operator must allow, and so must the tenant's policy if it defines the rule.
func TestDecide(t *testing.T) {
	t.Parallel()
	const (
		none    = ""
		allow   = "package authz\n\nallow := true\n"
		deny    = "package authz\n\ndefault allow := false\n"
		owner   = deny + "\nallow if input.identity.userId == input.context.owner\n"
		because = deny + "\nreason := sprintf(\"%s may not %s.\", [input.identity.userId, input.action])\n"
		odd     = "package authz\n\nallow := \"yes\"\n"
		beside  = "package other\n\nallow := false\n"
		fault   = "package authz\n\nallow := x if some x in [true, false]\n"
	)
	for name, c := range map[string]struct {
		operator, tenant string
		action, resource string
		allowed          bool
		reason           string
		fails            bool
	}{
		"neither, in scope":        {none, none, "read", "/api/orders/7", true, "The token has the scope orders.read.", false},
		"neither, out of scope":    {none, none, "erase", "/api/orders/7", false, "The token lacks the scope orders.erase.", false},
		"a policy beside":          {beside, beside, "read", "/api/orders/7", true, "The token has the scope orders.read.", false},
		"the operator allows":      {allow, none, "erase", "/api/orders/7", true, "The policy allows it.", false},
		"the operator denies":      {deny, none, "read", "/api/orders/7", false, "The policy denies it.", false},
		"both allow":               {allow, owner, "erase", "anything", true, "The policy allows it.", false},
		"the tenant denies":        {allow, deny, "read", "/api/orders/7", false, "The policy denies it.", false},
		"the tenant's reason":      {allow, because, "read", "/api/orders/7", false, "ann may not read.", false},
		"the operator's reason":    {because, allow, "read", "/api/orders/7", false, "ann may not read.", false},
		"a tenant allows no more":  {deny, allow, "read", "/api/orders/7", false, "The policy denies it.", false},
		"nor beyond scopes":        {none, allow, "erase", "/api/orders/7", false, "The token lacks the scope orders.erase.", false},
		"the tenant restricts":     {none, deny, "read", "/api/orders/7", false, "The policy denies it.", false},
		"the tenant is not asked":  {deny, fault, "read", "/api/orders/7", false, "The policy denies it.", false},
		"not a boolean":            {odd, none, "read", "/api/orders/7", false, "The policy denies it.", false},
		"of a tenant":              {allow, odd, "read", "/api/orders/7", false, "The policy denies it.", false},
		"the operator's error":     {fault, none, "read", "/api/orders/7", false, "", true},
		"the tenant's error":       {allow, fault, "read", "/api/orders/7", false, "", true},
		"the input has a path":     {deny + "allow if input.path == [\"api\", \"a/b\", \"c\"]\n", none, "read", "/api/a%2Fb/c", true, "The policy allows it.", false},
		"an unclean path has none": {deny + "allow if not input.path\n", none, "read", "/api/../b", true, "The policy allows it.", false},
		"the resource as sent":     {deny + "allow if input.resource == \"/api/../b\"\n", none, "read", "/api/../b", true, "The policy allows it.", false},
		"claims":                   {deny + "allow if input.claims.sub == \"ann\"\n", none, "read", "x", true, "The policy allows it.", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var source rego.Source
			if c.operator != none {
				source = fixed(c.operator)
			}
			engine := newEngine(t, source)
			if c.tenant != none {
				putModule(t, engine, "acme", "m.rego", c.tenant)
			}
			d, err := engine.Decide(t.Context(), question(c.action, c.resource))
			if (err != nil) != c.fails || d.Allowed != c.allowed || d.Reason != c.reason {
				t.Errorf("the decision is %+v, %v", d, err)
			}
			if err == nil && d.ID == "" || err != nil && cpodkit.StatusOf(err) != http.StatusServiceUnavailable {
				t.Errorf("the id is %q, the error %v", d.ID, err)
			}
			other := question(c.action, c.resource)
			other.Identity.TenantID = "acmex" // has no policy
			want := c.allowed
			if c.tenant != none {
				want = c.operator == allow || (c.operator == none || c.operator == beside) && c.action == "read"
			}
			if d, err := engine.Decide(t.Context(), other); err == nil && d.Allowed != want {
				t.Errorf("the decision for another tenant is %+v, %v", d, err)
			}
		})
	}
}

// Behind a verified token both entry points see all of its claims.
func TestClaimsOfATokenAreInTheInput(t *testing.T) {
	t.Parallel()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	signer, err := authz.NewSigner(authz.SigningKey{ID: "k", Algorithm: authz.ES256, Private: private})
	must(t, err)
	revocations, err := authz.OpenRevocations(t.Context(), authz.NewMemoryRevocations())
	must(t, err)
	verifier, err := authz.NewJWT(authz.Issuer{Issuer: "https://a.example", Audience: "https://a.example", Keys: signer, Revocations: revocations})
	must(t, err)
	token, err := signer.Sign(authz.Claims{
		Issuer: "https://a.example", Audience: "https://a.example", Subject: "ann", ClientID: "shop", TokenID: rand.Text(),
		IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour), Scopes: cpodkit.Scopes{"auth.read", "orders.read"},
		TenantID: "acme", AppID: "shop", UserID: "ann",
	})
	must(t, err)
	engine := newEngine(t, fixed(
		"package http\n\ndefault allow := false\n\nallow if {\n\tinput.claims.client_id == \"shop\"\n\tinput.claims.scope == \"auth.read orders.read\"\n}\n",
		"package authz\n\ndefault allow := false\n\nallow if input.claims.client_id == \"shop\"\n",
	))
	service, err := authz.NewService(verifier, authz.WithDecider(engine))
	must(t, err)
	wrap, err := engine.Wrap()
	must(t, err)
	mux := http.NewServeMux()
	cpodkit.Mount(mux, service.Routes(), cpodkit.WrapProtected(authz.Authenticate(verifier)), wrap)
	a := webtest.Call(t, mux, "POST", "/v1/auth/authorize", token, `{"token": "`+token+`", "action": "burn", "resource": "/api/x"}`, "Content-Type", "application/json")
	a.WantStatus(t, http.StatusOK)
	var answer struct{ Allowed bool }
	if err := json.Unmarshal(a.Body.Bytes(), &answer); err != nil || !answer.Allowed {
		t.Errorf("%s, %v", a, err)
	}
}

// putModule gives a tenant a module.
func putModule(t testing.TB, engine *rego.Engine, tenantID, name, source string) {
	t.Helper()
	_, err := engine.PutModule(t.Context(), tenantID, name, source, rego.Condition{})
	must(t, err)
}
