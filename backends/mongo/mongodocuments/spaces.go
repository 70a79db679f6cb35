package mongodocuments

import (
	"context"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cpodkit/cpodkit/storage/documents"
)

var _ documents.SpaceFinder = (*Driver)(nil)

// Spaces implements [documents.SpaceFinder]. It takes one call of MongoDB for each
// space, and one more: each looks for the first id behind those of the space
// before.
func (d *Driver) Spaces(ctx context.Context, prefix, collection string, limit int) ([]string, error) {
	first, err := idPrefixOf(documents.CollectionID{Space: prefix, Name: collection})
	if err != nil {
		return nil, err
	}
	after := strings.TrimSuffix(string(first), separator)
	end := strings.TrimSuffix(after, "/") + "0" // the byte after it
	var spaces []string
	for len(spaces) < limit {
		id, err := d.firstID(ctx, after, end)
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

// firstID returns the first id between two, "" when there is none.
func (d *Driver) firstID(ctx context.Context, after, end string) (id string, err error) {
	filter := between(after, end)
	ids := bson.D{{Key: fieldID, Value: 1}}
	err = d.call(ctx, d.limit, func(ctx context.Context) error {
		raw, err := d.docs.FindOne(ctx, filter, options.FindOne().SetSort(ids).SetProjection(ids)).Raw()
		if err == nil {
			id, _ = raw.Lookup(fieldID).StringValueOK()
		}
		return ignoreNone(err)
	})
	return id, err
}
