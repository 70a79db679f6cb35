package documentstest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// model is a collection as a few lines of Go understand it: decoded values, and
// comparing by what API and JSON say instead of by sort keys.
type model map[string]any

// question is a query in terms of JSON values.
type question struct {
	filter []test
	order  []documents.Order
}

type test struct {
	path     documents.Path
	operator string
	operands []any
}

func decode(t testing.TB, value string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(value))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", value, err)
	}
	return v
}

// missing is what a path finds where nothing is.
type missing struct{}

func at(value any, path documents.Path) any {
	for _, name := range path {
		members, _ := value.(map[string]any)
		inner, ok := members[name]
		if !ok {
			return missing{}
		}
		value = inner
	}
	return value
}

func rank(v any) int {
	switch v.(type) {
	case missing:
		return 0
	case nil:
		return 1
	case bool:
		return 2
	case json.Number:
		return 3
	case string:
		return 4
	case []any:
		return 5
	}
	return 6
}

func compareValues(a, b any) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case bool:
		if a == b.(bool) {
			return 0
		} else if a {
			return 1
		}
		return -1
	case json.Number:
		return rational(a).Cmp(rational(b.(json.Number)))
	case string:
		return strings.Compare(a, b.(string))
	case []any:
		return slices.CompareFunc(a, b.([]any), compareValues)
	case map[string]any:
		return bytes.Compare(objectKey(a), objectKey(b.(map[string]any)))
	}
	return 0
}

func rational(n json.Number) *big.Rat {
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		panic("documentstest: " + string(n) + " is no number")
	}
	return r
}

// objectKey is the sort key of an object. Only it defines the order among
// objects.
func objectKey(object map[string]any) []byte {
	text, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	key, err := documents.KeyOf(text)
	if err != nil {
		panic(err)
	}
	return []byte(key)
}

func (c test) passes(v any) bool {
	compare := func() int { return compareValues(v, c.operands[0]) }
	sameType := len(c.operands) > 0 && rank(v) == rank(c.operands[0])
	switch c.operator {
	case "=":
		return compare() == 0
	case "!=":
		return compare() != 0
	case "in":
		return slices.ContainsFunc(c.operands, func(operand any) bool { return compareValues(v, operand) == 0 })
	case "<":
		return sameType && compare() < 0
	case "<=":
		return sameType && compare() <= 0
	case ">":
		return sameType && compare() > 0
	case ">=":
		return sameType && compare() >= 0
	case "exists":
		return rank(v) > 0
	}
	return rank(v) == 0
}

func (m model) answer(q question) []string {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.ContainsFunc(q.filter, func(c test) bool { return !c.passes(at(m[key], c.path)) }) {
			keys = append(keys, key)
		}
	}
	slices.SortStableFunc(keys, func(a, b string) int {
		for _, o := range q.order {
			c := compareValues(at(m[a], o.Path), at(m[b], o.Path))
			if o.Descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return keys
}

// condition is c as a driver gets it.
func (c test) condition(t testing.TB) documents.Condition {
	var keys []documents.SortKey
	for _, operand := range c.operands {
		text, err := json.Marshal(operand)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, keyOf(t, string(text)))
	}
	condition := documents.Condition{Path: c.path, Keys: keys}
	var low, high documents.SortKey
	if len(keys) > 0 {
		low, high = keys[0].TypeRange()
	}
	switch c.operator {
	case "=":
		condition.Test = documents.Equal
	case "!=":
		condition.Test = documents.NotEqual
	case "in":
		condition.Test = documents.In
	case "exists":
		condition.Test = documents.Exists
	case "missing":
		condition.Test = documents.Missing
	default:
		condition.Test = documents.Range
		condition.Keys = []documents.SortKey{low, high}
		condition.OpenHigh = true
		switch c.operator {
		case ">":
			condition.Keys[0], condition.OpenLow = keys[0], true
		case ">=":
			condition.Keys[0] = keys[0]
		case "<":
			condition.Keys[1] = keys[0]
		case "<=":
			condition.Keys[1], condition.OpenHigh = keys[0], false
		}
	}
	return condition
}

// randomValues are few, so that they often meet; several are equal.
var randomValues = []string{
	`null`, `true`, `false`, `0`, `-0.0`, `1`, `1.0`, `10e-1`, `2`, `10`, `-1`, `-2.5`, `0.1`, `1e300`, `12345678901234567890`,
	`""`, `"a"`, `"\u0061"`, `"b"`, `"ab"`, `"A"`, `"1"`, `"\u0000"`, `"é"`, `"😀"`, `"a\"b"`, `"\\"`, `"\t"`,
	`[]`, `[1]`, `[1.0]`, `["a"]`, `["a","b"]`, `[["a"],"b"]`, `[{"x":1}]`, `[null]`,
	`{}`, `{"x":1}`, `{"x":1.00}`, `{"x":1,"y":2}`, `{"y":2,"x":1}`, `{"x":{"y":"a"}}`, `{"x":["a"]}`, `{"x":null}`, `{"a.b":1}`, `{"":1}`,
}

var (
	randomNames     = []string{"p", "q", "x", "a.b", "$r", "é"}
	randomOperators = []string{"=", "=", "!=", "in", "<", "<=", ">", ">=", "exists", "missing"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func randomDocument(t testing.TB, r *rand.Rand) string {
	if r.IntN(20) == 0 {
		return pick(r, randomValues)
	}
	var members []string
	for _, name := range randomNames {
		if r.IntN(4) > 0 {
			members = append(members, quote(t, name)+":"+pick(r, randomValues))
		}
	}
	r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return "{" + strings.Join(members, ",") + "}"
}

func randomPath(r *rand.Rand) documents.Path {
	path := documents.Path{pick(r, randomNames)}
	for r.IntN(3) == 0 {
		path = append(path, pick(r, []string{"x", "y", "a.b"}))
	}
	return path
}

func randomQuestion(t testing.TB, r *rand.Rand) question {
	var q question
	for range r.IntN(3) {
		c := test{path: randomPath(r), operator: pick(r, randomOperators)}
		switch c.operator {
		case "exists", "missing":
		case "in":
			for range 1 + r.IntN(4) {
				c.operands = append(c.operands, decode(t, pick(r, randomValues)))
			}
		default:
			c.operands = []any{decode(t, pick(r, randomValues))}
		}
		q.filter = append(q.filter, c)
	}
	for range r.IntN(4) {
		q.order = append(q.order, documents.Order{Path: randomPath(r), Descending: r.IntN(2) == 0})
	}
	return q
}

func testModel(t *testing.T, s suite) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			d := s.driver(t)
			m := model{}
			for range 3 {
				var ops []documents.Op
				for range 40 {
					key := fmt.Sprintf("key-%d", r.IntN(60))
					if r.IntN(5) == 0 {
						delete(m, key)
						ops = append(ops, documents.Op{Record: documents.Record{Key: key}, Delete: true})
						continue
					}
					value := randomDocument(t, r)
					m[key] = decode(t, value)
					ops = append(ops, documents.Op{Record: record(key, value)})
				}
				for i, err := range d.Apply(t.Context(), collection, ops) {
					if err != nil {
						t.Fatalf("op %d: %v", i, err)
					}
				}
				for range 50 {
					askBoth(t, d, m, randomQuestion(t, r), 1+r.IntN(40))
				}
			}
		})
	}
}

func askBoth(t *testing.T, d documents.Driver, m model, q question, limit int) {
	t.Helper()
	driverQuery := documents.DriverQuery{Order: q.order}
	for _, c := range q.filter {
		driverQuery.Filter = append(driverQuery.Filter, c.condition(t))
	}
	want := m.answer(q)
	if got := keysOf(walk(t, d, collection, driverQuery, limit)); !slices.Equal(got, want) {
		t.Fatalf("%+v with pages of %d gives %q, want %q", q, limit, got, want)
	}
}
