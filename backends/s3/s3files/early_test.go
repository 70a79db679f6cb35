package s3files_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/internal/testfull"
	"github.com/cpodkit/cpodkit/storage/files"
)

// fakeStore answers in the place of a store. An empty bucket is what it has, until
// the handlers say otherwise.
func fakeStore(t *testing.T, handlers map[string]http.HandlerFunc) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handle := handlers[r.Method]; handle != nil {
			handle(w, r)
			return
		}
		switch r.Method {
		case http.MethodHead:
			w.WriteHeader(http.StatusNotFound)
		case http.MethodGet:
			_, _ = io.WriteString(w, `<ListBucketResult><Name>bucket</Name></ListBucketResult>`)
		case http.MethodPost:
			_, _ = io.WriteString(w, `<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
		case http.MethodPut:
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("ETag", `"1"`)
		case http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(server.Close)
	return "s3://key:secret@bucket?endpoint=" + server.URL
}

// A store that answers before it has read the body leaves net/http reading it after
// the call: the memory must not go to another upload until then. The race detector
// tells.
func TestEarlyAnswers(t *testing.T) {
	t.Parallel()
	refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusPreconditionFailed) }
	for name, opt := range map[string]s3files.Option{
		"one request": s3files.WithPartSize(8 << 20), "parts": s3files.WithPartSize(5 << 20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, fakeStore(t, map[string]http.HandlerFunc{http.MethodPut: refuse}), opt)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range testfull.Pick(2, 4) {
						body := strings.NewReader(strings.Repeat("x", 7<<20))
						if _, err := d.Put(t.Context(), "a", body, files.PutOptions{IfAbsent: true}); err == nil {
							t.Error("Put succeeds")
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// A name with many folders opens a few connections, and has longer than one request.
func TestPutBelowManyFolders(t *testing.T) {
	t.Parallel()
	const limit, latency, atOnce = 2 * time.Second, 30 * time.Millisecond, 4
	var looks, running, most atomic.Int32
	d := open(t, fakeStore(t, map[string]http.HandlerFunc{http.MethodHead: func(w http.ResponseWriter, r *http.Request) {
		looks.Add(1)
		for n := running.Add(1); ; {
			if seen := most.Load(); n <= seen || most.CompareAndSwap(seen, n) {
				break
			}
		}
		select {
		case <-time.After(latency):
		case <-r.Context().Done():
		}
		running.Add(-1)
		w.WriteHeader(http.StatusNotFound)
	}}), s3files.WithTimeLimit(limit))
	put(t, d, strings.Repeat("a/", 350)+"a", "x", files.PutOptions{})
	if looks.Load() != 350 || most.Load() > atOnce {
		t.Errorf("%d looks, %d at once; want 350, %d at once", looks.Load(), most.Load(), atOnce)
	}
}

// A store that makes a Put wait and then says that it is busy is unavailable.
func TestPutToBusyStore(t *testing.T) {
	t.Parallel()
	d := open(t, fakeStore(t, map[string]http.HandlerFunc{
		http.MethodPut: func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		},
		http.MethodHead: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
	}), s3files.WithTimeLimit(200*time.Millisecond), s3files.WithFilesBesideFolders())
	_, err := d.Put(t.Context(), "a", strings.NewReader("x"), files.PutOptions{})
	if !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("Put = %v; want unavailable", err)
	}
}
