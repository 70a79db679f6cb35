package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// toTry returns the three commands of a welcome.
func toTry(t *testing.T, welcome []string) string {
	t.Helper()
	for _, tool := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the commands need %s", tool)
		}
	}
	var script []string
	for _, line := range welcome {
		for _, begin := range []string{"  SECRET=", "  TOKEN=", "  curl "} {
			if strings.HasPrefix(line, begin) {
				script = append(script, line)
			}
		}
	}
	if len(script) != 3 {
		t.Fatalf("the welcome holds %d commands: %q", len(script), welcome)
	}
	return strings.Join(script, "\n")
}

// sh runs a script, as a user who pastes it.
func sh(t *testing.T, script string) (stdout, stderr string, err error) {
	t.Helper()
	var failures bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Stderr = &failures
	out, err := cmd.Output()
	return string(out), failures.String(), err
}

// The three commands that the first start prints work as they stand. Their app
// declares every scope of the seeds.
func TestTheThreeCommands(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	script := toTry(t, srv.welcome)
	out, problems, err := sh(t, script)
	if err != nil || !strings.HasSuffix(out, "\nhello, world") || !strings.Contains(out, `"key":"hello.txt"`) || problems != "" {
		t.Errorf("%v, printed %s%s", err, out, problems)
	}
	app, err := srv.client(t, client.Config{APIKey: srv.adminKey}).Apps.Get(t.Context(), "app-hello")
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range []string{
		"auth", "policy", "secrets", "masking", "audit", "flags", "ratelimit", "jobs", "storage.private", "storage.user", "storage.shared",
	} {
		for _, action := range []string{".read", ".write"} {
			if !app.DeclaredScopes.Covers(family + action) {
				t.Errorf("the app lacks %s", family+action)
			}
		}
	}

	// A second time the app is there: the commands say so, and do nothing else.
	out, problems, err = sh(t, script)
	if err == nil || out != "" || !strings.Contains(problems, "taken") || strings.Count(problems, "has failed") != 2 {
		t.Errorf("again: %v, printed %q and %q", err, out, problems)
	}
	// Those that "welcome" prints register another app.
	again := strings.Split(srv.mustCommand(t, "welcome"), "\n")
	script = toTry(t, again)
	if _, problems, err := sh(t, script); err == nil || !strings.Contains(problems, "there is no admin key in it") {
		t.Errorf("without a key: %v, printed %q", err, problems)
	}
	out, problems, err = sh(t, "ADMIN_KEY="+srv.adminKey+"\n"+script)
	if err != nil || !strings.HasSuffix(out, "\nhello, world") || problems != "" {
		t.Errorf("welcome: %v, printed %s%s", err, out, problems)
	}
}

// The commands stop at the first error.
func TestTheThreeCommandsWithoutAServer(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	script := toTry(t, srv.welcome)
	srv.stop()
	srv.stop = func() {}
	out, problems, err := sh(t, script)
	if err == nil || out != "" || strings.Count(problems, "curl:") != 1 || !strings.Contains(problems, "has failed") {
		t.Errorf("%v, printed %q and %q", err, out, problems)
	}
}

// The welcome says how to replace the first key, and what to type for it.
func TestTheWelcomeReplacesItsKey(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	text := strings.Join(srv.welcome, "\n")
	for _, want := range []string{` admin-key --name "$USER" --expires 90d`, " admin-key list\n", " admin-key revoke ID\n", ` welcome" shows`} {
		if !strings.Contains(text, want) {
			t.Errorf("the welcome lacks %q: %s", want, text)
		}
	}
	for arg0, want := range map[string]string{
		"/tmp/go-build123/b001/exe/cpod-backend": "go run ./examples/cpod-backend",
		"./cpod-backend":                         "./cpod-backend",
		"cpod-backend":                           "cpod-backend",
	} {
		if got := program(arg0); got != want {
			t.Errorf("program(%q) = %q", arg0, got)
		}
	}
}

// The storage seed, with the Go client: what it stores is there after a restart.
func TestSeedThroughTheClient(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	srv := start(t, dir, nil)
	c, credentials := srv.register(t, "app-myservice", storageScopes...)

	filesSeed(t, c, srv.url)
	documentsSeed(t, c)
	kvSeed(t, c)

	adminKey := srv.adminKey
	srv.stop()
	srv.stop = func() {}
	again := start(t, dir, nil)
	if again.adminKey != "" {
		t.Error("the second start prints an admin key")
	}
	again.adminKey = adminKey
	if _, err := again.client(t, client.Config{APIKey: adminKey}).Apps.Get(t.Context(), "app-myservice"); err != nil {
		t.Errorf("the app after a restart: %v", err)
	}
	c = again.client(t, credentials)
	if got := readFile(t, c.Storage.Files, "config/settings.json"); got != `{"hello":"world"}` {
		t.Errorf("the private file after a restart: %q", got)
	}
	if got := readFile(t, c.Storage.Files.Tier(client.Shared), "brand/logo.svg"); got != "<svg/>" {
		t.Errorf("the shared file after a restart: %q", got)
	}
	var theme map[string]any
	if found, err := c.Storage.DB.Collection("preferences").Get(t.Context(), "theme", &theme); !found || err != nil || theme["mode"] != "dark" {
		t.Errorf("the document after a restart: %v, %v, %v", theme, found, err)
	}
	if found, err := c.Storage.KV.Exists(t.Context(), "counter:api-calls"); found || err != nil {
		t.Errorf("the in-memory kv after a restart: %v, %v", found, err)
	}
}

// filesSeed expects signed URLs to begin with base; anywhere when it is empty.
func filesSeed(t *testing.T, c *client.Client, base string) {
	t.Helper()
	ctx, f := t.Context(), c.Storage.Files
	written, err := f.Write(ctx, "config/settings.json", strings.NewReader(`{"hello":"world"}`), client.ContentType("application/json"))
	if err != nil || written.Key != "config/settings.json" || written.Tier != client.Private || written.Size != 17 {
		t.Fatalf("write: %+v, %v", written, err)
	}
	if _, err := f.Tier(client.Shared).Write(ctx, "brand/logo.svg", strings.NewReader("<svg/>"), client.ContentType("image/svg+xml")); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, f, "config/settings.json"); got != `{"hello":"world"}` {
		t.Errorf("read %q", got)
	}
	for _, key := range []string{"exports/old-report.pdf", "exports/report.pdf"} {
		if _, err := f.Write(ctx, key, strings.NewReader("%PDF"), client.ContentType("application/pdf")); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := f.URL(ctx, "exports/report.pdf", time.Hour)
	if err != nil || base != "" && !strings.HasPrefix(signed.URL, base+"/") {
		t.Fatalf("signed URL %q, %v", signed.URL, err)
	}
	res, err := http.Get(signed.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "%PDF" || res.StatusCode != http.StatusOK {
		t.Errorf("the signed URL answers %d %q", res.StatusCode, body)
	}
	if err := f.Delete(ctx, "exports/old-report.pdf"); err != nil {
		t.Fatal(err)
	}
	page, err := f.List(ctx, "exports/", client.Limit(50))
	if err != nil || len(page.Items) != 1 || page.Items[0].Key != "exports/report.pdf" || page.Items[0].Size != 4 {
		t.Errorf("list: %+v, %v", page, err)
	}
	if _, err := f.Read(ctx, "exports/old-report.pdf"); !isNotFound(err) {
		t.Errorf("reading a deleted file: %v", err)
	}
}

func documentsSeed(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	prefs := c.Storage.DB.Collection("preferences")
	if _, err := prefs.Set(ctx, "theme", json.RawMessage(`{"mode":"dark","accent":"purple","fontSize":14}`)); err != nil {
		t.Fatal(err)
	}
	if found, err := prefs.Get(ctx, "does-not-exist", new(any)); found || err != nil {
		t.Errorf("a missing document: %v, %v", found, err)
	}

	sessions := c.Storage.DB.Collection("sessions")
	for i := range 30 {
		value := map[string]any{"status": "active", "plan": "pro", "createdAt": i}
		if i%10 == 9 {
			value["plan"] = "free"
		}
		if _, err := sessions.Set(ctx, "s"+string(rune('a'+i)), value); err != nil {
			t.Fatal(err)
		}
	}
	active, err := sessions.Query(ctx, client.Query{
		Filter: client.Filter{"status": "active", "plan": "pro"},
		Sort:   client.Sort{client.Desc("createdAt")},
		Limit:  20,
	})
	if err != nil || len(active.Items) != 20 || active.NextCursor == "" {
		t.Fatalf("query: %d items, cursor %q, %v", len(active.Items), active.NextCursor, err)
	}
	page2, err := sessions.Query(ctx, client.Query{
		Filter: client.Filter{"status": "active"},
		Cursor: active.NextCursor,
		Limit:  20,
	})
	if err != nil || len(page2.Items) != 7 || page2.NextCursor != "" {
		t.Fatalf("second page: %d items, cursor %q, %v", len(page2.Items), page2.NextCursor, err)
	}
	last := 30
	for _, item := range append(active.Items, page2.Items...) {
		var v struct {
			Plan      string
			CreatedAt int
		}
		if err := item.Decode(&v); err != nil || v.Plan != "pro" || v.CreatedAt >= last {
			t.Errorf("item %s: %+v after %d, %v", item.Key, v, last, err)
		}
		last = v.CreatedAt
	}

	result, err := c.Storage.DB.Collection("cache").Batch(ctx, []client.Op{
		client.SetOp("user:123", map[string]any{"name": "Alice", "plan": "pro"}),
		client.SetOp("user:456", map[string]any{"name": "Bob", "plan": "free"}),
		client.DeleteOp("user:999"),
	})
	if err != nil || result.Succeeded != 3 || result.Failed != 0 {
		t.Errorf("batch: %+v, %v", result, err)
	}
}

func kvSeed(t *testing.T, c *client.Client) {
	t.Helper()
	ctx, kv := t.Context(), c.Storage.KV
	value := json.RawMessage(`{"userId":"usr-xxx","plan":"pro"}`)
	if err := kv.Set(ctx, "session:abc123", value, client.TTL(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, found, err := kv.Get(ctx, "session:abc123"); got != string(value) || !found || err != nil {
		t.Errorf("get: %q, %v, %v", got, found, err)
	}
	if alive, err := kv.Exists(ctx, "session:abc123"); !alive || err != nil {
		t.Errorf("exists: %v, %v", alive, err)
	}
	if err := kv.Set(ctx, "counter:api-calls", "0"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ by, want int64 }{{1, 1}, {5, 6}} {
		if got, err := kv.Incr(ctx, "counter:api-calls", step.by); got != step.want || err != nil {
			t.Errorf("incr by %d: %d, %v; want %d", step.by, got, err, step.want)
		}
	}
	if left, found, err := kv.TTL(ctx, "session:abc123"); left <= 0 || left > time.Hour || !found || err != nil {
		t.Errorf("ttl: %v, %v, %v", left, found, err)
	}
	if err := kv.Delete(ctx, "session:abc123"); err != nil {
		t.Fatal(err)
	}
	if _, found, err := kv.Get(ctx, "session:abc123"); found || err != nil {
		t.Errorf("get after del: %v, %v", found, err)
	}
}

func readFile(t *testing.T, f *client.Files, key string) string {
	t.Helper()
	r, err := f.Read(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func isNotFound(err error) bool {
	_, ok := errors.AsType[*client.NotFoundError](err)
	return ok
}

// What the server makes is for its owner's eyes.
func TestDataIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	srv := start(t, dir, nil)
	c, _ := srv.register(t, "app-a", storageScopes...)
	filesSeed(t, c, srv.url)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
