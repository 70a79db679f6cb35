package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

func TestUserCalls(t *testing.T) {
	t.Parallel()
	const (
		ann     = `{"id":"user-1","email":"ann@example.com","name":"Ann","disabled":false,"createdAt":"2026-01-02T03:04:05.678Z"}`
		invited = `{"user":` + ann + `,"inviteUrl":"https://x/invite/y","expiresAt":"2026-01-05T03:04:05.678Z"}`
		shown   = "{user-1 ann@example.com Ann false 2026-01-02 03:04:05.678 +0000 UTC}"
	)
	name, yes := "", true
	for title, tt := range map[string]struct {
		call   func(*client.Client) error
		target string
		body   string
		status int
		answer string
	}{
		"Invite": {
			func(c *client.Client) error {
				i, err := c.Users.Invite(t.Context(), "ann@example.com", "Ann")
				equal(t, "invitation", fmt.Sprint(i), "{"+shown+" https://x/invite/y 2026-01-05 03:04:05.678 +0000 UTC}")
				return err
			},
			"POST /v1/users", `{"email":"ann@example.com","name":"Ann"}`, http.StatusCreated, invited,
		},
		"Get": {
			func(c *client.Client) error {
				u, err := c.Users.Get(t.Context(), "user-1")
				equal(t, "user", fmt.Sprint(u), shown)
				return err
			},
			"GET /v1/users/user-1", "", http.StatusOK, ann,
		},
		"List": {
			func(c *client.Client) error {
				page, err := c.Users.List(t.Context(), client.Limit(10), client.Cursor("x"))
				equal(t, "page", fmt.Sprint(page.Items[0].ID, page.NextCursor), "user-1y")
				return err
			},
			"GET /v1/users?cursor=x&limit=10", "", http.StatusOK, `{"items":[` + ann + `],"nextCursor":"y"}`,
		},
		"All": {
			func(c *client.Client) error {
				var ids []string
				for u, err := range c.Users.All(t.Context()) {
					if err != nil {
						return err
					}
					ids = append(ids, u.ID)
				}
				equal(t, "ids", strings.Join(ids, " "), "user-1")
				return nil
			},
			"GET /v1/users?limit=500", "", http.StatusOK, `{"items":[` + ann + `]}`,
		},
		"Update": {
			func(c *client.Client) error {
				_, err := c.Users.Update(t.Context(), "user-1", client.UserChange{Name: &name, Disabled: &yes})
				return err
			},
			"PATCH /v1/users/user-1", `{"name":"","disabled":true}`, http.StatusOK, ann,
		},
		"Reset": {
			func(c *client.Client) error { _, err := c.Users.Reset(t.Context(), "user-1"); return err },
			"POST /v1/users/user-1/reset", "", http.StatusOK, invited,
		},
		"Delete": {
			func(c *client.Client) error { return c.Users.Delete(t.Context(), "user-1") },
			"DELETE /v1/users/user-1", "", http.StatusNoContent, "",
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, expect(t, tt.target, tt.body, tt.status, tt.answer))
			if err := tt.call(c); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUserCallsRefuse(t *testing.T) {
	t.Parallel()
	c := newClient(t, roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("a request was sent")
	}))
	_, get := c.Users.Get(t.Context(), "..")
	_, update := c.Users.Update(t.Context(), "", client.UserChange{})
	_, reset := c.Users.Reset(t.Context(), strings.Repeat("x", 65))
	for name, err := range map[string]error{"get": get, "update": update, "reset": reset, "delete": c.Users.Delete(t.Context(), ".")} {
		if refused, ok := errors.AsType[*client.ValidationError](err); !ok || refused.Status != 0 {
			t.Errorf("%s: got %v, want a ValidationError", name, err)
		}
	}
}
