package storagetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// kvSubject is a kv driver behind its portable type.
type kvSubject struct {
	exact
	driver kv.Driver
	store  *kv.Store
}

func newKVSubject(t testing.TB, driver kv.Driver) *kvSubject {
	t.Helper()
	store, err := kv.New(driver)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &kvSubject{driver: driver, store: store}
}

func (s *kvSubject) as(a actor) kv.Handle { return s.store.For(a.identity()).Tier(a.tier) }

func (s *kvSubject) traits() traits        { return traits{} }
func (s *kvSubject) valid(key string) bool { return storage.CheckKey(key) == nil }

func (s *kvSubject) put(ctx context.Context, a actor, key, value string) error {
	return s.as(a).Set(ctx, key, value, nil)
}

func (s *kvSubject) remove(ctx context.Context, a actor, key string) error {
	return s.as(a).Delete(ctx, key)
}

func (s *kvSubject) looks(a actor, key string) []look {
	h := s.as(a)
	return []look{
		{"Get", true, func(ctx context.Context) (string, error) { return h.Get(ctx, key) }},
		{"Exists", false, func(ctx context.Context) (string, error) {
			exists, err := h.Exists(ctx, key)
			if err == nil && !exists {
				err = cpodkit.Errorf(cpodkit.CodeNotFound, "There is none.")
			}
			return "", err
		}},
		{"TTL", false, func(ctx context.Context) (string, error) {
			left, err := h.TTL(ctx, key)
			return left.String(), err
		}},
	}
}

func (s *kvSubject) conditionals(a actor, key string) []call {
	h := s.as(a)
	return []call{
		{"DeleteIf", func(ctx context.Context) error { return h.DeleteIf(ctx, key, "1") }},
		// It makes an entry where there is none, and takes only its own away.
		{"Incr and DeleteIf", func(ctx context.Context) error {
			sum, err := h.Incr(ctx, key, 7)
			if err != nil {
				return err
			}
			if sum != 7 {
				return nil // there was something to add to
			}
			if err := h.DeleteIf(ctx, key, "7"); err != nil {
				return cpodkit.Errorf(cpodkit.CodeConflict, "What Incr made is not there.").WithCause(err)
			}
			return h.DeleteIf(ctx, key, "7")
		}},
		{"Set if absent, twice", func(ctx context.Context) error {
			err := h.Set(ctx, key, "7", &kv.SetOptions{IfAbsent: true, TTL: time.Hour})
			if err != nil {
				return unlessRefused(err)
			}
			defer func() { _ = h.Delete(ctx, key) }()
			return h.Set(ctx, key, "7", &kv.SetOptions{IfAbsent: true})
		}},
	}
}

// unlessRefused turns the answer that something is there already into success,
// which is what must not be.
func unlessRefused(err error) error {
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return nil
	}
	return err
}

func (s *kvSubject) list(context.Context, actor, string, int) ([]string, error) {
	return nil, errors.ErrUnsupported
}

func (s *kvSubject) plant(ctx context.Context, space, key, value string) error {
	_, err := s.driver.Set(ctx, space+key, value, 0, false)
	return err
}

func (s *kvSubject) planted(ctx context.Context, space, key string) (string, error) {
	return s.driver.Get(ctx, space+key)
}

// collection is where the keys of the suite are.
const collection = "things"

// documentsSubject is a documents driver behind its portable type.
type documentsSubject struct {
	exact
	driver documents.Driver
	store  *documents.Store
	other  *documents.Store // the same driver under another secret
}

func newDocumentsSubject(t testing.TB, driver documents.Driver) *documentsSubject {
	t.Helper()
	open := func(secret string) *documents.Store {
		store, err := documents.New(driver, documents.WithSecret([]byte(secret)), documents.WithQueryTimeout(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	s := &documentsSubject{driver: driver, store: open(secret), other: open(secret + " of another")}
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func (s *documentsSubject) as(a actor) documents.Handle {
	return s.store.For(a.identity()).Tier(a.tier)
}

func (s *documentsSubject) in(a actor) documents.Collection {
	return s.as(a).Collection(collection)
}

func (s *documentsSubject) traits() traits        { return traits{crossApp: true} }
func (s *documentsSubject) valid(key string) bool { return storage.CheckKey(key) == nil }

// document is the JSON of a value; filters look for its members.
func document(value string) []byte {
	b, _ := json.Marshal(map[string]any{"value": value, "n": 1}) // strings always encode
	return b
}

// valueOf undoes document.
func valueOf(raw []byte) string {
	var d struct{ Value string }
	if json.Unmarshal(raw, &d) != nil {
		return string(raw)
	}
	return d.Value
}

func (s *documentsSubject) put(ctx context.Context, a actor, key, value string) error {
	_, err := s.in(a).Set(ctx, key, document(value), nil)
	return err
}

func (s *documentsSubject) remove(ctx context.Context, a actor, key string) error {
	return s.in(a).Delete(ctx, key, nil)
}

func (s *documentsSubject) looks(a actor, key string) []look {
	return []look{{"Get", true, func(ctx context.Context) (string, error) {
		d, err := s.in(a).Get(ctx, key)
		return valueOf(d.Value), err
	}}}
}

func (s *documentsSubject) conditionals(a actor, key string) []call {
	return []call{
		{"Set if it is there", func(ctx context.Context) error {
			_, err := s.in(a).Set(ctx, key, []byte("0"), &documents.SetOptions{IfPresent: true})
			return err
		}},
		{"Delete if it is there", func(ctx context.Context) error {
			return s.in(a).Delete(ctx, key, &documents.DeleteOptions{IfPresent: true})
		}},
		{"Set of a version", func(ctx context.Context) error {
			_, err := s.in(a).Set(ctx, key, []byte("0"), &documents.SetOptions{IfMatch: "1"})
			return err
		}},
	}
}

func (s *documentsSubject) list(ctx context.Context, a actor, prefix string, limit int) ([]string, error) {
	if prefix != "" {
		return nil, errors.ErrUnsupported
	}
	return s.find(ctx, s.in(a), documents.Query{Limit: limit})
}

// find returns the keys of all pages.
func (s *documentsSubject) find(ctx context.Context, in documents.Collection, q documents.Query) ([]string, error) {
	var keys []string
	for {
		page, err := in.Query(ctx, q)
		if err != nil {
			return keys, err
		}
		for _, d := range page.Items {
			keys = append(keys, d.Key)
		}
		if q.Cursor = page.NextCursor; q.Cursor == "" || len(keys) > mostKeys {
			return keys, nil
		}
	}
}

func (s *documentsSubject) plant(ctx context.Context, space, key, value string) error {
	op := documents.Op{Record: documents.Record{Key: key, Value: document(value), Version: "1", UpdatedAt: time.Now()}}
	return errors.Join(s.driver.Apply(ctx, documents.CollectionID{Space: space, Name: collection}, []documents.Op{op})...)
}

func (s *documentsSubject) planted(ctx context.Context, space, key string) (string, error) {
	r, err := s.driver.Get(ctx, documents.CollectionID{Space: space, Name: collection}, key)
	return valueOf(r.Value), err
}

// attackCollection uses name as a collection, which holds nothing yet.
func (s *documentsSubject) attackCollection(w *world, a actor, name string) {
	in := s.as(a).Collection(name)
	want := cpodkit.CodeNotFound
	if storage.CheckCollection(name) != nil {
		want = cpodkit.CodeInvalidKey
	}
	d, err := in.Get(w.ctx, target)
	w.scan(a, doing{"reading the collection", name}, string(d.Value))
	_, setErr := in.Set(w.ctx, target, document(w.canary(a.owner())), nil)
	page, queryErr := in.Query(w.ctx, documents.Query{Limit: 500})
	result, batchErr := in.Batch(w.ctx, []documents.BatchOp{{Key: target, Delete: true}})
	deleteErr := in.Delete(w.ctx, target, nil)
	if code := w.judge(a, doing{"reading the collection", name}, err); code != want {
		w.failf("ESCAPE: reading %.80q of the collection %.80q by the %s is %q; want %s", target, name, a, code, want)
	}
	for what, err := range map[string]error{"writing": setErr, "a query": queryErr, "a batch": batchErr, "deleting": deleteErr} {
		code := w.judge(a, doing{what + " in the collection", name}, err)
		if want == cpodkit.CodeInvalidKey && code != want || want != cpodkit.CodeInvalidKey && code != "" {
			w.failf("%s in the collection %.80q by the %s is %q", what, name, a, code)
		}
	}
	if want == cpodkit.CodeNotFound && (len(page.Items) != 1 || result.Succeeded != 1) {
		w.failf("ESCAPE: the collection %q of the %s shows %d documents, which one wrote, and deletes %d", name, a, len(page.Items), result.Succeeded)
	}
}
