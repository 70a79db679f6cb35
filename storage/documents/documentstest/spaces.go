package documentstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// testSpaces runs on every driver that is a [documents.SpaceFinder].
func testSpaces(t *testing.T, s suite) {
	d := s.driver(t)
	finder, ok := d.(documents.SpaceFinder)
	if !ok {
		t.Skip("the driver is no SpaceFinder")
	}
	const prefix = "t/users/u/apps/"
	for _, space := range []string{
		prefix + "b/", prefix + "a/", prefix + "a%2Fb/", prefix + "a.b/", prefix + "B/", prefix + "_/", prefix + "%25/",
		// None of these begins with the prefix.
		"t/users/u/apps", "t/users/u/", "t/users/u/apps0a/", "t/users/u/app/a/", "t/users/ux/apps/a/", "t/users/u./apps/a/", "t/users/U/apps/a/",
		"T/users/u/apps/a/", "t2/users/u/apps/a/", "t/apps/a/", "t/shared/", "t_users_u_apps_a/", "t%users%u%apps%a/", "$system/apps/",
	} {
		set(t, d, documents.CollectionID{Space: space, Name: "things"}, "k", "1")
	}
	set(t, d, documents.CollectionID{Space: prefix + "c/", Name: "Things"}, "k", "1")
	set(t, d, documents.CollectionID{Space: prefix + "c/", Name: "thingsx"}, "k", "1")
	gone := documents.CollectionID{Space: prefix + "d/", Name: "things"}
	set(t, d, gone, "k", "1")
	if err := apply(t, d, gone, documents.Op{Delete: true, Record: documents.Record{Key: "k"}}); err != nil {
		t.Fatal(err)
	}

	want := []string{
		prefix + "%25/", prefix + "B/", prefix + "_/", prefix + "a%2Fb/", prefix + "a.b/", prefix + "a/", prefix + "b/",
	}
	for limit := 1; limit <= len(want)+2; limit++ {
		got, err := finder.Spaces(t.Context(), prefix, "things", limit)
		if err != nil || !slices.Equal(got, want[:min(limit, len(want))]) {
			t.Fatalf("%d spaces are %q, %v; want of %q", limit, got, err, want)
		}
	}
	for _, collection := range []string{"", "none", "thing", "thing_", "%"} {
		if got, err := finder.Spaces(t.Context(), prefix, collection, 10); err != nil || len(got) > 0 {
			t.Errorf("the collection %q is in %q, %v", collection, got, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := finder.Spaces(ended, prefix, "things", 10); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}

	// A space shows once its first document is set, and not after its last is deleted.
	in := documents.CollectionID{Space: prefix + "moving/", Name: "moving"}
	for i := range 20 {
		set(t, d, in, "k", fmt.Sprint(i))
		if got, err := finder.Spaces(t.Context(), prefix, "moving", 10); err != nil || !slices.Equal(got, []string{in.Space}) {
			t.Fatalf("with a document: %q, %v", got, err)
		}
		if err := apply(t, d, in, documents.Op{Delete: true, Record: documents.Record{Key: "k"}}); err != nil {
			t.Fatal(err)
		}
		if got, err := finder.Spaces(t.Context(), prefix, "moving", 10); err != nil || len(got) > 0 {
			t.Fatalf("without a document: %q, %v", got, err)
		}
	}
}

// testCollections runs on every driver that is a [documents.CollectionFinder].
func testCollections(t *testing.T, s suite) {
	d := s.driver(t)
	finder, ok := d.(documents.CollectionFinder)
	if !ok {
		t.Skip("the driver is no CollectionFinder")
	}
	checkCollections(t, d, finder)
}

func checkCollections(t testing.TB, d documents.Driver, finder documents.CollectionFinder) {
	t.Helper()
	const prefix = "t/users/u/apps/"
	want := []documents.CollectionID{
		{Space: prefix + "B/", Name: "things"},
		{Space: prefix + "a%2Fb/", Name: "things"},
		{Space: prefix + "a.b/", Name: "z"},
		{Space: prefix + "a/", Name: "-"},
		{Space: prefix + "a/", Name: "0"},
		{Space: prefix + "a/", Name: "Things"},
		{Space: prefix + "a/", Name: "_"},
		{Space: prefix + "a/", Name: "things"},
		{Space: prefix + "a/", Name: "things2"},
		{Space: prefix + "b/", Name: "-"},
	}
	for i, in := range want {
		for n := range i%3 + 1 {
			set(t, d, in, fmt.Sprint(n), "1")
		}
	}
	for _, space := range []string{ // none of these begins with the prefix
		"t/users/u/apps", "t/users/u/", "t/users/u/apps0a/", "t/users/u/app/a/", "t/users/ux/apps/a/", "t/users/U/apps/a/",
		"t2/users/u/apps/a/", "t/apps/a/", "t/shared/", "t_users_u_apps_a/", "t%users%u%apps%a/", "$system/apps/",
	} {
		set(t, d, documents.CollectionID{Space: space, Name: "elsewhere"}, "k", "1")
	}
	for _, gone := range []documents.CollectionID{{Space: prefix + "a/", Name: "gone"}, {Space: prefix + "gone/", Name: "things"}} {
		set(t, d, gone, "k", "1")
		if err := apply(t, d, gone, documents.Op{Delete: true, Record: documents.Record{Key: "k"}}); err != nil {
			t.Fatal(err)
		}
	}

	find := func(prefix string, after documents.CollectionID, limit int) []documents.CollectionID {
		t.Helper()
		got, err := finder.Collections(t.Context(), prefix, after, limit)
		if err != nil {
			t.Fatalf("the collections below %q after %q: %v", prefix, after, err)
		}
		return got
	}
	for limit := 1; limit <= len(want)+2; limit++ {
		if got := find(prefix, documents.CollectionID{}, limit); !slices.Equal(got, want[:min(limit, len(want))]) {
			t.Fatalf("%d collections are %q; want of %q", limit, got, want)
		}
		for i, after := range want {
			if got := find(prefix, after, limit); !slices.Equal(got, want[i+1:min(i+1+limit, len(want))]) {
				t.Fatalf("%d collections after %q are %q; want of %q", limit, after, got, want)
			}
		}
	}
	for _, c := range []struct {
		prefix string
		after  documents.CollectionID
		want   []documents.CollectionID
	}{
		{prefix + "a/", documents.CollectionID{}, want[3:9]},
		{prefix + "a/", documents.CollectionID{Space: prefix + "a/", Name: "a"}, want[7:9]}, // which is not there
		{prefix, documents.CollectionID{Space: prefix + "a/", Name: "\x7f"}, want[9:]},      // after all names
		{prefix, documents.CollectionID{Space: prefix + "a0/", Name: ""}, want[9:]},         // a space that is not there
		{prefix + "a/", documents.CollectionID{Space: prefix + "B/", Name: "x"}, want[3:9]}, // before the prefix
		{prefix + "a/", documents.CollectionID{Space: prefix + "b/", Name: ""}, nil},        // and behind it
		{prefix + "none/", documents.CollectionID{}, nil},
		{"t/users/%/", documents.CollectionID{}, nil},
	} {
		if got := find(c.prefix, c.after, 100); !slices.Equal(got, c.want) {
			t.Errorf("the collections below %q after %q are %q, want %q", c.prefix, c.after, got, c.want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := finder.Collections(ended, prefix, documents.CollectionID{}, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}
