package documents_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/storage/documents"
)

var allScopes = cpodkit.ParseScopes("storage.private.* storage.user.* storage.shared.*")

var (
	alice   = cpodkit.Identity{TenantID: "t1", AppID: "a1", UserID: "alice", Scopes: allScopes}
	service = cpodkit.Identity{TenantID: "t1", AppID: "a1", Scopes: allScopes} // no user
)

var clock = time.Date(2026, 1, 2, 15, 4, 5, 678_900_000, time.UTC)

// backend is a store behind HTTP.
type backend struct {
	testing.TB
	store *documents.Store
	http  http.Handler
}

func newBackend(t testing.TB) *backend {
	t.Helper()
	return newBackendOn(t, documents.NewMemory())
}

func newBackendOn(t testing.TB, driver documents.Driver, opts ...documents.Option) *backend {
	t.Helper()
	opts = append(opts, documents.WithClock(func() time.Time { return clock }))
	store, err := documents.New(driver, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	mux := http.NewServeMux()
	cpodkit.Mount(mux, store.Routes())
	return &backend{TB: t, store: store, http: httpserver.Record(cpodkit.ServerInfo{})(httpserver.Guard(mux, httpserver.WithKeyPaths("/v1/storage/")))}
}

// call sends one request as id. Headers are pairs of name and value.
func (b *backend) call(id cpodkit.Identity, method, target, body string, headers ...string) *answer {
	b.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r = r.WithContext(cpodkit.WithIdentity(b.Context(), id))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.http.ServeHTTP(w, r)
	return &answer{ResponseRecorder: w, call: method + " " + abridged(target) + " " + abridged(body)}
}

func (b *backend) do(method, target, body string, headers ...string) *answer {
	b.Helper()
	return b.call(alice, method, target, body, headers...)
}

// set stores a document and returns its version.
func (b *backend) set(target, value string) string {
	b.Helper()
	a := b.do("PUT", "/v1/storage/db/"+target, value)
	a.want(b, http.StatusOK, "")
	var d documents.Document
	a.decode(b, &d)
	return d.Version
}

type answer struct {
	*httptest.ResponseRecorder
	call string
}

// want fails the test unless the answer has status and, as an error, code.
func (a *answer) want(t testing.TB, status int, code cpodkit.Code, pointers ...string) {
	t.Helper()
	if a.Code != status {
		t.Fatalf("%s: status %d, want %d: %s", a.call, a.Code, status, abridged(a.Body.String()))
	}
	if code == "" {
		return
	}
	var problem struct {
		Code   cpodkit.Code
		Status int
		Detail string
		Errors []cpodkit.FieldError
	}
	a.decode(t, &problem)
	if problem.Code != code || problem.Status != status || problem.Detail == "" ||
		a.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s: want %s, got %s", a.call, code, abridged(a.Body.String()))
	}
	var got []string
	for _, e := range problem.Errors {
		got = append(got, e.Pointer)
		if e.Detail == "" {
			t.Errorf("%s: no detail at %s", a.call, e.Pointer)
		}
	}
	if pointers != nil && strings.Join(got, " ") != strings.Join(pointers, " ") {
		t.Fatalf("%s: pointers %q, want %q: %s", a.call, got, pointers, abridged(a.Body.String()))
	}
}

func (a *answer) decode(t testing.TB, dst any) {
	t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), dst); err != nil {
		t.Fatalf("%s: %v: %s", a.call, err, abridged(a.Body.String()))
	}
}

// page returns the keys and the cursor of a query's answer.
func (a *answer) page(t testing.TB) (keys []string, cursor string) {
	t.Helper()
	a.want(t, http.StatusOK, "")
	var page struct {
		Items      []documents.Document
		NextCursor *string
	}
	a.decode(t, &page)
	if page.Items == nil {
		t.Fatalf("%s: no items: %s", a.call, a.Body)
	}
	for _, item := range page.Items {
		keys = append(keys, item.Key)
	}
	if page.NextCursor == nil {
		return keys, ""
	}
	if *page.NextCursor == "" || len(*page.NextCursor) > 4096 {
		t.Fatalf("%s: a cursor of %d bytes", a.call, len(*page.NextCursor))
	}
	return keys, *page.NextCursor
}

func abridged(s string) string {
	if len(s) > 300 {
		return s[:200] + "…"
	}
	return s
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
