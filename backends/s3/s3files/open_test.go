package s3files_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/s3/s3files"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/files"
)

func TestBadConfiguration(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	noCA := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noCA, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	const local = "s3://key:hunter2@bucket?endpoint=http://127.0.0.1:1"
	for _, c := range []struct {
		url  string
		opt  s3files.Option
		want string // in the error; "" when there is none
	}{
		{local, nil, ""},
		{"s3://key:hunter2@bucket", nil, ""},
		{"s3://bucket", nil, ""}, // a role may have keys
		{"s3://bucket?endpoint=http://127.0.0.1:1", s3files.WithCredentials(credentials.NewStaticV4("key", "hunter2", "")), ""},
		{local + "&path-style=true&region=x&part-size=5242880&files-beside-folders=true", nil, ""},
		{"s3://key:hunter2@bucket?endpoint=http://minio:9000&unencrypted-http=true", nil, ""},
		{"s3://key:hunter2@bucket?endpoint=http://minio:9000", s3files.WithUnencryptedHTTP(), ""},

		{"s3://bucket?endpoint=http://127.0.0.1:1", nil, "no credentials"},
		{"http://key:hunter2@bucket", nil, "s3://bucket"},
		{"s3://key:hunter2@", nil, "s3://bucket"},
		{"s3://key:hunter2@bucket/folder", nil, "s3://bucket"},
		{"s3://key:hunter2@bucket:%zz", nil, "s3://bucket"},
		{"s3://key:hunter2@bucket?a=%zz", nil, "malformed"},
		{"s3://hunter2@bucket", nil, "both parts"},
		{"s3://key:hunter2@B", nil, "bucket"},
		{"s3://key:hunter2@bucket?pool=hunter2", nil, `unknown parameter "pool"`},
		{local + "&endpoint=http://127.0.0.1:2", nil, "more than once"},
		{"s3://key:hunter2@bucket?endpoint=ftp://x", nil, "endpoint"},
		{"s3://key:hunter2@bucket?endpoint=http://u:hunter2@127.0.0.1", nil, "endpoint"},
		{"s3://key:hunter2@bucket?endpoint=http://minio:9000", nil, "plain http"},
		{local + "&public-endpoint=http://files.example.com", nil, "public endpoint is plain http"},
		{local + "&public-endpoint=files.example.com", nil, "public endpoint"},
		{local + "&path-style=perhaps", nil, "true or false"},
		{local + "&part-size=1", nil, "5 MiB"},
		{local + "&part-size=many", nil, "number of bytes"},
		{local, s3files.WithPartSize(1 << 40), "5 GiB"},
		{local, s3files.WithTimeLimit(-time.Second), "positive"},
		{local + "&ca=/nowhere", nil, "cannot be read"},
		{local + "&ca=" + noCA, nil, "no PEM"},
	} {
		opts := []s3files.Option{}
		if c.opt != nil {
			opts = append(opts, c.opt)
		}
		d, err := s3files.Open(c.url, opts...)
		switch {
		case err == nil && c.want == "":
			if err := d.Close(); err != nil {
				t.Errorf("%s: close: %v", c.url, err)
			}
		case err == nil:
			t.Errorf("%s opens; want an error with %q", c.url, c.want)
		case c.want == "" || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v; want %q", c.url, err, c.want)
		case strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: the error holds a secret: %v", c.url, err)
		}
	}
	if _, err := s3files.New(nil, "bucket"); err == nil {
		t.Error("New takes no client")
	}
}

func TestCredentialsOfTheEnvironment(t *testing.T) { //nolint:paralleltest // it sets variables
	s3 := testservice.SharedS3(t)
	bucket := newBucket(t, s3)
	url := "s3://" + bucket + "?endpoint=http://" + s3.Endpoint
	file := filepath.Join(t.TempDir(), "credentials")
	text := "[default]\naws_access_key_id = " + s3.AccessKey + "\naws_secret_access_key = " + s3.SecretKey + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, env := range []map[string]string{
		{"AWS_ACCESS_KEY_ID": s3.AccessKey, "AWS_SECRET_ACCESS_KEY": s3.SecretKey},
		{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SHARED_CREDENTIALS_FILE": file},
	} {
		for name, value := range env {
			t.Setenv(name, value)
		}
		if err := open(t, url).Ping(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// Wrong keys and a bucket that is not there fail each call, and Ping says why. They
// are the operator's to mend: no client is told to try again.
func TestRefusedByTheStore(t *testing.T) {
	t.Parallel()
	s3 := testservice.SharedS3(t)
	bucket := newBucket(t, s3)
	wrongSecret, wrongKey := s3, s3
	wrongSecret.SecretKey, wrongKey.AccessKey = "hunter2hunter2", "somebody"
	for name, url := range map[string]string{
		"secret": urlOf(wrongSecret, bucket, ""),
		"key":    urlOf(wrongKey, bucket, ""),
		"bucket": urlOf(s3, bucket+"-none", ""),
	} {
		d := open(t, url)
		_, putErr := d.Put(t.Context(), "a/b", strings.NewReader("x"), files.PutOptions{})
		_, openErr := d.Open(t.Context(), "a/b")
		_, listErr := d.List(t.Context(), files.ListQuery{Prefix: "a/", Limit: 1})
		for call, err := range map[string]error{"put": putErr, "open": openErr, "list": listErr, "ping": d.Ping(t.Context())} {
			if err == nil || cpodkit.CodeOf(err) != cpodkit.CodeInternal {
				t.Errorf("wrong %s: %s = %v; want a raw error", name, call, err)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), s3.SecretKey)) {
				t.Errorf("wrong %s: the error of %s holds a secret: %v", name, call, err)
			}
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	d := openNew(t)
	tooLong := strings.Repeat("n/", 512) + "n"
	if _, err := d.Put(t.Context(), tooLong, strings.NewReader("x"), files.PutOptions{}); !errors.Is(err, cpodkit.CodeNotSupported) {
		t.Errorf("a name of %d bytes: %v", len(tooLong), err)
	}
	for _, name := range []string{`a\..\b`, "a/ ../b", "a/.. /b", `\.`, `a/\../b`} {
		_, err := d.Put(t.Context(), name, strings.NewReader("x"), files.PutOptions{})
		if !errors.Is(err, cpodkit.CodeConflict) {
			t.Errorf("Put(%q) = %v; want conflict", name, err)
		}
		if _, err := d.Open(t.Context(), name); !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("Open(%q) = %v; want not_found", name, err)
		}
		if err := d.Delete(t.Context(), name); err != nil {
			t.Errorf("Delete(%q) = %v", name, err)
		}
	}
}
