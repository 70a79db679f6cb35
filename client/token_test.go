package client_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// issuer is a token endpoint and, for all other paths, an API that accepts its tokens.
type issuer struct {
	fetches counter
	calls   counter
	// wait holds a fetch up, inside the test's bubble.
	wait   func()
	tenant string
	// fails says whether a fetch, counted from 1, is answered with 500.
	fails func(fetch int) bool
	// revoked says whether a token is refused.
	revoked func(token string) bool
	seen    func(*http.Request)
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if i.seen != nil {
		i.seen(r)
	}
	if r.URL.Path != "/v1/oauth/token" {
		i.calls.next()
		token := r.Header.Get("Authorization")
		if i.revoked != nil && i.revoked(token) {
			respondProblem(w, http.StatusUnauthorized, "token_revoked", "WWW-Authenticate", `Bearer error="invalid_token"`)
			return
		}
		respond(w, http.StatusOK, "application/json", `{"value":"`+token+`"}`)
		return
	}
	n := i.fetches.next()
	if i.wait != nil {
		i.wait()
	}
	if i.fails != nil && i.fails(n) {
		respond(w, http.StatusInternalServerError, "application/json", `{"error":"server_error"}`)
		return
	}
	claims := fmt.Sprintf(`{"tenantId":%q,"n":%d}`, i.tenant, n)
	token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + fmt.Sprintf(".sig%d", n)
	respond(w, http.StatusOK, "application/json", `{"access_token":"`+token+`","token_type":"bearer","expires_in":1000}`)
}

func (i *issuer) client(t *testing.T, change ...func(*client.Config)) *client.Client {
	config := client.Config{
		ClientID: "app", ClientSecret: testSecret,
		HTTPClient: &http.Client{Transport: handlerTransport(i.ServeHTTP)},
	}
	for _, f := range change {
		f(&config)
	}
	return mustNew(t, config)
}

// use makes a call and returns the token that it carried.
func use(t *testing.T, c *client.Client) string {
	t.Helper()
	token, found, err := c.Storage.KV.Get(t.Context(), "k")
	if err != nil || !found {
		t.Fatal(found, err)
	}
	return token
}

func TestTokenIsFetchedOnceForManyCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{wait: func() { time.Sleep(time.Second) }}
		c := i.client(t)
		equal(t, "fetches before the first call", i.fetches.get(), 0)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if _, _, err := c.Storage.KV.Get(t.Context(), "k"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		equal(t, "fetches", i.fetches.get(), 1)
		equal(t, "calls", i.calls.get(), 100)
	})
}

func TestTokenIsRefreshedAt80Percent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{wait: func() { time.Sleep(10 * time.Second) }}
		c := i.client(t)
		first := use(t, c)
		issued := 10 * time.Second // The life is counted from before the request.
		time.Sleep(800*time.Second - issued - time.Nanosecond)
		equal(t, "token just before 80 %", use(t, c), first)
		synctest.Wait()
		equal(t, "fetches just before 80 %", i.fetches.get(), 1)

		time.Sleep(time.Nanosecond)
		started := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if got := use(t, c); got != first {
					t.Error("a caller did not go on with the token that is still valid")
				}
			})
		}
		wg.Wait()
		equal(t, "time that callers waited for the refresh", time.Since(started), 0)
		synctest.Wait()
		equal(t, "fetches at 80 %", i.fetches.get(), 2)

		time.Sleep(10 * time.Second)
		synctest.Wait()
		if use(t, c) == first {
			t.Error("the refreshed token is not used")
		}
		equal(t, "fetches after", i.fetches.get(), 2)
	})
}

func TestFailedRefreshKeepsValidToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{fails: func(fetch int) bool { return fetch > 1 }}
		c := i.client(t)
		first := use(t, c)
		time.Sleep(900 * time.Second)
		for range 10 {
			equal(t, "token", use(t, c), first)
			synctest.Wait()
		}
		equal(t, "fetches while the failure rests", i.fetches.get(), 2)
		time.Sleep(5 * time.Second)
		use(t, c)
		synctest.Wait()
		equal(t, "fetches after the rest", i.fetches.get(), 3)

		time.Sleep(95 * time.Second)
		_, _, err := c.Storage.KV.Get(t.Context(), "k")
		equal(t, "status once the token has expired", baseError(t, err).Status, 500)
	})
}

func TestCancelledLeaderDoesNotFailFollowers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{wait: func() { time.Sleep(30 * time.Second) }}
		c := i.client(t)
		leader, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, _, err := c.Storage.KV.Get(leader, "k"); !errors.Is(err, context.Canceled) {
				t.Errorf("leader: got %v, want context.Canceled", err)
			}
		})
		synctest.Wait()
		impatient, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		wg.Go(func() {
			if _, _, err := c.Storage.KV.Get(impatient, "k"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("impatient follower: got %v, want context.DeadlineExceeded", err)
			}
		})
		for range 10 {
			wg.Go(func() {
				if _, _, err := c.Storage.KV.Get(t.Context(), "k"); err != nil {
					t.Errorf("follower: %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		equal(t, "fetches", i.fetches.get(), 1)
	})
}

func TestCancelledCallerFetchesNothing(t *testing.T) {
	t.Parallel()
	i := &issuer{}
	c := i.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := c.Storage.KV.Get(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	equal(t, "fetches", i.fetches.get(), 0)
}

func TestRevokedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		revoked := map[string]bool{}
		i := &issuer{wait: func() { time.Sleep(time.Second) }, revoked: func(token string) bool {
			mu.Lock()
			defer mu.Unlock()
			return revoked[token]
		}}
		c := i.client(t)
		first := use(t, c)
		mu.Lock()
		revoked[first] = true
		mu.Unlock()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				// Incr is never repeated otherwise; here the server has done nothing.
				if _, err := c.Storage.KV.Incr(t.Context(), "k", 1); err == nil || errors.As(err, new(*client.AuthError)) {
					t.Errorf("got %v, want the failure to read the fake's answer", err)
				}
				if use(t, c) == first {
					t.Error("the revoked token is still used")
				}
			})
		}
		wg.Wait()
		equal(t, "fetches", i.fetches.get(), 2)
	})
}

func TestExpiredTokenIsReplacedOnHEAD(t *testing.T) {
	t.Parallel()
	i := &issuer{}
	c := mustNew(t, client.Config{
		ClientID: "app", ClientSecret: testSecret,
		HTTPClient: &http.Client{Transport: handlerTransport(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/v1/oauth/token":
				i.ServeHTTP(w, r)
			case i.calls.next() == 1:
				respond(w, http.StatusUnauthorized, "", "", "X-Request-Id", "r1", "WWW-Authenticate", `Bearer error="invalid_token"`)
			}
		})},
	})
	exists, err := c.Storage.KV.Exists(t.Context(), "k")
	equal(t, "exists", fmt.Sprint(exists, err), "true <nil>")
	equal(t, "fetches", i.fetches.get(), 2)
}

func TestTokenRefusedTwiceIsAnError(t *testing.T) {
	t.Parallel()
	i := &issuer{revoked: func(string) bool { return true }}
	c := i.client(t)
	_, _, err := c.Storage.KV.Get(t.Context(), "k")
	refused, ok := errors.AsType[*client.AuthError](err)
	if !ok {
		t.Fatalf("got %v, want an AuthError", err)
	}
	equal(t, "code", refused.Code, "token_revoked")
	equal(t, "calls", i.calls.get(), 2)
	equal(t, "fetches", i.fetches.get(), 2)
}

func TestOtherRefusalsFetchNoToken(t *testing.T) {
	t.Parallel()
	var i issuer
	c := mustNew(t, client.Config{
		ClientID: "app", ClientSecret: testSecret,
		HTTPClient: &http.Client{Transport: handlerTransport(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/oauth/token" {
				i.ServeHTTP(w, r)
				return
			}
			respondProblem(w, http.StatusForbidden, "invalid_scope", "WWW-Authenticate", `Bearer error="insufficient_scope"`)
		})},
	})
	_, err := c.Storage.Files.Stat(t.Context(), "k")
	equal(t, "status", baseError(t, err).Status, http.StatusForbidden)
	equal(t, "fetches", i.fetches.get(), 1)
}

func TestTokenRequest(t *testing.T) {
	t.Parallel()
	var request *http.Request
	i := &issuer{seen: func(r *http.Request) {
		if r.URL.Path == "/v1/oauth/token" {
			request = r
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
		}
	}}
	c := i.client(t, func(config *client.Config) {
		config.ClientID, config.ClientSecret = "a:b c", "s+%é:x"
		config.Scopes = []string{"storage.private.read", "orders.read"}
		config.TenantID = ""
	})
	use(t, c)
	id, secret, ok := request.BasicAuth()
	equal(t, "has Basic", ok, true)
	equal(t, "id", id, "a%3Ab+c")
	equal(t, "secret", secret, "s%2B%25%C3%A9%3Ax")
	equal(t, "form", request.PostForm.Encode(), "grant_type=client_credentials&scope=storage.private.read+orders.read")
	equal(t, "content type", request.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

func TestTenantIsChecked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		tokenTenant, want string
		calls             int
	}{
		"same":    {"acme", "acme", 1},
		"other":   {"globex", "acme", 0},
		"none":    {"", "acme", 0},
		"unasked": {"globex", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := &issuer{tenant: tt.tokenTenant, seen: func(r *http.Request) {
				if r.URL.Query().Has("tenant") || r.Header.Get("X-Tenant-Id") != "" {
					t.Error("the tenant is sent")
				}
			}}
			c := i.client(t, func(config *client.Config) { config.TenantID = tt.want })
			_, _, err := c.Storage.KV.Get(t.Context(), "k")
			equal(t, "calls", i.calls.get(), tt.calls)
			if tt.calls == 0 {
				if refused, ok := errors.AsType[*client.AuthError](err); !ok || refused.Code != "tenant_mismatch" {
					t.Errorf("got %v, want tenant_mismatch", err)
				}
			}
		})
	}
}

func TestUnusableTokenAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		auth   bool
	}{
		"not JSON":         {200, "<html>", false},
		"no token":         {200, `{"token_type":"Bearer"}`, false},
		"another type":     {200, `{"access_token":"x","token_type":"mac"}`, false},
		"token with break": {200, `{"access_token":"x\r\nA: b","token_type":"Bearer"}`, false},
		"wrong secret":     {401, `{"error":"invalid_client","error_description":"no such client or secret"}`, true},
		"undeclared scope": {400, `{"error":"invalid_scope"}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := mustNew(t, client.Config{
				ClientID: "app", ClientSecret: testSecret,
				HTTPClient: &http.Client{Transport: reply(tt.status, "application/json", tt.body)},
			})
			_, _, err := c.Storage.KV.Get(t.Context(), "k")
			equal(t, "status", baseError(t, err).Status, tt.status)
			equal(t, "is an AuthError", errors.As(err, new(*client.AuthError)), tt.auth)
			equal(t, "op", baseError(t, err).Op, "oauth.token")
		})
	}
}
