//go:build unix

package s3files_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/files"
)

// watchdog is how long something may take that should be prompt.
const watchdog = 30 * time.Second

func within(t *testing.T, doing string, do func()) {
	t.Helper()
	began := time.Now()
	do()
	if took := time.Since(began); took > watchdog {
		t.Errorf("%s took %v", doing, took)
	}
}

// hooked calls back once, when so many bytes were read.
type hooked struct {
	io.Reader

	after int
	hook  func()
}

func (r *hooked) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.after -= n; r.after <= 0 && r.hook != nil {
		r.hook()
		r.hook = nil
	}
	return n, err
}

func endless() io.Reader { return strings.NewReader(strings.Repeat("x", 32<<20)) }

// private starts a store of the test's own.
func private(t *testing.T, opts ...s3files.Option) (*testservice.Server, *s3files.Driver) {
	t.Helper()
	server, s3 := testservice.MinIO(t)
	return server, open(t, urlOf(s3, newBucket(t, s3), ""), append([]s3files.Option{s3files.WithPartSize(5 << 20)}, opts...)...)
}

func TestKilledDuringUpload(t *testing.T) {
	t.Parallel()
	server, d := private(t)
	put(t, d, "a", "what was there", files.PutOptions{})
	body := &hooked{endless(), 12 << 20, server.Kill}
	within(t, "an upload to a dead store", func() {
		if _, err := d.Put(t.Context(), "a", body, files.PutOptions{}); !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("Put = %v; want unavailable", err)
		}
	})
	server.Start()
	back(t, d)
	wantContent(t, d, "a", "what was there")
	put(t, d, "b", strings.Repeat("x", 12<<20), files.PutOptions{})
}

// back waits until the store serves.
func back(t *testing.T, d *s3files.Driver) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	watch := time.NewTimer(watchdog)
	defer watch.Stop()
	for d.Ping(t.Context()) != nil {
		select {
		case <-tick.C:
		case <-watch.C:
			t.Fatal("the store is not back")
		}
	}
}

func TestFrozenDuringUpload(t *testing.T) {
	t.Parallel()
	server, d := private(t, s3files.WithTimeLimit(2*time.Second))
	put(t, d, "a", "what was there", files.PutOptions{})
	body := &hooked{endless(), 12 << 20, server.Freeze}
	within(t, "an upload to a frozen store", func() {
		if _, err := d.Put(t.Context(), "a", body, files.PutOptions{}); !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("Put = %v; want unavailable", err)
		}
	})
	server.Thaw()
	back(t, d)
	wantContent(t, d, "a", "what was there")
}

func TestFrozenDuringReading(t *testing.T) {
	t.Parallel()
	server, d := private(t, s3files.WithTimeLimit(2*time.Second))
	put(t, d, "a", strings.Repeat("x", 64<<20), files.PutOptions{})
	object, err := d.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	server.Freeze()
	within(t, "reading from a frozen store", func() {
		if n, err := io.Copy(io.Discard, object); !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("read %d bytes, %v; want unavailable", n, err)
		}
	})
	server.Thaw()
	back(t, d)
	// The same reader goes on where it was.
	if n, err := io.Copy(io.Discard, object); err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// Who reads slowly keeps a writer of the same file waiting on MinIO, and nobody
// else.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	_, d := private(t, s3files.WithTimeLimit(3*time.Second))
	put(t, d, "a", strings.Repeat("x", 64<<20), files.PutOptions{})
	object, err := d.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	for range 4 { // more than open a circuit
		_, err := d.Put(t.Context(), "a", strings.NewReader("y"), files.PutOptions{})
		if err != nil && !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("Put of what is read: %v", err)
		}
		put(t, d, "b", "another file", files.PutOptions{})
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server, s3 := testservice.MinIO(t, testservice.WithTLS())
	url := "s3://" + s3.AccessKey + ":" + s3.SecretKey + "@bucket?endpoint=https://" + s3.Endpoint
	for name, c := range map[string]struct {
		ca, want string
	}{
		"its own authority": {"&ca=" + server.CA, "no bucket"},
		"another authority": {"&ca=" + testservice.OtherCA(t), "certificate"},
		"the system's":      {"", "certificate"},
	} {
		err := open(t, url+c.ca).Ping(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

// A large file streams in constant memory, both ways.
func TestConstantMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	const size = 256 << 20
	s3 := testservice.SharedS3(t)
	bucket := newBucket(t, s3)
	d := open(t, urlOf(s3, bucket, ""))
	t.Cleanup(func() {
		_ = account(t, s3).RemoveBucketWithOptions(t.Context(), bucket, minio.RemoveBucketOptions{ForceDelete: true})
	})
	var peak atomic.Uint64
	sample := func(r io.Reader) io.Reader { return &sampler{r, 0, &peak} }
	attrs, err := d.Put(t.Context(), "large", sample(io.LimitReader(zeros{}, size)), files.PutOptions{})
	if err != nil || attrs.Size != size {
		t.Fatalf("%+v, %v", attrs, err)
	}
	object, err := d.Open(t.Context(), "large")
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	if n, err := io.Copy(io.Discard, sample(object)); err != nil || n != size {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if most := uint64(64 << 20); peak.Load() > most {
		t.Errorf("the heap grew to %d MiB; want %d at most", peak.Load()>>20, most>>20)
	}
	t.Logf("the heap had up to %d MiB", peak.Load()>>20)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// sampler looks at the heap now and then.
type sampler struct {
	io.Reader

	read int
	peak *atomic.Uint64
}

func (s *sampler) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if s.read += n; s.read > 4<<20 {
		s.read = 0
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		s.peak.Store(max(s.peak.Load(), m.HeapInuse))
	}
	return n, err
}
