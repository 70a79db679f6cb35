package sqlitedocuments

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

var (
	_ documents.SpaceFinder      = (*Driver)(nil)
	_ documents.CollectionFinder = (*Driver)(nil)
)

// A row of collections stays when its last document goes, so both statements look for one
// document. The index of the collections serves the range, that of the keys the document.
const (
	spacesSQL = "SELECT space FROM collections WHERE space >= ? AND space < ? AND name = ? " +
		hasDocumentsSQL + " ORDER BY space LIMIT ?"
	collectionsSQL = "SELECT space, name FROM collections WHERE (space, name) > (?, ?) AND space < ? " +
		hasDocumentsSQL + " ORDER BY space, name LIMIT ?"
	hasDocumentsSQL = "AND EXISTS (SELECT 1 FROM documents WHERE collection = collections.id)"
)

// Spaces implements [documents.SpaceFinder].
func (d *Driver) Spaces(ctx context.Context, prefix, collection string, limit int) ([]string, error) {
	args := []driver.Value{prefix, storage.PrefixEnd(prefix), collection, int64(limit)}
	var spaces []string
	err := d.readFor(ctx, d.gets, prefix, func(c *conn) error {
		spaces = nil
		return c.query(ctx, spacesSQL, args, func(row []driver.Value) error {
			space, ok := row[0].(string)
			if !ok {
				return errors.New("sqlitedocuments: a row has columns of the wrong type")
			}
			spaces = append(spaces, space)
			return nil
		})
	})
	return spaces, err
}

// Collections implements [documents.CollectionFinder].
func (d *Driver) Collections(
	ctx context.Context, prefix string, after documents.CollectionID, limit int,
) ([]documents.CollectionID, error) {
	if after.Space < prefix {
		after = documents.CollectionID{Space: prefix} // which has no collection of this name
	}
	args := []driver.Value{after.Space, after.Name, storage.PrefixEnd(prefix), int64(limit)}
	var found []documents.CollectionID
	err := d.readFor(ctx, d.gets, prefix, func(c *conn) error {
		found = nil
		return c.query(ctx, collectionsSQL, args, func(row []driver.Value) error {
			space, ok1 := row[0].(string)
			name, ok2 := row[1].(string)
			if !ok1 || !ok2 {
				return errors.New("sqlitedocuments: a row has columns of the wrong type")
			}
			found = append(found, documents.CollectionID{Space: space, Name: name})
			return nil
		})
	})
	return found, err
}
