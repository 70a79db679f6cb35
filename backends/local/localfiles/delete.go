package localfiles

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"github.com/cpodkit/cpodkit"
)

// Delete implements [files.Driver]. Folders that become empty go with the file.
func (d *Driver) Delete(ctx context.Context, name string) error {
	if err := check(name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.remove(name); err != nil {
		return err
	}
	d.prune(path.Dir(name))
	return nil
}

// remove holds the name's lock until the disk has it: who finds nothing to
// delete may then say that it is deleted.
func (d *Driver) remove(name string) error {
	defer d.lock(name)()
	f, _, err := openFile(d.objects, name, name)
	if errors.Is(err, cpodkit.CodeNotFound) || errors.Is(err, errOtherName) {
		return nil
	}
	if err != nil {
		return err
	}
	_ = f.Close()
	if err := d.objects.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure(err)
	}
	return d.sync(d.objects, path.Dir(name))
}
