package main

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

// maskTenant makes a tenant with an app for masking, and callers "app" with all its scopes,
// "reader", "opener" and "admin".
func maskTenant(t *testing.T, srv *instance, tenant, app string) (*caller, *client.Client) {
	t.Helper()
	c := newCaller(t, srv.url)
	c.tokens["admin"] = srv.adminKey
	if tenant != defaultTenant {
		c.tokens["admin"] = srv.mustCommand(t, "tenant", "create", tenant)
	}
	admin := srv.client(t, client.Config{APIKey: c.tokens["admin"]})
	_, secret, err := admin.Apps.Register(t.Context(), client.NewApp{
		ClientID: app, Name: app, Type: client.ServiceApp, DeclaredScopes: []string{"masking.read", "masking.write", "masking.detokenise"},
	})
	if err != nil {
		t.Fatal(err)
	}
	config := client.Config{ClientID: app, ClientSecret: secret}
	c.tokens["app"] = srv.token(t, config)
	for who, scope := range map[string]string{"reader": "masking.read", "opener": "masking.detokenise"} {
		if _, c.tokens[who], err = admin.Apps.CreateKey(t.Context(), app, client.NewAPIKey{Name: who, Scopes: []string{scope}}); err != nil {
			t.Fatal(err)
		}
	}
	return c, srv.client(t, config)
}

// What the seed does, and each other call once, through the Go client.
func TestMaskingSeed(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	_, c := maskTenant(t, srv, defaultTenant, "app-a")
	maskingSeed(t, c.Masking)
	srv.stop()
	if strings.Contains(srv.log.String(), "alice") || strings.Contains(srv.log.String(), "tok_") {
		t.Errorf("a value is in the log: %s", srv.log)
	}
}

func maskingSeed(t *testing.T, m *client.Masking) {
	t.Helper()
	ctx := t.Context()
	person := map[string]string{"name": "Alice Smith", "email": "alice@example.com", "ssn": "123-45-6789"}
	var masked map[string]string
	err := m.Mask(ctx, person, &masked)
	if err != nil || !maps.Equal(masked, map[string]string{"name": "Alice Smith", "email": "a***@example.com", "ssn": "***-**-****"}) {
		t.Errorf("masked is %v, %v", masked, err)
	}
	safe, found, err := m.MaskString(ctx, "Call Alice at 555-867-5309")
	if err != nil || safe != "Call [NAME] at [PHONE]" || len(found) != 2 || found[1].Entity != "PHONE" || found[1].Start != 14 || found[1].End != 26 {
		t.Errorf("masked is %q, %+v, %v", safe, found, err)
	}

	matches, err := m.DryRun(ctx, person)
	var pointers []string
	for _, match := range matches {
		pointers = append(pointers, match.Pointer)
	}
	if err != nil || !slices.Equal(pointers, []string{"/email", "/ssn"}) {
		t.Errorf("a dry run finds %+v, %v", matches, err)
	}
	profile, err := m.Profile(ctx)
	if err != nil || profile.Default != "auto" || profile.Entities["EMAIL"] != "auto" || profile.Fields["ssn"] != "shape" || profile.Revision == "" {
		t.Errorf("the profile is %+v, %v", profile, err)
	}
	if err := m.Mask(ctx, person, &masked, client.MaskEntities("EMAIL"), client.MaskWith("token")); err != nil || !strings.HasPrefix(masked["email"], "tok_") {
		t.Fatalf("with a token: %v, %v", masked, err)
	}
	values, err := m.Detokenise(ctx, masked["email"], "tok_none")
	if err != nil || !maps.Equal(values, map[string]string{masked["email"]: "alice@example.com"}) {
		t.Errorf("detokenised are %v, %v", values, err)
	}
	if err := m.Mask(ctx, map[string]any{"note": "blue", "n": 1}, &masked, client.MaskFields("note", "n"), client.MaskWith("fixed")); err != nil || masked["note"] != "***" || masked["n"] != "***" {
		t.Errorf("with fields: %v, %v", masked, err)
	}
}

// The rows of the contract about masking.
func TestErrorTableOfMasking(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	c, _ := maskTenant(t, srv, defaultTenant, "app-a")
	srv.register(t, "app-none", "storage.private.read")
	c.tokens["none"] = srv.mustCommand(t, "token", "--app", "app-none", "--scope", "storage.private.read")
	const value = `{"value":{"email":"alice@example.com","note":"Call Alice at 555-867-5309"}}`
	large, deep := `{"value":"`+strings.Repeat("x", 1<<20)+`"}`, `{"value":`+strings.Repeat("[", 65)+strings.Repeat("]", 65)+`}`
	c.wantRows(t, []contractRow{
		{"reader", "POST /v1/mask", value, 200, ""},
		{"reader", "POST /v1/mask/string", `{"value":"Call Alice at 555-867-5309"}`, 200, ""},
		{"reader", "POST /v1/mask/dry-run", value, 200, ""},
		{"reader", "GET /v1/mask/profile", "", 200, ""},
		{"reader", "POST /v1/mask", `{"value":"alice@example.com","strategy":"hash"}`, 200, ""},
		{"app", "POST /v1/mask", `{"value":"alice@example.com","strategy":"token"}`, 200, ""},
		{"app", "POST /v1/mask/string", `{"value":"Mail alice@example.com now","strategy":"token"}`, 200, ""},
		{"opener", "POST /v1/mask/detokenise", `{"tokens":["tok_none"]}`, 200, ""},

		{"reader", "POST /v1/mask", `{`, 400, "bad_request"},
		{"reader", "POST /v1/mask", deep, 400, "bad_request"},
		{"reader", "POST /v1/mask/string", `{"value":"` + "\xff" + `"}`, 400, "bad_request"},
		{"reader", "POST /v1/mask?x=1", value, 400, "bad_request"},
		{"", "POST /v1/mask", value, 401, "missing_token"},
		{"none", "POST /v1/mask", value, 403, "invalid_scope"},
		{"admin", "POST /v1/mask", value, 403, "invalid_scope"},
		{"opener", "GET /v1/mask/profile", "", 403, "invalid_scope"},
		{"reader", "POST /v1/mask", `{"value":"x","strategy":"token"}`, 403, "invalid_scope"},
		{"reader", "POST /v1/mask/string", `{"value":"x","strategy":"token"}`, 403, "invalid_scope"},
		{"reader", "POST /v1/mask/detokenise", `{"tokens":[]}`, 403, "invalid_scope"},
		{"reader", "GET /v1/mask", "", 405, "method_not_allowed"},
		{"reader", "POST /v1/mask", large, 413, "payload_too_large"},
		{"reader", "POST /v1/mask/string", large, 413, "payload_too_large"},
		{"reader", "POST /v1/mask", `{}`, 422, "validation_failed"},
		{"reader", "POST /v1/mask", `{"value":1,"tenant":"x"}`, 422, "validation_failed"},
		{"reader", "POST /v1/mask", `{"value":1,"entities":["MAIL"]}`, 422, "validation_failed"},
		{"reader", "POST /v1/mask/string", `{"value":"x","strategy":"rot13"}`, 422, "validation_failed"},
		{"opener", "POST /v1/mask/detokenise", `{}`, 422, "validation_failed"},
	})
	a := c.do(t, "reader", "POST /v1/mask", `{"value":1,"entities":["EMAIL","MAIL"]}`)
	if !strings.Contains(a.body, `"pointer":"/entities/1"`) || !strings.Contains(a.body, "CREDIT_CARD") {
		t.Errorf("an unknown entity is answered %s", a.body)
	}
}

// tokenOf makes a token.
func tokenOf(t *testing.T, c *caller, value string) string {
	t.Helper()
	a := c.do(t, "app", "POST /v1/mask", `{"value":"`+value+`","strategy":"token"}`)
	var answer struct{ Value string }
	if err := json.Unmarshal([]byte(a.body), &answer); err != nil || !strings.HasPrefix(answer.Value, "tok_") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return answer.Value
}

// detokenised is the answer for one token.
func detokenised(t *testing.T, c *caller, token string) string {
	t.Helper()
	return strings.TrimSpace(c.do(t, "opener", "POST /v1/mask/detokenise", `{"tokens":["`+token+`"]}`).body)
}

// Tenants have other tokens of the same value, and none of another one. What a tenant had is
// gone with it.
func TestMaskingOfTenants(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	a, _ := maskTenant(t, srv, "acme", "app-a")
	b, _ := maskTenant(t, srv, "acmex", "app-b")
	const email, nothing = "alice@example.com", `{"values":{}}`
	ofA, ofB := tokenOf(t, a, email), tokenOf(t, b, email)
	if ofA == ofB || tokenOf(t, a, email) != ofA {
		t.Errorf("the tokens are %s and %s", ofA, ofB)
	}
	if got := detokenised(t, a, ofA); !strings.Contains(got, email) {
		t.Errorf("its own token: %s", got)
	}
	for c, token := range map[*caller]string{a: ofB, b: ofA} {
		if got := detokenised(t, c, token); got != nothing {
			t.Errorf("the token of another tenant: %s", got)
		}
	}
	wantSaid(t, srv.mustCommand(t, "user", "erase", "--tenant", "acme", "--yes", "alice"), "has no data")
	if got := detokenised(t, a, ofA); !strings.Contains(got, email) {
		t.Errorf("after a user is erased: %s", got)
	}
	wantSaid(t, srv.mustCommand(t, "tenant", "delete", "--yes", "acme"), "tokens of masking 1 50 bytes")
	later, _ := maskTenant(t, srv, "acme", "app-a")
	if got := detokenised(t, later, ofA); got != nothing {
		t.Errorf("a later tenant of the same name: %s", got)
	}
	if token := tokenOf(t, later, email); token == ofA {
		t.Error("a later tenant of the same name has the same tokens")
	}
	if got := detokenised(t, b, ofB); !strings.Contains(got, email) {
		t.Errorf("the tenant beside it: %s", got)
	}
}

// Tokens outlive a restart. In the data directory no value is in plain.
func TestTokensOutliveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := start(t, dir, nil)
	c, _ := maskTenant(t, srv, defaultTenant, "app-a")
	const email = "alice.of.the.restart@example.com"
	token := tokenOf(t, c, email)
	srv.stop()
	srv.stop = func() {}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), "alice.of.the.restart") {
			t.Errorf("%s holds the value", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	again := start(t, dir, nil)
	c.base = again.url // which is another issuer
	c.tokens["app"] = again.mustCommand(t, "token", "--app", "app-a", "--scope", "masking.read", "--scope", "masking.write")
	if got := detokenised(t, c, token); got != `{"values":{"`+token+`":"`+email+`"}}` || tokenOf(t, c, email) != token {
		t.Errorf("after a restart: %s", got)
	}
}

// The profile comes from a file. A broken edit changes nothing and is said.
func TestMaskingProfile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "profile.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"deny":{"falcon":"PROJECT"},"fields":{"note":"fixed"},"fixedText":"?"}`)
	srv := start(t, t.TempDir(), map[string]string{"CPOD_MASKING": file, "CPOD_OPS_LISTEN": "127.0.0.1:0", "CPOD_LOG_FORMAT": "json"})
	ops := srv.opsURL(t)
	isReady := func(want string) func() bool {
		return func() bool {
			_, ready := get(t, ops+"/readyz")
			return strings.Contains(ready, `"status":"`+want+`"`)
		}
	}
	c, _ := maskTenant(t, srv, defaultTenant, "app-a")
	mask := func() string {
		return strings.TrimSpace(c.do(t, "reader", "POST /v1/mask", `{"value":{"note":"x","text":"We call it Falcon here"}}`).body)
	}
	const first = `{"value":{"note":"?","text":"We call it [PROJECT] here"}}`
	if got := mask(); got != first {
		t.Errorf("masked is %s", got)
	}
	revision := c.do(t, "reader", "GET /v1/mask/profile", "").body
	eventually(t, "it is ready", isReady("ok"))
	for _, broken := range []string{`{"deny":`, `{"entities":{"MAIL":"keep"}}`, `{"patterns":[{"entity":"X","pattern":"x*"}]}`} {
		write(broken)
		eventually(t, "it says that the file is broken", isReady("degraded"))
		if got := mask(); got != first {
			t.Errorf("after %s masked is %s", broken, got)
		}
	}
	if !strings.Contains(srv.log.String(), "profile.json") {
		t.Errorf("the log does not say what is wrong: %s", srv.log)
	}
	write(`{"deny":{"falcon":"CODE_NAME"}}`)
	eventually(t, "the good edit is in effect", func() bool { return strings.Contains(mask(), "[CODE_NAME]") })
	eventually(t, "it is whole again", isReady("ok"))
	if after := c.do(t, "reader", "GET /v1/mask/profile", "").body; after == revision {
		t.Error("the revision is the same")
	}
	// The log follows it, too.
	c.do(t, "reader", "GET /v1/Falcon", "")
	eventually(t, "the log has the path", func() bool { return strings.Contains(srv.log.String(), "/v1/[CODE_NAME]") })

	write(`{"deny":{"falcon":`)
	_, err := runOnce(t, map[string]string{"CPOD_MASKING": file, "CPOD_DATA_DIR": t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "CPOD_MASKING") {
		t.Errorf("a start with a broken file: %v", err)
	}
}

// The server's own log has no personal data and no secret, and all that an operator looks
// for.
func TestLogIsMasked(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), map[string]string{"CPOD_LOG_FORMAT": "json"})
	c, _ := maskTenant(t, srv, defaultTenant, "app-a")
	// The paths of calls that no route has are logged.
	for _, path := range []string{"/v1/alice@example.com/x", "/v1/x/" + c.tokens["reader"]} {
		c.do(t, "reader", "GET "+path, "", "X-Request-Id", "request-of-"+path[4:5], "Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	}
	c.do(t, "reader", "POST /v1/mask", `{"value":"x","alice@example.com":1}`)
	srv.stop()
	text := srv.log.String()
	for _, secret := range []string{"alice", c.tokens["reader"]} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %q: %s", secret, text)
		}
	}
	for _, line := range srv.log.lines(t, "request") {
		if line["client_addr"] != "127.0.0.1" || line["request_id"] == "" || strings.Contains(line["request_id"].(string), "[") {
			t.Errorf("a line is %v", line)
		}
		if path, ok := line["path"].(string); ok && !strings.Contains(path, "[") {
			t.Errorf("the path is %s", path)
		}
	}
	for _, known := range []string{`"tenant":"default"`, `"app":"app-a"`, "request-of-a", "4bf92f3577b34da6a3ce929d0e0e4736", `"url":"` + srv.url + `"`, `"address":"127.0.0.1:`} {
		if !strings.Contains(text, known) {
			t.Errorf("the log lacks %s: %s", known, text)
		}
	}
}

func runMask(t *testing.T, env map[string]string, in string, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := run(t.Context(), append([]string{"mask"}, args...), environ(env), strings.NewReader(in), &out, io.Discard)
	return out.String(), err
}

// The command masks lines, each as JSON or as text.
func TestMaskCommand(t *testing.T) { //nolint:paralleltest // it resets signals
	profile := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(profile, []byte(`{"entities":{"EMAIL":"keep"},"deny":{"falcon":"PROJECT"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----\n"
	long := strings.Repeat("x ", 1<<20)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"\n\n", "\n\n"},
		{"Call Alice at 555-867-5309\n", "Call [NAME] at [PHONE]\n"},
		{"no end alice@example.com", "no end [EMAIL]"},
		{"{\"email\":\"alice@example.com\",\"n\":1}\n", "{\"email\":\"a***@example.com\",\"n\":1}\n"},
		{"{\"email\":\"alice@example.com\"}\r\n", "{\"email\":\"a***@example.com\"}\r\n"},
		{" {\"a\":\"b\"} \nx\n{\"password\":\"hunter2\"}", " {\"a\":\"b\"} \nx\n{\"password\":\"[MASKED]\"}"},
		{"{not JSON alice@example.com}\n", "{not JSON [EMAIL]}\n"},
		{"a\n" + key + "b\n", "a\n[PRIVATE_KEY]\nb\n"},
		{long + "alice@example.com\n", long + "[EMAIL]\n"},
		{"{\"x\":\"" + long + "\"}\n", "{\"x\":\"" + long + "\"}\n"},
		{"\xff alice@example.com \xfe\n", "\xff [EMAIL] \xfe\n"},
	} {
		if got, err := runMask(t, nil, c.in); err != nil || got != c.want {
			t.Errorf("%.60q is masked as %.60q, %v", c.in, got, err)
		}
	}
	for _, args := range [][]string{{"-profile", profile}, {"--profile=" + profile}, nil} {
		env := map[string]string{}
		if args == nil {
			env["CPOD_MASKING"] = profile
		}
		if got, err := runMask(t, env, "a Falcon of alice@example.com\n", args...); err != nil || got != "a [PROJECT] of alice@example.com\n" {
			t.Errorf("%q: %q, %v", args, got, err)
		}
	}
	if err := os.WriteFile(profile, []byte(`{"entities":{"MAIL":"keep"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-profile", profile}, {"-profile", profile + ".none"}, {"x"}, {"-x"}} {
		if got, err := runMask(t, nil, "alice@example.com", args...); err == nil || got != "" {
			t.Errorf("%q: %q, %v", args, got, err)
		}
	}
}

// What is there is written before more is waited for.
func TestMaskCommandFlushes(t *testing.T) { //nolint:paralleltest // it resets signals
	in, feed := io.Pipe()
	read, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(t.Context(), []string{"mask"}, nil, in, out, io.Discard)
		out.CloseWithError(io.EOF)
		done <- err
	}()
	for _, line := range []string{"Call Alice at 555-867-5309\n", "{\"email\":\"alice@example.com\"}\n", "plain\n"} {
		if _, err := feed.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 100)
		n, err := read.Read(got)
		if err != nil || !strings.HasSuffix(string(got[:n]), "\n") || strings.Contains(string(got[:n]), "alice") {
			t.Errorf("after %q it writes %q, %v", line, got[:n], err)
		}
	}
	_ = feed.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Who reads no more ends it.
func TestMaskCommandWithoutAReader(t *testing.T) { //nolint:paralleltest // it resets signals
	read, out := io.Pipe()
	_ = read.Close()
	err := run(t.Context(), []string{"mask"}, nil, strings.NewReader("x\n"), out, io.Discard)
	if err == nil {
		t.Error("a closed pipe is no error")
	}
}
