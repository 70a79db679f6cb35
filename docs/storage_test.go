package docs_test

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

var identity = cpodkit.Identity{
	TenantID: "acme", AppID: "reports", UserID: "ann", Scopes: cpodkit.Scopes{"storage.private.*", "storage.user.*"},
}

func TestFiles(t *testing.T) {
	t.Parallel()
	ctx, folder, body := t.Context(), filepath.Join(t.TempDir(), "files"), strings.NewReader("%PDF")
	must(t, func() error {
		disk, err := localfiles.Open(folder)
		if err != nil {
			return err
		}
		store, err := files.New(disk, files.WithPublicURL("https://api.example.com"))
		if err != nil {
			return err
		}
		defer store.Close()

		mine := store.For(identity) // the private tier; mine.Tier(storage.Shared) for another
		written, err := mine.Write(ctx, "exports/report.pdf", body, &files.WriteOptions{ContentType: "application/pdf"})
		if err != nil {
			return err
		}
		link, err := mine.SignURL(ctx, "exports/report.pdf", files.URLOptions{ExpiresIn: time.Hour})

		if err != nil || !strings.HasPrefix(link.URL, "https://api.example.com/") {
			return fmt.Errorf("%s: %w", link.URL, err)
		}
		total := int64(0)
		err = func() error {
			for file, err := range mine.All(ctx, files.ListOptions{Prefix: "exports/"}) {
				if err != nil {
					return err
				}
				total += file.Size
			}
			return nil
		}()
		if total != written.Size {
			err = errors.Join(err, fmt.Errorf("%d bytes are listed", total))
		}
		return errors.Join(err, avatar(t, store))
	})
}

func avatar(t *testing.T, store *files.Store) error {
	t.Helper()
	authenticate := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), identity)))
		})
	}
	picture := &files.WriteOptions{ContentType: "image/png"}
	if _, err := store.For(identity).Tier(storage.User).Write(t.Context(), "avatars/me", strings.NewReader("PNG"), picture); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /avatar", func(w http.ResponseWriter, r *http.Request) {
		files.FromContext(r.Context()).Tier(storage.User).ServeFile(w, r, "avatars/me")
	})
	handler := authenticate(store.Attach(mux))
	return wantStatus(handler, "/avatar", http.StatusOK)
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	ctx, path, secret := t.Context(), filepath.Join(t.TempDir(), "documents.db"), make([]byte, 32)
	open := func() (*sqlitedocuments.Driver, error) {
		driver, err := sqlitedocuments.Open(ctx, path, sqlitedocuments.WithIndexes(documents.Index{
			Collection: "sessions", // in every space
			Members:    []documents.Order{{Path: documents.Path{"status"}}, {Path: documents.Path{"createdAt"}, Descending: true}},
		}))
		return driver, err
	}
	driver, err := open()
	if err != nil {
		t.Fatal(err)
	}
	must(t, func() error {
		store, err := documents.New(driver, documents.WithSecret(secret)) // the same secret on every replica
		if err != nil {
			return err
		}
		defer store.Close()

		sessions := store.For(identity).Collection("sessions") // the private tier
		d, err := sessions.Set(ctx, "s1", []byte(`{"status":"active","visits":3}`), nil)
		if err != nil {
			return err
		}
		page, err := sessions.Query(ctx, documents.Query{
			Filter: map[string]any{"status": "active", "visits": map[string]any{"gte": 2}},
			Sort:   []documents.Order{{Path: documents.Path{"visits"}, Descending: true}},
		})

		if err != nil || len(page.Items) != 1 || page.Items[0].Key != d.Key {
			return fmt.Errorf("%+v: %w", page, err)
		}
		for d, err := range sessions.All(ctx, documents.Query{Filter: map[string]any{"status": "active"}}) {
			if err != nil {
				return err
			}
			fmt.Println(d.Key, string(d.Value))
		}
		for c, err := range store.For(identity).All(ctx, documents.ListOptions{}) {
			if err != nil {
				return err
			}
			fmt.Println(c.Name)
		}
		return nil
	})
}

func TestKV(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	must(t, func() error {
		store, err := kv.New(kv.NewMemory())
		if err != nil {
			return err
		}
		defer store.Close()

		entries := store.For(identity) // the private tier; entries.Tier(storage.Shared) for another
		err = entries.Set(ctx, "session:abc", "usr-1", &kv.SetOptions{TTL: time.Hour})
		if err != nil {
			return err
		}
		value, err := entries.Get(ctx, "session:abc") // errors.Is(err, cpodkit.CodeNotFound) when there is none

		if value != "usr-1" {
			err = errors.Join(err, errors.New("another value"))
		}
		return err
	})
}

func TestIsolation(t *testing.T) {
	t.Parallel()
	storagetest.RunFiles(t, func(testing.TB) files.Driver { return files.NewMemory() })
}
