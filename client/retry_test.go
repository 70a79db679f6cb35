package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// onlyReader hides everything but Read.
type onlyReader struct{ io.Reader }

var calls = map[string]func(context.Context, *client.Client) error{
	"files.read": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.Files.Read(ctx, "k")
		return err
	},
	"files.stat": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.Files.Stat(ctx, "k")
		return err
	},
	"files.write": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.Files.Write(ctx, "k", strings.NewReader("content"))
		return err
	},
	"files.write, a stream": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.Files.Write(ctx, "k", onlyReader{strings.NewReader("content")})
		return err
	},
	"files.write, IfAbsent": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.Files.Write(ctx, "k", strings.NewReader("content"), client.IfAbsent())
		return err
	},
	"files.write, IfMatch": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.Files.Write(ctx, "k", strings.NewReader("content"), client.IfMatch("e1"))
		return err
	},
	"files.delete": func(ctx context.Context, c *client.Client) error { return c.Storage.Files.Delete(ctx, "k") },
	"files.url": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.Files.URL(ctx, "k", 0)
		return err
	},
	"db.set": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.DB.Collection("c").Set(ctx, "k", 1)
		return err
	},
	"db.set, IfMatch": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.DB.Collection("c").Set(ctx, "k", 1, client.IfMatch("v1"))
		return err
	},
	"db.query": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.DB.Collection("c").Query(ctx, client.Query{})
		return err
	},
	"db.batch": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.DB.Collection("c").Batch(ctx, []client.Op{client.DeleteOp("k")})
		return err
	},
	"kv.set": func(ctx context.Context, c *client.Client) error { return c.Storage.KV.Set(ctx, "k", "v") },
	"kv.set, IfAbsent": func(ctx context.Context, c *client.Client) error {
		return c.Storage.KV.Set(ctx, "k", "v", client.IfAbsent())
	},
	"kv.incr": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.KV.Incr(ctx, "k", 1)
		return err
	},
	"kv.deleteIf": func(ctx context.Context, c *client.Client) error {
		_, err := c.Storage.KV.DeleteIf(ctx, "k", "v")
		return err
	},
	"apps.register": func(ctx context.Context, c *client.Client) error {
		_, _, err := c.Apps.Register(ctx, client.NewApp{ClientID: "a"})
		return err
	},
	"apps.list": func(ctx context.Context, c *client.Client) error {
		_, err := c.Apps.List(ctx)
		return err
	},
	"apps.delete": func(ctx context.Context, c *client.Client) error { return c.Apps.Delete(ctx, "a") },
	"apps.rotateSecret": func(ctx context.Context, c *client.Client) error {
		_, err := c.Apps.RotateSecret(ctx, "a")
		return err
	},
}

// repeatable are the calls that may be sent twice though the first may have had its effect.
var repeatable = []string{
	"files.read", "files.stat", "files.write", "files.delete", "files.url", "db.set", "db.query", "kv.set", "apps.list",
}

func TestRetry(t *testing.T) {
	t.Parallel()
	status := func(status int, headers ...string) http.RoundTripper {
		return handlerTransport(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			respond(w, status, "application/problem+json", `{"code":"x"}`, headers...)
		})
	}
	broken := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		return nil, io.ErrUnexpectedEOF
	})
	fails := func(err error) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	everyCall := func(string) bool { return true }
	noCall := func(string) bool { return false }
	safeOnly := func(name string) bool { return slices.Contains(repeatable, name) }
	// A stream that was read from cannot be sent again, whatever the failure.
	butStream := func(name string) bool { return name != "files.write, a stream" }

	for name, tt := range map[string]struct {
		transport http.RoundTripper
		again     func(call string) bool
	}{
		"refused connection": {fails(dial), everyCall},
		"unknown host":       {fails(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}), noCall},
		"bad certificate":    {fails(&tls.CertificateVerificationError{Err: errors.New("x")}), noCall},
		"broken connection":  {broken, safeOnly},
		"429":                {status(429), butStream},
		"429, Retry-After":   {status(429, "Retry-After", "1"), butStream},
		"429, too long":      {status(429, "Retry-After", "31"), noCall},
		"502":                {status(502), safeOnly},
		"503":                {status(503), safeOnly},
		"503, Retry-After":   {status(503, "Retry-After", "1"), safeOnly},
		"504":                {status(504), safeOnly},
		"400":                {status(400), noCall},
		"401":                {status(401), noCall},
		"404":                {status(404), noCall},
		"409":                {status(409), noCall},
		"412":                {status(412), noCall},
		"500":                {status(500), noCall},
	} {
		for callName, do := range calls {
			t.Run(name+"/"+callName, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var attempts counter
					c := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
						attempts.next()
						return tt.transport.RoundTrip(r)
					}))
					err := do(t.Context(), c)
					if err == nil && callName != "kv.deleteIf" {
						t.Error("no error")
					}
					want := 1
					if tt.again(callName) {
						want = 4
					}
					equal(t, "attempts", attempts.get(), want)
				})
			})
		}
	}
}

func TestRetryUntilSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var attempts counter
		var bodies []string
		c := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			if attempts.next() < 3 {
				respondProblem(w, http.StatusServiceUnavailable, "unavailable", "Retry-After", "7")
				return
			}
			respond(w, http.StatusOK, "application/json", `{"key":"k"}`)
		}))
		started := time.Now()
		content := strings.NewReader("skipped content")
		_, _ = content.Seek(8, io.SeekStart)
		if _, err := c.Storage.Files.Write(t.Context(), "k", content); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(bodies, []string{"content", "content", "content"}) {
			t.Errorf("each attempt must send all that stood after the reader's position, got %q", bodies)
		}
		if waited := time.Since(started); waited < 14*time.Second || waited > 15*time.Second {
			t.Errorf("waited %v, want two times Retry-After and a little jitter", waited)
		}
	})
}

func TestMaxAttempts(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 2, 7} {
		synctest.Test(t, func(t *testing.T) {
			var attempts counter
			c := mustNew(t, client.Config{
				APIKey: testKey, MaxAttempts: most,
				HTTPClient: &http.Client{Transport: handlerTransport(func(w http.ResponseWriter, _ *http.Request) {
					attempts.next()
					respondProblem(w, http.StatusServiceUnavailable, "unavailable")
				})},
			})
			_, _, err := c.Storage.KV.Get(t.Context(), "k")
			if !errors.As(err, new(*client.UnavailableError)) {
				t.Errorf("got %v, want an UnavailableError", err)
			}
			equal(t, "attempts", attempts.get(), most)
		})
	}
}

func TestRetryHonoursContext(t *testing.T) {
	t.Parallel()
	limited := reply(http.StatusTooManyRequests, "application/problem+json", `{"code":"rate_limited"}`, "Retry-After", "20")

	t.Run("deadline before the next attempt", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			started := time.Now()
			_, err := newClient(t, limited).Storage.KV.Incr(ctx, "k", 1)
			refused, ok := errors.AsType[*client.RateLimitError](err)
			if !ok {
				t.Fatalf("got %v, want a RateLimitError", err)
			}
			equal(t, "RetryAfter", refused.RetryAfter, 20*time.Second)
			equal(t, "waited", time.Since(started), 0)
		})
	})
	t.Run("cancelled while waiting", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			started := time.Now()
			_, err := newClient(t, limited).Storage.KV.Incr(ctx, "k", 1)
			if !errors.Is(err, context.Canceled) || !errors.As(err, new(*client.RateLimitError)) {
				t.Errorf("got %v, want context.Canceled and the RateLimitError", err)
			}
			equal(t, "waited", time.Since(started), 3*time.Second)
		})
	})
	t.Run("cancelled while calling", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var attempts counter
			c := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				attempts.next()
				<-r.Context().Done()
				return nil, r.Context().Err()
			}))
			if _, _, err := c.Storage.KV.Get(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want context.DeadlineExceeded", err)
			}
			equal(t, "attempts", attempts.get(), 1)
		})
	})
}

func TestBrokenAnswerIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var attempts counter
		c := newClient(t, roundTripper(func(*http.Request) (*http.Response, error) {
			body := io.Reader(strings.NewReader(`{"value":"v"}`))
			if attempts.next() == 1 {
				body = io.MultiReader(strings.NewReader(`{"val`), iotest.ErrReader(io.ErrUnexpectedEOF))
			}
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body)}, nil
		}))
		value, found, err := c.Storage.KV.Get(t.Context(), "k")
		if err != nil || !found || value != "v" {
			t.Errorf("got %q, %v, %v", value, found, err)
		}
	})
}

func TestFailingSourceIsNotRetried(t *testing.T) {
	t.Parallel()
	mistake := errors.New("disk on fire")
	var attempts counter
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		attempts.next()
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(server.Close)
	c := mustNew(t, client.Config{BaseURL: server.URL, APIKey: testKey})
	t.Cleanup(c.CloseIdleConnections)
	_, err := c.Storage.Files.Write(t.Context(), "k", io.MultiReader(strings.NewReader("part"), iotest.ErrReader(mistake)))
	if !errors.Is(err, mistake) {
		t.Errorf("got %v, want the reader's error", err)
	}
	equal(t, "attempts", attempts.get(), 1)
}

func TestRefusedStreamIsKeptForTheNextToken(t *testing.T) {
	t.Parallel()
	i := &issuer{}
	var stored string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v1/oauth/token":
			i.ServeHTTP(w, r)
		case i.calls.next() == 1:
			respondProblem(w, http.StatusUnauthorized, "token_expired")
		default:
			body, _ := io.ReadAll(r.Body)
			stored = string(body)
			respond(w, http.StatusOK, "application/json", `{}`)
		}
	}))
	t.Cleanup(server.Close)
	c := mustNew(t, client.Config{BaseURL: server.URL, ClientID: "app", ClientSecret: testSecret})
	t.Cleanup(c.CloseIdleConnections)
	if _, err := c.Storage.Files.Write(t.Context(), "k", onlyReader{strings.NewReader("only once")}); err != nil {
		t.Fatal(err)
	}
	equal(t, "stored", stored, "only once")
}

func TestErrorsShowNoURL(t *testing.T) {
	t.Parallel()
	c := newClient(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }))
	_, err := c.Storage.KV.DeleteIf(t.Context(), "session-of-alice", "holder-7")
	for _, private := range []string{"session-of-alice", "holder-7", testKey, "http"} {
		if strings.Contains(err.Error(), private) {
			t.Errorf("%q is shown in %q", private, err)
		}
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the cause is lost: %v", err)
	}
}
