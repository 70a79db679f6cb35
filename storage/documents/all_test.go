package documents_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// countingQueries counts the queries of a driver, and fails from one of them on.
type countingQueries struct {
	*documents.Memory
	queries, failAt int
}

func (d *countingQueries) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	if d.queries++; d.queries == d.failAt {
		return nil, cpodkit.CodeUnavailable
	}
	return d.Memory.Query(ctx, in, q)
}

func TestAll(t *testing.T) {
	t.Parallel()
	driver := &countingQueries{Memory: documents.NewMemory()}
	b := newBackendOn(t, driver)
	owner := storage.Owner{TenantID: "t1", AppID: "a1", UserID: "alice"}
	c := b.store.Trusted(owner).Tier(storage.User).Collection("c")
	owner.AppID = "a2"
	other := b.store.Trusted(owner).Tier(storage.User).Collection("c")
	for i := range 7 {
		for _, to := range []documents.Collection{c, other} {
			if _, err := to.Set(t.Context(), fmt.Sprint(i), fmt.Appendf(nil, `{"n":%d}`, i%3), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := func(c documents.Collection, q documents.Query, most int) (keys []string, failed error) {
		driver.queries = 0
		for d, err := range c.All(t.Context(), q) {
			if err != nil {
				failed = err
				continue // the loop is at its end
			}
			if keys = append(keys, d.Key+d.App); len(keys) == most {
				break
			}
		}
		return keys, failed
	}
	byN := []documents.Order{{Path: documents.Path{"n"}, Descending: true}}
	sorted := []string{"2", "5", "1", "4", "0", "3", "6"}
	if keys, err := all(c, documents.Query{Sort: byN, Limit: 2}, 0); err != nil || !slices.Equal(keys, sorted) || driver.queries != 4 {
		t.Errorf("All = %q, %v, in %d queries", keys, err, driver.queries)
	}
	if keys, err := all(c, documents.Query{Sort: byN}, 0); err != nil || !slices.Equal(keys, sorted) || driver.queries != 1 {
		t.Errorf("All without a limit = %q, %v, in %d queries", keys, err, driver.queries)
	}
	if keys, err := all(c, documents.Query{Sort: byN, Limit: 2}, 2); err != nil || len(keys) != 2 || driver.queries != 1 {
		t.Errorf("a loop that ends after 2 documents has %q, %v, of %d queries", keys, err, driver.queries)
	}
	first, err := c.Query(t.Context(), documents.Query{Sort: byN, Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := all(c, documents.Query{Limit: 1, Cursor: first.NextCursor}, 0); err != nil || !slices.Equal(keys, sorted[3:]) {
		t.Errorf("All from a cursor on = %q, %v", keys, err)
	}
	apps := b.store.For(alice).Tier(storage.User).AllApps().Collection("c")
	two := documents.Query{Limit: 1, Filter: map[string]any{"n": 2}}
	if keys, err := all(apps, two, 0); err != nil || !slices.Equal(keys, []string{"2a1", "2a2", "5a1", "5a2"}) {
		t.Errorf("All of all apps = %q, %v", keys, err)
	}
	long := documents.Query{Limit: 1, Filter: map[string]any{"n": map[string]any{"in": []any{1, strings.Repeat("x", 5000)}}}}
	if keys, err := all(c, long, 0); err != nil || !slices.Equal(keys, []string{"1", "4"}) {
		t.Errorf("All with a filter that no cursor carries = %q, %v", keys, err)
	}
	if keys, err := all(c, documents.Query{Limit: -1}, 0); keys != nil || cpodkit.CodeOf(err) != cpodkit.CodeValidationFailed {
		t.Errorf("All with a bad limit = %q, %v", keys, err)
	}
	if keys, err := all(c, documents.Query{Cursor: "x"}, 0); keys != nil || cpodkit.CodeOf(err) != cpodkit.CodeInvalidCursor {
		t.Errorf("All from a forged cursor on = %q, %v", keys, err)
	}
	if keys, err := all(documents.FromContext(t.Context()).Collection("c"), documents.Query{}, 0); keys != nil || cpodkit.CodeOf(err) != cpodkit.CodeMissingToken {
		t.Errorf("All of nobody = %q, %v", keys, err)
	}
	driver.failAt = 2
	if keys, err := all(c, documents.Query{Sort: byN, Limit: 2}, 0); !slices.Equal(keys, sorted[:2]) || cpodkit.CodeOf(err) != cpodkit.CodeUnavailable || driver.queries != 2 {
		t.Errorf("All of a store that fails = %q, %v, in %d queries", keys, err, driver.queries)
	}
}

// Trusted code reaches what the identity of the same ids does.
func TestTrusted(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	for _, tier := range []storage.Tier{storage.Private, storage.User, storage.Shared} {
		c := b.store.Trusted(storage.Owner{TenantID: "t1", AppID: "a1", UserID: "alice"}).Tier(tier).Collection("c")
		if _, err := c.Set(t.Context(), "k", []byte(quote(string(tier))), nil); err != nil {
			t.Fatal(err)
		}
		if d, err := b.store.For(alice).Tier(tier).Collection("c").Get(t.Context(), "k"); err != nil || string(d.Value) != quote(string(tier)) {
			t.Errorf("the document in %s is %s, %v", tier, d.Value, err)
		}
	}
	tenant := b.store.Trusted(storage.Owner{TenantID: "t1"})
	if _, err := tenant.Tier(storage.Shared).Collection("c").Get(t.Context(), "k"); err != nil {
		t.Errorf("the shared tier of a tenant: %v", err)
	}
	if _, err := tenant.Collection("c").Get(t.Context(), "k"); cpodkit.CodeOf(err) != cpodkit.CodeForbidden {
		t.Errorf("the private tier of no app: %v", err)
	}
}

// What a program prints is what the routes answer.
func TestJSON(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	version := b.set("c/k", `{"n": 1.0}`)
	page, err := b.store.For(alice).Collection("c").Query(t.Context(), documents.Query{})
	if err != nil {
		t.Fatal(err)
	}
	printed, err := json.Marshal(page)
	want := `{"items":[{"key":"k","value":{"n":1.0},"version":"` + version + `","updatedAt":"2026-01-02T15:04:05.678Z"}]}`
	if err != nil || string(printed) != want {
		t.Errorf("a page is %s, %v; want %s", printed, err, want)
	}
	var again documents.Page
	if err := json.Unmarshal(printed, &again); err != nil || !again.Items[0].UpdatedAt.Equal(page.Items[0].UpdatedAt) {
		t.Errorf("read again it is %+v, %v", again, err)
	}
	if printed, err := json.Marshal(documents.Document{}); err != nil || !strings.Contains(string(printed), `"value":null`) {
		t.Errorf("the zero Document is %s, %v", printed, err)
	}
}
