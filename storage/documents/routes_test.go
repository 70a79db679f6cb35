package documents_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func TestSetGetDelete(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	const theme = "/v1/storage/db/preferences/theme"

	b.do("GET", theme, "").want(t, 404, cpodkit.CodeNotFound)
	set := b.do("PUT", theme, ` { "mode": "dark",  "accent": "purple" } `, "Content-Type", "application/json")
	set.want(t, 200, "")
	var version struct{ Key, Version, UpdatedAt string }
	set.decode(t, &version)
	if version.Key != "theme" || len(version.Version) != 16 || version.UpdatedAt != "2026-01-02T15:04:05.678Z" {
		t.Errorf("PUT answers %s", set.Body)
	}
	if got := set.Header().Get("ETag"); got != `"`+version.Version+`"` {
		t.Errorf("ETag is %s", got)
	}

	get := b.do("GET", theme, "")
	get.want(t, 200, "")
	want := `{"key":"theme","value":{"mode":"dark","accent":"purple"},"version":"` + version.Version +
		`","updatedAt":"2026-01-02T15:04:05.678Z"}` + "\n"
	if get.Body.String() != want {
		t.Errorf("GET answers %s, want %s", get.Body, want)
	}
	for name, want := range map[string]string{
		"ETag":                   `"` + version.Version + `"`,
		"Last-Modified":          "Fri, 02 Jan 2026 15:04:05 GMT",
		"Content-Type":           "application/json",
		"X-Content-Type-Options": "nosniff",
		"Cache-Control":          "private, no-cache",
	} {
		if got := get.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	if again := b.set("preferences/theme", `{"mode":"dark","accent":"purple"}`); again == version.Version {
		t.Error("a second write kept the version")
	}
	for range 2 {
		b.do("DELETE", theme, "").want(t, 204, "")
	}
	b.do("GET", theme, "").want(t, 404, cpodkit.CodeNotFound)
}

func TestConditions(t *testing.T) {
	t.Parallel()
	const doc = "/v1/storage/db/c/k"
	tests := []struct {
		name    string
		method  string
		missing bool // the document is not there
		headers []string
		status  int
		code    cpodkit.Code
	}{
		{"set its version", "PUT", false, []string{"If-Match", `"VERSION"`}, 200, ""},
		{"set another version", "PUT", false, []string{"If-Match", `"other"`}, 412, cpodkit.CodePreconditionFailed},
		{"set a version of none", "PUT", true, []string{"If-Match", `"other"`}, 412, cpodkit.CodePreconditionFailed},
		{"set what is there", "PUT", false, []string{"If-Match", `*`}, 200, ""},
		{"set what is not there", "PUT", true, []string{"If-Match", `*`}, 412, cpodkit.CodePreconditionFailed},
		{"a weak tag matches nothing", "PUT", false, []string{"If-Match", `W/"VERSION"`}, 412, cpodkit.CodePreconditionFailed},
		{"an empty tag matches nothing", "PUT", false, []string{"If-Match", `""`}, 412, cpodkit.CodePreconditionFailed},
		{"a quoted star is a version", "PUT", false, []string{"If-Match", `"*"`}, 412, cpodkit.CodePreconditionFailed},
		{"create", "PUT", true, []string{"If-None-Match", `*`}, 201, ""},
		{"create what is there", "PUT", false, []string{"If-None-Match", `*`}, 412, cpodkit.CodePreconditionFailed},
		{"no quotes", "PUT", false, []string{"If-Match", `VERSION`}, 400, cpodkit.CodeBadRequest},
		{"no version", "PUT", false, []string{"If-Match", ``}, 400, cpodkit.CodeBadRequest},
		{"two versions", "PUT", false, []string{"If-Match", `"VERSION", "b"`}, 400, cpodkit.CodeBadRequest},
		{"two fields", "PUT", false, []string{"If-Match", `"VERSION"`, "If-Match", `"b"`}, 400, cpodkit.CodeBadRequest},
		{"none of a version", "PUT", false, []string{"If-None-Match", `"other"`}, 400, cpodkit.CodeBadRequest},
		{"both conditions", "PUT", true, []string{"If-Match", `"VERSION"`, "If-None-Match", "*"}, 400, cpodkit.CodeBadRequest},

		{"delete its version", "DELETE", false, []string{"If-Match", `"VERSION"`}, 204, ""},
		{"delete another version", "DELETE", false, []string{"If-Match", `"other"`}, 412, cpodkit.CodePreconditionFailed},
		{"delete a version of none", "DELETE", true, []string{"If-Match", `"other"`}, 412, cpodkit.CodePreconditionFailed},
		{"delete what is there", "DELETE", false, []string{"If-Match", `*`}, 204, ""},
		{"delete what is not there", "DELETE", true, []string{"If-Match", `*`}, 412, cpodkit.CodePreconditionFailed},
		{"delete an empty tag", "DELETE", false, []string{"If-Match", `""`}, 412, cpodkit.CodePreconditionFailed},
		{"a date", "PUT", false, []string{"If-Unmodified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"}, 400, cpodkit.CodeBadRequest},
		{"delete by date", "DELETE", false, []string{"If-Unmodified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"}, 400, cpodkit.CodeBadRequest},
		{"delete and If-None-Match", "DELETE", false, []string{"If-None-Match", `"x"`}, 400, cpodkit.CodeBadRequest},

		{"unchanged", "GET", false, []string{"If-None-Match", `"VERSION"`}, 304, ""},
		{"unchanged in a list", "GET", false, []string{"If-None-Match", `"x", W/"VERSION"`}, 304, ""},
		{"unchanged in a second field", "GET", false, []string{"If-None-Match", `"x"`, "If-None-Match", `"VERSION"`}, 304, ""},
		{"there", "GET", false, []string{"If-None-Match", `*`}, 304, ""},
		{"changed", "GET", false, []string{"If-None-Match", `"x"`}, 200, ""},
		{"gone", "GET", true, []string{"If-None-Match", `*`}, 404, cpodkit.CodeNotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBackend(t)
			version := "none"
			if !test.missing {
				version = b.set("c/k", `"old"`)
			}
			headers := make([]string, len(test.headers))
			for i, h := range test.headers {
				headers[i] = strings.ReplaceAll(h, "VERSION", version)
			}
			body := ""
			if test.method == "PUT" {
				body = `"new"`
			}
			a := b.do(test.method, doc, body, headers...)
			a.want(t, test.status, test.code)

			after := b.do("GET", doc, "")
			if test.code != "" || test.method == "GET" {
				if test.missing {
					after.want(t, 404, cpodkit.CodeNotFound)
				} else if !strings.Contains(after.Body.String(), `"old"`) {
					t.Errorf("the document is now %s", after.Body)
				}
			}
			if test.status == 304 && (a.Body.Len() > 0 || a.Header().Get("ETag") != `"`+version+`"`) {
				t.Errorf("304 with ETag %q and body %q", a.Header().Get("ETag"), a.Body)
			}
		})
	}
}

func TestKeysAndPaths(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	for _, key := range []string{
		"query", "batch", "a/b", "user:123", "é", "a b", `q"\`, "<script>&", "%2F", "a%", "...", ".hidden", "~", strings.Repeat("k", 512),
		strings.Repeat("é", 256), "\u2028", "?", "#",
	} {
		target := "/v1/storage/db/c/" + url.PathEscape(key)
		set := b.do("PUT", target, quote(key))
		set.want(t, 200, "")
		var d struct{ Key, Value string }
		set.decode(t, &d)
		get := b.do("GET", target, "")
		get.want(t, 200, "")
		var got struct{ Key, Value string }
		get.decode(t, &got)
		if d.Key != key || got.Key != key || got.Value != key {
			t.Errorf("%q comes back as %q, %q", key, d.Key, got)
		}
		b.do("DELETE", target, "").want(t, 204, "")
		b.do("GET", target, "").want(t, 404, cpodkit.CodeNotFound)
	}

	for _, path := range []string{
		"c/a%2F%2Fb", "c/%2Fa", "c/a%2F", "c/a%2F..%2Fb", "c/..", "c/.", "c/%2E%2E", "c/a%2F.", "c/%00", "c/a%0Ab", "c/%7F", "c/%C2%85", "c/%FF",
		"c/" + strings.Repeat("k", 513), "c//k", "c/../d/k",
		"c%2Fd/k", "c.d/k", "%C3%A9/k", "c%20/k", strings.Repeat("c", 65) + "/k",
	} {
		for _, method := range []string{"PUT", "GET", "DELETE"} {
			b.do(method, "/v1/storage/db/"+path, "1").want(t, 400, cpodkit.CodeInvalidKey)
		}
	}
	for _, call := range []string{"query", "batch"} {
		b.do("POST", "/v1/storage/db/c.d/"+call, `{}`).want(t, 400, cpodkit.CodeInvalidKey)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	const doc, find, batch = "/v1/storage/db/c/k", "/v1/storage/db/c/query", "/v1/storage/db/c/batch"
	readOnly, writeOnly, elsewhere := alice, alice, alice
	readOnly.Scopes = cpodkit.ParseScopes("storage.private.read")
	writeOnly.Scopes = cpodkit.ParseScopes("storage.private.write")
	elsewhere.Scopes = cpodkit.ParseScopes("storage.shared.* db.* storage.*")
	impossible := alice
	impossible.TenantID = ".."

	tests := []struct {
		name         string
		id           cpodkit.Identity
		method, path string
		body         string
		headers      []string
		status       int
		code         cpodkit.Code
	}{
		{"set without the scope", readOnly, "PUT", doc, "1", nil, 403, cpodkit.CodeInvalidScope},
		{"delete without the scope", readOnly, "DELETE", doc, "", nil, 403, cpodkit.CodeInvalidScope},
		{"batch without the scope", readOnly, "POST", batch, "{", nil, 403, cpodkit.CodeInvalidScope},
		{"get without the scope", writeOnly, "GET", doc, "", nil, 403, cpodkit.CodeInvalidScope},
		{"query without the scope", writeOnly, "POST", find, "{", nil, 403, cpodkit.CodeInvalidScope},
		{"scope of another tier", elsewhere, "GET", doc, "", nil, 403, cpodkit.CodeInvalidScope},
		{"user tier without a user", service, "GET", doc + "?tier=user", "", nil, 403, cpodkit.CodeUserRequired},
		{"identity without a place", impossible, "GET", doc, "", nil, 403, cpodkit.CodeForbidden},
		{"unknown tier", alice, "GET", doc + "?tier=public", "", nil, 400, cpodkit.CodeBadRequest},
		{"empty tier", alice, "GET", doc + "?tier=", "", nil, 400, cpodkit.CodeBadRequest},
		{"two tiers", alice, "GET", doc + "?tier=user&tier=shared", "", nil, 400, cpodkit.CodeBadRequest},
		{"app outside the user tier", alice, "GET", doc + "?app=a2", "", nil, 400, cpodkit.CodeBadRequest},
		{"app without a user", service, "GET", doc + "?tier=user&app=a2", "", nil, 403, cpodkit.CodeUserRequired},
		{"malformed query", alice, "GET", doc + "?tier=%zz", "", nil, 400, cpodkit.CodeBadRequest},
		{"empty body", alice, "PUT", doc, "", nil, 400, cpodkit.CodeBadRequest},
		{"broken JSON", alice, "PUT", doc, `{"a":}`, nil, 400, cpodkit.CodeBadRequest},
		{"two values", alice, "PUT", doc, `1 2`, nil, 400, cpodkit.CodeBadRequest},
		{"not UTF-8", alice, "PUT", doc, "\"\xff\"", nil, 400, cpodkit.CodeBadRequest},
		{"another media type", alice, "PUT", doc, "1", []string{"Content-Type", "text/plain"}, 415, cpodkit.CodeUnsupportedMediaType},
		{"large", alice, "PUT", doc, strings.Repeat("1", documents.MaxValue+1), nil, 413, cpodkit.CodePayloadTooLarge},
		{"repeated member", alice, "PUT", doc, `{"a":1,"a":2}`, nil, 422, cpodkit.CodeValidationFailed},
		{"query: another media type", alice, "POST", find, "{}", []string{"Content-Type", "text/plain"}, 415, cpodkit.CodeUnsupportedMediaType},
		{"query: empty body", alice, "POST", find, "", nil, 400, cpodkit.CodeBadRequest},
		{"query: broken JSON", alice, "POST", find, "{", nil, 400, cpodkit.CodeBadRequest},
		{"query: no object", alice, "POST", find, "[]", nil, 422, cpodkit.CodeValidationFailed},
		{"query: large", alice, "POST", find, `{"filter":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, cpodkit.CodePayloadTooLarge},
		{"batch: another media type", alice, "POST", batch, "{}", []string{"Content-Type", "text/csv"}, 415, cpodkit.CodeUnsupportedMediaType},
		{"batch: broken JSON", alice, "POST", batch, "{", nil, 400, cpodkit.CodeBadRequest},
		{"batch: large", alice, "POST", batch, `{"ops":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, cpodkit.CodePayloadTooLarge},
		{"POST to a document", alice, "POST", doc, "1", nil, 405, cpodkit.CodeMethodNotAllowed},
		{"PATCH", alice, "PATCH", doc, "1", nil, 405, cpodkit.CodeMethodNotAllowed},
		{"no collection", alice, "GET", "/v1/storage/db/c", "", nil, 404, cpodkit.CodeNotFound},
		{"a path below a document", alice, "GET", doc + "/x", "", nil, 404, cpodkit.CodeNotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := b.call(test.id, test.method, test.path, test.body, test.headers...)
			a.want(t, test.status, test.code)
			if (a.Header().Get("Allow") == "") == (test.status == 405) {
				t.Errorf("Allow is %q", a.Header().Get("Allow"))
			}
		})
	}

	webtest.Call(t, b.http, "GET", doc, "", "").WantProblem(t, cpodkit.CodeMissingToken)
}

// Every identity keeps a document of its own in one and the same place.
func TestIsolation(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	bob, otherApp, otherTenant := alice, alice, alice
	bob.UserID, otherApp.AppID, otherTenant.TenantID = "bob", "a2", "t2"
	// Ids that would meet others if they were not encoded.
	slashUser, slashApp := alice, alice
	slashUser.UserID, slashApp.AppID = "alice/apps/a1", "a1/c"

	type actor struct {
		id   cpodkit.Identity
		tier string
	}
	spaces := map[string][]actor{
		"private a1":  {{alice, "private"}, {bob, "private"}, {service, "private"}, {slashUser, "private"}},
		"private a2":  {{otherApp, "private"}},
		"private t2":  {{otherTenant, "private"}},
		"private a/":  {{slashApp, "private"}},
		"user alice":  {{alice, "user"}},
		"user bob":    {{bob, "user"}},
		"user a2":     {{otherApp, "user"}},
		"user t2":     {{otherTenant, "user"}},
		"user /":      {{slashUser, "user"}},
		"user app /":  {{slashApp, "user"}},
		"shared":      {{alice, "shared"}, {bob, "shared"}, {otherApp, "shared"}, {service, "shared"}, {slashApp, "shared"}},
		"shared of 2": {{otherTenant, "shared"}},
	}
	for name, actors := range spaces {
		b.call(actors[0].id, "PUT", "/v1/storage/db/c/k?tier="+actors[0].tier, quote(name)).want(t, 200, "")
	}
	for name, actors := range spaces {
		for _, a := range actors {
			get := b.call(a.id, "GET", "/v1/storage/db/c/k?tier="+a.tier, "")
			get.want(t, 200, "")
			var d struct{ Value string }
			get.decode(t, &d)
			found := b.call(a.id, "POST", "/v1/storage/db/c/query?tier="+a.tier, `{}`)
			keys, _ := found.page(t)
			if d.Value != name || len(keys) != 1 || !strings.Contains(found.Body.String(), quote(name)) {
				t.Errorf("%s: GET finds %q, query %s", name, d.Value, found.Body)
			}
		}
	}
	b.call(alice, "GET", "/v1/storage/db/d/k", "").want(t, 404, cpodkit.CodeNotFound)
	b.call(otherTenant, "DELETE", "/v1/storage/db/c/k?tier=shared", "").want(t, 204, "")
	b.call(alice, "GET", "/v1/storage/db/c/k?tier=shared", "").want(t, 200, "")
}

func TestOverTheNetwork(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	b.set("c/"+url.PathEscape("a/b"), `{"n":1}`)
	server := httptest.NewServer(webtest.As(alice)(b.http))
	defer server.Close()
	for _, method := range []string{"GET", "HEAD"} {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/v1/storage/db/c/a%2Fb", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 200 || answer.ContentLength < 20 || (len(body) > 0) != (method == "GET") {
			t.Errorf("%s: %s, %d bytes announced, %q", method, answer.Status, answer.ContentLength, body)
		}
	}
}
