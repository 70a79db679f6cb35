package documents

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/cpodkit/cpodkit/internal/seal"
	"github.com/cpodkit/cpodkit/storage"
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
	f.Add(encodeQuery(q))
	for _, apps := range []storage.Apps{{}, storage.OneApp("a/b"), storage.AllApps()} {
		q.apps = apps
		f.Add(appendBookmark(encodeQuery(q), q, bookmark{after: &Position{Keys: []SortKey{"41", ""}, Key: "k"}, app: "a"}))
		f.Add(appendBookmark(encodeQuery(q), q, bookmark{
			last: anchor{"a", "k", make([]byte, digestSize)}, next: anchor{"b", "l", make([]byte, digestSize)},
		}))
	}
	f.Add(appendBookmark(encodeQuery(parsedQuery{}), parsedQuery{}, bookmark{after: &Position{Key: "k"}}))
	f.Add([]byte("\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		if len(plain) > seal.MaxToken {
			return
		}
		q, at, err := decodeCursor(plain)
		if err != nil {
			return
		}
		again := appendBookmark(encodeQuery(q), q, at)
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
