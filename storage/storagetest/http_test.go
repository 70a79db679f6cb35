package storagetest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// issuer stands for authentication: its tokens are random, and it remembers whom
// they stand for.
type issuer struct{ tokens sync.Map }

func (i *issuer) token(_ testing.TB, id cpodkit.Identity) string {
	token := rand.Text()
	i.tokens.Store(token, id)
	return token
}

func (i *issuer) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values := r.Header.Values("Authorization")
		if len(values) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		token, bearer := strings.CutPrefix(values[0], "Bearer ")
		if !bearer || token == "" {
			next.ServeHTTP(w, r)
			return
		}
		id, ok := i.tokens.Load(token)
		if !ok || len(values) > 1 {
			cpodkit.WriteError(w, r, cpodkit.Errorf(cpodkit.CodeInvalidToken, "There is no such token."))
			return
		}
		next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id.(cpodkit.Identity))))
	})
}

// newMux serves all three primitives out of memory.
func newMux(t testing.TB, authenticate cpodkit.Middleware, url string) *http.ServeMux {
	t.Helper()
	fileStore, err := files.New(files.NewMemory(), files.WithPublicURL(url))
	if err != nil {
		t.Fatal(err)
	}
	documentStore, err := documents.New(documents.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	kvStore, err := kv.New(kv.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = fileStore.Close(), documentStore.Close(), kvStore.Close() })
	mux := http.NewServeMux()
	cpodkit.Mount(mux, fileStore.Routes(), cpodkit.WrapProtected(authenticate))
	cpodkit.Mount(mux, documentStore.Routes(), cpodkit.WrapProtected(authenticate))
	cpodkit.Mount(mux, kvStore.Routes(), cpodkit.WrapProtected(authenticate))
	return mux
}

// listen serves h, and returns its URL.
func listen(t *testing.T, handler func(url string) http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	server.Config = httpserver.NewServer(handler(url), time.Minute)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return url
}

// TestPlainMux attacks a server that is nothing but the routes.
func TestPlainMux(t *testing.T) {
	t.Parallel()
	var i issuer
	url := listen(t, func(url string) http.Handler {
		return httpserver.Guard(newMux(t, i.authenticate, url), httpserver.WithKeyPaths("/v1/storage/"))
	})
	RunHTTP(t, Server{URL: url, Token: i.token}, Brief(), WithRandom(100))
}

// as lets change make another identity of the one that a request has.
func as(change func(r *http.Request, id *cpodkit.Identity)) cpodkit.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if id, ok := cpodkit.IdentityFromContext(r.Context()); ok {
				change(r, &id)
				r = r.WithContext(cpodkit.WithIdentity(r.Context(), id))
			}
			next.ServeHTTP(w, r)
		})
	}
}

// taken returns a parameter of the query and removes it, so that the call goes on
// without it.
func taken(r *http.Request, name string) string {
	q := r.URL.Query()
	value := q.Get(name)
	if value != "" {
		q.Del(name)
		r.URL.RawQuery = q.Encode()
	}
	return value
}

func TestHTTPLeaksAreSeen(t *testing.T) {
	t.Parallel()
	none := as(func(*http.Request, *cpodkit.Identity) {})
	outside := func(change func(r *http.Request)) cpodkit.Middleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				change(r)
				next.ServeHTTP(w, r)
			})
		}
	}
	guard := func(h http.Handler) http.Handler {
		return httpserver.Guard(h.(*http.ServeMux), httpserver.WithKeyPaths("/v1/storage/"))
	}
	for name, leak := range map[string]struct {
		inside  cpodkit.Middleware // behind the authentication
		outside cpodkit.Middleware // before the mux
		want    string
	}{
		"takes the tenant from a header": {as(func(r *http.Request, id *cpodkit.Identity) {
			id.TenantID = cmp.Or(r.Header.Get("X-Tenant-Id"), id.TenantID)
		}), guard, "ESCAPE"},
		"takes the tenant from the query": {as(func(r *http.Request, id *cpodkit.Identity) {
			id.TenantID = cmp.Or(taken(r, "tenantId"), id.TenantID)
		}), guard, "ESCAPE"},
		"grants every scope": {as(func(_ *http.Request, id *cpodkit.Identity) {
			id.Scopes = cpodkit.Scopes{"storage.private.*", "storage.user.*", "storage.shared.*"}
		}), guard, "ESCAPE"},
		"forgets the app": {as(func(_ *http.Request, id *cpodkit.Identity) { id.AppID = "app" }), guard, "ESCAPE"},
		"ignores the case of tenants": {as(func(_ *http.Request, id *cpodkit.Identity) {
			id.TenantID = strings.ToLower(id.TenantID)
		}), guard, "ESCAPE"},
		"decodes twice": {none, func(next http.Handler) http.Handler {
			return outside(func(r *http.Request) {
				if path, err := url.PathUnescape(r.URL.Path); err == nil {
					r.URL.Path, r.URL.RawPath = path, ""
				}
			})(guard(next))
		}, "want one of"},
		"obeys a method in a header": {none, func(next http.Handler) http.Handler {
			return outside(func(r *http.Request) { r.Method = cmp.Or(r.Header.Get("X-HTTP-Method-Override"), r.Method) })(guard(next))
		}, "X-HTTP-Method-Override"},
		"takes a token from the query": {none, func(next http.Handler) http.Handler {
			return outside(func(r *http.Request) {
				if token := taken(r, "access_token"); token != "" {
					r.Header.Set("Authorization", "Bearer "+token)
				}
			})(guard(next))
		}, "ESCAPE"},
		"cleans paths by a redirect": {none, func(next http.Handler) http.Handler { return next }, "fails the server"},
		"shows where the data is": {none, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Data", "/var/lib/cpod")
				guard(next).ServeHTTP(w, r)
			})
		}, "/var/lib/cpod"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var i issuer
			url := listen(t, func(url string) http.Handler {
				return leak.outside(newMux(t, func(next http.Handler) http.Handler { return i.authenticate(leak.inside(next)) }, url))
			})
			wantFound(t, attackedServer(t, Server{URL: url, Token: i.token, Forbidden: []string{"/var/lib/cpod"}}), leak.want)
		})
	}
}

// attackedServer is attacked for servers, without what takes long.
func attackedServer(t *testing.T, server Server) []string {
	t.Helper()
	return mustfail.Run(t, func(t testing.TB) {
		known, caller := newCanaries(), newCaller(t, server)
		var worlds []*world
		for _, s := range caller.subjects() {
			w := newWorld(t, s, known)
			worlds = append(worlds, w)
			w.populate(neighbours())
		}
		attackByRequests(newWorld(t, caller.subjects()[0], known), caller)
		for _, w := range worlds {
			w.sweep()
		}
	})
}

func TestThereAreManyRequests(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range requests(tokens{
		own: "own-token", neighbour: "a-neighbour-token", filesCursor: strings.Repeat("fc", 30), documentsCursor: strings.Repeat("dc", 30),
		signedGet: strings.Repeat("sg", 60), signedPut: strings.Repeat("sp", 60),
	}) {
		seen[fmt.Sprint(r)] = true
	}
	t.Logf("%d different requests", len(seen))
	if len(seen) < 200 {
		t.Errorf("%d different requests; want 200 at least", len(seen))
	}
}

func TestNamesOverHTTP(t *testing.T) {
	t.Parallel()
	serve := func(t *testing.T, inside cpodkit.Middleware) *caller {
		t.Helper()
		var i issuer
		return newCaller(t, Server{Token: i.token, URL: listen(t, func(url string) http.Handler {
			mux := newMux(t, func(next http.Handler) http.Handler { return i.authenticate(inside(next)) }, url)
			return httpserver.Guard(mux, httpserver.WithKeyPaths("/v1/storage/"))
		})})
	}
	for _, s := range serve(t, as(func(*http.Request, *cpodkit.Identity) {})).subjects() {
		checkNames(t, s)
	}
	ignoresCase := serve(t, as(func(_ *http.Request, id *cpodkit.Identity) { id.AppID = strings.ToLower(id.AppID) }))
	for _, s := range ignoresCase.subjects() {
		wantFound(t, named(t, func(testing.TB) subject { return s }), "CHANGED")
	}
}
