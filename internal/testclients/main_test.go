// Package testclients_test runs clients that nobody here wrote against the built server: a
// browser, and OAuth libraries for JavaScript and Go. It is a module of its own, so that
// what it links never reaches a user.
package testclients_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// watchdog bounds what would otherwise hang; no test depends on its length.
const watchdog = 8 * time.Minute

// programs is the folder of the built programs.
var programs string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "testclients")
	if err == nil {
		defer os.RemoveAll(dir)
		programs = dir
		cmd := exec.Command("go", "-C", "../..", "build", "-o", dir+"/", "./examples/cpod-backend", "./examples/browser-app")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		err = cmd.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "building the programs:", err)
		return 1
	}
	return m.Run()
}

// server is a running server, with the tenant "default".
type server struct {
	*testing.T
	url      string
	adminKey string
	env      []string
}

// start starts a built server on a free port and a new data directory. It ends with the
// test.
func start(t *testing.T, settings map[string]string) *server {
	t.Helper()
	address := freeAddress(t)
	env := map[string]string{"CPOD_LISTEN": address, "CPOD_OPS_LISTEN": "off", "CPOD_LOG_LEVEL": "warn", "CPOD_DATA_DIR": filepath.Join(t.TempDir(), "data")}
	maps.Copy(env, settings)
	s := &server{T: t}
	for name, value := range env {
		s.env = append(s.env, name+"="+value)
	}
	out := s.run("cpod-backend", s.env)
	for s.adminKey == "" {
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatalf("the server does not start: %v", err)
		}
		if rest, ok := strings.CutPrefix(line, "cpod-backend serves on "); ok {
			s.url, _, _ = strings.Cut(rest, ",")
		}
		if key := strings.TrimSpace(line); strings.HasPrefix(key, "cpod_") {
			s.adminKey = key
		}
	}
	return s
}

// run starts a program that ends with the test, and returns what it prints. What it logs
// is shown when the test fails.
func (s *server) run(name string, env []string, args ...string) *bufio.Reader {
	s.Helper()
	log, err := os.Create(filepath.Join(s.TempDir(), "log"))
	s.must(err)
	defer log.Close()
	cmd := exec.Command(filepath.Join(programs, name), args...)
	cmd.Env, cmd.Stderr = env, log
	out, err := cmd.StdoutPipe()
	s.must(err)
	s.must(cmd.Start())
	s.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(watchdog, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
		if text, err := os.ReadFile(log.Name()); s.Failed() && err == nil {
			s.Logf("%s logged\n%s", name, text)
		}
	})
	return bufio.NewReader(out)
}

// command runs a subcommand of the server on its data, and returns what it prints.
func (s *server) command(args ...string) string {
	s.Helper()
	cmd := exec.CommandContext(s.Context(), filepath.Join(programs, "cpod-backend"), args...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// invite adds a user by command, and returns the link with which the user sets a password.
func (s *server) invite(email string) string {
	s.Helper()
	link, _, _ := strings.Cut(s.command("user", "add", email), "\n")
	return link
}

func (s *server) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// as returns a client of the server with a token or an admin key.
func (s *server) as(token string) *client.Client {
	s.Helper()
	c, err := client.New(client.Config{BaseURL: s.url, APIKey: token})
	s.must(err)
	s.Cleanup(c.CloseIdleConnections)
	return c
}

// register registers an app and returns its secret.
func (s *server) register(app client.NewApp) string {
	s.Helper()
	_, secret, err := s.as(s.adminKey).Apps.Register(s.Context(), app)
	s.must(err)
	return secret
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// read returns a file.
func (s *server) read(files *client.Files, key string) string {
	s.Helper()
	r, err := files.Read(s.Context(), key)
	s.must(err)
	defer r.Close()
	text, err := io.ReadAll(r)
	s.must(err)
	return string(text)
}

// bounded returns a context that ends with the test, or at the watchdog.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	t.Cleanup(cancel)
	return ctx
}
