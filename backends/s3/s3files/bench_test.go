package s3files_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/files"
)

// BenchmarkGet reads a file through the portable type, through the driver, and
// with the client library alone.
func BenchmarkGet(b *testing.B) {
	s3 := testservice.SharedS3(b)
	bucket := newBucket(b, s3)
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client, err := minio.New(s3.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(s3.AccessKey, s3.SecretKey, ""), Region: "us-east-1", Transport: transport, MaxRetries: 1,
	})
	if err != nil {
		b.Fatal(err)
	}
	driver := open(b, urlOf(s3, bucket, ""))
	store, err := files.New(driver)
	if err != nil {
		b.Fatal(err)
	}
	handle := store.For(cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.ParseScopes("storage.private.read")})
	const name = "t/apps/a/x"
	for _, size := range []int{4 << 10, 16 << 20} {
		put(b, driver, name, string(bytes.Repeat([]byte("x"), size)), files.PutOptions{})
		for _, way := range []struct {
			name string
			open func() (io.ReadCloser, error)
		}{
			{"minio-go", func() (io.ReadCloser, error) {
				return client.GetObject(b.Context(), bucket, name, minio.GetObjectOptions{})
			}},
			{"driver", func() (io.ReadCloser, error) { return driver.Open(b.Context(), name) }},
			{"store", func() (io.ReadCloser, error) { return handle.Open(b.Context(), "x") }},
		} {
			b.Run(fmt.Sprintf("%dKiB/%s", size>>10, way.name), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					body, err := way.open()
					if err != nil {
						b.Fatal(err)
					}
					if n, err := io.Copy(io.Discard, body); err != nil || n != int64(size) {
						b.Fatal(n, err)
					}
					body.Close()
				}
			})
		}
	}
}
