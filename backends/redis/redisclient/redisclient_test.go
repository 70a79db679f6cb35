package redisclient_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
)

func open(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	client, err := redisclient.Open(url)
	if err != nil {
		t.Fatalf("Open(%q): %v", url, err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestSingleNode(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]redis.Options{
		"redis://host":                       {Addr: "host:6379"},
		"redis://host:7000/3":                {Addr: "host:7000", DB: 3},
		"redis://[::1]:7000/":                {Addr: "[::1]:7000"},
		"redis://[::1]":                      {Addr: "[::1]:6379"},
		"redis://:pa%40ss%2F@host":           {Addr: "host:6379", Password: "pa@ss/"},
		"redis://user:p@host?timeout=1s":     {Addr: "host:6379", Username: "user", Password: "p", ReadTimeout: time.Second},
		"redis://host?pool_size=7":           {Addr: "host:6379", PoolSize: 7},
		"redis://host:1?dial_timeout=1500ms": {Addr: "host:1", DialTimeout: 1500 * time.Millisecond},
		"rediss://host/1?server_name=other":  {Addr: "host:6379", DB: 1},
		"redis://user:p%2C%3A@host:6379/0?":  {Addr: "host:6379", Username: "user", Password: "p,:"},
		"redis://u:a@b@host":                 {Addr: "host:6379", Username: "u", Password: "a@b"},
	} {
		client, ok := open(t, url).(*redis.Client)
		if !ok {
			t.Errorf("%s is no single node", url)
			continue
		}
		got := client.Options()
		if got.Addr != want.Addr || got.DB != want.DB || got.Username != want.Username || got.Password != want.Password {
			t.Errorf("%s opens %s %d %q %q", url, got.Addr, got.DB, got.Username, got.Password)
		}
		if want.ReadTimeout == 0 {
			want.ReadTimeout = redisclient.DefaultTimeout
		}
		if want.DialTimeout == 0 {
			want.DialTimeout = redisclient.DefaultDialTimeout
		}
		if got.ReadTimeout != want.ReadTimeout || got.WriteTimeout != want.ReadTimeout || got.DialTimeout != want.DialTimeout {
			t.Errorf("%s has the time limits %v, %v, %v", url, got.DialTimeout, got.ReadTimeout, got.WriteTimeout)
		}
		if want.PoolSize != 0 && got.PoolSize != want.PoolSize {
			t.Errorf("%s has a pool of %d", url, got.PoolSize)
		}
		if got.MaxRetries != 0 || !got.ContextTimeoutEnabled {
			t.Errorf("%s repeats commands, or forgets the time limit of its callers", url)
		}
		if isTLS := got.TLSConfig != nil; isTLS != strings.HasPrefix(url, "rediss") || isTLS && got.TLSConfig.InsecureSkipVerify {
			t.Errorf("%s has the TLS settings %v", url, got.TLSConfig)
		}
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	client, ok := open(t, "rediss+cluster://user:p@a:7001,b,[::1]:7002").(*redis.ClusterClient)
	if !ok {
		t.Fatal("it is no Cluster")
	}
	got := client.Options()
	if want := []string{"a:7001", "b:6379", "[::1]:7002"}; !slices.Equal(got.Addrs, want) {
		t.Errorf("nodes %q, want %q", got.Addrs, want)
	}
	if got.Username != "user" || got.Password != "p" || got.TLSConfig == nil {
		t.Errorf("user %q, password %q, TLS %v", got.Username, got.Password, got.TLSConfig != nil)
	}
}

// What is wrong is said, and nothing that may be secret.
func TestBadURLs(t *testing.T) {
	t.Parallel()
	noCertificate := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noCertificate, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"":                                                 "scheme",
		"host:6379":                                        "scheme",
		"http://u:secret@host":                             "scheme",
		"redis+://u:secret@host":                           "scheme",
		"redis+ring://u:secret@host":                       "scheme",
		"redis://u:secret@":                                "host",
		"redis://u:secret@host:port":                       "host",
		"redis://u:secret@host:0":                          "port",
		"redis://u:secret@host:65536":                      "port",
		"redis://u:secret@::1":                             "host",
		"redis://u:secret@a,b":                             "several hosts",
		"redis+cluster://u:secret@a,,b":                    "host",
		"redis+cluster://u:secret@a/0":                     "path",
		"redis+sentinel://u:secret@a,b":                    "master",
		"redis+sentinel://u:secret@a/main/x":               "database",
		"redis://u:secret@host/secret":                     "database",
		"redis://u:secret@host/-1":                         "database",
		"redis://u:sec%ret@host":                           "not valid",
		"redis://u:secret@host#secret":                     "not valid",
		"redis://u:secret@host?password=secret":            "an option that is none of",
		"redis://u:secret@host?ca=x":                       `"ca"`,
		"redis://u:secret@host?sentinel_username=u":        `"sentinel_username"`,
		"redis://u:secret@host?timeout=secret":             "timeout",
		"redis://u:secret@host?timeout=0":                  "timeout",
		"redis://u:secret@host?timeout=1s&timeout=2s":      "timeout",
		"redis://u:secret@host?timeout=":                   "timeout",
		"redis://u:secret@host?pool_size=0":                "pool_size",
		"rediss://u:secret@host?cert=x":                    "go together",
		"rediss://u:secret@host?ca=" + noCertificate:       "no certificate",
		"rediss://u:secret@host?ca=" + noCertificate + "2": "option ca",
	} {
		client, err := redisclient.Open(url)
		if err == nil {
			client.Close()
			t.Errorf("Open(%q) succeeds", url)
			continue
		}
		if text := err.Error(); !strings.Contains(text, want) || strings.Contains(text, "secret") {
			t.Errorf("Open(%q): %v; want something of %q and no secret", url, err, want)
		}
	}
}

func ExampleOpen() {
	client, err := redisclient.Open("redis+sentinel://:password@sentinel-1,sentinel-2,sentinel-3/main/0?timeout=1s")
	if err != nil {
		panic(err)
	}
	defer client.Close() // after the drivers that use it
}
