package objstorefiles_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thanos-io/objstore"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/objstore/objstorefiles"
	"github.com/cpodkit/cpodkit/storage/files"
)

func put(t testing.TB, d *objstorefiles.Driver, name, content string) files.Attributes {
	t.Helper()
	attrs, err := d.Put(t.Context(), name, strings.NewReader(content), files.PutOptions{})
	if err != nil {
		t.Fatalf("Put(%q): %v", name, err)
	}
	return attrs
}

func content(t testing.TB, d *objstorefiles.Driver, name string) string {
	t.Helper()
	object, err := d.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("Open(%q): %v", name, err)
	}
	defer object.Close()
	got, err := io.ReadAll(object)
	if err != nil {
		t.Fatalf("read %q: %v", name, err)
	}
	return string(got)
}

func TestNew(t *testing.T) {
	t.Parallel()
	if _, err := objstorefiles.New(nil); err == nil {
		t.Error("New takes no bucket")
	}
	if _, err := objstorefiles.New(objstore.NewInMemBucket(), objstorefiles.WithTimeLimit(0)); err == nil {
		t.Error("New takes no time limit")
	}
}

// Conditions that nobody keeps are refused, never dropped.
func TestConditions(t *testing.T) {
	t.Parallel()
	d := newDriver(t, objstore.NewInMemBucket())
	attrs := put(t, d, "a", "content")
	for _, opts := range []files.PutOptions{{IfAbsent: true}, {IfPresent: true}, {IfMatch: attrs.ETag}} {
		_, err := d.Put(t.Context(), "a", strings.NewReader("other"), opts)
		if !errors.Is(err, cpodkit.CodeNotSupported) {
			t.Errorf("%+v: %v; want not_supported", opts, err)
		}
	}
	if got := content(t, d, "a"); got != "content" {
		t.Errorf("it holds %q", got)
	}
}

// What is in the bucket but not ours, or not whole, is never served.
func TestForeignObjects(t *testing.T) {
	t.Parallel()
	bucket := objstore.NewInMemBucket()
	d := newDriver(t, bucket)
	put(t, d, "t/good", "content")
	good := bucket.Objects()["t/good"]
	bend := func(i int) []byte { b := bytes.Clone(good); b[i] ^= 1; return b }
	for name, object := range map[string][]byte{
		"empty": {}, "plain": []byte("just some text, put here by hand"), "zeros": make([]byte, 1000),
		"copied": good, "magic": bend(0), "length": bend(11), "checksum": bend(12), "description": bend(20),
		"cut in the header": good[:30], "huge": append([]byte("cpodobj1\xff\xff\xff\xff"), good...),
	} {
		if err := bucket.Upload(t.Context(), "t/"+name, bytes.NewReader(object)); err != nil {
			t.Fatal(err)
		}
		_, statErr := d.Stat(t.Context(), "t/"+name)
		_, openErr := d.Open(t.Context(), "t/"+name)
		for call, err := range map[string]error{"Stat": statErr, "Open": openErr} {
			if cpodkit.CodeOf(err) != cpodkit.CodeInternal {
				t.Errorf("%s: %s = %v; want an error that is internal", name, call, err)
			}
		}
	}
	for _, limit := range []int{1, 2, 100} {
		page, err := d.List(t.Context(), files.ListQuery{Prefix: "t/", Limit: limit})
		if err != nil || len(page.Items) != 1 || page.Items[0].Name != "t/good" {
			t.Errorf("a list of %d = %+v, %v", limit, page, err)
		}
	}
	if err := bucket.Upload(t.Context(), "t/good", bytes.NewReader(good[:len(good)-1])); err != nil {
		t.Fatal(err)
	}
	object, err := d.Open(t.Context(), "t/good")
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	if _, err := io.ReadAll(object); err == nil {
		t.Error("half a file is read as a whole one")
	}
}

func TestSeeks(t *testing.T) {
	t.Parallel()
	d := newDriver(t, objstore.NewInMemBucket())
	text := strings.Repeat("0123456789", 200_000)
	put(t, d, "a", text)
	object, err := d.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	read := func(at int64) (string, error) {
		if _, err := object.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 10)
		_, err := io.ReadFull(object, got)
		return string(got), err
	}
	for _, at := range []int64{0, 7, 1_999_990, 3, 1_000_001} {
		if got, err := read(at); err != nil || got != text[at:at+10] {
			t.Errorf("at %d: %q, %v", at, got, err)
		}
	}
	put(t, d, "a", strings.Repeat("abcdefghij", 200_000))
	if got, err := read(5); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("after it was replaced: %q, %v; want unavailable", got, err)
	}
	if err := d.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got, err := read(500_005); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("after it was deleted: %q, %v; want unavailable", got, err)
	}
}

// A large body goes through a file, which goes in every case.
func TestSpool(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := newDriver(t, objstore.NewInMemBucket(), objstorefiles.WithTempFolder(dir))
	for _, size := range []int{1<<20 - 1, 1 << 20, 1<<20 + 1, 3<<20 + 5} {
		text := strings.Repeat("x", size)
		if attrs := put(t, d, "a", text); attrs.Size != int64(size) || content(t, d, "a") != text {
			t.Errorf("%d bytes: %+v", size, attrs)
		}
	}
	errBroken := errors.New("broken")
	body := io.MultiReader(strings.NewReader(strings.Repeat("y", 2<<20)), failing{errBroken})
	if _, err := d.Put(t.Context(), "a", body, files.PutOptions{}); !errors.Is(err, errBroken) {
		t.Errorf("a body that breaks off: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	none := newDriver(t, objstore.NewInMemBucket(), objstorefiles.WithTempFolder(dir))
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := none.Put(t.Context(), "a", strings.NewReader(strings.Repeat("x", 2<<20)), files.PutOptions{}); err == nil {
		t.Error("a folder that is gone takes a body")
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

// broken is a bucket whose calls fail or hang.
type broken struct {
	objstore.Bucket

	err error // nil to hang
}

func (b broken) fail(ctx context.Context) error {
	if b.err == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return b.err
}

func (b broken) Exists(ctx context.Context, _ string) (bool, error) { return false, b.fail(ctx) }
func (b broken) Get(ctx context.Context, _ string) (io.ReadCloser, error) {
	return nil, b.fail(ctx)
}

func (b broken) GetRange(ctx context.Context, _ string, _, _ int64) (io.ReadCloser, error) {
	return nil, b.fail(ctx)
}

func (b broken) Upload(ctx context.Context, _ string, _ io.Reader, _ ...objstore.ObjectUploadOption) error {
	return b.fail(ctx)
}
func (b broken) Delete(ctx context.Context, _ string) error { return b.fail(ctx) }
func (b broken) Iter(ctx context.Context, _ string, _ func(string) error, _ ...objstore.IterOption) error {
	return b.fail(ctx)
}

func TestOutages(t *testing.T) {
	t.Parallel()
	refused := fmt.Errorf("upload: %w", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})
	for name, err := range map[string]error{"refused": refused, "hangs": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				for range 20 {
					d := newDriver(t, broken{objstore.NewInMemBucket(), err})
					_, putErr := d.Put(t.Context(), "a/b", strings.NewReader("x"), files.PutOptions{})
					_, openErr := d.Open(t.Context(), "a/b")
					_, statErr := d.Stat(t.Context(), "a/b")
					_, listErr := d.List(t.Context(), files.ListQuery{Prefix: "a/", Limit: 1})
					for call, err := range map[string]error{
						"put": putErr, "open": openErr, "stat": statErr, "list": listErr,
						"delete": d.Delete(t.Context(), "a/b"), "ping": d.Ping(t.Context()),
					} {
						if !errors.Is(err, cpodkit.CodeUnavailable) {
							t.Errorf("%s = %v; want unavailable", call, err)
						}
					}
				}
				// Three calls of each driver open its circuit, the others cost nothing.
				if took, most := time.Since(began), 20*3*objstorefiles.DefaultTimeLimit; took > most {
					t.Errorf("it took %v; want %v at most", took, most)
				}
			})
		})
	}
}

// Writers with one condition: one alone succeeds.
func TestSoleWriter(t *testing.T) {
	t.Parallel()
	d := newDriver(t, objstore.NewInMemBucket(), objstorefiles.WithSoleWriter())
	first := put(t, d, "a", "the same")
	var wg sync.WaitGroup
	wins := make(chan struct{}, 16)
	for range cap(wins) {
		wg.Go(func() {
			if _, err := d.Put(t.Context(), "a", strings.NewReader("the same"), files.PutOptions{IfMatch: first.ETag}); err == nil {
				wins <- struct{}{}
			}
		})
	}
	wg.Wait()
	if len(wins) != 1 {
		t.Errorf("%d writers succeed", len(wins))
	}
}

// stuck is a bucket whose uploads wait.
type stuck struct {
	objstore.Bucket

	pass chan struct{}
}

func (b stuck) Upload(ctx context.Context, name string, body io.Reader, opts ...objstore.ObjectUploadOption) error {
	<-b.pass
	return b.Bucket.Upload(ctx, name, body, opts...)
}

// Who waits for another writer of the same file leaves when its context ends.
func TestSoleWriterWaitsForContext(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(ctx context.Context, d *objstorefiles.Driver) error{
		"put": func(ctx context.Context, d *objstorefiles.Driver) error {
			_, err := d.Put(ctx, "a", strings.NewReader("second"), files.PutOptions{})
			return err
		},
		"delete": func(ctx context.Context, d *objstorefiles.Driver) error { return d.Delete(ctx, "a") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				bucket := stuck{objstore.NewInMemBucket(), make(chan struct{})}
				d := newDriver(t, bucket, objstorefiles.WithSoleWriter())
				var first sync.WaitGroup
				first.Go(func() { put(t, d, "a", "first") })
				synctest.Wait()
				ctx, cancel := context.WithCancel(t.Context())
				waiting := make(chan error, 1)
				go func() { waiting <- call(ctx, d) }()
				synctest.Wait()
				if len(waiting) > 0 {
					t.Error("the second does not wait")
				}
				cancel()
				synctest.Wait()
				select {
				case err := <-waiting:
					if !errors.Is(err, context.Canceled) {
						t.Errorf("the second: %v; want canceled", err)
					}
				default:
					t.Error("the second still waits")
				}
				close(bucket.pass)
				first.Wait()
				if got := content(t, d, "a"); got != "first" {
					t.Errorf("it holds %q", got)
				}
			})
		})
	}
}
