package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

// TestWireAcrossApps fixes which app a call on the user tier names.
func TestWireAcrossApps(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		call   func(context.Context, *client.Files, *client.Collection) error
		target string
		answer string
	}{
		"files.Read": {
			func(ctx context.Context, f *client.Files, _ *client.Collection) error {
				r, err := f.App("app-a").Read(ctx, "k")
				if err == nil {
					err = r.Close()
				}
				return err
			},
			"GET /v1/storage/files/k?app=app-a&tier=user", ``,
		},
		"files.Stat": {
			func(ctx context.Context, f *client.Files, _ *client.Collection) error {
				_, err := f.App("a b/c").Stat(ctx, "k")
				return err
			},
			"HEAD /v1/storage/files/k?app=a+b%2Fc&tier=user", ``,
		},
		"files.List": {
			func(ctx context.Context, f *client.Files, _ *client.Collection) error {
				_, err := f.App("app-a").List(ctx, "p")
				return err
			},
			"GET /v1/storage/files?app=app-a&prefix=p&tier=user", `{"items":[]}`,
		},
		"files.List, all apps": {
			func(ctx context.Context, f *client.Files, _ *client.Collection) error {
				page, err := f.AllApps().List(ctx, "", client.Delimiter("/"))
				if err == nil && (len(page.Items) != 1 || page.Items[0].App != "app-a" || page.Items[0].Tier != client.User) {
					err = fmt.Errorf("the page is %+v", page)
				}
				return err
			},
			"GET /v1/storage/files?app=%2A&delimiter=%2F&tier=user", `{"items":[{"key":"k","app":"app-a"}]}`,
		},
		"files.All, all apps": {
			func(ctx context.Context, f *client.Files, _ *client.Collection) error {
				for file, err := range f.AllApps().All(ctx, "") {
					if err != nil || file.App != "app-a" {
						return fmt.Errorf("%+v, %w", file, err)
					}
				}
				return nil
			},
			"GET /v1/storage/files?app=%2A&limit=500&tier=user", `{"items":[{"key":"k","app":"app-a"}]}`,
		},
		"db.Get": {
			func(ctx context.Context, _ *client.Files, c *client.Collection) error {
				_, err := c.App("app-a").Get(ctx, "k", new(any))
				return err
			},
			"GET /v1/storage/db/c/k?app=app-a&tier=user", `{"value":1}`,
		},
		"db.Query": {
			func(ctx context.Context, _ *client.Files, c *client.Collection) error {
				_, err := c.App("app-a").Query(ctx, client.Query{})
				return err
			},
			"POST /v1/storage/db/c/query?app=app-a&tier=user", `{"items":[]}`,
		},
		"db.Query, all apps": {
			func(ctx context.Context, _ *client.Files, c *client.Collection) error {
				page, err := c.AllApps().Query(ctx, client.Query{})
				if err == nil && (len(page.Items) != 1 || page.Items[0].App != "app-a") {
					err = fmt.Errorf("the page is %+v", page)
				}
				return err
			},
			"POST /v1/storage/db/c/query?app=%2A&tier=user", `{"items":[{"key":"k","value":1,"app":"app-a"}]}`,
		},
		"no app any more": {
			func(ctx context.Context, _ *client.Files, c *client.Collection) error {
				_ = c.App("app-a") // makes another handle
				_, err := c.Query(ctx, client.Query{})
				return err
			},
			"POST /v1/storage/db/c/query?tier=user", `{"items":[]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, handlerTransport(func(w http.ResponseWriter, r *http.Request) {
				equal(t, "request", fmt.Sprintf("%s %s", r.Method, r.URL.RequestURI()), tt.target)
				respond(w, http.StatusOK, "application/json", tt.answer)
			}))
			if err := tt.call(t.Context(), c.Storage.Files.Tier(client.User), c.Storage.DB.Collection("c").Tier(client.User)); err != nil {
				t.Error(err)
			}
		})
	}
}

// What the server would refuse is never sent.
func TestMisuseOfApps(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClient(t, handlerTransport(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent", r.Method, r.URL)
	}))
	files, docs := c.Storage.Files.Tier(client.User), c.Storage.DB.Collection("c").Tier(client.User)
	write := func(f *client.Files) error { _, err := f.Write(ctx, "k", strings.NewReader("x")); return err }
	stat := func(f *client.Files) error { _, err := f.Stat(ctx, "k"); return err }
	list := func(f *client.Files) error { _, err := f.List(ctx, ""); return err }
	link := func(f *client.Files) error { _, err := f.URL(ctx, "k", 0); return err }
	get := func(c *client.Collection) error { _, _, err := c.Document(ctx, "k"); return err }
	query := func(c *client.Collection) error { _, err := c.Query(ctx, client.Query{}); return err }
	set := func(c *client.Collection) error { _, err := c.Set(ctx, "k", 1); return err }
	batch := func(c *client.Collection) error {
		_, err := c.Batch(ctx, []client.Op{client.DeleteOp("k")})
		return err
	}
	for name, err := range map[string]error{
		"write":                  write(files.App("a")),
		"write, all":             write(files.AllApps()),
		"delete":                 files.App("a").Delete(ctx, "k"),
		"link":                   link(files.App("a")),
		"link, all":              link(files.AllApps()),
		"stat, all":              stat(files.AllApps()),
		"stat of no app":         stat(files.App("")),
		"stat of dots":           stat(files.App("..")),
		"stat of a long one":     stat(files.App(strings.Repeat("a", 65))),
		"stat of a star":         stat(files.App("*")),
		"list of a star":         list(files.App("*")),
		"stat on another tier":   stat(files.App("a").Tier(client.Shared)),
		"list on the default":    list(c.Storage.Files.AllApps()),
		"document, all":          get(docs.AllApps()),
		"document, another tier": get(c.Storage.DB.Collection("c").App("a")),
		"query of dots":          query(docs.App(".")),
		"query, another tier":    query(docs.AllApps().Tier(client.Private)),
		"set":                    set(docs.App("a")),
		"set, all":               set(docs.AllApps()),
		"delete of a document":   docs.App("a").Delete(ctx, "k"),
		"batch":                  batch(docs.App("a")),
		"batch, all":             batch(docs.AllApps()),
	} {
		if _, ok := errors.AsType[*client.ValidationError](err); !ok {
			t.Errorf("%s: got %v, want a ValidationError", name, err)
		}
	}
}

func TestSeveralAppsAreAConflict(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClient(t, reply(409, "application/problem+json", `{"code":"conflict","detail":"Several apps: \"a\", \"b\"."}`))
	_, err := c.Storage.Files.Tier(client.User).Read(ctx, "k")
	conflict, ok := errors.AsType[*client.ConflictError](err)
	equal(t, "files.Read", ok && strings.Contains(conflict.Message, `"a", "b"`), true)
	_, err = c.Storage.DB.Collection("c").Tier(client.User).Get(ctx, "k", new(any))
	_, ok = errors.AsType[*client.ConflictError](err)
	equal(t, "db.Get", ok, true)
}
