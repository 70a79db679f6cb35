package main

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
)

// backends is where everything is kept, as URLs. They may hold passwords: no log
// and no error shows one. The zero value is this process and its data directory.
type backends struct{ db, files, kv, cluster, rateLimit string }

func loadBackends(getenv func(string) string) (backends, error) {
	var b backends
	memoryOrRedis := []string{
		"memory", "redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster",
	}
	for _, v := range []struct {
		name    string
		into    *string
		schemes []string
	}{
		{"CPOD_DB", &b.db, []string{"sqlite", "mongodb", "mongodb+srv"}},
		{"CPOD_FILES", &b.files, []string{"file", "s3"}},
		{"CPOD_KV", &b.kv, memoryOrRedis},
		{"CPOD_CLUSTER", &b.cluster, memoryOrRedis},
		{"CPOD_RATELIMIT", &b.rateLimit, memoryOrRedis},
	} {
		*v.into = getenv(v.name)
		if *v.into != "" && !slices.Contains(v.schemes, scheme(*v.into)) {
			return b, fmt.Errorf("%s: want a URL with one of the schemes %s", v.name, strings.Join(v.schemes, ", "))
		}
	}
	return b, nil
}

// scheme is what stands before the colon of a URL.
func scheme(url string) string {
	before, _, found := strings.Cut(url, ":")
	if !found {
		return ""
	}
	return before
}

// isLocal reports whether a backend is this process or its disk, and no other
// server can use it.
func isLocal(url string) bool {
	return url == "" || slices.Contains([]string{"sqlite", "file", "memory"}, scheme(url))
}

// pathOf returns the path behind a scheme, or the default one.
func pathOf(url, byDefault string) string {
	if _, path, _ := strings.Cut(url, ":"); path != "" {
		return path
	}
	return byDefault
}

func (c config) databasePath() string {
	return pathOf(c.db, filepath.Join(c.dataDir, databaseFile))
}

func (c config) filesPath() string { return pathOf(c.files, filepath.Join(c.dataDir, "files")) }

// usesDataDir reports whether anything lives in the data directory.
func (c config) usesDataDir() bool {
	return isLocal(c.db) || isLocal(c.files) && c.filesPath() == filepath.Join(c.dataDir, "files")
}

// place says where the data is, and shows no URL.
func (c config) place() string {
	if c.usesDataDir() {
		return c.dataDir
	}
	return "the backends of CPOD_DB, CPOD_FILES and CPOD_KV"
}

// warnOfMixes tells an operator, once, what keeps servers on one database from
// behaving as one.
func (c config) warnOfMixes(log *slog.Logger) {
	if isLocal(c.db) {
		return
	}
	var own []string
	for _, v := range []struct{ name, url string }{{"CPOD_FILES", c.files}, {"CPOD_KV", c.kv}} {
		if isLocal(v.url) {
			own = append(own, v.name)
		}
	}
	if len(own) > 0 {
		log.Warn("the database can be shared, but what these variables name is this server's own: run one server only, or set them",
			"variables", own)
	}
	if isLocal(c.rateLimit) {
		log.Warn("each server on this database counts requests for itself, so N of them admit N times the limits: set CPOD_RATELIMIT",
			"variables", []string{"CPOD_RATELIMIT"})
	}
	if isLocal(c.cluster) {
		log.Warn("servers on this database cannot tell each other what they revoke, so each request looks it up: set CPOD_CLUSTER",
			"variables", []string{"CPOD_CLUSTER"})
	}
	if c.publicURL == "" {
		log.Warn("CPOD_PUBLIC_URL is not set: servers on this database accept each other's tokens only when it is, and the same on all",
			"variables", []string{"CPOD_PUBLIC_URL"})
	}
}
