//go:build unix

package s3files_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/files"
)

func TestCertification(t *testing.T) { //nolint:paralleltest // it counts goroutines
	const bucket = "certified"
	backendtest.RunFiles(t, backendtest.Backend[files.Driver]{
		Start: func(t testing.TB, withTLS bool) (backendtest.System, backendtest.Place) {
			var opts []testservice.Option
			if withTLS {
				opts = append(opts, testservice.WithTLS())
			}
			s, account := testservice.MinIO(t, opts...)
			makeBucket(t, account, s.CA, bucket)
			return s, backendtest.Place{Addr: s.Addr, CA: s.CA}
		},
		Open: func(_ context.Context, at backendtest.Place) (files.Driver, func() error, error) {
			query := url.Values{"endpoint": {"http://" + at.Addr}}
			if at.CA != "" {
				query = url.Values{"endpoint": {"https://" + at.Addr}, "ca": {at.CA}}
			}
			driver, err := s3files.Open("s3://cpodkit:" + testservice.MinIOSecret + "@" + bucket + "?" + query.Encode())
			if err != nil {
				return nil, nil, err
			}
			return driver, driver.Close, nil
		},
		OtherCA: testservice.OtherCA(t),
		Bad: map[string]func(context.Context) error{
			"another scheme":        openBucket("http://k:hunter2@bucket"),
			"no bucket":             openBucket("s3://k:hunter2@"),
			"a bucket that is none": openBucket("s3://k:hunter2@a..b"),
			"a strange parameter":   openBucket("s3://k:hunter2@bucket?pool=blue"),
			"a strange endpoint":    openBucket("s3://k:hunter2@bucket?endpoint=ftp://x"),
			"HTTP over a network":   openBucket("s3://k:hunter2@bucket?endpoint=http://192.0.2.1:9000"),
			"a CA that is none":     openBucket("s3://k:hunter2@bucket?endpoint=https://127.0.0.1:1&ca=/dev/null"),
			"no client":             func(context.Context) error { _, err := s3files.New(nil, bucket); return err },
		},
		Secrets: []string{testservice.MinIOSecret, "hunter2"},
	})
}

func makeBucket(t testing.TB, account testservice.S3, ca, bucket string) {
	t.Helper()
	opts := &minio.Options{Creds: credentials.NewStaticV4(account.AccessKey, account.SecretKey, "")}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
		defer transport.CloseIdleConnections()
		opts.Secure, opts.Transport = true, transport
	}
	client, err := minio.New(account.Endpoint, opts)
	if err == nil {
		err = client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func openBucket(url string) func(context.Context) error {
	return func(context.Context) error {
		driver, err := s3files.Open(url)
		if err == nil {
			err = driver.Close()
		}
		return err
	}
}
