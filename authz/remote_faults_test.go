package authz_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// Whatever is wrong with the source: without a set it is 503, and a set that is there stays.
func TestRemoteKeysFaults(t *testing.T) {
	t.Parallel()
	good := jwks(publicJWK("k", "", newECKey(t).Public()))
	elsewhere := newSource(t, serves(good))
	for name, answer := range map[string]http.HandlerFunc{
		"500":           answers(http.StatusInternalServerError),
		"404":           answers(http.StatusNotFound),
		"204":           answers(http.StatusNoContent),
		"no JSON":       serves([]byte("<html>Sign in</html>")),
		"no keys":       serves([]byte(`{"keys":[]}`)),
		"no usable key": serves([]byte(`{"keys":[{"kty":"oct","k":"AAAA","kid":"k","alg":"HS256"}]}`)),
		"over 1 MiB":    serves([]byte(strings.Repeat(" ", authz.MaxKeySet) + string(good))),
		"endless":       func(w http.ResponseWriter, _ *http.Request) { flood(w) },
		"a huge head":   func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999")
			_, _ = w.Write(good)
		},
		"hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"redirect to a host": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/jwks", http.StatusFound)
		},
		"redirect to http": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+"/jwks", http.StatusFound)
		},
		"redirect to a file": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		},
		"redirects for ever":     func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", http.StatusFound) },
		"redirect without where": answers(http.StatusFound),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSource(t, answer)
			s.Config.ErrorLog = nil
			if code := keyCode(t, s.keys(t), "k"); code != cpodkit.CodeUnavailable {
				t.Errorf("without a set: %q", code)
			}
			s.change(serves(good))
			keys := s.keys(t)
			wantKey(t, keys, "k")
			s.change(answer)
			_, _ = keys.Key(t.Context(), "k")
			wantKey(t, keys, "k")
		})
	}
	if n := elsewhere.asked.Load(); n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

func flood(w http.ResponseWriter) {
	for range 64 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			return
		}
	}
}

func TestRemoteKeysFollowRedirectsOnTheirHost(t *testing.T) {
	t.Parallel()
	good := jwks(publicJWK("k", "", newECKey(t).Public()))
	s := newSource(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/jwks/1/2/3" {
			http.Redirect(w, r, fmt.Sprintf("%s/%d", r.URL.Path, strings.Count(r.URL.Path, "/")), http.StatusTemporaryRedirect)
			return
		}
		_, _ = w.Write(good)
	})
	wantKey(t, s.keys(t), "k")
}

// A source that takes connections and answers nothing, or a byte now and then, holds up
// nobody who has a key, and is given up.
func TestRemoteKeysOfAHalfOpenSource(t *testing.T) {
	t.Parallel()
	good := jwks(publicJWK("k", "", newECKey(t).Public()))
	for name, answer := range map[string]http.HandlerFunc{
		"answers nothing": stuck(t),
		"a slow body": func(w http.ResponseWriter, r *http.Request) {
			for range 1000 {
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(100 * time.Millisecond):
				case <-r.Context().Done():
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSource(t, serves(good))
			keys := s.keys(t)
			wantKey(t, keys, "k")
			s.change(answer)
			fresh := s.keys(t)
			authz.Hurry(fresh)
			if code := keyCode(t, fresh, "k"); code != cpodkit.CodeUnavailable {
				t.Errorf("without a set: %q", code)
			}
			eventually(t, func() bool { _, err := fresh.Health(); return err != nil })
			wantKey(t, keys, "k")
		})
	}
}

// Connections to addresses that are not public are refused when they are dialed.
func TestRemoteKeysRefusePrivateAddresses(t *testing.T) {
	t.Parallel()
	s := newSource(t, serves(jwks(publicJWK("k", "", newECKey(t).Public()))))
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	must(t, err)
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433"} {
		keys, err := authz.NewRemoteKeys(s.URL, "https://"+host+":"+port, authz.WithRootCAs(s.roots()))
		must(t, err)
		if _, err := keys.Key(t.Context(), "k"); err == nil {
			t.Errorf("%s: a key was fetched", host)
		}
	}
	if n := s.asked.Load(); n != 0 {
		t.Errorf("the source was asked %d times", n)
	}
}

func TestRemoteKeysRefuseURLs(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "http://idp.example/jwks", "http://localhost/jwks", "ftp://idp.example", "file:///etc/passwd", "//idp.example/jwks", "idp.example/jwks",
		"https://", "https://user:password@idp.example/jwks", "https://idp.example/jwks#x", "https:idp.example", "https://idp.example:port/",
	} {
		if _, err := authz.NewRemoteKeys(issuerName, url); url != "" && err == nil {
			t.Errorf("%q is accepted", url)
		}
		if _, err := authz.DiscoverKeys(url); err == nil {
			t.Errorf("the issuer %q is accepted", url)
		}
	}
	if _, err := authz.NewRemoteKeys(issuerName, "http://idp.example/jwks", authz.WithUnsafeLoopbackHTTP()); err == nil {
		t.Error("http to another host is accepted")
	}
	if _, err := authz.NewRemoteKeys(issuerName, "https://idp.example", authz.WithMaxAge(time.Second)); err == nil {
		t.Error("an age of a second is accepted")
	}
}

func TestRemoteKeysByLoopbackHTTP(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(serves(jwks(publicJWK("k", "", newECKey(t).Public()))))
	t.Cleanup(s.Close)
	keys, err := authz.NewRemoteKeys(s.URL, s.URL, authz.WithUnsafeLoopbackHTTP())
	must(t, err)
	wantKey(t, keys, "k")
}

// A source that does not speak HTTP.
func TestRemoteKeysOfAnotherProtocol(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(c).ReadString('\n')
			_, _ = c.Write([]byte("220 mail.example ESMTP\r\n"))
			_ = c.Close()
		}
	}()
	keys, err := authz.NewRemoteKeys(issuerName, "http://"+listener.Addr().String(), authz.WithUnsafeLoopbackHTTP())
	must(t, err)
	if code := keyCode(t, keys, "k"); code != cpodkit.CodeUnavailable {
		t.Errorf("got %q", code)
	}
	must(t, listener.Close())
	down, err := authz.NewRemoteKeys(issuerName, "http://"+listener.Addr().String(), authz.WithUnsafeLoopbackHTTP())
	must(t, err)
	if code := keyCode(t, down, "k"); code != cpodkit.CodeUnavailable {
		t.Errorf("a source that is down: %q", code)
	}
}

// While a fetch hangs, tokens of known keys are verified, and unknown ids wait together.
func TestRemoteKeysAreUsedWhileTheyAreFetched(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	good := jwks(publicJWK(esKey, "", k[esKey].Public()))
	s := newSource(t, serves(good))
	keys := s.keys(t)
	v := newJWT(t, authz.Issuer{Issuer: issuerName, Audience: audience, Keys: keys})
	f := newForgery(k, esKey, authz.ES256)
	if _, err := keys.Key(t.Context(), esKey); err != nil {
		t.Fatal(err)
	}
	before := s.asked.Load()
	release := make(chan struct{})
	s.change(func(w http.ResponseWriter, _ *http.Request) {
		<-release
		_, _ = w.Write(good)
	})
	refused := make(chan error)
	const waiting = 20
	authz.ForgetUnknown(keys)
	for range waiting {
		go func() {
			_, err := keys.Key(t.Context(), "unknown")
			refused <- err
		}()
	}
	eventually(t, func() bool { return s.asked.Load() == before+1 })
	for i := range 200 {
		f.claims["jti"] = fmt.Sprint("i.", i)
		if _, err := v.Verify(t.Context(), f.token()); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	for range waiting {
		<-refused // nil or not: the source was slow
	}
	if n := s.asked.Load(); n != before+1 {
		t.Errorf("%d ids that are not known caused %d fetches", waiting, n-before)
	}
}
