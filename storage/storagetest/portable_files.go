package storagetest

import (
	"context"
	"io"
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

func (s *filesSubject) list(ctx context.Context, a actor, prefix string, limit int) ([]string, error) {
	var keys []string
	for opts := (files.ListOptions{Prefix: prefix, Limit: limit}); ; {
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
