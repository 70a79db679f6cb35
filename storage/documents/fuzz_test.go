package documents_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever a body holds, the answer is a page or a refusal that says why, and a
// page's cursor opens.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		`{"filter":{"status":"active","plan":"pro"},"sort":{"createdAt":-1},"limit":20}`,
		`{"filter":{"status":"active"},"cursor":"AAAA","limit":20}`,
		`{"filter":{"a":{"gt":1,"lte":"x"},"b":{"in":[1,null,{"c":[]}]},"c":{"exists":false},"d":{"ne":{"eq":1}}}}`,
		`{"filter":{"a\\.b.c":{"eq":{"gt":1}},"":1,"a..b":2}}`,
		`{"filter":{"a":{"eq":1,"x":2},"b":{"lt":[]}}}`,
		`{"sort":[["a",1],["b.c",-1]],"limit":1}`,
		`{"sort":{"a":1,"b":2}}`,
		`{"filter":null,"sort":null,"limit":null,"cursor":null}`,
		`{"filter":{"v":1e999999999999},"sort":[["v",1],["v",-1],["\u0000",1]],"limit":2}`,
		`{"limit":1,"sort":{"v":1},"filter":{"v":{"gte":""}}}`,
		`[`, `{"filter":{"\ud800":"\ud800"}}`,
	} {
		f.Add(seed)
	}
	b := newBackend(f)
	for i, value := range []string{`1`, `{"v":1}`, `{"v":"a"}`, `{"v":"b"}`, `{"v":[1]}`, `{"v":null}`, `{"a":{"b":1},"status":"active"}`} {
		b.set(fmt.Sprintf("c/k%d", i), value)
	}
	f.Fuzz(func(t *testing.T, body string) {
		b := &backend{TB: t, store: b.store, http: b.http}
		a := b.do("POST", findPath, body)
		switch a.Code {
		case http.StatusOK:
			keys, cursor := a.page(t)
			if cursor == "" {
				return
			}
			more, _ := b.do("POST", findPath, `{"limit":500,"cursor":`+quote(cursor)+`}`).page(t)
			if len(more) == 0 || more[0] == keys[len(keys)-1] {
				t.Fatalf("%s finds %q, then %q", body, keys, more)
			}
		case http.StatusBadRequest, http.StatusUnprocessableEntity:
		default:
			t.Fatalf("%s: status %d: %s", body, a.Code, a.Body)
		}
	})
}

// A value that is JSON comes back as json.Compact has it; any other is refused.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{
		` { "a" : [ 1 , 2.50 , -0e+7 , "\\\"" , "\\\\" , " \u0020 " ] , "\\" : { } } `, `"<&>\u2028"`, `{"a":1,"\u0061":2}`, "[[[]]]", `"\"`, `"`, "\"\t\"",
		"\xff", "1 2", "nul", "\u00a01", strings.Repeat("[", 65) + strings.Repeat("]", 65),
	} {
		f.Add(seed)
	}
	b := newBackend(f)
	f.Fuzz(func(t *testing.T, value string) {
		b := &backend{TB: t, store: b.store, http: b.http}
		set := b.do("PUT", "/v1/storage/db/c/k", value)
		if !json.Valid([]byte(value)) || !utf8.ValidString(value) {
			set.want(t, http.StatusBadRequest, "bad_request")
			return
		}
		if set.Code != http.StatusOK {
			if set.Code != http.StatusUnprocessableEntity && !strings.Contains(set.Body.String(), "deeper") {
				t.Fatalf("%q: %d %s", value, set.Code, set.Body)
			}
			return
		}
		var want bytes.Buffer
		if err := json.Compact(&want, []byte(value)); err != nil {
			t.Fatal(err)
		}
		d, err := b.store.For(alice).Collection("c").Get(t.Context(), "k")
		if err != nil || string(d.Value) != want.String() {
			t.Fatalf("%q comes back as %q, %v", value, d.Value, err)
		}
	})
}

// No text but a cursor of ours opens.
func FuzzCursor(f *testing.F) {
	b := newBackend(f)
	b.set("c/a", "1")
	b.set("c/b", "2")
	_, cursor := b.do("POST", findPath, `{"limit":1}`).page(f)
	for _, seed := range []string{"", "A", "AAAA", cursor, cursor[1:], cursor + "A", "\r\n" + cursor} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, forged string) {
		if forged == cursor || !utf8.ValidString(forged) {
			return
		}
		b := &backend{TB: t, store: b.store, http: b.http}
		b.do("POST", findPath, `{"cursor":`+quote(forged)+`}`).want(t, http.StatusBadRequest, "invalid_cursor")
	})
}
