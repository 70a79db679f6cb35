package sqlitedocuments

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// index is a declared index in the file.
type index struct {
	name    string // quoted
	where   string // what its documents have in common, word for word as a query must say it
	members []member
}

type member struct {
	expression string
	descending bool
}

// indexPrefix begins the names of declared indexes, and of no others.
const indexPrefix = "declared "

func newIndex(declared documents.Index, nameID int64) *index {
	i := &index{
		name:  `"` + indexPrefix + declared.Collection + ":",
		where: fmt.Sprintf("name = %d", nameID),
	}
	for n, o := range declared.Members {
		if n > 0 {
			i.name += ","
		}
		if o.Descending {
			i.name += "-"
		}
		i.name += strings.Join(o.Path.Escaped(), ".")
		i.members = append(i.members, member{expression(o.Path), o.Descending})
	}
	i.name += `"`
	return i
}

// sql is the statement that makes the index, as sqlite_schema keeps it.
func (i *index) sql() string {
	var b strings.Builder
	b.WriteString("CREATE INDEX " + i.name + " ON documents (collection")
	for _, m := range i.members {
		b.WriteString(", " + m.expression)
		if m.descending {
			b.WriteString(" DESC")
		}
	}
	b.WriteString(", key) WHERE " + i.where)
	return b.String()
}

var _ documents.IndexDeclarer = (*Driver)(nil)

// DeclareIndexes implements [documents.IndexDeclarer], as [WithIndexes] says. Writes
// wait while an index is built, which takes some seconds for a million documents.
func (d *Driver) DeclareIndexes(ctx context.Context, indexes ...documents.Index) error {
	if err := documents.CheckIndexes(indexes); err != nil {
		return fmt.Errorf("sqlitedocuments: %w", err)
	}
	if err := d.ready(ctx); err != nil {
		return err
	}
	done := make(chan error, 1)
	declareOn := func(c *conn) {
		made, err := declare(ctx, c, d.path, indexes)
		if err == nil {
			d.indexes.Store(&made)
		}
		done <- classify(ctx, err)
	}
	select {
	case d.declares <- declareOn:
		return <-done
	case <-d.closing:
		return errClosed()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// declare makes the file's indexes those that are declared, and returns them by
// collection.
func declare(ctx context.Context, c *conn, path string, declared []documents.Index) (map[string][]*index, error) {
	indexes := map[string][]*index{}
	err := inTransaction(ctx, c, "BEGIN IMMEDIATE", func() error {
		missing := map[string]string{} // statements by quoted name
		for _, d := range declared {
			nameID, err := internName(ctx, c, d.Collection)
			if err != nil {
				return err
			}
			i := newIndex(d, nameID)
			indexes[d.Collection] = append(indexes[d.Collection], i)
			missing[i.name] = i.sql()
		}
		var dropped []string
		err := c.query(ctx, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND name LIKE ?",
			[]driver.Value{indexPrefix + "%"}, func(row []driver.Value) error {
				name, _ := row[0].(string)
				name = `"` + name + `"`
				if row[1] == driver.Value(missing[name]) {
					delete(missing, name)
				} else {
					dropped = append(dropped, name)
				}
				return nil
			})
		if err != nil {
			return err
		}
		for _, name := range dropped {
			if _, err := c.exec(ctx, "DROP INDEX "+name); err != nil {
				return err
			}
		}
		for _, text := range missing {
			if _, err := c.exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sqlitedocuments: the indexes of %s: %w", path, err)
	}
	return indexes, nil
}

// choose returns the index that serves q best, nil when none does. The order of
// q is one withoutFixed.
func choose(indexes []*index, q documents.DriverQuery, fixed map[string]documents.SortKey) *index {
	var best *index
	bestScore := 0
	for _, i := range indexes {
		if score := i.score(q, fixed); score > bestScore {
			best, bestScore = i, score
		}
	}
	return best
}

// score says how well an index serves q. Each leading member that the filter
// fixes narrows the search, which counts most; then whether the entries come in
// the order of q, so that the search ends with the page; then whether the next
// member is bounded.
func (i *index) score(q documents.DriverQuery, fixed map[string]documents.SortKey) int {
	rest := i.members
	for len(rest) > 0 {
		if _, ok := fixed[rest[0].expression]; !ok {
			break
		}
		rest = rest[1:]
	}
	score := 4 * (len(i.members) - len(rest))
	switch {
	case inOrder(rest, q.Order, false):
		return score + 3
	case inOrder(rest, q.Order, true):
		return score + 2 // but for the keys of equal members, which SQLite sorts
	case len(rest) > 0 && bounded(rest[0].expression, q.Filter):
		return score + 1
	}
	return score
}

// inOrder reports whether members are those of order, read backwards if reversed.
func inOrder(members []member, order []documents.Order, reversed bool) bool {
	return slices.EqualFunc(members, order, func(m member, o documents.Order) bool {
		return m.expression == expression(o.Path) && m.descending == (o.Descending != reversed)
	})
}

// bounded reports whether a filter leaves a part of the values of an expression.
func bounded(k string, filter []documents.Condition) bool {
	return slices.ContainsFunc(filter, func(c documents.Condition) bool {
		return (c.Test == documents.In || c.Test == documents.Range || c.Test == documents.Exists) && expression(c.Path) == k
	})
}
