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
