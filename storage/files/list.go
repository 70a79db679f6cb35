package files

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/merge"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/storage"
)

// ListOptions choose a page of [Handle.List].
type ListOptions struct {
	Prefix    string // only keys that begin with it; it need not end at a slash
	Delimiter string // "", or "/" to fold what lies below a folder into Page.Prefixes
	Limit     int    // at most this many items and prefixes together, 1 to 500; 0 is 50

	// Cursor is the NextCursor of the page before. It carries Prefix and
	// Delimiter, which are ignored beside it.
	Cursor string
}

// Page is one page of a list, in byte order of keys.
type Page struct {
	Items      []File   `json:"items"` // never nil
	Prefixes   []string `json:"prefixes,omitempty"`
	NextCursor string   `json:"nextCursor,omitempty"` // "" on the last page
}

// List returns the files whose keys begin with a prefix. A cursor that was
// altered, or made for another identity or tier, is invalid_cursor.
//
// It lists the app's own files, or in the user tier those of [Handle.App] or
// [Handle.AllApps]. In the last case files with the same key are in byte order
// of their apps, and a prefix that several apps have stands once; it is a
// conflict when more than [storage.MaxApps] apps have files of the user.
func (h Handle) List(ctx context.Context, opts ListOptions) (Page, error) {
	w, err := h.walk(opts, rest.DefaultLimit)
	if err != nil {
		return Page{}, err
	}
	page, next, err := h.store.page(ctx, w)
	if next != nil {
		page.NextCursor = h.sealCursor(next.from)
	}
	return page, err
}

// All yields the files that [Handle.List] lists, from opts.Cursor on. It reads pages of
// opts.Limit files as the loop needs them, of 500 when it is 0, and ends after an error.
// What a delimiter folds is left out. A file that nobody changes meanwhile comes once.
func (h Handle) All(ctx context.Context, opts ListOptions) iter.Seq2[File, error] {
	return portable.Walk(
		func() (walk, error) { return h.walk(opts, rest.MaxLimit) },
		func(w walk) ([]File, *walk, error) {
			page, next, err := h.store.page(ctx, w)
			return page.Items, next, err
		})
}

// walk is a list under way: where it looks, and the next page.
type walk struct {
	reach storage.Reach
	from  position
	limit int
}

// walk checks a list, which is authorized here.
func (h Handle) walk(opts ListOptions, defaultLimit int) (walk, error) {
	reach, err := h.caller.AuthorizeList()
	if err != nil {
		return walk{}, err
	}
	limit := cmp.Or(opts.Limit, defaultLimit)
	if limit < 1 || limit > rest.MaxLimit {
		return walk{}, cpodkit.Errorf(cpodkit.CodeBadRequest, "The limit is a number from 1 to %d.", rest.MaxLimit)
	}
	from := position{prefix: opts.Prefix, delimiter: opts.Delimiter, apps: h.caller.Apps}
	if opts.Cursor != "" {
		if from, err = h.openCursor(opts.Cursor); err != nil {
			return walk{}, err
		}
		if reach, err = reach.Of(from.apps); err != nil {
			return walk{}, err
		}
	}
	if err := storage.CheckFilePrefix(from.prefix); err != nil {
		return walk{}, err
	}
	if from.delimiter != "" && from.delimiter != "/" {
		return walk{}, errDelimiter()
	}
	return walk{reach, from, limit}, nil
}

// page returns the next page of a walk, without its cursor, and the walk after it; nil
// after the last.
func (s *Store) page(ctx context.Context, w walk) (Page, *walk, error) {
	segments := []storage.Segment{w.reach.First}
	if w.reach.Wide {
		var err error
		if segments, err = s.segments(ctx, w.reach); err != nil {
			return Page{}, nil, err
		}
	}
	sources := make([]merge.Source[entry], len(segments))
	for i, segment := range segments {
		sources[i] = s.source(segment, w.from)
	}
	entries, err := merge.Page(ctx, sources, w.limit+1, compareEntries) // one more shows that there is another page
	if err != nil {
		return Page{}, nil, err
	}
	shown := entries[:min(w.limit, len(entries))]
	page := Page{Items: make([]File, 0, len(shown))}
	for _, e := range shown {
		if e.folded {
			page.Prefixes = append(page.Prefixes, e.key)
			continue
		}
		at := authorized{key: e.key}
		if w.from.apps.All() {
			at.app = e.app
		}
		page.Items = append(page.Items, at.describe(e.attrs))
	}
	if len(entries) == len(shown) {
		return page, nil, nil
	}
	last := shown[len(shown)-1]
	w.from.after, w.from.app = last.key, last.app
	return page, &w, nil
}

// entry is a file, or what several share by a delimiter.
type entry struct {
	key    string
	app    string // of a file
	folded bool
	attrs  Attributes // of a file
}

func compareEntries(a, b entry) int {
	return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.app, b.app))
}

// source reads one segment from a position on.
func (s *Store) source(segment storage.Segment, from position) merge.Source[entry] {
	root := segment.Space.Root()
	q := ListQuery{Prefix: root + from.prefix, Delimiter: from.delimiter}
	if from.after != "" {
		q.After = root + from.afterIn(segment.App)
	}
	return func(ctx context.Context, n int) ([]entry, bool, error) {
		q.Limit = n
		listing, err := s.list(ctx, q)
		if err != nil {
			return nil, false, err
		}
		entries := make([]entry, 0, len(listing.Items)+len(listing.Prefixes))
		for _, attrs := range listing.Items {
			key, err := keyOf(attrs.Name, root, from.prefix)
			if err != nil {
				return nil, false, err
			}
			entries = append(entries, entry{key: key, app: segment.App, attrs: attrs})
		}
		for _, name := range listing.Prefixes {
			key, err := keyOf(name, root, from.prefix)
			if err != nil {
				return nil, false, err
			}
			entries = append(entries, entry{key: key, folded: true})
		}
		if len(listing.Prefixes) > 0 {
			slices.SortFunc(entries, compareEntries)
		}
		if listing.Next == "" {
			return entries, false, nil
		}
		if _, err := keyOf(listing.Next, root, from.prefix); err != nil {
			return nil, false, err
		}
		if listing.Next <= q.After {
			return nil, false, errListsAgain(listing.Next)
		}
		q.After = listing.Next
		return entries, true, nil
	}
}

// keyOf turns a name into a key. A name outside the prefix would be a driver's
// defect; it must not become another space's data in an answer.
func keyOf(name, root, prefix string) (string, error) {
	key, ok := strings.CutPrefix(name, root)
	if !ok || !strings.HasPrefix(key, prefix) {
		return "", classified(fmt.Errorf("files: the driver listed %q, which is outside %q", name, root+prefix))
	}
	return key, nil
}

// position is what a cursor carries.
type position struct {
	prefix    string
	delimiter string
	apps      storage.Apps
	after     string // a key, or a folded prefix; it begins with prefix; "" from the start
	app       string // with all apps: whose key it is; "" for a folded prefix
}

// afterIn returns what the list of one app goes on behind. The key that the last
// page ended with may be in several apps, and come in this one only now.
func (p position) afterIn(app string) string {
	if !p.apps.All() || app <= p.app || strings.HasSuffix(p.after, "/") {
		return p.after
	}
	return storage.JustBefore(p.after)
}

// The low bits of a cursor's head.
const (
	cursorFolds   = 1 << iota // there is a delimiter
	cursorOneApp              // app is the one that is listed
	cursorAllApps             // app is the one of the position
)

const cursorFlags = 3 // how many of them

// sealCursor keeps the prefix as a length only, for after begins with it: so a
// cursor stays small for the longest keys.
func (h Handle) sealCursor(p position) string {
	head := uint64(len(p.prefix)) << cursorFlags
	if p.delimiter != "" {
		head |= cursorFolds
	}
	app, named := p.apps.Named()
	if named {
		head |= cursorOneApp
	}
	if p.apps.All() {
		head |= cursorAllApps
		app = p.app
	}
	plain := binary.AppendUvarint(nil, head)
	plain = append(binary.AppendUvarint(plain, uint64(len(app))), app...)
	return h.store.cursors.Seal(h.caller.Binding("list"), append(plain, p.after...))
}

func (h Handle) openCursor(cursor string) (position, error) {
	plain, err := h.store.cursors.Open(h.caller.Binding("list"), cursor)
	if err != nil {
		return position{}, errCursor()
	}
	head, n := binary.Uvarint(plain)
	if n <= 0 {
		return position{}, errCursor()
	}
	plain = plain[n:]
	size, n := binary.Uvarint(plain)
	if n <= 0 || size > uint64(len(plain)-n) {
		return position{}, errCursor()
	}
	app := string(plain[n:][:size])
	p := position{after: string(plain[n:][size:])}
	if head>>cursorFlags > uint64(len(p.after)) {
		return position{}, errCursor()
	}
	p.prefix = p.after[:head>>cursorFlags]
	if head&cursorFolds != 0 {
		p.delimiter = "/"
	}
	switch {
	case head&cursorOneApp != 0:
		p.apps = storage.OneApp(app)
	case head&cursorAllApps != 0:
		p.apps, p.app = storage.AllApps(), app
	}
	return p, nil
}

// errListsAgain is for a driver whose list would never end.
func errListsAgain(name string) error {
	return classified(fmt.Errorf("files: the driver goes on behind %q again", name))
}

func errDelimiter() error {
	return cpodkit.Errorf(cpodkit.CodeBadRequest, "The delimiter is / or absent.")
}

func errCursor() error {
	return cpodkit.Errorf(cpodkit.CodeInvalidCursor,
		"The cursor was altered or made for another list; start again without one.")
}
