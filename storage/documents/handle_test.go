package documents_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func TestNew(t *testing.T) {
	t.Parallel()
	if _, err := documents.New(nil); err == nil {
		t.Error("New takes no driver")
	}
	if _, err := documents.New(documents.NewMemory(), documents.WithSecret([]byte("short"))); err == nil {
		t.Error("New takes a short secret")
	}
	secret := documents.WithSecret([]byte("0123456789abcdef"))
	driver := documents.NewMemory()
	var cursor string
	for i := range 2 {
		store, err := documents.New(driver, secret)
		if err != nil {
			t.Fatal(err)
		}
		c := store.For(alice).Collection("c")
		if i == 0 {
			for _, key := range []string{"a", "b"} {
				if _, err := c.Set(t.Context(), key, []byte("1"), nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		page, err := c.Query(t.Context(), documents.Query{Limit: 1, Cursor: cursor})
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("replica %d: %v, %v", i, page, err)
		}
		cursor = page.NextCursor
	}
}

func TestHandle(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	ctx := t.Context()
	c := b.store.For(alice).Collection("c")

	d, err := c.Set(ctx, "k", []byte(` {"a": 1e400} `), nil)
	if err != nil || d.Key != "k" || string(d.Value) != `{"a":1e400}` || !d.UpdatedAt.Equal(clock.Truncate(time.Millisecond)) {
		t.Fatalf("Set returns %+v, %v", d, err)
	}
	got, err := c.Get(ctx, "k")
	if err != nil || got.Version != d.Version || string(got.Value) != string(d.Value) || !got.UpdatedAt.Equal(d.UpdatedAt) {
		t.Fatalf("Get returns %+v, %v", got, err)
	}
	if _, err := b.store.For(alice).Tier(storage.Shared).Collection("c").Get(ctx, "k"); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("the shared tier: %v", err)
	}

	tests := []struct {
		name string
		call func() error
		code cpodkit.Code
	}{
		{"get nothing", func() error { _, err := c.Get(ctx, "none"); return err }, cpodkit.CodeNotFound},
		{"get a bad key", func() error { _, err := c.Get(ctx, "../k"); return err }, cpodkit.CodeInvalidKey},
		{"a bad collection", func() error { _, err := b.store.For(alice).Collection("").Get(ctx, "k"); return err }, cpodkit.CodeInvalidKey},
		{"an unknown tier", func() error { _, err := b.store.For(alice).Tier("all").Collection("c").Get(ctx, "k"); return err }, cpodkit.CodeBadRequest},
		{"no identity", func() error { _, err := b.store.For(cpodkit.Identity{}).Collection("c").Get(ctx, "k"); return err }, cpodkit.CodeMissingToken},
		{"set in another version", func() error {
			_, err := c.Set(ctx, "k", []byte("1"), &documents.SetOptions{IfMatch: "x"})
			return err
		}, cpodkit.CodePreconditionFailed},
		{"set what is there", func() error {
			_, err := c.Set(ctx, "k", []byte("1"), &documents.SetOptions{IfAbsent: true})
			return err
		}, cpodkit.CodePreconditionFailed},
		{"set with two conditions", func() error {
			_, err := c.Set(ctx, "k", []byte("1"), &documents.SetOptions{IfAbsent: true, IfMatch: "x"})
			return err
		}, cpodkit.CodeBadRequest},
		{"set nothing", func() error { _, err := c.Set(ctx, "k", nil, nil); return err }, cpodkit.CodeBadRequest},
		{"set much", func() error {
			_, err := c.Set(ctx, "k", []byte(`"`+strings.Repeat("x", documents.MaxValue)+`"`), nil)
			return err
		}, cpodkit.CodePayloadTooLarge},
		{"delete another version", func() error { return c.Delete(ctx, "k", &documents.DeleteOptions{IfMatch: "x"}) }, cpodkit.CodePreconditionFailed},
		{"delete a bad key", func() error { return c.Delete(ctx, "/k", nil) }, cpodkit.CodeInvalidKey},
		{"an empty batch", func() error { _, err := c.Batch(ctx, nil); return err }, cpodkit.CodeValidationFailed},
		{"a batch of no JSON", func() error { _, err := c.Batch(ctx, []documents.BatchOp{{Key: "k"}}); return err }, cpodkit.CodeValidationFailed},
		{"query too many", func() error { _, err := c.Query(ctx, documents.Query{Limit: 501}); return err }, cpodkit.CodeValidationFailed},
		{"query less than one", func() error { _, err := c.Query(ctx, documents.Query{Limit: -1}); return err }, cpodkit.CodeValidationFailed},
		{"query what is no JSON", func() error {
			_, err := c.Query(ctx, documents.Query{Filter: map[string]any{"a": math.NaN()}})
			return err
		}, cpodkit.CodeValidationFailed},
		{"query a bad path", func() error { _, err := c.Query(ctx, documents.Query{Filter: map[string]any{`a\`: 1}}); return err }, cpodkit.CodeValidationFailed},
		{"sort by a bad path", func() error {
			_, err := c.Query(ctx, documents.Query{Sort: []documents.Order{{Path: documents.Path{}}}})
			return err
		}, cpodkit.CodeValidationFailed},
		{"sort by too many", func() error { _, err := c.Query(ctx, documents.Query{Sort: make([]documents.Order, 9)}); return err }, cpodkit.CodeValidationFailed},
		{"a cursor of nobody", func() error { _, err := c.Query(ctx, documents.Query{Cursor: "x"}); return err }, cpodkit.CodeInvalidCursor},
	}
	for _, test := range tests {
		if err := test.call(); cpodkit.CodeOf(err) != test.code || !errors.Is(err, test.code) {
			t.Errorf("%s: %v, want %s", test.name, err, test.code)
		}
	}

	if _, err := c.Set(ctx, "k", []byte("2"), &documents.SetOptions{IfMatch: d.Version}); err != nil {
		t.Errorf("Set of the version: %v", err)
	}
	if err := c.Delete(ctx, "k", &documents.DeleteOptions{IfPresent: true}); err != nil {
		t.Errorf("Delete of any version: %v", err)
	}
}

func TestHandleQuery(t *testing.T) {
	t.Parallel()
	c := newBackend(t).store.For(alice).Collection("c")
	for i := range 10 {
		if _, err := c.Set(t.Context(), fmt.Sprint(i), fmt.Appendf(nil, `{"n.x":%d,"tag":{"id":%d},"s":"<%d>"}`, i, i%2, i), nil); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	q := documents.Query{
		Filter: map[string]any{`n\.x`: map[string]any{"gte": 2}, "tag": struct {
			ID int `json:"id"`
		}{1}, "s": map[string]any{"ne": "<5>"}},
		Sort:  []documents.Order{{Path: documents.Path{"n.x"}, Descending: true}},
		Limit: 2,
	}
	for {
		page, err := c.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			all = append(all, item.Key)
		}
		if page.NextCursor == "" {
			break
		}
		q = documents.Query{Cursor: page.NextCursor, Limit: 1}
	}
	if strings.Join(all, " ") != "9 7 3" {
		t.Errorf("the query finds %q", all)
	}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	b.set("c/k", `"found"`)
	var handle documents.Handle
	h := b.store.Attach(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		handle = documents.FromContext(r.Context())
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if _, err := handle.Collection("c").Get(t.Context(), "k"); cpodkit.CodeOf(err) != cpodkit.CodeMissingToken {
		t.Errorf("the handle of no identity: %v", err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	h.ServeHTTP(httptest.NewRecorder(), r.WithContext(cpodkit.WithIdentity(t.Context(), alice)))
	if d, err := handle.Collection("c").Get(t.Context(), "k"); err != nil || string(d.Value) != `"found"` {
		t.Errorf("the handle finds %s, %v", d.Value, err)
	}
}

// A driver's words never reach a client; its code does.
func TestDriverErrors(t *testing.T) {
	t.Parallel()
	const secret = "dial tcp 10.0.0.7:27017"
	down := cpodkit.Errorf(cpodkit.CodeUnavailable, "Full.").WithCause(errors.New(secret)) // its Detail is for the client
	down.RetryAfter = 7 * time.Second
	tests := []struct {
		err    error
		status int
		code   cpodkit.Code
	}{
		{errors.New(secret), 500, cpodkit.CodeInternal},
		{fmt.Errorf("%s: %w", secret, cpodkit.CodeUnavailable), 503, cpodkit.CodeUnavailable},
		{fmt.Errorf("%s: %w", secret, down), 503, cpodkit.CodeUnavailable},
		{fmt.Errorf("%s: %w", secret, cpodkit.CodeTimeout), 504, cpodkit.CodeTimeout},
		{fmt.Errorf("%s: %w", secret, context.DeadlineExceeded), 504, cpodkit.CodeTimeout},
		{fmt.Errorf("%s: %w", secret, cpodkit.CodeForbidden), 500, cpodkit.CodeInternal},
		{fmt.Errorf("%s: %w", secret, context.Canceled), 503, cpodkit.CodeUnavailable},
	}
	for _, test := range tests {
		b := newBackendOn(t, &faultyDriver{Memory: documents.NewMemory(), err: test.err})
		for _, call := range []struct{ method, path, body string }{
			{"GET", "k", ""}, {"PUT", "k", "1"}, {"DELETE", "k", ""}, {"POST", "query", `{}`},
			{"POST", "batch", `{"ops":[{"op":"set","key":"a","value":1},{"op":"set","key":"","value":1},{"op":"delete","key":"a"}]}`},
		} {
			a := b.do(call.method, "/v1/storage/db/c/"+call.path, call.body)
			a.want(t, test.status, test.code)
			if strings.Contains(a.Body.String(), "10.0.0.7") {
				t.Errorf("%s: it tells what the driver said", a)
			}
			if retry := a.Header().Get("Retry-After"); errors.Is(test.err, down) && retry != "7" {
				t.Errorf("Retry-After is %q", retry)
			}
		}
		b.do("PUT", "/v1/storage/db/c/k", "1", "If-Match", "*").want(t, test.status, test.code)
		if _, err := b.store.For(alice).Collection("c").Get(t.Context(), "k"); !errors.Is(err, test.err) {
			t.Errorf("the cause %v is lost in %v", test.err, err)
		}
	}

	// One op of a batch that fails is told in the answer.
	b := newBackendOn(t, &faultyDriver{Memory: documents.NewMemory(), err: errors.New(secret), key: "bad"})
	a := b.do("POST", batchPath, `{"ops":[{"op":"set","key":"good","value":1},{"op":"set","key":"","value":1},{"op":"set","key":"bad","value":1}]}`)
	a.want(t, 200, "")
	var result documents.BatchResult
	a.decode(t, &result)
	if result.Succeeded != 1 || result.Failed != 2 || result.Errors[1].Index != 2 || result.Errors[1].Code != cpodkit.CodeInternal ||
		result.Errors[1].Detail == "" || strings.Contains(a.Body.String(), "10.0.0.7") {
		t.Errorf("the answer is %s", a.Body)
	}
}

// A driver that breaks its order makes a walk fail: it neither repeats documents nor
// goes on without end.
func TestWalkMovesForward(t *testing.T) {
	t.Parallel()
	for name, driver := range map[string]documents.Driver{
		"again from the start": &disorderedDriver{Memory: documents.NewMemory(), back: func(q *documents.DriverQuery) { q.After = nil }},
		"the other way": &disorderedDriver{Memory: documents.NewMemory(), back: func(q *documents.DriverQuery) {
			for i := range q.Order {
				q.Order[i].Descending = !q.Order[i].Descending
			}
		}},
	} {
		b := newBackendOn(t, driver)
		for i := range 9 {
			b.set(fmt.Sprintf("c/k%d", i), fmt.Sprintf(`{"v":%d}`, i))
		}
		for _, sort := range []string{`{"v":1}`, `{"v":-1}`} {
			_, cursor := b.do("POST", findPath, `{"limit":3,"sort":`+sort+`}`).page(t)
			if cursor == "" {
				t.Fatalf("%s: the first page has no cursor", name)
			}
			b.do("POST", findPath, `{"cursor":`+quote(cursor)+`}`).want(t, 500, cpodkit.CodeInternal)
		}
		seen := 0
		var err error
		for _, err = range b.store.For(alice).Collection("c").All(t.Context(), documents.Query{Sort: []documents.Order{{Path: documents.Path{"v"}}}, Limit: 3}) {
			if seen++; seen > 9 {
				break
			}
		}
		if !errors.Is(err, cpodkit.CodeInternal) {
			t.Errorf("%s: a walk over 9 documents sees %d and ends with %v", name, seen, err)
		}
	}
}

// disorderedDriver changes every query that has a position.
type disorderedDriver struct {
	*documents.Memory
	back func(*documents.DriverQuery)
}

func (d *disorderedDriver) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	if q.After != nil {
		q.Order = slices.Clone(q.Order)
		d.back(&q)
	}
	return d.Memory.Query(ctx, in, q)
}

// faultyDriver fails every call with err, or the ops on key only.
type faultyDriver struct {
	*documents.Memory
	err error
	key string
}

func (d *faultyDriver) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	return documents.Record{}, d.err
}

func (d *faultyDriver) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	return nil, d.err
}

func (d *faultyDriver) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	errs := make([]error, len(ops))
	for i, op := range ops {
		if d.key == "" || op.Record.Key == d.key {
			errs[i] = d.err
		}
	}
	return errs
}

func TestContextIsHonoured(t *testing.T) {
	t.Parallel()
	c := newBackend(t).store.For(alice).Collection("c")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	calls := map[string]func(ctx context.Context) error{
		"Set":        func(ctx context.Context) error { _, err := c.Set(ctx, "k", []byte("1"), nil); return err },
		"Get":        func(ctx context.Context) error { _, err := c.Get(ctx, "k"); return err },
		"Delete":     func(ctx context.Context) error { return c.Delete(ctx, "k", nil) },
		"Delete any": func(ctx context.Context) error { return c.Delete(ctx, "k", &documents.DeleteOptions{IfPresent: true}) },
		"Query":      func(ctx context.Context) error { _, err := c.Query(ctx, documents.Query{}); return err },
		"Batch": func(ctx context.Context) error {
			_, err := c.Batch(ctx, []documents.BatchOp{{Key: "k", Delete: true}})
			return err
		},
	}
	for name, call := range calls {
		if err := call(canceled); !errors.Is(err, context.Canceled) {
			t.Errorf("%s of a canceled context: %v", name, err)
		}
		if err := call(late); !errors.Is(err, cpodkit.CodeTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s after its deadline: %v", name, err)
		}
	}
}

// Of writers that all expect one version, one wins each round, and those that
// expect any version all do.
func TestConditionsUnderConcurrency(t *testing.T) {
	t.Parallel()
	c := newBackend(t).store.For(alice).Collection("c")
	d, err := c.Set(t.Context(), "k", []byte("0"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		var won, failed atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := c.Set(t.Context(), "k", []byte("1"), &documents.SetOptions{IfMatch: d.Version})
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, cpodkit.CodePreconditionFailed):
					failed.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || failed.Load() != 0 {
			t.Fatalf("%d writers won, %d failed", won.Load(), failed.Load())
		}
		for range 4 {
			wg.Go(func() {
				if _, err := c.Set(t.Context(), "k", []byte("2"), &documents.SetOptions{IfPresent: true}); err != nil {
					t.Errorf("Set of any version: %v", err)
				}
			})
		}
		wg.Wait()
		if d, err = c.Get(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
	}
}
