package documents_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const findPath = "/v1/storage/db/c/query"

// The calls of the SDK reference. The second one has another filter beside the
// cursor, which is ignored.
func TestQueryOfTheReference(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	const sessions = "/v1/storage/db/sessions/query"
	for i := range 45 {
		plan := "pro"
		if i%9 == 0 {
			plan = "free"
		}
		b.set(fmt.Sprintf("sessions/s%02d", i), fmt.Sprintf(`{"status":"active","plan":%q,"createdAt":%d}`, plan, i))
	}
	b.set("sessions/ended", `{"status":"ended","plan":"pro","createdAt":99}`)

	first := b.do("POST", sessions, `{"filter":{"status":"active","plan":"pro"},"sort":{"createdAt":-1},"limit":20}`)
	keys, cursor := first.page(t)
	if len(keys) != 20 || keys[0] != "s44" || cursor == "" {
		t.Fatalf("the first page is %q, %q", keys, cursor)
	}
	second := b.do("POST", sessions, `{"filter":{"status":"active"},"cursor":`+quote(cursor)+`,"limit":20}`)
	more, cursor := second.page(t)
	if len(more) != 20 || cursor != "" || more[19] != "s01" {
		t.Fatalf("the second page is %q, %q", more, cursor)
	}
	all := append(keys, more...)
	if slices.Contains(all, "s09") || slices.Contains(all, "ended") || !slices.IsSortedFunc(all, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("the walk is %q", all)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	for key, value := range map[string]string{
		"n1":    `{"v":1}`,
		"n1.0":  `{"v":1.0}`,
		"n2":    `{"v":2}`,
		"n10":   `{"v":10}`,
		"big":   `{"v":12345678901234567890}`,
		"big1":  `{"v":12345678901234567891}`,
		"huge":  `{"v":1e400}`,
		"s1":    `{"v":"1"}`,
		"sa":    `{"v":"a"}`,
		"se":    `{"v":"é"}`,
		"null":  `{"v":null}`,
		"false": `{"v":false}`,
		"true":  `{"v":true}`,
		"none":  `{"w":1}`,
		"list":  `{"v":[1,2]}`,
		"obj":   `{"v":{"a":1,"b":{"c":2}}}`,
		"eqobj": `{"v":{"eq":1}}`,
		"empty": `{"v":{}}`,
		"odd":   `{"a.b":1,"$x":{"y":2},"/~":3,"eq":4,"é":5}`,
		"lock":  `{"packages":{"":{"version":"1"}},"":{"":6}}`,
		"text":  `"1"`,
	} {
		b.set("c/"+key, value)
	}
	everything, _ := b.do("POST", findPath, `{"limit":100}`).page(t)
	but := func(keys ...string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(everything), func(k string) bool { return slices.Contains(keys, k) }), " ")
	}
	tests := []struct{ filter, want string }{
		{`{}`, but()},
		{`null`, but()},
		{`{"v":1}`, "n1 n1.0"},
		{`{"v":10e-1}`, "n1 n1.0"},
		{`{"v":"1"}`, "s1"},
		{`{"v":12345678901234567890}`, "big"},
		{`{"v":1e400}`, "huge"},
		{`{"v":null}`, "null"},
		{`{"v":true}`, "true"},
		{`{"v":[1,2.0]}`, "list"},
		{`{"v":[2,1]}`, ""},
		{`{"v":{"b":{"c":2.0},"a":1}}`, "obj"},
		{`{"v":{"a":1}}`, ""},
		{`{"v":{}}`, "empty"},
		{`{"v.a":1}`, "obj"},
		{`{"v.b.c":2}`, "obj"},
		{`{"v.b.c":2,"v.a":1}`, "obj"},
		{`{"v.b.c":2,"v.a":2}`, ""},
		{`{"a\\.b":1}`, "odd"},
		{`{"a.b":1}`, ""},
		{`{"$x.y":2,"/~":3,"eq":4,"é":5}`, "odd"},

		{`{"v":{"eq":{"eq":1}}}`, "eqobj"},
		{`{"v":{"eq":1}}`, "n1 n1.0"},
		{`{"v.eq":1}`, "eqobj"},
		{`{"v":{"eq":{}}}`, "empty"},
		{`{"v":{"eq":null}}`, "null"},
		{`{"v":{"ne":1}}`, but("n1", "n1.0")},
		{`{"v":{"ne":null}}`, but("null")},
		{`{"v":{"ne":{"b":{"c":2},"a":1}}}`, but("obj")},
		{`{"v":{"gt":1}}`, "big big1 huge n10 n2"},
		{`{"v":{"gte":1}}`, "big big1 huge n1 n1.0 n10 n2"},
		{`{"v":{"lt":2}}`, "n1 n1.0"},
		{`{"v":{"lte":2}}`, "n1 n1.0 n2"},
		{`{"v":{"gt":1,"lt":10}}`, "n2"},
		{`{"v":{"gte":1,"lte":10,"ne":2}}`, "n1 n1.0 n10"},
		{`{"v":{"gt":12345678901234567890}}`, "big1 huge"},
		{`{"v":{"lt":0}}`, ""},
		{`{"v":{"gte":""}}`, "s1 sa se"},
		{`{"v":{"gt":"1"}}`, "sa se"},
		{`{"v":{"lt":"b"}}`, "s1 sa"},
		{`{"v":{"gt":"z"}}`, "se"},
		{`{"v":{"gt":false}}`, "true"},
		{`{"v":{"gte":false}}`, "false true"},
		{`{"v":{"lt":true}}`, "false"},
		{`{"v":{"lte":true}}`, "false true"},
		{`{"v":{"gt":1,"lt":"b"}}`, ""},
		{`{"v":{"in":[1,"a",null,[1,2],{"eq":1}]}}`, "eqobj list n1 n1.0 null sa"},
		{`{"v":{"in":["nothing"]}}`, ""},
		{`{"v":{"exists":true}}`, but("lock", "none", "odd", "text")},
		{`{"v":{"exists":false}}`, "lock none odd text"},
		{`{"v":{"exists":true},"w":{"exists":true}}`, ""},
		{`{"v.b":{"exists":true}}`, "obj"},
		{`{"packages..version":"1"}`, "lock"},
		{`{"":{"exists":true},".":6}`, "lock"},
		{`{"":{"":6}}`, "lock"},
		{`{"v.":{"exists":true}}`, ""},
	}
	for _, test := range tests {
		keys, cursor := b.do("POST", findPath, `{"limit":100,"filter":`+test.filter+`}`).page(t)
		if got := strings.Join(keys, " "); got != test.want || cursor != "" {
			t.Errorf("%s finds %q, want %q", test.filter, got, test.want)
		}
	}
}

func TestSorts(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	for key, value := range map[string]string{
		"a": `{"v":2,"w":"x"}`, "b": `{"v":10,"w":"y"}`, "c": `{"v":"2","w":"x"}`, "d": `{"v":null}`, "e": `{"v":true}`,
		"f": `{"v":false}`, "g": `{}`, "h": `{"v":2.0,"w":"a"}`, "i": `{"v":"é"}`, "j": `{"v":-1}`,
	} {
		b.set("c/"+key, value)
	}
	for sort, want := range map[string]string{
		`null`:                  "abcdefghij",
		`[]`:                    "abcdefghij",
		`{"v":1}`:               "gdfejahbci",
		`{"v":-1}`:              "icbahjefdg",
		`[["v",1]]`:             "gdfejahbci",
		`[["v",1],["w",1]]`:     "gdfejhabci",
		`[["v",-1],["w",-1]]`:   "icbahjefdg",
		`[["w",1],["v",-1]]`:    "ijefdghcab",
		` [ [ "nothing" , 1 ]]`: "abcdefghij",
	} {
		for _, limit := range []int{1, 3, 10, 100} {
			if got := strings.Join(walk(t, b, fmt.Sprintf(`{"sort":%s,"limit":%d}`, sort, limit)), ""); got != want {
				t.Errorf("%s in pages of %d is %s, want %s", sort, limit, got, want)
			}
		}
	}
}

// walk returns the keys of all pages.
func walk(t testing.TB, b *backend, body string) []string {
	t.Helper()
	all, cursor := b.do("POST", findPath, body).page(t)
	var limit struct{ Limit int }
	if err := json.Unmarshal([]byte(body), &limit); err != nil {
		t.Fatal(err)
	}
	for cursor != "" {
		var keys []string
		keys, cursor = b.do("POST", findPath, fmt.Sprintf(`{"limit":%d,"cursor":%q}`, limit.Limit, cursor)).page(t)
		if len(keys) == 0 || len(all) > 10_000 {
			t.Fatalf("%s does not end well: %d documents, then a page of %d", webtest.Abridged(body), len(all), len(keys))
		}
		all = append(all, keys...)
	}
	return all
}

func TestQueriesThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	repeat := func(n int, format string) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(format, i))
		}
		return strings.Join(list, ",")
	}
	tests := []struct {
		body     string
		pointers string
	}{
		{`{"limit":0}`, "/limit"},
		{`{"limit":501}`, "/limit"},
		{`{"limit":-1}`, "/limit"},
		{`{"limit":"20"}`, "/limit"},
		{`{"limit":1.5}`, "/limit"},
		{`{"limit":99999999999999999999}`, "/limit"},
		{`{"cursor":7}`, "/cursor"},
		{`{"filters":{}}`, "/filters"},
		{`{"Filter":{}}`, "/Filter"},
		{`{"limit":1,"limit":2}`, "/limit"},
		{`{"filter":{"a":1,"a":2}}`, "/filter/a"},
		{`{"filter":{"a":{"b":1,"b":2}}}`, "/filter/a/b"},
		{`{"filter":[]}`, "/filter"},
		{`{"filter":"a"}`, "/filter"},
		{`{"filter":{"\\a":1,"b":1,"c\\":1}}`, `/filter/\a /filter/c\`},
		{`{"filter":{"a\\b":1}}`, `/filter/a\b`},
		{`{"filter":{"a/b~\\":1}}`, `/filter/a~1b~0\`},
		{`{"filter":{"a":{"eq":1,"x":2}}}`, "/filter/a"},
		{`{"filter":{"a":{"gt":1,"$lt":2}}}`, "/filter/a"},
		{`{"filter":{"a":{"gt":null}}}`, "/filter/a/gt"},
		{`{"filter":{"a":{"gte":[]}}}`, "/filter/a/gte"},
		{`{"filter":{"a":{"lt":{}}}}`, "/filter/a/lt"},
		{`{"filter":{"a":{"lte":[1],"gt":{"x":1}}}}`, "/filter/a/gt /filter/a/lte"},
		{`{"filter":{"a":{"in":[]}}}`, "/filter/a/in"},
		{`{"filter":{"a":{"in":1}}}`, "/filter/a/in"},
		{`{"filter":{"a":{"in":null}}}`, "/filter/a/in"},
		{`{"filter":{"a":{"in":[` + repeat(101, "%d") + `]}}}`, "/filter/a/in"},
		{`{"filter":{"a":{"exists":1}}}`, "/filter/a/exists"},
		{`{"filter":{"a":{"exists":null}}}`, "/filter/a/exists"},
		{`{"filter":{` + repeat(33, `"p%d":1`) + `}}`, "/filter"},
		{`{"filter":{"a":{"gt":1,"lt":2},` + repeat(31, `"p%d":1`) + `}}`, "/filter"},
		{`{"sort":{}}`, "/sort"},
		{`{"sort":{"a":1,"b":1}}`, "/sort"},
		{`{"sort":{"a":0}}`, "/sort/a"},
		{`{"sort":{"a":"1"}}`, "/sort/a"},
		{`{"sort":{"a":true}}`, "/sort/a"},
		{`{"sort":{"a":"desc"}}`, "/sort/a"},
		{`{"sort":{"a\\b":1}}`, `/sort/a\b`},
		{`{"sort":"a"}`, "/sort"},
		{`{"sort":["a"]}`, "/sort/0"},
		{`{"sort":[["a"]]}`, "/sort/0"},
		{`{"sort":[["a",1,2]]}`, "/sort/0"},
		{`{"sort":[["a",1],{"b":1}]}`, "/sort/1"},
		{`{"sort":[[1,1]]}`, "/sort/0"},
		{`{"sort":[[null,1]]}`, "/sort/0"},
		{`{"sort":[["a",2],["\\",1]]}`, "/sort/0/1 /sort/1/0"},
		{`{"sort":[` + repeat(9, `["p%d",1]`) + `]}`, "/sort"},
		{`{"filter":{"a":"\ud800"}}`, "/filter/a"},
		{`{"filter":{"\ud800":1,"b":{"in":["x","\udc00"]}}}`, "/filter/\ufffd /filter/b/in/1"},
		{`{"sort":[["\ud800",1]]}`, "/sort/0/0"},
		{`{"sort":7,"filter":7,"limit":0}`, "/filter /sort /limit"},
	}
	for _, test := range tests {
		b.do("POST", findPath, test.body).want(t, 422, cpodkit.CodeValidationFailed, strings.Fields(test.pointers)...)
	}
	mixed := b.do("POST", findPath, `{"filter":{"a":{"eq":1,"x":2}}}`)
	if !strings.Contains(mixed.Body.String(), `{\"eq\": {…}}`) {
		t.Errorf("the refusal does not say how to compare with an object: %s", mixed.Body)
	}

	for _, body := range []string{
		`{"filter":{` + repeat(32, `"p%d":1`) + `}}`,
		`{"filter":{"a":{"in":[` + repeat(100, "%d") + `]}}}`,
		`{"sort":[` + repeat(8, `["p%d",1]`) + `]}`,
		`{"limit":500}`, `{"limit":1}`, `{"limit":null,"filter":null,"sort":null,"cursor":null}`,
	} {
		if keys, cursor := b.do("POST", findPath, body).page(t); len(keys) > 0 || cursor != "" {
			t.Errorf("%s finds %q in nothing", webtest.Abridged(body), keys)
		}
	}
}

func TestDefaultLimit(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	for i := range 51 {
		b.set(fmt.Sprintf("c/%02d", i), "1")
	}
	for body, want := range map[string]int{`{}`: 50, `{"limit":51}`: 51, `{"limit":50}`: 50} {
		if keys, cursor := b.do("POST", findPath, body).page(t); len(keys) != want || (cursor != "") != (want < 51) {
			t.Errorf("%s answers %d documents, cursor %q", body, len(keys), cursor)
		}
	}
	page, err := b.store.For(alice).Collection("c").Query(t.Context(), documents.Query{})
	if err != nil || len(page.Items) != 50 || page.NextCursor == "" {
		t.Errorf("the zero Query answers %d documents, %v", len(page.Items), err)
	}
}
