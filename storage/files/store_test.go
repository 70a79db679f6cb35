package files_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

func TestNew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		driver files.Driver
		opt    files.Option
	}{
		"no driver":             {nil, files.WithMaxSize(0)},
		"negative size":         {files.NewMemory(), files.WithMaxSize(-1)},
		"short secret":          {files.NewMemory(), files.WithSecret([]byte("short"))},
		"empty secret":          {files.NewMemory(), files.WithSecret([]byte{})},
		"no secret":             {files.NewMemory(), files.WithSecret(nil)},
		"nobody to ask":         {files.NewMemory(), files.WithRevoked(nil)},
		"no URL":                {files.NewMemory(), files.WithPublicURL("")},
		"relative URL":          {files.NewMemory(), files.WithPublicURL("/files")},
		"URL without scheme":    {files.NewMemory(), files.WithPublicURL("files.test")},
		"URL of another scheme": {files.NewMemory(), files.WithPublicURL("ftp://files.test")},
		"URL with a user":       {files.NewMemory(), files.WithPublicURL("https://u:p@files.test")},
		"URL with a query":      {files.NewMemory(), files.WithPublicURL("https://files.test/?x=1")},
		"broken URL":            {files.NewMemory(), files.WithPublicURL("https://files.test:x")},
	} {
		if _, err := files.New(c.driver, c.opt); err == nil {
			t.Errorf("New with %s succeeded", name)
		}
	}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	store, err := files.New(files.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	handler := webtest.Find(identify).Authenticate(store.Attach(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, err := files.FromContext(r.Context()).Tier(storage.Shared).Write(r.Context(), "made/by/handler", r.Body, nil)
		if err != nil {
			cpodkit.WriteError(w, r, err)
			return
		}
		fmt.Fprint(w, file.Key, " ", file.ContentType)
	})))
	for token, want := range map[string]string{
		alice:    "made/by/handler application/octet-stream",
		"":       "This call needs a token",
		readOnly: "The token lacks the scope storage.shared.write.",
	} {
		if a := webtest.Call(t, handler, "POST", "/", token, "x"); !strings.Contains(a.Body.String(), want) {
			t.Errorf("%s: %s; want %s", token, a, want)
		}
	}
}

func TestHandle(t *testing.T) {
	t.Parallel()
	store, err := files.New(files.NewMemory(), files.WithMaxSize(5))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	h := store.For(cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{"storage.private.*"}})
	ctx := t.Context()
	written, err := h.Write(ctx, "x", strings.NewReader("12345"), &files.WriteOptions{ContentType: "text/plain"})
	if err != nil {
		t.Fatal(err)
	}
	if stat, err := h.Stat(ctx, "x"); err != nil || stat != written {
		t.Errorf("Stat = %+v, %v; want %+v", stat, err, written)
	}
	r, err := h.Open(ctx, "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Seek(3, io.SeekStart); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(r); err != nil || string(rest) != "45" || r.File() != written {
		t.Errorf("read %q, %v of %+v", rest, err, r.File())
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	errBody := errors.New("the caller's own")
	for _, c := range []struct {
		name string
		body io.Reader
		opts *files.WriteOptions
		want error
	}{
		{"the body's error", io.MultiReader(strings.NewReader("1"), errReader{errBody}), nil, errBody},
		{"too large", strings.NewReader("123456"), nil, cpodkit.CodePayloadTooLarge},
		{"header injection", strings.NewReader("1"), &files.WriteOptions{ContentType: "a/b\r\nX: y"}, cpodkit.CodeUnsupportedMediaType},
		{"stale", strings.NewReader("1"), &files.WriteOptions{IfMatch: "stale"}, cpodkit.CodePreconditionFailed},
		{"there already", strings.NewReader("1"), &files.WriteOptions{IfAbsent: true}, cpodkit.CodePreconditionFailed},
	} {
		if _, err := h.Write(ctx, "x", c.body, c.opts); !errors.Is(err, c.want) {
			t.Errorf("%s: Write = %v; want %v", c.name, err, c.want)
		}
	}
	if _, err := h.Write(ctx, "empty", nil, nil); err != nil {
		t.Errorf("Write of no body = %v", err)
	}
	for _, limit := range []int{-1, 501} {
		if _, err := h.List(ctx, files.ListOptions{Limit: limit}); !errors.Is(err, cpodkit.CodeBadRequest) {
			t.Errorf("List of %d = %v", limit, err)
		}
	}
	for _, opts := range []files.URLOptions{{Method: "DELETE"}, {ExpiresIn: -1}, {ExpiresIn: files.MaxURLExpiry + 1}} {
		if _, err := h.SignURL(ctx, "x", opts); !errors.Is(err, cpodkit.CodeValidationFailed) {
			t.Errorf("SignURL(%+v) = %v", opts, err)
		}
	}
	if _, err := h.Tier("mine").Stat(ctx, "x"); !errors.Is(err, cpodkit.CodeBadRequest) {
		t.Errorf("Stat in an unknown tier = %v", err)
	}
	if err := h.Tier(storage.Shared).Delete(ctx, "x"); !errors.Is(err, cpodkit.CodeInvalidScope) {
		t.Errorf("Delete without the scope = %v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// faulty is a driver that fails, or lists what it should not.
type faulty struct {
	files.Driver
	err     error
	listing files.Listing
}

func (f faulty) Open(context.Context, string) (files.Object, error) { return nil, f.err }
func (f faulty) Stat(context.Context, string) (files.Attributes, error) {
	return files.Attributes{}, f.err
}
func (f faulty) Delete(context.Context, string) error { return f.err }
func (f faulty) List(context.Context, files.ListQuery) (files.Listing, error) {
	return f.listing, f.err
}
func (f faulty) Put(context.Context, string, io.Reader, files.PutOptions) (files.Attributes, error) {
	return files.Attributes{}, f.err
}

func TestDriverErrors(t *testing.T) {
	t.Parallel()
	const secret = "openat /srv/objects/t2: bad disk"
	for _, c := range []struct {
		name string
		err  error
		want cpodkit.Code
	}{
		{"raw", errors.New(secret), cpodkit.CodeInternal},
		{"unavailable", fmt.Errorf("%s: %w", secret, cpodkit.CodeUnavailable), cpodkit.CodeUnavailable},
		{"slow", fmt.Errorf("%s: %w", secret, context.DeadlineExceeded), cpodkit.CodeTimeout},
		{"conflict", fmt.Errorf("%s: %w", secret, cpodkit.CodeConflict), cpodkit.CodeConflict},
		{"too large", fmt.Errorf("%s: %w", secret, cpodkit.CodePayloadTooLarge), cpodkit.CodePayloadTooLarge},
		{"not supported", fmt.Errorf("%s: %w", secret, cpodkit.CodeNotSupported), cpodkit.CodeNotSupported},
		{"a code that is none of a driver's", fmt.Errorf("%s: %w", secret, cpodkit.CodeInvalidToken), cpodkit.CodeInternal},
		{"an error value", cpodkit.Errorf(cpodkit.CodeUnavailable, "Full.").WithCause(errors.New(secret)), cpodkit.CodeUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, faulty{Driver: files.NewMemory(), err: c.err})
			for _, call := range [][3]string{
				{"PUT", "/v1/storage/files/x", "body"}, {"GET", "/v1/storage/files/x"}, {"DELETE", "/v1/storage/files/x"},
				{"GET", "/v1/storage/files"}, {"HEAD", "/v1/storage/files/x"},
			} {
				wantProblem(t, s.call(alice, call[0], call[1], call[2]), c.want)
			}
			h := s.store.For(cpodkit.Identity{TenantID: "t", AppID: "a", Scopes: cpodkit.Scopes{"storage.private.*"}})
			if _, err := h.Stat(t.Context(), "x"); !errors.Is(err, c.err) {
				t.Errorf("Stat = %v; want the cause in its chain", err)
			}
		})
	}
	s := serve(t, faulty{Driver: files.NewMemory(), err: &cpodkit.Error{Code: cpodkit.CodeUnavailable, RetryAfter: 7 * time.Second}})
	wantHeader(t, s.call(alice, "GET", "/v1/storage/files/x", "").Header(), "Retry-After", "7")
}

// A driver that lists a neighbour's files fails, and shows nothing of them.
func TestForeignListing(t *testing.T) {
	t.Parallel()
	for name, listing := range map[string]files.Listing{
		"item":   {Items: []files.Attributes{{Name: "t2/apps/a1/secret"}}},
		"prefix": {Prefixes: []string{"t1/apps/a10/"}},
		"next":   {Next: "t1/apps/a1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, faulty{Driver: files.NewMemory(), listing: listing})
			wantProblem(t, s.call(alice, "GET", "/v1/storage/files", ""), cpodkit.CodeInternal)
		})
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m, err := files.NewMemoryOf(100_000)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, size int) error {
		_, err := m.Put(t.Context(), name, strings.NewReader(strings.Repeat("x", size)), files.PutOptions{})
		return err
	}
	for range 50 { // what is replaced, refused or deleted gives its room back
		if err := put("t/a", 30_000); err != nil {
			t.Fatal(err)
		}
		if err := put("t/huge", 200_000); !errors.Is(err, cpodkit.CodeUnavailable) {
			t.Fatalf("Put of too much = %v; want unavailable", err)
		}
		if err := put("t/b", 5_000); err != nil {
			t.Fatal(err)
		}
		if err := m.Delete(t.Context(), "t/b"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 {
		if err := put(fmt.Sprint("t/empty/", i), 0); err != nil {
			if !errors.Is(err, cpodkit.CodeUnavailable) || i < 10 {
				t.Errorf("empty file %d: %v", i, err)
			}
			break
		}
		if i == 999 {
			t.Error("empty files cost nothing")
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := put("t/a", 1); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("Put after Close = %v; want unavailable", err)
	}
}
