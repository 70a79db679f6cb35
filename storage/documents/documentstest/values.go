package documentstest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// typeOrder are values in ascending order, at the path "v".
var typeOrder = []string{
	`{}`,
	`{"v":null}`,
	`{"v":false}`,
	`{"v":true}`,
	`{"v":-1e400}`,
	`{"v":-123456789012345678901234567890}`,
	`{"v":-10}`,
	`{"v":-9.5}`,
	`{"v":-1}`,
	`{"v":-0.1}`,
	`{"v":-1e-400}`,
	`{"v":0}`,
	`{"v":1e-400}`,
	`{"v":0.1}`,
	`{"v":0.10000000000000000000000001}`,
	`{"v":1}`,
	`{"v":2}`,
	`{"v":9}`,
	`{"v":10}`,
	`{"v":100}`,
	`{"v":9007199254740992}`,
	`{"v":9007199254740993}`,
	`{"v":123456789012345678901234567890}`,
	`{"v":1e400}`,
	`{"v":1e401}`,
	`{"v":1e99999999999999999999}`,
	`{"v":""}`,
	`{"v":"\u0000"}`,
	`{"v":"\u0001"}`,
	`{"v":" "}`,
	`{"v":"0"}`,
	`{"v":"10"}`,
	`{"v":"9"}`,
	`{"v":"A"}`,
	`{"v":"a"}`,
	`{"v":"a\u0000"}`,
	`{"v":"a\u0000b"}`,
	`{"v":"a\tb"}`,
	`{"v":"ab"}`,
	`{"v":"b"}`,
	`{"v":"é"}`,
	`{"v":"\uffff"}`,
	`{"v":"😀"}`,
	`{"v":[]}`,
	`{"v":[null]}`,
	`{"v":[1]}`,
	`{"v":[1,2]}`,
	`{"v":[10]}`,
	`{"v":["a"]}`,
	`{"v":[[]]}`,
	`{"v":{"a":1}}`,
}

func testTypeOrder(t *testing.T, s suite) {
	d := s.driver(t)
	setAll(t, d, collection, typeOrder)
	keys := make([]string, len(typeOrder))
	for i := range keys {
		keys[i] = indexKey(i)
	}
	order := documents.Order{Path: documents.Path{"v"}}
	equalKeys(t, "the ascending sort", find(t, d, collection, nil, order), keys)
	order.Descending = true
	slices.Reverse(keys)
	equalKeys(t, "the descending sort", find(t, d, collection, nil, order), keys)
}

// testTypePairs puts every value to every test against every other.
func testTypePairs(t *testing.T, s suite) {
	values := []string{
		`null`, `false`, `true`, `-1`, `0`, `1`, `1e400`, `""`, `"1"`, `"a"`, `"null"`, `[]`, `[1]`, `["a"]`, `{"a":1}`,
	}
	types := []int{0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5}
	d := s.driver(t)
	docs := []string{`{"other":1}`}
	for _, value := range values {
		docs = append(docs, `{"v":`+value+`}`)
	}
	setAll(t, d, collection, docs)

	// holding returns the keys of the documents whose value passes.
	holding := func(missing bool, passes func(i int) bool) []string {
		var keys []string
		if missing {
			keys = append(keys, indexKey(0))
		}
		for i := range values {
			if passes(i) {
				keys = append(keys, indexKey(i+1))
			}
		}
		return keys
	}
	for n, operand := range values {
		key := keyOf(t, operand)
		low, high := key.TypeRange()
		same := func(i int) bool { return types[i] == types[n] }
		for _, test := range []struct {
			name      string
			condition documents.Condition
			want      []string
		}{
			{"=", documents.Condition{Test: documents.Equal, Keys: []documents.SortKey{key}},
				holding(false, func(i int) bool { return i == n })},
			{"!=", documents.Condition{Test: documents.NotEqual, Keys: []documents.SortKey{key}},
				holding(true, func(i int) bool { return i != n })},
			{"in, with another,", documents.Condition{Test: documents.In, Keys: []documents.SortKey{key, keyOf(t, `true`)}},
				holding(false, func(i int) bool { return i == n || values[i] == `true` })},
			{">", documents.Condition{Test: documents.Range, Keys: []documents.SortKey{key, high}, OpenLow: true, OpenHigh: true},
				holding(false, func(i int) bool { return same(i) && i > n })},
			{">=", documents.Condition{Test: documents.Range, Keys: []documents.SortKey{key, high}, OpenHigh: true},
				holding(false, func(i int) bool { return same(i) && i >= n })},
			{"<", documents.Condition{Test: documents.Range, Keys: []documents.SortKey{low, key}, OpenHigh: true},
				holding(false, func(i int) bool { return same(i) && i < n })},
			{"<=", documents.Condition{Test: documents.Range, Keys: []documents.SortKey{low, key}},
				holding(false, func(i int) bool { return same(i) && i <= n })},
			{"its type, with its own bounds open,", documents.Condition{Test: documents.Range,
				Keys: []documents.SortKey{key, key}, OpenLow: true, OpenHigh: true}, nil},
		} {
			test.condition.Path = documents.Path{"v"}
			equalKeys(t, fmt.Sprintf("v %s %s", test.name, operand),
				find(t, d, collection, []documents.Condition{test.condition}), test.want)
		}
	}
	equalKeys(t, "v exists", find(t, d, collection, []documents.Condition{{Path: documents.Path{"v"}, Test: documents.Exists}}),
		holding(false, func(int) bool { return true }))
	equalKeys(t, "v is missing", find(t, d, collection, []documents.Condition{{Path: documents.Path{"v"}, Test: documents.Missing}}),
		holding(true, func(int) bool { return false }))
}

func testNullAndMissing(t *testing.T, s suite) {
	d := s.driver(t)
	setAll(t, d, collection, []string{`{"v":null}`, `{}`, `{"v":{"w":null}}`, `null`, `[]`, `{"v":"null"}`})
	null := []documents.SortKey{keyOf(t, `null`)}
	for _, test := range []struct {
		path string
		test documents.Test
		keys []documents.SortKey
		want string
	}{
		{"v", documents.Equal, null, "0"},
		{"v", documents.NotEqual, null, "1 2 3 4 5"},
		{"v", documents.In, null, "0"},
		{"v", documents.Exists, nil, "0 2 5"},
		{"v", documents.Missing, nil, "1 3 4"},
		{"v.w", documents.Equal, null, "2"},
		{"v.w", documents.Missing, nil, "0 1 3 4 5"},
		{"v.w.x", documents.Missing, nil, "0 1 2 3 4 5"},
	} {
		var want []string
		for n := range strings.FieldsSeq(test.want) {
			want = append(want, "0000"+n)
		}
		condition := documents.Condition{Path: pathOf(t, test.path), Test: test.test, Keys: test.keys}
		equalKeys(t, fmt.Sprintf("test %d of %s with %q", test.test, test.path, test.keys),
			find(t, d, collection, []documents.Condition{condition}), want)
	}
}

func testWholeValues(t *testing.T, s suite) {
	d := s.driver(t)
	setAll(t, d, collection, []string{
		`{"v":{"a":1,"b":[1,{"x":"y"}]}}`,
		`{"v":{"b":[1.0,{"x":"\u0079"}],"a":1e0}}`,
		`{"v":{"a":1}}`,
		`{"v":{"a":1,"b":null}}`,
		`{"v":{"a":{"b":1}}}`,
		`{"v":{"a.b":1}}`,
		`{"v":[1,"a"]}`,
		`{"v":["a",1]}`,
		`{"v":[[1],"a"]}`,
		`{"v":[{"b":2,"a":1}]}`,
		`{"v":{"":1}}`,
		`{"v":"{\"a\":1}"}`,
		`{"v":{"%":"\"quoted\" \\ \t \u0000 é"}}`,
	})
	for operand, want := range map[string][]int{
		`{"a":1,"b":[1,{"x":"y"}]}`: {0, 1},
		`{"b":[1,{"x":"y"}],"a":1}`: {0, 1},
		`{"a":1.00}`:                {2},
		`{"b":null,"a":1}`:          {3},
		`{"a":{"b":1}}`:             {4},
		`{"a.b":1}`:                 {5},
		`[1,"a"]`:                   {6},
		`[[1],"a"]`:                 {8},
		`[{"a":1,"b":2}]`:           {9},
		`{"":1}`:                    {10},
		`"{\"a\":1}"`:               {11},
		`{"%":"\u0022quoted\" \\ \u0009 \u0000 é"}`: {12},
		`{}`:  nil,
		`[]`:  nil,
		`[1]`: nil,
	} {
		var keys []string
		for _, i := range want {
			keys = append(keys, indexKey(i))
		}
		condition := documents.Condition{Path: documents.Path{"v"}, Test: documents.Equal, Keys: []documents.SortKey{keyOf(t, operand)}}
		equalKeys(t, "v = "+operand, find(t, d, collection, []documents.Condition{condition}), keys)
	}
}

// testObjectNames walks by objects whose members have names that a store may use
// itself, such as _id, in another place than these have it.
func testObjectNames(t *testing.T, s suite) {
	objects := []string{ // in ascending order
		`{"A":1,"_id":1}`, `{"A":1,"_id":2}`, `{"A":2,"_id":0}`, `{"B":{"A":1,"_id":3}}`, `{"B":{"A":2,"_id":1}}`,
		`{"_id":1}`, `{"_id":1,"a":0}`, `{"_id":2,"a":0}`, `{"_id":{"A":0,"_id":1}}`, `{"_id":{"_id":1}}`, `{"_id~":1}`, `{"a":0,"_id!":1}`,
	}
	slices.SortFunc(objects, func(a, b string) int { return strings.Compare(string(keyOf(t, a)), string(keyOf(t, b))) })
	d := s.driver(t)
	docs := make([]string, len(objects))
	keys := make([]string, len(objects))
	for i, object := range objects {
		docs[i], keys[i] = `{"v":`+object+`}`, indexKey(i)
	}
	setAll(t, d, collection, docs)
	for i, object := range objects {
		condition := documents.Condition{Path: documents.Path{"v"}, Test: documents.Equal, Keys: []documents.SortKey{keyOf(t, object)}}
		equalKeys(t, "v = "+object, find(t, d, collection, []documents.Condition{condition}), []string{indexKey(i)})
	}
	order := documents.Order{Path: documents.Path{"v"}}
	for _, order.Descending = range []bool{false, true} {
		for limit := 1; limit <= len(objects); limit++ {
			got := keysOf(walk(t, d, collection, documents.DriverQuery{Order: []documents.Order{order}}, limit))
			equalKeys(t, fmt.Sprintf("a walk by v with pages of %d, descending %v,", limit, order.Descending), got, keys)
		}
		slices.Reverse(keys)
	}
	inner := documents.Condition{Path: documents.Path{"v", "_id", "_id"}, Test: documents.Equal, Keys: []documents.SortKey{keyOf(t, `1`)}}
	if got := find(t, d, collection, []documents.Condition{inner}); len(got) != 2 {
		t.Errorf("v._id._id = 1 finds %q", got)
	}
}

func testPaths(t *testing.T, s suite) {
	names := []string{
		"plain", "with space", "a.b", ".", "$", "$where", "$.x", `"`, `'`, `\`, "%", "%41", "A", "[0]", "[#-1]", "0", "*", "?", ";--",
		"\x00", "\t", "é", "😀", "_id", "__proto__", "", strings.Repeat("long", 50),
	}
	d := s.driver(t)
	docs := make([]string, 0, len(names)+1)
	for i, name := range names {
		quoted := quote(t, name)
		docs = append(docs, fmt.Sprintf(`{%s:{"in":{%s:%d}},"list":[{%s:1}],"other":{"":0}}`, quoted, quoted, i, quoted))
	}
	setAll(t, d, collection, append(docs, `[{"plain":1}]`))
	for i, name := range names {
		number := []documents.SortKey{keyOf(t, fmt.Sprint(i))}
		condition := documents.Condition{Path: documents.Path{name, "in", name}, Test: documents.Equal, Keys: number}
		equalKeys(t, fmt.Sprintf("the value behind %.20q", name), find(t, d, collection, []documents.Condition{condition}), []string{indexKey(i)})
		for _, path := range []documents.Path{{"list", name}, {"list", "0", name}, {name, name}, {name, "in", name, name}} {
			condition := documents.Condition{Path: path, Test: documents.Exists}
			equalKeys(t, fmt.Sprintf("what exists at %.40q", path), find(t, d, collection, []documents.Condition{condition}), []string{})
		}
	}
}
