package filestest

import (
	"context"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/files"
)

func testRoundTrip(s *suite) {
	before := time.Now().Add(-time.Minute)
	attrs := s.put("a/b.txt", "hello")
	s.wantContent("a/b.txt", "hello")
	s.wantAttributes("a/b.txt", attrs)
	if attrs.Name != s.name("a/b.txt") || attrs.Size != 5 || attrs.ContentType != "text/plain" || attrs.ETag == "" {
		s.Errorf("Put returned %+v", attrs)
	}
	if attrs.ModTime.Before(before) || attrs.ModTime.Location() != time.UTC {
		s.Errorf("the time of the Put is %v; want now, in UTC", attrs.ModTime)
	}
	if strings.ContainsAny(attrs.ETag, "\"\\ ") {
		s.Errorf("the ETag %q cannot stand in quotes", attrs.ETag)
	}
}

func testEmptyFile(s *suite) {
	attrs := s.put("empty", "")
	s.wantContent("empty", "")
	s.wantAttributes("empty", attrs)
	s.wantList(files.ListQuery{Prefix: s.name(""), Limit: 1}, "empty")
}

// testLargeFile streams 5 MiB and a little, in reads of odd sizes.
func testLargeFile(s *suite) {
	const size = 5<<20 + 7
	source := func() io.Reader {
		return io.LimitReader(rand.NewChaCha8([32]byte{1}), size)
	}
	attrs, err := s.driver.Put(s.ctx, s.name("large"), &oddReader{source()}, files.PutOptions{})
	if err != nil || attrs.Size != size {
		s.Fatalf("Put = %+v, %v", attrs, err)
	}
	object := s.open("large")
	defer func() { _ = object.Close() }()
	got, want := crc32.NewIEEE(), crc32.NewIEEE()
	if n, err := io.Copy(got, object); err != nil || n != size {
		s.Fatalf("read %d bytes, %v", n, err)
	}
	_, _ = io.Copy(want, source())
	if got.Sum32() != want.Sum32() {
		s.Error("the bytes differ")
	}
}

// oddReader reads up to 1000 bytes at a time, and now and then none.
type oddReader struct{ io.Reader }

func (r *oddReader) Read(p []byte) (int, error) {
	return r.Reader.Read(p[:min(len(p), rand.IntN(1000))])
}

func testSeek(s *suite) {
	s.put("seek", "0123456789")
	object := s.open("seek")
	defer func() { _ = object.Close() }()
	for _, c := range []struct {
		offset int64
		whence int
		at     int64
		rest   string
	}{
		{3, io.SeekStart, 3, "3456789"},
		{-2, io.SeekEnd, 8, "89"},
		{-4, io.SeekCurrent, 6, "6789"},
		{0, io.SeekEnd, 10, ""},
		{5, io.SeekEnd, 15, ""},
		{0, io.SeekStart, 0, "0123456789"},
	} {
		at, err := object.Seek(c.offset, c.whence)
		rest, readErr := io.ReadAll(object)
		if at != c.at || err != nil || string(rest) != c.rest || readErr != nil {
			s.Errorf("Seek(%d, %d) = %d, %v, then read %q, %v; want %d and %q",
				c.offset, c.whence, at, err, rest, readErr, c.at, c.rest)
		}
	}
	if _, err := object.Seek(-1, io.SeekStart); err == nil {
		s.Error("a seek before the start succeeded")
	}
}

func testContentTypes(s *suite) {
	for _, contentType := range []string{
		"", "application/octet-stream", "text/html; charset=utf-8", `multipart/mixed; boundary="a b\"c"`,
		"application/" + strings.Repeat("x", 200),
	} {
		attrs, err := s.putOpts("typed", "x", files.PutOptions{ContentType: contentType})
		if err != nil {
			s.Fatalf("Put with %q: %v", contentType, err)
		}
		if attrs.ContentType != contentType {
			s.Errorf("the content type %q became %q", contentType, attrs.ContentType)
		}
		s.wantAttributes("typed", attrs)
	}
}

func testOverwrite(s *suite) {
	seen := map[string]bool{}
	for _, content := range []string{"one", "one", "a longer one", ""} {
		attrs := s.put("again", content)
		if seen[attrs.ETag] {
			s.Errorf("the ETag %q came twice", attrs.ETag)
		}
		seen[attrs.ETag] = true
		s.wantContent("again", content)
		s.wantAttributes("again", attrs)
	}
}

func testReaderSurvives(s *suite) {
	content := strings.Repeat("the first content ", 10_000)
	first := s.put("read", content)
	object := s.open("read")
	defer func() { _ = object.Close() }()
	head := make([]byte, 100)
	if _, err := io.ReadFull(object, head); err != nil {
		s.Fatal(err)
	}
	s.put("read", "another content")
	if err := s.driver.Delete(s.ctx, s.name("read")); err != nil {
		s.Fatal(err)
	}
	rest, err := io.ReadAll(object)
	if err != nil || string(head)+string(rest) != content || !sameAttributes(object.Attributes(), first) {
		s.Errorf("an open reader saw a later change: read %d bytes, %v, %+v", len(head)+len(rest), err, object.Attributes())
	}
}

func testMissing(s *suite) {
	s.put("there/file", "x")
	for _, name := range []string{"missing", "there", "there/other", "there/file/below", "no/such/folder"} {
		s.wantNone(name)
		if err := s.driver.Delete(s.ctx, s.name(name)); err != nil {
			s.Errorf("Delete(%q): %v", name, err)
		}
	}
	s.wantContent("there/file", "x")
}

func testDelete(s *suite) {
	for _, name := range []string{"a", "b/c", "b/d", "b/e/f/g"} {
		s.put(name, "x")
	}
	for range 2 {
		for _, name := range []string{"a", "b/c", "b/e/f/g"} {
			if err := s.driver.Delete(s.ctx, s.name(name)); err != nil {
				s.Errorf("Delete(%q): %v", name, err)
			}
			s.wantNone(name)
		}
	}
	s.wantContent("b/d", "x")
	s.wantList(files.ListQuery{Prefix: s.name("b/"), Delimiter: "/", Limit: 10}, "b/d")
	if err := s.driver.Delete(s.ctx, s.name("b/d")); err != nil {
		s.Error(err)
	}
	s.wantEmpty()
	s.put("b", "a file where a folder was")
	s.wantContent("b", "a file where a folder was")
}

var errBody = errors.New("the body broke off")

func testFailingBody(s *suite) {
	for _, size := range []int{0, 1, 100, 1 << 20} {
		body := io.MultiReader(strings.NewReader(strings.Repeat("x", size)), failingReader{})
		if _, err := s.driver.Put(s.ctx, s.name("new/file"), body, files.PutOptions{}); !errors.Is(err, errBody) {
			s.Errorf("Put of a body that fails after %d bytes = %v; want its error", size, err)
		}
	}
	s.wantNone("new/file")
	s.wantEmpty()
	attrs := s.put("old", "what was there")
	if _, err := s.driver.Put(s.ctx, s.name("old"), failingReader{}, files.PutOptions{}); !errors.Is(err, errBody) {
		s.Errorf("Put of a failing body = %v; want its error", err)
	}
	s.wantContent("old", "what was there")
	s.wantAttributes("old", attrs)
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errBody }

func testCancelledContext(s *suite) {
	attrs := s.put("old", "what was there")
	ctx, cancel := context.WithCancel(s.ctx)
	body := io.MultiReader(strings.NewReader("half of it"), cancelling{cancel}, strings.NewReader("the other half"))
	if _, err := s.driver.Put(ctx, s.name("old"), body, files.PutOptions{}); !errors.Is(err, context.Canceled) {
		s.Errorf("Put = %v; want context.Canceled", err)
	}
	name := s.name("old")
	_, openErr := s.driver.Open(ctx, name)
	_, statErr := s.driver.Stat(ctx, name)
	_, listErr := s.driver.List(ctx, files.ListQuery{Prefix: s.name(""), Limit: 1})
	for call, err := range map[string]error{
		"Open": openErr, "Stat": statErr, "List": listErr, "Delete": s.driver.Delete(ctx, name),
	} {
		if !errors.Is(err, context.Canceled) {
			s.Errorf("%s = %v; want context.Canceled", call, err)
		}
	}
	s.wantContent("old", "what was there")
	s.wantAttributes("old", attrs)
}

// cancelling ends the context of the Put that reads it.
type cancelling struct{ cancel context.CancelFunc }

func (c cancelling) Read([]byte) (int, error) {
	c.cancel()
	return 0, io.EOF
}

// testFileAndFolder: a store may hold a file at a name and others below it, or
// refuse the later one; both ways nothing is lost or hidden.
func testFileAndFolder(s *suite) {
	for _, c := range []struct{ first, second string }{
		{"f/a", "f/a/b"},
		{"g/a/b", "g/a"},
		{"h/a", "h/a/b/c/d"},
		{"i/a/b/c/d", "i/a"},
	} {
		s.put(c.first, "first")
		folder := c.first[:2]
		_, err := s.putOpts(c.second, "second", files.PutOptions{})
		switch {
		case err == nil:
			s.wantContent(c.second, "second")
			s.wantList(files.ListQuery{Prefix: s.name(folder), Limit: 10}, min(c.first, c.second), max(c.first, c.second))
		case errors.Is(err, cpodkit.CodeConflict):
			s.wantNone(c.second)
			s.wantList(files.ListQuery{Prefix: s.name(folder), Limit: 10}, c.first)
		default:
			s.Errorf("Put(%q) beside %q = %v; want conflict or success", c.second, c.first, err)
		}
		s.wantContent(c.first, "first")
		if err := s.driver.Delete(s.ctx, s.name(c.first)); err != nil {
			s.Errorf("Delete(%q): %v", c.first, err)
		}
		s.put(c.second, "alone")
		s.wantContent(c.second, "alone")
		s.wantNone(c.first)
	}
}
