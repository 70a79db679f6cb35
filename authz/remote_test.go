package authz_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// source is a server of key sets on the loopback interface, whose answers a test changes.
type source struct {
	*httptest.Server

	answer atomic.Pointer[http.HandlerFunc]
	asked  atomic.Int64
}

func newSource(tb testing.TB, answer http.HandlerFunc) *source {
	tb.Helper()
	s := &source{}
	s.answer.Store(&answer)
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		(*s.answer.Load())(w, r)
	}))
	tb.Cleanup(s.Close)
	return s
}

func (s *source) change(answer http.HandlerFunc) { s.answer.Store(&answer) }

func (s *source) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

func (s *source) keys(tb testing.TB, opts ...authz.RemoteOption) *authz.RemoteKeys {
	tb.Helper()
	opts = append([]authz.RemoteOption{authz.WithRootCAs(s.roots()), authz.WithUnsafePrivateAddresses()}, opts...)
	keys, err := authz.NewRemoteKeys(s.URL, s.URL+"/jwks", opts...)
	must(tb, err)
	return keys
}

func serves(document []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(document) }
}

func answers(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// stuck answers nothing until the test ends.
func stuck(tb testing.TB) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-tb.Context().Done():
		}
	}
}

// keyCode is the code of asking for a key.
func keyCode(tb testing.TB, keys authz.KeySource, id string) cpodkit.Code {
	tb.Helper()
	v := newJWT(tb, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: keys})
	f := newForgery(newKeys(tb), esKey, authz.ES256)
	f.header["kid"] = id
	_, err := v.Verify(tb.Context(), f.token())
	return cpodkit.CodeOf(err)
}

func wantKey(tb testing.TB, keys authz.KeySource, id string) {
	tb.Helper()
	key, err := keys.Key(tb.Context(), id)
	if err != nil || key.ID() != id {
		tb.Fatalf("the key %q is %v, %v", id, key, err)
	}
}

func TestRemoteKeys(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s := newSource(t, serves(jwks(publicJWK(esKey, "", k[esKey].Public()))))
	keys := s.keys(t)
	if s.asked.Load() != 0 {
		t.Error("the keys were fetched before anybody asked for one")
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { wantKey(t, keys, esKey) })
	}
	wg.Wait()
	if n := s.asked.Load(); n != 1 {
		t.Errorf("20 requests caused %d fetches", n)
	}
	for i := range 50 {
		if _, err := keys.Key(t.Context(), fmt.Sprint("unknown", i)); !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("an unknown key: %v", err)
		}
	}
	if n := s.asked.Load(); n > 2 {
		t.Errorf("50 unknown ids caused %d fetches", n-1)
	}
}

// A key that the issuer has just made is found, and one that it took away is gone.
func TestRemoteKeysRotate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old, fresh := publicJWK("old", "", newECKey(t).Public()), publicJWK("fresh", "", newECKey(t).Public())
		fetches, document := 0, jwks(old)
		keys := fetching(t, func(context.Context) ([]byte, time.Duration, error) {
			fetches++
			return document, 15 * time.Minute, nil
		})
		wantKey(t, keys, "old")
		generation := keys.Generation()
		document = jwks(old, fresh)
		has := func(id string, want cpodkit.Code) {
			t.Helper()
			_, err := keys.Key(t.Context(), id)
			wantCode(t, err, want)
		}
		has("fresh", cpodkit.CodeNotFound) // a fetch was less than 30 s ago
		time.Sleep(30 * time.Second)
		has("fresh", "")
		if keys.Generation() == generation {
			t.Error("the generation did not change with the keys")
		}
		generation = keys.Generation()
		time.Sleep(12 * time.Minute) // four fifths of its life
		has("old", "")               // causes a fetch and does not wait
		synctest.Wait()
		if fetches != 3 || keys.Generation() != generation {
			t.Errorf("%d fetches, generation %d after %d", fetches, keys.Generation(), generation)
		}
		document = jwks(fresh)
		time.Sleep(12 * time.Minute)
		has("fresh", "")
		synctest.Wait()
		has("old", cpodkit.CodeNotFound)
		if keys.Generation() == generation {
			t.Error("the generation did not change when a key went")
		}
	})
}

// fetching returns keys that get their documents from a function, in a bubble of synctest.
func fetching(t *testing.T, fetch func(context.Context) ([]byte, time.Duration, error), opts ...authz.RemoteOption) *authz.RemoteKeys {
	t.Helper()
	keys, err := authz.NewRemoteKeys(issuerName, issuerName+"/jwks", opts...)
	must(t, err)
	keys.SetFetch(fetch)
	return keys
}

// A cached token causes the refresh too, and ends with its key.
func TestVerifiedTokenEndsWithItsRemoteKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t)
		document := jwks(publicJWK(esKey, "", k[esKey].Public()))
		keys := fetching(t, func(context.Context) ([]byte, time.Duration, error) { return document, time.Minute, nil })
		v := newJWT(t, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: keys})
		token := newForgery(k, esKey, authz.ES256).token()
		check := func(want cpodkit.Code) {
			t.Helper()
			_, err := v.Verify(t.Context(), token)
			wantCode(t, err, want)
			synctest.Wait()
		}
		check("")
		document = jwks(publicJWK("other", "", newECKey(t).Public()))
		time.Sleep(time.Minute)
		check("")
		check(cpodkit.CodeInvalidToken)
	})
}

// While the source fails, the keys are used up to their age; then it is 503, and never 401.
func TestRemoteKeysOutliveTheirSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t)
		document := jwks(publicJWK(esKey, "", k[esKey].Public()))
		var down error
		fetches := 0
		keys := fetching(t, func(context.Context) ([]byte, time.Duration, error) {
			fetches++
			return document, 15 * time.Minute, down
		}, authz.WithMaxAge(6*time.Hour))
		v := newJWT(t, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: keys})
		f := newForgery(k, esKey, authz.ES256)
		f.claims["exp"] = time.Now().Add(100 * time.Hour).Unix()
		known := f.token()
		check := func(token string, want cpodkit.Code) {
			t.Helper()
			_, err := v.Verify(t.Context(), token)
			wantCode(t, err, want)
			var e *cpodkit.Error
			if want == cpodkit.CodeUnavailable && (!errors.As(err, &e) || e.RetryAfter <= 0) {
				t.Errorf("no Retry-After: %v", err)
			}
			synctest.Wait()
		}
		check(known, "")
		down = errDown
		for range 5*60 + 50 {
			time.Sleep(time.Minute)
			check(known, "")
		}
		if fetches < 5*60 || fetches > 6*60 {
			t.Errorf("%d fetches in 350 minutes, want about one each minute", fetches)
		}
		if since, err := keys.Health(); err == nil || time.Since(since) < 5*time.Hour {
			t.Errorf("it fails since %v: %v", since, err)
		}
		f.header["kid"] = "new"
		check(f.token(), cpodkit.CodeUnavailable) // it may be a key that the issuer has just made
		time.Sleep(10 * time.Minute)
		check(known, cpodkit.CodeUnavailable)
		f.header["kid"], f.claims["jti"] = esKey, "i.2"
		check(f.token(), cpodkit.CodeUnavailable)
		down = nil
		time.Sleep(time.Minute)
		check(known, "")
		check(f.token(), "")
		if since, err := keys.Health(); err != nil || !since.IsZero() {
			t.Errorf("it fails since %v: %v", since, err)
		}
	})
}

func TestRemoteKeysRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		document := jwks(publicJWK("k", "", newECKey(t).Public()))
		var fetches atomic.Int64
		keys := fetching(t, func(context.Context) ([]byte, time.Duration, error) {
			fetches.Add(1)
			return document, time.Hour, nil
		})
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { keys.Run(ctx) })
		time.Sleep(time.Second)
		synctest.Wait()
		if n := fetches.Load(); n != 1 {
			t.Errorf("%d fetches at the start", n)
		}
		time.Sleep(10 * time.Hour)
		synctest.Wait()
		if n := fetches.Load(); n < 10 || n > 14 {
			t.Errorf("%d fetches in 10 hours", n)
		}
		stop()
		wg.Wait()
	})
}

func TestDiscoverKeys(t *testing.T) {
	t.Parallel()
	const oidc, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	good := jwks(publicJWK("k", "", newECKey(t).Public()))
	for _, test := range []struct {
		name, issuer, at, document string // %s is the source
		works                      bool
	}{
		{"OpenID Connect", "%s", oidc, `{"issuer":"%[1]s","jwks_uri":"%[1]s/jwks"}`, true},
		{"an issuer with a path", "%s/realms/a", "/realms/a" + oidc, `{"issuer":"%[1]s/realms/a","jwks_uri":"%[1]s/jwks"}`, true},
		{"an issuer that ends with a slash", "%s/", oidc, `{"issuer":"%[1]s/","jwks_uri":"%[1]s/jwks"}`, true},
		{"RFC 8414", "%s", oauth, `{"issuer":"%[1]s","jwks_uri":"%[1]s/jwks"}`, true},
		{"RFC 8414 with a path", "%s/a", oauth + "/a", `{"issuer":"%[1]s/a","jwks_uri":"%[1]s/jwks"}`, true},
		{"another issuer", "%s", oidc, `{"issuer":"https://evil.example","jwks_uri":"%[1]s/jwks"}`, false},
		{"an issuer with a slash more", "%s", oidc, `{"issuer":"%[1]s/","jwks_uri":"%[1]s/jwks"}`, false},
		{"no issuer", "%s", oidc, `{"jwks_uri":"%[1]s/jwks"}`, false},
		{"no address", "%s", oidc, `{"issuer":"%[1]s"}`, false},
		{"an address by http", "%s", oidc, `{"issuer":"%[1]s","jwks_uri":"http://127.0.0.1/jwks"}`, false},
		{"an address that is a file", "%s", oidc, `{"issuer":"%[1]s","jwks_uri":"file:///etc/passwd"}`, false},
		{"no JSON", "%s", oidc, `<html>`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var s *source
			s = newSource(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case test.at:
					fmt.Fprintf(w, test.document, s.URL)
				case "/jwks":
					_, _ = w.Write(good)
				default:
					w.WriteHeader(http.StatusNotFound)
				}
			})
			keys, err := authz.DiscoverKeys(fmt.Sprintf(test.issuer, s.URL), authz.WithRootCAs(s.roots()), authz.WithUnsafePrivateAddresses())
			must(t, err)
			if _, err := keys.Key(t.Context(), "k"); (err == nil) != test.works {
				t.Errorf("the key: %v", err)
			}
		})
	}
}

// RFC 9111 sections 4.2 and 5.2.2, within the bounds of [authz.RemoteKeys].
func TestRemoteKeysLifetime(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": 15 * time.Minute, "Cache-Control: max-age=3600": time.Hour, "Cache-Control: public, max-age=7200, must-revalidate": 2 * time.Hour,
		"Cache-Control: max-age=0": time.Minute, "Cache-Control: no-store": time.Minute, "Cache-Control: max-age=31536000": 24 * time.Hour,
		"Cache-Control: max-age=soon": 15 * time.Minute, "Cache-Control: MAX-AGE=3600": time.Hour, "Cache-Control: max-age=-5": 15 * time.Minute,
		"Cache-Control: max-age=3600\nAge: 3000": 10 * time.Minute, "Cache-Control: max-age=60\nAge: 9999": time.Minute,
	} {
		h := http.Header{}
		for line := range strings.SplitSeq(header, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				h.Set(name, value)
			}
		}
		if got := authz.LifetimeOf(h); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
