package files_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/ledger"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

// unread is a body that nobody may read.
type unread struct{ testing.TB }

func (u unread) Read([]byte) (int, error) {
	u.Error("the body is read")
	return 0, io.ErrUnexpectedEOF
}

// endless is a body that does not end, and counts what was read.
type endless struct{ n *int64 }

func (e endless) Read(p []byte) (int, error) {
	*e.n += int64(len(p))
	return len(p), nil
}

// trackedStore has a quota, and says what the tenant t1 really stores.
func trackedStore(t *testing.T, limit int64, driver files.Driver) (*server, *ledger.Ledger, func() int64) {
	t.Helper()
	quota := ledger.New(limit)
	s := serve(t, driver, files.WithQuota(quota))
	realm, err := storage.TenantRealm("t1")
	if err != nil {
		t.Fatal(err)
	}
	return s, quota, func() int64 {
		t.Helper()
		amount, err := s.store.Measure(context.WithoutCancel(t.Context()), realm)
		if err != nil {
			t.Fatal(err)
		}
		return amount.Bytes
	}
}

// beside is what a file of the app a1 with a key of one byte counts for beside its content.
const beside = int64(len("t1/apps/a1/k")) + storage.FileOverhead

func TestQuota(t *testing.T) {
	t.Parallel()
	const limit = 2*beside + 100
	s, quota, stored := trackedStore(t, limit, files.NewMemory())
	put := func(token, key string, size int, status int) *webtest.Answer {
		t.Helper()
		a := s.call(token, "PUT", "/v1/storage/files/"+key, strings.Repeat("x", size))
		if a.WantStatus(t, status); status == http.StatusInsufficientStorage {
			a.WantProblem(t, cpodkit.CodeQuotaExceeded)
		}
		if used := quota.Used("t1"); used != stored() {
			t.Fatalf("after PUT %s of %d: %d bytes are reserved, and %d stored", key, size, used, stored())
		}
		return a
	}
	put(alice, "a", 60, 200)
	if a := put(alice, "b", 41, 507); !strings.Contains(a.Body.String(), fmt.Sprintf("%d of %d", beside+60, limit)) {
		t.Errorf("the detail has no figures: %s", a.Body)
	}
	put(alice, "b", 40, 200) // exactly
	put(alice, "empty", 0, 507)
	put(otherApp, "c", 1, 507)
	put(outsider, "c", 100, 200) // another tenant
	put(alice, "a", 61, 507)
	put(alice, "a", 60, 200)
	put(alice, "a", 10, 200) // smaller
	put(alice, "b", 90, 200)
	put(alice, "a", 11, 507)
	s.call(alice, "DELETE", "/v1/storage/files/b", "").WantStatus(t, 204)
	s.call(alice, "DELETE", "/v1/storage/files/b", "").WantStatus(t, 204)
	put(otherApp, "c", 50, 200)
	put(alice, "a", 50, 200) // larger
	put(alice, "a", 51, 507)
	s.call(alice, "PUT", "/v1/storage/files/a", strings.Repeat("x", 50), "If-None-Match", "*").WantStatus(t, 412)
	if used := quota.Used("t1"); used != limit || stored() != limit {
		t.Errorf("%d bytes are reserved, and %d stored", used, stored())
	}
}

// An empty file counts for its path and a constant.
func TestQuotaOfEmptyFiles(t *testing.T) {
	t.Parallel()
	const n = 3
	key := strings.Repeat("k", 180) + "/" + strings.Repeat("k", 179)
	each := beside + int64(len(key)) // and the digit after it instead of the key of one byte
	s, quota, stored := trackedStore(t, n*each, files.NewMemory())
	for i := range n {
		s.call(alice, "PUT", "/v1/storage/files/"+key+fmt.Sprint(i), "").WantStatus(t, 200)
	}
	s.call(alice, "PUT", "/v1/storage/files/k", "").WantProblem(t, cpodkit.CodeQuotaExceeded)
	if used := quota.Used("t1"); used != n*each || stored() != used {
		t.Errorf("%d bytes are reserved, and %d stored", used, stored())
	}
	s.call(alice, "DELETE", "/v1/storage/files/"+key+"0", "").WantStatus(t, 204)
	s.call(alice, "PUT", "/v1/storage/files/k", "").WantStatus(t, 200)
	if used := quota.Used("t1"); used != (n-1)*each+beside || stored() != used {
		t.Errorf("after a delete %d bytes are reserved, and %d stored", used, stored())
	}
}

// A body that says how long it is is refused unread, and another one as soon as it has
// more than fits. Nothing is stored.
func TestQuotaAndBodies(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	s, quota, stored := trackedStore(t, limit+beside, files.NewMemory())
	put := func(body io.Reader, length int64) *webtest.Answer {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/v1/storage/files/k", body)
		r.Header.Set("Authorization", "Bearer "+alice)
		r.ContentLength = length
		return webtest.Serve(s.handler, r, "")
	}
	for _, length := range []int64{limit + 1, 1<<63 - 1} {
		put(unread{t}, length).WantProblem(t, cpodkit.CodeQuotaExceeded)
	}
	var read int64
	put(endless{&read}, -1).WantProblem(t, cpodkit.CodeQuotaExceeded)
	if read > 2*limit { // the driver in memory doubles what it reads at a time
		t.Errorf("%d bytes of a body were read, and %d fit", read, limit)
	}
	h := s.store.Trusted(storage.Owner{TenantID: "t1", AppID: "a1"})
	if _, err := h.Write(t.Context(), "k", endless{&read}, nil); !errors.Is(err, cpodkit.CodeQuotaExceeded) {
		t.Errorf("a write in Go: %v", err)
	}
	broken := io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := h.Write(t.Context(), "k", broken, nil); err == nil {
		t.Error("a body that breaks off is stored")
	}
	if quota.Used("t1") != 0 || stored() != 0 {
		t.Errorf("%d bytes are reserved, and %d stored", quota.Used("t1"), stored())
	}

	put(struct{ io.Reader }{strings.NewReader("")}, -1).WantStatus(t, 200) // empty, of a length that is not known
	if quota.Used("t1") != beside || stored() != beside {
		t.Errorf("%d bytes are reserved, and %d stored", quota.Used("t1"), stored())
	}
	full := bytes.Repeat([]byte("x"), limit)
	for range 3 { // in place of itself, of a length that is not known
		if _, err := h.Write(t.Context(), "k", struct{ io.Reader }{bytes.NewReader(full)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if quota.Used("t1") != limit+beside || stored() != limit+beside {
		t.Errorf("%d bytes are reserved, and %d stored", quota.Used("t1"), stored())
	}

	signed, err := h.SignURL(t.Context(), "signed", files.URLOptions{Method: http.MethodPut})
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(signed.URL, "https://files.test")
	s.call("", "PUT", path, "x").WantProblem(t, cpodkit.CodeQuotaExceeded)
	if err := h.Delete(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	s.call("", "PUT", path, "x").WantStatus(t, 200)
	if quota.Used("t1") != beside+int64(len("signed")) { // a longer key than k, and a byte
		t.Errorf("%d bytes are reserved", quota.Used("t1"))
	}
}

// Many writers of few files never have more than the limit, and what is reserved is what
// is stored.
func TestQuotaOfManyWriters(t *testing.T) {
	t.Parallel()
	const limit = 4*beside + 5000
	s, quota, stored := trackedStore(t, limit, files.NewMemory())
	h := s.store.Trusted(storage.Owner{TenantID: "t1", AppID: "a1"})
	var writers sync.WaitGroup
	refused := make([]int, 16)
	for w := range refused {
		writers.Go(func() {
			for range 200 {
				key := fmt.Sprint(rand.N(8))
				if rand.N(4) == 0 {
					if err := h.Delete(t.Context(), key); err != nil {
						t.Error(err)
					}
					continue
				}
				_, err := h.Write(t.Context(), key, strings.NewReader(strings.Repeat("x", rand.N(2000))), nil)
				if errors.Is(err, cpodkit.CodeQuotaExceeded) {
					refused[w]++
				} else if err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if got := stored(); got != quota.Used("t1") || got > limit || quota.Most("t1") > limit {
		t.Errorf("%d bytes are stored, %d reserved and %d at most", got, quota.Used("t1"), quota.Most("t1"))
	}
	if total := fmt.Sprint(refused); total == fmt.Sprint(make([]int, 16)) {
		t.Error("nobody was refused: the test does not reach the limit")
	}
}
