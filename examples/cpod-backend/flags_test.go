package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// darkMode is the flag of the seed: on for the plan "pro".
const darkMode = `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off",` +
	`"targeting":{"if":[{"==":[{"var":"plan"},"pro"]},"on",null]}}`

// flagTenant makes a tenant with an app for flags, and callers "app", "reader" and "admin".
func flagTenant(t *testing.T, srv *instance, tenant, app string) (*caller, *client.Client) {
	t.Helper()
	c := newCaller(t, srv.url)
	c.tokens["admin"] = srv.adminKey
	if tenant != defaultTenant {
		c.tokens["admin"] = srv.mustCommand(t, "tenant", "create", tenant)
	}
	admin := srv.client(t, client.Config{APIKey: c.tokens["admin"]})
	_, secret, err := admin.Apps.Register(t.Context(), client.NewApp{
		ClientID: app, Name: app, Type: client.ServiceApp, DeclaredScopes: []string{"flags.read", "flags.write"},
	})
	if err != nil {
		t.Fatal(err)
	}
	config := client.Config{ClientID: app, ClientSecret: secret}
	c.tokens["app"] = srv.token(t, config)
	if _, c.tokens["reader"], err = admin.Apps.CreateKey(t.Context(), app, client.NewAPIKey{Name: "r", Scopes: []string{"flags.read"}}); err != nil {
		t.Fatal(err)
	}
	return c, srv.client(t, config)
}

// What the seed does, through the Go client.
func TestFlagsSeed(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	_, c := flagTenant(t, srv, defaultTenant, "app-a")
	flagsSeed(t, c.Flags)
}

func flagsSeed(t *testing.T, f *client.Flags) {
	t.Helper()
	ctx := t.Context()
	alice := map[string]any{"user_id": "alice@example.com", "plan": "pro"}
	if on, err := f.Bool(ctx, "dark_mode", alice); on || err != nil {
		t.Errorf("before there is such a flag: %t, %v", on, err)
	}
	made, err := f.Put(ctx, "dark_mode", json.RawMessage(darkMode), client.IfAbsent())
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the flag is on", func() bool {
		on, err := f.Bool(ctx, "dark_mode", alice)
		return on && err == nil
	})
	if on, err := f.Bool(ctx, "dark_mode", map[string]any{"user_id": "bob", "plan": "free"}, client.Default(true)); on || err != nil {
		t.Errorf("for another plan: %t, %v", on, err)
	}
	got, found, err := f.Get(ctx, "dark_mode")
	if err != nil || !found || got.Version != made.Version || string(got.Definition) != darkMode {
		t.Errorf("read is %+v, %t, %v", got, found, err)
	}
	if _, err := f.Put(ctx, "dark_mode", json.RawMessage(darkMode), client.IfMatch("other")); err == nil {
		t.Error("a flag with another version is replaced")
	}
	if _, err := f.Put(ctx, "size", json.RawMessage(`{"state":"ENABLED","variants":{"s":1.5},"defaultVariant":"s"}`)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both flags are there", func() bool {
		all, err := f.EvaluateAll(ctx, alice)
		return err == nil && len(all) == 2 && all["dark_mode"].Enabled && string(all["size"].Value) == "1.5"
	})
	var keys []string
	for flag, err := range f.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, flag.Key)
	}
	if strings.Join(keys, " ") != "dark_mode size" {
		t.Errorf("listed are %q", keys)
	}
	for _, key := range keys {
		if err := f.Delete(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
}

// The rows of the contract about flags.
func TestErrorTableOfFlags(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	c, _ := flagTenant(t, srv, defaultTenant, "app-a")
	other, _ := flagTenant(t, srv, "acme", "app-b")
	c.tokens["acme"] = other.tokens["app"]
	srv.register(t, "app-none", "storage.private.read")
	c.tokens["none"] = srv.mustCommand(t, "token", "--app", "app-none", "--scope", "storage.private.read")
	put := func(key string) {
		t.Helper()
		if a := c.do(t, "app", "PUT /v1/flags/"+key, darkMode, "If-None-Match", "*"); a.status != http.StatusCreated {
			t.Fatalf("PUT %s: %d %s", key, a.status, a.body)
		}
	}
	put("dark_mode")
	put("a%2Fb")
	var page struct{ NextCursor string }
	if err := json.Unmarshal([]byte(c.do(t, "app", "GET /v1/flags?limit=1", "").body), &page); err != nil || page.NextCursor == "" {
		t.Fatalf("no cursor: %v", err)
	}
	const context, ofrep = `{"context":{"user_id":"alice@example.com","plan":"pro"}}`, "POST /ofrep/v1/evaluate/flags"
	large := `{"context":{"x":"` + strings.Repeat("x", 64<<10) + `"}}`
	for _, row := range []struct {
		who, call, body string
		headers         []string
		status          int
		code            string
	}{
		{"reader", "POST /v1/flags/dark_mode/evaluate", context, nil, 200, ""},
		{"reader", "POST /v1/flags/a%2Fb/evaluate", context, nil, 200, ""},
		{"reader", "POST /v1/flags/unknown/evaluate", context, nil, 200, ""},
		{"reader", "POST /v1/flags/evaluate", context, nil, 200, ""},
		{"reader", "GET /v1/flags", "", nil, 200, ""},
		{"reader", "GET /v1/flags?cursor=" + page.NextCursor, "", nil, 200, ""},
		{"reader", "GET /v1/flags/a%2Fb", "", nil, 200, ""},
		{"reader", ofrep, context, nil, 200, ""},
		{"reader", ofrep + "/dark_mode", context, nil, 200, ""},

		{"app", "POST /v1/flags/dark_mode/evaluate", `{`, nil, 400, "bad_request"},
		{"app", "POST /v1/flags/dark_mode/evaluate?tier=user", `{}`, nil, 400, "bad_request"},
		{"app", "GET /v1/flags?limit=0", "", nil, 400, "bad_request"},
		{"app", "GET /v1/flags?cursor=bent", "", nil, 400, "invalid_cursor"},
		{"acme", "GET /v1/flags?cursor=" + page.NextCursor, "", nil, 400, "invalid_cursor"},
		{"app", "PUT /v1/flags/" + strings.Repeat("k", 257), darkMode, nil, 400, "invalid_key"},
		{"app", "PUT /v1/flags/dark_mode", darkMode, []string{"If-Match", "bent"}, 400, "bad_request"},
		{"app", "DELETE /v1/flags/dark_mode", "", []string{"If-None-Match", "*"}, 400, "bad_request"},
		{"app", ofrep, `{`, nil, 400, ""},
		{"app", ofrep + "?x=1", `{}`, nil, 400, ""},
		{"app", ofrep + "/dark_mode", large, nil, 400, ""},
		{"", "GET /v1/flags", "", nil, 401, "missing_token"},
		{"", ofrep, context, nil, 401, "missing_token"},
		{"", "GET /ofrep/v1/streams/flags", "", nil, 401, "missing_token"},
		{"none", "GET /v1/flags", "", nil, 403, "invalid_scope"},
		{"none", "POST /v1/flags/dark_mode/evaluate", context, nil, 403, "invalid_scope"},
		{"none", ofrep + "/dark_mode", context, nil, 403, "invalid_scope"},
		{"none", "GET /ofrep/v1/streams/flags", "", nil, 403, "invalid_scope"},
		{"reader", "PUT /v1/flags/dark_mode", darkMode, nil, 403, "invalid_scope"},
		{"reader", "DELETE /v1/flags/dark_mode", "", nil, 403, "invalid_scope"},
		{"admin", "PUT /v1/flags/dark_mode", darkMode, nil, 403, "invalid_scope"},
		{"app", "GET /v1/flags/unknown", "", nil, 404, "not_found"},
		{"acme", "GET /v1/flags/dark_mode", "", nil, 404, "not_found"},
		{"app", ofrep + "/unknown", context, nil, 404, ""},
		{"app", "GET /v1/flags/..", "", nil, 404, "not_found"},
		{"app", "PATCH /v1/flags/dark_mode", `{}`, nil, 405, "method_not_allowed"},
		{"app", "GET /v1/flags/evaluate/x", "", nil, 404, "not_found"},
		{"app", "GET /ofrep/v1/evaluate/flags", "", nil, 405, "method_not_allowed"},
		{"app", "PUT /v1/flags/dark_mode", darkMode, []string{"If-Match", `"other"`}, 412, "precondition_failed"},
		{"app", "PUT /v1/flags/dark_mode", darkMode, []string{"If-None-Match", "*"}, 412, "precondition_failed"},
		{"app", "DELETE /v1/flags/dark_mode", "", []string{"If-Match", `"other"`}, 412, "precondition_failed"},
		{"app", "PUT /v1/flags/dark_mode", `"` + strings.Repeat("x", 2<<20) + `"`, nil, 413, "payload_too_large"},
		{"app", "POST /v1/flags/evaluate", `"` + strings.Repeat("x", 1<<20) + `"`, nil, 413, "payload_too_large"},
		{"app", ofrep, `"` + strings.Repeat("x", 1<<20) + `"`, nil, 413, "payload_too_large"},
		{"app", "PUT /v1/flags/dark_mode", darkMode, []string{"Content-Type", "text/plain"}, 415, "unsupported_media_type"},
		{"app", ofrep, context, []string{"Content-Type", "text/plain"}, 415, "unsupported_media_type"},
		{"app", "PUT /v1/flags/dark_mode", strings.Replace(darkMode, "==", "===x", 1), nil, 422, "validation_failed"},
		{"app", "PUT /v1/flags/dark_mode", `{"state":"ENABLED","variants":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`, nil, 422, "validation_failed"},
		{"app", "POST /v1/flags/dark_mode/evaluate", `{"kontext":{}}`, nil, 422, "validation_failed"},
		{"app", "POST /v1/flags/dark_mode/evaluate", large, nil, 422, "validation_failed"},
		{"app", "POST /v1/flags/evaluate", large, nil, 422, "validation_failed"},
		{"app", "DELETE /v1/flags/dark_mode", "", nil, 204, ""},
		{"app", "DELETE /v1/flags/dark_mode", "", nil, 204, ""},
	} {
		a := c.do(t, row.who, row.call, row.body, row.headers...)
		if a.status != row.status || a.code != row.code {
			t.Errorf("%s as %s: %d %q; want %d %q: %.300s", row.call[:min(len(row.call), 90)], row.who, a.status, a.code, row.status, row.code, a.body)
		}
	}
	a := c.do(t, "app", "PUT /v1/flags/x", strings.Replace(darkMode, `"on",null`, `"no",null`, 1))
	if !strings.Contains(a.body, `"pointer":"/targeting/if/1"`) || !strings.Contains(a.body, "variant") {
		t.Errorf("a wrong variant is answered %d %s", a.status, a.body)
	}
}

// Tenants have the same keys, and see nothing of each other.
func TestFlagsOfTenants(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	a, _ := flagTenant(t, srv, "acme", "app-a")
	b, _ := flagTenant(t, srv, "acmex", "app-b")
	flag := func(value string) string {
		return `{"state":"ENABLED","variants":{"v":"` + value + `"},"defaultVariant":"v"}`
	}
	for _, key := range []string{"k", "only_a"} {
		a.do(t, "app", "PUT /v1/flags/"+key, flag("of acme"))
	}
	b.do(t, "app", "PUT /v1/flags/k", flag("of acmex"))
	for who, c := range map[string]*caller{"of acme": a, "of acmex": b} {
		for _, call := range []string{
			"POST /v1/flags/k/evaluate", "POST /v1/flags/evaluate", "GET /v1/flags", "GET /v1/flags/k",
			"POST /ofrep/v1/evaluate/flags", "POST /ofrep/v1/evaluate/flags/k",
		} {
			body := ""
			if strings.HasPrefix(call, "POST") {
				body = `{"context":{"identity":{"tenant":"acme"},"tenantId":"acme"}}`
			}
			var answered answer
			eventually(t, call, func() bool {
				answered = c.do(t, "app", call, body)
				return answered.status == http.StatusOK && strings.Contains(answered.body, who)
			})
			if strings.Count(answered.body, "of acme") != strings.Count(answered.body, who) && who == "of acmex" || who == "of acmex" && strings.Contains(answered.body, "only_a") ||
				who == "of acme" && strings.Contains(answered.body, "of acmex") {
				t.Errorf("%s, flags %s: %s", call, who, answered.body)
			}
		}
	}
	if got := b.do(t, "app", "DELETE /v1/flags/only_a", ""); got.status != http.StatusNoContent {
		t.Errorf("delete: %d", got.status)
	}
	if got := a.do(t, "app", "GET /v1/flags/only_a", ""); got.status != http.StatusOK {
		t.Errorf("another tenant's delete reached the flag: %d", got.status)
	}

	said := strings.Join(strings.Fields(srv.mustCommand(t, "tenant", "delete", "--yes", "acme")), " ")
	if !strings.Contains(said, "flags 2 ") {
		t.Errorf("the deletion says %s", said)
	}
	later, _ := flagTenant(t, srv, "acme", "app-a")
	if got := later.do(t, "app", "POST /v1/flags/k/evaluate", `{}`); !strings.Contains(got.body, "FLAG_NOT_FOUND") {
		t.Errorf("a later tenant of the same name sees %s", got.body)
	}
	if got := later.do(t, "app", "GET /v1/flags", ""); got.body != `{"items":[]}`+"\n" {
		t.Errorf("a later tenant of the same name lists %s", got.body)
	}
	if got := b.do(t, "app", "GET /v1/flags/k", ""); got.status != http.StatusOK {
		t.Errorf("the tenant beside it has lost its flag: %d", got.status)
	}
}

// From a file, flags are the installation's. A broken edit changes nothing and is said.
func TestFlagsFromAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "flags.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"flags":{"dark_mode":` + darkMode + `}}`)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_FLAGS": "file:" + file, "CPOD_OPS_LISTEN": "127.0.0.1:0", "CPOD_LOG_FORMAT": "json"})
	ops := srv.opsURL(t)
	state := func(want, stale string) func() bool {
		metric := regexp.MustCompile(`(?m)^cpodkit_flags_stale(\{[^}]*\})? ` + stale + `$`)
		return func() bool {
			_, ready := get(t, ops+"/readyz")
			_, metrics := get(t, ops+"/metrics")
			return strings.Contains(ready, `"status":"`+want+`"`) && metric.MatchString(metrics)
		}
	}
	a, _ := flagTenant(t, srv, "acme", "app-a")
	b, _ := flagTenant(t, srv, "globex", "app-b")
	const evaluate, pro = "POST /v1/flags/dark_mode/evaluate", `{"context":{"plan":"pro"}}`
	for _, c := range []*caller{a, b} {
		if got := c.do(t, "app", evaluate, pro); !strings.Contains(got.body, `"enabled":true`) {
			t.Errorf("%d %s", got.status, got.body)
		}
		for call, status := range map[string]int{"GET /v1/flags": 200, "GET /v1/flags/dark_mode": 200, "DELETE /v1/flags/dark_mode": 501} {
			if got := c.do(t, "app", call, ""); got.status != status {
				t.Errorf("%s: %d %s", call, got.status, got.body)
			}
		}
		if got := c.do(t, "app", "PUT /v1/flags/dark_mode", darkMode); got.status != 501 || got.code != "not_supported" {
			t.Errorf("PUT: %d %s", got.status, got.body)
		}
	}
	eventually(t, "it is ready", state("ok", "0"))
	write(`{"flags":{"dark_mode":{"state":"ON"}}}`)
	eventually(t, "it says that the file is broken", state("degraded", "1"))
	if got := a.do(t, "app", evaluate, pro); !strings.Contains(got.body, `"enabled":true`) {
		t.Errorf("after a broken edit: %s", got.body)
	}
	if !strings.Contains(srv.log.String(), "/flags/dark_mode/state") && !strings.Contains(srv.log.String(), "flags.json") {
		t.Errorf("the log does not say what is wrong: %s", srv.log)
	}
	write(`{"flags":{}}`)
	eventually(t, "the good edit is in effect", func() bool {
		return strings.Contains(a.do(t, "app", evaluate, pro).body, "FLAG_NOT_FOUND")
	})
	eventually(t, "it is whole again", state("ok", "0"))
}

// The stream tells of a change.
func TestFlagStream(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	c, _ := flagTenant(t, srv, defaultTenant, "app-a")
	told := flagStream(t, srv.url, c.tokens["app"])
	a := c.do(t, "app", "POST /ofrep/v1/evaluate/flags", `{"context":{}}`)
	if !strings.Contains(a.body, `"eventStreams":[{"type":"sse","url":"`+srv.url+`/ofrep/v1/streams/flags"}]`) {
		t.Errorf("%s", a.body)
	}
	if a := c.do(t, "app", "PUT /v1/flags/dark_mode", darkMode); a.status != http.StatusOK {
		t.Fatalf("PUT: %d %s", a.status, a.body)
	}
	select {
	case data := <-told:
		if !strings.Contains(data, `"type":"refetchEvaluation"`) {
			t.Errorf("the event is %s", data)
		}
	case <-time.After(watchdog):
		t.Error("no event comes")
	}
}

// flagStream returns the events of a server's stream of flags, as eventStream does.
func flagStream(t *testing.T, base, token string) <-chan string {
	t.Helper()
	return eventStream(t, base+"/ofrep/v1/streams/flags", token)
}

// eventStream returns the data of the events of a stream, after the type of an event that
// has one and a space.
func eventStream(t *testing.T, url, token string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the stream answers %d", res.StatusCode)
	}
	told := make(chan string, 100)
	go func() {
		defer res.Body.Close()
		event := ""
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			field, text, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "event":
				event = text + " "
			case "data":
				told <- event + text
				event = ""
			}
		}
	}()
	return told
}

// The command finds what a server would refuse, and where. It needs no data.
func TestFlagsCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good/a.json", `{"flags":{"dark_mode":`+darkMode+`}}`)
	wrong := write("wrong/b.json", "{\"flags\": {\n  \"f\": {\"state\": \"ENABLED\", \"variants\": {\"on\": true},\n    \"targeting\": {\"iff\": [true, \"on\"]},\n    \"defaultVariant\": \"off\"}}}")
	write("wrong/a.json", `{"flags":{}}`)
	broken := write("broken.json", "{\"flags\": {\n  \"f\": }}")
	for _, half := range []string{"a", "b"} {
		var many []string
		for i := range 6000 {
			many = append(many, fmt.Sprintf(`"%s%d":{"state":"ENABLED","variants":{"on":true}}`, half, i))
		}
		write("many/"+half+".json", `{"flags":{`+strings.Join(many, ",")+`}}`)
	}
	env := map[string]string{"CPOD_DATA_DIR": filepath.Join(dir, "none")}
	for _, c := range []struct {
		name string
		says []string
		err  string // "" for none
	}{
		{good, []string{good + ": 1 flags\n"}, ""},
		{filepath.Dir(good), []string{good + ": 1 flags\n"}, ""},
		{wrong, []string{wrong + ":3:19: /flags/f/targeting/iff ", wrong + ":4:5: /flags/f/defaultVariant "}, "the flags are wrong"},
		{filepath.Dir(wrong), []string{"a.json: 0 flags\n", wrong + ":3:19: "}, "1 of 2 files"},
		{filepath.Join(dir, "many"), []string{"a.json: 6000 flags\n", "b.json: 6000 flags\n"}, "at most 10000"},
		{broken, []string{broken + ":2:8: is not valid JSON"}, "the flags are wrong"},
		{filepath.Join(dir, "nothing.json"), nil, "no such file"},
	} {
		out, err := runOnce(t, env, "flags", "check", c.name)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, want := range c.says {
			if !strings.Contains(out, want) {
				t.Errorf("%s: printed\n%s\nwant %q", c.name, out, want)
			}
		}
	}
	if _, err := os.Stat(env["CPOD_DATA_DIR"]); err == nil {
		t.Error("the command makes a data directory")
	}
}
