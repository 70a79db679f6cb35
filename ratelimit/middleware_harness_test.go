package ratelimit_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dunglas/httpsfv"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// site is a server behind policies.
type site struct {
	http.Handler

	served int // requests that reached a route
}

// authenticate takes "tenant/app/user" for a token. It refuses any other.
func authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "/")
		if len(parts) != 3 {
			cpodkit.WriteError(w, r, cpodkit.Errorf(cpodkit.CodeInvalidToken, "The token is not valid."))
			return
		}
		id := cpodkit.Identity{TenantID: parts[0], AppID: parts[1], UserID: parts[2]}
		next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
	})
}

func newLimiter(t testing.TB, driver ratelimit.Driver, opts ...ratelimit.Option) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.New(driver, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func newMiddleware(t testing.TB, l *ratelimit.Limiter, policies ...ratelimit.Policy) cpodkit.Middleware {
	t.Helper()
	m, err := l.Middleware(policies...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// newSite mounts a few routes, with the given middleware around each, outermost
// first.
func newSite(chain ...cpodkit.Middleware) *site {
	s := &site{}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.served++
		status, _ := strconv.Atoi(r.URL.Query().Get("status"))
		if status == 0 {
			status = http.StatusOK
		}
		cpodkit.WriteJSON(w, r, status, "the answer")
	})
	s.Handler = webtest.Handler([]cpodkit.Route{
		{Name: "getThing", Pattern: "GET /things/{id}", Scopes: []string{cpodkit.ByRequest}, Handler: answer},
		{Name: "makeThing", Pattern: "POST /things", Scopes: []string{cpodkit.ByRequest}, Handler: answer},
	}, chain...)
	return s
}

// get sends a request with a token.
func (s *site) get(path, token string, header ...string) *httptest.ResponseRecorder {
	return s.send(http.MethodGet, path, token, header...)
}

func (s *site) send(method, path, token string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Peer" {
			r.RemoteAddr = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// field reads a List: the integer parameters of each member by its name. It fails
// on what is no List of Strings.
func field(t testing.TB, h http.Header, name string) map[string]map[string]int64 {
	t.Helper()
	list, err := httpsfv.UnmarshalList(h.Values(name))
	if err != nil {
		t.Fatalf("%s %q: %v", name, h.Values(name), err)
	}
	members := map[string]map[string]int64{}
	for _, member := range list {
		item, ok := member.(httpsfv.Item)
		if !ok {
			t.Fatalf("%s %q: %v is no item", name, h.Values(name), member)
		}
		params := map[string]int64{}
		for _, p := range item.Params.Names() {
			value, _ := item.Params.Get(p)
			switch v := value.(type) {
			case int64:
				params[p] = v
			case bool:
				params[p] = 1
			}
		}
		members[item.Value.(string)] = params
	}
	return members
}

func wantFields(t testing.TB, w *httptest.ResponseRecorder, policy, limit map[string]map[string]int64) {
	t.Helper()
	equal := func(a, b map[string]map[string]int64) bool {
		return maps.EqualFunc(a, b, func(a, b map[string]int64) bool { return maps.Equal(a, b) })
	}
	if got := field(t, w.Header(), "RateLimit-Policy"); !equal(got, policy) {
		t.Errorf("RateLimit-Policy %v, want %v", got, policy)
	}
	if got := field(t, w.Header(), "RateLimit"); !equal(got, limit) {
		t.Errorf("RateLimit %v, want %v", got, limit)
	}
}

type params = map[string]map[string]int64

func perMinute(name string, tokens int64) ratelimit.Limit {
	return ratelimit.Limit{Name: name, Tokens: tokens, Window: time.Minute}
}
