package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/strictjson"
)

type embedded struct {
	Inner string `json:"inner"`
}

type body struct {
	embedded
	Embedded
	Text     string            `json:"text"`
	Flag     bool              `json:"flag,omitempty"`
	Int      int64             `json:"int"`
	Small    int8              `json:"small"`
	Count    uint16            `json:"count"`
	Float    float64           `json:"float"`
	Number   json.Number       `json:"number"`
	Raw      json.RawMessage   `json:"raw"`
	Any      any               `json:"any"`
	List     []string          `json:"list"`
	Map      map[string]int    `json:"map"`
	Nested   *nested           `json:"nested"`
	Nesteds  []nested          `json:"nesteds"`
	Maps     map[string]nested `json:"maps"`
	Untagged string
	Hidden   string `json:"-"`
}

type Embedded struct {
	Outer string `json:"outer"`
}

type nested struct {
	A *int   `json:"a"`
	B string `json:"b/c~d"`
}

func TestUnmarshalDecodes(t *testing.T) {
	t.Parallel()
	const text = ` { "text" : "a\"b\\\u00e9\ud83c\udf0d\/" , "flag":true, "int":-9223372036854775808, "small":-128, "count":65535,
		"float":1.5e3, "number":1.00e400, "raw": {"b" : 1.0,"a":[ null ]} , "any":{"x":[1.0,"y",false,null,{}]},
		"list":["a",""], "map":{"":1,"k\n":2}, "nested":{"a":7,"b/c~d":"x"}, "nesteds":[{},{"a":null}], "maps":{"m":{"a":1}},
		"Untagged":"u","outer":"o" } `
	var got body
	faults, err := strictjson.Unmarshal([]byte(text), &got)
	if err != nil || len(faults) > 0 {
		t.Fatalf("Unmarshal = %v, %v", faults, err)
	}
	var want body
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Unmarshal gives\n%+v\nencoding/json gives\n%+v", got, want)
	}
	if string(got.Raw) != `{"b" : 1.0,"a":[ null ]}` {
		t.Errorf("the raw member is %s", got.Raw)
	}
}

func TestUnmarshalNull(t *testing.T) {
	t.Parallel()
	got := body{Any: 1, List: []string{"x"}, Map: map[string]int{"x": 1}, Nested: &nested{}}
	faults, err := strictjson.Unmarshal([]byte(`{"raw":null,"list":null,"map":null,"nested":null}`), &got)
	if err != nil || len(faults) > 0 {
		t.Fatalf("Unmarshal = %v, %v", faults, err)
	}
	if string(got.Raw) != "null" || got.List != nil || got.Map != nil || got.Nested != nil {
		t.Errorf("nulls give %+v", got)
	}
}

func TestUnmarshalFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{`{"nope":1}`, "/nope: is not a member of this body"},
		{`{"TEXT":"x"}`, "/TEXT: is not a member of this body"},
		{`{"Hidden":"x"}`, "/Hidden: is not a member of this body"},
		{`{"-":"x"}`, "/-: is not a member of this body"},
		{`{"text":"a","text":"b"}`, "/text: stands more than once"},
		{`{"text":"a","te\u0078t":"b"}`, "/text: stands more than once"},
		{`{"text":1}`, "/text: must be a string, not a number"},
		{`{"text":null}`, "/text: must be a string, not null"},
		{`{"text":{}}`, "/text: must be a string, not an object"},
		{`{"text":["x"]}`, "/text: must be a string, not an array"},
		{`{"flag":"true"}`, "/flag: must be a boolean, not a string"},
		{`{"flag":0}`, "/flag: must be a boolean, not a number"},
		{`{"int":true}`, "/int: must be an integer, not a boolean"},
		{`{"int":9223372036854775808}`, "/int: must be an integer that fits 64 bits"},
		{`{"int":60.5}`, "/int: must be an integer that fits 64 bits"},
		{`{"int":1e19}`, "/int: must be an integer that fits 64 bits"},
		{`{"small":128}`, "/small: must be an integer that fits 8 bits"},
		{`{"count":-1}`, "/count: must be an integer from 0 that fits 16 bits"},
		{`{"count":65536}`, "/count: must be an integer from 0 that fits 16 bits"},
		{`{"float":1e400}`, "/float: is too large a number"},
		{`{"float":"1"}`, "/float: must be a number, not a string"},
		{`{"number":"1"}`, "/number: must be a number, not a string"},
		{`{"list":{}}`, "/list: must be an array, not an object"},
		{`{"list":"a"}`, "/list: must be an array, not a string"},
		{`{"list":["a",1,null]}`, "/list/1: must be a string, not a number|/list/2: must be a string, not null"},
		{`{"map":[]}`, "/map: must be an object, not an array"},
		{`{"map":{"a/b":"x","~":1,"":true}}`, "/map/a~1b: must be an integer, not a string|/map/: must be an integer, not a boolean"},
		{`{"nested":{"b/c~d":1,"c":2}}`, "/nested/b~1c~0d: must be a string, not a number|/nested/c: is not a member of this body"},
		{`{"nesteds":[{},{"a":"x"},3]}`, "/nesteds/1/a: must be an integer, not a string|/nesteds/2: must be an object, not a number"},
		{`{"maps":{"k":{"a":1,"a":2}}}`, "/maps/k/a: stands more than once"},
		{`{"raw":{"a":[0,{"b":1,"b":2}]}}`, "/raw/a/1/b: stands more than once"},
		{`{"any":[{"b":1,"b":2}]}`, "/any/0/b: stands more than once"},
		{`{"nope":[{"b":1,"b":2}],"text":1}`,
			"/nope: is not a member of this body|/nope/0/b: stands more than once|/text: must be a string, not a number"},
		{`[]`, ": must be an object, not an array"},
		{`"x"`, ": must be an object, not a string"},
		{`null`, ": must be an object, not null"},
		{`{"é":1}`, "/é: is not a member of this body"},
		{`{"text":"\ud800"}`, "/text: holds half of a surrogate pair, which no text can keep"},
		{`{"text":"\n\uDBFF\\\udfff"}`, "/text: holds half of a surrogate pair, which no text can keep"},
		{`{"list":["\ud83c\udf0d","\udf0d\ud83c"]}`, "/list/1: holds half of a surrogate pair, which no text can keep"},
		{`{"any":[{"b":"x\udc00"}]}`, "/any/0/b: holds half of a surrogate pair, which no text can keep"},
		{`{"raw":{"a":[0,"\ud800\u0041"]}}`, "/raw/a/1: holds half of a surrogate pair, which no text can keep"},
		{`{"raw":{"\ud800":1,"\ud801":{"\ufffd":"\\ud800"}}}`,
			"/raw/\ufffd: has a name that holds half of a surrogate pair, which no text can keep|" +
				"/raw/\ufffd: has a name that holds half of a surrogate pair, which no text can keep"},
	} {
		var dst body
		faults, err := strictjson.Unmarshal([]byte(test.text), &dst)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		var got []string
		for _, f := range faults {
			got = append(got, f.Pointer+": "+f.Detail)
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%s gives %q; want %q", test.text, strings.Join(got, "|"), test.want)
		}
	}
}

func TestUnmarshalErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"", "ends too early"}, {" \n", "ends too early"}, {"{", "ends too early"}, {`{"text":`, "ends too early"}, {`"`, "ends too early"},
		{"{} {}", "more than one value"}, {"1 2", "more than one value"}, {`1"`, "more than one value"},
		{"{}x", "invalid character 'x'"}, {"{\"text\":\"a\"}\x00", `invalid character '\x00' after top-level value, at byte 13 (line 1)`}, {"{}}", "invalid character '}'"},
		{`{"text":"a",}`, "at byte 13 (line 1)"}, {"{\n\n\"text\" 1}", "(line 3)"}, {"\ufeff{}", "invalid character"},
		{"{'a':1}", "invalid character"}, {`{"int":01}`, "invalid character"}, {`{"int":+1}`, "invalid character"}, {"NaN", "invalid character"},
		{"{\"text\":\"a\nb\"}", "invalid character"}, {`{"text":"\x"}`, "invalid character"}, {"\xff", "not UTF-8"}, {"{\"text\":\"\xc3\"}", "not UTF-8"},
	} {
		var dst body
		_, err := strictjson.Unmarshal([]byte(test.text), &dst)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v; want %q", test.text, err, test.want)
		}
		if early := test.want == "ends too early"; errors.Is(err, io.ErrUnexpectedEOF) != early {
			t.Errorf("%q: %v; ErrUnexpectedEOF should be %v", test.text, err, early)
		}
	}
}

func TestDepth(t *testing.T) {
	t.Parallel()
	nest := func(n int, open, inside, end string) string {
		return strings.Repeat(open, n) + inside + strings.Repeat(end, n)
	}
	for _, member := range []string{"any", "raw", "nope", "text"} {
		most := strictjson.MaxDepth - 1 // the body itself is one
		if member == "raw" {
			most = strictjson.MaxDepth
		}
		for _, shape := range [][3]string{{"[", "", "]"}, {"[", "1", "]"}, {`{"a":`, "[]", "}"}, {`{"a":`, "1", "}"}} {
			n := most
			if shape[1] == "[]" {
				n--
			}
			for extra, wantErr := range map[int]bool{0: false, 1: true, 1000: true} {
				var dst body
				_, err := strictjson.Unmarshal([]byte(`{"`+member+`":`+nest(n+extra, shape[0], shape[1], shape[2])+`}`), &dst)
				if (err != nil) != wantErr {
					t.Errorf("%s %v %d over the limit: %v", member, shape, extra, err)
				}
			}
		}
	}
	var dst any
	if _, err := strictjson.Unmarshal([]byte(strings.Repeat("[", 1<<20)), &dst); err == nil {
		t.Error("a million open arrays are fine")
	}
}

func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("{")
	for i := range 1000 {
		fmt.Fprintf(&text, `"%s%d":1,`, strings.Repeat("é", 1000), i)
	}
	text.WriteString(`"text":1}`)
	var dst body
	faults, err := strictjson.Unmarshal([]byte(text.String()), &dst)
	if err != nil || len(faults) != 20 {
		t.Fatalf("%d faults, %v", len(faults), err)
	}
	for _, f := range faults {
		if len(f.Pointer) > 300 || strings.ContainsRune(f.Pointer, '\ufffd') {
			t.Errorf("pointer of %d bytes: %q", len(f.Pointer), f.Pointer)
		}
	}
}

func TestRepeatedMembersInALargeObject(t *testing.T) {
	t.Parallel()
	for _, size := range []int{15, 16, 17, 18, 1000} {
		for _, again := range []int{-1, 0, size / 2, size - 1} {
			var text strings.Builder
			for i := range size {
				fmt.Fprintf(&text, `"m%d":{"m%d":0},`, i, i)
			}
			fmt.Fprintf(&text, `"m%d":1`, again)
			var dst map[string]any
			faults, err := strictjson.Unmarshal([]byte("{"+text.String()+"}"), &dst)
			if want := again >= 0; err != nil || (len(faults) == 1) != want {
				t.Errorf("%d members and m%d again: %v, %v", size, again, faults, err)
			}
		}
	}
}

// FuzzUnmarshal holds Unmarshal against encoding/json: both take the same
// texts, and give the same value where nothing is repeated.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.50e+3,true,false,null,"x\u0000\ud83c\udf0d\\\""],"b":{"":{}}}`, ` [ ] `, `"\ud800"`, `{"a":1,"a":2}`,
		`{"a":1,"\u0061":2}`, "1 2", "{", "", "nul", `[1,]`, "\xff", `{"a":{"a":{"a":0}}}`, "-0", "[[[[]]]]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got any
		faults, err := strictjson.Unmarshal(data, &got)
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		var want any
		wantErr := dec.Decode(&want)
		if err == nil && wantErr != nil {
			t.Fatalf("%q is taken; encoding/json says %v", data, wantErr)
		}
		if err == nil && len(faults) == 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q gives %v; encoding/json gives %v", data, got, want)
		}
		var raw struct {
			Value json.RawMessage `json:"value"`
		}
		rawFaults, rawErr := strictjson.Unmarshal(fmt.Appendf(nil, `{"value":%s}`, data), &raw)
		if err == nil && (rawErr != nil || len(rawFaults) != len(faults) || string(raw.Value) != string(bytes.Trim(data, " \t\r\n"))) {
			t.Fatalf("%q as a raw member gives %q, %v, %v; alone %v", data, raw.Value, rawFaults, rawErr, faults)
		}
	})
}

func BenchmarkSmallBody(b *testing.B) {
	data := []byte(`{"raw":{"a":1,"b":[1,2,3],"c":{"d":"e"}},"int":60}`)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var dst body
		if _, err := strictjson.Unmarshal(data, &dst); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLargeArray(b *testing.B) {
	data := []byte(`{"raw":[` + strings.Repeat("1,", 1<<19) + `1]}`)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var dst body
		if _, err := strictjson.Unmarshal(data, &dst); err != nil {
			b.Fatal(err)
		}
	}
}
