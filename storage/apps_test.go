package storage_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// Whatever an app's id is, its root is told from those of others, and tells the
// id again.
func TestReach(t *testing.T) {
	t.Parallel()
	ids := []string{
		"a", "a1", "A", "*", "a/b", "u/apps/b", "..a", "%2F", "%2f", "/", "%", "%25", "a b", "+", "é", "\x00", "\xff", "apps", "shared", "$system", "",
		".", "..", strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("/", 21), strings.Repeat("/", 22),
	}
	for _, app := range ids {
		id := identity("t", app, "u/apps/b")
		own, ownErr := caller(id, storage.User, storage.Apps{}).Authorize(storage.Read)
		reach, err := caller(id, storage.User, storage.Apps{}).AuthorizeRead()
		if (err == nil) != (ownErr == nil) || reach.Wide != (err == nil) {
			t.Fatalf("AuthorizeRead of %q = %+v, %v", app, reach, err)
		}
		if err != nil {
			continue
		}
		if reach.Prefix() != "t/users/u%2Fapps%2Fb/apps/" || reach.First != (storage.Segment{App: app, Space: own}) {
			t.Errorf("%q is %+v below %q", app, reach.First, reach.Prefix())
		}
		segments, err := reach.Segments([]string{own.Root()})
		if err != nil || len(segments) != 1 || segments[0] != reach.First {
			t.Errorf("%q is %+v, %v; want %+v", own.Root(), segments, err, reach.First)
		}

		// The same by its name, for another app.
		other := identity("t", "other", "u/apps/b")
		for name, authorize := range map[string]func(storage.Caller) (storage.Reach, error){
			"read": storage.Caller.AuthorizeRead, "list": storage.Caller.AuthorizeList,
		} {
			named, err := authorize(caller(other, storage.User, storage.OneApp(app)))
			if err != nil || named.First != reach.First || named.Wide {
				t.Errorf("%s of %q = %+v, %v", name, app, named, err)
			}
		}
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	reach, err := caller(identity("t", "own", "u"), storage.User, storage.AllApps()).AuthorizeList()
	if err != nil || !reach.Wide || reach.First.App != "own" {
		t.Fatalf("AuthorizeList = %+v, %v", reach, err)
	}
	const p = "t/users/u/apps/"
	segments, err := reach.Segments([]string{
		p + "b/", p + "a%2Fb/", p + "Z/", p + "%C3%A9/",
		// No identity has one of these.
		p, p + "/", p + "c", p + "c/d/", p + "c/d", p + "a%2fb/", p + "a%62/", p + "%/", p + "%zz/", p + "c+d/", p + "a b/", p + "./", p + "../",
		p + strings.Repeat("x", 65) + "/", p + "$system/", "t/users/u/app/c/", "t/users/ux/apps/c/", "t/apps/c/", "/", "", "x" + p + "c/",
	})
	var apps, roots []string
	for _, s := range segments {
		apps, roots = append(apps, s.App), append(roots, s.Space.Root())
		if s.Space.Tier() != storage.User {
			t.Errorf("%q is in the tier %q", s.App, s.Space.Tier())
		}
	}
	// By client_id, not by root: "Z" sorts before "a/b" and "b", and all before "é".
	if err != nil || !slices.Equal(apps, []string{"Z", "a/b", "b", "é"}) ||
		!slices.Equal(roots, []string{p + "Z/", p + "a%2Fb/", p + "b/", p + "%C3%A9/"}) {
		t.Errorf("Segments = %q %q, %v", apps, roots, err)
	}

	var many []string
	for i := range storage.MaxApps + 1 {
		many = append(many, p+strconv.Itoa(i)+"/")
	}
	if segments, err = reach.Segments(many[1:]); err != nil || len(segments) != storage.MaxApps {
		t.Errorf("%d apps are %d segments, %v", storage.MaxApps, len(segments), err)
	}
	if _, err = reach.Segments(many); cpodkit.CodeOf(err) != cpodkit.CodeConflict {
		t.Errorf("%d apps: %v", len(many), err)
	}

	private, err := storage.For(identity("t", "own", "u")).AuthorizeList()
	if err != nil || private.Wide || private.Prefix() != "" {
		t.Fatalf("AuthorizeList = %+v, %v", private, err)
	}
	if segments, err := private.Segments([]string{"t/apps/other/", "other/", p + "a/"}); err != nil || len(segments) > 0 {
		t.Errorf("the private tier has the segments %+v, %v", segments, err)
	}
}

func TestAppsAreRefused(t *testing.T) {
	t.Parallel()
	write := func(c storage.Caller) error {
		_, err := c.AuthorizeWrite()
		return err
	}
	read := func(c storage.Caller) error {
		_, err := c.AuthorizeRead()
		return err
	}
	list := func(c storage.Caller) error {
		_, err := c.AuthorizeList()
		return err
	}
	ann, noUser, noScope := identity("t", "a", "ann"), identity("t", "a", ""), identity("t", "a", "ann")
	noScope.Scopes = cpodkit.Scopes{"storage.private.*", "storage.user.write"}
	for name, test := range map[string]struct {
		call func(storage.Caller) error
		id   cpodkit.Identity
		tier storage.Tier
		apps storage.Apps
		want cpodkit.Code
	}{
		"write":                     {write, ann, storage.User, storage.Apps{}, ""},
		"write to an app":           {write, ann, storage.User, storage.OneApp("b"), cpodkit.CodeBadRequest},
		"write to the own app":      {write, ann, storage.User, storage.OneApp("a"), cpodkit.CodeBadRequest},
		"write to all apps":         {write, ann, storage.User, storage.AllApps(), cpodkit.CodeBadRequest},
		"read an app":               {read, ann, storage.User, storage.OneApp("b"), ""},
		"read all apps":             {read, ann, storage.User, storage.AllApps(), cpodkit.CodeBadRequest},
		"read no app":               {read, ann, storage.User, storage.OneApp(""), cpodkit.CodeBadRequest},
		"read dots":                 {read, ann, storage.User, storage.OneApp(".."), cpodkit.CodeBadRequest},
		"read a long one":           {read, ann, storage.User, storage.OneApp(strings.Repeat("/", 22)), cpodkit.CodeBadRequest},
		"read another's private":    {read, ann, storage.Private, storage.OneApp("b"), cpodkit.CodeBadRequest},
		"read an app's shared":      {read, ann, storage.Shared, storage.OneApp("a"), cpodkit.CodeBadRequest},
		"list an app":               {list, ann, storage.User, storage.OneApp("b"), ""},
		"list all apps":             {list, ann, storage.User, storage.AllApps(), ""},
		"list all apps' private":    {list, ann, storage.Private, storage.AllApps(), cpodkit.CodeBadRequest},
		"list all apps' shared":     {list, ann, storage.Shared, storage.AllApps(), cpodkit.CodeBadRequest},
		"read without a user":       {read, noUser, storage.User, storage.OneApp("b"), cpodkit.CodeUserRequired},
		"list without a user":       {list, noUser, storage.User, storage.AllApps(), cpodkit.CodeUserRequired},
		"read without the scope":    {read, noScope, storage.User, storage.OneApp("b"), cpodkit.CodeInvalidScope},
		"list without the scope":    {list, noScope, storage.User, storage.AllApps(), cpodkit.CodeInvalidScope},
		"read of no tier":           {read, ann, "", storage.Apps{}, cpodkit.CodeBadRequest},
		"list of the zero identity": {list, cpodkit.Identity{}, storage.User, storage.AllApps(), cpodkit.CodeMissingToken},
		"write without a user":      {write, identity("t", "a", ""), storage.User, storage.Apps{}, cpodkit.CodeUserRequired},
	} {
		if err := test.call(caller(test.id, test.tier, test.apps)); cpodkit.CodeOf(err) != test.want {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
	}
}

func TestElsewhere(t *testing.T) {
	t.Parallel()
	wide, err := caller(identity("t", "own", "u"), storage.User, storage.Apps{}).AuthorizeRead()
	if err != nil {
		t.Fatal(err)
	}
	narrow, err := storage.For(identity("t", "own", "u")).AuthorizeRead()
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := storage.Segment{App: "a"}, storage.Segment{App: "u/apps/\"b\n"}, storage.Segment{App: "c"}
	missing := cpodkit.Errorf(cpodkit.CodeNotFound, "It is missing.")
	for name, test := range map[string]struct {
		reach   storage.Reach
		missing error
		has     []storage.Segment
		broken  storage.Segment
		want    storage.Segment
		err     string
	}{
		"one":              {wide, missing, []storage.Segment{b}, storage.Segment{App: "none"}, b, ""},
		"the first itself": {wide, missing, []storage.Segment{wide.First}, storage.Segment{App: "none"}, storage.Segment{}, "It is missing."},
		"none":             {wide, missing, nil, storage.Segment{App: "none"}, storage.Segment{}, "It is missing."},
		"several":          {wide, missing, []storage.Segment{a, b}, storage.Segment{App: "none"}, storage.Segment{}, `"a", "u/apps/\"b\n"`},
		"a broken one":     {wide, missing, []storage.Segment{a}, c, storage.Segment{}, "timeout"},
		"another error":    {wide, cpodkit.CodeTimeout, []storage.Segment{a}, storage.Segment{App: "none"}, storage.Segment{}, "timeout"},
		"not wide":         {narrow, missing, []storage.Segment{a}, storage.Segment{App: "none"}, storage.Segment{}, "It is missing."},
	} {
		got, err := test.reach.Elsewhere(test.missing,
			func() ([]storage.Segment, error) { return []storage.Segment{a, wide.First, b, c}, nil },
			func(s storage.Segment) error {
				switch {
				case s == test.broken:
					return cpodkit.CodeTimeout
				case slices.Contains(test.has, s):
					return nil
				}
				return cpodkit.CodeNotFound
			})
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// What a driver reads behind JustBefore(key) begins with key, or behind it when
// the key is gone.
func TestJustBefore(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("k", storage.MaxFileKey)
	check := func(key, other string) {
		t.Helper()
		before := storage.JustBefore(key)
		if before >= key || !utf8.ValidString(before) || len(before) > storage.MaxFileKey+utf8.UTFMax {
			t.Fatalf("before %q is %q", key, before)
		}
		if (other > before) != (other >= key) {
			t.Fatalf("%q lies between %q and %q", other, before, key)
		}
	}
	runes := []rune{' ', '!', '/', '0', 'a', 'b', '~', 0xA0, 0xA1, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFE, 0x10FFFF}
	rnd := rand.New(rand.NewPCG(1, 2))
	random := func() string {
		text := make([]rune, 1+rnd.IntN(4))
		for i := range text {
			text[i] = runes[rnd.IntN(len(runes))]
		}
		return string(text)
	}
	for range 200_000 {
		check(random(), random())
	}
	check(longest, longest[1:]+"j")
	check(longest, longest[1:])
	check("b", "a"+strings.Repeat("\U0010FFFF", (storage.MaxFileKey-1)/4))
	check("b", "a"+strings.Repeat("\U0010FFFF", (storage.MaxFileKey-1)/4)+"~~")
	if storage.JustBefore("") != "" {
		t.Error("something is before nothing")
	}
}
