package localfiles

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

var _ files.Eraser = (*Driver)(nil)

// Erase implements [files.Eraser]. It also removes broken files, links, and the folders.
// A file of a name that is not below prefix stays: a file system that ignores case
// shows it here too.
func (d *Driver) Erase(ctx context.Context, prefix string) error {
	if err := storage.CheckPrefix(prefix); err != nil {
		return err
	}
	folder := strings.TrimSuffix(prefix, "/")
	if err := check(folder); err != nil {
		return err
	}
	if err := d.eraseFolder(ctx, prefix, prefix); err != nil {
		return err
	}
	for at := path.Dir(folder); at != "."; at = path.Dir(at) {
		if err := d.sync(d.objects, at); err != nil {
			return err
		}
	}
	return d.sync(d.objects, ".")
}

// eraseFolder removes what is in a folder, and then the folder.
func (d *Driver) eraseFolder(ctx context.Context, folder, prefix string) error {
	var names []string
	err := eachName(ctx, d.objects, folder, func(_ *os.Root, name string) error {
		names = append(names, name)
		return nil
	})
	for _, name := range names {
		if err != nil {
			return err
		}
		info, statErr := d.objects.Lstat(folder + name)
		switch {
		case isGone(statErr):
		case statErr != nil:
			err = failure(statErr)
		case info.IsDir():
			err = d.eraseFolder(ctx, folder+name+"/", prefix)
		default:
			err = d.eraseEntry(folder+name, prefix, info)
		}
	}
	if err == nil {
		d.removeFolder(strings.TrimSuffix(folder, "/"))
	}
	return err
}

// eraseEntry removes one entry, unless it is a good file of another name.
func (d *Driver) eraseEntry(name, prefix string, info fs.FileInfo) error {
	defer d.lock(name)()
	if info.Mode().IsRegular() {
		f, err := d.objects.Open(name)
		if err != nil {
			return ignoreGone(err)
		}
		attrs, err := readTrailer(f)
		_ = f.Close()
		if err != nil && !errors.Is(err, errForeign) {
			return failure(err)
		}
		if err == nil && !strings.HasPrefix(attrs.Name, prefix) {
			return nil
		}
	}
	return ignoreGone(d.objects.Remove(name))
}

func ignoreGone(err error) error {
	if isGone(err) {
		return nil
	}
	return failure(err)
}
