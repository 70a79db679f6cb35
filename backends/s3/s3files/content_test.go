package s3files_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/files/filestest"
)

func put(t testing.TB, d *s3files.Driver, name, content string, opts files.PutOptions) files.Attributes {
	t.Helper()
	attrs, err := d.Put(t.Context(), name, strings.NewReader(content), opts)
	if err != nil {
		t.Fatalf("Put(%q): %v", name, err)
	}
	return attrs
}

func wantContent(t testing.TB, d *s3files.Driver, name, want string) {
	t.Helper()
	object, err := d.Open(t.Context(), name)
	if err != nil {
		t.Errorf("Open(%q): %v", name, err)
		return
	}
	defer object.Close()
	if got, err := io.ReadAll(object); err != nil || string(got) != want {
		t.Errorf("%q holds %d bytes, %v; want %d", name, len(got), err, len(want))
	}
}

// recorder keeps the requests that reach the store.
type recorder struct {
	mu       sync.Mutex
	requests []string
}

func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.requests
	r.requests = nil
	return taken
}

// through puts a proxy before the store, which shows each request to see.
func through(t testing.TB, s3 testservice.S3, see func(*http.Request)) testservice.S3 {
	t.Helper()
	target := s3.Endpoint
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			see(r.Out)
			r.Out.URL.Scheme, r.Out.URL.Host = "http", target
		},
		Transport: transport,
		ErrorLog:  slog.NewLogLogger(slog.NewTextHandler(t.Output(), nil), slog.LevelError),
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(func() { server.Close(); transport.CloseIdleConnections() })
	s3.Endpoint = strings.TrimPrefix(server.URL, "http://")
	return s3
}

// ignoreMetadata drops the list's extension of MinIO, as a store without it does.
// The signature is of the request as it was sent, so the bucket must be public.
func ignoreMetadata(r *http.Request) {
	query := r.URL.Query()
	query.Del("metadata")
	r.URL.RawQuery = query.Encode()
	for name := range r.Header {
		if name == "Authorization" || strings.HasPrefix(name, "X-Amz-Content") || name == "X-Amz-Date" {
			r.Header.Del(name)
		}
	}
}

const publicPolicy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]},
	"Action": ["s3:*"], "Resource": ["arn:aws:s3:::%[1]s", "arn:aws:s3:::%[1]s/*"]}]}`

// A store that lists no metadata, as Amazon S3.
func TestSuiteWithoutMetadataInLists(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	bucket := newBucket(t, s3)
	client := account(t, s3)
	if err := client.SetBucketPolicy(t.Context(), bucket, fmt.Sprintf(publicPolicy, bucket)); err != nil {
		t.Fatal(err)
	}
	listed := through(t, s3, func(r *http.Request) {
		if r.URL.Query().Has("metadata") {
			ignoreMetadata(r)
		}
	})
	filestest.Run(t, func(t testing.TB) files.Driver {
		d, err := s3files.Open(urlOf(listed, bucket, ""), patient())
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
}

// One request for a whole small file, both ways, and no retry behind our back.
func TestRequests(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	bucket := newBucket(t, s3)
	var seen recorder
	proxied := through(t, s3, func(r *http.Request) {
		seen.mu.Lock()
		defer seen.mu.Unlock()
		seen.requests = append(seen.requests, r.Method)
	})
	d := open(t, urlOf(proxied, bucket, "&files-beside-folders=true"))
	want := func(doing, want string) {
		t.Helper()
		if got := strings.Join(seen.take(), " "); got != want {
			t.Errorf("%s takes %q; want %q", doing, got, want)
		}
	}
	content := strings.Repeat("x", 1<<20)
	first := put(t, d, "a/b", content, files.PutOptions{})
	want("a Put", "PUT")
	wantContent(t, d, "a/b", content)
	want("reading", "GET")
	put(t, d, "a/b", content, files.PutOptions{IfMatch: first.ETag})
	want("a Put of the same content on a condition", "HEAD POST PUT POST")
	object, err := d.Open(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{0, 1000, 900_000, 900_100} {
		if _, err := object.Seek(at, io.SeekStart); err != nil {
			t.Error(err)
		}
		if _, err := io.ReadFull(object, make([]byte, 100)); err != nil {
			t.Error(err)
		}
	}
	object.Close()
	want("a far seek", "GET GET")
	if _, err := d.List(t.Context(), files.ListQuery{Prefix: "a/", Limit: 10}); err != nil {
		t.Error(err)
	}
	want("a list", "GET")
}

// A large body goes up in parts. Every way it can end leaves no part behind.
func TestLarge(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	bucket := newBucket(t, s3)
	d := open(t, urlOf(s3, bucket, ""), s3files.WithPartSize(5<<20))
	content := strings.Repeat("0123456789abcdef", 12<<20/16)
	attrs := put(t, d, "large", content, files.PutOptions{ContentType: "text/plain", IfAbsent: true})
	wantContent(t, d, "large", content)
	if stat, err := d.Stat(t.Context(), "large"); err != nil || stat != attrs || stat.Size != int64(len(content)) {
		t.Errorf("Stat = %+v, %v; want %+v", stat, err, attrs)
	}
	page, err := d.List(t.Context(), files.ListQuery{Prefix: "large", Limit: 1})
	if err != nil || len(page.Items) != 1 || page.Items[0] != attrs {
		t.Errorf("List = %+v, %v; want %+v", page, err, attrs)
	}
	if _, err := d.Put(t.Context(), "large", strings.NewReader(content), files.PutOptions{IfAbsent: true}); !errors.Is(err, cpodkit.CodePreconditionFailed) {
		t.Errorf("a second one: %v", err)
	}
	errBroken := errors.New("broken")
	broken := io.MultiReader(strings.NewReader(content), iotestErr{errBroken})
	if _, err := d.Put(t.Context(), "large", broken, files.PutOptions{}); !errors.Is(err, errBroken) {
		t.Errorf("a body that breaks off: %v", err)
	}
	// Exactly whole parts, and one byte more.
	for _, size := range []int{5 << 20, 5<<20 + 1, 10 << 20} {
		put(t, d, "edge", content[:size], files.PutOptions{})
		wantContent(t, d, "edge", content[:size])
	}
	// Writers with one condition: one alone succeeds.
	var wins atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, err := d.Put(t.Context(), "large", strings.NewReader(content), files.PutOptions{IfMatch: attrs.ETag})
			if err == nil {
				wins.Add(1)
			} else if !errors.Is(err, cpodkit.CodePreconditionFailed) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if wins.Load() != 1 {
		t.Errorf("%d writers with the same condition succeed", wins.Load())
	}
	wantNoUploads(t, s3, bucket)
}

type iotestErr struct{ error }

func (e iotestErr) Read([]byte) (int, error) { return 0, e.error }

func wantNoUploads(t testing.TB, s3 testservice.S3, bucket string) {
	t.Helper()
	for upload := range account(t, s3).ListIncompleteUploads(t.Context(), bucket, "", true) {
		t.Errorf("left behind: %+v", upload)
	}
}

// Also when all store the same bytes that are there already.
func TestSameBytesHaveOneWinner(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	for _, content := range []string{"", "the same"} {
		for range 5 {
			first := put(t, d, "same", content, files.PutOptions{})
			var wins atomic.Int32
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					_, err := d.Put(t.Context(), "same", strings.NewReader(content), files.PutOptions{IfMatch: first.ETag})
					if err == nil {
						wins.Add(1)
					} else if !errors.Is(err, cpodkit.CodePreconditionFailed) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if wins.Load() != 1 {
				t.Errorf("%d writers with the same condition succeed", wins.Load())
			}
			wantContent(t, d, "same", content)
		}
	}
}

// A seek after the file was replaced must not mix two states.
func TestSeekAfterReplacement(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	for _, versioned := range []bool{false, true} {
		bucket := newBucket(t, s3)
		if versioned {
			if err := account(t, s3).EnableVersioning(t.Context(), bucket); err != nil {
				t.Fatal(err)
			}
		}
		d := open(t, urlOf(s3, bucket, ""))
		content := strings.Repeat("first", 1<<20)
		put(t, d, "a", content, files.PutOptions{})
		object, err := d.Open(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		defer object.Close()
		if _, err := object.Seek(4<<20, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(object, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		put(t, d, "a", strings.Repeat("other", 1<<20), files.PutOptions{})
		if _, err := object.Seek(5, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 5)
		_, err = io.ReadFull(object, head)
		if versioned && (err != nil || string(head) != "first") {
			t.Errorf("with versioning: %q, %v", head, err)
		}
		if !versioned && !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Errorf("without versioning: %q, %v; want unavailable", head, err)
		}
		if versioned {
			if err := d.Delete(t.Context(), "a"); err != nil {
				t.Error(err)
			}
			if _, err := d.Stat(t.Context(), "a"); !errors.Is(err, cpodkit.CodeNotFound) {
				t.Errorf("Stat of what is deleted = %v", err)
			}
		}
	}
}

// What something else has put into the bucket is a file, when it has the name of one.
func TestForeignObjects(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	bucket := newBucket(t, s3)
	client := account(t, s3)
	for _, name := range []string{"f/plain", "f/folder/"} {
		_, err := client.PutObject(t.Context(), bucket, name, strings.NewReader("content"), 7, minio.PutObjectOptions{
			ContentType: "text/css", UserMetadata: map[string]string{"Cpodkit-Etag": "\" forged"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, urlOf(s3, bucket, ""))
	attrs, err := d.Stat(t.Context(), "f/plain")
	if err != nil || attrs.ContentType != "text/css" || len(attrs.ETag) != 32 || attrs.Size != 7 || attrs.ModTime.IsZero() {
		t.Errorf("Stat = %+v, %v", attrs, err)
	}
	page, err := d.List(t.Context(), files.ListQuery{Prefix: "f/", Limit: 10})
	if err != nil || len(page.Items) != 1 || page.Items[0] != attrs {
		t.Errorf("List = %+v, %v; want %+v", page, err, attrs)
	}
	wantContent(t, d, "f/plain", "content")
	put(t, d, "f/plain", "ours", files.PutOptions{IfMatch: attrs.ETag})
	wantContent(t, d, "f/plain", "ours")
}

// New works on a client of the caller's, also over its own transport.
func TestNew(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client, err := minio.New(s3.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(s3.AccessKey, s3.SecretKey, ""), Transport: transport, MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s3files.New(client, newBucket(t, s3))
	if err != nil {
		t.Fatal(err)
	}
	put(t, d, "a", "content", files.PutOptions{})
	wantContent(t, d, "a", "content")
	if _, err := d.PresignURL(t.Context(), "a", http.MethodGet, 60e9); !errors.Is(err, cpodkit.CodeNotSupported) {
		t.Errorf("without a public endpoint: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := client.ListBuckets(t.Context()); err != nil {
		t.Errorf("Close closed the client: %v", err)
	}
}

// Random reads of random places give the same bytes as the content.
func TestRandomSeeks(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	content := make([]byte, 3<<20)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	put(t, d, "a", string(content), files.PutOptions{})
	object, err := d.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	for range 200 {
		at, n := random.IntN(len(content)), random.IntN(100_000)
		if _, err := object.Seek(int64(at), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.LimitReader(object, int64(n)))
		if err != nil || !bytes.Equal(got, content[at:min(len(content), at+n)]) {
			t.Fatalf("%d bytes at %d: %d bytes, %v", n, at, len(got), err)
		}
	}
}
