package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

// canaries are values of secrets, by what is done with them.
type canaries map[string]string

// next makes one that each encoding changes.
func (c canaries) next(about string) string {
	c[about] = `cänary-` + rand.Text() + `"+/&<` + "\n" + rand.Text()
	return c[about]
}

// inJSON returns a new one as the value of a member.
func (c canaries) inJSON(about string) string {
	text, err := json.Marshal(c.next(about))
	if err != nil {
		panic(err)
	}
	return string(text)
}

// shapes returns what a text holds that holds a value: in plain, in hexadecimal, in base64
// at each alignment, in a URL and in JSON.
func shapes(value string) []string {
	goJSON, _ := json.Marshal(value)
	plainJSON := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(goJSON))
	all := []string{
		value, hex.EncodeToString([]byte(value)), fmt.Sprintf("%X", value),
		url.QueryEscape(value), url.PathEscape(value), strings.ToLower(url.QueryEscape(value)),
		strings.Trim(string(goJSON), `"`), strings.Trim(plainJSON, `"`),
	}
	all = append(all, strings.Split(value, "\n")...) // a text of several lines may be torn
	for shift := range 3 {
		// The characters at both ends hold bits of what is beside the value.
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + value))
		encoded = encoded[(8*shift+5)/6 : 8*(shift+len(value))/6]
		all = append(all, encoded, strings.NewReplacer("+", "-", "/", "_").Replace(encoded))
	}
	return all
}

// in returns what the values that a text holds are about, in order.
func (c canaries) in(text string) []string {
	var found []string
	for about, value := range c {
		if slices.ContainsFunc(shapes(value), func(shape string) bool { return strings.Contains(text, shape) }) {
			found = append(found, about)
		}
	}
	slices.Sort(found)
	return found
}

func TestCanariesAreFound(t *testing.T) {
	t.Parallel()
	c := canaries{}
	value := c.next("it")
	around := []byte("a" + value + "bc")
	quoted, err := json.Marshal(string(around))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		string(around), string(quoted), hex.EncodeToString(around), fmt.Sprintf("%X", around), url.QueryEscape(string(around)),
		base64.StdEncoding.EncodeToString(around), base64.RawURLEncoding.EncodeToString(around[1:]), base64.StdEncoding.EncodeToString([]byte("abc" + value)),
		fmt.Sprintf("%q", around),
	} {
		if len(c.in(text)) != 1 {
			t.Errorf("it is not found in %s", text)
		}
	}
	if found := c.in("a text without any"); len(found) > 0 {
		t.Errorf("found %q", found)
	}
}

// A value shows in the answers that are meant to hold it, and nowhere else: not in other
// answers, the log, traces, metrics, what commands print, nor the data directory.
func TestNoValueShows(t *testing.T) { //nolint:paralleltest // it sets variables of the process
	traces := newCollector(t, http.StatusOK)
	dir := t.TempDir()
	srv := start(t, dir, setenv(t, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": traces.URL, "CPOD_LOG_LEVEL": "debug", "CPOD_LOG_FORMAT": "json", "CPOD_OPS_LISTEN": "127.0.0.1:0",
	}))
	c, own, _ := secretTenant(t, srv, defaultTenant, "app-a")
	values := canaries{}
	want := func(who, call, body string, status int, held ...string) {
		t.Helper()
		a := c.do(t, who, call, body)
		if a.status != status {
			t.Errorf("%s: %d, want %d", call, a.status, status)
		}
		if found := values.in(fmt.Sprint(a.body, a.header)); !slices.Equal(found, held) {
			t.Errorf("%s: the answer holds %q, want %q", call, found, held)
		}
	}
	put := func(name, body string) {
		t.Helper()
		want("app", "PUT /v1/secrets/"+name, body, 200)
	}
	put("old", `{"value":`+values.inJSON("old")+`}`)
	put("k", `{"value":`+values.inJSON("first")+`,"apps":["app-a","app-a-other"]}`)
	put("k", `{"value":`+values.inJSON("second")+`}`)
	put("binary", `{"valueBase64":"`+base64.StdEncoding.EncodeToString([]byte("\xff"+values.next("binary")))+`"}`)
	want("app", "PUT /v1/secret-bundles/demo", `{"secrets":{"A":"k","B":"binary"},"apps":["app-a-other"]}`, 200)

	want("app", "GET /v1/secrets/k", "", 200, "second")
	want("other", "GET /v1/secrets/k", "", 200, "second")
	want("admin", "GET /v1/secrets/k", "", 200, "second")
	want("app", "GET /v1/secrets/k?version=1", "", 200, "first")
	want("app", "GET /v1/secrets/binary", "", 200, "binary")
	want("app", "POST /v1/secrets/resolve", `{"names":["k","binary","nope"]}`, 200, "binary", "second")
	want("other", "POST /v1/secrets/resolve", `{"names":["old"]}`, 200)
	for _, call := range []string{
		"GET /v1/secrets", "GET /v1/secrets?limit=1", "GET /v1/secret-bundles", "GET /v1/secret-bundles/demo",
	} {
		want("app", call, "", 200)
	}
	want("admin", "GET /v1/secret-grants", "", 200)
	want("admin", "GET /v1/secret-grants/k", "", 200)

	// Whatever is wrong with a call, what it sends is not repeated.
	refused := func(who, call, body string, status int, headers ...string) {
		t.Helper()
		a := c.do(t, who, call, body, headers...)
		if found := values.in(fmt.Sprint(a.body, a.header)); len(found) > 0 || a.status != status {
			t.Errorf("%s: %d, want %d; the answer holds %q", call, a.status, status, found)
		}
	}
	refused("other", "PUT /v1/secrets/k", `{"value":`+values.inJSON("another app's")+`}`, 409)
	refused("other", "GET /v1/secrets/old", "", 404)
	refused("other", "DELETE /v1/secrets/old", "", 404)
	refused("", "PUT /v1/secrets/k", `{"value":`+values.inJSON("no token")+`}`, 401)
	refused("reader", "PUT /v1/secrets/k", `{"value":`+values.inJSON("no scope")+`}`, 403)
	refused("app", "PUT /v1/secrets/k", `{"value":`+values.inJSON("precondition")+`}`, 412, "If-Match", `"7"`)
	refused("app", "PUT /v1/secrets/k", `{"value":`+values.inJSON("weak tag")+`}`, 412, "If-Match", `W/"2"`)
	refused("app", "PUT /v1/secrets/k", `{"value":`+values.inJSON("two conditions")+`}`, 400, "If-Match", `"7"`, "If-None-Match", "*")
	large, err := json.Marshal(values.next("too large") + strings.Repeat("x", 64<<10))
	if err != nil {
		t.Fatal(err)
	}
	refused("app", "PUT /v1/secrets/k", `{"value":`+string(large)+`}`, 413)
	refused("app", "PUT /v1/secrets/k", `{"value":`+values.inJSON("larger")+`,"x":"`+strings.Repeat("x", 1<<20)+`"}`, 413)
	refused("app", "PUT /v1/secrets/k", values.inJSON("a text"), 422)
	refused("app", "PUT /v1/secrets/k", `{"value":[`+values.inJSON("a list")+`]}`, 422)
	refused("app", "PUT /v1/secrets/k", `{"value":`+values.inJSON("unknown member")+`,"tenant":"t"}`, 422)
	refused("app", "PUT /v1/secrets/k", `{"value":`+values.inJSON("twice")+`,"value":`+values.inJSON("again")+`}`, 422)
	refused("app", "PUT /v1/secrets/k", `{"value":`+values.inJSON("wrong app")+`,"apps":[".."]}`, 422)
	refused("app", "PUT /v1/secrets/k", `{"valueBase64":`+values.inJSON("not base64")+`}`, 422)
	refused("app", "PUT /v1/secrets/k", `{"value":`+values.inJSON("both")+`,"valueBase64":"YQ=="}`, 422)
	refused("app", "PUT /v1/secrets/k", `{"value":`+values.inJSON("broken JSON"), 400)
	refused("app", "PUT /v1/secrets/k", values.next("no JSON"), 400)
	refused("app", "PUT /v1/secrets/k", `{"value":`+values.inJSON("media type")+`}`, 415, "Content-Type", "text/plain")
	refused("app", "PUT /v1/secrets/a%00b", `{"value":`+values.inJSON("wrong name")+`}`, 400)
	refused("app", "POST /v1/secrets/k", `{"value":`+values.inJSON("wrong method")+`}`, 405)
	_, err = own.Secrets.Put(t.Context(), "k", client.NewSecretValue(values.next("client")), client.IfVersion(9))
	if err == nil || len(values.in(fmt.Sprintf("%v %+v", err, err))) > 0 {
		t.Errorf("the client's error is %v", err)
	}

	out, err := srv.commandWith(t, values.next("command")+"\n", "secret", "set", "--app", "app-a", "by-command")
	if found := values.in(out); err != nil || len(found) > 0 {
		t.Errorf("the command prints %q: %v", found, err)
	}
	_, err = srv.commandWith(t, values.next("refused command")+strings.Repeat("x", 64<<10), "secret", "set", "k")
	if err == nil || len(values.in(err.Error())) > 0 {
		t.Error("the command's error holds a value, or there is none")
	}
	if out, err := srv.command(t, "secret", "list"); err != nil || len(values.in(out)) > 0 {
		t.Errorf("secret list: %v", err)
	}
	eventually(t, "the app reads what the command has set", func() bool {
		return slices.Equal(values.in(c.do(t, "app", "GET /v1/secrets/by-command", "").body), []string{"command"})
	})
	want("app", "DELETE /v1/secrets/old", "", 204)

	ops := srv.opsURL(t)
	for _, path := range []string{"/metrics", "/readyz", "/healthz"} {
		if _, body := get(t, ops+path); len(values.in(body)) > 0 {
			t.Errorf("%s holds %q", path, values.in(body))
		}
	}
	values.searchFolder(t, dir)
	srv.stop()
	srv.stop = func() {}
	values.searchFolder(t, dir)
	if found := values.in(srv.log.String()); len(found) > 0 {
		t.Errorf("the log holds %q", found)
	}
	for path, received := range traces.received {
		if found := values.in(received); len(found) > 0 {
			t.Errorf("what is sent to %s holds %q", path, found)
		}
	}
	if !strings.Contains(traces.received["/v1/traces"], "secrets.get") || !strings.Contains(srv.log.String(), "/v1/secrets/") {
		t.Error("nothing was traced or logged")
	}
}

// searchFolder looks for values in all files of the data directory.
func (c canaries) searchFolder(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if found := c.in(string(content)); len(found) > 0 {
			t.Errorf("the file %s holds %q", path, found)
		}
		if len(content) > 0 {
			files++
		}
		return err
	})
	if err != nil || files < 2 {
		t.Errorf("%d files are read: %v", files, err)
	}
}
