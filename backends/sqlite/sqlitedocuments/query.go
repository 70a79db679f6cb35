package sqlitedocuments

import (
	"database/sql/driver"
	"strings"

	"github.com/cpodkit/cpodkit/storage/documents"
)

const (
	recordColumns = "key, version, updated_ms, value"
	inCollection  = "collection = (SELECT id FROM collections WHERE space = ? AND name = ?)"

	getSQL = "SELECT " + recordColumns + " FROM documents WHERE " + inCollection + " AND key = ?"
)

// builder puts a query together. Paths become part of the text, so that an
// index on the same expression serves them; they hold nothing but the alphabet
// of documents.EscapeName. All else is bound.
type builder struct {
	text strings.Builder
	args []driver.Value
}

func (b *builder) add(text string, args ...driver.Value) {
	b.text.WriteString(text)
	b.args = append(b.args, args...)
}

func buildQuery(in documents.Collection, q documents.DriverQuery) (string, []driver.Value) {
	var b builder
	b.add("SELECT "+recordColumns+" FROM documents WHERE "+inCollection, in.Space, in.Name)
	for _, c := range q.Filter {
		b.add(" AND ")
		b.condition(c)
	}
	if q.After != nil {
		b.add(" AND ")
		b.after(q.Order, *q.After)
	}
	b.add(" ORDER BY ")
	for _, o := range q.Order {
		b.add(expression(o.Path))
		if o.Descending {
			b.add(" DESC")
		}
		b.add(", ")
	}
	b.add("key LIMIT ?", int64(q.Limit))
	if len(q.Order) > 0 || len(q.Filter) == 0 {
		return b.text.String(), b.args
	}
	// In the order of the keys SQLite would hand out the first row before it has
	// looked for the others, and no context reaches a search between two rows.
	// Materializing the page puts all of the work before the first.
	return "WITH page AS MATERIALIZED (" + b.text.String() + ") SELECT * FROM page ORDER BY key", b.args
}

// expression is the sort key at path: NULL when there is nothing, which sorts
// before all, and for an object its text.
func expression(path documents.Path) string {
	var b strings.Builder
	b.WriteString("(projection ->> '$")
	for _, name := range path.Escaped() {
		b.WriteString(`."` + name + `"`)
	}
	b.WriteString("')")
	return b.String()
}

func (b *builder) condition(c documents.Condition) {
	k := expression(c.Path)
	switch c.Test {
	case documents.Equal:
		b.add(k+" = ?", string(c.Keys[0]))
	case documents.NotEqual:
		b.add(k+" IS NOT ?", string(c.Keys[0]))
	case documents.In:
		b.add(k + " IN (" + strings.TrimSuffix(strings.Repeat("?,", len(c.Keys)), ",") + ")")
		for _, key := range c.Keys {
			b.args = append(b.args, string(key))
		}
	case documents.Range:
		low, high := " >= ?", " <= ?"
		if c.OpenLow {
			low = " > ?"
		}
		if c.OpenHigh {
			high = " < ?"
		}
		b.add(k+low, string(c.Keys[0]))
		b.add(" AND "+k+high, string(c.Keys[1]))
	case documents.Exists:
		b.add(k + " IS NOT NULL")
	case documents.Missing:
		b.add(k + " IS NULL")
	default:
		b.add("FALSE")
	}
}

// after holds for what comes behind p: the first member on which they differ,
// or else the key, decides.
func (b *builder) after(order []documents.Order, p documents.Position) {
	b.add("(")
	for n := range len(order) + 1 {
		if n > 0 {
			b.add(" OR ")
		}
		for i, o := range order[:n] {
			b.same(expression(o.Path), p.Keys[i])
			b.add(" AND ")
		}
		if n < len(order) {
			b.beyond(expression(order[n].Path), order[n].Descending, p.Keys[n])
		} else {
			b.add("key > ?", p.Key)
		}
	}
	b.add(")")
}

func (b *builder) same(k string, key documents.SortKey) {
	if key == "" {
		b.add(k + " IS NULL")
	} else {
		b.add(k+" = ?", string(key))
	}
}

func (b *builder) beyond(k string, descending bool, key documents.SortKey) {
	switch {
	case !descending && key == "":
		b.add(k + " IS NOT NULL")
	case !descending:
		b.add(k+" > ?", string(key))
	case key == "":
		b.add("FALSE")
	default:
		b.add("("+k+" < ? OR "+k+" IS NULL)", string(key))
	}
}
