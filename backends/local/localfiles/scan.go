package localfiles

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
)

// scan reads those entries of one folder that may be part of a page. All its
// strings are relative to the folder.
type scan struct {
	folder string // with a slash at its end, or ""
	prefix string // entries begin with it
	from   string // they sort after it,
	deeper bool   // or are a folder that it lies in
	after  string // the end of the portion before
	most   int    // names to look at in a portion
}

// slack is twice what a file system allows a name: see portion.
const slack = 2 * 256

func (l *lister) scanOf(folder string) scan {
	s := scan{folder: folder, deeper: l.query.Delimiter == "", most: l.query.Limit + 1 + slack}
	s.prefix, _ = strings.CutPrefix(l.query.Prefix, folder)
	if len(folder) > len(l.query.Prefix) {
		s.prefix = "" // all of the folder is within it
	}
	s.from, _ = strings.CutPrefix(l.query.After, folder)
	if !strings.HasPrefix(l.query.After, folder) {
		s.from = "" // all of the folder is behind it
	}
	return s
}

// portion returns the next entries in order, and whether there may be more.
//
// To ask the file system for the kind of every name would cost far more than to
// read the names, so it first takes the smallest names, and asks for theirs
// alone. A folder sorts as its name with a slash: behind the end of the portion,
// perhaps, and then it is left for the next one. That happens only to names that
// the end begins with; slack is more than there can be of these, so that every
// portion gets on.
func (s *scan) portion(ctx context.Context, objects *os.Root) (entries []string, more bool, err error) {
	var names []string
	err = eachName(ctx, objects, s.folder, func(_ *os.Root, name string) error {
		if !s.possible(name) {
			return nil
		}
		if names = append(names, name); len(names) >= 4*s.most {
			slices.Sort(names)
			names, more = names[:s.most], true
		}
		return nil
	})
	if err != nil || len(names) == 0 {
		return nil, false, err
	}
	slices.Sort(names)
	if len(names) > s.most {
		names, more = names[:s.most], true
	}
	root, err := objects.OpenRoot(asFolder(s.folder))
	if isGone(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, failure(err)
	}
	defer root.Close()
	end := names[len(names)-1]
	for _, name := range names {
		entry, err := entryOf(root, name)
		if err != nil {
			return nil, false, err
		}
		if s.wanted(entry) && (!more || entry <= end) {
			entries = append(entries, entry)
		}
	}
	slices.Sort(entries)
	s.after = end
	return entries, more, nil
}

// possible reports whether name, as a file or as a folder, can be wanted.
func (s *scan) possible(name string) bool {
	return strings.HasPrefix(name, s.prefix) &&
		(name > s.from || strings.HasPrefix(s.from, name)) &&
		(name > s.after || strings.HasPrefix(s.after, name))
}

func (s *scan) wanted(entry string) bool {
	return entry > s.after &&
		(entry > s.from || s.deeper && isFolder(entry) && strings.HasPrefix(s.from, entry))
}

// entryOf returns the name of a file, that of a folder with a slash, and "" for
// what is gone or not ours, such as a link.
func entryOf(root *os.Root, name string) (string, error) {
	info, err := root.Lstat(name)
	switch {
	case isGone(err):
		return "", nil
	case err != nil:
		return "", failure(err)
	case info.IsDir():
		return name + "/", nil
	case info.Mode().IsRegular():
		return name, nil
	}
	return "", nil
}

// eachName calls do with the names in a folder, in no order. A folder that is
// not there has none.
func eachName(
	ctx context.Context, objects *os.Root, folder string, do func(root *os.Root, name string) error,
) error {
	root, err := objects.OpenRoot(asFolder(folder))
	if isGone(err) {
		return nil
	}
	if err != nil {
		return failure(err)
	}
	defer root.Close()
	f, err := root.Open(".")
	if err != nil {
		return failure(err)
	}
	defer f.Close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		names, err := f.Readdirnames(1024)
		for _, name := range names {
			if err := do(root, name); err != nil {
				return err
			}
		}
		// A folder may be removed while it is read.
		if errors.Is(err, io.EOF) || isGone(err) {
			return nil
		}
		if err != nil {
			return failure(err)
		}
	}
}
