package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/api/apitest"
	"github.com/cpodkit/cpodkit/client"
)

// watchdog bounds what would otherwise hang; no test depends on its length.
const watchdog = 30 * time.Second

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// environ returns variables in the form of os.Environ.
func environ(variables map[string]string) []string {
	var entries []string
	for name, value := range variables {
		entries = append(entries, name+"="+value)
	}
	return entries
}

// loadForTest reads the variables, which must be right.
func loadForTest(t *testing.T, variables map[string]string) (database, []part) {
	t.Helper()
	d, all, err := load(readSettings(environ(variables), io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	return d, all
}

// openForTest opens all parts on the data of a folder, or of other variables. The
// caller closes the server.
func openForTest(t *testing.T, log *slog.Logger, variables map[string]string) *server {
	t.Helper()
	all := map[string]string{"CPOD_PUBLIC_URL": "http://localhost:8000", "CPOD_OPS_LISTEN": "off"}
	maps.Copy(all, variables)
	d, parts := loadForTest(t, all)
	s, err := openServer(t.Context(), newHouse(d.base, log), parts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// existing opens the records of a data directory that a server has made.
func existing(t *testing.T, dir string) *house {
	t.Helper()
	d, _ := loadForTest(t, map[string]string{"CPOD_DATA_DIR": dir})
	h, err := openExisting(t.Context(), d, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// instance is a running server, started as main starts it.
type instance struct {
	dir      string            // of its data
	env      map[string]string // of its commands, beside what the fields here say
	url      string
	adminKey string   // of its first start
	welcome  []string // the lines it printed
	log      *logBuffer
	stop     func()
}

// start runs the server on a free port until stop, or the end of the test.
func start(t *testing.T, dir string, env map[string]string) *instance {
	t.Helper()
	settings := map[string]string{"CPOD_LISTEN": "127.0.0.1:0", "CPOD_OPS_LISTEN": "off", "CPOD_DATA_DIR": dir}
	maps.Copy(settings, env)
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	log := new(logBuffer)
	go func() {
		err := run(ctx, nil, environ(settings), nil, in, log)
		in.CloseWithError(io.EOF)
		done <- err
	}()
	srv := &instance{dir: dir, log: log, stop: sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("the server ended with %v", err)
			}
			close(done)
		case <-time.After(watchdog):
			stacks := make([]byte, 1<<20)
			t.Errorf("the server does not stop; all goroutines:\n%s", stacks[:runtime.Stack(stacks, true)])
		}
	})}
	t.Cleanup(func() { srv.stop() })
	srv.readWelcome(out)
	if srv.url == "" {
		t.Fatalf("the server did not start: %v", <-done)
	}
	return srv
}

// readWelcome takes what the server prints in its one write.
func (s *instance) readWelcome(out io.Reader) {
	text := make([]byte, 64<<10)
	n, _ := out.Read(text)
	s.welcome = strings.Split(string(text[:n]), "\n")
	for _, line := range s.welcome {
		if rest, ok := strings.CutPrefix(line, "cpod-backend serves on "); ok {
			s.url, _, _ = strings.Cut(rest, ",")
		}
		if key := strings.TrimSpace(line); strings.HasPrefix(key, "cpod_") {
			s.adminKey = key
		}
	}
}

// client returns a Go client whose every answer is held against the OpenAPI
// document.
func (s *instance) client(t *testing.T, c client.Config) *client.Client {
	t.Helper()
	c.BaseURL = s.url
	c.HTTPClient = &http.Client{Transport: apitest.Transport(t, nil)}
	made, err := client.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.CloseIdleConnections)
	return made
}

// register makes an app with the given scopes and returns its client.
func (s *instance) register(t *testing.T, id string, scopes ...string) (*client.Client, client.Config) {
	t.Helper()
	admin := s.client(t, client.Config{APIKey: s.adminKey})
	_, secret, err := admin.Apps.Register(t.Context(), client.NewApp{
		ClientID: id, Name: id, Type: client.ServiceApp, DeclaredScopes: scopes,
	})
	if err != nil {
		t.Fatal(err)
	}
	config := client.Config{ClientID: id, ClientSecret: secret}
	return s.client(t, config), config
}

// token gets an access token as a shell would.
func (s *instance) token(t *testing.T, c client.Config) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/v1/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(c.ClientID, c.ClientSecret)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("status %d, %v", res.StatusCode, err)
	}
	return answer.Token
}

var storageScopes = []string{
	"storage.private.read", "storage.private.write", "storage.shared.read", "storage.shared.write",
}
