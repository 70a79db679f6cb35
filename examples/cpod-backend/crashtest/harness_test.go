// Package crashtest_test holds the built server, as a process of its own, to
// what docs/durability.md promises: it is killed, its disk is full or read-only,
// its clients are large, slow and broken.
package crashtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

const (
	// requireVariable makes a test fail that lacks what it needs of the system.
	requireVariable = "CPODKIT_TEST_REQUIRE_SERVICES"

	// serverVariable tells a test that runs itself again where the server is.
	serverVariable = "CPODKIT_TEST_SERVER"

	// watchdog bounds what would otherwise hang; no test depends on its length.
	watchdog = time.Minute
)

// lacking ends a test that the system does not permit.
func lacking(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv(requireVariable) != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// serverPath is where the built server is.
var serverPath string

func TestMain(m *testing.M) {
	if asOther() {
		return
	}
	os.Exit(build(m))
}

func build(m *testing.M) int {
	if serverPath = os.Getenv(serverVariable); serverPath != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "crashtest")
	if err == nil {
		defer os.RemoveAll(dir)
		serverPath = filepath.Join(dir, "cpod-backend.exe")
		cmd := exec.Command("go", "build", "-o", serverPath, "..")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		err = errors.Join(cmd.Run(), readModule())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "building the server:", err)
		return 1
	}
	return m.Run()
}

// readModule looks at every folder of the module, so that the go command, which
// notes what a test opens, takes a result from its cache only while the server
// is the same.
func readModule() error {
	return filepath.WalkDir("../../..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." {
			return fs.SkipDir
		}
		return err
	})
}

// instance is a data directory with the port of its server, which stays the same,
// for it is part of the tokens.
type instance struct {
	dir      string
	port     int
	env      []string
	adminKey string // of the first start
}

func newInstance(t *testing.T, dir string, env ...string) *instance {
	t.Helper()
	return &instance{dir: dir, port: freePort(t), env: env}
}

// freePort finds a port that no system hands out by itself, so that it stays
// free while the server is down.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 15000 + rand.IntN(15000)
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			ln.Close()
			return port
		}
	}
	t.Fatal("there is no free port")
	return 0
}

// server is a running process.
type server struct {
	instance *instance
	url      string
	cmd      *exec.Cmd
	log      *tail
	ended    chan struct{}
	err      error // of the process, once ended is closed
}

// start returns when the server has answered its first request. It is killed at
// the latest when the test ends.
func (i *instance) start(t *testing.T) *server {
	t.Helper()
	s := i.launch(t)
	if _, err := s.health(t.Context()); err != nil {
		t.Fatalf("the first request: %v\n%s", err, s.log)
	}
	return s
}

// launch returns when the server says that it serves.
func (i *instance) launch(t *testing.T) *server {
	t.Helper()
	s := i.server()
	t.Cleanup(s.kill)
	if err := s.launch(); err != nil {
		t.Fatal(err)
	}
	return s
}

// server prepares the process.
func (i *instance) server() *server {
	address := fmt.Sprintf("127.0.0.1:%d", i.port)
	s := &server{instance: i, url: "http://" + address, cmd: exec.Command(serverPath), log: &tail{}, ended: make(chan struct{})}
	s.cmd.Env = append([]string{
		"CPOD_DATA_DIR=" + i.dir, "CPOD_LISTEN=" + address, "CPOD_OPS_LISTEN=127.0.0.1:0", "CPOD_PUBLIC_URL=" + s.url,
	}, i.env...)
	s.cmd.Stderr = s.log
	dieWithParent(s.cmd)
	return s
}

func (s *server) launch() error {
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		close(s.ended)
		return err
	}
	// The server prints all that it has to say in one write.
	text := make([]byte, 64<<10)
	n, _ := out.Read(text)
	go func() {
		defer close(s.ended)
		s.err = s.cmd.Wait()
	}()
	for line := range strings.Lines(string(text[:n])) {
		if key := strings.TrimSpace(line); strings.HasPrefix(key, "cpod_") {
			s.instance.adminKey = key
		}
	}
	if n == 0 {
		s.kill()
		return fmt.Errorf("the server does not start: %w\n%s", s.err, s.log)
	}
	return nil
}

// kill ends the process as kill -9 does, and returns when it is gone.
func (s *server) kill() {
	if s.cmd.Process != nil {
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// stop asks the process to end, which must work.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(watchdog):
		t.Fatalf("the server does not stop\n%s", s.log)
	}
	if s.err != nil {
		t.Fatalf("the server ended with %v\n%s", s.err, s.log)
	}
}

// health sends a request that needs no token.
func (s *server) health(ctx context.Context) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/health", nil)
	if err != nil {
		return 0, err
	}
	res, err := oneShot().Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// oneShot returns a client that leaves no connection behind.
func oneShot() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: watchdog}
}

// client returns a client that sends each call once.
func (s *server) client(t *testing.T, c client.Config) *client.Client {
	t.Helper()
	c.BaseURL, c.MaxAttempts = s.url, 1
	made, err := client.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.CloseIdleConnections)
	return made
}

func (s *server) admin(t *testing.T) *client.Client {
	t.Helper()
	return s.client(t, client.Config{APIKey: s.instance.adminKey})
}

// register makes an app that may do everything in its private tier.
func (s *server) register(t *testing.T, id string) client.Config {
	t.Helper()
	admin := s.admin(t)
	defer admin.CloseIdleConnections()
	_, secret, err := admin.Apps.Register(t.Context(), newApp(id))
	if err != nil {
		t.Fatal(err)
	}
	return client.Config{ClientID: id, ClientSecret: secret}
}

func newApp(id string) client.NewApp {
	return client.NewApp{ClientID: id, Name: id, DeclaredScopes: []string{"storage.private.read", "storage.private.write"}}
}

// tail keeps the end of a log.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const most = 16 << 10
	l.text = append(l.text, p...)
	l.text = l.text[max(0, len(l.text)-most):]
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// eventually waits for what a process or a goroutine brings about.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	limit := time.NewTimer(watchdog)
	defer limit.Stop()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for !done() {
		select {
		case <-poll.C:
		case <-limit.C:
			t.Fatalf("not within %v: %s", watchdog, what)
		}
	}
}
