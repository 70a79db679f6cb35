package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

func TestRateLimitWire(t *testing.T) {
	t.Parallel()
	type ctx = context.Context
	for name, tt := range map[string]struct {
		call   func(ctx, *client.RateLimit) error
		target string
		body   string
		status int
	}{
		"check": {
			func(c ctx, r *client.RateLimit) error {
				_, err := r.Check(c, "user:usr-1:api", 100, time.Minute)
				return err
			},
			"POST /v1/ratelimit/check", `{"key":"user:usr-1:api","limit":100,"windowSeconds":60}`, http.StatusOK,
		},
		"cost": {
			func(c ctx, r *client.RateLimit) error {
				_, err := r.Check(c, "a/b <&>", 1, 24*time.Hour, client.Cost(0))
				return err
			},
			"POST /v1/ratelimit/check", `{"key":"a/b <&>","limit":1,"windowSeconds":86400,"cost":0}`, http.StatusOK,
		},
		"reset": {
			func(c ctx, r *client.RateLimit) error { return r.Reset(c, "k") },
			"POST /v1/ratelimit/reset", `{"key":"k"}`, http.StatusNoContent,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				equal(t, "request", r.Method+" "+r.URL.RequestURI(), tt.target)
				equal(t, "body", string(body), tt.body)
				equal(t, "Content-Type", r.Header.Get("Content-Type"), "application/json")
				respond(w, tt.status, "application/json", `{"allowed":true}`)
			}))
			if err := tt.call(t.Context(), c.RateLimit); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRateLimitAnswers(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]client.RateLimitResult{
		`{"allowed":true,"limit":100,"remaining":99,"resetSeconds":1}`: {
			Allowed: true, Limit: 100, Remaining: 99, Reset: time.Second,
		},
		`{"allowed":false,"limit":100,"remaining":2,"resetSeconds":59,"retryAfterSeconds":7}`: {
			Limit: 100, Remaining: 2, Reset: 59 * time.Second, RetryAfter: 7 * time.Second,
		},
		`{"allowed":false,"resetSeconds":9223372036854775807,"retryAfterSeconds":-5}`: {Reset: 365 * 24 * time.Hour},
	} {
		got, err := newClient(t, reply(http.StatusOK, "application/json", answer)).RateLimit.Check(t.Context(), "k", 100, time.Minute)
		if err != nil || got != want {
			t.Errorf("%s is %+v, %v; want %+v", answer, got, err, want)
		}
	}
}

func TestRateLimitRefusals(t *testing.T) {
	t.Parallel()
	unsent := newClient(t, roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, io.EOF
	})).RateLimit
	for _, window := range []time.Duration{0, -time.Second, time.Millisecond, 1500 * time.Millisecond, math.MaxInt64} {
		if _, err := unsent.Check(t.Context(), "k", 1, window); !isInvalid(err) {
			t.Errorf("a window of %v: %v", window, err)
		}
	}
	if _, err := unsent.Check(t.Context(), "\xff", 1, time.Second); !isInvalid(err) {
		t.Errorf("a key that is not UTF-8: %v", err)
	}
	if err := unsent.Reset(t.Context(), "\xff"); !isInvalid(err) {
		t.Errorf("a key that is not UTF-8: %v", err)
	}
	refused := newClient(t, reply(422, "application/problem+json", `{"code":"validation_failed","errors":[{"pointer":"/limit","detail":"x"}]}`))
	_, err := refused.RateLimit.Check(t.Context(), "k", 0, time.Second)
	if !isInvalid(err) || baseError(t, err).Fields[0].Pointer != "/limit" {
		t.Errorf("422: %v", err)
	}
}

func isInvalid(err error) bool {
	_, ok := errors.AsType[*client.ValidationError](err)
	return ok
}

// What may have taken tokens is not sent again.
func TestRateLimitRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct {
			call func(*client.RateLimit) error
			want int
		}{
			"check": {func(r *client.RateLimit) error { _, err := r.Check(t.Context(), "k", 1, time.Second); return err }, 1},
			"look": {func(r *client.RateLimit) error {
				_, err := r.Check(t.Context(), "k", 1, time.Second, client.Cost(0))
				return err
			}, 4},
			"reset": {func(r *client.RateLimit) error { return r.Reset(t.Context(), "k") }, 4},
		} {
			var calls counter
			c := newClient(t, handlerTransport(func(w http.ResponseWriter, _ *http.Request) {
				calls.next()
				respondProblem(w, http.StatusServiceUnavailable, "unavailable")
			}))
			if _, ok := errors.AsType[*client.UnavailableError](tt.call(c.RateLimit)); !ok {
				t.Errorf("%s: no UnavailableError", name)
			}
			equal(t, name+" is sent", calls.get(), tt.want)
		}
	})
}

func ExampleRateLimit_Check() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		respond(w, http.StatusOK, "application/json", `{"allowed":false,"limit":100,"remaining":0,"resetSeconds":60,"retryAfterSeconds":1}`)
	}))
	defer server.Close()
	c, err := client.New(client.Config{BaseURL: server.URL, APIKey: "cpod_example"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseIdleConnections()

	result, err := c.RateLimit.Check(context.Background(), "user:usr-1:api", 100, time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	if !result.Allowed {
		fmt.Println("try again in", result.RetryAfter)
	}
	// Output: try again in 1s
}
