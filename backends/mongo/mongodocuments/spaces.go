package mongodocuments

import (
	"context"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

var (
	_ documents.SpaceFinder      = (*Driver)(nil)
	_ documents.CollectionFinder = (*Driver)(nil)
)

// Spaces implements [documents.SpaceFinder]. It takes one call of MongoDB for each
// space, and one more: each looks for the first id behind those of the space
// before.
func (d *Driver) Spaces(ctx context.Context, prefix, collection string, limit int) ([]string, error) {
	first, err := idPrefixOf(documents.CollectionID{Space: prefix, Name: collection})
	if err != nil {
		return nil, err
	}
	after := strings.TrimSuffix(string(first), separator)
	end := storage.PrefixEnd(after)
	var spaces []string
	for len(spaces) < limit {
		id, err := d.firstID(ctx, prefix, after, end)
		if err != nil || id == "" {
			return spaces, err
		}
		space, ok := spaceIn(id)
		if !ok {
			return nil, fmt.Errorf("mongodocuments: the document %q is not one of this package", id)
		}
		spaces = append(spaces, space)
		after = idPrefix(collection + separator + space + separator).end()
	}
	return spaces, nil
}

// firstID returns the first id between two, "" when there is none. The call is one of the
// tenant of space.
func (d *Driver) firstID(ctx context.Context, space, after, end string) (id string, err error) {
	filter := between(after, end)
	ids := bson.D{{Key: fieldID, Value: 1}}
	err = d.callFor(ctx, space, d.limit, func(ctx context.Context) error {
		raw, err := d.docs.FindOne(ctx, filter, options.FindOne().SetSort(ids).SetProjection(ids)).Raw()
		if err == nil {
			id, _ = raw.Lookup(fieldID).StringValueOK()
		}
		return ignoreNone(err)
	})
	return id, err
}

// Collections implements [documents.CollectionFinder]. It takes one call of MongoDB for
// each collection, one for each space, and one more: each looks in the index of spaces
// for what follows the collection before.
func (d *Driver) Collections(
	ctx context.Context, prefix string, after documents.CollectionID, limit int,
) ([]documents.CollectionID, error) {
	end := storage.PrefixEnd(prefix)
	if after.Space < prefix {
		after = documents.CollectionID{Space: prefix} // which has no collection of this name
	}
	var found []documents.CollectionID
	for len(found) < limit && after.Space < end {
		next, err := d.firstCollection(ctx, prefix, bson.D{
			{Key: fieldSpace, Value: after.Space}, {Key: fieldCollection, Value: bson.D{{Key: gt, Value: after.Name}}},
		})
		if err == nil && next == (documents.CollectionID{}) {
			next, err = d.firstCollection(ctx, prefix, bson.D{
				{Key: fieldSpace, Value: bson.D{{Key: gt, Value: after.Space}, {Key: lt, Value: end}}},
			})
		}
		if err != nil || next == (documents.CollectionID{}) {
			return found, err
		}
		found = append(found, next)
		after = next
	}
	return found, nil
}

// firstCollection returns the collection of the first document that passes filter, in
// the order of the index of spaces; the zero one when there is none. The call is one of
// the tenant of space.
func (d *Driver) firstCollection(ctx context.Context, space string, filter bson.D) (in documents.CollectionID, err error) {
	o := options.FindOne().SetSort(spacesIndex()).
		SetProjection(bson.D{{Key: fieldSpace, Value: 1}, {Key: fieldCollection, Value: 1}, {Key: fieldID, Value: 0}})
	err = d.callFor(ctx, space, d.limit, func(ctx context.Context) error {
		raw, err := d.docs.FindOne(ctx, filter, o).Raw()
		if err == nil {
			in.Space, _ = raw.Lookup(fieldSpace).StringValueOK()
			in.Name, _ = raw.Lookup(fieldCollection).StringValueOK()
		}
		return ignoreNone(err)
	})
	return in, err
}
