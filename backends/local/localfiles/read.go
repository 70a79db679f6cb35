package localfiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/files"
)

// errOtherName says that the file system took the name of another file for the
// one asked for, as one that ignores case does, or that a link led to it.
var errOtherName = errors.New("localfiles: the file at this place has another name")

// openFile opens a file of root and reads its trailer. name is the full name
// that the trailer must say. An absent file and a folder are CodeNotFound.
func openFile(root *os.Root, path, name string) (*os.File, files.Attributes, error) {
	f, err := root.Open(path)
	if isGone(err) {
		return nil, files.Attributes{}, cpodkit.CodeNotFound
	}
	if err != nil {
		return nil, files.Attributes{}, failure(err)
	}
	attrs, err := readTrailer(f)
	switch {
	case err == nil && attrs.Name == name:
		return f, attrs, nil
	case err == nil:
		err = errOtherName
	case errors.Is(err, errFolder):
		err = cpodkit.CodeNotFound
	default:
		err = failure(err)
	}
	_ = f.Close()
	return nil, files.Attributes{}, err
}

// find opens the file of that name, for a reader.
func (d *Driver) find(ctx context.Context, name string) (*os.File, files.Attributes, error) {
	if err := check(name); err != nil {
		return nil, files.Attributes{}, err
	}
	if err := ctx.Err(); err != nil {
		return nil, files.Attributes{}, err
	}
	f, attrs, err := openFile(d.objects, name, name)
	if errors.Is(err, errOtherName) {
		err = fmt.Errorf("%w: %w", cpodkit.CodeNotFound, err)
	}
	return f, attrs, err
}

// Open implements [files.Driver]. The object is a [files.OSFileObject].
func (d *Driver) Open(ctx context.Context, name string) (files.Object, error) {
	f, attrs, err := d.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return &object{io.NewSectionReader(f, 0, attrs.Size), f, attrs}, nil
}

// Stat implements [files.Driver].
func (d *Driver) Stat(ctx context.Context, name string) (files.Attributes, error) {
	f, attrs, err := d.find(ctx, name)
	if err != nil {
		return files.Attributes{}, err
	}
	return attrs, f.Close()
}

// object is the content of a file, without its trailer.
type object struct {
	*io.SectionReader
	file  *os.File
	attrs files.Attributes
}

var _ files.OSFileObject = (*object)(nil)

func (o *object) Attributes() files.Attributes { return o.attrs }
func (o *object) Close() error                 { return o.file.Close() }

func (o *object) OSFile() (*os.File, error) {
	at, err := o.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	_, err = o.file.Seek(at, io.SeekStart)
	return o.file, err
}
