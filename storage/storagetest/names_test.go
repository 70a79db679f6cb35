package storagetest

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func TestNamesInMemory(t *testing.T) {
	t.Parallel()
	RunFiles(t, func(testing.TB) files.Driver { return files.NewMemory() })
	RunDocuments(t, func(testing.TB) documents.Driver { return documents.NewMemory() })
	RunKV(t, func(testing.TB) kv.Driver { return kv.NewMemory() })
}

// composed is the one normal form of Unicode that the names need.
func composed(s string) string {
	return strings.NewReplacer("e\u0301", "\u00e9", "\u2126", "\u03a9", "\u1100\u1161", "\uac00", "\u212a", "K").Replace(s)
}

// Each mistake with names is found on each primitive.
func TestMistakesWithNamesAreSeen(t *testing.T) {
	t.Parallel()
	mistakes := append(slices.Clone(renamings), renaming{name: "normalises to NFC", of: composed})
	for _, m := range mistakes {
		for primitive, s := range map[string]func(t testing.TB) subject{
			"files": func(t testing.TB) subject { return newFilesSubject(t, renamedFiles{files.NewMemory(), m.of}) },
			"documents": func(t testing.TB) subject {
				return newDocumentsSubject(t, renamedDocuments{documents.NewMemory(), m.of})
			},
			"kv": func(t testing.TB) subject { return newKVSubject(t, renamedKV{kv.NewMemory(), m.of}) },
		} {
			t.Run(primitive+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				wantFound(t, named(t, s), "CHANGED")
			})
		}
	}
}

// named runs the suite of names and returns what it says.
func named(t *testing.T, s func(testing.TB) subject) []string {
	t.Helper()
	return mustfail.Run(t, func(t testing.TB) { checkNames(t, s(t)) })
}

// renamedDocuments changes the whole name of a document: the space, the
// collection and the key.
type renamedDocuments struct {
	documents.Driver
	of func(string) string
}

func (d renamedDocuments) at(in documents.CollectionID) documents.CollectionID {
	return documents.CollectionID{Space: d.of(in.Space), Name: d.of(in.Name)}
}

func (d renamedDocuments) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	return d.Driver.Get(ctx, d.at(in), d.of(key))
}

func (d renamedDocuments) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	ops = slices.Clone(ops)
	for i := range ops {
		ops[i].Record.Key = d.of(ops[i].Record.Key)
	}
	return d.Driver.Apply(ctx, d.at(in), ops)
}

func (d renamedDocuments) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	return d.Driver.Query(ctx, d.at(in), q)
}

// misplacedFiles lists in another order.
type misplacedFiles struct {
	files.Driver
	order func(a, b files.Attributes) int
}

func (d misplacedFiles) List(ctx context.Context, q files.ListQuery) (files.Listing, error) {
	page, err := d.Driver.List(ctx, q)
	slices.SortStableFunc(page.Items, d.order)
	return page, err
}

// misplacedDocuments finds in another order.
type misplacedDocuments struct {
	documents.Driver
	order func(a, b documents.Record) int
}

func (d misplacedDocuments) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	found, err := d.Driver.Query(ctx, in, q)
	slices.SortStableFunc(found, d.order)
	return found, err
}

// byUnits compares as systems do that hold text in UTF-16.
func byUnits(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

func byFolded(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }

// Mistakes in lists and conditions are found by names alone.
func TestMistakesBesideNamesAreSeen(t *testing.T) {
	t.Parallel()
	ofFiles := func(d files.Driver) func(testing.TB) subject {
		return func(t testing.TB) subject { return newFilesSubject(t, d) }
	}
	ofDocuments := func(d documents.Driver) func(testing.TB) subject {
		return func(t testing.TB) subject { return newDocumentsSubject(t, d) }
	}
	ofKV := func(d kv.Driver) func(testing.TB) subject {
		return func(t testing.TB) subject { return newKVSubject(t, d) }
	}
	for name, mistake := range map[string]struct {
		s    func(testing.TB) subject
		want string
	}{
		"files list a prefix without its slash, and hide it": {ofFiles(showingFiles{
			Driver: files.NewMemory(), hide: true, widen: func(p string) string { return strings.TrimSuffix(p, "/") },
		}), "ESCAPE"},
		"files are found by LIKE": {ofFiles(likeFiles{files.NewMemory()}), "fails the server"},
		"files are in the order of UTF-16": {ofFiles(misplacedFiles{files.NewMemory(), func(a, b files.Attributes) int {
			return byUnits(a.Name, b.Name)
		}}), "ORDER"},
		"files are in the order of letters": {ofFiles(misplacedFiles{files.NewMemory(), func(a, b files.Attributes) int {
			return byFolded(a.Name, b.Name)
		}}), "ORDER"},
		"documents are in the order of UTF-16": {ofDocuments(misplacedDocuments{documents.NewMemory(), func(a, b documents.Record) int {
			return byUnits(a.Key, b.Key)
		}}), "ORDER"},
		"documents are in the order of letters": {ofDocuments(misplacedDocuments{documents.NewMemory(), func(a, b documents.Record) int {
			return byFolded(a.Key, b.Key)
		}}), "ORDER"},
		"collections have no case": {ofDocuments(movedDocuments{documents.NewMemory(), func(in documents.CollectionID) documents.CollectionID {
			in.Name = strings.ToLower(in.Name)
			return in
		}}), "ESCAPE"},
		"documents forget conditions":         {ofDocuments(softDocuments{documents.NewMemory()}), "ESCAPE"},
		"kv deletes the neighbour's value":    {ofKV(carelessKV{kv.NewMemory()}), "GONE"},
		"kv overwrites whatever is there":     {ofKV(eagerKV{kv.NewMemory()}), "ESCAPE"},
		"kv has an error for odd names":       {ofKV(fussyKV{kv.NewMemory()}), "fails the server"},
		"files forget what lies by a pattern": {ofFiles(globbingFiles{files.NewMemory()}), "GONE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFound(t, named(t, mistake.s), mistake.want)
		})
	}
}

// likeFiles lists what is LIKE the prefix, in which SQL ignores case and takes an
// underscore for any letter.
type likeFiles struct{ *files.Memory }

func (d likeFiles) List(ctx context.Context, q files.ListQuery) (files.Listing, error) {
	quoted := strings.NewReplacer("_", ".", "%", ".*").Replace(regexp.QuoteMeta(q.Prefix))
	like := regexp.MustCompile("(?is)^" + quoted)
	tenant, _, _ := strings.Cut(q.Prefix, "/")
	q.Prefix = tenant + "/"
	found, err := d.Memory.List(ctx, q)
	found.Items = slices.DeleteFunc(found.Items, func(a files.Attributes) bool { return !like.MatchString(a.Name) })
	return found, err
}

// globbingFiles takes a star in a name that it deletes for all that follows.
type globbingFiles struct{ *files.Memory }

func (d globbingFiles) Delete(ctx context.Context, name string) error {
	prefix, isPattern := strings.CutSuffix(name, "*")
	if !isPattern {
		return d.Memory.Delete(ctx, name)
	}
	found, err := d.List(ctx, files.ListQuery{Prefix: prefix, Limit: 500})
	for _, item := range found.Items {
		_ = d.Memory.Delete(ctx, item.Name)
	}
	return err
}
