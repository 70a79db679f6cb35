//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

const replicaCount = 3

// installation is three built servers on the same systems, behind a proxy.
type installation struct {
	*testing.T
	redis, mongo, s3 *testservice.Server
	provider         *provider // whose tokens are accepted

	env      map[string]string // of every server and command
	binary   string
	proxy    *roundRobin
	replicas [replicaCount]*process
	adminKey string
	secrets  []string // that no log may show
}

// newInstallation starts the systems and, at the same moment, the servers.
func newInstallation(t *testing.T) *installation {
	t.Helper()
	in := &installation{T: t, binary: filepath.Join(t.TempDir(), "cpod-backend"), proxy: &roundRobin{}}
	in.redis, in.mongo = testservice.Redis(t, testservice.WithArgs("--requirepass", "hunter2-redis")), testservice.Mongo(t)
	var account testservice.S3
	in.s3, account = testservice.MinIO(t)
	const bucket = "cpod"
	makeBucket(t, account, bucket)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", in.binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	server := httptest.NewServer(in.proxy.handler())
	t.Cleanup(server.Close)
	redisURL := "redis://:hunter2-redis@" + in.redis.Addr
	in.env = map[string]string{
		"CPOD_DB":         "mongodb://" + in.mongo.Addr + "/cpod",
		"CPOD_FILES":      "s3://" + account.AccessKey + ":" + account.SecretKey + "@" + bucket + "?endpoint=http://" + account.Endpoint,
		"CPOD_KV":         redisURL,
		"CPOD_CLUSTER":    redisURL,
		"CPOD_RATELIMIT":  redisURL,
		"CPOD_MASTER_KEY": hexKey,
		"CPOD_PUBLIC_URL": server.URL,
		"CPOD_LISTEN":     "127.0.0.1:0",
		"CPOD_OPS_LISTEN": "127.0.0.1:0",
		"CPOD_DATA_DIR":   filepath.Join(t.TempDir(), "nothing"),
	}
	in.provider = newProvider(t)
	in.env["CPOD_ISSUERS"] = issuersFile(t, in.provider.entry(nil))
	in.env["CPOD_LIMIT_REFUSED_TOKENS"] = "off" // the isolation suite lives on refusals
	in.secrets = []string{"hunter2-redis", account.SecretKey, hexKey}
	var starts sync.WaitGroup
	for i := range in.replicas {
		starts.Go(func() { in.replicas[i] = in.start() })
	}
	starts.Wait()
	for i, p := range in.replicas {
		if p == nil {
			t.Fatal("a server does not start")
		}
		in.proxy.set(i, p.url)
		if p.adminKey != "" && in.adminKey != "" {
			t.Error("two servers print an admin key")
		}
		in.adminKey += p.adminKey
	}
	if in.adminKey == "" {
		t.Fatal("no server prints an admin key")
	}
	return in
}

func makeBucket(t *testing.T, account testservice.S3, bucket string) {
	t.Helper()
	store, err := minio.New(account.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(account.AccessKey, account.SecretKey, "")})
	if err == nil {
		err = store.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// signer signs with the key of the servers.
func (in *installation) signer(t *testing.T) *authz.Signer {
	t.Helper()
	d, _ := loadForTest(t, in.env)
	h, err := openExisting(t.Context(), d, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return signerOf(t, h)
}

// through returns the servers as a client sees them that reaches them at a URL.
func (in *installation) through(url string) *instance {
	return &instance{url: url, adminKey: in.adminKey, env: in.env, dir: in.env["CPOD_DATA_DIR"]}
}

func (in *installation) all() *instance { return in.through(in.env["CPOD_PUBLIC_URL"]) }

// process is one server.
type process struct {
	cmd      *exec.Cmd
	url      string // past the proxy
	ops      string
	adminKey string
	log      *logBuffer
	ended    chan struct{}
}

// start starts a server, or fails the test and returns nil.
func (in *installation) start() *process {
	p := &process{cmd: exec.Command(in.binary), log: new(logBuffer), ended: make(chan struct{})}
	address := freeAddress(in.T)
	env := maps.Clone(in.env)
	env["CPOD_LISTEN"] = address
	p.url = "http://" + address
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		in.Error(err)
		return nil
	}
	if err := p.cmd.Start(); err != nil {
		in.Error(err)
		return nil
	}
	in.Cleanup(func() { p.kill() })
	printed := &instance{}
	printed.readWelcome(out)
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	if printed.url != in.env["CPOD_PUBLIC_URL"] {
		in.Errorf("the server prints %q\n%s", printed.welcome, p.log)
		return nil
	}
	p.adminKey = printed.adminKey
	p.ops = (&instance{log: p.log}).opsURL(in.T)
	return p
}

func freeAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	ln, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return ""
	}
	defer ln.Close()
	return ln.Addr().String()
}

// kill ends a server as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// roundRobin hands each request to the next server, and knows nothing of any but
// whether it takes connections. It sends nothing twice.
type roundRobin struct {
	mu      sync.Mutex
	targets [replicaCount]*url.URL // nil where nobody is
	turn    atomic.Uint64
}

func (p *roundRobin) set(i int, target string) {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.targets[i] = u
}

// next returns the server whose turn it is.
func (p *roundRobin) next() *url.URL {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range p.targets {
		if u := p.targets[p.turn.Add(1)%replicaCount]; u != nil {
			return u
		}
	}
	return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
}

// bury takes a server out that takes no connections.
func (p *roundRobin) bury(host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, u := range p.targets {
		if u != nil && u.Host == host {
			p.targets[i] = nil
		}
	}
}

func (p *roundRobin) handler() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			target := p.next()
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			r.Out.URL.RawQuery = r.In.URL.RawQuery // as it was sent, whatever the proxy thinks of it
		},
		// A connection that was kept could be one that a dead server has closed.
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
				p.bury(r.URL.Host)
			}
			w.WriteHeader(http.StatusBadGateway)
		},
	}
}

// state is what one server's /readyz says.
func (p *process) state(t *testing.T) (status int, backends map[string]string, overall string) {
	t.Helper()
	status, body := get(t, p.ops+"/readyz")
	var answer struct {
		Status   string
		Backends map[string]string
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return status, answer.Backends, answer.Status
}

// accepts reports whether a server itself takes a token, by a call that needs
// no backend but what tells whether it is good.
func (in *installation) accepts(p *process, token string) (accepted bool, status int) {
	in.Helper()
	ctx, cancel := context.WithTimeout(in.Context(), watchdog)
	defer cancel()
	// The shared tier is not among the token's scopes: who is let in is told so.
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/v1/storage/kv/none?tier=shared", nil)
	if err != nil {
		in.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		in.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusForbidden, res.StatusCode
}

// register makes an app that may use its private tier, and returns its
// credentials.
func (in *installation) register(at *instance, id string) client.Config {
	in.Helper()
	_, credentials := at.register(in.T, id, "storage.private.read", "storage.private.write")
	return credentials
}

// keepsSecrets fails the test when a server has logged a secret.
func (in *installation) keepsSecrets() {
	in.Helper()
	for i, p := range in.replicas {
		for _, secret := range append(in.secrets, in.adminKey) {
			if strings.Contains(p.log.String(), secret) {
				in.Errorf("the log of server %d holds a secret", i)
			}
		}
	}
	if _, err := os.Stat(in.env["CPOD_DATA_DIR"]); err == nil {
		in.Error("a server made a data directory")
	}
}

func (in *installation) step(name string, run func(t *testing.T)) {
	began := time.Now()
	if !in.Run(name, run) {
		in.FailNow()
	}
	in.Logf("%s: %.1f s", name, time.Since(began).Seconds())
}
