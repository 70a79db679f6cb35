package documents_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func TestValuesComeBackAsSent(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	tests := []struct{ sent, back string }{
		{`null`, ``}, {`true`, ``}, {`0`, ``}, {`""`, ``}, {`[]`, ``}, {`{}`, ``},
		{`[1e400,0.10,12345678901234567890,-0,-0.0,1E+2,1.0,100000000000000000000000000000.000001]`, ``},
		{`"<a href='x'>&amp;</a>"`, ``},
		{`"\u003c\/\u00e9\ud83d\ude00 \u2028 é 😀"`, ``},
		{`{"z":1,"a":2,"":3,"$set":4,"a.b":5,"A":6}`, ``},
		{`{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}`, ``},
		{" \t\r\n{ \"a b\" : [ 1 , \" 2 \" , { } , [ ] ] } \n", `{"a b":[1," 2 ",{},[]]}`},
		{`{"version":"x","key":"y"}`, ``},
		{strings.Repeat("[", 64) + strings.Repeat("]", 64), ``},
		{strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64), ``},
		{`"` + strings.Repeat("x", documents.MaxValue-2) + `"`, ``},
		{`"` + strings.Repeat(`\n`, documents.MaxValue/2-1) + `"`, ``},
	}
	for _, test := range tests {
		want := test.back
		if want == "" {
			want = test.sent
		}
		version := b.set("c/k", test.sent)
		envelope := `{"key":"k","value":` + want + `,"version":"` + version + `","updatedAt":"2026-01-02T15:04:05.678Z"}`
		if got := b.do("GET", "/v1/storage/db/c/k", "").Body.String(); got != envelope+"\n" {
			t.Errorf("%s: GET answers %s", webtest.Abridged(test.sent), webtest.Abridged(got))
		}
		if got := b.do("POST", "/v1/storage/db/c/query", `{}`).Body.String(); got != `{"items":[`+envelope+`]}`+"\n" {
			t.Errorf("%s: query answers %s", webtest.Abridged(test.sent), webtest.Abridged(got))
		}
		if len(test.sent) > 1<<19 {
			continue
		}
		batch := b.do("POST", "/v1/storage/db/c/batch", `{"ops":[{"op":"set","key":"batch","value":`+test.sent+`}]}`)
		batch.want(t, 200, "")
		if got := b.do("GET", "/v1/storage/db/c/batch", "").Body.String(); !strings.Contains(got, `"value":`+want+`,"version"`) {
			t.Errorf("%s: after a batch GET answers %s", webtest.Abridged(test.sent), webtest.Abridged(got))
		}
		b.do("DELETE", "/v1/storage/db/c/batch", "").want(t, 204, "")
	}
}

func TestValuesThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	var twenty, twentyPointers []string
	for i := range 30 {
		twenty = append(twenty, fmt.Sprintf(`"k%02d":1,"k%02d":1`, i, i))
		if i < 20 {
			twentyPointers = append(twentyPointers, fmt.Sprintf("/k%02d", i))
		}
	}
	tests := []struct {
		value    string
		pointers []string
	}{
		{`{"a":1,"b":2,"a":3}`, []string{"/a"}},
		{`{"a":1,"a":2,"a":3}`, []string{"/a", "/a"}},
		{`{"a":1,"\u0061":2}`, []string{"/a"}},
		{`{"":1,"":2}`, []string{"/"}},
		{`{"a/b~":1,"a\/b~":2}`, []string{"/a~1b~0"}},
		{`{"x":{"y":[0,[],{"a":{},"a":{}}]}}`, []string{"/x/y/2/a"}},
		{`[{"b":{"c":1}},{"d":1,"e":{"a":"a","b":{"z":1},"a":"b"}}]`, []string{"/1/e/a"}},
		{`{"o":{"k":1,"k":2},"p":{"k":1,"k":2},"o":1}`, []string{"/o/k", "/p/k", "/o"}},
		{`{` + strings.Join(twenty, ",") + `}`, twentyPointers},
		{`"\ud800"`, []string{""}},
		{`{"a":["\ud83d\ude00","x\ude00"]}`, []string{"/a/1"}},
		{`{"a":{"\ud800":1,"\ud801":2}}`, []string{"/a/\ufffd", "/a/\ufffd"}},
	}
	for _, test := range tests {
		b.do("PUT", "/v1/storage/db/c/k", test.value).want(t, 422, cpodkit.CodeValidationFailed, test.pointers...)
		for i, p := range test.pointers {
			test.pointers[i] = "/ops/1/value" + p
		}
		b.do("POST", "/v1/storage/db/c/batch", `{"ops":[{"op":"set","key":"k","value":1},{"op":"set","key":"k","value":`+test.value+`}]}`).
			want(t, 422, cpodkit.CodeValidationFailed, test.pointers...)
	}
	for _, deep := range []string{
		strings.Repeat("[", 65) + strings.Repeat("]", 65),
		`[` + strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64) + `]`,
		strings.Repeat("[", 500_000) + strings.Repeat("]", 500_000),
	} {
		b.do("PUT", "/v1/storage/db/c/k", deep).want(t, 400, cpodkit.CodeBadRequest)
		b.do("POST", "/v1/storage/db/c/batch", `{"ops":[{"op":"set","key":"k","value":`+deep+`}]}`).want(t, 400, cpodkit.CodeBadRequest)
	}
	long := strings.Repeat("é", 1000)
	a := b.do("PUT", "/v1/storage/db/c/k", `{"`+long+`":1,"`+long+`":2}`)
	a.want(t, 422, cpodkit.CodeValidationFailed, "/"+strings.Repeat("é", 127)+"…")

	// One member more than the bound: a search that compared all with all would
	// take minutes.
	var many strings.Builder
	for i := range 90_000 {
		fmt.Fprintf(&many, `"%x":1,`, i)
	}
	b.do("PUT", "/v1/storage/db/c/k", "{"+many.String()+`"ff":1}`).
		want(t, 422, cpodkit.CodeValidationFailed, "/ff")
	b.do("GET", "/v1/storage/db/c/k", "").want(t, 404, cpodkit.CodeNotFound)

	for value, detail := range map[string]string{
		``:            "There is no value",
		` `:           "There is no value",
		`{`:           "it ends too early",
		`nul`:         "in literal null",
		`[1,]`:        "invalid character ']'",
		`{"a" 1}`:     "at byte 6",
		"\"\x01\"":    "invalid character",
		`01`:          "more than one value",
		"\ufeff1":     "invalid character",
		`"a" "b"`:     "more than one value",
		"{}\x00":      `invalid character '\\x00' after top-level value`,
		"{\"\xc3\":1": "not UTF-8",
	} {
		a := b.do("PUT", "/v1/storage/db/c/k", value)
		a.want(t, 400, cpodkit.CodeBadRequest)
		if !strings.Contains(a.Body.String(), detail) {
			t.Errorf("%q: %s", value, a.Body)
		}
	}
}
