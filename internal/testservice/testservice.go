// Package testservice gives tests the real systems that scripts/testservices
// starts, servers of their own that they can stop, freeze and kill, and a browser.
package testservice

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// The variables that scripts/testservices sets.
const (
	redisURL    = "CPODKIT_TEST_REDIS"
	mongoURL    = "CPODKIT_TEST_MONGO"
	s3URL       = "CPODKIT_TEST_S3"
	vaultURL    = "CPODKIT_TEST_VAULT"
	redisServer = "CPODKIT_TEST_REDIS_SERVER"
	mongoServer = "CPODKIT_TEST_MONGO_SERVER"
	s3Server    = "CPODKIT_TEST_S3_SERVER"
	vaultServer = "CPODKIT_TEST_VAULT_SERVER"
	oidcServer  = "CPODKIT_TEST_OIDC_SERVER"
	chromium    = "CPODKIT_TEST_CHROMIUM"
	npmPackages = "CPODKIT_TEST_NPM"

	// required turns a test that is skipped for want of a service into a failure.
	required = "CPODKIT_TEST_REQUIRE_SERVICES"
)

// RedisURL returns the redis:// URL of the Redis that all tests share. Tests
// keep apart by prefixes of their own. Without one the test is skipped.
func RedisURL(t testing.TB) string { return need(t, redisURL) }

// MongoURL returns the mongodb:// URL of the server that all tests share. Tests
// keep apart by databases of their own.
func MongoURL(t testing.TB) string { return need(t, mongoURL) }

// S3 is an object store and the key pair that may do everything there.
type S3 struct {
	Endpoint  string // host and port
	AccessKey string
	SecretKey string
}

// SharedS3 returns the MinIO that all tests share. Tests keep apart by buckets of
// their own.
func SharedS3(t testing.TB) S3 {
	u, err := url.Parse(need(t, s3URL))
	if err != nil || u.User == nil {
		t.Fatalf("%s is no URL with a user and a password", s3URL)
	}
	secret, _ := u.User.Password()
	return S3{Endpoint: u.Host, AccessKey: u.User.Username(), SecretKey: secret}
}

// Chromium returns the path of a browser.
func Chromium(t testing.TB) string { return need(t, chromium) }

// Scripts returns a new folder with a copy of the JavaScript files of a folder, which
// import the packages of internal/npmtools there. The program that runs them is node.
func Scripts(t testing.TB, folder string) string {
	t.Helper()
	packages, dir := need(t, npmPackages), t.TempDir()
	err := os.CopyFS(dir, os.DirFS(folder))
	if err == nil {
		err = os.Symlink(filepath.Join(packages, "node_modules"), filepath.Join(dir, "node_modules"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func need(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	switch {
	case value != "":
	case os.Getenv(required) != "":
		t.Fatalf("%s is not set: run the tests with scripts/testservices run", name)
	default:
		t.Skipf("%s is not set: run the tests with scripts/testservices run", name)
	}
	return value
}
