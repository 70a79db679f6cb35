package documents

import (
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

func (i Index) check() error {
	if err := storage.CheckCollection(i.Collection); err != nil {
		return err
	}
	if n := len(i.Members); n == 0 || n > MaxIndexMembers {
		return fmt.Errorf("it has %d members; 1 to %d are allowed", n, MaxIndexMembers)
	}
	for n, o := range i.Members {
		if err := o.Path.checkGiven(); err != nil {
			return err
		}
		if slices.ContainsFunc(i.Members[:n], func(p Order) bool { return slices.Equal(p.Path, o.Path) }) {
			return fmt.Errorf("it has the path %q twice", o.Path)
		}
	}
	return nil
}
