package localfiles

import (
	"context"

	"github.com/cpodkit/cpodkit"
)

var _ cpodkit.Pinger = (*Driver)(nil)

// Ping implements [cpodkit.Pinger] with a look at the folder of the files.
func (d *Driver) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := d.objects.Stat(".")
	return failure(err)
}
