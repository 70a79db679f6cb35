//go:build unix

package testservice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// watchdog bounds what a server is waited for.
const watchdog = 60 * time.Second

// Server is one real server, on a port of its own that it keeps over a restart,
// as it keeps its data where the system keeps any. It ends with its test. It is
// used by one goroutine at a time.
type Server struct {
	Addr string // host and port
	CA   string // file with the certificate of its authority; "" without TLS

	t       testing.TB
	command []string
	env     []string
	dir     string
	ready   func(ctx context.Context, addr string) error
	running *exec.Cmd
	exited  chan struct{}
}

// Option changes a server.
type Option func(*options)

type options struct {
	tls  bool
	args []string
}

// WithTLS makes the server speak TLS only, with a certificate for 127.0.0.1 and
// localhost of an authority of its own.
func WithTLS() Option { return func(o *options) { o.tls = true } }

// WithArgs adds arguments to its command line.
func WithArgs(args ...string) Option {
	return func(o *options) { o.args = append(o.args, args...) }
}

// Redis starts a Redis that keeps nothing over a restart.
func Redis(t testing.TB, opts ...Option) *Server {
	s, o := newServer(t, redisServer, opts)
	host, port := hostPort(t, s.Addr)
	s.command = append(s.command, "--bind", host, "--save", "", "--appendonly", "no", "--dir", s.dir)
	if o.tls {
		certificate, key := s.certify()
		s.command = append(s.command, "--port", "0", "--tls-port", port, "--tls-auth-clients", "no",
			"--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", s.CA)
	} else {
		s.command = append(s.command, "--port", port)
	}
	s.command = append(s.command, o.args...)
	s.Start()
	return s
}

// Mongo starts a server of MongoDB's wire protocol that keeps its data.
func Mongo(t testing.TB, opts ...Option) *Server {
	s, o := newServer(t, mongoServer, opts)
	s.command = append(s.command, "-listen", s.Addr, "-data", s.dir)
	if o.tls {
		certificate, key := s.certify()
		s.command = append(s.command, "-cert", certificate, "-key", key)
	}
	s.command = append(s.command, o.args...)
	s.Start()
	return s
}

// MinIOSecret is the secret key of every MinIO.
const MinIOSecret = "secret-of-minio"

// MinIO starts a MinIO that keeps its data, and returns the key pair that may do
// everything there.
func MinIO(t testing.TB, opts ...Option) (*Server, S3) {
	s, o := newServer(t, s3Server, opts)
	account := S3{Endpoint: s.Addr, AccessKey: "cpodkit", SecretKey: MinIOSecret}
	s.env = append(os.Environ(), "MINIO_ROOT_USER="+account.AccessKey, "MINIO_ROOT_PASSWORD="+account.SecretKey, "HOME="+s.dir)
	certs := filepath.Join(s.dir, "certs")
	s.must(os.Mkdir(certs, 0o700))
	if o.tls {
		certificate, key := s.certify()
		s.must(os.Rename(certificate, filepath.Join(certs, "public.crt")))
		s.must(os.Rename(key, filepath.Join(certs, "private.key")))
	}
	s.command = append(s.command, "server", "--quiet", "--address", s.Addr, "--certs-dir", certs)
	s.command = append(s.command, o.args...)
	s.command = append(s.command, filepath.Join(s.dir, "data"))
	s.ready = storesFiles(o.tls)
	s.Start()
	return s, account
}

// OIDC starts an OpenID provider whose issuer is http:// and its Addr. Its users and its
// client are those of internal/testservers/oidc. Users come back to the redirect URI.
func OIDC(t testing.TB, redirectURI string) *Server {
	s, _ := newServer(t, oidcServer, nil)
	s.command = append(s.command, "-listen", s.Addr, "-redirect", redirectURI)
	s.Start()
	return s
}

func newServer(t testing.TB, variable string, opts []Option) (*Server, options) {
	t.Helper()
	program := need(t, variable)
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	s := &Server{Addr: freeAddr(t), t: t, command: []string{program}, dir: t.TempDir(), ready: listens}
	t.Cleanup(s.Kill)
	return s, o
}

func freeAddr(t testing.TB) string {
	t.Helper()
	var config net.ListenConfig
	ln, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func hostPort(t testing.TB, addr string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

// Start starts the server and waits until it takes connections. One that runs is
// left as it is.
func (s *Server) Start() {
	s.t.Helper()
	if s.running != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), watchdog)
	defer cancel()
	log, err := os.Create(filepath.Join(s.dir, "log"))
	s.must(err)
	defer log.Close()
	// It is killed by Kill, not by a context: the test's ends before its cleanups.
	cmd := exec.Command(s.command[0], s.command[1:]...) //nolint:gosec,noctx // the program is a variable; for the context see above
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, log, log
	s.must(cmd.Start())
	s.running, s.exited = cmd, make(chan struct{})
	go func(exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(s.exited)
	if err := s.wait(ctx); err != nil {
		text, _ := os.ReadFile(log.Name())
		s.t.Fatalf("%s: %v\n%s", s.command[0], err, text)
	}
}

// wait polls: a server has no other way to tell that it listens.
func (s *Server) wait(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if s.ready(ctx, s.Addr) == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.exited:
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("it does not listen: %w", ctx.Err())
		}
	}
}

func listens(ctx context.Context, addr string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

// storesFiles returns what asks a MinIO whether it stores files. It takes connections
// before that.
func storesFiles(overTLS bool) func(ctx context.Context, addr string) error {
	scheme := "http"
	if overTLS {
		scheme = "https"
	}
	//nolint:gosec // the test's own server on loopback, and nothing secret goes to it
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	client := &http.Client{Transport: transport}
	return func(ctx context.Context, addr string) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+addr+"/minio/health/cluster", nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("the health is %s", answer.Status)
		}
		return nil
	}
}

// Stop asks the server to end, and waits for it.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

func (s *Server) end(signal syscall.Signal) {
	s.t.Helper()
	if s.running == nil {
		return
	}
	_ = s.running.Process.Signal(signal)
	watch := time.NewTimer(watchdog)
	defer watch.Stop()
	select {
	case <-s.exited:
	case <-watch.C:
		_ = s.running.Process.Kill()
		<-s.exited
		s.t.Errorf("%s did not end on %v", s.command[0], signal)
	}
	s.running = nil
}

// Freeze stops the server in the middle of what it does: connections stay, and
// new ones are made by the kernel, but nobody answers.
func (s *Server) Freeze() {
	s.t.Helper()
	s.must(s.running.Process.Signal(syscall.SIGSTOP))
	// Its threads stop one after the other.
	var status syscall.WaitStatus
	_, err := syscall.Wait4(s.running.Process.Pid, &status, syscall.WUNTRACED, nil)
	s.must(err)
}

// Thaw lets a frozen server go on.
func (s *Server) Thaw() { s.must(s.running.Process.Signal(syscall.SIGCONT)) }

func (s *Server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// Port returns the port of Addr.
func (s *Server) Port() int {
	_, port := hostPort(s.t, s.Addr)
	n, err := strconv.Atoi(port)
	s.must(err)
	return n
}
