package mongodocuments

import (
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// Query implements [documents.Driver]. It takes one call of MongoDB, and one more
// for each 16 MiB of the page. It has the time of its context, or without a
// deadline that of any call; while too many queries are under way, it waits as
// long as its context lets it.
func (d *Driver) Query(ctx context.Context, in documents.CollectionID, q documents.DriverQuery) ([]documents.Record, error) {
	at, err := idPrefixOf(in)
	if err != nil {
		return nil, err
	}
	filter, err := d.filter(in, at, q)
	if err != nil {
		return nil, err
	}
	release, err := d.queries.Acquire(ctx, in.Space)
	if err != nil {
		return nil, err
	}
	defer release()
	limit := d.limit
	if deadline, ok := ctx.Deadline(); ok {
		limit = time.Until(deadline)
	}
	var records []documents.Record
	err = d.call(ctx, limit, func(ctx context.Context) (err error) {
		records, err = d.page(ctx, at, findCommand(filter, recordFields(), sortOf(q.Order), q.Limit), q.MaxBytes)
		return err
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

// findCommand is the command of a query
// (https://www.mongodb.com/docs/manual/reference/command/find/). Unlike
// Collection.Find, a command carries what is left of the context's time to the
// server, which so does not go on with a query that nobody waits for.
func findCommand(filter bson.D, fields bson.Raw, sort bson.D, limit int) bson.D {
	return bson.D{
		{Key: "find", Value: collectionName},
		{Key: "filter", Value: filter},
		{Key: "projection", Value: fields},
		{Key: "sort", Value: sort},
		{Key: "limit", Value: int64(limit)},
		{Key: "batchSize", Value: int64(limit) + 1}, // one answer, and no cursor left
		{Key: "allowDiskUse", Value: true},
		{Key: "readConcern", Value: bson.D{{Key: "level", Value: readconcern.Majority().Level}}},
	}
}

// page reads the result of a find command until the values have over maxBytes,
// unless that is 0.
func (d *Driver) page(ctx context.Context, at idPrefix, command bson.D, maxBytes int) ([]documents.Record, error) {
	cursor, err := d.db.RunCommandCursor(ctx, command)
	if err != nil && isDown(err) && ctx.Err() == nil {
		cursor, err = d.db.RunCommandCursor(ctx, command) // the primary may be another one now
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = cursor.Close(ctx) }() // the server ends it by itself later
	var records []documents.Record
	size := 0
	for cursor.Next(ctx) {
		record, err := decode(cursor.Current, at)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
		if size += len(record.Value); maxBytes > 0 && size > maxBytes {
			return records, nil
		}
	}
	return records, cursor.Err()
}

func fieldOf(path documents.Path) string {
	field := fieldProjection
	for _, name := range path.Escaped() {
		field += "." + fieldName(name)
	}
	return field
}

func sortOf(order []documents.Order) bson.D {
	var sort bson.D
	for _, o := range order {
		field := fieldOf(o.Path)
		if slices.ContainsFunc(sort, func(e bson.E) bool { return e.Key == field }) {
			continue // it decides nothing again
		}
		sort = append(sort, bson.E{Key: field, Value: direction(o)})
	}
	return append(sort, bson.E{Key: fieldID, Value: 1})
}

func direction(o documents.Order) int {
	if o.Descending {
		return -1
	}
	return 1
}

// filter returns what a document must fulfil. The range of ids serves a query
// that no declared index does.
func (d *Driver) filter(in documents.CollectionID, at idPrefix, q documents.DriverQuery) (bson.D, error) {
	after := string(at)
	if q.After != nil && len(q.Order) == 0 {
		after = at.id(q.After.Key)
	}
	filter := between(after, at.end())
	if d.indexes.declared(in.Name) {
		filter = append(filter, bson.E{Key: fieldCollection, Value: in.Name}, bson.E{Key: fieldSpace, Value: in.Space})
	}
	var all bson.A
	for _, c := range q.Filter {
		holds, err := condition(c)
		if err != nil {
			return nil, err
		}
		all = append(all, holds)
	}
	if q.After != nil && len(q.Order) > 0 {
		behind, err := behind(at, q.Order, *q.After)
		if err != nil {
			return nil, err
		}
		all = append(all, behind)
	}
	if len(all) > 0 {
		filter = append(filter, bson.E{Key: "$and", Value: all})
	}
	return filter, nil
}

// The comparisons of MongoDB.
const (
	gt  = "$gt"
	gte = "$gte"
	lt  = "$lt"
	lte = "$lte"
)

// compare is a test of one field.
func compare(field, operator string, value any) bson.D {
	return bson.D{{Key: field, Value: bson.D{{Key: operator, Value: value}}}}
}

// never holds for no document.
func never() bson.D { return compare(fieldID, "$in", bson.A{}) }

// between holds for the ids between two.
func between(after, end string) bson.D {
	return bson.D{{Key: fieldID, Value: bson.D{{Key: gt, Value: after}, {Key: lt, Value: end}}}}
}

// condition returns what c asks for. A field is missing, a string or an object; a
// comparison of MongoDB by "<" and the like holds within one of these alone.
func condition(c documents.Condition) (bson.D, error) {
	field := fieldOf(c.Path)
	values := make(bson.A, len(c.Keys))
	for i, key := range c.Keys {
		if c.Test == documents.Range {
			break // whose bounds may be no keys of values
		}
		var err error
		if values[i], err = operand(key); err != nil {
			return nil, err
		}
	}
	switch c.Test {
	case documents.Equal:
		return compare(field, "$eq", values[0]), nil
	case documents.NotEqual:
		return compare(field, "$ne", values[0]), nil
	case documents.In:
		return compare(field, "$in", values), nil
	case documents.Exists:
		return compare(field, "$ne", nil), nil
	case documents.Missing:
		return compare(field, "$eq", nil), nil
	case documents.Range:
		if c.Keys[0] != "" && c.Keys[1] <= objects {
			return within(field, c), nil
		}
		low, err := above(field, c.Keys[0], c.OpenLow)
		if err != nil {
			return nil, err
		}
		high, err := below(field, c.Keys[1], c.OpenHigh)
		if err != nil {
			return nil, err
		}
		return bson.D{{Key: "$and", Value: bson.A{low, high, compare(field, "$ne", nil)}}}, nil
	}
	return never(), nil
}

// within returns a Range of strings.
func within(field string, c documents.Condition) bson.D {
	low, high := gte, lte
	if c.OpenLow {
		low = gt
	}
	if c.OpenHigh {
		high = lt
	}
	return bson.D{{Key: field, Value: bson.D{{Key: low, Value: string(c.Keys[0])}, {Key: high, Value: string(c.Keys[1])}}}}
}

// behind holds for what comes behind p: for each member of the order what is not
// before p there and, unless it is behind p there, is so in the members that
// follow, of which the key is the last. The outermost bound can start the search
// of an index.
func behind(at idPrefix, order []documents.Order, p documents.Position) (bson.D, error) {
	rest := compare(fieldID, gt, at.id(p.Key))
	for i, o := range slices.Backward(order) {
		bound := above
		if o.Descending {
			bound = below
		}
		field := fieldOf(o.Path)
		notBefore, err := bound(field, p.Keys[i], false)
		if err != nil {
			return nil, err
		}
		beyond, err := bound(field, p.Keys[i], true)
		if err != nil {
			return nil, err
		}
		rest = bson.D{{Key: "$and", Value: bson.A{notBefore, bson.D{{Key: "$or", Value: bson.A{beyond, rest}}}}}}
	}
	return rest, nil
}

// above holds for a field whose key is behind the given one, or is that unless
// open. The order is missing, strings, objects. That it is one run of an index
// is why it says what does not hold.
func above(field string, key documents.SortKey, open bool) (bson.D, error) {
	within, without := gte, lt
	if open {
		within, without = gt, lte
	}
	switch {
	case key == "" && !open:
		return bson.D{}, nil
	case key == "":
		return compare(field, "$ne", nil), nil
	case key < objects:
		return bson.D{{Key: field, Value: bson.D{{Key: "$not", Value: bson.D{{Key: without, Value: string(key)}}}, {Key: "$ne", Value: nil}}}}, nil
	case key == objects:
		return compare(field, gte, bson.D{}), nil
	case isObject(key):
		value, err := operand(key)
		return compare(field, within, value), err
	}
	return never(), nil
}

// below is the opposite of above.
func below(field string, key documents.SortKey, open bool) (bson.D, error) {
	without := gt
	if open {
		without = gte
	}
	noObject := not(field, gte, bson.D{})
	switch {
	case key == "" && open:
		return never(), nil
	case key == "":
		return compare(field, "$eq", nil), nil
	case key < objects:
		return bson.D{{Key: "$and", Value: bson.A{not(field, without, string(key)), noObject}}}, nil
	case key == objects:
		return noObject, nil
	case isObject(key):
		value, err := operand(key)
		return not(field, without, value), err
	}
	return bson.D{}, nil
}

// objects is before the keys of all objects, and behind all others.
const objects documents.SortKey = "{"

func not(field, operator string, value any) bson.D {
	return compare(field, "$not", bson.D{{Key: operator, Value: value}})
}
