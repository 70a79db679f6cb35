package localfiles

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/files"
)

// List implements [files.Driver].
func (d *Driver) List(ctx context.Context, q files.ListQuery) (files.Listing, error) {
	if err := q.Check(); err != nil {
		return files.Listing{}, err
	}
	if q.After > q.Prefix && !strings.HasPrefix(q.After, q.Prefix) {
		return files.Listing{}, nil // all that has the prefix sorts before
	}
	folder := ""
	if i := strings.LastIndexByte(q.Prefix, '/'); i >= 0 {
		folder = q.Prefix[:i+1]
	}
	l := lister{driver: d, query: q}
	if err := l.walk(ctx, folder); err != nil && !errors.Is(err, errPageFull) {
		return files.Listing{}, err
	}
	return l.page, nil
}

// lister builds one page. In a list, folders are written with a slash at their
// end, which is also how they sort among the files: byte order of such entries,
// folder by folder, is byte order of full names.
type lister struct {
	driver *Driver
	query  files.ListQuery
	page   files.Listing
	last   string // what was added last
}

var errPageFull = errors.New("localfiles: the page is full")

// add makes room for one more, or ends the page because there is one more.
func (l *lister) add(name string) error {
	if len(l.page.Items)+len(l.page.Prefixes) == l.query.Limit {
		l.page.Next = l.last
		return errPageFull
	}
	l.last = name
	return nil
}

// walk adds what lies in folder. It takes the folder in portions, so that memory
// does not grow with it, and keeps none open while it goes deeper.
func (l *lister) walk(ctx context.Context, folder string) error {
	s := l.scanOf(folder)
	for {
		entries, more, err := s.portion(ctx, l.driver.objects)
		if err != nil {
			return err
		}
		for len(entries) > 0 {
			run := firstFolder(entries)
			if run > 0 {
				err = l.addFiles(ctx, folder, entries[:run])
			} else {
				run, err = 1, l.addFolder(ctx, folder+entries[0])
			}
			if err != nil {
				return err
			}
			entries = entries[run:]
		}
		if !more {
			return nil
		}
	}
}

func isFolder(entry string) bool { return strings.HasSuffix(entry, "/") }

// firstFolder returns the index of the first folder; without one, the length.
func firstFolder(entries []string) int {
	for i, entry := range entries {
		if isFolder(entry) {
			return i
		}
	}
	return len(entries)
}

// addFiles adds files of one folder. What is broken, foreign or gone is left out.
func (l *lister) addFiles(ctx context.Context, folder string, entries []string) error {
	root, err := l.driver.objects.OpenRoot(asFolder(folder))
	if isGone(err) {
		return nil
	}
	if err != nil {
		return failure(err)
	}
	defer root.Close()
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		attrs, ok, err := stat(root, entry, folder+entry)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := l.add(folder + entry); err != nil {
			return err
		}
		l.page.Items = append(l.page.Items, attrs)
	}
	return nil
}

func (l *lister) addFolder(ctx context.Context, folder string) error {
	if l.query.Delimiter == "" {
		return l.walk(ctx, folder)
	}
	found, err := l.driver.holdsFile(ctx, folder)
	if err != nil || !found {
		return err
	}
	if err := l.add(folder); err != nil {
		return err
	}
	l.page.Prefixes = append(l.page.Prefixes, folder)
	return nil
}

var errFound = errors.New("localfiles: found")

// holdsFile reports whether there is a file in folder or below it.
func (d *Driver) holdsFile(ctx context.Context, folder string) (bool, error) {
	var below []string
	err := eachName(ctx, d.objects, folder, func(root *os.Root, name string) error {
		entry, err := entryOf(root, name)
		if isFolder(entry) {
			below = append(below, folder+entry)
		}
		if err != nil || entry != name {
			return err
		}
		_, ok, err := stat(root, name, folder+name)
		if ok {
			return errFound
		}
		return err
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	for _, folder := range below {
		if err != nil {
			break
		}
		var found bool
		if found, err = d.holdsFile(ctx, folder); found {
			return true, nil
		}
	}
	return false, err
}

// stat returns the attributes of a file, and false for what a list leaves out:
// what is gone, broken, or known by another name.
func stat(root *os.Root, path, name string) (files.Attributes, bool, error) {
	f, attrs, err := openFile(root, path, name)
	switch {
	case err == nil:
		return attrs, true, f.Close()
	case errors.Is(err, cpodkit.CodeNotFound), errors.Is(err, errOtherName), errors.Is(err, errForeign):
		err = nil
	}
	return files.Attributes{}, false, err
}
