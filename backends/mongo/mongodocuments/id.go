package mongodocuments

import (
	"fmt"
	"strings"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// A document's _id is the name of its collection, its space and its key, with a
// separator behind the first two, which neither of them holds: documents of one
// collection in one space are one range of ids, in the order of their keys, and
// the spaces of a collection are in the order of the bytes.
const (
	separator      = "\t"
	afterSeparator = "\n"
)

// idPrefix is what the ids of the documents of a collection in a space begin with.
type idPrefix string

// idPrefixOf returns where in is. A name or space that could be taken for another
// is an error, which only a caller that builds them by itself sees.
func idPrefixOf(in documents.CollectionID) (idPrefix, error) {
	for _, part := range []string{in.Name, in.Space} {
		if strings.ContainsFunc(part, func(r rune) bool { return r < ' ' }) {
			return "", fmt.Errorf("mongodocuments: %q holds a control character", part)
		}
	}
	return idPrefix(in.Name + separator + in.Space + separator), nil
}

func (p idPrefix) id(key string) string { return string(p) + key }

// end returns an id after all that begin with the prefix, and before all others that
// follow.
func (p idPrefix) end() string { return strings.TrimSuffix(string(p), separator) + afterSeparator }

// spaceIn returns the space of an id.
func spaceIn(id string) (space string, ok bool) {
	_, rest, ok := strings.Cut(id, separator)
	if !ok {
		return "", false
	}
	space, _, ok = strings.Cut(rest, separator)
	return space, ok
}
