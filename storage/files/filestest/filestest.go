// Package filestest is the suite that every [files.Driver] passes.
package filestest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/files"
)

// Run runs the suite. Each of its tests gets a driver of its own from
// newDriver, and closes it. The drivers may share one store: no two tests use
// the same names.
func Run(t *testing.T, newDriver func(t testing.TB) files.Driver) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(*suite)
	}{
		{"RoundTrip", testRoundTrip},
		{"EmptyFile", testEmptyFile},
		{"LargeFile", testLargeFile},
		{"Seek", testSeek},
		{"ContentTypes", testContentTypes},
		{"Overwrite", testOverwrite},
		{"ReaderSurvives", testReaderSurvives},
		{"Missing", testMissing},
		{"Delete", testDelete},
		{"FailingBody", testFailingBody},
		{"CancelledContext", testCancelledContext},
		{"IfAbsent", testIfAbsent},
		{"IfMatch", testIfMatch},
		{"IfAbsentHasOneWinner", testIfAbsentHasOneWinner},
		{"IfMatchHasOneWinner", testIfMatchHasOneWinner},
		{"HardNames", testHardNames},
		{"RefusedNames", testRefusedNames},
		{"FileAndFolder", testFileAndFolder},
		{"ListOrder", testListOrder},
		{"ListPages", testListPages},
		{"ListFolding", testListFolding},
		{"ListPrefix", testListPrefix},
		{"ListWhileWriting", testListWhileWriting},
		{"Storm", testStorm},
		{"Erase", testErase},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(start(t, newDriver(t)))
		})
	}
	t.Run("NoGoroutineIsLeft", func(t *testing.T) {
		t.Parallel()
		testNoGoroutineIsLeft(t, newDriver)
	})
}

// RunPersistent checks that a driver finds its files again after it was closed.
// newPlace makes a new store and returns what opens it, which is called more
// than once.
func RunPersistent(t *testing.T, newPlace func(t testing.TB) (open func() files.Driver)) {
	t.Helper()
	open := newPlace(t)
	first := &suite{TB: t, driver: open(), ctx: t.Context()}
	want := map[string]files.Attributes{}
	for _, name := range []string{"a", "b/c", "b/d/e"} {
		want[name] = first.put(name, "content of "+name)
	}
	first.put("gone", "x")
	if err := first.driver.Delete(first.ctx, first.name("gone")); err != nil {
		t.Fatal(err)
	}
	if err := first.driver.Close(); err != nil {
		t.Fatal(err)
	}
	second := start(t, open())
	for name, attrs := range want {
		second.wantContent(name, "content of "+name)
		second.wantAttributes(name, attrs)
	}
	second.wantNone("gone")
	second.wantList(files.ListQuery{Prefix: second.name(""), Limit: 10}, "a", "b/c", "b/d/e")
}

// patience is a watchdog: how long something may take that should be prompt.
const patience = 30 * time.Second

// suite is one test with its driver. Its names lie in a folder of their own.
type suite struct {
	testing.TB
	driver files.Driver
	ctx    context.Context
}

func start(t testing.TB, driver files.Driver) *suite {
	t.Helper()
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &suite{TB: t, driver: driver, ctx: t.Context()}
}

// name returns the full name of what a test calls short.
func (s *suite) name(short string) string { return "filestest/" + s.Name() + "/" + short }

func (s *suite) putOpts(short, content string, opts files.PutOptions) (files.Attributes, error) {
	return s.driver.Put(s.ctx, s.name(short), strings.NewReader(content), opts)
}

func (s *suite) put(short, content string) files.Attributes {
	s.Helper()
	attrs, err := s.putOpts(short, content, files.PutOptions{ContentType: "text/plain"})
	if err != nil {
		s.Fatalf("Put(%q): %v", short, err)
	}
	return attrs
}

func (s *suite) open(short string) files.Object {
	s.Helper()
	object, err := s.driver.Open(s.ctx, s.name(short))
	if err != nil {
		s.Fatalf("Open(%q): %v", short, err)
	}
	return object
}

// wantContent checks what Open reads.
func (s *suite) wantContent(short, want string) {
	s.Helper()
	object := s.open(short)
	defer func() { _ = object.Close() }()
	got, err := io.ReadAll(object)
	if err != nil || !bytes.Equal(got, []byte(want)) {
		s.Errorf("%q holds %.80q (%d bytes), %v; want %.80q (%d bytes)", short, got, len(got), err, want, len(want))
	}
}

// wantAttributes checks what Stat and Open tell of a file.
func (s *suite) wantAttributes(short string, want files.Attributes) {
	s.Helper()
	stat, err := s.driver.Stat(s.ctx, s.name(short))
	if err != nil {
		s.Fatalf("Stat(%q): %v", short, err)
	}
	object := s.open(short)
	defer func() { _ = object.Close() }()
	for call, got := range map[string]files.Attributes{"Stat": stat, "Open": object.Attributes()} {
		if !sameAttributes(got, want) {
			s.Errorf("%s(%q) = %+v; want %+v", call, short, got, want)
		}
	}
}

func sameAttributes(a, b files.Attributes) bool {
	sameTime := a.ModTime.Equal(b.ModTime)
	a.ModTime, b.ModTime = time.Time{}, time.Time{}
	return sameTime && a == b
}

// wantNone checks that there is no file.
func (s *suite) wantNone(short string) {
	s.Helper()
	if _, err := s.driver.Stat(s.ctx, s.name(short)); !errors.Is(err, cpodkit.CodeNotFound) {
		s.Errorf("Stat(%q) = %v; want not_found", short, err)
	}
	if object, err := s.driver.Open(s.ctx, s.name(short)); !errors.Is(err, cpodkit.CodeNotFound) {
		s.Errorf("Open(%q) = %v; want not_found", short, err)
		if err == nil {
			_ = object.Close()
		}
	}
}

// wantEmpty checks that the test's folder shows nothing.
func (s *suite) wantEmpty() {
	s.Helper()
	for _, delimiter := range []string{"", "/"} {
		s.wantList(files.ListQuery{Prefix: s.name(""), Delimiter: delimiter, Limit: 10})
	}
}

// wantList checks one page that is the last. A wanted name that ends with a
// slash is a prefix.
func (s *suite) wantList(q files.ListQuery, want ...string) {
	s.Helper()
	page, err := s.driver.List(s.ctx, q)
	if err != nil {
		s.Fatalf("List(%+v): %v", q, err)
	}
	if page.Next != "" {
		s.Errorf("List(%+v) has the next page %q; want none", q, page.Next)
	}
	s.wantNames(q, s.shortNames(page), want)
}

func (s *suite) wantNames(q files.ListQuery, got, want []string) {
	s.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.Errorf("List(%+v)\n got %q\nwant %q", q, got, want)
	}
}
