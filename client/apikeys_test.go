package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

func TestAPIKeyCalls(t *testing.T) {
	t.Parallel()
	const made = `{"id":"key-1","name":"CI","scopes":["a.read"],"createdAt":"2026-01-02T03:04:05.678Z","expiresAt":"2026-01-02T04:04:05.678Z","key":"cpod_new"}`
	for name, tt := range map[string]struct {
		call   func(*client.Client) error
		target string
		body   string
		status int
		answer string
	}{
		"CreateKey": {
			func(c *client.Client) error {
				key, secret, err := c.Apps.CreateKey(t.Context(), "a/b", client.NewAPIKey{Name: "CI", Scopes: []string{"a.read"}, ExpiresIn: time.Hour})
				equal(t, "key", fmt.Sprint(key, " ", secret), "{key-1 CI a.read 2026-01-02 03:04:05.678 +0000 UTC 2026-01-02 04:04:05.678 +0000 UTC} cpod_new")
				return err
			},
			"POST /v1/oauth/apps/a%2Fb/keys", `{"name":"CI","scopes":["a.read"],"expiresIn":3600}`, http.StatusCreated, made,
		},
		"CreateKey without end or scopes": {
			func(c *client.Client) error {
				_, _, err := c.Apps.CreateKey(t.Context(), "a", client.NewAPIKey{Name: "CI"})
				return err
			},
			"POST /v1/oauth/apps/a/keys", `{"name":"CI","scopes":[]}`, http.StatusCreated, made,
		},
		"Keys": {
			func(c *client.Client) error {
				page, err := c.Apps.Keys(t.Context(), "a", client.Limit(10), client.Cursor("x"))
				equal(t, "page", fmt.Sprint(page), "{[{key-1   0001-01-01 00:00:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC}] y}")
				return err
			},
			"GET /v1/oauth/apps/a/keys?cursor=x&limit=10", "", http.StatusOK, `{"items":[{"id":"key-1"}],"nextCursor":"y"}`,
		},
		"DeleteKey": {
			func(c *client.Client) error { return c.Apps.DeleteKey(t.Context(), "a", "key/1") },
			"DELETE /v1/oauth/apps/a/keys/key%2F1", "", http.StatusNoContent, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, expect(t, tt.target, tt.body, tt.status, tt.answer))
			if err := tt.call(c); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAllKeysWalks(t *testing.T) {
	t.Parallel()
	c := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			respond(w, 200, "application/json", `{"items":[{"id":"key-1"},{"id":"key-2"}],"nextCursor":"c"}`)
			return
		}
		respond(w, 200, "application/json", `{"items":[{"id":"key-3"}]}`)
	}))
	var ids []string
	for key, err := range c.Apps.AllKeys(t.Context(), "a") {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, key.ID)
	}
	equal(t, "ids", strings.Join(ids, " "), "key-1 key-2 key-3")
}

// What would find a key gone, or make a second one, is sent once.
func TestAPIKeyCallsAreRepeatedOnlyWhereSafe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		call func(*client.Client) error
		want int
	}{
		"CreateKey": {func(c *client.Client) error {
			_, _, err := c.Apps.CreateKey(t.Context(), "a", client.NewAPIKey{Name: "x"})
			return err
		}, 1},
		"DeleteKey": {func(c *client.Client) error { return c.Apps.DeleteKey(t.Context(), "a", "k") }, 1},
		"Keys":      {func(c *client.Client) error { _, err := c.Apps.Keys(t.Context(), "a"); return err }, 2},
	} {
		var requests counter
		c := mustNew(t, client.Config{APIKey: testKey, MaxAttempts: 2, HTTPClient: &http.Client{
			Transport: handlerTransport(func(w http.ResponseWriter, _ *http.Request) {
				requests.next()
				respondProblem(w, http.StatusServiceUnavailable, "unavailable")
			}),
		}})
		if err := tt.call(c); !errors.As(err, new(*client.UnavailableError)) {
			t.Errorf("%s: %v", name, err)
		}
		equal(t, name, requests.get(), tt.want)
	}
}

func TestAPIKeyCallsRefuse(t *testing.T) {
	t.Parallel()
	c := newClient(t, roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("a request was sent")
	}))
	create := func(id string, expiresIn time.Duration) error {
		_, _, err := c.Apps.CreateKey(t.Context(), id, client.NewAPIKey{Name: "x", ExpiresIn: expiresIn})
		return err
	}
	keys := func(id string) error { _, err := c.Apps.Keys(t.Context(), id); return err }
	for name, err := range map[string]error{
		"half a second":      create("a", 1500*time.Millisecond),
		"expired before":     create("a", -time.Second),
		"over ten years":     create("a", 11*365*24*time.Hour),
		"app id, dots":       create("..", 0),
		"app id, empty":      keys(""),
		"key id, empty":      c.Apps.DeleteKey(t.Context(), "a", ""),
		"key id, dots":       c.Apps.DeleteKey(t.Context(), "a", ".."),
		"key id, too long":   c.Apps.DeleteKey(t.Context(), "a", strings.Repeat("k", 129)),
		"key id, line break": c.Apps.DeleteKey(t.Context(), "a", "k\n"),
	} {
		if refused, ok := errors.AsType[*client.ValidationError](err); !ok || refused.Status != 0 || refused.Code == "" {
			t.Errorf("%s: got %v, want a ValidationError with a code", name, err)
		}
	}
}
