package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

func TestConfigRefusesWhatItDoesNotServe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value, says string // says is "" when the value is fine
	}{
		{"CPOD_DB", "mongodb://root:hunter2@db:27017", "openssl rand -base64 32"},
		{"CPOD_DB", "postgres://root:hunter2@db", "CPOD_DB"},
		{"CPOD_DB", "hunter2", "CPOD_DB"},
		{"CPOD_DB", "sqlite:", ""},
		{"CPOD_SEAL", "vault-transit://vault:8200/transit/cpod", ""},
		{"CPOD_SEAL", "vault-transit+http://localhost:8200/transit/cpod", ""},
		{"CPOD_SEAL", "awskms://hunter2", "vault-transit"},
		{"CPOD_DB", "sqlite:/var/lib/cpod/cpod.db", ""},
		{"CPOD_FILES", "s3://key:hunter2@bucket", ""},
		{"CPOD_FILES", "gs://hunter2", "CPOD_FILES"},
		{"CPOD_FILES", "file:", ""},
		{"CPOD_KV", "rediss://:hunter2@cache:6379", ""},
		{"CPOD_KV", "memcached://hunter2", "CPOD_KV"},
		{"CPOD_KV", "memory:", ""},
		{"CPOD_KV", "memory:?size=1073741824", ""},
		{"CPOD_KV", "memory:?size=1GB", "memory:?size=BYTES"},
		{"CPOD_KV", "memory:?size=1000", "memory:?size=BYTES"},
		{"CPOD_KV", "memory:?size=1073741824&x=hunter2", "memory:?size=BYTES"},
		{"CPOD_KV", "memory:hunter2", "memory:?size=BYTES"},
		{"CPOD_FLAGS", "db:", ""},
		{"CPOD_FLAGS", "file:/etc/cpod/flags.json", ""},
		{"CPOD_FLAGS", "file:", "CPOD_FLAGS"},
		{"CPOD_FLAGS", "https://user:hunter2@flags", "CPOD_FLAGS"},
		{"CPOD_SECRETS", "db:", ""},
		{"CPOD_SECRETS", "env:APP_?tenant=acme files:/run/secrets db:", ""},
		{"CPOD_SECRETS", "env:APP_ env:APP_?tenant=acme", ""},
		{"CPOD_SECRETS", " ", "CPOD_SECRETS"},
		{"CPOD_SECRETS", "db: db:", "twice"},
		{"CPOD_SECRETS", "db:hunter2", "db:"},
		{"CPOD_SECRETS", "db:?tenant=acme", "db:"},
		{"CPOD_SECRETS", "env:", "prefix"},
		{"CPOD_SECRETS", "env:CPOD_", "CPOD_SECRETS"},
		{"CPOD_SECRETS", "env:APP-", "CPOD_SECRETS"},
		{"CPOD_SECRETS", "env://APP_", "malformed"},
		{"CPOD_SECRETS", "files:", "folder"},
		{"CPOD_SECRETS", "files:/a?tenant=a&tenant=b", "once"},
		{"CPOD_SECRETS", "files:/a?tenat=hunter2", "tenant"},
		{"CPOD_SECRETS", "files:/a?tenant=", "CPOD_SECRETS"},
		{"CPOD_SECRETS", "vault://vault:8200/secret?auth=kubernetes&role=cpod", ""},
		{"CPOD_SECRETS", "vault+http://localhost:8200/secret db:", ""},
		{"CPOD_SECRETS", "https://user:hunter2@vault", "CPOD_SECRETS"},
		{"CPOD_SECRETS", "hunter2", "schemes"},
		{"CPOD_SECRETS", "env:%zz", "prefix"},
		{"CPOD_CLUSTER", "redis+sentinel://:hunter2@cache/main", ""},
		{"CPOD_CLUSTER", "nats://hunter2", "CPOD_CLUSTER"},
		{"CPOD_CLUSTER", "memory:", ""},
		{"CPOD_RATELIMIT", "redis://cache:6379", ""},
		{"CPOD_RATELIMIT", "sqlite:hunter2", "CPOD_RATELIMIT"},
		{"CPOD_LIMIT_APP", "100/10s", ""},
		{"CPOD_LIMIT_TENANT", "off", ""},
		{"CPOD_LIMIT_TENANT", "0/1m", "CPOD_LIMIT_TENANT"},
		{"CPOD_LIMIT_TENANT", "100", "CPOD_LIMIT_TENANT"},
		{"CPOD_LIMIT_APP", "100/60", "CPOD_LIMIT_APP"},
		{"CPOD_LIMIT_REFUSED_TOKENS", "1e9/1m", "CPOD_LIMIT_REFUSED_TOKENS"},
		{"CPOD_LIMIT_REFUSED_GRANTS", "-1/1m", "CPOD_LIMIT_REFUSED_GRANTS"},
		{"CPOD_CLIENT_ADDRESS", "xff:10.0.0.0/8", ""},
		{"CPOD_CLIENT_ADDRESS", "X-Forwarded-For", "CPOD_CLIENT_ADDRESS"},
		{"CPOD_CORS_ORIGINS", "https://a.example,http://intranet:8080", ""},
		{"CPOD_CORS_ORIGINS", "*", ""},
		{"CPOD_CORS_ORIGINS", "https://a.example/", "CPOD_CORS_ORIGINS"},
		{"CPOD_CORS_ORIGINS", "https://a.example, https://b.example", "CPOD_CORS_ORIGINS"},
		{"CPOD_CORS_ORIGINS", "hunter2", "CPOD_CORS_ORIGINS"},
		{"CPOD_RATELIMIT_LEASES", "on", "CPOD_RATELIMIT_LEASES"}, // without a Redis
		{"CPOD_RATELIMIT_LEASES", "yes", "CPOD_RATELIMIT_LEASES"},
		{"CPOD_JOBS", "docker", "CPOD_JOBS"},
		{"CORESDK_ENV", "development", ""},
		{"CORESDK_ENV", "staging", "CORESDK_ENV"},
		{"CORESDK_ENV", "production", ""},
		{"CORESDK_JWKS_URI", "https://idp/jwks", "CORESDK_JWKS_URI"},
		{"CPOD_ADMIN_TOKEN", "hunter2", "CPOD_ADMIN_TOKEN"},
		{"CPOD_ADMIN_TOKEN", "cpod_short", "CPOD_ADMIN_TOKEN"},
		{"CPOD_ADMIN_TOKEN", "cpod_" + strings.Repeat("k", 32), "CPOD_ADMIN_TOKEN"},
		{"CPOD_ADMIN_TOKEN", "cpod_" + strings.Repeat("k", 31) + "l", ""},
		{"CPOD_LISTEN", "8000", "CPOD_LISTEN"},
		{"CPOD_OPS_LISTEN", "9091", "CPOD_OPS_LISTEN"},
		{"CPOD_OPS_LISTEN", "127.0.0.1:9091", ""},
		{"CPOD_OPS_LISTEN", "off", ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "hunter2:4318", "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"CPOD_MAX_FILE_BYTES", "10MB", "CPOD_MAX_FILE_BYTES"},
		{"CPOD_MAX_FILE_BYTES", "-1", "CPOD_MAX_FILE_BYTES"},
		{"CPOD_MAX_FILE_BYTES", "1073741824", ""},
		{"CPOD_KEEP_FREE_BYTES", "1e9", "CPOD_KEEP_FREE_BYTES"},
		{"CPOD_KEEP_FREE_BYTES", "0", ""},
		{"CPOD_INDEXES", "sessions", "CPOD_INDEXES"},
		{"CPOD_INDEXES", "sessions:status,-createdAt; orders:customer", ""},
		{"CPOD_INDEXES_FILE", "indexes", ""},
		{"CPOD_PUBLIC_URL", "https://api.example.com", ""},
		{"CPOD_PUBLIC_URL", "api.example.com", "CPOD_PUBLIC_URL"},
		{"CPOD_PUBLIC_URL", "https://api.example.com/", "CPOD_PUBLIC_URL"},
		{"CPOD_PUBLIC_URL", "https://user:hunter2@api.example.com", "CPOD_PUBLIC_URL"},
	} {
		_, _, err := load(readSettings([]string{c.name + "=" + c.value}, io.Discard))
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s=%s: %v", c.name, c.value, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the secret: %v", c.name, err)
		}
	}
}

func TestIndexesComeFromOnePlace(t *testing.T) {
	t.Parallel()
	_, _, err := load(readSettings([]string{"CPOD_INDEXES=a:b", "CPOD_INDEXES_FILE=indexes"}, io.Discard))
	if err == nil || !strings.Contains(err.Error(), "CPOD_INDEXES: CPOD_INDEXES_FILE is set, too") {
		t.Errorf("with both variables: %v", err)
	}
}

func TestTheSealIsInsteadOfAMasterKey(t *testing.T) {
	t.Parallel()
	for master, says := range map[string]string{
		"CPOD_MASTER_KEY=" + hexKey: "CPOD_SEAL: CPOD_MASTER_KEY or CPOD_MASTER_KEY_FILE is set, too",
		"CPOD_MASTER_KEY_FILE=key":  "CPOD_SEAL: CPOD_MASTER_KEY or CPOD_MASTER_KEY_FILE is set, too",
		"CPOD_DB=mongodb://db/cpod": "", // needs no master key
	} {
		_, _, err := load(readSettings([]string{"CPOD_SEAL=vault-transit://vault:8200/transit/cpod", master}, io.Discard))
		if (err == nil) != (says == "") || err != nil && (!strings.Contains(err.Error(), says) || strings.Contains(err.Error(), hexKey)) {
			t.Errorf("%s: %v", master, err)
		}
	}
}

func TestUnusedVariablesWarn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	environment := []string{"CORESDK_SIDECAR_ADDR=[::1]:50051", "CPOD_LISTEN=127.0.0.1:8000"}
	s := readSettings(environment, &out)
	if _, _, err := load(s); err != nil || out.Len() > 0 {
		t.Fatalf("%v, logged %q", err, &out)
	}
	s.logWarnings()
	if !strings.Contains(out.String(), "CORESDK_SIDECAR_ADDR") || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("logged %q", &out)
	}
}

// A variable that nobody reads is refused, unless it is somebody else's.
func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	for entry, nearest := range map[string]string{
		"CPOD_DBS=hunter2":           "CPOD_DB",
		"CPOD_LIMIT_TENNANT=hunter2": "CPOD_LIMIT_TENANT",
		"CPOD_FILE=":                 "CPOD_FILES",
		"CPOD_SERVICE_HOST=10.0.0.1": "",
		"CPOD_SERVICE_PORT_HTTP=80":  "",
		"CPOD_PORT_8000_TCP=tcp://":  "",
		"CPOD_API_KEY=cpod_x":        "",
		"CPOD_TENANT_ID=t":           "",
		"CPODKIT_TOOLS=/x":           "",
		"HOME=/root":                 "",
	} {
		_, _, err := load(readSettings([]string{entry}, io.Discard))
		if (err == nil) != (nearest == "") || err != nil && !strings.HasSuffix(err.Error(), "the nearest is "+nearest) {
			t.Errorf("%s: %v", entry, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the value: %v", entry, err)
		}
	}
}

// The table of the guide, and what help prints, are what the parts read.
func TestVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| variable | default | meaning |\n|---|---|---|\n")
	var help bytes.Buffer
	if err := printCommands(&help); err != nil {
		t.Fatal(err)
	}
	for _, v := range variables() {
		byDefault := v.byDefault
		if byDefault != "" {
			byDefault = "`" + byDefault + "`"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", v.name, byDefault, v.meaning)
		if !strings.Contains(help.String(), "\n  "+v.name) {
			t.Errorf("help does not list %s", v.name)
		}
	}
	if !strings.Contains(string(guide), "\n"+want.String()+"\n") {
		t.Errorf("docs/operations.md does not have this table:\n%s", &want)
	}
}

// runOnce runs a command that ends by itself.
func runOnce(t *testing.T, env map[string]string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, environ(env), nil, &out, io.Discard)
	return out.String(), err
}

func TestAdminKeyBesideARunningServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	env := map[string]string{"CPOD_DATA_DIR": dir}
	if _, err := runOnce(t, env, "admin-key"); err == nil || !strings.Contains(err.Error(), "start the server once") {
		t.Errorf("before the first start: %v", err)
	}
	srv := start(t, dir, nil)
	key, err := runOnce(t, env, "admin-key")
	if err != nil {
		t.Fatal(err)
	}
	srv.adminKey = strings.TrimSpace(key)
	if _, err := srv.client(t, client.Config{APIKey: srv.adminKey}).Apps.List(t.Context()); err != nil {
		t.Errorf("the new key: %v", err)
	}
}

func TestAdminTokenFromTheEnvironment(t *testing.T) {
	t.Parallel()
	token := "cpod_" + strings.Repeat("kl", 22)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_ADMIN_TOKEN": token})
	if srv.adminKey != "" {
		t.Error("the server makes a key beside the one it was given")
	}
	if _, err := srv.client(t, client.Config{APIKey: token}).Apps.List(t.Context()); err != nil {
		t.Errorf("the given key: %v", err)
	}
}

func TestStartRefusals(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	srv := start(t, dir, nil)
	env := map[string]string{"CPOD_DATA_DIR": dir, "CPOD_LISTEN": "127.0.0.1:0"}
	if _, err := runOnce(t, env); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("a second server on the same data: %v", err)
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(srv.url, "http://"))
	busy := map[string]string{"CPOD_DATA_DIR": t.TempDir(), "CPOD_LISTEN": "127.0.0.1:" + port}
	if _, err := runOnce(t, busy); err == nil || !strings.Contains(err.Error(), "CPOD_LISTEN") {
		t.Errorf("a busy port: %v", err)
	}
	srv.stop()
	srv.stop = func() {}

	if err := os.Remove(filepath.Join(dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := runOnce(t, env); err == nil || !strings.Contains(err.Error(), "master key") {
		t.Errorf("a lost master key: %v", err)
	}
	for _, args := range [][]string{{"sirve"}, {"serve", "--port=1"}} {
		if _, err := runOnce(t, env, args...); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	for _, version := range []string{"version", "-version", "--version"} {
		if out, err := runOnce(t, env, version); err != nil || out == "" {
			t.Errorf("%s: %q, %v", version, out, err)
		}
	}
	if out, err := runOnce(t, env, "version"); err != nil || out == "" {
		t.Errorf("version: %q, %v", out, err)
	}
}
