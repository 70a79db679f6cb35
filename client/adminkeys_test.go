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

func TestAdminKeyCalls(t *testing.T) {
	t.Parallel()
	const made = `{"id":"key-1","name":"CI","createdAt":"2026-01-02T03:04:05.678Z","expiresAt":"2026-01-02T04:04:05.678Z","key":"cpod_new"}`
	for name, tt := range map[string]struct {
		call   func(*client.Client) error
		target string
		body   string
		status int
		answer string
	}{
		"Create": {
			func(c *client.Client) error {
				key, secret, err := c.AdminKeys.Create(t.Context(), "CI", time.Hour)
				equal(t, "key", fmt.Sprint(key, " ", secret),
					"{key-1 CI 2026-01-02 03:04:05.678 +0000 UTC 2026-01-02 04:04:05.678 +0000 UTC 0001-01-01 00:00:00 +0000 UTC} cpod_new")
				return err
			},
			"POST /v1/admin-keys", `{"name":"CI","expiresIn":3600}`, http.StatusCreated, made,
		},
		"Create without end, for another tenant": {
			func(c *client.Client) error {
				_, _, err := c.AdminKeys.Tenant("acme").Create(t.Context(), "CI", 0)
				return err
			},
			"POST /v1/admin-keys", `{"name":"CI","tenant":"acme"}`, http.StatusCreated, made,
		},
		"List": {
			func(c *client.Client) error {
				page, err := c.AdminKeys.Tenant("a b").List(t.Context(), client.Limit(10), client.Cursor("x"))
				equal(t, "page", fmt.Sprint(len(page.Items), page.Items[0].ID, page.NextCursor), "1key-1y")
				return err
			},
			"GET /v1/admin-keys?cursor=x&limit=10&tenant=a+b", "", http.StatusOK, `{"items":[{"id":"key-1"}],"nextCursor":"y"}`,
		},
		"All": {
			func(c *client.Client) error {
				var ids []string
				for key, err := range c.AdminKeys.All(t.Context()) {
					if err != nil {
						return err
					}
					ids = append(ids, key.ID)
				}
				equal(t, "ids", strings.Join(ids, " "), "env key-1")
				return nil
			},
			"GET /v1/admin-keys?limit=500", "", http.StatusOK, `{"items":[{"id":"env"},{"id":"key-1"}]}`,
		},
		"Delete": {
			func(c *client.Client) error { return c.AdminKeys.Delete(t.Context(), "key/1") },
			"DELETE /v1/admin-keys/key%2F1", "", http.StatusNoContent, "",
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

func TestAdminKeyCallsRefuse(t *testing.T) {
	t.Parallel()
	c := newClient(t, roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("a request was sent")
	}))
	_, _, halfSecond := c.AdminKeys.Create(t.Context(), "x", 1500*time.Millisecond)
	for name, err := range map[string]error{
		"half a second": halfSecond,
		"empty id":      c.AdminKeys.Delete(t.Context(), ""),
		"dots":          c.AdminKeys.Delete(t.Context(), ".."),
	} {
		if refused, ok := errors.AsType[*client.ValidationError](err); !ok || refused.Status != 0 {
			t.Errorf("%s: got %v, want a ValidationError", name, err)
		}
	}
}
