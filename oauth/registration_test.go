package oauth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
)

// body is a registration that is right, with some members changed; nil removes
// one.
func body(changes map[string]any) string {
	members := map[string]any{
		"client_id": "app-1", "name": "My Service", "declared_scopes": []string{"storage.private.read"}, "app_type": "service",
	}
	for name, value := range changes {
		members[name] = value
		if value == nil {
			delete(members, name)
		}
	}
	raw, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func TestRegistrationAccepts(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 64 {
		many = append(many, fmt.Sprintf("orders.s%d", i))
	}
	for name, changes := range map[string]map[string]any{
		"the seed's body":           {"declared_scopes": []string{"storage.user.read", "storage.user.write"}},
		"every kind of character":   {"client_id": "A.z_0@x-y"},
		"the longest client_id":     {"client_id": strings.Repeat("a", 64)},
		"scopes of the app's own":   {"declared_scopes": []string{"orders.read", "orders.items.write", "x-1.*"}},
		"64 scopes":                 {"declared_scopes": many},
		"no scopes":                 {"declared_scopes": []string{}},
		"admin, by an admin":        {"declared_scopes": []string{"admin"}},
		"a name in any script":      {"name": "订单 Aufträge"},
		"a web app":                 {"app_type": "web", "redirect_uris": []string{"https://app.example.com/cb?x=1"}},
		"RFC 8252 7.3: loopback":    {"app_type": "web", "redirect_uris": []string{"http://127.0.0.1:3000/cb", "http://[::1]/", "http://localhost:1/cb"}},
		"origins":                   {"app_type": "browser", "allowed_origins": []string{"https://app.example.com", "https://x.example:8443", "http://localhost:3000"}},
		"null for what is optional": {"redirect_uris": json.RawMessage("null"), "allowed_origins": json.RawMessage("null")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps", adminT1, body(changes)), "")
		})
	}
}

func TestRegistrationRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	list := func(n int, s string) []string { return slices.Repeat([]string{s}, n) }
	var long []string
	for i := range 40 {
		long = append(long, strings.Repeat("s", 120)+fmt.Sprint(i))
	}
	for _, test := range []struct {
		name     string
		changes  map[string]any
		pointers []string
	}{
		{"client_id missing", map[string]any{"client_id": nil}, []string{"/client_id"}},
		{"client_id with a slash", map[string]any{"client_id": "a/b"}, []string{"/client_id"}},
		{"client_id ..", map[string]any{"client_id": ".."}, []string{"/client_id"}},
		{"client_id with a space", map[string]any{"client_id": "a b"}, []string{"/client_id"}},
		{"client_id with a colon", map[string]any{"client_id": "a:b"}, []string{"/client_id"}},
		{"client_id not in ASCII", map[string]any{"client_id": "ä"}, []string{"/client_id"}},
		{"client_id percent-encoded", map[string]any{"client_id": "a%2Fb"}, []string{"/client_id"}},
		{"client_id with NUL", map[string]any{"client_id": "a\x00"}, []string{"/client_id"}},
		{"client_id too long", map[string]any{"client_id": strings.Repeat("a", 65)}, []string{"/client_id"}},
		{"client_id a number", map[string]any{"client_id": 7}, []string{"/client_id"}},
		{"name missing", map[string]any{"name": nil}, []string{"/name"}},
		{"name of spaces", map[string]any{"name": "  "}, []string{"/name"}},
		{"name with a control character", map[string]any{"name": "a\nb"}, []string{"/name"}},
		{"name with a bidirectional override", map[string]any{"name": "a\u202eb"}, []string{"/name"}},
		{"name too long", map[string]any{"name": strings.Repeat("a", 201)}, []string{"/name"}},
		{"app_type missing", map[string]any{"app_type": nil}, []string{"/app_type"}},
		{"app_type unknown", map[string]any{"app_type": "native"}, []string{"/app_type"}},
		{"scopes missing", map[string]any{"declared_scopes": nil}, []string{"/declared_scopes"}},
		{"scopes null", map[string]any{"declared_scopes": json.RawMessage("null")}, []string{"/declared_scopes"}},
		{"scopes as one string", map[string]any{"declared_scopes": "a b"}, []string{"/declared_scopes"}},
		{"a scope of another form", map[string]any{"declared_scopes": []string{"a.read", "A", "a b", "*", "a.*.b", ""}},
			[]string{"/declared_scopes/1", "/declared_scopes/2", "/declared_scopes/3", "/declared_scopes/4", "/declared_scopes/5"}},
		{"a scope twice", map[string]any{"declared_scopes": []string{"a", "b", "a"}}, []string{"/declared_scopes/2"}},
		{"65 scopes", map[string]any{"declared_scopes": list(65, "a")}, []string{"/declared_scopes"}},
		{"scopes too long together", map[string]any{"declared_scopes": long}, []string{"/declared_scopes"}},
		{"unknown member", map[string]any{"clientId": "x"}, []string{"/clientId"}},
		{"the tenant is not the caller's to say", map[string]any{"tenantId": "t2"}, []string{"/tenantId"}},
		{"21 redirect URIs", map[string]any{"redirect_uris": list(21, "https://a.example")}, []string{"/redirect_uris"}},
		{"a redirect URI that is too long", map[string]any{"redirect_uris": []string{"https://a.example/" + strings.Repeat("x", 2048)}}, []string{"/redirect_uris/0"}},
		{"everything at once", map[string]any{"client_id": "", "name": "", "app_type": "", "declared_scopes": nil},
			[]string{"/client_id", "/name", "/app_type", "/declared_scopes"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantFaults(t, f, test.changes, test.pointers)
		})
	}
	for _, uri := range []string{
		"", "/cb", "app.example.com/cb", "http://app.example.com/cb", "https://", "https:///cb", "ftp://a.example",
		"https://a.example/#f", "https://a.example/#", "https://u:p@a.example/", "https://*.example/cb", "https://a.example/*",
		"javascript:alert(1)", "com.example.app:/cb", "https://a.example/ b", "https://a.example/\u00e4", `https://a.example\@evil.example`,
		"http://localhost.evil.example/", "http://127.0.0.1.evil.example/", "http://10.0.0.1/", "//a.example/cb", "data:text/html,x",
	} {
		t.Run("RFC 9700 2.1: redirect URI "+uri, func(t *testing.T) {
			t.Parallel()
			wantFaults(t, f, map[string]any{"redirect_uris": []string{"https://ok.example", uri}}, []string{"/redirect_uris/1"})
		})
	}
	for _, origin := range []string{
		"", "*", "null", "https://a.example/", "https://a.example/path", "https://a.example?x", "https://A.example", "http://a.example",
		"https://a.example:443", "https://a.example:", "https://u@a.example", "https://*.example", "a.example", "https://",
	} {
		t.Run("RFC 6454 6.2: origin "+origin, func(t *testing.T) {
			t.Parallel()
			wantFaults(t, f, map[string]any{"allowed_origins": []string{origin}}, []string{"/allowed_origins/0"})
		})
	}
}

func wantFaults(t *testing.T, shared *fixture, changes map[string]any, pointers []string) {
	t.Helper()
	f := &fixture{TB: t, handler: shared.handler}
	w := f.call(http.MethodPost, "/v1/oauth/apps", adminT1, body(changes))
	var problem struct {
		Code   cpodkit.Code
		Errors []cpodkit.FieldError
	}
	f.must(json.Unmarshal(w.Body.Bytes(), &problem))
	var got []string
	for _, e := range problem.Errors {
		got = append(got, e.Pointer)
	}
	if problem.Code != cpodkit.CodeValidationFailed || w.Code != http.StatusUnprocessableEntity || !slices.Equal(got, pointers) {
		t.Errorf("got %d %s, want faults at %v", w.Code, w.Body, pointers)
	}
}

// Nobody grants a scope that they lack.
func TestRegistrationGrantsOnlyWhatTheAdminHas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		token, scope string
		want         cpodkit.Code
	}{
		{adminT1, "platform.admin", cpodkit.CodeInvalidScope},
		{adminT1, "platform.*", cpodkit.CodeValidationFailed},
		{adminT1, "admin", ""},
		{platform, "platform.admin", ""},
		{onlyPlatform, "platform.admin", ""},
		{onlyPlatform, "jobs.*", ""},
		{platform, "platform.*", cpodkit.CodeValidationFailed},
		{adminT1, "platform.other", cpodkit.CodeValidationFailed},
	} {
		t.Run(test.token+" "+test.scope, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			changes := map[string]any{"declared_scopes": []string{"storage.private.read", test.scope}}
			wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps", test.token, body(changes)), test.want)
		})
	}
}

func TestRegistrationBodies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for text, want := range map[string]cpodkit.Code{
		"":                                 cpodkit.CodeBadRequest,
		"{":                                cpodkit.CodeBadRequest,
		"{} {}":                            cpodkit.CodeBadRequest,
		"[]":                               cpodkit.CodeValidationFailed,
		"null":                             cpodkit.CodeValidationFailed,
		`{"client_id":"a","client_id":""}`: cpodkit.CodeValidationFailed,
		`{"name":"` + strings.Repeat("x", 1<<20) + `"}`: cpodkit.CodePayloadTooLarge,
	} {
		wantProblem(f, f.call(http.MethodPost, "/v1/oauth/apps", adminT1, text), want)
	}
	r := f.form("/v1/oauth/apps", "client_id", "a")
	r.Header.Set("Authorization", "Bearer "+adminT1)
	wantProblem(f, f.serve(r), cpodkit.CodeUnsupportedMediaType)
}
