package main

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// Past the app's limit, the calls of OFREP answer 429 and say when to come again.
func TestOFREPLimit(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), map[string]string{"CPOD_LIMIT_APP": "2/24h"}) // which the tenant's admin needs
	c, _ := flagTenant(t, srv, "acme", "app-a")
	const bulk = "POST /ofrep/v1/evaluate/flags"
	for range 2 {
		if a := c.do(t, "app", bulk, `{"context":{}}`); a.status != http.StatusOK {
			t.Fatalf("within the limit: %d %s", a.status, a.body)
		}
	}
	for call, body := range map[string]string{
		bulk: `{"context":{}}`, bulk + "/dark_mode": `{"context":{}}`, "GET /ofrep/v1/streams/flags": "",
	} {
		a := c.do(t, "app", call, body)
		if a.status != http.StatusTooManyRequests || a.code != "rate_limited" || a.header.Get("Retry-After") == "" ||
			a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %v %s", call, a.status, a.header, a.body)
		}
	}
}

// The stream ends, and says why, when its credential is revoked.
func TestFlagStreamEndsWithItsCredential(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	c, _ := flagTenant(t, srv, defaultTenant, "app-a")
	admin := srv.client(t, client.Config{APIKey: srv.adminKey})
	stream := flagStream(t, srv.url, c.tokens["reader"])
	for key, err := range admin.Apps.AllKeys(t.Context(), "app-a") {
		if err != nil {
			t.Fatal(err)
		}
		if err := admin.Apps.DeleteKey(t.Context(), "app-a", key.ID); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case data := <-stream:
		if data != `end {"code":"invalid_token"}` {
			t.Errorf("the stream says %s", data)
		}
	case <-time.After(watchdog):
		t.Error("the stream goes on")
	}
}

// While flags in the database cannot be read, the last good ones are in effect and the
// server is degraded.
func TestFlagsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := start(t, dir, map[string]string{"CPOD_OPS_LISTEN": "127.0.0.1:0"})
	c, _ := flagTenant(t, srv, defaultTenant, "app-a")
	if a := c.do(t, "app", "PUT /v1/flags/dark_mode", darkMode); a.status != http.StatusOK {
		t.Fatalf("PUT: %d %s", a.status, a.body)
	}
	isOn := func() bool {
		return strings.Contains(c.do(t, "app", "POST /v1/flags/dark_mode/evaluate", `{"context":{"plan":"pro"}}`).body, `"enabled":true`)
	}
	eventually(t, "the flag is on", isOn)
	is := func(want string) func() bool {
		return func() bool {
			status, ready := get(t, srv.opsURL(t)+"/readyz")
			return status == http.StatusOK && strings.Contains(ready, `"status":"`+want+`"`)
		}
	}
	eventually(t, "it is ready", is(stateOK))

	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, databaseFile)+"?_pragma=busy_timeout(30000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const ofHeads = ` WHERE collection IN (SELECT id FROM collections WHERE name = 'flag-heads')`
	var before []byte
	if err := db.QueryRowContext(t.Context(), `SELECT value FROM documents`+ofHeads).Scan(&before); err != nil {
		t.Fatal(err)
	}
	store := func(value []byte) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), `UPDATE documents SET value = ?`+ofHeads, value); err != nil {
			t.Fatal(err)
		}
	}
	store([]byte(`{"flags":"many"}`))
	eventually(t, "it says that the flags cannot be read", is(stateDegraded))
	if !isOn() {
		t.Error("the last good flag is not in effect")
	}
	store(before)
	eventually(t, "it is whole again", is(stateOK))
}
