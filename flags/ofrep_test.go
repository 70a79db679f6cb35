package flags_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

const watchdog = 30 * time.Second

func TestOFREPSingle(t *testing.T) {
	t.Parallel()
	source := withDarkMode(t)
	if err := source.Set("", []byte(`{"metadata":{"flagSetId":"all"},"flags":{
		"shared":{"state":"ENABLED","variants":{"s":"x"},"defaultVariant":"s"},
		"wrong":{"state":"ENABLED","variants":{"s":"x"},"defaultVariant":"s","targeting":{"cat":["n","o"]}}}}`)); err != nil {
		t.Fatal(err)
	}
	h := serve(t, source)
	for _, c := range []struct {
		key, body string
		status    int
		want      string
	}{
		{"dark_mode", `{"context":{"targetingKey":"alice","plan":"pro"}}`, 200, `{"key":"dark_mode","value":true,"reason":"TARGETING_MATCH","variant":"on"}`},
		{"dark_mode", `{"context":{"targetingKey":"alice"},"more":1}`, 200, `{"key":"dark_mode","value":false,"reason":"DEFAULT","variant":"off"}`},
		{"dark_mode", `{}`, 200, `{"key":"dark_mode","value":false,"reason":"DEFAULT","variant":"off"}`},
		{"size", `{"context":{}}`, 200, `{"key":"size","value":1.5,"reason":"STATIC","variant":"l","metadata":{"team":"ui"}}`},
		{"none", `{"context":{}}`, 200, `{"key":"none","reason":"DEFAULT"}`},
		{"off", `{"context":{}}`, 200, `{"key":"off","reason":"DISABLED"}`},
		{"shared", `{"context":{}}`, 200, `{"key":"shared","value":"x","reason":"STATIC","variant":"s","metadata":{"flagSetId":"all"}}`},
		{"a%2Fb", `{"context":{}}`, 404, `{"key":"a/b","errorCode":"FLAG_NOT_FOUND","errorDetails":"There is no such flag.","metadata":{"flagSetId":"all"}}`},
		{"wrong", `{"context":{}}`, 400, `{"key":"wrong","errorCode":"GENERAL","errorDetails":"The targeting chose what is not a variant of the flag.","metadata":{"flagSetId":"all"}}`},
		{"dark_mode", `{"context":[]}`, 400, `{"key":"dark_mode","errorCode":"INVALID_CONTEXT","errorDetails":"/context: must be an object, not an array"}`},
		{"dark_mode", `{"context":{"x":"` + strings.Repeat("x", 64<<10) + `"}}`, 400, `"errorCode":"INVALID_CONTEXT"`},
		{"dark_mode", `{"context":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, 400, `"errorCode":"INVALID_CONTEXT"`},
		{"dark_mode", `{"context"`, 400, `{"key":"dark_mode","errorCode":"PARSE_ERROR","errorDetails":"The body is not a JSON object."}`},
		{"dark_mode?x=1", `{}`, 400, `{"key":"dark_mode","errorCode":"PARSE_ERROR","errorDetails":"This call does not take the query parameter \"x\"."}`},
	} {
		a := webtest.Call(t, h, "POST", "/ofrep/v1/evaluate/flags/"+c.key, "acme/shop", c.body)
		got := strings.TrimSpace(a.Body.String())
		if a.Code != c.status || got != c.want && (strings.HasPrefix(c.want, "{") || !strings.Contains(got, c.want)) {
			t.Errorf("%s: want %d %s", a, c.status, c.want)
		}
	}
	const target = "/ofrep/v1/evaluate/flags/dark_mode"
	webtest.Call(t, h, "POST", target, "", `{}`).WantProblem(t, cpodkit.CodeMissingToken)
	webtest.Call(t, h, "POST", target, "acme/shop", `{}`, "Content-Type", "text/plain").WantProblem(t, cpodkit.CodeUnsupportedMediaType)
	webtest.Call(t, h, "POST", target, "acme/shop", `{"x":"`+strings.Repeat("x", 1<<20)+`"}`).WantProblem(t, cpodkit.CodePayloadTooLarge)
}

// What is wrong is said up to 1 KiB, cut between two characters.
func TestOFREPDetailsAreCut(t *testing.T) {
	t.Parallel()
	h := serve(t, withDarkMode(t))
	for _, shift := range []string{"", "x"} { // in one of the two the limit is within a character
		members := make([]string, 20)
		for i := range members {
			name := fmt.Sprintf(`"%s%02d%s":1`, shift, i, strings.Repeat("é", 50))
			members[i] = name + "," + name
		}
		body := `{"context":{` + strings.Join(members, ",") + `}}`
		a := webtest.Call(t, h, "POST", "/ofrep/v1/evaluate/flags/dark_mode", "acme/shop", body)
		var failure struct{ ErrorDetails string }
		if err := json.Unmarshal(a.Body.Bytes(), &failure); err != nil || a.Code != http.StatusBadRequest {
			t.Fatalf("%d, %v: %s", a.Code, err, a)
		}
		if n := len(failure.ErrorDetails); n < 1000 || n > 1024 || strings.ContainsRune(failure.ErrorDetails, utf8.RuneError) {
			t.Errorf("%d bytes: %s", n, failure.ErrorDetails)
		}
	}
}

type bulk struct {
	Flags []struct {
		Key       string
		Value     any
		ErrorCode string
	}
	EventStreams []struct {
		Type, URL string
		Endpoint  struct{ RequestURI string }
	}
	Metadata map[string]any
}

func TestOFREPBulk(t *testing.T) {
	t.Parallel()
	source := withDarkMode(t)
	h := serve(t, source)
	const target = "/ofrep/v1/evaluate/flags"
	call := func(target, token, body string, header ...string) *webtest.Answer {
		return webtest.Call(t, h, "POST", target, token, body, header...)
	}
	const ann, pro = `{"context":{"targetingKey":"ann","plan":"free"}}`, `{"context":{"plan":"pro","targetingKey":"ann"}}`
	first := call(target, "acme/shop", ann)
	first.WantStatus(t, http.StatusOK)
	var answer bulk
	if err := json.Unmarshal(first.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Flags) != 5 || answer.Flags[0].Key != "dark_mode" || answer.Flags[0].Value != false ||
		len(answer.EventStreams) != 1 || answer.EventStreams[0].Endpoint.RequestURI != "/ofrep/v1/streams/flags" {
		t.Errorf("%s", first)
	}
	tag := first.Header().Get("ETag")
	same := call(target, "acme/shop", `{"context":{ "plan":"free", "targetingKey":"ann" }}`, "If-None-Match", tag)
	if same.Code != http.StatusNotModified || same.Body.Len() > 0 || same.Header().Get("ETag") != tag {
		t.Errorf("%s %v", same, same.Header())
	}
	// Another context, another identity, other flags: never a 304.
	for name, other := range map[string]*webtest.Answer{
		"context":             call(target, "acme/shop", pro, "If-None-Match", tag),
		"context, same value": call(target, "acme/shop", `{"context":{"targetingKey":"ann","plan":"free","x":1}}`, "If-None-Match", tag),
		"app":                 call(target, "acme/other", ann, "If-None-Match", tag),
		"tenant":              call(target, "globex/shop", ann, "If-None-Match", tag),
	} {
		if other.Code != http.StatusOK || other.Header().Get("ETag") == tag {
			t.Errorf("another %s: %s %v", name, other, other.Header())
		}
	}
	for _, c := range []struct{ body, want string }{
		{`{"context":1}`, `{"errorCode":"INVALID_CONTEXT","errorDetails":"/context: must be an object, not a number"}`},
		{`[]`, `{"errorCode":"PARSE_ERROR","errorDetails":"The body is not a JSON object."}`},
	} {
		if a := call(target, "acme/shop", c.body); a.Code != http.StatusBadRequest || strings.TrimSpace(a.Body.String()) != c.want {
			t.Errorf("%s: want %s", a, c.want)
		}
	}
	// A client that has heard of a change gets what is there now, and is not told that
	// nothing is new while this server is behind.
	if err := source.Set("acme", []byte(`{"flags":{"dark_mode":`+strings.Replace(darkModeFlag, "pro", "free", 1)+`}}`)); err != nil {
		t.Fatal(err)
	}
	call(target, "acme/shop", ann, "If-None-Match", tag).WantStatus(t, http.StatusNotModified) // nobody runs
	changed := call(target+`?flagConfigEtag=%22other%22&flagConfigLastModified=1771622898`, "acme/shop", ann, "If-None-Match", tag)
	if changed.Code != http.StatusOK || !strings.Contains(changed.Body.String(), `"value":true`) {
		t.Errorf("%s", changed)
	}
	tag = changed.Header().Get("ETag")
	call(target+`?flagConfigEtag=other`, "acme/shop", ann, "If-None-Match", tag).WantStatus(t, http.StatusOK)
	call(target, "acme/shop", ann, "If-None-Match", tag).WantStatus(t, http.StatusNotModified)
}

func TestOFREPNamesTheStream(t *testing.T) {
	t.Parallel()
	h := serve(t, withDarkMode(t), flags.WithPublicURL("https://api.example.com/base/"))
	a := webtest.Call(t, h, "POST", "/ofrep/v1/evaluate/flags", "acme/shop", `{"context":{}}`)
	if want := `"eventStreams":[{"type":"sse","url":"https://api.example.com/base/ofrep/v1/streams/flags"}]`; !strings.Contains(a.Body.String(), want) {
		t.Errorf("%s", a)
	}
}

// events reads the events of a stream.
func events(t *testing.T, ctx context.Context, url, token, lastID string) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/ofrep/v1/streams/flags", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the stream answers %d %s", res.StatusCode, res.Header)
	}
	received := make(chan string, 100)
	go func() {
		defer close(received)
		defer res.Body.Close()
		event := ""
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if line := lines.Text(); line != "" {
				event += line + "\n"
				continue
			}
			received <- event
			event = ""
		}
	}()
	return received
}

func next(t *testing.T, received <-chan string) string {
	t.Helper()
	for {
		select {
		case event := <-received:
			if !strings.HasPrefix(event, ":") {
				return event
			}
		case <-time.After(watchdog):
			t.Fatal("no event comes")
		}
	}
}

func TestStreamOfChanges(t *testing.T) {
	t.Parallel()
	source := withDarkMode(t)
	all, err := flags.New(source)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { all.Run(ctx) })
	defer running.Wait()
	defer stop()
	server := httptest.NewServer(webtest.Handler(all.Routes(), webtest.Find(callers).Authenticate))
	defer server.Close()
	defer stop()
	acme, globex := events(t, ctx, server.URL, "acme/shop", ""), events(t, ctx, server.URL, "globex/shop", "")
	version := func() string {
		set, err := all.Set(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		return set.Version()
	}
	before := version()
	if err := source.Set("acme", []byte(`{"flags":{}}`)); err != nil {
		t.Fatal(err)
	}
	event := next(t, acme)
	after := version()
	if want := "id: " + after + "\n" + `data: {"type":"refetchEvaluation","etag":"\"` + after + `\""}` + "\n"; event != want || after == before {
		t.Errorf("the event is %q, want %q", event, want)
	}
	if event := next(t, events(t, ctx, server.URL, "acme/shop", before)); !strings.HasPrefix(event, "id: "+after+"\n") {
		t.Errorf("a client that comes back is sent %q", event)
	}
	current := events(t, ctx, server.URL, "acme/shop", after)
	if err := source.Set("acme", []byte(`{"flags":{"dark_mode":`+darkModeFlag+`}}`)); err != nil {
		t.Fatal(err)
	}
	if event := next(t, current); strings.HasPrefix(event, "id: "+after+"\n") {
		t.Errorf("a client that is current is sent %q", event)
	}
	if err := source.Set("globex", []byte(`{"flags":{"dark_mode":`+darkModeFlag+`}}`)); err != nil {
		t.Fatal(err)
	}
	next(t, globex)
	if len(globex) > 0 {
		t.Errorf("another tenant's changes are sent: %q", <-globex)
	}
}
