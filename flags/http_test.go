package flags_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

// darkModeFlag is what the tests of HTTP evaluate.
const darkModeFlag = `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off","targeting":{"if":[{"==":[{"var":"plan"},"pro"]},"on",null]}}`

// callers are the identities of the tests of HTTP, by their tokens.
func callers(token string) *cpodkit.Identity {
	tenant, app, _ := strings.Cut(token, "/")
	return &cpodkit.Identity{TenantID: tenant, AppID: app, UserID: "ann", Scopes: cpodkit.Scopes{flags.ReadScope, flags.WriteScope}}
}

// serve returns the routes of a source, for [callers].
func serve(t *testing.T, source flags.Source, opts ...flags.Option) http.Handler {
	t.Helper()
	all, err := flags.New(source, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return webtest.Handler(all.Routes(), webtest.Find(callers).Authenticate)
}

func withDarkMode(t *testing.T) *flags.Memory {
	t.Helper()
	source := flags.NewMemory()
	if err := source.Set("acme", []byte(`{"flags":{"dark_mode":`+darkModeFlag+`,
		"size":{"state":"ENABLED","variants":{"s":1,"l":1.5},"defaultVariant":"l","metadata":{"team":"ui"}},
		"none":{"state":"ENABLED","variants":{"a":"x"},"defaultVariant":null},
		"off":{"state":"DISABLED","variants":{"on":true},"defaultVariant":"on"},
		"who":{"state":"ENABLED","variants":{"ann":{"a":1},"shop":{"a":2}},"defaultVariant":"shop","targeting":{"var":"targetingKey"}}}}`)); err != nil {
		t.Fatal(err)
	}
	return source
}

func TestEvaluateByHTTP(t *testing.T) {
	t.Parallel()
	h := serve(t, withDarkMode(t))
	for _, c := range []struct{ token, key, body, want string }{
		{"acme/shop", "dark_mode", `{"context":{"user_id":"alice@example.com","plan":"pro"}}`, `{"key":"dark_mode","enabled":true,"value":true,"variant":"on","reason":"TARGETING_MATCH"}`},
		{"acme/shop", "dark_mode", `{"context":{"plan":"free"},"default":true}`, `{"key":"dark_mode","enabled":false,"value":false,"variant":"off","reason":"DEFAULT"}`},
		{"acme/shop", "dark_mode", `{}`, `{"key":"dark_mode","enabled":false,"value":false,"variant":"off","reason":"DEFAULT"}`},
		{"acme/shop", "dark_mode", `{"context":null}`, `{"key":"dark_mode","enabled":false,"value":false,"variant":"off","reason":"DEFAULT"}`},
		{"acme/shop", "size", `{"default":3}`, `{"key":"size","enabled":true,"value":1.5,"variant":"l","reason":"STATIC"}`},
		{"acme/shop", "none", `{"default":"mine"}`, `{"key":"none","enabled":false,"value":"mine","variant":null,"reason":"DEFAULT"}`},
		{"acme/shop", "off", `{"default":true}`, `{"key":"off","enabled":true,"value":true,"variant":null,"reason":"DISABLED"}`},
		{"acme/shop", "unknown", `{}`, `{"key":"unknown","enabled":false,"value":false,"variant":null,"reason":"FLAG_NOT_FOUND"}`},
		{"acme/shop", "unknown", `{"default":12345678901234567890}`, `{"key":"unknown","enabled":false,"value":12345678901234567890,"variant":null,"reason":"FLAG_NOT_FOUND"}`},
		{"acme/shop", "unknown", `{"default":null}`, `{"key":"unknown","enabled":false,"value":null,"variant":null,"reason":"FLAG_NOT_FOUND"}`},
		{"acme/shop", "who", `{}`, `{"key":"who","enabled":true,"value":{"a":1},"variant":"ann","reason":"TARGETING_MATCH"}`},
		{"acme/shop", "who", `{"context":{"user_id":"shop"}}`, `{"key":"who","enabled":true,"value":{"a":2},"variant":"shop","reason":"TARGETING_MATCH"}`},
		{"acme/shop", "who", `{"context":{"user_id":"shop","targetingKey":"ann"}}`, `{"key":"who","enabled":true,"value":{"a":1},"variant":"ann","reason":"TARGETING_MATCH"}`},
		{"globex/shop", "dark_mode", `{"context":{"plan":"pro"}}`, `{"key":"dark_mode","enabled":false,"value":false,"variant":null,"reason":"FLAG_NOT_FOUND"}`},
	} {
		a := webtest.Call(t, h, "POST", "/v1/flags/"+c.key+"/evaluate", c.token, c.body)
		if a.Code != http.StatusOK || strings.TrimSpace(a.Body.String()) != c.want {
			t.Errorf("%s: want %s", a, c.want)
		}
	}
	many := webtest.Call(t, h, "POST", "/v1/flags/evaluate", "acme/shop", `{"context":{"plan":"pro"},"keys":["size","nope","size"]}`)
	if want := `{"flags":{"nope":{"key":"nope","enabled":false,"value":false,"variant":null,"reason":"FLAG_NOT_FOUND"},` +
		`"size":{"key":"size","enabled":true,"value":1.5,"variant":"l","reason":"STATIC"}}}`; strings.TrimSpace(many.Body.String()) != want {
		t.Errorf("%s", many)
	}
	for body, n := range map[string]int{`{}`: 5, `{"keys":[]}`: 0, `{"keys":["a"]}`: 1} {
		a := webtest.Call(t, h, "POST", "/v1/flags/evaluate", "acme/shop", body)
		var answer struct{ Flags map[string]any }
		if err := json.Unmarshal(a.Body.Bytes(), &answer); err != nil || len(answer.Flags) != n {
			t.Errorf("%s: want %d flags", a, n)
		}
	}
}

func TestEvaluateRefuses(t *testing.T) {
	t.Parallel()
	h := serve(t, withDarkMode(t))
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"m%d":1`, i)
		}
		return "{" + strings.TrimPrefix(b.String(), ",") + "}"
	}
	large := `{"x":"` + strings.Repeat("x", 64<<10-8) + `"}`
	for _, target := range []string{"/v1/flags/dark_mode/evaluate", "/v1/flags/evaluate"} {
		for _, c := range map[string]struct {
			body     string
			code     cpodkit.Code
			pointers []string
		}{
			"empty":         {``, cpodkit.CodeBadRequest, nil},
			"no JSON":       {`{`, cpodkit.CodeBadRequest, nil},
			"no object":     {`{"context":[]}`, cpodkit.CodeValidationFailed, []string{"/context"}},
			"wrong key":     {`{"context":{"targetingKey":1}}`, cpodkit.CodeValidationFailed, []string{"/context/targetingKey"}},
			"twice":         {`{"context":{"a":1,"a":2}}`, cpodkit.CodeValidationFailed, []string{"/context/a"}},
			"unknown":       {`{"contexts":{}}`, cpodkit.CodeValidationFailed, []string{"/contexts"}},
			"large context": {`{"context":` + strings.Replace(large, "x", "xyz", 1) + `}`, cpodkit.CodeValidationFailed, []string{"/context"}},
			"many members":  {`{"context":` + members(1001) + `}`, cpodkit.CodeValidationFailed, []string{"/context"}},
			"deep":          {`{"context":` + strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65) + `}`, cpodkit.CodeValidationFailed, []string{""}},
			"large body":    {`{"context":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`, cpodkit.CodePayloadTooLarge, nil},
		} {
			a := webtest.Call(t, h, "POST", target, "acme/shop", c.body)
			a.WantProblem(t, c.code, c.pointers...)
		}
		for _, good := range []string{`{"context":` + large + `}`, `{"context":` + members(1000) + `}`} {
			webtest.Call(t, h, "POST", target, "acme/shop", good).WantStatus(t, http.StatusOK)
		}
		webtest.Call(t, h, "POST", target+"?x=1", "acme/shop", `{}`).WantProblem(t, cpodkit.CodeBadRequest)
		webtest.Call(t, h, "POST", target, "", `{}`).WantProblem(t, cpodkit.CodeMissingToken)
		webtest.Call(t, h, "POST", target, "acme/shop", `{}`, "Content-Type", "text/plain").WantProblem(t, cpodkit.CodeUnsupportedMediaType)
	}
}

// editor is an Editor in memory for one tenant.
type editor struct {
	*flags.Memory
	mu    sync.Mutex
	flags map[string]flags.StoredFlag
	n     int
}

// fullKey is a flag for which the tenant has no room.
const fullKey = "full"

func newEditor() *editor {
	return &editor{Memory: flags.NewMemory(), flags: map[string]flags.StoredFlag{}}
}

func (e *editor) Load(_ context.Context, tenantID string) (all []flags.Definition, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, f := range e.flags {
		if tenantID == "acme" {
			d, err := flags.FlagDefinition(key, f.Definition)
			if err != nil {
				return nil, err
			}
			all = append(all, d)
		}
	}
	return all, nil
}

func (e *editor) Version(context.Context, string) (string, error) {
	return "", cpodkit.CodeNotSupported
}

func (e *editor) GetFlag(_ context.Context, _, key string) (flags.StoredFlag, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f, ok := e.flags[key]
	if !ok {
		return f, cpodkit.CodeNotFound
	}
	return f, nil
}

func (e *editor) ListFlags(_ context.Context, _, after string, limit int) (all []flags.StoredFlag, more bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range e.flags {
		if f.Key > after {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b flags.StoredFlag) int { return strings.Compare(a.Key, b.Key) })
	return all[:min(len(all), limit)], len(all) > limit, nil
}

func (e *editor) PutFlag(_ context.Context, _, key string, definition []byte, c flags.Condition) (flags.StoredFlag, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	old, exists := e.flags[key]
	if !c.Holds(exists, old.Version) {
		return flags.StoredFlag{}, cpodkit.CodePreconditionFailed
	}
	if key == fullKey {
		return flags.StoredFlag{}, cpodkit.ValidationError(cpodkit.FieldError{Detail: "the tenant is full"})
	}
	e.n++
	e.flags[key] = flags.StoredFlag{Key: key, Definition: definition, Version: fmt.Sprint("v", e.n), UpdatedAt: time.Unix(1767366245, 0)}
	return e.flags[key], nil
}

func (e *editor) DeleteFlag(_ context.Context, _, key string, c flags.Condition) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	old, exists := e.flags[key]
	if !c.Holds(exists, old.Version) {
		return cpodkit.CodePreconditionFailed
	}
	delete(e.flags, key)
	return nil
}

func TestDefinitionsByHTTP(t *testing.T) {
	t.Parallel()
	h := serve(t, newEditor())
	call := func(method, key, body string, header ...string) *webtest.Answer {
		t.Helper()
		return webtest.Call(t, h, method, "/v1/flags/"+key, "acme/shop", body, header...)
	}
	on := func(want bool) {
		t.Helper()
		a := webtest.Call(t, h, "POST", "/v1/flags/a%2Fb/evaluate", "acme/shop", `{"context":{"plan":"pro"}}`)
		if !strings.Contains(a.Body.String(), fmt.Sprintf(`"enabled":%t`, want)) {
			t.Errorf("%s: want %t", a, want)
		}
	}
	on(false)
	call("GET", "a%2Fb", "").WantProblem(t, cpodkit.CodeNotFound)
	call("PUT", "a%2Fb", darkModeFlag, "If-Match", `"v1"`).WantProblem(t, cpodkit.CodePreconditionFailed)
	made := call("PUT", "a%2Fb", darkModeFlag, "If-None-Match", "*")
	made.WantStatus(t, http.StatusCreated)
	if got := strings.TrimSpace(made.Body.String()); got != `{"key":"a/b","version":"v1","updatedAt":"2026-01-02T15:04:05.000Z"}` || made.Header().Get("ETag") != `"v1"` {
		t.Errorf("%s", made)
	}
	on(true)
	call("PUT", "a%2Fb", darkModeFlag, "If-None-Match", "*").WantProblem(t, cpodkit.CodePreconditionFailed)
	got := call("GET", "a%2Fb", "")
	if strings.TrimSpace(got.Body.String()) != darkModeFlag || got.Header().Get("ETag") != `"v1"` || got.Header().Get("Last-Modified") == "" {
		t.Errorf("%s %v", got, got.Header())
	}
	call("GET", "a%2Fb", "", "If-None-Match", `"v1"`).WantStatus(t, http.StatusNotModified)
	call("PUT", "a%2Fb", strings.Replace(darkModeFlag, "pro", "max", 1), "If-Match", `"v1"`).WantStatus(t, http.StatusOK)
	on(false)
	call("DELETE", "a%2Fb", "", "If-Match", `"v1"`).WantProblem(t, cpodkit.CodePreconditionFailed)
	call("DELETE", "a%2Fb", "", "If-None-Match", `*`).WantProblem(t, cpodkit.CodeBadRequest)
	call("DELETE", "a%2Fb", "", "If-Match", `"v2"`).WantStatus(t, http.StatusNoContent)
	call("DELETE", "a%2Fb", "").WantStatus(t, http.StatusNoContent)
	for _, key := range []string{strings.Repeat("k", 257), "a%00b"} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			call(method, key, darkModeFlag).WantProblem(t, cpodkit.CodeInvalidKey)
		}
	}
}

// A definition that is wrong is refused with pointers into the body.
func TestPutRefuses(t *testing.T) {
	t.Parallel()
	h := serve(t, newEditor())
	flag := func(more string) string {
		return `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on"` + more + `}`
	}
	deep := func(n int) string {
		return `,"targeting":` + strings.Repeat(`{"!":[`, n) + "true" + strings.Repeat("]}", n)
	}
	for name, c := range map[string]struct {
		body     string
		code     cpodkit.Code
		pointers []string
	}{
		"no JSON":           {`{"state"`, cpodkit.CodeBadRequest, nil},
		"an array":          {`[]`, cpodkit.CodeValidationFailed, []string{""}},
		"nothing in it":     {`{}`, cpodkit.CodeValidationFailed, []string{"/variants", "/state"}},
		"a misspelling":     {flag(`,"tageting":{}`), cpodkit.CodeValidationFailed, []string{"/tageting"}},
		"an operator":       {flag(`,"targeting":{"iff":[true,"on"]}`), cpodkit.CodeValidationFailed, []string{"/targeting/iff"}},
		"a variant":         {flag(`,"targeting":{"if":[true,"no"]}`), cpodkit.CodeValidationFailed, []string{"/targeting/if/1"}},
		"a weight":          {flag(`,"targeting":{"fractional":[["on",-1]]}`), cpodkit.CodeValidationFailed, []string{"/targeting/fractional/0/1"}},
		"a reference":       {flag(`,"targeting":{"$ref":"x"}`), cpodkit.CodeValidationFailed, []string{"/targeting/$ref"}},
		"a circle":          {flag(`,"$evaluators":{"x":{"$ref":"x"}},"targeting":{"$ref":"x"}`), cpodkit.CodeValidationFailed, []string{"/$evaluators/x/$ref"}},
		"a bucketing":       {flag(`,"metadata":{"bucketing":"v1"}`), cpodkit.CodeValidationFailed, []string{"/metadata/bucketing"}},
		"twice":             {flag(`,"targeting":{"if":[true,"on"],"if":1}`), cpodkit.CodeValidationFailed, []string{"/targeting/if"}},
		"a deep definition": {flag(deep(40)), cpodkit.CodeValidationFailed, nil},
		"too large":         {flag(`,"metadata":{"x":"` + strings.Repeat("x", 1<<20) + `"}`), cpodkit.CodeValidationFailed, []string{""}},
		"far too large":     {flag(`,"metadata":{"x":"` + strings.Repeat("x", 2<<20) + `"}`), cpodkit.CodePayloadTooLarge, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			webtest.Call(t, h, "PUT", "/v1/flags/k~1", "acme/shop", c.body).WantProblem(t, c.code, c.pointers...)
		})
	}
	full := webtest.Call(t, h, "PUT", "/v1/flags/"+fullKey, "acme/shop", flag(``))
	if full.WantProblem(t, cpodkit.CodeValidationFailed, ""); !strings.Contains(full.Body.String(), "the tenant is full") {
		t.Errorf("%s", full)
	}
	for _, good := range []string{
		flag(``), flag(`,"targeting":{"if":[{"$ref":"x"},"on"]},"\u0024evaluators":{"x":{"==":[1,1]}}`),
		flag(`,"metadata":{"bucketing":"v0.12","a":null}`), flag(`,"targeting":null,"metadata":{}`),
	} {
		webtest.Call(t, h, "PUT", "/v1/flags/good", "acme/shop", good).WantStatus(t, http.StatusOK)
	}
}

// From a source that cannot be changed, definitions are read as they are written.
func TestDefinitionsOfAFile(t *testing.T) {
	t.Parallel()
	h := serve(t, withDarkMode(t))
	call := func(method, key, body string, header ...string) *webtest.Answer {
		return webtest.Call(t, h, method, "/v1/flags"+key, "acme/shop", body, header...)
	}
	a := call("GET", "/dark_mode", "")
	if strings.TrimSpace(a.Body.String()) != darkModeFlag {
		t.Errorf("%s", a)
	}
	call("GET", "/dark_mode", "", "If-None-Match", a.Header().Get("ETag")).WantStatus(t, http.StatusNotModified)
	call("GET", "/unknown", "").WantProblem(t, cpodkit.CodeNotFound)
	call("PUT", "/dark_mode", darkModeFlag).WantProblem(t, cpodkit.CodeNotSupported)
	call("DELETE", "/dark_mode", "").WantProblem(t, cpodkit.CodeNotSupported)
	webtest.Call(t, h, "GET", "/v1/flags/dark_mode", "globex/shop", "").WantProblem(t, cpodkit.CodeNotFound)
}

func TestListsOfFlags(t *testing.T) {
	t.Parallel()
	edited := newEditor()
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		_, err := edited.PutFlag(t.Context(), "acme", key, []byte(darkModeFlag), flags.Condition{})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, h := range map[string]http.Handler{"editor": serve(t, edited), "file": serve(t, withDarkMode(t))} {
		var keys []string
		cursor := ""
		for pages := 0; ; pages++ {
			a := webtest.Call(t, h, "GET", "/v1/flags?limit=2"+cursor, "acme/shop", "")
			var page struct {
				Items []struct {
					Key, Version string
					Definition   map[string]any
				}
				NextCursor string
			}
			if err := json.Unmarshal(a.Body.Bytes(), &page); err != nil {
				t.Fatalf("%s: %v", a, err)
			}
			for _, item := range page.Items {
				if item.Version == "" || item.Definition["variants"] == nil {
					t.Errorf("%s: an item is %+v", name, item)
				}
				keys = append(keys, item.Key)
			}
			if page.NextCursor == "" {
				if pages != 2 {
					t.Errorf("%s: %d pages", name, pages+1)
				}
				break
			}
			for _, other := range []string{"acme/other", "globex/shop"} {
				webtest.Call(t, h, "GET", "/v1/flags?cursor="+page.NextCursor, other, "").WantProblem(t, cpodkit.CodeInvalidCursor)
			}
			cursor = "&cursor=" + page.NextCursor
		}
		if len(keys) != 5 || !slices.IsSorted(keys) {
			t.Errorf("%s: listed are %q", name, keys)
		}
	}
}

func TestSourceIsDown(t *testing.T) {
	t.Parallel()
	for err, code := range map[error]cpodkit.Code{
		cpodkit.CodeUnavailable: cpodkit.CodeUnavailable, errors.New("secret"): cpodkit.CodeInternal,
	} {
		source := newFaulty(t, nil)
		source.fail(err)
		h := serve(t, source)
		for _, call := range []string{
			"POST /v1/flags/a/evaluate", "POST /v1/flags/evaluate", "GET /v1/flags", "GET /v1/flags/a",
		} {
			method, target, _ := strings.Cut(call, " ")
			a := webtest.Call(t, h, method, target, "acme/shop", `{}`)
			a.WantProblem(t, code)
			if strings.Contains(a.Body.String(), "secret") {
				t.Errorf("%s", a)
			}
		}
		for _, target := range []string{"/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/a"} {
			a := webtest.Call(t, h, "POST", target, "acme/shop", `{}`)
			if code == cpodkit.CodeUnavailable {
				a.WantProblem(t, code)
			} else if a.Code != http.StatusInternalServerError || strings.TrimSpace(a.Body.String()) != `{"errorDetails":"Something went wrong on the server."}` {
				t.Errorf("%s", a)
			}
		}
	}
}
