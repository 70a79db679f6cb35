package storagetest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

// secret is what the stores under attack seal with.
const secret = "storagetest: sixteen bytes and more"

// exact is a subject that says of a refusal just what the contract says.
type exact struct{}

func (exact) able(actor) bool { return true }

func (exact) refusedAs(want, got cpodkit.Code, _ string) bool { return got == want }

// filesSubject is a files driver behind its portable type.
type filesSubject struct {
	exact
	driver files.Driver
	store  *files.Store
	other  *files.Store // the same driver under another secret
}

func newFilesSubject(t testing.TB, driver files.Driver) *filesSubject {
	t.Helper()
	open := func(secret string) *files.Store {
		store, err := files.New(driver, files.WithSecret([]byte(secret)), files.WithPublicURL("https://files.test"))
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	s := &filesSubject{driver: driver, store: open(secret), other: open(secret + " of another")}
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func (s *filesSubject) as(a actor) files.Handle { return s.store.For(a.identity()).Tier(a.tier) }

func (s *filesSubject) traits() traits        { return traits{folders: true, crossApp: true} }
func (s *filesSubject) valid(key string) bool { return storage.CheckFileKey(key) == nil }

func (s *filesSubject) put(ctx context.Context, a actor, key, value string) error {
	_, err := s.as(a).Write(ctx, key, strings.NewReader(value), nil)
	return err
}

func (s *filesSubject) remove(ctx context.Context, a actor, key string) error {
	return s.as(a).Delete(ctx, key)
}

func (s *filesSubject) looks(a actor, key string) []look {
	h := s.as(a)
	return []look{
		{"Open", true, func(ctx context.Context) (string, error) {
			r, err := h.Open(ctx, key)
			if err != nil {
				return "", err
			}
			defer r.Close()
			content, err := io.ReadAll(r)
			return string(content), err
		}},
		{"Stat", false, func(ctx context.Context) (string, error) {
			file, err := h.Stat(ctx, key)
			return file.Key, err
		}},
	}
}

func (s *filesSubject) conditionals(a actor, key string) []call {
	h := s.as(a)
	return []call{{"Write if it is there", func(ctx context.Context) error {
		_, err := h.Write(ctx, key, strings.NewReader("overwritten"), &files.WriteOptions{IfPresent: true})
		return err
	}}}
}

func (s *filesSubject) list(ctx context.Context, a actor, prefix string) ([]string, error) {
	var keys []string
	for opts := (files.ListOptions{Prefix: prefix, Limit: 500}); ; {
		page, err := s.as(a).List(ctx, opts)
		if err != nil {
			return keys, err
		}
		for _, file := range page.Items {
			keys = append(keys, file.Key)
		}
		if opts.Cursor = page.NextCursor; opts.Cursor == "" || len(keys) > mostKeys {
			return keys, nil
		}
	}
}

// mostKeys ends a list that goes on and on; no place of the suite has so many.
const mostKeys = 20_000

func (s *filesSubject) plant(ctx context.Context, space, key, value string) error {
	_, err := s.driver.Put(ctx, space+key, strings.NewReader(value), files.PutOptions{ContentType: "text/plain"})
	return err
}

func (s *filesSubject) planted(ctx context.Context, space, key string) (string, error) {
	object, err := s.driver.Open(ctx, space+key)
	if err != nil {
		return "", err
	}
	defer object.Close()
	content, err := io.ReadAll(object)
	return string(content), err
}

// attackCursors continues lists of others, and lists by forged and bent cursors.
func (s *filesSubject) attackCursors(w *world) int {
	list := func(h files.Handle, cursor string) (string, error) {
		page, err := h.List(w.ctx, files.ListOptions{Cursor: cursor, Limit: 1})
		var shown strings.Builder
		for _, file := range page.Items {
			shown.WriteString(file.Key)
		}
		return shown.String(), err
	}
	first := func(h files.Handle, prefix string) string {
		page, err := h.List(w.ctx, files.ListOptions{Limit: 1, Prefix: prefix})
		if err != nil || page.NextCursor == "" {
			w.failf("the first page has no cursor: %v", err)
		}
		return page.NextCursor
	}
	n := 0
	for _, a := range attackers() {
		for _, key := range []string{"cursor/a", "cursor/b", "cursor/c"} {
			w.put(a, key)
		}
		own := first(s.as(a), "cursor/")
		if own == "" {
			continue
		}
		forged := bend(own)
		for _, b := range append(neighbours(), attackers()...) {
			if b.identity().TenantID != a.tenant || b.owner() != a.owner() {
				forged = append(forged, bent{"of the " + b.String(), first(s.as(b), "")})
			}
		}
		forged = append(forged,
			bent{"sealed by another", first(s.other.For(a.identity()).Tier(a.tier), "")},
			bent{"a signed URL's token", s.token(w, a, http.MethodGet)})
		n += len(forged)
		for _, f := range forged {
			got, err := list(s.as(a), f.token)
			if code := w.judge(a, doing{"listing by a cursor", f.name}, err); code != cpodkit.CodeInvalidCursor {
				w.failf("ESCAPE: a cursor %s lists for the %s: %q %.200q; want invalid_cursor", f.name, a, code, got)
			}
		}
		if _, err := list(s.as(a), own); err != nil {
			w.failf("the cursor of the %s itself: %v", a, err)
		}
	}
	return n
}

// token returns the token of a signed URL.
func (s *filesSubject) token(w *world, a actor, method string) string {
	signed, err := s.as(a).SignURL(w.ctx, "cursor/a", files.URLOptions{Method: method})
	if err != nil {
		w.failf("SignURL: %v", err)
	}
	return signed.URL[strings.LastIndexByte(signed.URL, '/')+1:]
}
