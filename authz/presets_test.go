package authz_test

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// presetToken is a token of the shape that the page of its provider documents, without
// "iat" and "exp".
type presetToken struct {
	preset   string
	issuer   string
	audience string
	header   string // besides alg and kid
	claims   string
	tenant   string // of the installation; "" where a claim says it
	groups   map[string]cpodkit.Scopes
	want     cpodkit.Identity
	traps    []trap
}

// trap is a change that makes of the token one that must be refused, or that has no user.
type trap struct {
	name   string
	header string // replaces that of the token
	change string // null removes a claim
	noUser bool   // the token is accepted, without a user
}

func presetTokens() []presetToken {
	return []presetToken{
		{
			preset: "keycloak", issuer: "https://sso.example/realms/acme", audience: "api", header: `{"typ":"JWT"}`, tenant: "acme",
			claims: `{"jti":"onrtac:2c6e","aud":["api","account"],"sub":"f3b1","typ":"Bearer","azp":"shop","sid":"4e9a","acr":"1",
				"allowed-origins":["https://shop.example"],"realm_access":{"roles":["offline_access","clerk"]},
				"resource_access":{"account":{"roles":["view-profile"]}},"scope":"email orders.read","email_verified":true,"preferred_username":"alice"}`,
			groups: map[string]cpodkit.Scopes{"clerk": {"orders.write"}},
			want:   cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "f3b1", Scopes: cpodkit.Scopes{"email", "orders.read", "orders.write"}},
			traps: []trap{
				{name: "an ID token", change: `{"typ":"ID","nonce":"n","at_hash":"x"}`},
				{name: "a refresh token", change: `{"typ":"Refresh"}`},
				{name: "an offline token", change: `{"typ":"Offline"}`},
				{name: "a logout token", header: `{"typ":"logout+jwt"}`, change: `{"typ":"Logout","events":{}}`},
				{name: "no azp", change: `{"azp":null}`},
				{name: "roles that are an object", change: `{"realm_access":{"roles":{"clerk":true}}}`},
				{name: "a service account", change: `{"sid":null,"preferred_username":"service-account-shop","client_id":"shop"}`, noUser: true},
			},
		},
		{
			preset: "auth0", issuer: "https://acme.eu.auth0.com/", audience: "https://api.acme.example", header: `{"typ":"JWT"}`, tenant: "acme",
			claims: `{"sub":"auth0|5f7c","aud":["https://api.acme.example","https://acme.eu.auth0.com/userinfo"],"azp":"my_client",
				"scope":"openid profile orders.read","permissions":["orders.read","orders.write"]}`,
			want: cpodkit.Identity{
				TenantID: "acme", AppID: "my_client", UserID: "auth0|5f7c",
				Scopes: cpodkit.Scopes{"openid", "profile", "orders.read", "orders.write"},
			},
			traps: []trap{
				{name: "an ID token", change: `{"aud":"my_client","nonce":"n","azp":null,"scope":null,"permissions":null}`},
				{name: "an ID token, of an API that is configured with the id of the app", change: `{"azp":null,"nonce":"n"}`},
				{name: "a token of a machine", change: `{"sub":"my_client@clients","gty":"client-credentials"}`, noUser: true},
				{name: "permissions that are an object", change: `{"permissions":{"orders.read":true}}`},
				{name: "the issuer without its slash", change: `{"iss":"https://acme.eu.auth0.com"}`},
			},
		},
		{
			preset: "auth0", issuer: "https://acme.eu.auth0.com/", audience: "https://api.acme.example", header: `{"typ":"at+jwt"}`, tenant: "acme",
			claims: `{"sub":"auth0|5f7c","aud":"https://api.acme.example","client_id":"my_client","jti":"a1","scope":"orders.read"}`,
			want:   cpodkit.Identity{TenantID: "acme", AppID: "my_client", UserID: "auth0|5f7c", Scopes: cpodkit.Scopes{"orders.read"}},
		},
		{
			preset: "okta", issuer: "https://acme.okta.com/oauth2/default", audience: "api://default", header: `{}`, tenant: "acme",
			claims: `{"ver":1,"jti":"AT.0mP4","aud":"api://default","cid":"0oa1","uid":"00u1","scp":["openid","orders.read"],"sub":"alice@acme.example",
				"groups":["Everyone"]}`,
			groups: map[string]cpodkit.Scopes{"Everyone": {"orders.list"}},
			want: cpodkit.Identity{
				TenantID: "acme", AppID: "0oa1", UserID: "00u1", Scopes: cpodkit.Scopes{"openid", "orders.read", "orders.list"},
			},
			traps: []trap{
				{name: "an ID token", change: `{"aud":"0oa1","cid":null,"uid":null,"scp":null,"nonce":"n","amr":["pwd"]}`},
				{name: "an ID token for this audience", change: `{"cid":null}`},
				{name: "an opaque token of the organization", header: `{"typ":"application/okta-internal-at+jwt"}`},
				{name: "a token of an app", change: `{"uid":null,"sub":"0oa1"}`, noUser: true},
			},
		},
		{
			preset: "entra-v1", issuer: "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/", audience: "api://orders",
			header: `{"typ":"JWT","x5t":"2Zpj"}`,
			claims: `{"aud":"api://orders","acr":"1","aio":"AXQA","amr":["pwd"],"appid":"75dbe77f","appidacr":"0","family_name":"Doe","ipaddr":"192.0.2.1",
				"oid":"9fcd","rh":"0.AX","scp":"orders.read user_impersonation","sub":"pairwise","tid":"72f988bf-86f1-41af-91ab-2d7cd011db47",
				"unique_name":"alice@acme.example","uti":"fqii","ver":"1.0"}`,
			want: cpodkit.Identity{
				TenantID: "72f988bf-86f1-41af-91ab-2d7cd011db47", AppID: "75dbe77f", UserID: "9fcd",
				Scopes: cpodkit.Scopes{"orders.read", "user_impersonation"},
			},
			traps: []trap{
				{name: "an ID token", change: `{"appid":null,"scp":null,"nonce":"n"}`},
				{name: "a token of v2", change: `{"ver":"2.0","azp":"75dbe77f","appid":null}`},
				{name: "a token of an app", change: `{"scp":null,"roles":["orders.read"]}`, noUser: true},
				{name: "another tenant", change: `{"tid":"other"}`},
			},
		},
		{
			preset: "entra-v2", issuer: "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0", audience: "6e74172b",
			header: `{"typ":"JWT"}`,
			claims: `{"aud":"6e74172b","azp":"0ee6","azpacr":"0","name":"Alice","oid":"690222be","preferred_username":"alice@acme.example","rh":"I",
				"scp":"orders.read","roles":["Clerk"],"sub":"HKZpfaHyWadeOouYlitjrI","tid":"72f988bf-86f1-41af-91ab-2d7cd011db47","uti":"fqii","ver":"2.0"}`,
			want: cpodkit.Identity{
				TenantID: "72f988bf-86f1-41af-91ab-2d7cd011db47", AppID: "0ee6", UserID: "690222be", Scopes: cpodkit.Scopes{"orders.read", "Clerk"},
			},
			traps: []trap{
				{name: "an ID token", change: `{"azp":null,"scp":null,"nonce":"n"}`},
				{name: "a token of v1", change: `{"ver":"1.0"}`},
				{name: "a token of an app", change: `{"idtyp":"app"}`, noUser: true},
				{name: "the issuer of v1", change: `{"iss":"https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/"}`},
			},
		},
		{
			preset: "google", issuer: "https://accounts.google.com", audience: "1234.apps.googleusercontent.com", header: `{"typ":"JWT"}`, tenant: "acme",
			claims: `{"azp":"1234.apps.googleusercontent.com","aud":"1234.apps.googleusercontent.com","sub":"110169484474386276334",
				"at_hash":"HK6E","hd":"acme.example","email":"alice@acme.example","email_verified":true,"nonce":"0394"}`,
			groups: map[string]cpodkit.Scopes{"alice@acme.example": {"orders.read"}},
			want: cpodkit.Identity{
				TenantID: "acme", AppID: "1234.apps.googleusercontent.com", UserID: "110169484474386276334", Scopes: cpodkit.Scopes{"orders.read"},
			},
			traps: []trap{
				{name: "a token that somebody's service account got for this audience", change: `{"azp":"107517467455664443766"}`},
				{name: "an address that is not verified", change: `{"email_verified":false}`},
				{name: "the issuer without its scheme", change: `{"iss":"accounts.google.com"}`},
			},
		},
		{
			preset: "cognito", issuer: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbC", audience: "1example23456789", header: `{}`,
			tenant: "acme",
			claims: `{"sub":"aaaaaaaa-bbbb","device_key":"d","cognito:groups":["clerks"],"version":2,"client_id":"1example23456789","origin_jti":"o",
				"event_id":"e","token_use":"access","scope":"openid orders/read","auth_time":1676313851,"jti":"j","username":"alice"}`,
			groups: map[string]cpodkit.Scopes{"clerks": {"orders.write"}},
			want: cpodkit.Identity{
				TenantID: "acme", AppID: "1example23456789", UserID: "aaaaaaaa-bbbb", Scopes: cpodkit.Scopes{"openid", "orders/read", "orders.write"},
			},
			traps: []trap{
				{name: "an ID token", change: `{"token_use":"id","aud":"1example23456789","client_id":null,"cognito:username":"alice"}`},
				{name: "an ID token with a client_id", change: `{"token_use":"id"}`},
				{name: "another app of the pool", change: `{"client_id":"other"}`},
				{name: "an aud does not make up for the client_id", change: `{"client_id":"other","aud":"1example23456789"}`},
				{name: "a token of an app", change: `{"username":null,"sub":"1example23456789"}`, noUser: true},
			},
		},
		{
			preset: "github-actions", issuer: "https://token.actions.githubusercontent.com", audience: "https://api.acme.example",
			header: `{"typ":"JWT","x5t":"eB1i"}`,
			claims: `{"jti":"example-id","sub":"repo:octo-org/octo-repo:environment:prod","environment":"prod","aud":"https://api.acme.example",
				"ref":"refs/heads/main","sha":"example-sha","repository":"octo-org/octo-repo","repository_owner":"octo-org","actor_id":"12",
				"repository_visibility":"private","repository_id":"74","repository_owner_id":"65","run_id":"example-run-id","workflow":"deploy"}`,
			groups: map[string]cpodkit.Scopes{"repo:octo-org/octo-repo:environment:prod": {"deploy.write"}},
			want:   cpodkit.Identity{TenantID: "65", AppID: "74", Scopes: cpodkit.Scopes{"deploy.write"}},
			traps: []trap{
				{name: "another owner", change: `{"repository_owner_id":"66"}`},
				{name: "an owner that took the name over", change: `{"repository_owner_id":"99","repository_owner":"octo-org"}`},
			},
		},
		{
			preset: "kubernetes", issuer: "https://kubernetes.default.svc.cluster.local", audience: "https://api.acme.example", header: `{}`,
			claims: `{"aud":["https://api.acme.example"],"jti":"ea28ed49","kubernetes.io":{"namespace":"shop","node":{"name":"n1","uid":"u"},
				"pod":{"name":"cart-7d","uid":"u"},"serviceaccount":{"name":"cart","uid":"u"}},"nbf":1,"sub":"system:serviceaccount:shop:cart"}`,
			groups: map[string]cpodkit.Scopes{"system:serviceaccount:shop:cart": {"orders.read"}},
			want:   cpodkit.Identity{TenantID: "shop", AppID: "system:serviceaccount:shop:cart", Scopes: cpodkit.Scopes{"orders.read"}},
			traps: []trap{
				{name: "the default audience of the cluster", change: `{"aud":["https://kubernetes.default.svc.cluster.local"]}`},
				{name: "another namespace", change: `{"kubernetes.io":{"namespace":"kube-system"}}`},
				{name: "a namespace that is an object", change: `{"kubernetes.io":{"namespace":{}}}`},
				{name: "no kubernetes.io", change: `{"kubernetes.io":null}`},
				{name: "the flat name of the nested claim", change: `{"kubernetes.io":null,"kubernetes.io/namespace":"shop"}`},
			},
		},
		{
			preset: "cpod-backend", issuer: "https://other.example", audience: "https://other.example", header: `{"typ":"at+jwt"}`,
			claims: `{"aud":"https://other.example","sub":"shop","client_id":"shop","jti":"r.1","scope":"orders.read","tenantId":"acme","appId":"shop","userId":"u1"}`,
			want:   cpodkit.Identity{TenantID: "acme", AppID: "shop", UserID: "u1", Scopes: cpodkit.Scopes{"orders.read"}},
			traps: []trap{
				{name: "an ID token", header: `{"typ":"JWT"}`},
				{name: "another tenant", change: `{"tenantId":"other"}`},
			},
		},
	}
}

// forged returns the token, with the changes of a trap.
func (p presetToken) forged(tb testing.TB, k keys, t trap) string {
	tb.Helper()
	f := newForgery(k, rsKey, authz.RS256)
	f.header, f.claims = map[string]any{}, map[string]any{}
	header := p.header
	if t.header != "" {
		header = t.header
	}
	must(tb, json.Unmarshal([]byte(header), &f.header))
	f.header["alg"], f.header["kid"] = authz.RS256, rsKey
	must(tb, json.Unmarshal([]byte(p.claims), &f.claims))
	f.claims["iss"], f.claims["iat"], f.claims["exp"] = p.issuer, time.Now().Unix(), time.Now().Add(time.Hour).Unix()
	if t.change != "" {
		var changes map[string]any
		must(tb, json.Unmarshal([]byte(t.change), &changes))
		maps.Copy(f.claims, changes)
		maps.DeleteFunc(f.claims, func(_ string, v any) bool { return v == nil })
	}
	return f.token()
}

func TestPresets(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	page, err := os.ReadFile("../docs/authz.md")
	must(t, err)
	tested := map[string]bool{}
	for _, p := range presetTokens() {
		tested[p.preset] = true
		t.Run(p.preset, func(t *testing.T) {
			t.Parallel()
			issuer, err := authz.PresetIssuer(p.preset)
			must(t, err)
			issuer.Issuer, issuer.Audience, issuer.Keys = p.issuer, p.audience, k.set(t)
			issuer.TenantID, issuer.Tenants, issuer.Groups.Scopes = p.tenant, []string{p.want.TenantID}, p.groups
			v := newJWT(t, issuer)
			id, err := v.Verify(t.Context(), p.forged(t, k, trap{}))
			must(t, err)
			if id.TenantID != p.want.TenantID || id.AppID != p.want.AppID || id.UserID != p.want.UserID ||
				id.Scopes.String() != p.want.Scopes.String() || id.Issuer != p.issuer || !strings.HasPrefix(id.TokenID, "sha256-") {
				t.Errorf("the identity is %+v, want %+v", id, p.want)
			}
			for _, trap := range p.traps {
				id, err := v.Verify(t.Context(), p.forged(t, k, trap))
				if trap.noUser {
					if err != nil || id.UserID != "" || id.AppID != p.want.AppID {
						t.Errorf("%s: %+v, %v", trap.name, id, err)
					}
					continue
				}
				if cpodkit.CodeOf(err) != cpodkit.CodeInvalidToken {
					t.Errorf("%s: %+v, %v", trap.name, id, err)
				}
			}
		})
	}
	for _, p := range authz.Presets() {
		if !tested[p.Name] {
			t.Errorf("the preset %s has no test", p.Name)
		}
		if !strings.Contains(string(page), "| `"+p.Name+"` | `"+p.IssuerForm) || !strings.Contains(string(page), p.Page) {
			t.Errorf("docs/authz.md lacks the preset %s", p.Name)
		}
	}
	if _, err := authz.PresetIssuer("none"); err == nil {
		t.Error("a preset that is not there was returned")
	}
}
