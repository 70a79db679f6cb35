package filestest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cpodkit/cpodkit/internal/testfull"
	"github.com/cpodkit/cpodkit/storage/files"
)

// shortNames returns items and prefixes of a page together, in byte order, and
// checks that each is in order by itself.
func (s *suite) shortNames(page files.Listing) []string {
	s.Helper()
	var names []string
	for _, attrs := range page.Items {
		names = append(names, attrs.Name)
	}
	if !slices.IsSorted(names) || !slices.IsSorted(page.Prefixes) {
		s.Errorf("not in byte order: %q, %q", names, page.Prefixes)
	}
	names = append(names, page.Prefixes...)
	slices.Sort(names)
	for i, name := range names {
		short, ok := strings.CutPrefix(name, s.name(""))
		if !ok {
			s.Errorf("the name %q is not of this test", name)
		}
		names[i] = short
	}
	return names
}

// listAll walks all pages.
func (s *suite) listAll(q files.ListQuery) []string {
	s.Helper()
	var all []string
	for {
		page, err := s.driver.List(s.ctx, q)
		if err != nil {
			s.Fatalf("List(%+v): %v", q, err)
		}
		names := s.shortNames(page)
		if len(names) > q.Limit || len(names) == 0 && (page.Next != "" || q.After != "") {
			s.Fatalf("List(%+v) has a page of %d, and the next is %q", q, len(names), page.Next)
		}
		all = append(all, names...)
		if page.Next == "" {
			return all
		}
		q.After = page.Next
	}
}

// hardNames sort otherwise by folder than by bytes, or are hard for a file
// system or a protocol.
var hardNames = []string{
	"a", "b-c", "b.c", "b/c", "b/c-d", "b/c.d/e", "b/cd", "b0", "bb",
	"dir/sub/one", "dir/sub/two", "dir/sub-", "dir/sub.", "dir-", "dir.x", "dir0",
	" leading", "trailing ", "in the middle", "+plus", "%2F", "%", "a%2e%2e", "q?x=1&y=2#z", "~", "back\\slash",
	"quote\"'`", "*", "<tag>", "semi;colon", "UPPER", ".hidden", "..hidden", "...", "trailing.", "con", "nul.txt",
	"é", "e\u0301", "日本/語", "🙂", "\u202Ertl", "\uFEFFbom", "\u2028line",
	strings.Repeat("s", 200), strings.Repeat("d/", 50) + "deep",
}

func testHardNames(s *suite) {
	for _, name := range hardNames {
		attrs := s.put(name, "content of "+name)
		s.wantAttributes(name, attrs)
	}
	for _, name := range hardNames {
		s.wantContent(name, "content of "+name)
	}
	for _, name := range hardNames {
		if err := s.driver.Delete(s.ctx, s.name(name)); err != nil {
			s.Errorf("Delete(%q): %v", name, err)
		}
		s.wantNone(name)
	}
	s.wantEmpty()
}

// testRefusedNames: the portable type never passes these on, and a driver does
// not rely on it.
func testRefusedNames(s *suite) {
	s.put("x", "neighbour")
	for _, name := range []string{
		"", ".", "..", "/", "/etc/passwd", "../x", "a/../../x", "a/../x", "a/..", "./x", "a/./x", "a//x", "a/", "/a",
		"a/\x00x", "\xff/x",
	} {
		if _, err := s.driver.Put(s.ctx, name, strings.NewReader("x"), files.PutOptions{}); err == nil {
			s.Errorf("Put(%q) succeeded", name)
		}
		if object, err := s.driver.Open(s.ctx, name); err == nil {
			s.Errorf("Open(%q) succeeded", name)
			_ = object.Close()
		}
		if _, err := s.driver.Stat(s.ctx, name); err == nil {
			s.Errorf("Stat(%q) succeeded", name)
		}
		if err := s.driver.Delete(s.ctx, name); err == nil {
			s.Errorf("Delete(%q) succeeded", name)
		}
	}
	for _, q := range []files.ListQuery{
		{Prefix: "", Limit: 1},
		{Prefix: "/", Limit: 1},
		{Prefix: "../", Limit: 1},
		{Prefix: s.name("") + "../", Limit: 1},
		{Prefix: s.name(""), Limit: 0},
		{Prefix: s.name(""), Limit: 1, Delimiter: "x"},
	} {
		if _, err := s.driver.List(s.ctx, q); err == nil {
			s.Errorf("List(%+v) succeeded", q)
		}
	}
	s.wantContent("x", "neighbour")
}

func testListOrder(s *suite) {
	for _, name := range hardNames {
		s.put(name, name)
	}
	want := slices.Sorted(slices.Values(hardNames))
	q := files.ListQuery{Prefix: s.name(""), Limit: 500}
	s.wantList(q, want...)
	page, err := s.driver.List(s.ctx, q)
	if err != nil {
		s.Fatal(err)
	}
	for _, attrs := range page.Items {
		s.wantAttributes(strings.TrimPrefix(attrs.Name, s.name("")), attrs)
	}
}

// folded is what a list with the delimiter shows for sorted names.
func folded(names []string, prefix string) []string {
	var out []string
	for _, name := range names {
		if head, _, below := strings.Cut(name[len(prefix):], "/"); below {
			name = prefix + head + "/"
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func testListPages(s *suite) {
	for _, name := range hardNames {
		s.put(name, "x")
	}
	names := slices.Sorted(slices.Values(hardNames))
	for _, limit := range limits(len(names)) {
		plain := files.ListQuery{Prefix: s.name(""), Limit: limit}
		s.wantNames(plain, s.listAll(plain), names)
		fold := files.ListQuery{Prefix: s.name(""), Delimiter: "/", Limit: limit}
		s.wantNames(fold, s.listAll(fold), folded(names, ""))
	}
	// A page may start anywhere, also where nothing is.
	for _, after := range append(slices.Clone(names), "", "b", "b/", "b/c/", "c", "dir/", "dir/sub/o", "zzzz", "\U0010FFFF") {
		rest := slices.Clone(names)
		rest = slices.DeleteFunc(rest, func(name string) bool { return name <= after })
		q := files.ListQuery{Prefix: s.name(""), After: s.name(after), Limit: 500}
		s.wantList(q, rest...)
	}
	s.wantList(files.ListQuery{Prefix: s.name(""), After: "filestest.", Limit: 500}, names...)
	s.wantList(files.ListQuery{Prefix: s.name(""), After: "filestest0", Limit: 500})
	s.wantList(files.ListQuery{Prefix: s.name("b"), After: s.name("c"), Limit: 500})
}

// limits are sizes of pages for n names: all that differ with CPODKIT_TEST_FULL,
// else the small ones and those around all of the names.
func limits(n int) []int {
	var all []int
	for limit := 1; limit <= n+1; limit++ {
		if testfull.On() || limit <= 5 || limit%9 == 0 || limit >= n-1 {
			all = append(all, limit)
		}
	}
	return all
}

func testListFolding(s *suite) {
	names := []string{"a", "b/c", "b/d/e", "b/d/f", "b/g", "c/d", "d"}
	for _, name := range names {
		s.put(name, "x")
	}
	for _, c := range []struct {
		prefix string
		want   []string
	}{
		{"", []string{"a", "b/", "c/", "d"}},
		{"b", []string{"b/"}},
		{"b/", []string{"b/c", "b/d/", "b/g"}},
		{"b/d", []string{"b/d/"}},
		{"b/d/", []string{"b/d/e", "b/d/f"}},
		{"b/x", nil},
		{"c/d", []string{"c/d"}},
		{"c/d/", nil},
	} {
		s.wantList(files.ListQuery{Prefix: s.name(c.prefix), Delimiter: "/", Limit: 10}, c.want...)
	}
	for _, name := range []string{"b/d/e", "b/d/f"} {
		if err := s.driver.Delete(s.ctx, s.name(name)); err != nil {
			s.Fatal(err)
		}
	}
	s.wantList(files.ListQuery{Prefix: s.name("b/"), Delimiter: "/", Limit: 10}, "b/c", "b/g")
}

func testListPrefix(s *suite) {
	for _, name := range []string{"t1/a", "t1/b", "t1x/a", "t1-/a", "t", "t1.x", "T1/a"} {
		s.put(name, "x")
	}
	for _, c := range []struct {
		prefix string
		want   []string
	}{
		{"t1/", []string{"t1/a", "t1/b"}},
		{"t1/a", []string{"t1/a"}},
		{"t1/ab", nil},
		{"t1x/", []string{"t1x/a"}},
		{"t1", []string{"t1-/a", "t1.x", "t1/a", "t1/b", "t1x/a"}},
		{"T1/", []string{"T1/a"}},
		{"t", []string{"t", "t1-/a", "t1.x", "t1/a", "t1/b", "t1x/a"}},
		{"t1/a/", nil},
		{"none/", nil},
	} {
		s.wantList(files.ListQuery{Prefix: s.name(c.prefix), Limit: 10}, c.want...)
	}
}

// testListWhileWriting: what does not change during a walk is in it exactly once.
func testListWhileWriting(s *suite) {
	var kept []string
	for i := range 40 {
		kept = append(kept, fmt.Sprintf("%02d/kept", i))
		s.put(kept[i], "x")
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i = (i + 7) % 40 {
			select {
			case <-stop:
				return
			default:
			}
			name := fmt.Sprintf("%02d/passing", i)
			s.put(name, "x")
			if err := s.driver.Delete(s.ctx, s.name(name)); err != nil {
				s.Errorf("Delete: %v", err)
			}
		}
	})
	for range 10 {
		got := s.listAll(files.ListQuery{Prefix: s.name(""), Limit: 3})
		got = slices.DeleteFunc(got, func(name string) bool { return strings.HasSuffix(name, "passing") })
		s.wantNames(files.ListQuery{}, got, kept)
	}
	close(stop)
	wg.Wait()
}
