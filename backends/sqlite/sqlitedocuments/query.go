package sqlitedocuments

import (
	"database/sql/driver"
	"strings"

	"github.com/cpodkit/cpodkit/storage/documents"
)

const (
	recordColumns = "key, version, updated_ms, value"

	getSQL = "SELECT " + recordColumns + " FROM documents WHERE " + keySQL
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

// buildQuery returns the query of a collection, by index unless that is nil.
//
// It finds the ids of a page first. All that may take long is in there, and
// materializing puts it before the first row, for no context reaches a search
// between two rows. The values, which may be large, are read for this page
// alone, one with each row.
func buildQuery(at collectionIDs, q documents.DriverQuery, by *index) (string, []driver.Value) {
	var b builder
	b.add("WITH page AS MATERIALIZED (SELECT id FROM documents ")
	switch { // and leave nothing to SQLite, which has no statistics to choose an index by
	case by != nil:
		b.add("INDEXED BY "+by.name+" WHERE "+by.where+" AND collection = ?", at.collection)
	case len(q.Order) > 0: // every document has to be looked at, so in the order of the pages
		first, last := idRange(at.collection)
		b.add("NOT INDEXED WHERE id BETWEEN ? AND ?", first, last)
	default:
		b.add("INDEXED BY documents_by_key WHERE collection = ?", at.collection)
	}
	for _, c := range q.Filter {
		b.condition(c, q)
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
	b.add("key LIMIT ?) SELECT "+recordColumns+" FROM page CROSS JOIN documents USING (id)", int64(q.Limit))
	return b.text.String(), b.args
}

// idRange returns the first and the last id of a collection's documents.
func idRange(collection int64) (first, last int64) {
	return collection << idBits, (collection+1)<<idBits - 1
}

// expressionStart begins every expression. No statement without an expression has it.
const expressionStart = "ifnull(projection ->> '$"

// expression is the sort key at path; "", as everywhere, when there is nothing.
func expression(path documents.Path) string {
	var b strings.Builder
	b.WriteString(expressionStart)
	for _, name := range path.Escaped() {
		b.WriteString(`."` + name + `"`)
	}
	b.WriteString("', '')")
	return b.String()
}

// fixedKeys returns the one sort key that a filter leaves for an expression.
func fixedKeys(filter []documents.Condition) map[string]documents.SortKey {
	fixed := map[string]documents.SortKey{}
	for _, c := range filter {
		switch c.Test {
		case documents.Equal:
			fixed[expression(c.Path)] = c.Keys[0]
		case documents.Missing:
			fixed[expression(c.Path)] = ""
		}
	}
	return fixed
}

// withoutFixed returns q without the members of its order for which the filter
// leaves one value: they change nothing, and would hide that an index has the
// order of the others.
func withoutFixed(q documents.DriverQuery, fixed map[string]documents.SortKey) documents.DriverQuery {
	if len(fixed) == 0 {
		return q
	}
	short := q
	short.Order = nil
	if q.After != nil {
		short.After = &documents.Position{Key: q.After.Key}
	}
	for i, o := range q.Order {
		key, ok := fixed[expression(o.Path)]
		if ok && q.After != nil && q.After.Keys[i] != key {
			return q // the position is not that of a document which passes
		}
		if ok {
			continue
		}
		short.Order = append(short.Order, o)
		if q.After != nil {
			short.After.Keys = append(short.After.Keys, q.After.Keys[i])
		}
	}
	return short
}

// condition adds what a document must fulfil, less what follows from the
// position that q goes on behind: of two bounds on one side, SQLite might start
// a search of an index at the wrong one, and walk up to the position.
func (b *builder) condition(c documents.Condition, q documents.DriverQuery) {
	k := expression(c.Path)
	switch c.Test {
	case documents.Equal:
		b.add(" AND "+k+" = ?", string(c.Keys[0]))
	case documents.NotEqual:
		b.add(" AND "+k+" <> ?", string(c.Keys[0]))
	case documents.In:
		b.add(" AND " + k + " IN (" + strings.TrimSuffix(strings.Repeat("?,", len(c.Keys)), ",") + ")")
		for _, key := range c.Keys {
			b.args = append(b.args, string(key))
		}
	case documents.Range:
		b.bound(k, ">", c.Keys[0], c.OpenLow, q)
		b.bound(k, "<", c.Keys[1], c.OpenHigh, q)
	case documents.Exists:
		b.bound(k, ">", "", true, q)
	case documents.Missing:
		b.add(" AND " + k + " = ''")
	default:
		b.add(" AND FALSE")
	}
}

func (b *builder) bound(k, operator string, key documents.SortKey, open bool, q documents.DriverQuery) {
	if q.After != nil && len(q.Order) > 0 && expression(q.Order[0].Path) == k && q.Order[0].Descending == (operator == "<") {
		beyond := strings.Compare(string(q.After.Keys[0]), string(key))
		if operator == "<" {
			beyond = -beyond
		}
		if beyond > 0 || beyond == 0 && !open {
			return
		}
	}
	if !open {
		operator += "="
	}
	b.add(" AND "+k+" "+operator+" ?", string(key))
}

// after holds for what comes behind p: for each member of the order what is not
// before p there and, unless it is behind p there, is so in the members that
// follow, of which key is the last. The outermost bound can start a search of an
// index.
func (b *builder) after(order []documents.Order, p documents.Position) {
	for i, o := range order {
		k, key := expression(o.Path), string(p.Keys[i])
		operator := ">"
		if o.Descending {
			operator = "<"
		}
		b.add(k+" "+operator+"= ? AND ("+k+" "+operator+" ? OR ", key, key)
	}
	b.add("key > ?", p.Key)
	b.add(strings.Repeat(")", len(order)))
}
