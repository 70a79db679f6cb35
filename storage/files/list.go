package files

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/query"
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
func (h Handle) List(ctx context.Context, opts ListOptions) (Page, error) {
	space, err := storage.Authorize(h.identity, h.tier, storage.Read)
	if err != nil {
		return Page{}, err
	}
	limit := cmp.Or(opts.Limit, query.DefaultLimit)
	if limit < 1 || limit > query.MaxLimit {
		return Page{}, cpodkit.Errorf(cpodkit.CodeBadRequest, "The limit is a number from 1 to %d.", query.MaxLimit)
	}
	from := position{prefix: opts.Prefix, delimiter: opts.Delimiter}
	if opts.Cursor != "" {
		if from, err = h.openCursor(opts.Cursor); err != nil {
			return Page{}, err
		}
	}
	if err := storage.CheckFilePrefix(from.prefix); err != nil {
		return Page{}, err
	}
	if from.delimiter != "" && from.delimiter != "/" {
		return Page{}, errDelimiter()
	}
	q := ListQuery{Prefix: space.Root() + from.prefix, Delimiter: from.delimiter, Limit: limit}
	if from.after != "" {
		q.After = space.Root() + from.after
	}
	listing, err := h.store.driver.List(ctx, q)
	if err != nil {
		return Page{}, classify(err)
	}
	return h.page(space.Root(), from, listing)
}

// page turns names into keys. A name outside the prefix would be a driver's
// defect; it must not become another space's data in an answer.
func (h Handle) page(root string, from position, listing Listing) (Page, error) {
	page := Page{Items: make([]File, 0, len(listing.Items))}
	for _, attrs := range listing.Items {
		key, err := keyOf(attrs.Name, root, from.prefix)
		if err != nil {
			return Page{}, err
		}
		page.Items = append(page.Items, place{root: root, key: key}.describe(attrs))
	}
	for _, name := range listing.Prefixes {
		key, err := keyOf(name, root, from.prefix)
		if err != nil {
			return Page{}, err
		}
		page.Prefixes = append(page.Prefixes, key)
	}
	if listing.Next != "" {
		after, err := keyOf(listing.Next, root, from.prefix)
		if err != nil {
			return Page{}, err
		}
		page.NextCursor = h.sealCursor(position{prefix: from.prefix, delimiter: from.delimiter, after: after})
	}
	return page, nil
}

func keyOf(name, root, prefix string) (string, error) {
	key, ok := strings.CutPrefix(name, root)
	if !ok || !strings.HasPrefix(key, prefix) {
		return "", classify(fmt.Errorf("files: the driver listed %q, which is outside %q", name, root+prefix))
	}
	return key, nil
}

// position is what a cursor carries.
type position struct {
	prefix    string
	delimiter string
	after     string // begins with prefix; "" from the start
}

// binding ties a cursor to everything that its list depends on.
func (h Handle) binding() string {
	return fmt.Sprintf("%q", []string{"list", h.identity.TenantID, h.identity.AppID, h.identity.UserID, string(h.tier)})
}

// sealCursor keeps the prefix as a length only, for after begins with it: so a
// cursor stays small for the longest keys.
func (h Handle) sealCursor(p position) string {
	head := uint64(len(p.prefix)) << 1
	if p.delimiter != "" {
		head |= 1
	}
	return h.store.cursors.Seal(h.binding(), append(binary.AppendUvarint(nil, head), p.after...))
}

func (h Handle) openCursor(cursor string) (position, error) {
	plain, err := h.store.cursors.Open(h.binding(), cursor)
	if err != nil {
		return position{}, errCursor()
	}
	head, n := binary.Uvarint(plain)
	if n <= 0 || head>>1 > uint64(len(plain)-n) {
		return position{}, errCursor()
	}
	p := position{after: string(plain[n:])}
	p.prefix = p.after[:head>>1]
	if head&1 == 1 {
		p.delimiter = "/"
	}
	return p, nil
}

func errDelimiter() error {
	return cpodkit.Errorf(cpodkit.CodeBadRequest, "The delimiter is / or absent.")
}

func errCursor() error {
	return cpodkit.Errorf(cpodkit.CodeInvalidCursor,
		"The cursor was altered or made for another list; start again without one.")
}
