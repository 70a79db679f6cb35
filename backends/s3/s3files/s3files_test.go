package s3files_test

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"go.uber.org/goleak"

	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/files/filestest"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// account returns a client that may make buckets.
func account(t testing.TB, s3 testservice.S3) *minio.Client {
	t.Helper()
	client, err := minio.New(s3.Endpoint, &minio.Options{
		Creds:     credentials.NewStaticV4(s3.AccessKey, s3.SecretKey, ""),
		Region:    "us-east-1",
		Transport: &http.Transport{DisableKeepAlives: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// newBucket makes a bucket.
func newBucket(t testing.TB, s3 testservice.S3) string {
	t.Helper()
	bucket := "s3files-" + strings.ToLower(rand.Text())
	if err := account(t, s3).MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	return bucket
}

// urlOf returns the URL of a bucket on loopback, without TLS.
func urlOf(s3 testservice.S3, bucket, parameters string) string {
	return "s3://" + s3.AccessKey + ":" + s3.SecretKey + "@" + bucket + "?endpoint=http://" + s3.Endpoint + parameters
}

// patient is for tests on a busy machine that are not about time.
func patient() s3files.Option { return s3files.WithTimeLimit(time.Minute) }

func open(t testing.TB, url string, opts ...s3files.Option) *s3files.Driver {
	t.Helper()
	d, err := s3files.Open(url, append([]s3files.Option{patient()}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// openNew opens a new bucket of the shared store.
func openNew(t testing.TB, opts ...s3files.Option) *s3files.Driver {
	t.Helper()
	s3 := testservice.SharedS3(t)
	return open(t, urlOf(s3, newBucket(t, s3), ""), opts...)
}

func TestSuite(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	url := urlOf(s3, newBucket(t, s3), "")
	filestest.Run(t, func(t testing.TB) files.Driver {
		d, err := s3files.Open(url, patient())
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
}

func TestPersistence(t *testing.T) {
	t.Parallel()
	filestest.RunPersistent(t, func(t testing.TB) func() files.Driver {
		s3 := testservice.SharedS3(t)
		url := urlOf(s3, newBucket(t, s3), "")
		return func() files.Driver { return open(t, url) }
	})
}

func TestFlood(t *testing.T) { //nolint:paralleltest // it would starve the others
	storagetest.FloodFiles(t, func(t testing.TB) files.Driver { return openNew(t, patient()) })
}

func TestNamesStayApart(t *testing.T) {
	t.Parallel()
	storagetest.RunFiles(t, func(t testing.TB) files.Driver { return openNew(t, patient()) })
}
