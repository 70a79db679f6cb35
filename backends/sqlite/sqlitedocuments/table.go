package sqlitedocuments

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// row is what is kept of one document: its key and its sort key in each column,
// every one behind its length.
type row string

// rowOverhead is what a row takes besides its text, at most: its place in two
// slices while one replaces the other, and what allocation rounds up to.
const rowOverhead = 64

func appendText[T ~string](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// cut returns the first text of r and what follows.
func (r row) cut() (text string, rest row) {
	n, begin := int(r[0]), 1
	if n >= 1<<7 {
		n &= 1<<7 - 1
		for shift := 7; ; shift += 7 {
			c := int(r[begin])
			n |= c & (1<<7 - 1) << shift
			begin++
			if c < 1<<7 {
				break
			}
		}
	}
	return string(r[begin : begin+n]), r[begin+n:]
}

func (r row) key() string {
	key, _ := r.cut()
	return key
}

func (r row) size() int64 { return int64(len(r)) + rowOverhead }

// change is a write: the row after it, "" when it deletes.
type change struct {
	key string
	row row
}

func (c change) size() int64 { return int64(len(c.key)) + c.row.size() }

// table is the rows of a collection, by key. It is never changed.
type table struct {
	rows []row
	size int64
}

func (t *table) sort() {
	slices.SortFunc(t.rows, func(a, b row) int { return strings.Compare(a.key(), b.key()) })
}

// find returns where key is, or would be.
func find(rows []row, key string) (int, bool) {
	return slices.BinarySearchFunc(rows, key, func(r row, key string) int { return strings.Compare(r.key(), key) })
}

// with returns the table after some writes.
func (t *table) with(changes []change) *table {
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b change) int { return strings.Compare(a.key, b.key) })
	after := &table{rows: make([]row, 0, len(t.rows)+len(changes)), size: t.size}
	rest := t.rows
	for i, c := range changes {
		if i+1 < len(changes) && changes[i+1].key == c.key {
			continue // the last write counts
		}
		n, found := find(rest, c.key)
		after.rows = append(after.rows, rest[:n]...)
		if rest = rest[n:]; found {
			after.size -= rest[0].size()
			rest = rest[1:]
		}
		if c.row != "" {
			after.rows = append(after.rows, c.row)
			after.size += c.row.size()
		}
	}
	after.rows = append(after.rows, rest...)
	return after
}

// search collects the first documents of a query's order that pass its filter.
type search struct {
	query  documents.DriverQuery
	filter []int // the column of each condition
	order  []int // and of each member of the order
	values []documents.SortKey
	hits   []hit
	full   bool // hits began with as many as the query wants, in order, and last is the last of them
	last   hit
}

type hit struct {
	key  string
	keys []documents.SortKey // in the order of the query
}

// run returns the keys of the page.
func (s *search) run(ctx context.Context, rows []row) ([]string, error) {
	after := s.query.After
	if len(s.order) == 0 && after != nil {
		n, found := find(rows, after.Key)
		if found {
			n++
		}
		rows = rows[n:]
	}
	ordered := make([]documents.SortKey, len(s.order))
	for i, r := range rows {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		key, rest := r.cut()
		for c := range s.values {
			var value string
			value, rest = rest.cut()
			s.values[c] = documents.SortKey(value)
		}
		if !s.passes() {
			continue
		}
		for n, c := range s.order {
			ordered[n] = s.values[c]
		}
		h := hit{key, ordered}
		if len(s.order) == 0 {
			if s.hits = append(s.hits, h); len(s.hits) == s.query.Limit {
				break
			}
			continue
		}
		if after != nil && s.compare(h, hit{after.Key, after.Keys}) <= 0 || s.full && s.compare(h, s.last) > 0 {
			continue
		}
		h.keys = slices.Clone(ordered)
		if s.hits = append(s.hits, h); len(s.hits) >= max(2*s.query.Limit, 64) {
			s.cut()
		}
	}
	s.cut()
	keys := make([]string, len(s.hits))
	for i, h := range s.hits {
		keys[i] = h.key
	}
	return keys, nil
}

func (s *search) passes() bool {
	for i := range s.query.Filter {
		if !s.query.Filter[i].Holds(s.values[s.filter[i]]) {
			return false
		}
	}
	return true
}

// cut keeps the first hits alone.
func (s *search) cut() {
	slices.SortFunc(s.hits, s.compare)
	if len(s.hits) >= s.query.Limit {
		s.hits = s.hits[:s.query.Limit]
		s.full, s.last = true, s.hits[s.query.Limit-1]
	}
}

func (s *search) compare(a, b hit) int {
	for i, o := range s.query.Order {
		if c := strings.Compare(string(a.keys[i]), string(b.keys[i])); c != 0 {
			if o.Descending {
				return -c
			}
			return c
		}
	}
	return strings.Compare(a.key, b.key)
}
