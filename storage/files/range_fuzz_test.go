package files_test

import (
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/storage/files"
)

// fuzzed is a store of files whose every request comes from one identity.
type fuzzed struct {
	handler http.Handler
	files   files.Handle
}

func newFuzzed(f *testing.F, driver files.Driver) fuzzed {
	f.Helper()
	store, err := files.New(driver, files.WithPublicURL("https://files.test"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := store.Close(); err != nil {
			f.Error(err)
		}
	})
	mux := http.NewServeMux()
	cpodkit.Mount(mux, store.Routes())
	id := cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{"storage.private.*", "storage.shared.*"}}
	return fuzzed{
		files: store.For(id),
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			httpserver.Guard(mux, httpserver.WithKeyPaths("/v1/storage/")).ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
		}),
	}
}

// bothDrivers are memory, and the disk, whose files hold more than their bytes.
func bothDrivers(f *testing.F) map[string]fuzzed {
	f.Helper()
	disk, err := localfiles.Open(f.TempDir(), localfiles.UnsafeWithoutSync())
	if err != nil {
		f.Fatal(err)
	}
	return map[string]fuzzed{"memory": newFuzzed(f, files.NewMemory()), "disk": newFuzzed(f, disk)}
}

// write stores a file and returns its ETag and time as they stand in headers.
func (s fuzzed) write(t testing.TB, key, content string) (etag, modified string) {
	t.Helper()
	file, err := s.files.Write(t.Context(), key, strings.NewReader(content), nil)
	if err != nil {
		t.Fatal(err)
	}
	return `"` + file.ETag + `"`, file.LastModified.Format(http.TimeFormat)
}

func (s fuzzed) read(t testing.TB, key string) (string, error) {
	t.Helper()
	r, err := s.files.Open(t.Context(), key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	return string(content), err
}

func (s fuzzed) send(method, key, body string, header http.Header) *http.Response {
	r := httptest.NewRequest(method, "/v1/storage/files/"+key, strings.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result()
}

// counted returns n bytes in which every place looks different.
func counted(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strconv.Itoa(i) + ",")
	}
	return b.String()[:n]
}

// FuzzRange reads parts, under conditions. In a header {etag} and {date} stand
// for the file's own.
func FuzzRange(f *testing.F) {
	for _, ranges := range []string{
		"", "bytes=0-", "bytes=0-0", "bytes=-1", "bytes=999-", "bytes=1000-", "bytes=5-1", "bytes=0-0,2-3", "bytes=0-9,5-14,990-2000", "bytes=-0", "bytes=-2000", "bytes=,0-1,",
		"bytes= 1 - 2 ", "bytes= 0-1", "bytes=\t0-1", "bytes= ", "bytes=0-1 ,\t3-4", "Bytes=1-2", "items=1-2", "bytes=1", "bytes=--1", "bytes=+1-2", "bytes=0-9223372036854775807", "bytes=9223372036854775808-", "bytes=0-,0-,0-", "bytes=-0,1-2", "bytes=-00", "bytes", "bytes=", "bytes=,", "bytes=1-2,5-4", "bytes=-99999999999999999999", "bytes=2-99999999999999999999",
		"bytes=99999999999999999999-99999999999999999998,0-1", "bytes=99999999999999999998-99999999999999999999,0-1", "bytes=007-0000000000000000000000008",
		"bytes=" + strings.Repeat("0-0,", 40) + "1-1",
	} {
		f.Add(ranges, "", "", "", "", "", false, uint16(1000))
	}
	for _, size := range []uint16{0, 1, 40000} {
		f.Add("bytes=0-0", "", "", "", "", "", false, size)
		f.Add("bytes=-1", "", "", "", "", "", true, size)
	}
	for _, tag := range []string{"{etag}", "W/{etag}", `"other"`, "*", "{date}", "", `"`, "x", `"a", {etag}`, "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", ","} {
		f.Add("bytes=1-2", tag, "", "", "", "", false, uint16(10))
		f.Add("", "", tag, "", "", "", false, uint16(10))
		f.Add("", "", "", tag, "", "", true, uint16(10))
		f.Add("bytes=1-2", "", "", "", tag, "", false, uint16(10))
		f.Add("bytes=20-", "", "", "", "", tag, false, uint16(10))
	}
	stores := bothDrivers(f)
	f.Fuzz(func(t *testing.T, ranges, ifRange, ifNoneMatch, ifMatch, ifModifiedSince, ifUnmodifiedSince string, head bool, size uint16) {
		content := counted(int(size))
		for name, s := range stores {
			etag, modified := s.write(t, "file", content)
			header := http.Header{}
			for name, value := range map[string]string{
				"Range": ranges, "If-Range": ifRange, "If-None-Match": ifNoneMatch, "If-Match": ifMatch,
				"If-Modified-Since": ifModifiedSince, "If-Unmodified-Since": ifUnmodifiedSince,
			} {
				if value != "" {
					header.Set(name, strings.NewReplacer("{etag}", etag, "{date}", modified).Replace(value))
				}
			}
			method := http.MethodGet
			if head {
				method = http.MethodHead
			}
			res := s.send(method, "file", "", header)
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkPart(res, string(body), content, header, head); err != nil {
				t.Errorf("%s: %s with %q: %v\n%d %v %.300q", name, method, header, err, res.StatusCode, res.Header, body)
			}
		}
	})
}

// checkPart holds an answer against the file and what was asked for.
func checkPart(res *http.Response, body, content string, header http.Header, head bool) error {
	if head && body != "" && res.StatusCode < http.StatusBadRequest { // net/http drops that of a refusal
		return errors.New("a HEAD has a body")
	}
	length := res.Header.Get("Content-Length")
	switch res.StatusCode {
	case http.StatusOK:
		if length != strconv.Itoa(len(content)) || !head && body != content {
			return errors.New("it is not the whole file")
		}
		if len(header) == 1 && !head && len(content) > 0 && bytesUnit.MatchString(header.Get("Range")) {
			if parts := asked(header.Get("Range"), len(content)); len(parts) == 0 || total(parts) <= len(content) {
				return errors.New("the range is neither served nor refused")
			}
		}
	case http.StatusPartialContent:
		if head || header.Get("Range") == "" || length != strconv.Itoa(len(body)) {
			return errors.New("nobody asked for a part of that length")
		}
		return checkRanges(res, body, content, asked(header.Get("Range"), len(content)))
	case http.StatusNotModified:
		if body != "" || header.Get("If-None-Match")+header.Get("If-Modified-Since") == "" {
			return errors.New("it is unlike a 304")
		}
	case http.StatusPreconditionFailed:
		if header.Get("If-Match")+header.Get("If-Unmodified-Since")+header.Get("If-None-Match") == "" {
			return errors.New("there was no condition")
		}
		return wantCode(body, cpodkit.CodePreconditionFailed, head)
	case http.StatusRequestedRangeNotSatisfiable:
		if head || !bytesUnit.MatchString(header.Get("Range")) || len(asked(header.Get("Range"), len(content))) > 0 {
			return errors.New("the range can be satisfied, or is to be ignored")
		}
		if res.Header.Get("Content-Range") != "bytes */"+strconv.Itoa(len(content)) {
			return errors.New("it does not tell the length of the file")
		}
		return wantCode(body, cpodkit.CodeRangeNotSatisfiable, head)
	default:
		return errors.New("no such status is in the contract")
	}
	return nil
}

func wantCode(body string, code cpodkit.Code, head bool) error {
	var problem struct{ Code cpodkit.Code }
	if err := json.Unmarshal([]byte(body), &problem); !head && (err != nil || problem.Code != code) {
		return errors.New("the code is not " + string(code))
	}
	return nil
}

// checkRanges compares each part that was sent with what was asked for.
func checkRanges(res *http.Response, body, content string, asked [][2]int) error {
	media, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if media != "multipart/byteranges" {
		if len(asked) != 1 {
			return errors.New("one part for several ranges")
		}
		return checkSlice(res.Header.Get("Content-Range"), body, content, asked[0])
	}
	parts := multipart.NewReader(strings.NewReader(body), params["boundary"])
	for _, want := range asked {
		part, err := parts.NextPart()
		if err != nil {
			return err
		}
		slice, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		if err := checkSlice(part.Header.Get("Content-Range"), string(slice), content, want); err != nil {
			return err
		}
	}
	if _, err := parts.NextPart(); !errors.Is(err, io.EOF) {
		return errors.New("more parts than ranges")
	}
	return nil
}

func checkSlice(contentRange, slice, content string, want [2]int) error {
	told := "bytes " + strconv.Itoa(want[0]) + "-" + strconv.Itoa(want[1]-1) + "/" + strconv.Itoa(len(content))
	if contentRange != told || slice != content[want[0]:want[1]] {
		return errors.New("want " + told + ", got " + contentRange)
	}
	return nil
}

// These are the grammar of RFC 9110 section 14.1.1, for the unit bytes.
var (
	bytesUnit = regexp.MustCompile(`^(?i:bytes)(=[^ \t]|=?$)`)
	rangeSpec = regexp.MustCompile(`^([0-9]+-[0-9]*|-[0-9]+)$`)
)

// asked returns the satisfiable ranges of a header, each with its first byte and
// the one after its last. A malformed header, one of another unit, and one of more than 32
// ranges, has none.
func asked(header string, size int) [][2]int {
	if !bytesUnit.MatchString(header) {
		return nil
	}
	var all [][2]int
	specs := 0
	_, set, _ := strings.Cut(header, "=")
	for spec := range strings.SplitSeq(set, ",") {
		spec = strings.Trim(spec, " \t")
		if spec == "" {
			continue
		}
		from, to, _ := strings.Cut(spec, "-")
		first, last := number(from), number(to)
		if specs++; specs > 32 || !rangeSpec.MatchString(spec) || from != "" && to != "" && first.Cmp(last) > 0 {
			return nil
		}
		end := big.NewInt(int64(size))
		switch {
		case from == "" && last.Cmp(end) >= 0:
			all = append(all, [2]int{0, size})
		case from == "" && last.Sign() > 0:
			all = append(all, [2]int{size - int(last.Int64()), size})
		case from == "" || first.Cmp(end) >= 0:
		case to == "" || last.Cmp(end) >= 0:
			all = append(all, [2]int{int(first.Int64()), size})
		default:
			all = append(all, [2]int{int(first.Int64()), int(last.Int64()) + 1})
		}
	}
	return all
}

func number(digits string) *big.Int {
	n, _ := new(big.Int).SetString("0"+digits, 10)
	return n
}

func total(parts [][2]int) int {
	n := 0
	for _, part := range parts {
		n += part[1] - part[0]
	}
	return n
}

// FuzzWriteConditions writes under conditions: a write that is refused changes
// nothing, and one that is not was allowed to.
func FuzzWriteConditions(f *testing.F) {
	for _, tag := range []string{"", "*", "{etag}", "W/{etag}", `"other"`, `"*"`, `""`, `"`, "other", `{etag}, "b"`, " {etag}", "* ", `"a b"`, "\x00"} {
		f.Add(tag, "", "", "", "")
		f.Add("", tag, "", "", "")
		f.Add(tag, tag, "text/plain", "", "")
	}
	for _, value := range []string{"text/html", "a/b; c=d", "text", ";", "gzip", "identity", "bytes 0-1/2", "text/plain\r\nX: y", "a/b, c/d"} {
		f.Add("", "", value, "", "")
		f.Add("", "", "", value, "")
		f.Add("{etag}", "", "", "", value)
	}
	stores := bothDrivers(f)
	f.Fuzz(func(t *testing.T, ifMatch, ifNoneMatch, contentType, contentEncoding, contentRange string) {
		for name, s := range stores {
			etag, _ := s.write(t, "file", "old")
			header := http.Header{}
			for name, value := range map[string]string{
				"If-Match": ifMatch, "If-None-Match": ifNoneMatch, "Content-Type": contentType,
				"Content-Encoding": contentEncoding, "Content-Range": contentRange,
			} {
				if value != "" {
					header.Set(name, strings.ReplaceAll(value, "{etag}", etag))
				}
			}
			res := s.send(http.MethodPut, "file", "new", header)
			got, err := s.read(t, "file")
			if err != nil {
				t.Fatal(err)
			}
			match := strings.Trim(header.Get("If-Match"), " \t")
			switch res.StatusCode {
			case http.StatusOK:
				if got != "new" || ifNoneMatch != "" || match != "" && match != "*" && match != etag || contentRange != "" {
					t.Errorf("%s: PUT with %q is done: %q", name, header, got)
				}
			case http.StatusBadRequest, http.StatusPreconditionFailed, http.StatusUnsupportedMediaType:
				if got != "old" || len(header) == 0 || len(header) == 1 && (match == etag || match == "*") {
					t.Errorf("%s: PUT with %q is %d: %q", name, header, res.StatusCode, got)
				}
			default:
				t.Errorf("%s: PUT with %q is %d", name, header, res.StatusCode)
			}
		}
	})
}
