package files_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

// countingLists counts the lists of a driver, and fails from one of them on.
type countingLists struct {
	files.Driver
	lists, failAt int
}

func (d *countingLists) List(ctx context.Context, q files.ListQuery) (files.Listing, error) {
	if d.lists++; d.lists == d.failAt {
		return files.Listing{}, cpodkit.CodeUnavailable
	}
	return d.Driver.List(ctx, q)
}

func TestAll(t *testing.T) {
	t.Parallel()
	driver := &countingLists{Driver: files.NewMemory()}
	s := serve(t, driver)
	h := s.store.Trusted(storage.Owner{TenantID: "t1", AppID: "a1", UserID: "alice"}).Tier(storage.User)
	other := s.store.Trusted(storage.Owner{TenantID: "t1", AppID: "a2", UserID: "alice"}).Tier(storage.User)
	for i := range 7 {
		for _, to := range []files.Handle{h, other} {
			if _, err := to.Write(t.Context(), fmt.Sprintf("in/%d", i), strings.NewReader("x"), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := func(h files.Handle, opts files.ListOptions, most int) (keys []string, failed error) {
		driver.lists = 0
		for file, err := range h.All(t.Context(), opts) {
			if err != nil {
				failed = err
				continue // the loop is at its end
			}
			if keys = append(keys, file.Key+file.App); len(keys) == most {
				break
			}
		}
		return keys, failed
	}
	own := []string{"in/0", "in/1", "in/2", "in/3", "in/4", "in/5", "in/6"}
	if keys, err := all(h, files.ListOptions{Limit: 3}, 0); err != nil || !slices.Equal(keys, own) || driver.lists != 3 {
		t.Errorf("All = %q, %v, in %d lists", keys, err, driver.lists)
	}
	if keys, err := all(h, files.ListOptions{}, 0); err != nil || !slices.Equal(keys, own) || driver.lists != 1 {
		t.Errorf("All without a limit = %q, %v, in %d lists", keys, err, driver.lists)
	}
	if keys, err := all(h, files.ListOptions{Limit: 3}, 3); err != nil || len(keys) != 3 || driver.lists != 1 {
		t.Errorf("a loop that ends after 3 files has %q, %v, of %d lists", keys, err, driver.lists)
	}
	first, err := h.List(t.Context(), files.ListOptions{Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := all(h, files.ListOptions{Limit: 1, Cursor: first.NextCursor}, 0); err != nil || !slices.Equal(keys, own[5:]) {
		t.Errorf("All from a cursor on = %q, %v", keys, err)
	}
	if keys, err := all(h, files.ListOptions{Delimiter: "/"}, 0); err != nil || keys != nil {
		t.Errorf("All with a delimiter = %q, %v", keys, err)
	}
	if keys, err := all(h.AllApps(), files.ListOptions{Limit: 1, Prefix: "in/6"}, 0); err != nil || !slices.Equal(keys, []string{"in/6a1", "in/6a2"}) {
		t.Errorf("All of all apps = %q, %v", keys, err)
	}
	if keys, err := all(h, files.ListOptions{Limit: -1}, 0); keys != nil || !errors.Is(err, cpodkit.CodeBadRequest) {
		t.Errorf("All with a bad limit = %q, %v", keys, err)
	}
	if keys, err := all(files.FromContext(t.Context()), files.ListOptions{}, 0); keys != nil || !errors.Is(err, cpodkit.CodeMissingToken) {
		t.Errorf("All of nobody = %q, %v", keys, err)
	}
	driver.failAt = 2
	if keys, err := all(h, files.ListOptions{Limit: 3}, 0); !slices.Equal(keys, own[:3]) || !errors.Is(err, cpodkit.CodeUnavailable) || driver.lists != 2 {
		t.Errorf("All of a store that fails = %q, %v, in %d lists", keys, err, driver.lists)
	}
}

// Trusted code reaches what the identity of the same ids does, in every tier, and
// signs URLs that no revoked token ends.
func TestTrusted(t *testing.T) {
	t.Parallel()
	asked := func(context.Context, files.URLMaker) (bool, error) { return true, nil }
	s := serve(t, files.NewMemory(), files.WithRevoked(asked))
	for _, tier := range []storage.Tier{storage.Private, storage.User, storage.Shared} {
		h := s.store.Trusted(storage.Owner{TenantID: "t1", AppID: "a1", UserID: "alice"}).Tier(tier)
		if _, err := h.Write(t.Context(), "k", strings.NewReader(string(tier)), nil); err != nil {
			t.Fatal(err)
		}
		if w := s.call(alice, "GET", "/v1/storage/files/k?tier="+string(tier), ""); w.Body.String() != string(tier) {
			t.Errorf("the file in %s is %s", tier, w.Body)
		}
		signed, err := h.SignURL(t.Context(), "k", files.URLOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if w := s.call("", "GET", strings.TrimPrefix(signed.URL, "https://files.test"), ""); w.Body.String() != string(tier) {
			t.Errorf("the signed URL in %s answers %s", tier, w.Body)
		}
	}
	tenant := s.store.Trusted(storage.Owner{TenantID: "t1"})
	if file, err := tenant.Tier(storage.Shared).Stat(t.Context(), "k"); err != nil || file.Key != "k" {
		t.Errorf("the shared tier of a tenant has %+v, %v", file, err)
	}
	if _, err := tenant.Stat(t.Context(), "k"); !errors.Is(err, cpodkit.CodeForbidden) {
		t.Errorf("the private tier of no app: %v", err)
	}
}

// What a program prints is what the routes answer.
func TestJSON(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	s.put(alice, "/v1/storage/files/k", "x", "Content-Type", "text/plain")
	h := s.store.Trusted(storage.Owner{TenantID: "t1", AppID: "a1"})
	page, err := h.List(t.Context(), files.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	page.Items[0].LastModified = page.Items[0].LastModified.Truncate(1e9)
	printed, err := json.Marshal(page)
	want := fmt.Sprintf(`{"items":[{"key":"k","size":1,"etag":%q,"contentType":"text/plain","lastModified":%q}]}`,
		page.Items[0].ETag, page.Items[0].LastModified.Format("2006-01-02T15:04:05.000Z"))
	if err != nil || string(printed) != want {
		t.Errorf("a page is %s, %v; want %s", printed, err, want)
	}
	var again files.Page
	if err := json.Unmarshal(printed, &again); err != nil || again.Items[0] != page.Items[0] {
		t.Errorf("read again it is %+v, %v", again, err)
	}
	signed, err := json.Marshal(files.SignedURL{URL: "u", Method: "GET", ExpiresAt: page.Items[0].LastModified})
	if want := fmt.Sprintf(`{"url":"u","method":"GET","expiresAt":%q}`, page.Items[0].LastModified.Format("2006-01-02T15:04:05.000Z")); err != nil || string(signed) != want {
		t.Errorf("a signed URL is %s, %v; want %s", signed, err, want)
	}
}
