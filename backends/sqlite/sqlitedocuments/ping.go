package sqlitedocuments

import (
	"context"

	"github.com/cpodkit/cpodkit"
)

var _ cpodkit.Pinger = (*Driver)(nil)

// Ping implements [cpodkit.Pinger] with a look at the head of the file.
func (d *Driver) Ping(ctx context.Context) error {
	return d.read(ctx, func(c *conn) error {
		_, err := c.integer(ctx, "PRAGMA schema_version")
		return err
	})
}
