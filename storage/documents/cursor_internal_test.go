package documents

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/cpodkit/cpodkit/internal/seal"
)

// A cursor is sealed, so only a defect of ours could put anything else into one;
// it must be refused nevertheless, not fail.
func FuzzDecodeCursor(f *testing.F) {
	q := parsedQuery{
		filter: []byte(`{"a.b":{"gt":1},"c":"x"}`),
		order:  []Order{{Path: Path{"a", "b.c"}}, {Path: Path{`d\`}, Descending: true}},
	}
	f.Add([]byte(nil))
	f.Add([]byte{cursorFormat})
	f.Add(appendQuery(nil, q))
	f.Add(appendExact(appendQuery(nil, q), Position{Keys: []SortKey{"41", ""}, Key: "k"}))
	f.Add(appendExact(appendQuery(nil, parsedQuery{}), Position{Key: "k"}))
	f.Add(appendAnchor(appendAnchor(append(appendQuery(nil, q), anchored), anchor{"k", make([]byte, digestSize)}),
		anchor{"l", make([]byte, digestSize)}))
	f.Add([]byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		if len(plain) > seal.MaxToken {
			return
		}
		q, at, err := decodeCursor(plain)
		if err != nil {
			return
		}
		var again []byte
		if at.after != nil {
			again = appendExact(appendQuery(nil, q), *at.after)
		} else {
			again = appendAnchor(appendAnchor(append(appendQuery(nil, q), anchored), at.last), at.next)
		}
		sameQuery, sameAt, err := decodeCursor(again)
		if err != nil || !reflect.DeepEqual(q, sameQuery) || !reflect.DeepEqual(at, sameAt) {
			t.Fatalf("%q becomes %q: %v", plain, again, err)
		}
	})
}

func TestCursorFitsItsBound(t *testing.T) {
	t.Parallel()
	box, err := seal.New(bytes.Repeat([]byte("s"), 32), "test")
	if err != nil {
		t.Fatal(err)
	}
	if token := box.Seal("", make([]byte, maxCursorPlain)); len(token) != seal.MaxToken {
		t.Errorf("a full cursor has %d bytes", len(token))
	}
	if maxCursorQuery < 1900 {
		t.Errorf("filter and sort have %d bytes", maxCursorQuery)
	}
}
