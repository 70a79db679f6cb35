package documents

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/merge"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/storage"
)

// ListOptions choose a page of [Handle.List].
type ListOptions struct {
	Limit  int    // at most this many collections, 1 to 500; 0 is 50
	Cursor string // the NextCursor of the page before
}

// CollectionInfo is one collection of a list.
type CollectionInfo struct {
	Name string `json:"name"`

	// App is the client_id of the app that the collection belongs to, in the lists of
	// [Handle.AllApps].
	App string `json:"app,omitempty"`
}

// CollectionPage is one page of a list, in byte order of names.
type CollectionPage struct {
	Items      []CollectionInfo `json:"items"`                // never nil
	NextCursor string           `json:"nextCursor,omitempty"` // "" on the last page
}

// List returns the collections that hold a document. It reads no document. A cursor
// that was altered, or made for another identity or tier, is invalid_cursor.
//
// It lists the app's own collections, or in the user tier those of [Handle.App] or
// [Handle.AllApps]. In the last case collections of the same name are in byte order of
// their apps; it is a conflict when more than [storage.MaxApps] apps have documents of
// the user. A driver that is no [CollectionFinder] is not_supported.
func (h Handle) List(ctx context.Context, opts ListOptions) (CollectionPage, error) {
	w, err := h.listWalk(opts, rest.DefaultLimit)
	if err != nil {
		return CollectionPage{}, err
	}
	items, next, err := h.listPage(ctx, w)
	if err != nil {
		return CollectionPage{}, err
	}
	page := CollectionPage{Items: items}
	if next != nil {
		page.NextCursor = h.sealListCursor(*next)
	}
	return page, nil
}

// All yields the collections that [Handle.List] lists, from opts.Cursor on. It reads
// pages of opts.Limit collections as the loop needs them, of 500 when it is 0, and ends
// after an error. A collection that nobody changes meanwhile comes once.
func (h Handle) All(ctx context.Context, opts ListOptions) iter.Seq2[CollectionInfo, error] {
	return portable.Walk(
		func() (listWalk, error) { return h.listWalk(opts, rest.MaxLimit) },
		func(w listWalk) ([]CollectionInfo, *listWalk, error) { return h.listPage(ctx, w) })
}

// listWalk is a list of collections under way.
type listWalk struct {
	reach storage.Reach
	apps  storage.Apps
	after CollectionInfo // the last one of the page before; zero from the start
	limit int
}

// listWalk checks a list, which is authorized here.
func (h Handle) listWalk(opts ListOptions, defaultLimit int) (listWalk, error) {
	reach, err := h.caller.AuthorizeList()
	if err != nil {
		return listWalk{}, err
	}
	w := listWalk{reach: reach, apps: h.caller.Apps, limit: cmp.Or(opts.Limit, defaultLimit)}
	if w.limit < 1 || w.limit > rest.MaxLimit {
		return listWalk{}, cpodkit.Errorf(cpodkit.CodeBadRequest, "The limit is a number from 1 to %d.", rest.MaxLimit)
	}
	if opts.Cursor != "" {
		if w.apps, w.after, err = h.openListCursor(opts.Cursor); err != nil {
			return listWalk{}, err
		}
		w.reach, err = reach.Of(w.apps)
	}
	return w, err
}

// listPage returns the next collections of a walk, and the walk after them; nil after
// the last.
func (h Handle) listPage(ctx context.Context, w listWalk) ([]CollectionInfo, *listWalk, error) {
	finder, err := h.store.finder()
	if err != nil {
		return nil, nil, err
	}
	var found []CollectionInfo
	err = h.store.inTime(ctx, func(ctx context.Context) error {
		segments := []storage.Segment{w.reach.First}
		if w.reach.Wide {
			var err error
			if segments, err = h.store.segmentsOf(ctx, finder, w.reach); err != nil {
				return err
			}
		}
		sources := make([]merge.Source[CollectionInfo], len(segments))
		for i, segment := range segments {
			sources[i] = h.store.listSource(finder, segment, w)
		}
		var err error
		found, err = merge.Page(ctx, sources, w.limit+1, compareInfos) // one more shows that there is another page
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	shown := found[:min(w.limit, len(found))]
	items := make([]CollectionInfo, len(shown))
	for i, info := range shown {
		if items[i] = info; !w.apps.All() {
			items[i].App = ""
		}
	}
	if len(found) == len(shown) {
		return items, nil, nil
	}
	w.after = shown[len(shown)-1]
	return items, &w, nil
}

func compareInfos(a, b CollectionInfo) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.App, b.App))
}

// listSource reads the collections of one segment from where the walk is.
func (s *Store) listSource(finder CollectionFinder, segment storage.Segment, w listWalk) merge.Source[CollectionInfo] {
	root := segment.Space.Root()
	after := CollectionID{Space: root, Name: w.after.Name}
	if w.apps.All() && segment.App > w.after.App {
		after.Name = storage.JustBefore(w.after.Name) // this app's one of the same name is still to come
	}
	return func(ctx context.Context, n int) ([]CollectionInfo, bool, error) {
		found, err := s.collections(ctx, finder, root, after, n)
		if err != nil || len(found) == 0 {
			return nil, false, err
		}
		infos := make([]CollectionInfo, len(found))
		for i, in := range found {
			infos[i] = CollectionInfo{Name: in.Name, App: segment.App}
		}
		after = found[len(found)-1]
		return infos, len(found) >= n, nil
	}
}

// segmentsOf returns those of every app that has documents of the user.
func (s *Store) segmentsOf(ctx context.Context, finder CollectionFinder, reach storage.Reach) ([]storage.Segment, error) {
	var roots []string
	for after := (CollectionID{}); len(roots) <= storage.MaxApps; {
		found, err := s.collections(ctx, finder, reach.Prefix(), after, 1)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			break
		}
		roots = append(roots, found[0].Space)
		after = CollectionID{Space: found[0].Space, Name: afterNames}
	}
	return reach.Segments(roots)
}

// afterNames is after every name of a collection.
const afterNames = "\x7f"

// finder returns the driver as one that lists collections, or not_supported.
func (s *Store) finder() (CollectionFinder, error) {
	finder, ok := s.driver.(CollectionFinder)
	if !ok {
		return nil, cpodkit.Errorf(cpodkit.CodeNotSupported, "This document store cannot list its collections.")
	}
	return finder, nil
}

// collections asks the driver. A collection outside of the prefix, or one that does not
// come after the given one, would be a driver's defect; it must not become another
// space's data in an answer, nor a list without an end.
func (s *Store) collections(
	ctx context.Context, finder CollectionFinder, prefix string, after CollectionID, limit int,
) ([]CollectionID, error) {
	ctx, call := s.calls.collections.Start(ctx)
	found, err := finder.Collections(ctx, prefix, after, limit)
	for _, in := range found {
		if !strings.HasPrefix(in.Space, prefix) || in.compare(after) <= 0 {
			err = errors.Join(err, fmt.Errorf("documents: the driver listed %q below %q after %q", in, prefix, after))
			break
		}
		after = in
	}
	return found, call.End(ctx, err)
}

func (h Handle) listBinding() string { return h.caller.Binding("collections") }

func (h Handle) sealListCursor(w listWalk) string {
	app, named := w.apps.Named()
	if !named {
		app = w.after.App
	}
	plain := appendText([]byte{cursorFormat, cursorApps(w.apps)}, w.after.Name)
	return h.store.cursors.Seal(h.listBinding(), appendText(plain, app))
}

func (h Handle) openListCursor(cursor string) (apps storage.Apps, after CollectionInfo, err error) {
	plain, err := h.store.cursors.Open(h.listBinding(), cursor)
	if err != nil {
		return apps, after, errListCursor(err)
	}
	r := cursorReader{rest: plain}
	format, kind := r.byte(), r.byte()
	after = CollectionInfo{Name: string(r.text()), App: string(r.text())}
	if format != cursorFormat || r.short || len(r.rest) > 0 {
		return apps, after, errListCursor(errCursorFormat)
	}
	switch kind {
	case cursorOneApp:
		apps = storage.OneApp(after.App)
	case cursorAllApps:
		apps = storage.AllApps()
	}
	return apps, after, nil
}

func errListCursor(cause error) error {
	return cpodkit.Errorf(cpodkit.CodeInvalidCursor,
		"The cursor was altered or made for another list; start again without one.").WithCause(cause)
}
