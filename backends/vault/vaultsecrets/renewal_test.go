//go:build unix

package vaultsecrets_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/backends/vault/vaultsecrets"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

// gateway is in front of a Vault. It counts calls by their paths, and answers some itself.
type gateway struct {
	*httptest.Server

	mu     sync.Mutex
	calls  map[string]int
	status map[string]int // by the end of a path
}

func newGateway(t testing.TB, v *testservice.VaultServer) *gateway {
	t.Helper()
	g := &gateway{calls: map[string]int{}, status: map[string]int{}}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: v.Addr})
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.calls[r.URL.Path]++
		status := 0
		for end, s := range g.status {
			if strings.HasSuffix(r.URL.Path, end) {
				status = s
			}
		}
		g.mu.Unlock()
		if status == 0 {
			proxy.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"errors":["said by the gateway"]}`))
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) addr() string { return g.Listener.Addr().String() }

// answer has calls answered with a status from now on; 0 lets them through.
func (g *gateway) answer(end string, status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status[end] = status
}

func (g *gateway) count(ends ...string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for path, calls := range g.calls {
		for _, end := range ends {
			if strings.HasSuffix(path, end) {
				n += calls
			}
		}
	}
	return n
}

// Without a call of anybody the token is renewed, and whatever Vault says to that, the
// driver asks it a few times only.
func TestRenewalThatFails(t *testing.T) {
	t.Parallel()
	const (
		renew, login = "auth/token/renew-self", "auth/approle/login"
		lasts        = 6 * time.Second // with a token of 2 s
		most         = 16
	)
	v := testservice.Vault(t)
	tests := []struct {
		name    string
		answers map[string]int
		gateway *gateway
		driver  *vaultsecrets.Driver
	}{
		{name: "nothing fails"},
		{name: "no right to renew", answers: map[string]int{renew: http.StatusForbidden}},
		{name: "Vault is broken", answers: map[string]int{renew: http.StatusInternalServerError}},
		{name: "nothing works", answers: map[string]int{renew: http.StatusInternalServerError, login: http.StatusInternalServerError}},
		{name: "the login is refused", answers: map[string]int{renew: http.StatusForbidden, login: http.StatusBadRequest}},
		{name: "too many calls", answers: map[string]int{renew: http.StatusTooManyRequests, login: http.StatusTooManyRequests}},
	}
	for i := range tests {
		test := &tests[i]
		test.gateway = newGateway(t, v)
		test.driver = open(t, v, test.gateway.addr(), byAppRole(t, v, 2*time.Second, time.Hour))
		put(t, test.driver, "a", "v")
		for end, status := range test.answers {
			test.gateway.answer(end, status)
		}
	}
	quiet := time.NewTimer(lasts)
	defer quiet.Stop()
	<-quiet.C
	for _, test := range tests {
		if n := test.gateway.count(renew, login); n > most || n < 3 {
			t.Errorf("%s: %d calls to keep one token", test.name, n)
		}
		for end := range test.answers {
			test.gateway.answer(end, 0)
		}
		testservice.Eventually(t, test.name+", and it works again", func() bool { _, err := get(t, test.driver, "a"); return err == nil })
	}
}

// A thousand calls at once make one login, and nobody who waits for it holds up others.
func TestOneLogin(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	g := newGateway(t, v)
	d := open(t, v, g.addr(), byAppRole(t, v, 0, 0))
	for range 2 {
		var calls sync.WaitGroup
		for range 1000 {
			calls.Go(func() { isNotFound(t, d) })
		}
		calls.Wait()
		v.Write("sys/leases/revoke-prefix/auth/approle", nil)
	}
	if n := g.count("auth/approle/login"); n != 2 {
		t.Errorf("%d logins", n)
	}
}

// A token that another login replaces is given back, so that Vault does not fill with them.
func TestReplacedTokensAreRevoked(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	g := newGateway(t, v)
	g.answer("auth/token/renew-self", http.StatusForbidden)
	d := open(t, v, g.addr(), byAppRole(t, v, 3*time.Second, time.Hour))
	put(t, d, "a", "v")
	testservice.Eventually(t, "the first token is given back", func() bool {
		wants(t, d, "a", "v")
		return g.count("auth/token/revoke-self") > 0
	})
}

// What the environment says of a Vault is not used.
func TestEnvironment(t *testing.T) {
	v := testservice.Vault(t)
	t.Setenv("VAULT_TOKEN", "hunter2")
	t.Setenv("VAULT_NAMESPACE", "elsewhere")
	t.Setenv("VAULT_ADDR", "http://127.0.0.1:1")
	t.Setenv("VAULT_HEADERS", `{"X-Other": "y"}`)
	t.Setenv("VAULT_MAX_RETRIES", "9")
	d := open(t, v, v.Addr, byAppRole(t, v, 0, 0))
	put(t, d, "a", "v")
	wants(t, d, "a", "v")
}

// The token of a login is revoked at the end, and one that was given is not.
func TestClose(t *testing.T) {
	t.Parallel()
	v := testservice.Vault(t)
	token := v.NewToken("cpod", policy, 0)
	for _, p := range []params{byAppRole(t, v, 0, 0), byTokenFile(t, token)} {
		before := logins(v)
		d := openURL(t, urlOf(v.Addr, v.CA, p))
		put(t, d, "a", "v")
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if n := logins(v); n != before {
			t.Errorf("%d tokens are left, of %d", n, before)
		}
		_, err := get(t, d, "a")
		isUnavailable(t, "a call after the end", err)
	}
}
