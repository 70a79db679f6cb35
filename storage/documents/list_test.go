package documents_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// collections returns a list of collections, by pages of limit, as "name@app".
func (b *backend) collections(id cpodkit.Identity, query string, limit int) string {
	b.Helper()
	var all []string
	for at := query; ; {
		a := b.call(id, "GET", fmt.Sprintf("/v1/storage/db?limit=%d%s", limit, at), "")
		a.want(b, 200, "")
		var page documents.CollectionPage
		a.decode(b, &page)
		for _, info := range page.Items {
			all = append(all, info.Name+"@"+info.App)
		}
		if len(page.Items) > limit || len(page.Items) < limit && page.NextCursor != "" || page.Items == nil {
			b.Fatalf("%s: a page of %d has %d", a, limit, len(page.Items))
		}
		if page.NextCursor == "" {
			return strings.Join(all, " ")
		}
		at = strings.ReplaceAll(query, "&app=*", "") + "&cursor=" + url.QueryEscape(page.NextCursor) // which carries it
	}
}

func TestListCollections(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	for at, names := range map[[2]string]string{
		{"a1", "?tier=private"}: "orders Orders _ - 0 z",
		{"a2", "?tier=private"}: "hidden orders",
		{"a1", "?tier=shared"}:  "common",
		{"a1", "?tier=user"}:    "notes both",
		{"a2", "?tier=user"}:    "both drafts",
		{"b/c", "?tier=user"}:   "both things",
	} {
		for name := range strings.FieldsSeq(names) {
			for _, key := range []string{"1", "2"} {
				b.call(in(at[0], "alice"), "PUT", "/v1/storage/db/"+name+"/"+key+at[1], "1").want(t, 200, "")
			}
		}
	}
	b.call(in("a1", "bob"), "PUT", "/v1/storage/db/bobs/k?tier=user", "1").want(t, 200, "")
	b.do("PUT", "/v1/storage/db/gone/k", "1").want(t, 200, "")
	b.do("DELETE", "/v1/storage/db/gone/k", "").want(t, 204, "")
	other := alice
	other.TenantID = "t2"

	for _, c := range []struct {
		id    cpodkit.Identity
		query string
		want  string
	}{
		{alice, "", "-@ 0@ Orders@ _@ orders@ z@"},
		{alice, "&tier=private", "-@ 0@ Orders@ _@ orders@ z@"},
		{in("a2", "bob"), "", "hidden@ orders@"},
		{in("a3", "alice"), "", ""},
		{in("a9", ""), "&tier=shared", "common@"},
		{alice, "&tier=user", "both@ notes@"},
		{alice, "&tier=user&app=a2", "both@ drafts@"},
		{alice, "&tier=user&app=b%2Fc", "both@ things@"},
		{alice, "&tier=user&app=none", ""},
		{in("a3", "alice"), "&tier=user&app=*", "both@a1 both@a2 both@b/c drafts@a2 notes@a1 things@b/c"},
		{in("a3", "bob"), "&tier=user&app=*", "bobs@a1"},
		{in("a3", "carol"), "&tier=user&app=*", ""},
		{other, "", ""},
		{other, "&tier=user&app=*", ""},
	} {
		for _, limit := range []int{1, 2, 3, 500} {
			if got := b.collections(c.id, c.query, limit); got != c.want {
				t.Errorf("%s%s by %d lists %q, want %q", c.id.AppID, c.query, limit, got, c.want)
			}
		}
	}

	cursor := func(query string) string {
		a := b.do("GET", "/v1/storage/db?limit=1"+query, "")
		var page documents.CollectionPage
		a.decode(t, &page)
		return "&cursor=" + url.QueryEscape(page.NextCursor)
	}
	_, query := b.do("POST", "/v1/storage/db/orders/query", `{"limit":1}`).page(t)
	for _, c := range []struct {
		id     cpodkit.Identity
		query  string
		status int
		code   cpodkit.Code
	}{
		{cpodkit.Identity{}, "", 401, cpodkit.CodeMissingToken},
		{service, "&tier=user", 403, cpodkit.CodeUserRequired},
		{cpodkit.Identity{TenantID: "t1", AppID: "a1", Scopes: cpodkit.Scopes{"storage.private.write"}}, "", 403, cpodkit.CodeInvalidScope},
		{alice, "&app=a2", 400, cpodkit.CodeBadRequest},
		{alice, "&limit=0", 400, cpodkit.CodeBadRequest},
		{alice, "&prefix=o", 400, cpodkit.CodeBadRequest},
		{alice, "&cursor=", 400, cpodkit.CodeInvalidCursor},
		{alice, "&cursor=x", 400, cpodkit.CodeInvalidCursor},
		{alice, "&tier=user" + cursor(""), 400, cpodkit.CodeInvalidCursor},
		{in("a2", "alice"), cursor(""), 400, cpodkit.CodeInvalidCursor},
		{alice, "&cursor=" + url.QueryEscape(query), 400, cpodkit.CodeInvalidCursor},
	} {
		b.call(c.id, "GET", "/v1/storage/db?"+strings.TrimPrefix(c.query, "&"), "").want(t, c.status, c.code)
	}
}

// A handle yields all collections, and fails as the route does.
func TestAllCollections(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	h := b.store.Trusted(storage.Owner{TenantID: "t1", AppID: "a1"})
	want := ""
	for i := range 1001 {
		name := fmt.Sprintf("c%04d", i)
		want += name
		if _, err := h.Collection(name).Set(t.Context(), "k", []byte("1"), nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{0, 7} {
		got := ""
		for info, err := range h.All(t.Context(), documents.ListOptions{Limit: limit}) {
			if err != nil {
				t.Fatal(err)
			}
			got += info.Name
		}
		if got != want {
			t.Errorf("by %d: All yields %.200s", limit, got)
		}
	}
	page, err := h.List(t.Context(), documents.ListOptions{})
	if err != nil || len(page.Items) != 50 || page.NextCursor == "" {
		t.Errorf("a page has %d, %v", len(page.Items), err)
	}
	for _, err := range h.Tier(storage.User).All(t.Context(), documents.ListOptions{}) {
		if cpodkit.CodeOf(err) != cpodkit.CodeUserRequired {
			t.Errorf("without a user: %v", err)
		}
	}
}

// strayFinder answers with what it was not asked for.
type strayFinder struct {
	*documents.Memory
	answer []documents.CollectionID
}

func (d strayFinder) Collections(context.Context, string, documents.CollectionID, int) ([]documents.CollectionID, error) {
	return d.answer, nil
}

func TestCollectionsOfADriverThatCannot(t *testing.T) {
	t.Parallel()
	type plain struct{ documents.Driver }
	newBackendOn(t, plain{documents.NewMemory()}).do("GET", "/v1/storage/db", "").want(t, 501, cpodkit.CodeNotSupported)
	for name, answer := range map[string][]documents.CollectionID{
		"another space":  {{Space: "t1/apps/a2/", Name: "theirs"}},
		"the same again": {{Space: "t1/apps/a1/", Name: "b"}, {Space: "t1/apps/a1/", Name: "b"}},
		"no order":       {{Space: "t1/apps/a1/", Name: "b"}, {Space: "t1/apps/a1/", Name: "a"}},
	} {
		a := newBackendOn(t, strayFinder{documents.NewMemory(), answer}).do("GET", "/v1/storage/db", "")
		if a.want(t, 500, cpodkit.CodeInternal); strings.Contains(a.Body.String(), "theirs") {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}
