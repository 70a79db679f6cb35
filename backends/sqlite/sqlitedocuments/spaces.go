package sqlitedocuments

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/cpodkit/cpodkit/storage/documents"
)

var _ documents.SpaceFinder = (*Driver)(nil)

// A collection stays when its last document goes. "0" is the byte after "/", so
// the range is that of a prefix, and the index of the collections serves it.
const spacesSQL = "SELECT space FROM collections WHERE space >= ? AND space < ? AND name = ? " +
	"AND EXISTS (SELECT 1 FROM documents WHERE collection = collections.id) ORDER BY space LIMIT ?"

// Spaces implements [documents.SpaceFinder].
func (d *Driver) Spaces(ctx context.Context, prefix, collection string, limit int) ([]string, error) {
	args := []driver.Value{prefix, strings.TrimSuffix(prefix, "/") + "0", collection, int64(limit)}
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
