package storagetest

import (
	"context"
	"errors"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// attacked runs the stages and returns what they say.
func attacked(t *testing.T, subjectOf func(testing.TB) (subject, []stage)) []string {
	t.Helper()
	return mustfail.Run(t, func(t testing.TB) {
		s, stages := subjectOf(t)
		w := newWorld(t, s, newCanaries())
		w.populate(neighbours())
		for _, stage := range stages {
			if w.failedEnough() {
				break
			}
			stage.attack(w)
			w.sweep()
		}
	})
}

// wantFound fails unless the suite saw the leak, and called it by its name.
func wantFound(t *testing.T, said []string, want string) {
	t.Helper()
	if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, want) }) {
		t.Errorf("the suite does not see the leak; want %q of\n%s", want, strings.Join(said[:min(len(said), 5)], "\n"))
	}
}

var few = config{random: 1000, seed: 1}

// renaming is a mistake that a driver can make with names.
type renaming struct {
	name string
	of   func(string) string
	want string
}

var renamings = []renaming{
	{"drops the tenant", func(n string) string {
		if _, rest, ok := strings.Cut(n, "/"); ok {
			return rest
		}
		return n
	}, "ESCAPE"},
	{"drops all but the key", path.Base, "ESCAPE"},
	{"ignores case", strings.ToLower, "ESCAPE"},
	{"decodes", func(n string) string {
		if plain, err := url.PathUnescape(n); err == nil {
			return plain
		}
		return n
	}, "ESCAPE"},
	{"decodes and cleans", func(n string) string {
		if plain, err := url.PathUnescape(n); err == nil {
			return path.Clean(plain)
		}
		return n
	}, "ESCAPE"},
	{"drops dots and blanks behind", func(n string) string {
		parts := strings.Split(n, "/")
		for i := range parts {
			parts[i] = strings.TrimRight(strings.ReplaceAll(parts[i], "%20", " "), ". ")
		}
		return strings.Join(parts, "/")
	}, "ESCAPE"},
	{"takes wide letters for plain ones", func(n string) string {
		return strings.Map(func(c rune) rune {
			if c > 0xff00 && c < 0xff5f {
				c -= 0xfee0
			}
			return c
		}, n)
	}, "ESCAPE"},
	{"cuts long names", func(n string) string { return n[:min(len(n), 150)] }, "ESCAPE"},
	{"takes backslashes for slashes", func(n string) string { return strings.ReplaceAll(n, `\`, "/") }, "ESCAPE"},
	{"drops what has no width", strings.NewReplacer("\u200b", "", "\ufeff", "", "\u00ad", "", "\ufe0f", "", "\u200d", "").Replace, "ESCAPE"},
}

type renamedKV struct {
	kv.Driver
	of func(string) string
}

func (d renamedKV) Get(ctx context.Context, k string) (string, error) {
	return d.Driver.Get(ctx, d.of(k))
}
func (d renamedKV) Exists(ctx context.Context, k string) (bool, error) {
	return d.Driver.Exists(ctx, d.of(k))
}
func (d renamedKV) Set(ctx context.Context, k, v string, ttl time.Duration, absent bool) (bool, error) {
	return d.Driver.Set(ctx, d.of(k), v, ttl, absent)
}

func (d renamedKV) Delete(ctx context.Context, k string, v *string) (bool, error) {
	return d.Driver.Delete(ctx, d.of(k), v)
}

func (d renamedKV) Incr(ctx context.Context, k string, by int64) (int64, error) {
	return d.Driver.Incr(ctx, d.of(k), by)
}

func (d renamedKV) TTL(ctx context.Context, k string) (time.Duration, error) {
	return d.Driver.TTL(ctx, d.of(k))
}

func TestKVLeaksAreSeen(t *testing.T) {
	t.Parallel()
	memory := kv.NewMemory
	for name, leak := range map[string]struct {
		driver func() kv.Driver
		want   string
	}{
		"forgets the value of a conditional delete": {func() kv.Driver { return carelessKV{memory()} }, "GONE"},
		"overwrites whatever is there":              {func() kv.Driver { return eagerKV{memory()} }, "ESCAPE"},
		"has an error for odd names":                {func() kv.Driver { return fussyKV{memory()} }, "fails the server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The attackers work at once, so one run may meet a leak in another way.
			var said []string
			for range 3 {
				said = append(said, attacked(t, func(t testing.TB) (subject, []stage) {
					return newKVSubject(t, leak.driver()), commonStages(few)
				})...)
				if slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, leak.want) }) {
					break
				}
			}
			wantFound(t, said, leak.want)
		})
	}
	for _, leak := range renamings {
		t.Run(leak.name, func(t *testing.T) {
			t.Parallel()
			wantFound(t, attacked(t, func(t testing.TB) (subject, []stage) {
				return newKVSubject(t, renamedKV{memory(), leak.of}), commonStages(few)
			}), leak.want)
		})
	}
}

type carelessKV struct{ kv.Driver }

func (d carelessKV) Delete(ctx context.Context, k string, _ *string) (bool, error) {
	prefix, _, _ := strings.Cut(k, "/apps/") // and the neighbour's with it
	_, _ = d.Driver.Delete(ctx, prefix+"x"+strings.TrimPrefix(k, prefix), nil)
	return d.Driver.Delete(ctx, k, nil)
}

type eagerKV struct{ kv.Driver }

func (d eagerKV) Set(ctx context.Context, k, v string, ttl time.Duration, _ bool) (bool, error) {
	return d.Driver.Set(ctx, k, v, ttl, false)
}

type fussyKV struct{ kv.Driver }

func (d fussyKV) Get(ctx context.Context, k string) (string, error) {
	if strings.Contains(k, "*") {
		return "", errors.New("no glob")
	}
	return d.Driver.Get(ctx, k)
}

type renamedFiles struct {
	files.Driver
	of func(string) string
}

func (d renamedFiles) Put(ctx context.Context, n string, body io.Reader, o files.PutOptions) (files.Attributes, error) {
	return d.Driver.Put(ctx, d.of(n), body, o)
}

func (d renamedFiles) Open(ctx context.Context, n string) (files.Object, error) {
	return d.Driver.Open(ctx, d.of(n))
}

func (d renamedFiles) Stat(ctx context.Context, n string) (files.Attributes, error) {
	return d.Driver.Stat(ctx, d.of(n))
}

func (d renamedFiles) Delete(ctx context.Context, n string) error {
	return d.Driver.Delete(ctx, d.of(n))
}

// showingFiles lists more than it was asked for.
type showingFiles struct {
	files.Driver
	widen func(prefix string) string
	hide  bool // makes the names look as if they had the prefix
}

func (d showingFiles) List(ctx context.Context, q files.ListQuery) (files.Listing, error) {
	prefix := q.Prefix
	if q.Prefix = d.widen(prefix); !strings.HasPrefix(q.After, q.Prefix) {
		q.After = ""
	}
	page, err := d.Driver.List(ctx, q)
	if d.hide {
		for i, item := range page.Items {
			if !strings.HasPrefix(item.Name, prefix) {
				page.Items[i].Name = prefix + path.Base(item.Name)
			}
		}
		page.Next = ""
	}
	return page, err
}

func TestFilesLeaksAreSeen(t *testing.T) {
	t.Parallel()
	for _, leak := range renamings {
		t.Run(leak.name, func(t *testing.T) {
			t.Parallel()
			wantFound(t, attacked(t, func(t testing.TB) (subject, []stage) {
				s := newFilesSubject(t, renamedFiles{files.NewMemory(), leak.of})
				return s, s.stages(few)
			}), leak.want)
		})
	}
	for name, leak := range map[string]struct {
		driver files.Driver
		want   string
	}{
		"lists a prefix without its slash": {
			showingFiles{Driver: files.NewMemory(), widen: func(p string) string { return strings.TrimSuffix(p, "/") }}, "fails the server",
		},
		"lists a prefix without its slash, and hides it": {
			showingFiles{Driver: files.NewMemory(), hide: true, widen: func(p string) string { return strings.TrimSuffix(p, "/") }}, "ESCAPE",
		},
		"lists the tenant for the root of a place": {
			showingFiles{Driver: files.NewMemory(), hide: true, widen: func(p string) string {
				if strings.HasSuffix(p, "/apps/app/") || strings.HasSuffix(p, "/shared/") {
					p, _, _ = strings.Cut(p, "/")
				}
				return p
			}}, "ESCAPE",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFound(t, attacked(t, func(t testing.TB) (subject, []stage) {
				s := newFilesSubject(t, leak.driver)
				return s, s.stages(few)
			}), leak.want)
		})
	}
	t.Run("seals with a secret that others have", func(t *testing.T) {
		t.Parallel()
		wantFound(t, attacked(t, func(t testing.TB) (subject, []stage) {
			s := newFilesSubject(t, files.NewMemory())
			s.other = s.store
			return s, s.stages(few)
		}), "a cursor sealed by another")
	})
}

// movedDocuments keeps collections elsewhere than it is told.
type movedDocuments struct {
	documents.Driver
	of func(documents.CollectionID) documents.CollectionID
}

func (d movedDocuments) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	return d.Driver.Get(ctx, d.of(in), key)
}

func (d movedDocuments) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	return d.Driver.Apply(ctx, d.of(in), ops)
}

func (d movedDocuments) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	return d.Driver.Query(ctx, d.of(in), q)
}

// findingDocuments also finds what is in another place.
type findingDocuments struct{ documents.Driver }

func (d findingDocuments) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	found, err := d.Driver.Query(ctx, in, q)
	if err != nil || in.Space != "t1/apps/app/" || len(q.Filter) == 0 || len(found) == q.Limit {
		return found, err
	}
	in.Space = "t1/apps/appx/"
	more, err := d.Driver.Query(ctx, in, q)
	return append(found, more[:min(len(more), q.Limit-len(found))]...), err
}

// listingDocuments lists the collections of a whole tenant as those of each place.
type listingDocuments struct{ *documents.Memory }

func (d listingDocuments) Collections(
	ctx context.Context, prefix string, after documents.CollectionID, limit int,
) ([]documents.CollectionID, error) {
	tenant, _, _ := strings.Cut(prefix, "/")
	all, err := d.Memory.Collections(ctx, tenant+"/", documents.CollectionID{}, mostKeys)
	var names []string
	for _, in := range all {
		names = append(names, in.Name)
	}
	slices.Sort(names)
	var found []documents.CollectionID
	for _, name := range slices.Compact(names) {
		if name > after.Name && len(found) < limit {
			found = append(found, documents.CollectionID{Space: prefix, Name: name})
		}
	}
	return found, err
}

// softDocuments carries out an op without its condition.
type softDocuments struct{ documents.Driver }

func (d softDocuments) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	for i := range ops {
		ops[i].IfVersion = ""
	}
	return d.Driver.Apply(ctx, in, ops)
}

func TestDocumentsLeaksAreSeen(t *testing.T) {
	t.Parallel()
	moved := func(of func(documents.CollectionID) documents.CollectionID) documents.Driver {
		return movedDocuments{documents.NewMemory(), of}
	}
	for name, leak := range map[string]struct {
		driver documents.Driver
		want   string
	}{
		"drops the app": {moved(func(in documents.CollectionID) documents.CollectionID {
			in.Space, _, _ = strings.Cut(in.Space, "/")
			return in
		}), "ESCAPE"},
		"joins space and collection": {moved(func(in documents.CollectionID) documents.CollectionID {
			return documents.CollectionID{Name: strings.ToLower(in.Space + in.Name)}
		}), "ESCAPE"},
		"ignores the case of collections": {moved(func(in documents.CollectionID) documents.CollectionID {
			in.Name = strings.ToLower(in.Name)
			return in
		}), "ESCAPE"},
		"keeps what it does not know in one collection": {moved(func(in documents.CollectionID) documents.CollectionID {
			if in.Name == "sqlite_master" {
				in = documents.CollectionID{Space: "$system/keys/", Name: collection}
			}
			return in
		}), "ESCAPE"},
		"finds a neighbour's by a filter": {findingDocuments{documents.NewMemory()}, "ESCAPE"},
		"lists a tenant's collections":    {listingDocuments{documents.NewMemory()}, "ESCAPE: listing collections"},
		"forgets conditions":              {softDocuments{documents.NewMemory()}, "ESCAPE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFound(t, attacked(t, func(t testing.TB) (subject, []stage) {
				s := newDocumentsSubject(t, leak.driver)
				return s, s.stages(few)
			}), leak.want)
		})
	}
}

// There are many attempts: the contract of this suite asks for 200 at least,
// each of its own.
func TestThereAreManyAttempts(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, group := range craftedKeys() {
		for _, key := range group.keys {
			if keys[key] {
				t.Errorf("the key %.80q stands twice", key)
			}
			keys[key] = true
		}
	}
	ids := map[string]bool{}
	for _, p := range pairs() {
		if ids[p.name] || !p.a.hasPlace() || !p.b.hasPlace() || p.a.owner() == p.b.owner() {
			t.Errorf("the pair %q stands twice, or is none", p.name)
		}
		ids[p.name] = true
	}
	if len(keys) < 200 || len(ids) < 60 {
		t.Errorf("%d keys and %d pairs", len(keys), len(ids))
	}
}
