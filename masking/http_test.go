package masking_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/masking"
)

// webOf serves the calls of a Masker. A token is a tenant, then a slash and the scopes.
func webOf(t testing.TB, opts ...masking.Option) http.Handler {
	t.Helper()
	m, err := masking.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	find := webtest.Find(func(token string) *cpodkit.Identity {
		tenant, scopes, _ := strings.Cut(token, "/")
		return &cpodkit.Identity{TenantID: tenant, AppID: "app", Scopes: cpodkit.ParseScopes(scopes)}
	})
	return webtest.Handler(m.Routes(), find.Authenticate)
}

func withTokens() []masking.Option {
	store := masking.NewMemoryTokens()
	return []masking.Option{masking.WithTokenStore(store), masking.WithKeys(store)}
}

const (
	reader = "t1/masking.read"
	writer = "t1/masking.read masking.write"
	opener = "t1/masking.detokenise"
)

func post(t testing.TB, h http.Handler, token, path, body string) *webtest.Answer {
	t.Helper()
	return webtest.Call(t, h, http.MethodPost, "/v1/mask"+path, token, body)
}

// wantBody expects an answer of 200 that is not to be cached.
func wantBody(t testing.TB, a *webtest.Answer, want string) {
	t.Helper()
	if got := strings.TrimSpace(a.Body.String()); a.Code != http.StatusOK || got != want || a.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s, Cache-Control %q; want %s", a, a.Header().Get("Cache-Control"), want)
	}
}

func TestRoutesMask(t *testing.T) {
	t.Parallel()
	h := webOf(t, withTokens()...)
	deep := strings.Repeat("[", 64) + `"a@b.example"` + strings.Repeat("]", 64)
	for _, c := range []struct{ body, want string }{
		{`{"value":{"name":"Alice Smith","email":"alice@example.com","ssn":"123-45-6789"}}`, `{"value":{"name":"Alice Smith","email":"a***@example.com","ssn":"***-**-****"}}`},
		{`{"value":"Call Alice at 555-867-5309"}`, `{"value":"Call [NAME] at [PHONE]"}`},
		{`{"value":null}`, `{"value":null}`},
		{`{"value":[1,true,"x",{}]}`, `{"value":[1,true,"x",{}]}`},
		{`{"value":1e400,"fields":null,"entities":null}`, `{"value":1e400}`},
		{`{"value":"alice@example.com","entities":["PHONE"]}`, `{"value":"alice@example.com"}`},
		{`{"value":"alice@example.com","strategy":"fixed"}`, `{"value":"***"}`},
		{`{"value":{"a":[{"b":"blue"},{"b":"green"}]},"fields":["a.b"]}`, `{"value":{"a":[{"b":"[MASKED]"},{"b":"[MASKED]"}]}}`},
		{`{"value":` + deep + `}`, `{"value":` + strings.Replace(deep, "a@b", "a***@b", 1) + `}`},
	} {
		wantBody(t, post(t, h, reader, "", c.body), c.want)
	}
}

func TestRoutesMaskString(t *testing.T) {
	t.Parallel()
	h := webOf(t, withTokens()...)
	var answer struct {
		Value    string
		Findings []struct {
			Entity     string
			Start, End int
			Score      float64
		}
	}
	const text = "日本 é 😀 Call Alice at 555-867-5309 or alice@example.com"
	a := post(t, h, reader, "/string", `{"value":"`+text+`"}`)
	if err := json.Unmarshal(a.Body.Bytes(), &answer); err != nil || answer.Value != "日本 é 😀 Call [NAME] at [PHONE] or [EMAIL]" {
		t.Fatalf("%s, %v", a, err)
	}
	var found []string
	for _, f := range answer.Findings {
		found = append(found, f.Entity+" "+string([]rune(text)[f.Start:f.End]))
		if f.Score <= 0 || f.Score > 1 {
			t.Errorf("a score is %v", f.Score)
		}
	}
	if got := strings.Join(found, ", "); got != "NAME Alice, PHONE 555-867-5309, EMAIL alice@example.com" {
		t.Errorf("found are %s", got)
	}
	wantBody(t, post(t, h, reader, "/string", `{"value":""}`), `{"value":"","findings":[]}`)
	wantBody(t, post(t, h, reader, "/string", `{"value":"nothing"}`), `{"value":"nothing","findings":[]}`)
}

func TestRoutesDryRun(t *testing.T) {
	t.Parallel()
	h := webOf(t, withTokens()...)
	a := post(t, h, reader, "/dry-run", `{"value":{"a/b":["é alice@example.com"],"password":"hunter2","note":"blue"},"fields":["note"]}`)
	var answer struct {
		Findings []struct {
			Pointer, Entity, Rule, Strategy string
			Start, End                      int
			Score                           float64
			Field                           bool
		}
	}
	if err := json.Unmarshal(a.Body.Bytes(), &answer); err != nil || a.Code != http.StatusOK {
		t.Fatalf("%s, %v", a, err)
	}
	var found []string
	for _, f := range answer.Findings {
		found = append(found, fmt.Sprint(f.Pointer, " ", f.Entity, " ", f.Start, " ", f.End, " ", f.Strategy, " ", f.Field))
	}
	if got := strings.Join(found, ", "); got != "/a~1b/0 EMAIL 2 19 auto false, /password  0 7 placeholder true, /note  0 4 placeholder true" {
		t.Errorf("found are %s", got)
	}
	for _, text := range []string{"alice", "hunter2", "blue"} {
		if strings.Contains(a.Body.String(), text) {
			t.Errorf("the answer holds %q", text)
		}
	}
	wantBody(t, post(t, h, reader, "/dry-run", `{"value":7}`), `{"findings":[]}`)
	wantBody(t, post(t, h, reader, "/dry-run", `{"value":"7","strategy":"token"}`), `{"findings":[]}`) // which makes none
}

func TestRoutesProfile(t *testing.T) {
	t.Parallel()
	m := masking.Profile{
		Entities: map[masking.Entity]masking.Strategy{masking.Email: masking.Hash, masking.Name: masking.Keep},
		Fields:   map[string]masking.Strategy{"note": masking.Last4}, Paths: map[string]masking.Strategy{"$.a": masking.Drop},
		Deny: map[string]masking.Entity{"Falcon": "PROJECT"}, Allow: []string{"alice@example.com"},
	}
	h := webOf(t, append(withTokens(), masking.WithProfile(m), masking.WithStrategy("mine", func(context.Context, masking.Finding, string) string { return "x" }))...)
	a := webtest.Call(t, h, http.MethodGet, "/v1/mask/profile", reader, "")
	var answer struct {
		Revision, Default       string
		Entities, Fields, Paths map[string]string
		Strategies              []string
	}
	if err := json.Unmarshal(a.Body.Bytes(), &answer); err != nil || a.Code != http.StatusOK {
		t.Fatalf("%s, %v", a, err)
	}
	if answer.Entities["EMAIL"] != "hash" || answer.Entities["NAME"] != "keep" || answer.Entities["PHONE"] != "auto" || answer.Default != "auto" ||
		answer.Fields["note"] != "last4" || answer.Fields["password"] != "placeholder" || answer.Paths["$.a"] != "drop" || answer.Revision == "" {
		t.Errorf("the profile is %+v", answer)
	}
	if got := strings.Join(answer.Strategies, " "); got != "auto placeholder shape last4 fixed hash token drop keep mine" {
		t.Errorf("the strategies are %s", got)
	}
	if strings.Contains(a.Body.String(), "alice") || strings.Contains(a.Body.String(), "Falcon") {
		t.Errorf("the profile shows a text: %s", a)
	}
	if a := webtest.Call(t, webOf(t), http.MethodGet, "/v1/mask/profile", reader, ""); !strings.Contains(a.Body.String(), `"paths":{}`) {
		t.Errorf("the default profile is %s", a)
	}
}

// A token is made and turned back in its tenant alone. The hook sees each read, and may
// refuse it.
func TestRoutesTokens(t *testing.T) {
	t.Parallel()
	var read []masking.Detokenised
	refuse := false
	h := webOf(t, append(withTokens(), masking.WithReadHook(func(_ context.Context, d masking.Detokenised) error {
		read = append(read, d)
		if refuse {
			return errors.New("the disk is full")
		}
		return nil
	}))...)
	var answer struct{ Value string }
	a := post(t, h, writer, "", `{"value":"alice@example.com","strategy":"token"}`)
	if err := json.Unmarshal(a.Body.Bytes(), &answer); err != nil || !strings.HasPrefix(answer.Value, "tok_") {
		t.Fatalf("%s, %v", a, err)
	}
	token := answer.Value
	wantBody(t, post(t, h, writer, "", `{"value":["alice@example.com"],"strategy":"token"}`), `{"value":["`+token+`"]}`)
	if a := post(t, h, "t2/masking.*", "", `{"value":"alice@example.com","strategy":"token"}`); strings.Contains(a.Body.String(), token) {
		t.Errorf("another tenant has the same token: %s", a)
	}
	ask := `{"tokens":["` + token + `","tok_aaaaaaaaaaaaaaaaaaaaaaaaaa","","` + token + `"]}`
	wantBody(t, post(t, h, opener, "/detokenise", ask), `{"values":{"`+token+`":"alice@example.com"}}`)
	wantBody(t, post(t, h, "t2/masking.detokenise", "/detokenise", ask), `{"values":{}}`)
	wantBody(t, post(t, h, opener, "/detokenise", `{"tokens":[]}`), `{"values":{}}`)
	if len(read) != 3 || read[0].TenantID != "t1" || len(read[0].Tokens) != 4 || read[1].TenantID != "t2" {
		t.Errorf("read was %+v", read)
	}
	refuse = true
	post(t, h, opener, "/detokenise", ask).WantProblem(t, cpodkit.CodeUnavailable)

	// A profile with tokens asks for the scope as well, unless the call takes another strategy.
	profile := masking.Profile{Entities: map[masking.Entity]masking.Strategy{masking.Email: masking.Token}}
	h = webOf(t, append(withTokens(), masking.WithProfile(profile))...)
	post(t, h, reader, "", `{"value":"x"}`).WantProblem(t, cpodkit.CodeInvalidScope)
	wantBody(t, post(t, h, reader, "", `{"value":"alice@example.com","strategy":"shape"}`), `{"value":"a***@example.com"}`)
	post(t, h, writer, "/string", `{"value":"alice@example.com"}`).WantStatus(t, http.StatusOK)
}

func TestRoutesRefuse(t *testing.T) {
	t.Parallel()
	h := webOf(t, withTokens()...)
	many := func(n int) string { return `"x"` + strings.Repeat(`,"x"`, n-1) }
	deep := strings.Repeat("[", 65) + strings.Repeat("]", 65)
	mib := func(n int) string { // a body of so many bytes
		const around = `{"value":""}`
		return `{"value":"` + strings.Repeat("x", n-len(around)) + `"}`
	}
	for _, path := range []string{"", "/string", "/dry-run"} {
		for _, c := range []struct {
			token, body string
			code        cpodkit.Code
			pointers    []string
		}{
			{"", `{"value":"x"}`, cpodkit.CodeMissingToken, nil},
			{"t1/masking.write masking.detokenise", `{"value":"x"}`, cpodkit.CodeInvalidScope, nil},
			{reader, ``, cpodkit.CodeBadRequest, nil},
			{reader, `{`, cpodkit.CodeBadRequest, nil},
			{reader, `{"value":"` + "\xff" + `"}`, cpodkit.CodeBadRequest, nil},
			{reader, `{}`, cpodkit.CodeValidationFailed, []string{"/value"}},
			{reader, `{"value":"x","value":"y"}`, cpodkit.CodeValidationFailed, []string{"/value"}},
			{reader, `{"value":"\ud800"}`, cpodkit.CodeValidationFailed, []string{"/value"}},
			{reader, `{"value":"x","tenantId":"t2"}`, cpodkit.CodeValidationFailed, []string{"/tenantId"}},
			{reader, `{"value":"x","entities":"EMAIL"}`, cpodkit.CodeValidationFailed, []string{"/entities"}},
			{reader, `{"value":"x","strategy":7}`, cpodkit.CodeValidationFailed, []string{"/strategy"}},
			{reader, `{"value":"x","entities":["EMAIL","E-MAIL"]}`, cpodkit.CodeValidationFailed, []string{"/entities/1"}},
			{reader, `{"value":"x","entities":[` + many(101) + `]}`, cpodkit.CodeValidationFailed, []string{"/entities"}},
			{reader, `{"value":"x","strategy":"Hash"}`, cpodkit.CodeValidationFailed, []string{"/strategy"}},
			{reader, mib(1<<20 + 1), cpodkit.CodePayloadTooLarge, nil},
		} {
			post(t, h, c.token, path, c.body).WantProblem(t, c.code, c.pointers...)
		}
		post(t, h, reader, path, mib(1<<20)).WantStatus(t, http.StatusOK)
		webtest.Call(t, h, http.MethodPost, "/v1/mask"+path, reader, `{"value":"x"}`, "Content-Type", "text/plain").WantProblem(t, cpodkit.CodeUnsupportedMediaType)
		webtest.Call(t, h, http.MethodPost, "/v1/mask"+path+"?tier=user", reader, `{"value":"x"}`).WantProblem(t, cpodkit.CodeBadRequest)
	}
	for _, path := range []string{"", "/dry-run"} {
		post(t, h, reader, path, `{"value":`+deep+`}`).WantProblem(t, cpodkit.CodeBadRequest)
		post(t, h, reader, path, `{"value":"x","fields":[`+many(101)+`]}`).WantProblem(t, cpodkit.CodeValidationFailed, "/fields")
		post(t, h, reader, path, `{"value":"x","fields":["a",""]}`).WantProblem(t, cpodkit.CodeValidationFailed, "/fields/1")
		post(t, h, reader, path, `{"value":{"a":"x"},"fields":["a","$.a"]}`).WantProblem(t, cpodkit.CodeValidationFailed, "/fields/1")
	}
	post(t, h, reader, "/string", `{"value":7}`).WantProblem(t, cpodkit.CodeValidationFailed, "/value")
	post(t, h, reader, "/string", `{"value":"x","fields":["a"]}`).WantProblem(t, cpodkit.CodeValidationFailed, "/fields")
	for _, path := range []string{"", "/string"} {
		a := post(t, h, reader, path, `{"value":"x","strategy":"token"}`)
		a.WantProblem(t, cpodkit.CodeInvalidScope)
		if !strings.Contains(a.Header().Get("WWW-Authenticate"), `scope="masking.write"`) {
			t.Errorf("%s, %v", a, a.Header())
		}
	}
	for name, known := range map[string]string{`"entities":["MAIL"]`: "PESEL", `"strategy":"x"`: "last4"} {
		if a := post(t, h, reader, "", `{"value":"x",`+name+`}`); !strings.Contains(a.Body.String(), known) {
			t.Errorf("%s does not name %s", a, known)
		}
	}

	post(t, h, writer, "/detokenise", `{"tokens":[]}`).WantProblem(t, cpodkit.CodeInvalidScope)
	post(t, h, opener, "/detokenise", `{}`).WantProblem(t, cpodkit.CodeValidationFailed, "/tokens")
	post(t, h, opener, "/detokenise", `{"tokens":[`+many(1001)+`]}`).WantProblem(t, cpodkit.CodeValidationFailed, "/tokens")
	post(t, h, opener, "/detokenise", `{"tokens":[`+many(1000)+`]}`).WantStatus(t, http.StatusOK)
	webtest.Call(t, h, http.MethodGet, "/v1/mask/profile?x=1", reader, "").WantProblem(t, cpodkit.CodeBadRequest)
	webtest.Call(t, h, http.MethodGet, "/v1/mask/profile", opener, "").WantProblem(t, cpodkit.CodeInvalidScope)
}

// A dry run takes no longer than it should for many findings in one text, and its answer is
// bounded where pointers are long.
func TestRoutesDryRunIsBounded(t *testing.T) {
	t.Parallel()
	h := webOf(t)
	const address = "203.0.113.9 "
	many := post(t, h, reader, "/dry-run", `{"value":"`+strings.Repeat(address, 1<<20/len(address)-10)+`"}`)
	if n := strings.Count(many.Body.String(), "IP_ADDRESS"); n < 1<<20/len(address)-10 || !strings.Contains(many.Body.String(), `"start":1200,"end":1211`) {
		t.Errorf("%d addresses are found: %s", n, many)
	}
	const element = `"203.0.113.9",`
	body := `{"value":{"` + strings.Repeat("k", 1<<19) + `":[` + strings.Repeat(element, 1<<18/len(element)) + `1]}}`
	post(t, h, reader, "/dry-run", body).WantProblem(t, cpodkit.CodePayloadTooLarge)
}

// Without a store there are no tokens, and without keys no hashes; the rest works.
func TestRoutesWithoutAStore(t *testing.T) {
	t.Parallel()
	h := webOf(t)
	post(t, h, writer, "", `{"value":"alice@example.com","strategy":"token"}`).WantProblem(t, cpodkit.CodeNotSupported)
	post(t, h, writer, "", `{"value":"alice@example.com","strategy":"hash"}`).WantProblem(t, cpodkit.CodeNotSupported)
	post(t, h, opener, "/detokenise", `{"tokens":["tok_a"]}`).WantProblem(t, cpodkit.CodeNotSupported)
	wantBody(t, post(t, h, reader, "", `{"value":"alice@example.com"}`), `{"value":"a***@example.com"}`)
}

// down is a store of tokens that fails.
type down struct{ *masking.MemoryTokens }

func (down) Put(context.Context, string, map[string]string) error {
	return fmt.Errorf("dial 10.0.0.1: %w", cpodkit.CodeUnavailable)
}

func (down) Get(context.Context, string, []string) (map[string]string, error) {
	return nil, fmt.Errorf("the record at 10.0.0.1 is damaged: %w", cpodkit.CodeInternal)
}

// An answer says that the store fails, and nothing else of it. One that is full is 507.
func TestRoutesWithABrokenStore(t *testing.T) {
	t.Parallel()
	store := masking.NewMemoryTokens()
	h := webOf(t, masking.WithTokenStore(down{store}), masking.WithKeys(store))
	const mask = `{"value":"Mail to alice@example.com","strategy":"token"}`
	for a, status := range map[*webtest.Answer]int{
		post(t, h, writer, "", mask): 503, post(t, h, writer, "/string", mask): 503, post(t, h, opener, "/detokenise", `{"tokens":["tok_a"]}`): 500,
	} {
		if a.Code != status || strings.Contains(a.Body.String(), "10.0.0.1") || strings.Contains(a.Body.String(), "alice") {
			t.Errorf("%s", a)
		}
	}
	full := webOf(t, masking.WithTokenStore(fullStore{store}), masking.WithKeys(store))
	post(t, full, writer, "", mask).WantProblem(t, cpodkit.CodeQuotaExceeded)
}

type fullStore struct{ *masking.MemoryTokens }

func (fullStore) Put(context.Context, string, map[string]string) error {
	return cpodkit.Errorf(cpodkit.CodeQuotaExceeded, "The tenant is full.")
}
