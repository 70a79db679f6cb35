package main

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// hexKey is a master key.
var hexKey = strings.Repeat("5a", 32)

// What is no server's own lives in no data directory.
func TestPlacesOfBackends(t *testing.T) {
	t.Parallel()
	const mongo = "mongodb://root:hunter2@db"
	for _, c := range []struct {
		env      map[string]string // DIR is a folder of its own
		database string
		files    string
		place    string
	}{
		{map[string]string{}, "data/cpod.db", "data/files", "DIR/data"},
		{map[string]string{"CPOD_DB": "sqlite:", "CPOD_FILES": "file:"}, "data/cpod.db", "data/files", "DIR/data"},
		{map[string]string{"CPOD_DB": "sqlite:DIR/y.db", "CPOD_FILES": "file:DIR/f"}, "y.db", "f", "DIR/data"},
		{map[string]string{"CPOD_DB": mongo}, "", "data/files", "DIR/data"},
		{map[string]string{"CPOD_DB": mongo, "CPOD_FILES": "file:DIR/f"}, "", "f", elsewhere},
		{map[string]string{"CPOD_DB": mongo, "CPOD_FILES": "s3://key:hunter2@bucket"}, "", "", elsewhere},
	} {
		dir := t.TempDir()
		env := map[string]string{"CPOD_MASTER_KEY": hexKey, "CPOD_DATA_DIR": "DIR/data", "CPOD_PUBLIC_URL": "http://h", "CPOD_OPS_LISTEN": "off"}
		maps.Copy(env, c.env)
		for name, value := range env {
			env[name] = strings.ReplaceAll(value, "DIR", dir)
		}
		d, parts := loadForTest(t, env)
		if c.database == "" {
			parts = withDatabase(parts, documents.NewMemory(), keyring.NewMaster(), nil)
		}
		server, err := openServer(t.Context(), newHouse(d.base, quiet()), parts)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"data", "data/cpod.db", "data/files", "y.db", "f"} {
			_, err := os.Stat(filepath.Join(dir, path))
			inUse := path == c.database || path == c.files || path == "data" && c.place != elsewhere
			if exists := err == nil; exists != inUse {
				t.Errorf("%v: %s exists: %t", c.env, path, exists)
			}
		}
		if want := strings.ReplaceAll(c.place, "DIR", dir); server.place != want {
			t.Errorf("%v: the place is %s", c.env, server.place)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMixesOfBackendsWarn(t *testing.T) {
	t.Parallel()
	const mongo, redis, s3, url = "mongodb://root:hunter2@db", "redis://:hunter2@cache", "s3://key:hunter2@b", "https://api.example.com"
	for _, c := range []struct {
		db, files, kv, cluster, limits, url string
		warns                               []string // the variables that are named
	}{
		{mongo, s3, redis, redis, redis, url, nil},
		{mongo, s3, "memory:", redis, redis, url, []string{"CPOD_KV"}},
		{mongo, "file:", "", redis, redis, url, []string{"CPOD_FILES", "CPOD_KV"}},
		{mongo, s3, redis, redis, "memory:", url, []string{"CPOD_RATELIMIT"}},
		{mongo, s3, redis, "", redis, url, []string{"CPOD_CLUSTER"}},
		{mongo, s3, redis, redis, redis, "", []string{"CPOD_PUBLIC_URL"}},
		{mongo, "", "", "", "", "", []string{"CPOD_CLUSTER", "CPOD_PUBLIC_URL", "CPOD_RATELIMIT", "CPOD_FILES", "CPOD_KV"}},
	} {
		_, parts := loadForTest(t, map[string]string{
			"CPOD_DB": c.db, "CPOD_FILES": c.files, "CPOD_KV": c.kv, "CPOD_CLUSTER": c.cluster,
			"CPOD_RATELIMIT": c.limits, "CPOD_PUBLIC_URL": c.url, "CPOD_MASTER_KEY": hexKey,
		})
		log := new(logBuffer)
		warnOfMixes(slog.New(slog.NewJSONHandler(log, nil)), parts)
		var named []string
		for line := range strings.Lines(log.String()) {
			_, name, _ := strings.Cut(line, `"variable":"`)
			name, _, _ = strings.Cut(name, `"`)
			named = append(named, name)
		}
		if !slices.Equal(named, c.warns) || strings.Contains(log.String(), "hunter2") {
			t.Errorf("%+v: the log says %s", c, log)
		}
	}
}

// A URL that its backend refuses is named by its variable, and not shown.
func TestBrokenBackendURLs(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"CPOD_DB":      "mongodb://root:hunter2@db:port",
		"CPOD_FILES":   "s3://key:hunter2@bucket?endpoint=here",
		"CPOD_KV":      "redis://:hunter2@cache:port",
		"CPOD_CLUSTER": "redis+sentinel://:hunter2@cache",
	} {
		env := map[string]string{
			"CPOD_DATA_DIR": t.TempDir(), "CPOD_LISTEN": "127.0.0.1:0", "CPOD_OPS_LISTEN": "off", "CPOD_MASTER_KEY": hexKey, name: url,
		}
		_, err := runOnce(t, env)
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A server whose database is its own warns of nothing.
func TestNoMixWithoutASharedDatabase(t *testing.T) {
	t.Parallel()
	log := new(logBuffer)
	server := openForTest(t, slog.New(slog.NewJSONHandler(log, nil)), map[string]string{"CPOD_DATA_DIR": t.TempDir()})
	defer server.Close()
	if strings.Contains(log.String(), `"level":"WARN"`) || strings.Contains(log.String(), `"level":"ERROR"`) {
		t.Errorf("the log says %s", log)
	}
}
