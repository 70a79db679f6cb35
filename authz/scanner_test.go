package authz

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/strictjson"
)

// decoded returns a checked value as encoding/json does.
func decoded(v value) any {
	var out any
	d := json.NewDecoder(strings.NewReader(string(v)))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return err
	}
	return out
}

// The scanner is no part of the public surface, and what it lets through must be what the
// strict decoder of the toolkit does.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { "a" : 1 } `, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":2}}`, `{"a":[{"b":1},{"b":2}]}`,
		`{"a":"\ud83d\ude00"}`, `{"a":"\ud83d"}`, `{"a":"\ude00"}`, `{"a":"\ud83dx"}`, `{"a":"\ud83d\u0041"}`, `{"a":"\x"}`,
		`{"a":01}`, `{"a":-}`, `{"a":-0}`, `{"a":1.}`, `{"a":1e}`, `{"a":1E+5}`, `{"a":.5}`, `{"a":NaN}`, `{"a":tru}`, `{"a":true}`,
		`{"a":null,}`, `{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1}x`, `[]`, `null`, ``, "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", "\ufeff{}",
		`{"a":[1,2,]}`, `{"a":[`, `{"a":"`, `{"a":"\`, `{"a":"\u00`, `{"/":{"~":[0,{"":"x"}]}}`,
		`{"a":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`, `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
		manyMembers(fewNames), manyMembers(fewNames + 1), manyMembers(60), manyMembers(60)[:300] + `,"m3":1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		var want map[string]any
		faults, err := strictjson.Unmarshal([]byte(data), &want)
		got, ok := scanObject(data)
		if isGood := err == nil && len(faults) == 0 && want != nil; ok != isGood {
			t.Fatalf("%q: the scanner says %v; the decoder says %v, %v", data, ok, faults, err)
		}
		if !ok {
			return
		}
		if len(got) != len(want) {
			t.Fatalf("%q has %d members, want %d", data, len(got), len(want))
		}
		for _, m := range got {
			if v := decoded(m.value); !reflect.DeepEqual(v, want[m.name]) {
				t.Errorf("%q: %q is %v, want %v", data, m.name, v, want[m.name])
			}
		}
	})
}

func manyMembers(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"m%d":%d`, i, i))
	}
	return "{" + strings.Join(list, ",") + "}"
}

// RFC 6901 section 5.
func TestPointers(t *testing.T) {
	t.Parallel()
	all, ok := scanObject(`{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"m~n":8,"o":{"p":{"q":["r",{"s":"t"}]}},"\u00e9":9,"/x":3}`)
	if !ok {
		t.Fatal("the document of the RFC is refused")
	}
	for name, want := range map[string]string{
		"/foo": `["bar","baz"]`, "/foo/0": `"bar"`, "/foo/1": `"baz"`, "/": "0", "/a~1b": "1", "/c%d": "2", "/m~0n": "8",
		"/o/p/q/1/s": `"t"`, "foo": `["bar","baz"]`, "a/b": "1", "é": "9", "/~1x": "3",
		"/foo/2": "", "/foo/-": "", "/foo/00": "", "/foo/+1": "", "/foo/": "", "/o/p/x": "", "/foo/0/0": "", "x": "", "/o/p/q/1/s/t": "",
		"/foo/99999999999999999999": "",
	} {
		path, ok := pointer(name)
		if got := string(all.at(path)); !ok || got != want {
			t.Errorf("%s leads to %s, %t, want %s", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "/~", "/a~2", "/~~0"} {
		if path, ok := pointer(name); ok {
			t.Errorf("%q is a pointer: %q", name, path)
		}
	}
}
