package files_test

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/storage/files"
)

func drivers(t testing.TB) map[string]files.Driver {
	t.Helper()
	local, err := localfiles.Open(t.TempDir(), localfiles.UnsafeWithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	return map[string]files.Driver{"memory": files.NewMemory(), "localfiles": local}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	for name, driver := range drivers(t) {
		s := serve(t, driver)
		const target = "/v1/storage/files/digits"
		s.put(alice, target, "0123456789")
		for _, c := range []struct{ given, want, contentRange string }{
			{"bytes=0-3", "0123", "bytes 0-3/10"},
			{"bytes=4-", "456789", "bytes 4-9/10"},
			{"bytes=-2", "89", "bytes 8-9/10"},
			{"bytes=-20", "0123456789", "bytes 0-9/10"},
			{"bytes=8-200", "89", "bytes 8-9/10"},
			{"BYTES=1-2", "12", "bytes 1-2/10"},
			{"bytes=-0, 1-2", "12", "bytes 1-2/10"},
			{"bytes=8-99999999999999999999", "89", "bytes 8-9/10"},
			{"bytes=-99999999999999999999", "0123456789", "bytes 0-9/10"},
			{"bytes=1-2,99999999999999999999-", "12", "bytes 1-2/10"},
		} {
			t.Run(name+" "+c.given, func(t *testing.T) {
				w := s.call(alice, "GET", target, "", "Range", c.given)
				if w.Code != http.StatusPartialContent || w.Body.String() != c.want {
					t.Errorf("GET = %d %q; want %q", w.Code, w.Body, c.want)
				}
				wantHeader(t, w.Header(), "Content-Range", c.contentRange)
				head := s.call(alice, "HEAD", target, "", "Range", c.given)
				if head.Code != http.StatusOK || head.Header().Get("Content-Length") != "10" {
					t.Errorf("HEAD = %d, length %s; a range is for GET", head.Code, head.Header().Get("Content-Length"))
				}
			})
		}
		for i, given := range []string{"bytes=10-", "bytes=5-4", "bytes=x", "bytes", "bytes=-0", "bytes=1 - 2", "bytes=99999999999999999999-", "bytes=0-0" + strings.Repeat(",0-0", 40)} {
			t.Run(fmt.Sprint(name, " refused ", i), func(t *testing.T) {
				w := s.call(alice, "GET", target, "", "Range", given)
				wantProblem(t, w, cpodkit.CodeRangeNotSatisfiable)
				wantHeader(t, w.Header(), "Content-Range", "bytes */10")
				for _, stale := range []string{"ETag", "Content-Disposition", "Last-Modified"} {
					wantHeader(t, w.Header(), stale, "")
				}
			})
		}
		t.Run(name+" foreign unit", func(t *testing.T) {
			if w := s.call(alice, "GET", target, "", "Range", "lines=1-2"); w.Code != http.StatusOK || w.Body.Len() != 10 {
				t.Errorf("GET = %d %q; want the whole file", w.Code, w.Body)
			}
		})
		t.Run(name+" several", func(t *testing.T) {
			w := s.call(alice, "GET", target, "", "Range", "bytes=0-1,5-6")
			_, params, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
			if err != nil || w.Code != http.StatusPartialContent {
				t.Fatalf("GET = %d %s, %v", w.Code, w.Body, err)
			}
			parts := multipart.NewReader(w.Body, params["boundary"])
			for _, want := range []string{"01", "56"} {
				part, err := parts.NextPart()
				if err != nil {
					t.Fatal(err)
				}
				if got, _ := io.ReadAll(part); string(got) != want {
					t.Errorf("a part holds %q; want %q", got, want)
				}
			}
		})
	}
}

func TestConditionalReads(t *testing.T) {
	t.Parallel()
	s := serve(t, files.NewMemory())
	const target = "/v1/storage/files/x"
	tag := `"` + s.put(alice, target, "0123456789").ETag + `"`
	for _, c := range []struct {
		name   string
		header []string
		status int
		body   string
	}{
		{"changed", []string{"If-None-Match", `"other"`}, 200, "0123456789"},
		{"unchanged", []string{"If-None-Match", tag}, 304, ""},
		{"unchanged, weak", []string{"If-None-Match", "W/" + tag}, 304, ""},
		{"unchanged, one of", []string{"If-None-Match", `"other", ` + tag}, 304, ""},
		{"unchanged, any", []string{"If-None-Match", "*"}, 304, ""},
		{"not newer", []string{"If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"}, 304, ""},
		{"newer", []string{"If-Modified-Since", "Fri, 01 Jan 1999 00:00:00 GMT"}, 200, "0123456789"},
		{"still", []string{"If-Match", tag}, 200, "0123456789"},
		{"range of the same", []string{"Range", "bytes=0-1", "If-Range", tag}, 206, "01"},
		{"no range of another", []string{"Range", "bytes=-0", "If-Range", `"other"`}, 200, "0123456789"},
		{"range of another", []string{"Range", "bytes=0-1", "If-Range", `"other"`}, 200, "0123456789"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := s.call(alice, "GET", target, "", c.header...)
			if w.Code != c.status || w.Body.String() != c.body {
				t.Errorf("GET = %d %q; want %d %q", w.Code, w.Body, c.status, c.body)
			}
			wantHeader(t, w.Header(), "ETag", tag)
		})
	}
	for name, header := range map[string][]string{
		"another":       {"If-Match", `"other"`},
		"weak":          {"If-Match", "W/" + tag},
		"and no range":  {"If-Match", `"other"`, "Range", "bytes=0-0" + strings.Repeat(",0-0", 40)},
		"changed since": {"If-Unmodified-Since", "Fri, 01 Jan 1999 00:00:00 GMT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := s.call(alice, "GET", target, "", header...)
			wantProblem(t, w, cpodkit.CodePreconditionFailed)
			if w := s.call(alice, "HEAD", target, "", header...); w.Code != http.StatusPreconditionFailed {
				t.Errorf("HEAD = %d", w.Code)
			}
		})
	}
}

func TestEmptyFileAndRange(t *testing.T) {
	t.Parallel()
	for name, driver := range drivers(t) {
		t.Run(name, func(t *testing.T) {
			s := serve(t, driver)
			s.put(alice, "/v1/storage/files/empty", "")
			for _, header := range [][]string{nil, {"Range", "bytes=0-"}} {
				w := s.call(alice, "GET", "/v1/storage/files/empty", "", header...)
				if w.Code != http.StatusOK || w.Body.Len() != 0 {
					t.Errorf("GET with %q = %d %q", header, w.Code, w.Body)
				}
				wantHeader(t, w.Header(), "Content-Length", "0")
			}
		})
	}
}
