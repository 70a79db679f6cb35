package mongodocuments

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// TestOrderOfObjects holds the order in which MongoDB has objects against that of
// their sort keys.
func TestOrderOfObjects(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	leaves := []string{
		`null`, `false`, `true`, `0`, `-1`, `1`, `1.5`, `10`, `1e9`, `1e99999999999`, `""`, `" "`, `"!"`, `"a"`, `"a "`, `"a!"`, `"a\""`,
		`"a\\"`, `"a\u0000"`, `"a\u0001"`, `"a\b"`, `"a\t"`, `"a\n"`, `"a#"`, `"ab"`, `"a~"`, `"é"`, `[]`, `[1]`, `["a"]`, `["a "]`,
		`["a","b"]`, `[{"a":1}]`, `{}`,
	}
	names := []string{"", "_id", "_id~", "_", "a", "ab", "a b", "b", "B", "-", "%", "!", "~", "é"}
	var object func(depth int) string
	object = func(depth int) string {
		var members []string
		for _, i := range r.Perm(len(names))[:r.IntN(3)] {
			name, err := json.Marshal(names[i])
			if err != nil {
				t.Fatal(err)
			}
			value := leaves[r.IntN(len(leaves))]
			if depth > 0 && r.IntN(2) == 0 {
				value = object(depth - 1)
			}
			members = append(members, string(name)+":"+value)
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	for range 20_000 {
		a, b := object(2), object(2)
		keyA, keyB := key(t, a), key(t, b)
		if got, want := compareObjects(t, stored(t, keyA), stored(t, keyB)), cmp.Compare(keyA, keyB); got != want {
			t.Fatalf("%s and %s compare as %d, want %d", a, b, got, want)
		}
	}
}

func key(t *testing.T, value string) documents.SortKey {
	t.Helper()
	k, err := documents.KeyOf([]byte(value))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func stored(t *testing.T, k documents.SortKey) bson.Raw {
	t.Helper()
	value, err := operand(k)
	raw, ok := value.(bson.Raw)
	if err != nil || !ok || raw.Validate() != nil {
		t.Fatalf("%q is stored as %v, %v", k, value, err)
	}
	return raw
}

// compareObjects compares as MongoDB does: field by field by type, name and value.
// See https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/.
func compareObjects(t *testing.T, a, b bson.Raw) int {
	t.Helper()
	fieldsA, errA := a.Elements()
	fieldsB, errB := b.Elements()
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	for i := range min(len(fieldsA), len(fieldsB)) {
		x, y := fieldsA[i].Value(), fieldsB[i].Value()
		rank := map[bson.Type]int{bson.TypeString: 1, bson.TypeEmbeddedDocument: 2}
		c := cmp.Or(cmp.Compare(rank[x.Type], rank[y.Type]), strings.Compare(fieldsA[i].Key(), fieldsB[i].Key()))
		if c == 0 && x.Type == bson.TypeString {
			c = strings.Compare(x.StringValue(), y.StringValue())
		} else if c == 0 {
			c = compareObjects(t, x.Document(), y.Document())
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(fieldsA), len(fieldsB))
}

// TestSizes holds the largest values, of the kinds that grow most, against the
// 16 MiB and 100 levels that a document of MongoDB may have.
func TestSizes(t *testing.T) {
	t.Parallel()
	const most, levels = 16 << 20, 100
	repeat := func(begin, part, end string) string {
		return begin + strings.Repeat(part, (documents.MaxValue-len(begin)-len(end))/len(part)) + end
	}
	members := func(format string) string {
		var b strings.Builder
		b.WriteString("{")
		for i := 0; b.Len() < documents.MaxValue-500; i++ {
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, format, i)
		}
		b.WriteString("}")
		return b.String()
	}
	deep := strings.Repeat(`{"":`, 60) + "1" + strings.Repeat("}", 60)
	for name, value := range map[string]string{
		"a string":                `{"a":"` + strings.Repeat("x", documents.MaxValue-8) + `"}`,
		"quotes":                  repeat(`{"a":"`, `\"`, `"}`),
		"numbers in an array":     repeat(`{"a":[`, `1,`, `1]}`),
		"negative ones":           repeat(`{"a":[`, `-1,`, `1]}`),
		"zeros":                   repeat(`{"a":[`, `0,`, `1]}`),
		"arrays":                  repeat(`{"a":[`, `[],`, `1]}`),
		"objects in an array":     repeat(`{"a":[`, `{"":1},`, `1]}`),
		"names in an array":       repeat(`{"a":[`, `{" ":1},`, `1]}`),
		"long names in an array":  repeat(`{"a":[{"`, ` `, `":1}]}`),
		"a long name":             repeat(`{"`, ` `, `":1}`),
		"a long name of an array": repeat(`{"`, `é`, `":[]}`),
		"numbers":                 members(`"%x":1`),
		"objects":                 members(`"%x":{}`),
		"odd names":               members(`"\u0020%x":1`),
		"depth":                   members(`"%x":` + deep),
		"all of the depth":        strings.Repeat(`{"a":`, documents.MaxDepth) + `"` + strings.Repeat("x", documents.MaxValue-500) + `"` + strings.Repeat("}", documents.MaxDepth),
	} {
		if len(value) > documents.MaxValue {
			t.Fatalf("%s: the value has %d bytes", name, len(value))
		}
		in := documents.CollectionID{Space: "t/users/u/apps/a/", Name: "c"}
		raw, err := encode(in, "c\tt/users/u/apps/a/\t", documents.Record{Key: "k", Value: []byte(value), Version: "v"})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.1f times the value", name, float64(len(raw))/float64(len(value)))
		if len(raw) > most/2 {
			t.Errorf("%s: %d bytes become %d", name, len(value), len(raw))
		}
		if !strings.Contains(name, "depth") {
			continue
		}
		if n := depth(raw); n > levels {
			t.Errorf("%s: %d levels", name, n)
		}
	}
}

func depth(raw bson.Raw) int {
	most := 0
	elements, _ := raw.Elements()
	for _, e := range elements {
		if inner, ok := e.Value().DocumentOK(); ok {
			most = max(most, depth(inner))
		}
	}
	return most + 1
}
