package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

// A token of another issuer is one like any other, on every call.
func TestForeignTokens(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": issuersFile(t, p.entry(nil)), "CPOD_LOG_FORMAT": "json"})
	c := newCaller(t, srv.url)
	c.tokens["admin"] = srv.adminKey
	c.tokens["alice"] = p.sign(map[string]any{"scope": "storage.private.read storage.private.write storage.user.read storage.user.write auth.read auth.write flags.read masking.read"})
	c.wantRows(t, []contractRow{
		{"alice", "PUT /v1/storage/db/notes/a", `{"text":"of another issuer"}`, 200, ""},
		{"alice", "GET /v1/storage/db/notes/a", "", 200, ""},
		{"alice", "PUT /v1/storage/files/a.txt", `1`, 200, ""},
		{"alice", "PUT /v1/storage/kv/a?tier=user", `{"value":"1"}`, 204, ""},
		{"alice", "POST /v1/flags/evaluate", `{"context":{}}`, 200, ""},
		{"alice", "POST /v1/mask", `{"value":1}`, 200, ""},
		{"alice", "GET /v1/secrets", "", 403, "invalid_scope"},
		{"alice", "GET /v1/oauth/apps", "", 403, "invalid_scope"},
	})
	a := c.do(t, "alice", "GET /v1/storage/kv/a?tier=shared", "")
	metadata := `resource_metadata="` + srv.url + `/.well-known/oauth-protected-resource"`
	if got := a.header.Get("WWW-Authenticate"); a.status != http.StatusForbidden || !strings.Contains(got, metadata) ||
		!strings.Contains(got, `error="insufficient_scope"`) || !strings.Contains(got, `scope="storage.shared.read"`) {
		t.Errorf("without the scope: %d %q", a.status, got)
	}
	for _, token := range []string{"", "x.y.z"} {
		a := c.do(t, "", "GET /v1/storage/kv/a", "", "Authorization", "Bearer "+token)
		if got := a.header.Get("WWW-Authenticate"); a.status != http.StatusUnauthorized || !strings.Contains(got, metadata) {
			t.Errorf("the challenge is %d %q", a.status, got)
		}
	}
	var resource struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
	}
	a = c.do(t, "", "GET /.well-known/oauth-protected-resource", "")
	if err := json.Unmarshal([]byte(a.body), &resource); err != nil || resource.Resource != srv.url ||
		strings.Join(resource.Servers, " ") != srv.url+" "+p.URL {
		t.Errorf("the metadata are %s, %v", a.body, err)
	}
	if a := c.do(t, "alice", "POST /v1/auth/validate", `{"token":"`+p.sign(nil)+`"}`); !strings.Contains(a.body, `"valid":true`) || !strings.Contains(a.body, `"tenantId":"default"`) {
		t.Errorf("validate: %d %s", a.status, a.body)
	}
	for _, changes := range []map[string]any{{"aud": "https://other.example"}, {"iss": p.URL + "/"}, {"exp": 1}, {"tenantId": nil}, {"scope": 5}, {"client_id": "cpod:admin"}} {
		p.want(c, "with other claims", p.sign(changes), http.StatusUnauthorized, map[bool]string{true: "token_expired", false: "invalid_token"}[changes["exp"] != nil])
	}
	p.want(c, "with all scopes of administrators", p.sign(map[string]any{"scope": "platform.admin"}), http.StatusForbidden, "invalid_scope")
	srv.stop()
	for _, line := range srv.log.lines(t, "request") {
		if line["route"] == "PUT /v1/storage/db/{collection}/{key}" && (line["tenant"] != defaultTenant || line["app"] != "spa" || line["credential"] != "token") {
			t.Errorf("the log has %v", line)
		}
	}
	if text := srv.log.String(); strings.Contains(text, c.tokens["alice"]) || !strings.Contains(text, `"app":"spa"`) {
		t.Error("the log has a token, or not the app")
	}
}

// Limits count them as others, each app for itself.
func TestForeignTokensHaveLimits(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": issuersFile(t, p.entry(nil)), "CPOD_LIMIT_APP": "3/24h"})
	c := newCaller(t, srv.url)
	for range 3 {
		p.want(c, "within the limit", p.sign(nil), http.StatusNotFound, "not_found")
	}
	p.want(c, "over the limit", p.sign(nil), http.StatusTooManyRequests, "rate_limited")
	p.want(c, "another app", p.sign(map[string]any{"client_id": "other"}), http.StatusNotFound, "not_found")
}

// The rules of flags see the claims of the token.
func TestFlagsSeeClaims(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": issuersFile(t, p.entry(nil))})
	c := newCaller(t, srv.url)
	for who, plan := range map[string]string{"pro": "pro", "free": "free"} {
		c.tokens[who] = p.sign(map[string]any{"scope": "flags.read flags.write", "plan": map[string]any{"name": plan}})
	}
	rows := []contractRow{{"pro", "PUT /v1/flags/dark_mode", `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off",
		"targeting":{"if":[{"==":[{"var":"identity.claims.plan.name"},"pro"]},"on"]}}`, 200, ""}}
	c.wantRows(t, rows)
	for who, want := range map[string]string{"pro": `"enabled":true`, "free": `"enabled":false`} {
		if a := c.do(t, who, "POST /v1/flags/dark_mode/evaluate", `{"context":{"identity":{"claims":{"plan":{"name":"pro"}}}}}`); !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %s", who, a.status, a.body)
		}
	}
}

// Revocation goes by the id of the token, or by its digest.
func TestForeignTokensAreRevoked(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": issuersFile(t, p.entry(nil))})
	c := newCaller(t, srv.url)
	c.tokens["app"] = p.sign(map[string]any{"scope": "auth.write"})
	c.tokens["other"] = p.sign(map[string]any{"scope": "auth.write", "client_id": "other"})
	for name, changes := range map[string]map[string]any{"by id": {}, "by digest": {"jti": nil}} {
		other := maps.Clone(changes)
		other["sub"] = "bob"
		token, beside := p.sign(changes), p.sign(other)
		body := `{"token":"` + token + `"}`
		p.want(c, name, token, http.StatusNotFound, "not_found")
		if a := c.do(t, "other", "POST /v1/auth/revoke", body); a.status != http.StatusForbidden {
			t.Errorf("%s, by another app: %d %s", name, a.status, a.body)
		}
		if a := c.do(t, "app", "POST /v1/auth/revoke", body); a.status != http.StatusNoContent {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		p.want(c, name, token, http.StatusUnauthorized, "token_revoked")
		p.want(c, name+", the one beside", beside, http.StatusNotFound, "not_found")
	}
}

// A token of a tenant that is not there is refused, until the tenant is made, and again
// once it is deleted.
func TestForeignTokensOfTenants(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": issuersFile(t, p.entry(map[string]any{"tenants": []string{"acme", "default"}}))})
	c := newCaller(t, srv.url)
	token, elsewhere := p.sign(map[string]any{"tenantId": "acme"}), p.sign(map[string]any{"tenantId": "globex"})
	p.want(c, "before the tenant is there", token, http.StatusUnauthorized, "invalid_token")
	srv.mustCommand(t, "tenant", "create", "acme")
	srv.mustCommand(t, "tenant", "create", "globex")
	p.want(c, "once the tenant is there", token, http.StatusNotFound, "not_found")
	p.want(c, "of a tenant for which the issuer does not speak", elsewhere, http.StatusUnauthorized, "invalid_token")
	c.tokens["acme"] = token
	if a := c.do(t, "acme", "PUT /v1/storage/kv/a", `{"value":"1"}`); a.status != http.StatusNoContent {
		t.Fatalf("PUT: %d %s", a.status, a.body)
	}
	srv.mustCommand(t, "tenant", "delete", "--yes", "acme")
	p.want(c, "once the tenant is deleted", token, http.StatusUnauthorized, "token_revoked")
	p.want(c, "a new one", p.sign(map[string]any{"tenantId": "acme"}), http.StatusUnauthorized, "token_revoked")
	srv.mustCommand(t, "tenant", "create", "acme")
	p.want(c, "of the later tenant", token, http.StatusNotFound, "not_found")
	if a := c.do(t, "acme", "GET /v1/storage/kv/a", ""); a.status != http.StatusNotFound {
		t.Errorf("the later tenant has %d %s", a.status, a.body)
	}
}

// An app changes a user's token of another issuer for one of this server.
func TestForeignTokensAreExchanged(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": issuersFile(t, p.entry(nil))})
	_, app := srv.register(t, "app-a", "storage.user.read", "storage.private.read")
	exchange := func(token string) (int, string) {
		t.Helper()
		form := url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {token},
			"subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"},
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.url+"/v1/oauth/token", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", formType)
		r.SetBasicAuth(app.ClientID, app.ClientSecret)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text)
	}
	status, body := exchange(p.sign(map[string]any{"scope": "storage.user.read orders.read"}))
	var answer struct {
		Token string `json:"access_token"`
		Scope string `json:"scope"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK || answer.Scope != "storage.user.read" {
		t.Fatalf("%d %s, %v", status, body, err)
	}
	c := newCaller(t, srv.url)
	c.tokens["alice"] = answer.Token
	if a := c.do(t, "alice", "GET /v1/storage/kv/a?tier=user", ""); a.status != http.StatusNotFound {
		t.Errorf("the token is answered %d %s", a.status, a.body)
	}
	claims := claimsOf(t, answer.Token)
	if claims["userId"] != "sso:alice" || claims["appId"] != "app-a" || claims["iss"] != srv.url {
		t.Errorf("the claims are %v", claims)
	}
	srv.mustCommand(t, "tenant", "create", "acme")
	for name, changes := range map[string]map[string]any{
		"no user": {"userId": nil}, "expired": {"exp": 1}, "another tenant": {"tenantId": "acme"}, "no tenant": {"tenantId": "none"},
	} {
		if status, body := exchange(p.sign(changes)); status != http.StatusBadRequest || !strings.Contains(body, "invalid_request") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func TestIssuersFile(t *testing.T) {
	t.Parallel()
	p, q := newProvider(t), newProvider(t)
	const own = "http://localhost:8000"
	for name, c := range map[string]struct {
		entries []string
		says    string
	}{
		"a fault":     {[]string{p.entry(nil), q.entry(map[string]any{"tennants": nil})}, "/issuers/1 in line "},
		"not JSON":    {[]string{p.entry(nil), "}"}, "line "},
		"no issuer":   {nil, "1 to 100"},
		"this server": {[]string{p.entry(map[string]any{"issuer": own})}, "this server itself"},
		"a namespace": {[]string{p.entry(nil), q.entry(nil)}, "user.namespace"},
	} {
		env := map[string]string{
			"CPOD_LISTEN": "127.0.0.1:0", "CPOD_OPS_LISTEN": "off", "CPOD_DATA_DIR": t.TempDir(), "CPOD_PUBLIC_URL": own, "CPOD_ISSUERS": issuersFile(t, c.entries...),
		}
		if _, err := runOnce(t, env); err == nil || !strings.Contains(err.Error(), "CPOD_ISSUERS") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := runOnce(t, map[string]string{"CPOD_LISTEN": "127.0.0.1:0", "CPOD_DATA_DIR": t.TempDir(), "CPOD_ISSUERS": "/nowhere"}); err == nil || !strings.Contains(err.Error(), "CPOD_ISSUERS") {
		t.Errorf("no file: %v", err)
	}

	ofQ := q.entry(map[string]any{"user": map[string]any{"claim": "userId", "namespace": "q"}})
	path := issuersFile(t, p.entry(nil), ofQ)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_ISSUERS": path, "CPOD_OPS_LISTEN": "127.0.0.1:0"})
	c := newCaller(t, srv.url)
	token, ofOther := p.sign(nil), q.sign(nil)
	p.want(c, "of the first issuer", token, http.StatusNotFound, "not_found")
	q.want(c, "of the second issuer", ofOther, http.StatusNotFound, "not_found")
	eventually(t, "it is ready", srv.isReady(t, "ok", "ok"))
	if !srv.hasMetric(t, "cpodkit_authz_issuers_stale 0") || p.asked.Load() != 1 {
		t.Errorf("a metric is missing, or the keys were asked for %d times", p.asked.Load())
	}

	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it says that the file is broken", srv.isReady(t, "degraded", "unavailable"))
	if !srv.hasMetric(t, "cpodkit_authz_issuers_stale 1") || !strings.Contains(srv.log.String(), path) {
		t.Error("the metric or the log does not say that the file is broken")
	}
	p.want(c, "with a broken file", p.sign(nil), http.StatusNotFound, "not_found")

	writeIssuers(t, path, p.entry(nil))
	eventually(t, "it is ready again", srv.isReady(t, "ok", "ok"))
	q.want(c, "of an issuer that is gone", ofOther, http.StatusUnauthorized, "invalid_token")
	p.want(c, "of an issuer that stays", token, http.StatusNotFound, "not_found")
	if !srv.hasMetric(t, "cpodkit_authz_issuers_stale 0") || p.asked.Load() != 1 {
		t.Errorf("the metric is wrong, or the keys were asked for %d times", p.asked.Load())
	}
	if a := c.do(t, "", "GET /.well-known/oauth-protected-resource", ""); strings.Contains(a.body, q.URL) || !strings.Contains(a.body, p.URL) {
		t.Errorf("the metadata are %s", a.body)
	}
}

// One issuer by variables, whose claims are named as those of this server's tokens.
func TestIssuerByVariables(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	srv := start(t, t.TempDir(), map[string]string{
		"CORESDK_JWKS_URI": p.URL + "/keys", "CORESDK_ISSUER": p.URL, "CORESDK_AUDIENCE": foreignAudience, "CPOD_OPS_LISTEN": "127.0.0.1:0",
	})
	c := newCaller(t, srv.url)
	for name, changes := range map[string]map[string]any{
		"client_id": nil, "appId": {"client_id": nil, "appId": "spa"}, "azp": {"client_id": nil, "azp": "spa"},
		"scopes as a list": {"scope": nil, "scp": storageScopes}, "no user": {"userId": nil}, "no jti": {"jti": nil},
	} {
		p.want(c, name, p.sign(changes), http.StatusNotFound, "not_found")
	}
	for name, changes := range map[string]map[string]any{
		"an ID token": {"at_hash": "x"}, "no tenant": {"tenantId": nil}, "no app": {"client_id": nil},
		"a tenant that is not there": {"tenantId": "acme"}, "another audience": {"aud": "spa"},
	} {
		p.want(c, name, p.sign(changes), http.StatusUnauthorized, "invalid_token")
	}
	eventually(t, "it is ready", srv.isReady(t, "ok", "ok"))
	if a := c.do(t, "", "GET /.well-known/oauth-protected-resource", ""); !strings.Contains(a.body, p.URL) {
		t.Errorf("the metadata are %s", a.body)
	}
}

func TestIssuerVariables(t *testing.T) {
	t.Parallel()
	const uri, issuer, audience, file = "CORESDK_JWKS_URI=https://idp.example/keys", "CORESDK_ISSUER=https://idp.example", "CORESDK_AUDIENCE=api", "CPOD_ISSUERS=file"
	for _, c := range []struct {
		says        string
		environment []string
	}{
		{"", []string{uri, issuer, audience}},
		{"", []string{"CORESDK_JWKS_URI=http://localhost:8080/keys", issuer, audience}},
		{"", []string{file}},
		{"CORESDK_ISSUER: CORESDK_JWKS_URI, CORESDK_ISSUER and CORESDK_AUDIENCE name one issuer together: set this one too", []string{uri, audience}},
		{"CORESDK_AUDIENCE: ", []string{uri, issuer}},
		{"CORESDK_JWKS_URI: ", []string{audience, issuer}},
		{"CORESDK_JWKS_URI: want an https URL", []string{"CORESDK_JWKS_URI=http://idp.example/keys", issuer, audience}},
		{"CORESDK_JWKS_URI: want an https URL", []string{"CORESDK_JWKS_URI=https://u:hunter2@idp.example", issuer, audience}},
		{"CPOD_ISSUERS: ", []string{file, uri, issuer, audience}},
		{"CPOD_ISSUERS: ", []string{file, audience}},
		{"CORESDK_ENV: in development", []string{file, "CORESDK_ENV=development"}},
		{"CORESDK_ENV: in development", []string{uri, issuer, audience, "CORESDK_ENV=development"}},
	} {
		_, _, err := load(readSettings(c.environment, io.Discard))
		if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%q: %v", c.environment, err)
		}
	}
}
