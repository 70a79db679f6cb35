package documents_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// ascending holds one line for each value; the JSON texts of a line are equal.
var ascending = [][]string{
	{`null`},
	{`false`},
	{`true`},
	{`-1e1000000000000000000000`},
	{`-1e400`, `-10e399`},
	{`-123456789012345678901234567890123456789012345678901234567890`},
	{`-100`, `-1e2`},
	{`-99.9`},
	{`-12`},
	{`-1.5`},
	{`-1`, `-1.0`, `-0.1e1`, `-10e-1`},
	{`-0.1`},
	{`-1e-400`},
	{`-1e-99999999999999999999`},
	{`0`, `-0`, `0.0`, `0e999999999999999999999`, `-0e-5`},
	{`1e-99999999999999999999`},
	{`1e-99999999999999999998`, `0.1e-99999999999999999997`, `10e-99999999999999999999`},
	{`1e-1000000000`},
	{`1e-400`},
	{`0.001`, `1e-3`},
	{`0.1`, `1e-1`, `0.10`},
	{`0.12`},
	{`0.5`},
	{`1`, `1.0`, `1e0`, `1E+0`, `100e-2`},
	{`1.5`},
	{`2`},
	{`9`},
	{`9.99`},
	{`10`, `1e1`},
	{`12`},
	{`100`},
	{`9007199254740992`},
	{`9007199254740993`},
	{`123456789012345678901234567890`},
	{`1e400`},
	{`1e401`},
	{`1e999999999`},
	{`9e999999999`},
	{`1e1000000000`},
	{`1e9999999999999999999`, `0.1e10000000000000000000`},
	{`1e10000000000000000000`, `10e9999999999999999999`},
	{`""`},
	{`"\u0000"`},
	{`"\u0000\u0000"`},
	{`"\u0000a"`},
	{`"\u0001"`},
	{`"\b"`, `"\u0008"`},
	{`"\t"`},
	{`"\n"`},
	{`" "`},
	{`"\""`, `"\u0022"`},
	{`"0"`},
	{`"A"`, `"\u0041"`},
	{`"\\"`},
	{`"a"`},
	{`"a\u0000"`},
	{`"a\u0000b"`},
	{`"a\t"`},
	{`"ab"`},
	{`"é"`, `"\u00e9"`, `"\u00E9"`},
	{`"\ue000"`},
	{`"\ufffd"`, `"\ud800"`, `"\udc00"`},
	{`"😀"`, `"\ud83d\ude00"`},
	{`[]`, `[ ]`},
	{`[null]`},
	{`[1]`, `[1.0]`},
	{`[1,null]`, ` [ 1 , null ] `},
	{`[1,2]`},
	{`[1,10]`},
	{`["a"]`},
	{`["a","a"]`},
	{`["a\u0000"]`},
	{`["a\u0001"]`},
	{`["aa"]`},
	{`[[]]`},
	{`[[],[]]`},
	{`[[null]]`},
	{`[{}]`},
	{`[{"a":1}]`, `[{"a":1.0}]`},
	{`[{"a":1,"b":2}]`, `[{"b":2,"a":1}]`},
}

func key(t testing.TB, raw string) documents.SortKey {
	t.Helper()
	k, err := documents.KeyOf([]byte(raw))
	if err != nil {
		t.Fatalf("KeyOf(%s): %v", raw, err)
	}
	return k
}

func TestKeyOrder(t *testing.T) {
	t.Parallel()
	for i, line := range ascending {
		k := key(t, line[0])
		if !utf8.ValidString(string(k)) || strings.Contains(string(k), "\x00") {
			t.Errorf("the key of %s is %q", line[0], k)
		}
		for _, same := range line[1:] {
			if key(t, same) != k {
				t.Errorf("%s has key %q, but %s has %q", line[0], k, same, key(t, same))
			}
		}
		for j, other := range ascending {
			if got, want := cmp.Compare(k, key(t, other[0])), cmp.Compare(i, j); got != want {
				t.Errorf("%s and %s compare as %d, want %d", line[0], other[0], got, want)
			}
		}
	}
}

func TestTypeRange(t *testing.T) {
	t.Parallel()
	types := [][]string{
		{`null`},
		{`false`, `true`},
		{`-1e999`, `0`, `1`, `1e999999999999999999999`},
		{`""`, `"\uffff"`, `"😀"`},
		{`[]`, `[{"z":9}]`},
		{`{}`, `{"z":{"z":1}}`},
	}
	for i, values := range types {
		for _, value := range values {
			low, high := key(t, value).TypeRange()
			for j, others := range types {
				for _, other := range others {
					k := key(t, other)
					if inside := low <= k && k < high; inside != (i == j) {
						t.Errorf("the range of %s holds %s: %v", value, other, inside)
					}
				}
			}
		}
	}
	if low, high := documents.SortKey("").TypeRange(); low != "" || high != "" {
		t.Errorf("the range of what is missing is %q to %q", low, high)
	}
}

func TestProjection(t *testing.T) {
	t.Parallel()
	value := `{"z":1,"a":{"y":[1,{"k":"\t"}],"x":{"deep":null},"":{"e":true}},"a.b":"dot","$c":"dollar","n\"\\%":"odd",
		"text":"q\" b\\ \n \u0000 \t é","ключ":2,"zz":{}}`
	p, err := documents.Project([]byte(value))
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(p.JSON()) {
		t.Fatalf("not JSON: %s", p.JSON())
	}
	tests := []struct{ path, want string }{
		{`z`, `1.0`},
		{`a.y`, `[1,{"k":"\u0009"}]`},
		{`a.x`, `{"deep":null}`},
		{`a.x.deep`, `null`},
		{`a`, `{"x":{"deep":null},"":{"e":true},"y":[1e0,{"k":"\t"}]}`},
		{`a\.b`, `"dot"`},
		{`$c`, `"dollar"`},
		{`n"\\%`, `"odd"`},
		{`text`, `"q\u0022 b\\ \n \u0000 \t é"`},
		{`ключ`, `2`},
		{`zz`, `{}`},
		{`b`, ``},
		{`a.y.k`, ``},
		{`z.z`, ``},
		{`zz.z`, ``},
		{`zzz`, ``},
	}
	for _, test := range tests {
		path, err := documents.ParsePath(test.path)
		if err != nil {
			t.Fatal(err)
		}
		var want documents.SortKey
		if test.want != "" {
			want = key(t, test.want)
		}
		if got := p.At(path); got != want {
			t.Errorf("at %s: %q, want %q", test.path, got, want)
		}
	}
	if whole := p.At(nil); whole != key(t, value) {
		t.Errorf("the whole is %q, want %q", whole, key(t, value))
	}
}

func TestProjectionOfOtherValues(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`null`, `1`, `"a"`, `[{"a":1}]`} {
		p, err := documents.Project([]byte(value))
		if err != nil || p.JSON() != nil || p.At(documents.Path{"a"}) != "" || p.At(nil) != "" {
			t.Errorf("%s projects to %s, %v", value, p.JSON(), err)
		}
	}
}

func TestNotJSON(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		``, ` `, `nul`, `nulll`, `tru`, `01`, `-`, `+1`, `1.`, `.5`, `1e`, `1e+`, `1 2`, `"`, `"\`, `"\u12"`, `"\u12g4"`, `"\x"`,
		"\"\n\"", "\"\xff\"", `[`, `[1`, `[1,`, `[1,]`, `[,]`, `]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`,
		`{"a" 1}`, `{1:1}`, `}`, `[{"a":1,}]`, `{"\`, `{"\u1`, strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 100_000),
	} {
		if k, err := documents.KeyOf([]byte(raw)); err == nil {
			t.Errorf("KeyOf(%.20q) = %q", raw, k)
		}
		if p, err := documents.Project([]byte(raw)); err == nil {
			t.Errorf("Project(%.20q) = %s", raw, p.JSON())
		}
	}
}

func TestParsePath(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][]string{
		`a`:                            {"a"},
		`a.b.c`:                        {"a", "b", "c"},
		`a\.b`:                         {"a.b"},
		`a\\.b`:                        {`a\`, "b"},
		`$a. .é`:                       {"$a", " ", "é"},
		strings.Repeat("a.", 63) + "a": slices.Repeat([]string{"a"}, 64),
		strings.Repeat("a", 1024):      {strings.Repeat("a", 1024)},
		`\.`:                           {"."},
		`\\`:                           {`\`},
		``:                             {""},
		`.`:                            {"", ""},
		`.a.`:                          {"", "a", ""},
		`packages..version`:            {"packages", "", "version"},
		`\...\\`:                       {".", "", `\`},
	} {
		path, err := documents.ParsePath(s)
		if err != nil || !slices.Equal(path, want) {
			t.Errorf("ParsePath(%.40q) = %q, %v", s, path, err)
		}
		if path.String() != s {
			t.Errorf("%.40q becomes %.40q", s, path.String())
		}
	}
	for _, s := range []string{
		`a\`, `a\b`, "a\xff", strings.Repeat("a.", 64) + "a", strings.Repeat("a", 1025),
		strings.Repeat(`\..`, 64) + "a",
	} {
		if path, err := documents.ParsePath(s); err == nil {
			t.Errorf("ParsePath(%.40q) = %q", s, path)
		}
	}
}

func TestEscapeName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "%", "a-Z_9": "a-Z_9", ".": "%2E", "$a": "%24a", "%": "%25", "é": "%C3%A9", "a\x00": "a%00", `"`: "%22",
	} {
		if got := documents.EscapeName(name); got != want {
			t.Errorf("EscapeName(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzKeyOf(f *testing.F) {
	for _, line := range ascending {
		f.Add([]byte(line[0]), []byte(line[len(line)-1]))
	}
	f.Add([]byte(`{"a":{"b":[1,{"c":2}]},"":1}`), []byte(`{"":1.0,"a":{"b":[1e0,{"c":2}]}}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		keyA, err := documents.KeyOf(a)
		projection, projectErr := documents.Project(a)
		if valid := json.Valid(a) && utf8.Valid(a); valid != (err == nil) || valid != (projectErr == nil) {
			if !strings.Contains(string(a), strings.Repeat("[", 200)) && !strings.Contains(string(a), strings.Repeat("{", 200)) {
				t.Fatalf("%q: %v, %v", a, err, projectErr)
			}
		}
		if err != nil {
			return
		}
		if !utf8.ValidString(string(keyA)) || strings.Contains(string(keyA), "\x00") {
			t.Fatalf("the key of %q is %q", a, keyA)
		}
		if p := projection.JSON(); p != nil && (!json.Valid(p) || documents.SortKey(p) != keyA) {
			t.Fatalf("the projection of %q is %q, the key %q", a, p, keyA)
		}
		if !json.Valid(b) || !utf8.Valid(b) {
			return
		}
		x, keyX := canonical(t, a)
		y, keyY := canonical(t, b)
		if want, ok := compareValues(x, y); ok && cmp.Compare(keyX, keyY) != want {
			t.Fatalf("%q and %q compare as %d, want %d: %q %q", a, b, cmp.Compare(keyX, keyY), want, keyX, keyY)
		}
	})
}

// canonical returns the decoded form of raw, and the key of that: a member that
// stands twice, which no document has, is gone.
func canonical(t *testing.T, raw []byte) (any, documents.SortKey) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return v, key(t, string(text))
}

// compareValues reports false where comparing would be slow, or the order is
// not defined.
func compareValues(a, b any) (int, bool) {
	rank := func(v any) int {
		switch v := v.(type) {
		case nil:
			return 0
		case bool:
			if v {
				return 2
			}
			return 1
		case json.Number:
			return 3
		case string:
			return 4
		case []any:
			return 5
		}
		return 6
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c, true
	}
	switch a := a.(type) {
	case json.Number:
		x, okX := rational(string(a))
		y, okY := rational(string(b.(json.Number)))
		if !okX || !okY {
			return 0, false
		}
		return x.Cmp(y), true
	case string:
		return cmp.Compare(a, b.(string)), true
	case []any:
		b := b.([]any)
		for i := range min(len(a), len(b)) {
			if c, ok := compareValues(a[i], b[i]); c != 0 || !ok {
				return c, ok
			}
		}
		return cmp.Compare(len(a), len(b)), true
	case map[string]any:
		b := b.(map[string]any)
		if len(a) != len(b) {
			return 0, false
		}
		for name, x := range a {
			y, ok := b[name]
			if !ok {
				return 0, false
			}
			if c, ok := compareValues(x, y); c != 0 || !ok {
				return 0, false
			}
		}
	}
	return 0, true
}

func rational(s string) (*big.Rat, bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(s)-i > 5 || len(s) > 2000 {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func BenchmarkProject(b *testing.B) {
	value := []byte(`{"name":"Alice Example","status":"active","plan":"pro","createdAt":"2026-01-02T03:04:05Z","visits":12345,` +
		`"tags":["a","b","c"],"address":{"city":"Berlin","zip":"10115"},"balance":-12.50,"ok":true}`)
	b.ReportAllocs()
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		if _, err := documents.Project(value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAt(b *testing.B) {
	p, err := documents.Project([]byte(`{"name":"Alice Example","status":"active","plan":"pro","createdAt":"2026-01-02T03:04:05Z",` +
		`"visits":12345,"tags":["a","b","c"],"address":{"city":"Berlin","zip":"10115"},"balance":-12.50,"ok":true}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if p.At(documents.Path{"status"}) == "" {
			b.Fatal("missing")
		}
	}
}
