package documents_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/ledger"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// withQuota returns a server with a quota, and what the tenant t1 really stores.
func withQuota(t *testing.T, limit int64, driver documents.Driver) (*backend, *ledger.Ledger, func() int64) {
	t.Helper()
	quota := ledger.New(limit)
	b := newBackendOn(t, driver, documents.WithQuota(quota))
	realm, err := storage.TenantRealm("t1")
	if err != nil {
		t.Fatal(err)
	}
	return b, quota, func() int64 {
		t.Helper()
		amount, err := b.store.Measure(context.WithoutCancel(t.Context()), realm)
		if err != nil {
			t.Fatal(err)
		}
		return amount.Bytes
	}
}

// sized is a JSON text of so many bytes.
func sized(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }

// beside is what a document counts for beside its key and value.
const beside = storage.DocumentOverhead

func TestQuota(t *testing.T) {
	t.Parallel()
	const limit = 2*beside + 100
	b, quota, stored := withQuota(t, limit, documents.NewMemory())
	put := func(id cpodkit.Identity, key string, size, status int, headers ...string) *answer {
		t.Helper()
		a := b.call(id, "PUT", "/v1/storage/db/c/"+key, sized(size), headers...)
		code := cpodkit.Code("")
		switch status {
		case 507:
			code = cpodkit.CodeQuotaExceeded
		case 412:
			code = cpodkit.CodePreconditionFailed
		}
		a.want(t, status, code)
		if used := quota.Used("t1"); used != stored() {
			t.Fatalf("after PUT %s of %d: %d bytes are reserved, and %d stored", key, size, used, stored())
		}
		return a
	}
	outsider := alice
	outsider.TenantID = "t2"
	put(alice, "a", 59, 200) // and its key
	if a := put(alice, "b", 40, 507); !strings.Contains(a.Body.String(), fmt.Sprintf("%d of %d", beside+60, limit)) {
		t.Errorf("the detail has no figures: %s", a.Body)
	}
	put(alice, "b", 39, 200) // exactly
	put(in("a2", ""), "c", 2, 507)
	put(outsider, "c", 99, 200)
	put(alice, "a", 60, 507)
	put(alice, "a", 59, 200)
	put(alice, "a", 9, 200) // smaller
	put(alice, "a", 59, 412, "If-None-Match", "*")
	put(alice, "b", 89, 200)
	put(alice, "a", 10, 507)
	b.do("DELETE", "/v1/storage/db/c/b", "").want(t, 204, "")
	b.do("DELETE", "/v1/storage/db/c/b", "").want(t, 204, "")
	put(in("a2", ""), "c", 49, 200)
	put(alice, "a", 49, 200) // larger
	put(alice, "a", 50, 507)
	if used := quota.Used("t1"); used != limit {
		t.Errorf("%d bytes are reserved", used)
	}
}

func TestQuotaOfBatches(t *testing.T) {
	t.Parallel()
	set := func(key string, size int) string {
		return fmt.Sprintf(`{"op":"set","key":%q,"value":%s}`, key, sized(size))
	}
	remove := func(key string) string { return fmt.Sprintf(`{"op":"delete","key":%q}`, key) }
	const limit = 2*beside + 100 // two documents, of 100 bytes together
	for _, c := range []struct {
		ops    []string
		status int
		failed string // indexes
		there  int64  // documents
		used   int64  // by keys and values
	}{
		{[]string{set("a", 49), set("b", 49)}, 200, "", 2, 100},
		{[]string{set("a", 59), set("b", 49), set("c", 2)}, 200, "[1]", 2, 63},
		{[]string{set("a", 49), set("a", 69), set("a", 19)}, 200, "", 1, 20},
		{[]string{set("a", 99), remove("a"), set("a", 99)}, 200, "", 1, 100},
		{[]string{set("a", 99), remove("a"), set("b", 99)}, 200, "[2]", 0, 0}, // room comes with the end of the batch
		{[]string{set("a", beside+100), set("b", beside+101)}, 507, "", 0, 0},
		{[]string{set("a", beside+100), remove("b")}, 200, "[0]", 0, 0},
		{[]string{set("a", 89), `{"op":"set","key":"/","value":1}`}, 200, "[1]", 1, 90},
	} {
		b, quota, stored := withQuota(t, limit, documents.NewMemory())
		a := b.do("POST", "/v1/storage/db/c/batch", `{"ops":[`+strings.Join(c.ops, ",")+`]}`)
		code := cpodkit.Code("")
		if c.status == 507 {
			code = cpodkit.CodeQuotaExceeded
		}
		a.want(t, c.status, code)
		if c.status == 200 {
			var result documents.BatchResult
			a.decode(t, &result)
			var failed []int
			for _, e := range result.Errors {
				failed = append(failed, e.Index)
				if e.Code == cpodkit.CodeQuotaExceeded && !strings.Contains(e.Detail, fmt.Sprintf("of %d bytes", limit)) {
					t.Errorf("the detail has no figures: %s", e.Detail)
				}
			}
			if got := fmt.Sprint(failed); got != c.failed && (c.failed != "" || len(failed) > 0) {
				t.Errorf("%.60v: %s failed, want %s", c.ops, got, c.failed)
			}
		}
		if want := c.there*beside + c.used; quota.Used("t1") != want || stored() != want {
			t.Errorf("%.60v: %d bytes are reserved and %d stored, want %d", c.ops, quota.Used("t1"), stored(), want)
		}
	}
}

// flaky fails every third op.
type flaky struct {
	*documents.Memory
	mu sync.Mutex
	n  int
}

func (f *flaky) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	errs := make([]error, len(ops))
	for i, op := range ops {
		f.mu.Lock()
		f.n++
		broken := f.n%3 == 0
		f.mu.Unlock()
		if errs[i] = cpodkit.CodeUnavailable; !broken {
			errs[i] = f.Memory.Apply(ctx, in, []documents.Op{op})[0]
		}
	}
	return errs
}

// Many writers of few documents never have more than the limit, and what is reserved is
// what is stored, also where the driver fails.
func TestQuotaOfManyWriters(t *testing.T) {
	t.Parallel()
	const limit = 5000
	for name, driver := range map[string]documents.Driver{
		"a driver that works": documents.NewMemory(), "a driver that fails": &flaky{Memory: documents.NewMemory()},
	} {
		b, quota, stored := withQuota(t, limit, driver)
		c := b.store.Trusted(storage.Owner{TenantID: "t1", AppID: "a1"}).Collection("c")
		var writers sync.WaitGroup
		var mu sync.Mutex
		refused := 0
		for range 16 {
			writers.Go(func() {
				for range 100 {
					var ops []documents.BatchOp
					for range rand.N(4) + 1 {
						ops = append(ops, documents.BatchOp{
							Key: fmt.Sprint(rand.N(8)), Value: []byte(sized(rand.N(2000) + 2)), Delete: rand.N(3) == 0,
						})
					}
					result, err := c.Batch(t.Context(), ops)
					if errors.Is(err, cpodkit.CodeQuotaExceeded) || result.Failed > 0 {
						mu.Lock()
						refused++
						mu.Unlock()
					} else if err != nil && !errors.Is(err, cpodkit.CodeUnavailable) {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		if got := stored(); got != quota.Used("t1") || got > limit || quota.Most("t1") > limit {
			t.Errorf("%s: %d bytes are stored, %d reserved and %d at most", name, got, quota.Used("t1"), quota.Most("t1"))
		}
		if refused == 0 {
			t.Errorf("%s: nobody was refused: the test does not reach the limit", name)
		}
	}
}
