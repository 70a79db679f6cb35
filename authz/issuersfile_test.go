package authz_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// entryOf returns an entry of a file, with changes: null removes a member.
func entryOf(set []byte, changes string) string {
	e := map[string]any{
		"issuer": issuerName, "audience": audience, "keys": map[string]any{"jwks": json.RawMessage(set)},
		"tenant": map[string]any{"claim": "tenantId"}, "tenants": []string{"t1"}, "app": map[string]any{"claim": "appId"},
		"user": map[string]any{"claim": "userId", "namespace": "sso"}, "scopes": map[string]any{"claim": "scope"}, "type": "at+jwt",
	}
	if changes != "" {
		var c map[string]any
		if err := json.Unmarshal([]byte(changes), &c); err != nil {
			panic(err)
		}
		maps.Copy(e, c)
		maps.DeleteFunc(e, func(_ string, v any) bool { return v == nil })
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func fileOf(entries ...string) []byte {
	return []byte(`{"issuers":[` + strings.Join(entries, ",") + `]}`)
}

func (k keys) jwks() []byte {
	return jwks(publicJWK(esKey, "ES256", k[esKey].Public()), publicJWK(rsKey, "", k[rsKey].Public()))
}

func TestParseIssuers(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	path := filepath.Join(t.TempDir(), "jwks.json")
	must(t, os.WriteFile(path, k.jwks(), 0o600))
	for _, test := range []struct {
		name, changes string
		bend          func(*forgery)
		want          string // "tenant app user scopes"; "" is refused
	}{
		{"as it is", ``, nil, "t1 app-1 sso:alice@example.com storage.private.read jobs.*"},
		{"keys of a file", `{"keys":{"file":"` + path + `"}}`, nil, "t1 app-1 sso:alice@example.com storage.private.read jobs.*"},
		{"a fixed tenant and app", `{"tenant":{"fixed":"acme"},"tenants":null,"app":{"fixed":"spa"}}`, nil, "acme spa sso:alice@example.com storage.private.read jobs.*"},
		{"another tenant", `{"tenants":["t2"]}`, nil, ""},
		{"all tenants", `{"tenants":["*"]}`, nil, "t1 app-1 sso:alice@example.com storage.private.read jobs.*"},
		{"no user and no scopes", `{"user":null,"scopes":null}`, nil, "t1 app-1  "},
		{"the server's own users", `{"user":{"claim":"userId","namespace":""}}`, nil, "t1 app-1 alice@example.com storage.private.read jobs.*"},
		{"long subjects", `{"user":{"claim":"/a/b","namespace":"","longSubjects":"hash"},"scopes":null}`, func(f *forgery) {
			f.claims["a"] = map[string]any{"b": strings.Repeat("x", 99)}
		}, "t1 app-1 sha256-0GIf3V8Gc9bitfgjsnka2lEmgtIZnsp4pdVq6D9t9No"},
		{"long subjects are refused", `{"user":{"claim":"/a/b","namespace":""}}`, func(f *forgery) {
			f.claims["a"] = map[string]any{"b": strings.Repeat("x", 99)}
		}, ""},
		{"groups", `{"scopes":{"groups":{"claim":"groups","table":{"clerks":["orders.read","orders.write"]}}}}`, func(f *forgery) {
			f.claims["groups"] = []string{"clerks", "strangers"}
		}, "t1 app-1 sso:alice@example.com orders.read orders.write"},
		{"a requirement", `{"require":[{"claim":"amr","values":["mfa"]},{"claim":"nonce","absent":true}]}`, func(f *forgery) {
			f.claims["amr"] = []string{"pwd", "mfa"}
		}, "t1 app-1 sso:alice@example.com storage.private.read jobs.*"},
		{"a requirement that does not hold", `{"require":[{"claim":"amr","values":["mfa"]}]}`, nil, ""},
		{"a claim that must be absent", `{"require":[{"claim":"jti","absent":true}]}`, nil, ""},
		{"a token without a user", `{"noUser":[{"claim":"gty","values":["client-credentials"]}]}`, func(f *forgery) {
			f.claims["gty"] = "client-credentials"
		}, "t1 app-1  storage.private.read jobs.*"},
		{"types", `{"type":null,"types":["","at+jwt"]}`, nil, "t1 app-1 sso:alice@example.com storage.private.read jobs.*"},
		{"another type", `{"type":"JWT"}`, nil, ""},
		{"another algorithm", `{"algorithms":["RS256"]}`, nil, ""},
		{"one of several audiences", `{"audience":"https://x.example","audiences":["` + audience + `"]}`, nil, "t1 app-1 sso:alice@example.com storage.private.read jobs.*"},
		{"a preset", `{"preset":"cpod-backend","tenant":null,"app":null,"scopes":null,"user":{"namespace":"b"}}`, nil, "t1 app-1 b:alice@example.com storage.private.read jobs.*"},
	} {
		issuers, err := authz.ParseIssuers(t.Context(), fileOf(entryOf(k.jwks(), test.changes)))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		f := newForgery(k, esKey, authz.ES256)
		if test.bend != nil {
			test.bend(f)
		}
		id, err := newJWT(t, issuers...).Verify(t.Context(), f.token())
		if (err != nil) != (test.want == "") {
			t.Errorf("%s: %v", test.name, err)
		}
		if got := fmt.Sprint(id.TenantID, " ", id.AppID, " ", id.UserID, " ", id.Scopes); err == nil && !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestParseIssuersRefuses(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	good := func(changes string) string { return entryOf(k.jwks(), changes) }
	for name, document := range map[string]string{
		"empty":                           ``,
		"an array":                        `[]`,
		"no issuer":                       `{"issuers":[]}`,
		"an unknown member":               `{"issuers":[` + good(`{"tennant":{}}`) + `]}`,
		"an unknown member at the top":    `{"issuers":[` + good(``) + `],"x":1}`,
		"a member twice":                  `{"issuers":[{"issuer":"a","issuer":"b"}]}`,
		"a wrong type":                    string(fileOf(good(`{"tenants":"t1"}`))),
		"an unknown preset":               string(fileOf(good(`{"preset":"none"}`))),
		"no audience":                     string(fileOf(good(`{"audience":null}`))),
		"no tenant":                       string(fileOf(good(`{"tenant":null,"tenants":null}`))),
		"no tenants":                      string(fileOf(good(`{"tenants":null}`))),
		"tenants beside a fixed one":      string(fileOf(good(`{"tenant":{"fixed":"t1"}}`))),
		"* beside others":                 string(fileOf(good(`{"tenants":["*","t1"]}`))),
		"no app":                          string(fileOf(good(`{"app":null}`))),
		"two apps":                        string(fileOf(good(`{"app":{"fixed":"a","claim":"b"}}`))),
		"no namespace":                    string(fileOf(good(`{"user":{"claim":"sub"}}`))),
		"a malformed namespace":           string(fileOf(good(`{"user":{"claim":"sub","namespace":"A"}}`))),
		"longSubjects":                    string(fileOf(good(`{"user":{"claim":"sub","namespace":"a","longSubjects":"cut"}}`))),
		"two kinds of keys":               string(fileOf(good(`{"keys":{"url":"https://a.example","discovery":true}}`))),
		"keys by http":                    string(fileOf(good(`{"keys":{"url":"http://idp.example/jwks"}}`))),
		"a file that is not there":        string(fileOf(good(`{"keys":{"file":"/nowhere/jwks.json"}}`))),
		"a set without a usable key":      string(fileOf(good(`{"keys":{"jwks":{"keys":[]}}}`))),
		"loopback by http":                string(fileOf(good(`{"issuer":"http://localhost:8080","keys":null,"allowPrivateAddresses":true}`))),
		"http elsewhere":                  string(fileOf(good(`{"issuer":"http://a.example","keys":null,"allowLoopbackHttp":true}`))),
		"discovery of no URL":             string(fileOf(good(`{"issuer":"acme","keys":null}`))),
		"an algorithm that is not ours":   string(fileOf(good(`{"algorithms":["HS256"]}`))),
		"type and types":                  string(fileOf(good(`{"types":["JWT"]}`))),
		"a requirement without values":    string(fileOf(good(`{"require":[{"claim":"a"}]}`))),
		"a requirement of both":           string(fileOf(good(`{"require":[{"claim":"a","values":["b"],"absent":true}]}`))),
		"a table without a claim":         string(fileOf(good(`{"scopes":{"groups":{"table":{"a":["b"]}}}}`))),
		"a table with a malformed scope":  string(fileOf(good(`{"scopes":{"groups":{"claim":"g","table":{"a":["B C"]}}}}`))),
		"an issuer twice":                 string(fileOf(good(``), good(`{"user":null}`))),
		"two that name the same users":    string(fileOf(good(``), good(`{"issuer":"https://b.example"}`))),
		"the same users in all tenants":   string(fileOf(good(``), good(`{"issuer":"https://b.example","tenants":["*"]}`))),
		"the same users, a fixed tenant":  string(fileOf(good(``), good(`{"issuer":"https://b.example","tenants":null,"tenant":{"fixed":"t1"}}`))),
		"a shared issuer for all tenants": string(fileOf(good(`{"preset":"github-actions","tenants":["*"],"type":null}`))),
		"a shared issuer, a fixed tenant": string(fileOf(good(`{"preset":"github-actions","tenants":null,"tenant":{"fixed":"t1"},"type":null}`))),
		"over the most":                   string(fileOf(strings.Split(strings.Repeat("{};", authz.MaxIssuers+1), ";")[:authz.MaxIssuers+1]...)),
	} {
		if list, err := authz.ParseIssuers(t.Context(), []byte(document)); err == nil {
			t.Errorf("%s: no error, %+v", name, list)
		}
	}
	second := "{\"issuers\": [\n" + good(``) + ",\n\n{\"isuer\": 1}\n]}"
	if _, err := authz.ParseIssuers(t.Context(), []byte(second)); err == nil || !strings.Contains(err.Error(), "/issuers/1 in line 4: /isuer") {
		t.Errorf("a fault in the second entry: %v", err)
	}
	for name, document := range map[string][]byte{
		"users of other tenants":     fileOf(good(``), good(`{"issuer":"https://b.example","tenants":["t2"]}`)),
		"users of another namespace": fileOf(good(``), good(`{"issuer":"https://b.example","user":{"claim":"sub","namespace":"b"}}`)),
		"loopback":                   fileOf(good(`{"issuer":"http://localhost:8080/realms/a","keys":null,"allowLoopbackHttp":true}`)),
		"no users":                   fileOf(good(``), good(`{"issuer":"https://b.example","user":null}`)),
		"discovery":                  fileOf(good(`{"keys":null}`)),
		"a shared issuer": fileOf(good(`{"preset":"github-actions","tenants":null,"tenant":{"fixed":"t1"},"type":null,
			"require":[{"claim":"repository_owner_id","values":["65"]}]}`)),
	} {
		if _, err := authz.ParseIssuers(t.Context(), document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An entry that stays keeps its keys and its verified tokens; one that changes does not.
func TestSetIssuersKeepsWhatStays(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	parse := func(changes string) []authz.Issuer {
		t.Helper()
		list, err := authz.ParseIssuers(t.Context(), fileOf(entryOf(k.jwks(), changes)))
		must(t, err)
		return list
	}
	v := newJWT(t, parse(``)...)
	token := newForgery(k, esKey, authz.ES256).token()
	_, err := v.Verify(t.Context(), token)
	must(t, err)
	before := v.Issuers()[0].Keys
	must(t, v.SetIssuers(parse(``)...))
	if v.Issuers()[0].Keys != before {
		t.Error("an entry that stayed has other keys")
	}
	must(t, v.SetIssuers(parse(`{"tenants":["t1","t2"]}`)...))
	if v.Issuers()[0].Keys == before {
		t.Error("an entry that changed has the keys of before")
	}
	_, err = v.Verify(t.Context(), token)
	must(t, err)
	must(t, v.SetIssuers(parse(`{"tenants":["t2"]}`)...))
	_, err = v.Verify(t.Context(), token)
	wantCode(t, err, cpodkit.CodeInvalidToken)
}

// Ping says whose keys are not current.
func TestPing(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s := newSource(t, answers(http.StatusInternalServerError))
	remote := s.keys(t)
	v := newJWT(t, foreign(t, k, nil), foreign(t, k, func(i *authz.Issuer) { i.Issuer, i.Keys = "https://b.example", remote }))
	must(t, v.Ping(t.Context()))
	_, err := remote.Key(t.Context(), esKey)
	if ping := v.Ping(t.Context()); err == nil || ping == nil || !strings.Contains(ping.Error(), "https://b.example") || strings.Contains(ping.Error(), issuerName) {
		t.Errorf("%v, %v", err, ping)
	}
}

// The file of docs/authz.md is one.
func TestDocumentedIssuers(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/authz.md")
	must(t, err)
	_, rest, _ := strings.Cut(string(page), "```json\n")
	document, _, _ := strings.Cut(rest, "```")
	list, err := authz.ParseIssuers(t.Context(), []byte(document))
	if err != nil || len(list) != 1 || list[0].TenantID != "acme" || !list[0].LongSubjects {
		t.Errorf("%+v, %v", list, err)
	}
}
