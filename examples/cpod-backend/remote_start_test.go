//go:build unix

package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/internal/testservice"
)

// A server waits for its database, for so long, and for nothing else.
func TestStartWhileBackendsAreDown(t *testing.T) {
	t.Parallel()
	mongo := testservice.Mongo(t)
	mongo.Stop()
	d, parts := loadForTest(t, map[string]string{
		"CPOD_DB": "mongodb://" + mongo.Addr + "/cpod?appName=hunter2", "CPOD_MASTER_KEY": hexKey, "CPOD_DATA_DIR": t.TempDir(),
		"CPOD_FILES":   "s3://key:hunter2@bucket?endpoint=http://127.0.0.1:1",
		"CPOD_KV":      "redis://:hunter2@127.0.0.1:1",
		"CPOD_CLUSTER": "redis://:hunter2@127.0.0.1:1", "CPOD_OPS_LISTEN": "off", "CPOD_PUBLIC_URL": "http://localhost:8000",
	})
	log := new(logBuffer)
	logger := slog.New(slog.NewJSONHandler(log, nil))
	const warning = "the database does not answer; trying again"

	open := func(patience time.Duration) (*server, error) {
		d.patience = patience
		parts[2] = databasePart(d)
		return openServer(t.Context(), newHouse(d.base, logger), parts)
	}
	_, err := open(300 * time.Millisecond)
	if err == nil || !strings.HasPrefix(err.Error(), "CPOD_DB: the database has not answered") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("without a database: %v", err)
	}
	if len(log.lines(t, warning)) != 1 || strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log says %s", log)
	}

	type result struct {
		s   *server
		err error
	}
	opened := make(chan result, 1)
	go func() {
		s, err := open(watchdog)
		opened <- result{s, err}
	}()
	eventually(t, "the server waits", func() bool { return len(log.lines(t, warning)) == 2 })
	mongo.Start()
	got := <-opened
	if got.err != nil {
		t.Fatal(got.err)
	}
	ready := newReadiness(t.Context(), got.s.ready, logger)
	const want = `{"status":"unavailable","backends":{"cluster":"unavailable","documents":"ok","files":"unavailable","flags":"ok","kv":"unavailable","policy":"ok","secrets":"ok"}}`
	if status, body := askReady(ready); status != 503 || body != want {
		t.Errorf("ready: %d %s", status, body)
	}
	if err := got.s.Close(); err != nil {
		t.Error(err)
	}
}

// Commands work on a database elsewhere, once a server has been started on it.
func TestCommandsOnARemoteDatabase(t *testing.T) {
	t.Parallel()
	mongo := testservice.Mongo(t)
	env := map[string]string{
		"CPOD_DB": "mongodb://" + mongo.Addr + "/cpod", "CPOD_MASTER_KEY": hexKey,
		"CPOD_FILES": "file:" + t.TempDir(),
	}
	if _, err := runOnce(t, env, "tenant", "list"); err == nil || !strings.Contains(err.Error(), "start the server once") {
		t.Errorf("before the first start: %v", err)
	}
	srv := start(t, t.TempDir(), env)
	srv.env = env
	srv.register(t, "app-a", "storage.private.read")
	if key := srv.mustCommand(t, "tenant", "create", "acme"); !strings.HasPrefix(key, "cpod_") {
		t.Errorf("tenant create printed %q", key)
	}
	if list := srv.mustCommand(t, "tenant", "list"); !strings.HasPrefix(list, "acme ") || !strings.Contains(list, "\ndefault ") {
		t.Errorf("tenant list printed %q", list)
	}
	if got := srv.appIDs(t, srv.mustCommand(t, "admin-key")); len(got) != 1 {
		t.Errorf("a new admin key sees %q", got)
	}
	call := newCaller(t, srv.url)
	call.tokens["app"] = srv.mustCommand(t, "token", "--app", "app-a", "--scope", "storage.private.read")
	if a := call.do(t, "app", "GET /v1/storage/kv/none", ""); a.status != 404 {
		t.Errorf("a token of the command: %d %s", a.status, a.body)
	}
	first, again := srv.mustCommand(t, "rotate-key"), srv.mustCommand(t, "rotate-key")
	if first != again || !strings.Contains(first, "signs tokens from") {
		t.Errorf("rotate-key printed %q, then %q", first, again)
	}
	env["CPOD_MASTER_KEY"] = strings.Repeat("a5", 32)
	if _, err := runOnce(t, env, "tenant", "list"); err == nil || !strings.Contains(err.Error(), "another master key") {
		t.Errorf("with another master key: %v", err)
	}
}
