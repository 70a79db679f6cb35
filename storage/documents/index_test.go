package documents_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/storage/documents"
)

func TestCheckIndexes(t *testing.T) {
	t.Parallel()
	index := func(collection string, paths ...string) documents.Index {
		i := documents.Index{Collection: collection}
		for _, path := range paths {
			name, descending := strings.CutPrefix(path, "-")
			i.Members = append(i.Members, documents.Order{Path: strings.Split(name, "/"), Descending: descending})
		}
		return i
	}
	var many []documents.Index
	for n := range documents.MaxIndexes + 1 {
		many = append(many, index("c", fmt.Sprint(n)))
	}
	for _, indexes := range [][]documents.Index{
		nil,
		many[1:],
		{index("c", "a", "b", "c", "d"), index("c", "a"), index("c", "-a"), index("d", "a"), index("c", "b", "a")},
		{index("c", "a/b", "a", "a.b", `\`)},
	} {
		if err := documents.CheckIndexes(indexes); err != nil {
			t.Errorf("%v: %v", indexes, err)
		}
	}
	if got := index("c", "a/b", "-a.b", `\`).String(); got != `c:a.b,-a\.b,\\` {
		t.Errorf("the text of an index is %s", got)
	}
	for _, test := range []struct {
		indexes []documents.Index
		want    string
	}{
		{many, "65 indexes are declared; at most 64"},
		{[]documents.Index{index("c")}, "0 members"},
		{[]documents.Index{index("c", "a", "b", "c", "d", "e")}, "5 members"},
		{[]documents.Index{index("", "a")}, "collection"},
		{[]documents.Index{index("c/d", "a")}, "collection"},
		{[]documents.Index{{Collection: "c", Members: make([]documents.Order, 1)}}, "no name"},
		{[]documents.Index{index("c", "a", "b", "-a")}, `"a" twice`},
		{[]documents.Index{index("c", "a", "-b"), index("d", "a"), index("c", "a", "-b")}, `"c:a,-b" is declared twice`},
	} {
		if err := documents.CheckIndexes(test.indexes); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want it to say %q", test.indexes, err, test.want)
		}
	}
}
