package documents

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit/storage"
)

// Limits of declared indexes.
const (
	MaxIndexes      = 64
	MaxIndexMembers = 4
)

// Index declares that a driver keeps the documents of the collections of one
// name, in all spaces, in an order of their members. A driver that can takes
// indexes as an option. An index makes queries faster and writes to its
// collections slower, and changes no result.
type Index struct {
	Collection string
	Members    []Order // then the key, ascending
}

// String returns the index as "sessions:status,-createdAt", where "-" is for
// descending.
func (i Index) String() string {
	members := make([]string, len(i.Members))
	for n, o := range i.Members {
		if o.Descending {
			members[n] = "-"
		}
		members[n] += o.Path.String()
	}
	return i.Collection + ":" + strings.Join(members, ",")
}

// IndexDeclarer is a [Driver] whose indexes can be declared anew while it is in
// use.
type IndexDeclarer interface {
	// DeclareIndexes makes the declared indexes those that are given, in all spaces:
	// it builds those that are missing, waits until they are built, and drops those
	// that are declared no more. Queries go on meanwhile and give the same results.
	// When it fails, for an operator to read why, queries use the indexes as they did
	// before. It is safe for concurrent use.
	DeclareIndexes(ctx context.Context, indexes ...Index) error
}

// CheckIndexes returns an error, fit for an operator, when indexes may not be
// declared together: one has no or over [MaxIndexMembers] members, a path that
// is none or stands twice, or a collection that is none; two are the same; or
// they are over [MaxIndexes].
func CheckIndexes(indexes []Index) error {
	if len(indexes) > MaxIndexes {
		return fmt.Errorf("%d indexes are declared; at most %d are allowed", len(indexes), MaxIndexes)
	}
	seen := map[string]bool{}
	for _, i := range indexes {
		if err := i.check(); err != nil {
			return fmt.Errorf("the index %q: %w", i, err)
		}
		if seen[i.String()] {
			return fmt.Errorf("the index %q is declared twice", i)
		}
		seen[i.String()] = true
	}
	return nil
}

func (i Index) check() error {
	if err := storage.CheckCollection(i.Collection); err != nil {
		return err
	}
	if n := len(i.Members); n == 0 || n > MaxIndexMembers {
		return fmt.Errorf("it has %d members; 1 to %d are allowed", n, MaxIndexMembers)
	}
	for n, o := range i.Members {
		if _, err := ParsePath(o.Path.String()); err != nil {
			return err
		}
		if slices.ContainsFunc(i.Members[:n], func(p Order) bool { return slices.Equal(p.Path, o.Path) }) {
			return fmt.Errorf("it has the path %q twice", o.Path)
		}
	}
	return nil
}
