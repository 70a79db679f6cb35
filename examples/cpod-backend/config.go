package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// off is the value of variables that switch something off.
const off = "off"

// config is what the environment says. docs/operations.md lists the variables.
type config struct {
	backends

	limits limits

	listen     string
	opsListen  string // "" for the default, which may be taken; "off" for none
	publicURL  string // "" until the port is known
	dataDir    string
	adminToken string

	startPatience time.Duration // for a database that does not answer yet

	masterKey     string
	masterKeyFile string

	maxFileBytes int64 // 0 for no limit
	keepFree     int64 // bytes of the disk
	indexes      []documents.Index
	indexesFile  string // "" for none

	otlp otlp
}

// checkUnserved refuses every setting that this version knows and does not
// serve: a server that ignored it would store data where nobody expects it, or
// verify less than its operator believes.
func checkUnserved(getenv func(string) string) error {
	embedded := map[string]string{
		"CPOD_SECRETS": "local:",
		"CPOD_JOBS":    off,
		"CORESDK_ENV":  "production",
	}
	for name, only := range embedded {
		if v := getenv(name); v != "" && v != only {
			return fmt.Errorf("%s: this version serves %q only; unset it", name, only)
		}
	}
	if getenv("CORESDK_JWKS_URI") != "" {
		return errors.New("CORESDK_JWKS_URI: this version verifies its own tokens only; unset it")
	}
	return nil
}

func loadConfig(getenv func(string) string, log *slog.Logger) (config, error) {
	c := config{
		listen:        cmp.Or(getenv("CPOD_LISTEN"), ":8000"),
		opsListen:     getenv("CPOD_OPS_LISTEN"),
		publicURL:     getenv("CPOD_PUBLIC_URL"),
		dataDir:       cmp.Or(getenv("CPOD_DATA_DIR"), "data"),
		adminToken:    getenv("CPOD_ADMIN_TOKEN"),
		masterKey:     getenv("CPOD_MASTER_KEY"),
		masterKeyFile: getenv("CPOD_MASTER_KEY_FILE"),
		startPatience: 30 * time.Second,
	}
	if err := checkUnserved(getenv); err != nil {
		return c, err
	}
	var err error
	if c.backends, err = loadBackends(getenv); err != nil {
		return c, err
	}
	if c.limits, err = loadLimits(getenv); err != nil {
		return c, err
	}
	if c.otlp, err = otlpFromEnv(getenv); err != nil {
		return c, err
	}
	if _, _, err := net.SplitHostPort(c.opsListen); err != nil && c.opsListen != "" && c.opsListen != off {
		return c, fmt.Errorf("CPOD_OPS_LISTEN: want host:port, :port or off: %w", err)
	}
	if c.maxFileBytes, err = byteCount(getenv, "CPOD_MAX_FILE_BYTES", 0); err != nil {
		return c, err
	}
	if c.keepFree, err = byteCount(getenv, "CPOD_KEEP_FREE_BYTES", 64<<20); err != nil {
		return c, err
	}
	if c.indexes, c.indexesFile, err = indexesFromEnv(getenv); err != nil {
		return c, err
	}
	for _, name := range []string{"CORESDK_SIDECAR_ADDR", "CORESDK_CONTROL_PLANE_URL"} {
		if getenv(name) != "" {
			log.Warn("this variable is not used yet", "variable", name)
		}
	}
	if c.masterKey != "" && c.masterKeyFile != "" {
		return c, errors.New("CPOD_MASTER_KEY and CPOD_MASTER_KEY_FILE are both set; keep one")
	}
	if !isLocal(c.db) && c.masterKey == "" && c.masterKeyFile == "" {
		return c, errors.New("CPOD_MASTER_KEY: a database that is not on this machine needs the key that seals the keys of the server, " +
			"the same on every replica and kept apart from the database; make one with: openssl rand -base64 32 (or name a file with CPOD_MASTER_KEY_FILE)")
	}
	if c.adminToken != "" && (!strings.HasPrefix(c.adminToken, "cpod_") || len(c.adminToken) < 37) {
		return c, errors.New("CPOD_ADMIN_TOKEN: an admin key starts with cpod_ and has at least 32 characters after that; leave it unset and the first start makes one")
	}
	host, _, err := net.SplitHostPort(c.listen)
	if err != nil {
		return c, fmt.Errorf("CPOD_LISTEN: want host:port or :port: %w", err)
	}
	if c.publicURL == "" {
		if !loopback(host) {
			log.Warn("CPOD_PUBLIC_URL is not set: tokens and signed URLs name localhost, which other machines cannot reach")
		}
		return c, nil
	}
	return c, checkPublicURL(c.publicURL)
}

func byteCount(getenv func(string) string, name string, fallback int64) (int64, error) {
	text := getenv(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: want a number of bytes, without a unit", name)
	}
	return n, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func checkPublicURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("CPOD_PUBLIC_URL: want http://host[:port] or https://host[:port], without a path or a slash at the end")
	}
	return nil
}
