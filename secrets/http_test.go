package secrets_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/secrets"
)

// callers are the identities of the tests of HTTP, by their tokens: "tenant/app" with both
// scopes, and "tenant/admin" with admin alone.
func callers(token string) *cpodkit.Identity {
	tenant, app, _ := strings.Cut(token, "/")
	id := &cpodkit.Identity{TenantID: tenant, AppID: app, Scopes: cpodkit.Scopes{secrets.ReadScope, secrets.WriteScope}}
	switch app {
	case "admin":
		id.Scopes = cpodkit.Scopes{"admin"}
	case "none":
		id.Scopes = cpodkit.Scopes{"flags.read"}
	}
	return id
}

func serve(t *testing.T, s *secrets.Secrets) http.Handler {
	t.Helper()
	return webtest.Handler(s.Routes(), webtest.Find(callers).Authenticate)
}

func serveMemory(t *testing.T) http.Handler {
	t.Helper()
	s, _ := newSecrets(t)
	return serve(t, s)
}

// body is what the tests read of answers.
type body struct {
	Name, Value, ValueBase64, Owner, CreatedAt, UpdatedAt string
	Version                                               int64
	Apps                                                  []string
}

type records struct {
	Name, Owner, Version, UpdatedAt string
	Apps                            []string
	Secrets, Files                  map[string]string
}

func TestSecretsByHTTP(t *testing.T) {
	t.Parallel()
	h := serveMemory(t)
	call := func(method, target, token, body string, header ...string) *webtest.Answer {
		t.Helper()
		return webtest.Call(t, h, method, target, token, body, header...)
	}
	a := call("PUT", "/v1/secrets/db/password", "acme/shop", `{"value":"hunter1","apps":["shop","reports"]}`, "If-None-Match", "*")
	a.WantStatus(t, http.StatusCreated)
	if b := webtest.Decode[body](t, a); b.Name != "db/password" || b.Version != 1 || b.Owner != "shop" || b.CreatedAt == "" || b.UpdatedAt == "" ||
		!slices.Equal(b.Apps, []string{"reports", "shop"}) || b.Value != "" || a.Header().Get("ETag") != `"1"` {
		t.Errorf("%s", a)
	}
	call("PUT", "/v1/secrets/db%2Fpassword", "acme/shop", `{"value":"hunter2"}`, "If-Match", `"1"`).WantStatus(t, http.StatusOK)
	for _, tag := range []string{`"1"`, `"02"`, `"x"`, `"0"`} {
		call("PUT", "/v1/secrets/db/password", "acme/shop", `{"value":"hunter3"}`, "If-Match", tag).WantProblem(t, cpodkit.CodePreconditionFailed)
	}
	call("PUT", "/v1/secrets/db/password", "acme/shop", `{"value":"hunter3"}`, "If-None-Match", "*").WantProblem(t, cpodkit.CodePreconditionFailed)
	call("PUT", "/v1/secrets/nope", "acme/shop", `{"value":"hunter3"}`, "If-Match", "*").WantProblem(t, cpodkit.CodePreconditionFailed)
	for _, c := range []struct {
		query, value string
		version      int64
	}{{"", "hunter2", 2}, {"?version=1", "hunter1", 1}, {"?version=2", "hunter2", 2}} {
		a := call("GET", "/v1/secrets/db/password"+c.query, "acme/reports", "")
		a.WantStatus(t, http.StatusOK)
		if b := webtest.Decode[body](t, a); b.Value != c.value || b.Version != c.version || b.CreatedAt == "" || b.Name != "db/password" ||
			a.Header().Get("ETag") != fmt.Sprintf(`"%d"`, c.version) || a.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s", a)
		}
	}
	binary := "\xff\x00\xfe"
	encoded := base64.StdEncoding.EncodeToString([]byte(binary))
	call("PUT", "/v1/secrets/resolve", "acme/shop", `{"valueBase64":"`+encoded+`"}`).WantStatus(t, http.StatusOK)
	if b := webtest.Decode[body](t, call("GET", "/v1/secrets/resolve", "acme/shop", "")); b.ValueBase64 != encoded || b.Value != "" {
		t.Errorf("a binary value is %+v", b)
	}
	a = call("POST", "/v1/secrets/resolve", "acme/shop", `{"names":["db/password","nope","resolve","nope"]}`)
	if want := `{"values":{"db/password":"hunter2"},"valuesBase64":{"resolve":"` + encoded + `"},"missing":["nope"]}`; strings.TrimSpace(a.Body.String()) != want {
		t.Errorf("%s, want %s", a, want)
	}
	a = call("POST", "/v1/secrets/resolve", "acme/other", `{"names":["db/password"]}`)
	if want := `{"values":{},"missing":["db/password"]}`; strings.TrimSpace(a.Body.String()) != want || a.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s, want %s", a, want)
	}
	call("GET", "/v1/secrets/db/password", "acme/admin", "").WantStatus(t, http.StatusOK)
	for _, c := range []struct {
		method, token, body string
		code                cpodkit.Code
	}{
		{"GET", "acme/other", "", cpodkit.CodeNotFound},
		{"GET", "globex/shop", "", cpodkit.CodeNotFound},
		{"GET", "globex/admin", "", cpodkit.CodeNotFound},
		{"GET", "acme/none", "", cpodkit.CodeInvalidScope},
		{"GET", "", "", cpodkit.CodeMissingToken},
		{"PUT", "acme/other", `{"value":"x"}`, cpodkit.CodeConflict},
		{"PUT", "acme/reports", `{"value":"x"}`, cpodkit.CodeConflict},
		{"PUT", "acme/none", `{"value":"x"}`, cpodkit.CodeInvalidScope},
		{"DELETE", "acme/reports", "", cpodkit.CodeConflict},
		{"DELETE", "acme/other", "", cpodkit.CodeNotFound},
		{"DELETE", "acme/none", "", cpodkit.CodeInvalidScope},
	} {
		call(c.method, "/v1/secrets/db/password", c.token, c.body).WantProblem(t, c.code)
	}
	call("DELETE", "/v1/secrets/db/password", "acme/shop", "", "If-Match", `"1"`).WantProblem(t, cpodkit.CodePreconditionFailed)
	call("DELETE", "/v1/secrets/db/password", "acme/shop", "", "If-None-Match", `*`).WantProblem(t, cpodkit.CodeBadRequest)
	call("DELETE", "/v1/secrets/db/password", "acme/shop", "", "If-Match", `"2"`).WantStatus(t, http.StatusNoContent)
	call("DELETE", "/v1/secrets/db/password", "acme/shop", "").WantProblem(t, cpodkit.CodeNotFound)
	// Who has the value of the version before reads the one that is there now.
	call("PUT", "/v1/secrets/db/password", "acme/shop", `{"value":"hunter3"}`).WantStatus(t, http.StatusOK)
	a = call("GET", "/v1/secrets/db/password", "acme/shop", "", "If-None-Match", `"1"`)
	if b := webtest.Decode[body](t, a); b.Value != "hunter3" || b.Version != 1 {
		t.Errorf("%s", a)
	}
}

func TestSecretsRefuse(t *testing.T) {
	t.Parallel()
	h := serveMemory(t)
	largest := strings.Repeat("x", secrets.MaxValue)
	inBase64 := base64.StdEncoding.EncodeToString([]byte(largest))
	for _, good := range []string{`{"value":"` + largest + `"}`, `{"valueBase64":"` + inBase64 + `"}`, `{"value":"` + strings.Repeat(`\u0001`, secrets.MaxValue) + `"}`} {
		webtest.Call(t, h, "PUT", "/v1/secrets/large", "acme/shop", good).WantStatus(t, http.StatusOK)
	}
	for _, c := range []struct {
		call, body string
		code       cpodkit.Code
		pointers   []string
	}{
		{"PUT /v1/secrets/a", `{"value":""}`, cpodkit.CodeValidationFailed, []string{"/value"}},
		{"PUT /v1/secrets/a", `{"valueBase64":""}`, cpodkit.CodeValidationFailed, []string{"/valueBase64"}},
		{"PUT /v1/secrets/a", `{"valueBase64":"abc"}`, cpodkit.CodeValidationFailed, []string{"/valueBase64"}},
		{"PUT /v1/secrets/a", `{"value":"a","valueBase64":"YQ=="}`, cpodkit.CodeValidationFailed, []string{"/valueBase64"}},
		{"PUT /v1/secrets/a", `{}`, cpodkit.CodeValidationFailed, []string{"/value"}},
		{"PUT /v1/secrets/a", `{"value":1}`, cpodkit.CodeValidationFailed, []string{"/value"}},
		{"PUT /v1/secrets/a", `{"value":"a","tenant":"globex"}`, cpodkit.CodeValidationFailed, []string{"/tenant"}},
		{"PUT /v1/secrets/a", `{"value":"a","apps":["a","."]}`, cpodkit.CodeValidationFailed, []string{"/apps/1"}},
		{"PUT /v1/secrets/a", `{"value":"` + largest + `x"}`, cpodkit.CodePayloadTooLarge, nil},
		{"PUT /v1/secrets/a", `{"valueBase64":"` + base64.StdEncoding.EncodeToString([]byte(largest+"x")) + `"}`, cpodkit.CodePayloadTooLarge, nil},
		{"PUT /v1/secrets/a", `{"value":"` + strings.Repeat("x", 1<<20) + `"}`, cpodkit.CodePayloadTooLarge, nil},
		{"PUT /v1/secrets/a", `{"value":`, cpodkit.CodeBadRequest, nil},
		{"PUT /v1/secrets/a?x=1", `{"value":"a"}`, cpodkit.CodeBadRequest, nil},
		{"GET /v1/secrets/a?version=0", ``, cpodkit.CodeBadRequest, nil},
		{"GET /v1/secrets/a?version=-1", ``, cpodkit.CodeBadRequest, nil},
		{"GET /v1/secrets/a?version=x", ``, cpodkit.CodeBadRequest, nil},
		{"GET /v1/secrets/a?version=", ``, cpodkit.CodeBadRequest, nil},
		{"GET /v1/secrets/large?version=9", ``, cpodkit.CodeNotFound, nil},
		{"POST /v1/secrets/resolve", `{}`, cpodkit.CodeValidationFailed, []string{"/names"}},
		{"POST /v1/secrets/resolve", `{"names":["a","../b"]}`, cpodkit.CodeValidationFailed, []string{"/names/1"}},
		{"POST /v1/secrets/resolve", `{"names":["` + strings.Repeat(`","`, secrets.MaxResolve) + `"]}`, cpodkit.CodeValidationFailed, []string{"/names"}},
		{"GET /v1/secrets?limit=0", ``, cpodkit.CodeBadRequest, nil},
		{"GET /v1/secrets?cursor=x", ``, cpodkit.CodeInvalidCursor, nil},
		{"PUT /v1/secret-bundles/a", `{}`, cpodkit.CodeValidationFailed, []string{"/secrets"}},
		{"PUT /v1/secret-bundles/a", `{"secrets":{"CPOD_X":"large"}}`, cpodkit.CodeValidationFailed, []string{"/secrets/CPOD_X"}},
		{"PUT /v1/secret-bundles/a", `{"secrets":{"A":"large","B":"theirs"}}`, cpodkit.CodeValidationFailed, []string{"/secrets/B"}},
		{"PUT /v1/secret-grants/a", `{"apps":[]}`, cpodkit.CodeInvalidScope, nil},
		{"GET /v1/secret-grants/a", ``, cpodkit.CodeInvalidScope, nil},
		{"GET /v1/secret-grants", ``, cpodkit.CodeInvalidScope, nil},
	} {
		method, target, _ := strings.Cut(c.call, " ")
		webtest.Call(t, h, method, target, "acme/shop", c.body).WantProblem(t, c.code, c.pointers...)
	}
	for _, name := range []string{"", strings.Repeat("n", 513), "a%00b", "a%0Ab", "%7F", "%FF", "a/"} {
		for _, family := range []string{"secrets", "secret-grants", "secret-bundles"} {
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				body := map[string]string{"secrets": `{"value":"a"}`, "secret-grants": `{"apps":[]}`, "secret-bundles": `{"secrets":{}}`}[family]
				webtest.Call(t, h, method, "/v1/"+family+"/"+name, "acme/admin", body).WantProblem(t, cpodkit.CodeInvalidKey)
			}
		}
	}
	// What a path cannot say clearly is not served at all.
	for _, name := range []string{"../a", "a/../b", "%2e%2e/a", "a%2F..%2Fb", "./a", "a//b"} {
		webtest.Call(t, h, "GET", "/v1/secrets/"+name, "acme/admin", "").WantProblem(t, cpodkit.CodeNotFound)
	}
}

func TestSecretListsByHTTP(t *testing.T) {
	t.Parallel()
	h := serveMemory(t)
	for i := range 5 {
		webtest.Call(t, h, "PUT", fmt.Sprintf("/v1/secrets/s%d", i), "acme/shop", `{"value":"hunter2"}`).WantStatus(t, http.StatusOK)
		webtest.Call(t, h, "PUT", fmt.Sprintf("/v1/secret-bundles/s%d", i), "acme/shop", `{"secrets":{"A":"s0"}}`).WantStatus(t, http.StatusOK)
	}
	webtest.Call(t, h, "PUT", "/v1/secrets/theirs", "acme/other", `{"value":"hunter2"}`).WantStatus(t, http.StatusOK)
	type page struct {
		Items      []map[string]any
		NextCursor string
	}
	var cursors []string
	for _, c := range []struct{ family, token, names string }{
		{"secrets", "acme/shop", "s0 s1 s2 s3 s4"},
		{"secrets", "acme/admin", "s0 s1 s2 s3 s4 theirs"},
		{"secrets", "acme/none2", ""},
		{"secret-grants", "acme/admin", "s0 s1 s2 s3 s4 theirs"},
		{"secret-bundles", "acme/shop", "s0 s1 s2 s3 s4"},
		{"secret-bundles", "acme/other", ""},
	} {
		var names []string
		for cursor := ""; ; {
			a := webtest.Call(t, h, "GET", "/v1/"+c.family+"?limit=2"+cursor, c.token, "")
			a.WantStatus(t, http.StatusOK)
			if strings.Contains(a.Body.String(), "hunter2") || a.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s", a)
			}
			p := webtest.Decode[page](t, a)
			for _, item := range p.Items {
				names = append(names, fmt.Sprint(item["name"]))
			}
			if p.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(p.NextCursor)
			cursors = append(cursors, c.family+" "+c.token+" "+cursor)
		}
		if got := strings.Join(names, " "); got != c.names {
			t.Errorf("%s of %s are %q", c.family, c.token, got)
		}
	}
	// A cursor is of one list and one caller.
	for _, cursor := range cursors {
		part := strings.Split(cursor, " ")
		for _, family := range []string{"secrets", "secret-grants", "secret-bundles"} {
			for _, token := range []string{"acme/shop", "acme/admin", "globex/shop", "globex/admin"} {
				if family == part[0] && token == part[1] || family == "secret-grants" && !strings.HasSuffix(token, "admin") {
					continue
				}
				webtest.Call(t, h, "GET", "/v1/"+family+"?limit=2"+part[2], token, "").WantProblem(t, cpodkit.CodeInvalidCursor)
			}
		}
	}
}

func TestRecordsByHTTP(t *testing.T) {
	t.Parallel()
	h := serveMemory(t)
	call := func(method, target, token, body string, header ...string) *webtest.Answer {
		t.Helper()
		return webtest.Call(t, h, method, target, token, body, header...)
	}
	for _, c := range []struct{ target, token, body, other string }{
		{"/v1/secret-grants/vault/key", "acme/admin", `{"apps":["shop"]}`, `{"apps":["shop","reports"]}`},
		{"/v1/secret-bundles/nightly/job", "acme/shop", `{"secrets":{},"apps":["shop"]}`, `{"secrets":{"A":"own"},"files":{"own.pem":"own"},"apps":["reports","shop"]}`},
	} {
		call("PUT", "/v1/secrets/own", "acme/shop", `{"value":"hunter2"}`).WantStatus(t, http.StatusOK)
		a := call("PUT", c.target, c.token, c.body, "If-None-Match", "*")
		a.WantStatus(t, http.StatusCreated)
		made := webtest.Decode[records](t, a)
		if !strings.HasSuffix(c.target, made.Name) || made.Version == "" || made.UpdatedAt < "2020" || !slices.Equal(made.Apps, []string{"shop"}) ||
			a.Header().Get("ETag") != `"`+made.Version+`"` {
			t.Errorf("%s", a)
		}
		call("PUT", c.target, c.token, c.other, "If-None-Match", "*").WantProblem(t, cpodkit.CodePreconditionFailed)
		call("PUT", c.target, c.token, c.other, "If-Match", `"other"`).WantProblem(t, cpodkit.CodePreconditionFailed)
		a = call("PUT", c.target, c.token, c.other, "If-Match", `"`+made.Version+`"`)
		a.WantStatus(t, http.StatusOK)
		changed := webtest.Decode[records](t, a)
		a = call("GET", c.target, c.token, "")
		if got := webtest.Decode[records](t, a); got.Version != changed.Version || got.Version == made.Version || !slices.Equal(got.Apps, []string{"reports", "shop"}) {
			t.Errorf("%s", a)
		}
		call("GET", c.target, c.token, "", "If-None-Match", `"`+changed.Version+`"`).WantStatus(t, http.StatusNotModified)
		call("GET", c.target, "globex/admin", "").WantProblem(t, cpodkit.CodeNotFound)
		call("DELETE", c.target, c.token, "", "If-Match", `"`+made.Version+`"`).WantProblem(t, cpodkit.CodePreconditionFailed)
		call("DELETE", c.target, c.token, "", "If-None-Match", `*`).WantProblem(t, cpodkit.CodeBadRequest)
		call("DELETE", c.target, c.token, "", "If-Match", `"`+changed.Version+`"`).WantStatus(t, http.StatusNoContent)
		call("DELETE", c.target, c.token, "").WantProblem(t, cpodkit.CodeNotFound)
		call("GET", c.target, c.token, "").WantProblem(t, cpodkit.CodeNotFound)
	}
}

// A provider that cannot be changed is read, and administrators say by whom.
func TestReadOnlyByHTTP(t *testing.T) {
	t.Parallel()
	m := secrets.NewMemory()
	if _, err := m.Put(t.Context(), "acme", "key", secrets.NewValue("hunter2"), secrets.Condition{}); err != nil {
		t.Fatal(err)
	}
	h := serve(t, over(t, struct{ secrets.Provider }{m}, m))
	webtest.Call(t, h, "GET", "/v1/secrets/key", "acme/shop", "").WantProblem(t, cpodkit.CodeNotFound)
	webtest.Call(t, h, "PUT", "/v1/secret-grants/key", "acme/admin", `{"apps":["shop"]}`).WantStatus(t, http.StatusOK)
	webtest.Call(t, h, "GET", "/v1/secrets/key", "acme/shop", "").WantStatus(t, http.StatusOK)
	webtest.Call(t, h, "PUT", "/v1/secrets/key", "acme/admin", `{"value":"x"}`).WantProblem(t, cpodkit.CodeNotSupported)
	webtest.Call(t, h, "DELETE", "/v1/secrets/key", "acme/admin", "").WantProblem(t, cpodkit.CodeNotSupported)
	var names []string
	for _, item := range webtest.Decode[struct{ Items []body }](t, webtest.Call(t, h, "GET", "/v1/secrets", "acme/shop", "")).Items {
		names = append(names, item.Name)
	}
	if !slices.Equal(names, []string{"key"}) {
		t.Errorf("the list is %q", names)
	}
}
