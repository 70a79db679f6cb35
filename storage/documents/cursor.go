package documents

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/seal"
	"github.com/cpodkit/cpodkit/storage"
)

// A cursor is at most seal.MaxToken bytes of text. It always has room for
// maxCursorQuery bytes of apps, filter and sort and two keys with their digests;
// maxCursorQueryAll when those name their apps.
const (
	maxCursorPlain    = seal.MaxToken/4*3 - 28 // without base64, nonce and tag
	maxCursorQuery    = maxCursorPlain - 1 - 2*(2+storage.MaxKey) - 2*digestSize
	maxCursorQueryAll = maxCursorQuery - 2*(1+cpodkit.MaxIDLen)
	digestSize        = 16
)

// cursorFormat is the first byte of a cursor. Another one is refused.
const cursorFormat = 1

// Whose documents a cursor walks over: its second byte.
const (
	cursorOwnApp = iota
	cursorOneApp // its client_id follows
	cursorAllApps
)

func cursorApps(apps storage.Apps) byte {
	if _, named := apps.Named(); named {
		return cursorOneApp
	}
	if apps.All() {
		return cursorAllApps
	}
	return cursorOwnApp
}

// The forms of a position in a cursor.
const (
	// exact is the position itself: the sort keys and key of the last document.
	exact = iota + 1
	// anchored is for sort keys that are too long to carry: a sort key is as
	// long as a value may be. It names the last document of the page and the one
	// after it, each with a digest of its sort keys. While either document has
	// the sort keys that it had, the position is found again exactly.
	anchored
)

// anchor names a document at the end of a page.
type anchor struct {
	app    string // with all apps
	key    string
	digest []byte // of its sort keys
}

// bookmark is where a walk stands: after, or else between the two anchors.
type bookmark struct {
	after      *Position
	app        string // with all apps: whose document after is
	last, next anchor
}

// binding is what a cursor is good for, and nothing else.
func (c Collection) binding() string { return c.handle.caller.Binding("query", c.name) }

// cursor returns the cursor for the page between two documents: after last,
// from next on.
func (c Collection) cursor(q parsedQuery, last, next hit) (string, error) {
	plain, room := encodeQuery(q), maxCursorQuery
	if q.apps.All() {
		room = maxCursorQueryAll
	} else {
		last.app, next.app = "", ""
	}
	if len(plain) > room {
		return "", cpodkit.ValidationError(fault("/filter",
			"is too long, with sort, for a result of more than one page: %d bytes of at most %d; shorten it, or raise limit",
			len(plain), room))
	}
	lastKeys, err := sortKeys(last.record, q.order)
	if err != nil {
		return "", err
	}
	at := bookmark{after: &Position{Keys: lastKeys, Key: last.record.Key}, app: last.app}
	if full := appendBookmark(plain, q, at); len(full) <= maxCursorPlain {
		return c.handle.store.cursors.Seal(c.binding(), full), nil
	}
	nextKeys, err := sortKeys(next.record, q.order)
	if err != nil {
		return "", err
	}
	at = bookmark{
		last: anchor{last.app, last.record.Key, digest(lastKeys)},
		next: anchor{next.app, next.record.Key, digest(nextKeys)},
	}
	return c.handle.store.cursors.Seal(c.binding(), appendBookmark(plain, q, at)), nil
}

// open makes w the walk that its cursor continues.
func (c Collection) open(ctx context.Context, w *walk) error {
	plain, err := c.handle.store.cursors.Open(c.binding(), *w.cursor)
	if err != nil {
		return errCursor(err)
	}
	q, at, err := decodeCursor(plain)
	if err != nil {
		return errCursor(err)
	}
	if w.reach, err = w.reach.Of(q.apps); err != nil {
		return err
	}
	w.query, w.cursor, w.after, w.app = q, nil, at.after, at.app
	if at.after == nil {
		return c.find(ctx, w, at.last, at.next)
	}
	return nil
}

// find moves w between two anchors.
func (c Collection) find(ctx context.Context, w *walk, last, next anchor) error {
	keys, err := c.anchorKeys(ctx, *w, last)
	if err != nil {
		return err
	}
	w.app = last.app
	if keys != nil {
		w.after = &Position{Keys: keys, Key: last.key}
		return nil
	}
	if keys, err = c.anchorKeys(ctx, *w, next); err != nil {
		return err
	}
	switch {
	case keys == nil:
		return cpodkit.Errorf(cpodkit.CodeInvalidCursor, "The documents at the end of the page have changed, "+
			"and their sort values are too long for a cursor to carry: query again from the start.")
	case slices.Equal(last.digest, next.digest):
		w.after = &Position{Keys: keys, Key: last.key}
		return nil
	}
	// The two differ in a sort key, so the page begins with the first document
	// that has the keys of next; every key comes after "".
	w.after, w.app = &Position{Keys: keys}, ""
	return nil
}

// anchorKeys returns the sort keys of an anchor's document, nil when it has
// others by now or is not there any more.
func (c Collection) anchorKeys(ctx context.Context, w walk, a anchor) ([]SortKey, error) {
	reach := w.reach
	if reach.Wide {
		var err error
		if reach, err = reach.Of(storage.OneApp(a.app)); err != nil {
			return nil, err
		}
	}
	record, err := c.handle.store.get(ctx, c.in(reach.First), a.key)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	keys, err := sortKeys(record, w.query.order)
	if err != nil || !slices.Equal(digest(keys), a.digest) {
		return nil, err
	}
	return keys, nil
}

func errCursor(cause error) error {
	return cpodkit.Errorf(cpodkit.CodeInvalidCursor,
		"The cursor was not made by this query, for this identity and this collection, or it was altered.").WithCause(cause)
}

// sortKeys returns the keys of a record for each member of order.
func sortKeys(r Record, order []Order) ([]SortKey, error) {
	if len(order) == 0 {
		return nil, nil
	}
	projection, err := Project(r.Value)
	if err != nil {
		return nil, cpodkit.Errorf(cpodkit.CodeInternal, "The store holds a document that is broken.").WithCause(err)
	}
	keys := make([]SortKey, len(order))
	for i, o := range order {
		keys[i] = projection.At(o.Path)
	}
	return keys, nil
}

func digest(keys []SortKey) []byte {
	h := sha256.New()
	var b []byte
	for _, k := range keys {
		b = appendText(b[:0], k)
		h.Write(b)
	}
	return h.Sum(nil)[:digestSize]
}

func encodeQuery(q parsedQuery) []byte {
	b := []byte{cursorFormat, cursorApps(q.apps)}
	if app, named := q.apps.Named(); named {
		b = appendText(b, app)
	}
	b = appendText(b, q.filter)
	b = binary.AppendUvarint(b, uint64(len(q.order)))
	for _, o := range q.order {
		direction := byte(0)
		if o.Descending {
			direction = 1
		}
		b = appendText(append(b, direction), o.Path.String())
	}
	return b
}

// appendBookmark leaves b as it is.
func appendBookmark(b []byte, q parsedQuery, at bookmark) []byte {
	b = slices.Clip(b)
	app := func(app string) {
		if q.apps.All() {
			b = appendText(b, app)
		}
	}
	if at.after == nil {
		b = append(b, anchored)
		for _, a := range []anchor{at.last, at.next} {
			app(a.app)
			b = append(appendText(b, a.key), a.digest...)
		}
		return b
	}
	b = append(b, exact)
	app(at.app)
	b = appendText(b, at.after.Key)
	for _, k := range at.after.Keys {
		b = appendText(b, k)
	}
	return b
}

func appendText[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errCursorFormat = errors.New("documents: the cursor has another format")

// decodeCursor undoes encodeQuery and appendBookmark.
func decodeCursor(plain []byte) (parsedQuery, bookmark, error) {
	r := cursorReader{rest: plain}
	if r.byte() != cursorFormat {
		return parsedQuery{}, bookmark{}, errCursorFormat
	}
	var p parser
	switch r.byte() {
	case cursorOwnApp:
	case cursorOneApp:
		p.query.apps = storage.OneApp(string(r.text()))
	case cursorAllApps:
		p.query.apps = storage.AllApps()
	default:
		return parsedQuery{}, bookmark{}, errCursorFormat
	}
	p.filter(r.text())
	orders := r.length()
	if orders > MaxSort {
		return parsedQuery{}, bookmark{}, errCursorFormat
	}
	for range orders {
		descending := r.byte() == 1
		path, err := ParsePath(string(r.text()))
		if err != nil {
			return parsedQuery{}, bookmark{}, err
		}
		p.query.order = append(p.query.order, Order{Path: path, Descending: descending})
	}
	app := func() string {
		if p.query.apps.All() {
			return string(r.text())
		}
		return ""
	}
	var at bookmark
	switch r.byte() {
	case exact:
		at.app = app()
		at.after = &Position{Key: string(r.text())}
		for range orders {
			at.after.Keys = append(at.after.Keys, SortKey(r.text()))
		}
	case anchored:
		at.last = anchor{app(), string(r.text()), r.take(digestSize)}
		at.next = anchor{app(), string(r.text()), r.take(digestSize)}
	default:
		return parsedQuery{}, bookmark{}, errCursorFormat
	}
	if r.short || len(r.rest) > 0 {
		return parsedQuery{}, bookmark{}, errCursorFormat
	}
	return p.query, at, p.err()
}

// cursorReader reads the parts of a cursor; short says that it ended too early.
type cursorReader struct {
	rest  []byte
	short bool
}

func (r *cursorReader) take(n int) []byte {
	if n > len(r.rest) {
		r.rest, r.short = nil, true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *cursorReader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *cursorReader) length() int {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > seal.MaxToken {
		r.rest, r.short = nil, true
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *cursorReader) text() []byte { return r.take(r.length()) }
