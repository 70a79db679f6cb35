package main

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// hexKey is a master key.
var hexKey = strings.Repeat("5a", 32)

func loadForTest(t *testing.T, env map[string]string) config {
	t.Helper()
	cfg, err := loadConfig(func(name string) string { return env[name] }, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// What is no server's own lives in no data directory.
func TestPlacesOfBackends(t *testing.T) {
	t.Parallel()
	const mongo = "mongodb://root:hunter2@db"
	for _, c := range []struct {
		env      map[string]string
		database string
		files    string
		place    string
	}{
		{map[string]string{}, "d/cpod.db", "d/files", "d"},
		{map[string]string{"CPOD_DB": "sqlite:", "CPOD_FILES": "file:"}, "d/cpod.db", "d/files", "d"},
		{map[string]string{"CPOD_DB": "sqlite:/x/y.db", "CPOD_FILES": "file:/x/f"}, "/x/y.db", "/x/f", "d"},
		{map[string]string{"CPOD_DB": mongo}, "", "d/files", "d"},
		{map[string]string{"CPOD_DB": mongo, "CPOD_FILES": "file:/x/f"}, "", "/x/f", "the backends of CPOD_DB, CPOD_FILES and CPOD_KV"},
		{map[string]string{"CPOD_DB": mongo, "CPOD_FILES": "s3://key:hunter2@b"}, "", "", "the backends of CPOD_DB, CPOD_FILES and CPOD_KV"},
	} {
		c.env["CPOD_MASTER_KEY"] = hexKey
		cfg := loadForTest(t, c.env)
		cfg.dataDir = "d"
		if isLocal(cfg.db) && cfg.databasePath() != c.database {
			t.Errorf("%v: the database is %s", c.env, cfg.databasePath())
		}
		if isLocal(cfg.files) && cfg.filesPath() != c.files {
			t.Errorf("%v: the files are in %s", c.env, cfg.filesPath())
		}
		if cfg.place() != c.place {
			t.Errorf("%v: the place is %s", c.env, cfg.place())
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
		{"", "", "", "", "", "", nil},
		{"", s3, redis, redis, "", "", nil},
		{mongo, s3, redis, redis, redis, url, nil},
		{mongo, s3, "memory:", redis, redis, url, []string{"CPOD_KV"}},
		{mongo, "file:", "", redis, redis, url, []string{"CPOD_FILES", "CPOD_KV"}},
		{mongo, s3, redis, redis, "memory:", url, []string{"CPOD_RATELIMIT"}},
		{mongo, s3, redis, "", redis, url, []string{"CPOD_CLUSTER"}},
		{mongo, s3, redis, redis, redis, "", []string{"CPOD_PUBLIC_URL"}},
		{mongo, "", "", "", "", "", []string{"CPOD_FILES", "CPOD_KV", "CPOD_RATELIMIT", "CPOD_CLUSTER", "CPOD_PUBLIC_URL"}},
	} {
		cfg := loadForTest(t, map[string]string{
			"CPOD_DB": c.db, "CPOD_FILES": c.files, "CPOD_KV": c.kv, "CPOD_CLUSTER": c.cluster,
			"CPOD_RATELIMIT": c.limits, "CPOD_PUBLIC_URL": c.url, "CPOD_MASTER_KEY": hexKey,
		})
		log := new(logBuffer)
		cfg.warnOfMixes(slog.New(slog.NewJSONHandler(log, nil)))
		var named []string
		for line := range strings.Lines(log.String()) {
			_, list, _ := strings.Cut(line, `"variables":[`)
			list, _, _ = strings.Cut(list, "]")
			named = append(named, strings.Split(strings.ReplaceAll(list, `"`, ""), ",")...)
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
