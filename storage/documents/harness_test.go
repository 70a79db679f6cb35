package documents_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/internal/webtest"
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
	return &answer{webtest.Call(b, webtest.As(id)(b.http), method, target, "", body, headers...)}
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

type answer struct{ *webtest.Answer }

// want fails the test unless the answer has status and, as an error, code.
func (a *answer) want(t testing.TB, status int, code cpodkit.Code, pointers ...string) {
	t.Helper()
	a.WantStatus(t, status)
	if code != "" {
		a.WantProblem(t, code, pointers...)
	}
}

func (a *answer) decode(t testing.TB, dst any) {
	t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), dst); err != nil {
		t.Fatalf("%s: %v", a, err)
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
		t.Fatalf("%s: no items", a)
	}
	for _, item := range page.Items {
		keys = append(keys, item.Key)
	}
	if page.NextCursor == nil {
		return keys, ""
	}
	if *page.NextCursor == "" || len(*page.NextCursor) > 4096 {
		t.Fatalf("%s: a cursor of %d bytes", a, len(*page.NextCursor))
	}
	return keys, *page.NextCursor
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
