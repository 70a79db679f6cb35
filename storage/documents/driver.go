package documents

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// Driver stores JSON documents by collection and key. Names are built and
// checked, and values validated, by the portable type before they come here.
//
// An outcome that callers act on is an error for which errors.Is finds
// cpodkit.CodeNotFound, CodePreconditionFailed, CodeUnavailable or CodeTimeout.
// Every other error is returned raw; its text reaches logs and never a client.
// The Detail of a *cpodkit.Error that is CodeUnavailable is for the client: it
// may say that the disk is full. All methods are safe for concurrent use and
// honour ctx. Package documentstest is the suite that every driver passes.
type Driver interface {
	// Get returns one document, or CodeNotFound.
	Get(ctx context.Context, in CollectionID, key string) (Record, error)

	// Apply carries out ops in order and returns one error for each, nil where
	// it succeeded. Each op is atomic and durable once Apply returns; the ops
	// together are not. Deleting what is not there succeeds, unless IfVersion or
	// IfPresent asks for it. The driver keeps nothing of ops, and changes nothing
	// in them.
	Apply(ctx context.Context, in CollectionID, ops []Op) []error

	// Query returns the documents that pass all of q.Filter, in q.Order and then
	// by key, at most q.Limit of them. It may have to look at the whole collection;
	// it stops when ctx ends, and holds up no other call meanwhile.
	Query(ctx context.Context, in CollectionID, q DriverQuery) ([]Record, error)

	// Close finishes what is under way and frees what the driver holds.
	Close() error
}

// SpaceFinder is for drivers: a [Driver] that knows in which spaces a collection has
// documents. Without it the user tier reaches an app's own documents alone: a
// read that has to look further is not_supported.
type SpaceFinder interface {
	// Spaces returns the spaces that begin with prefix, which ends with a slash,
	// and hold a document in the collection of that name: in byte order, at most
	// limit of them.
	Spaces(ctx context.Context, prefix, collection string, limit int) ([]string, error)
}

// CollectionFinder is for drivers: a [Driver] that knows which collections hold
// documents. Without it a list of collections is not_supported.
type CollectionFinder interface {
	// Collections returns the collections that hold a document, in the spaces that
	// begin with prefix, which ends with a slash. They are in byte order of their
	// spaces and then of their names, begin after the given one, and are at most limit.
	// The zero CollectionID is before all. It reads no document.
	Collections(ctx context.Context, prefix string, after CollectionID, limit int) ([]CollectionID, error)
}

// IndexDeclarer is for drivers: a [Driver] whose indexes can be declared anew while it
// is in use.
type IndexDeclarer interface {
	// DeclareIndexes makes the declared indexes those that are given, in all spaces:
	// it builds those that are missing, waits until they are built, and drops those
	// that are declared no more. Queries go on meanwhile and give the same results.
	// When it fails, for an operator to read why, queries use the indexes as they did
	// before. It is safe for concurrent use.
	DeclareIndexes(ctx context.Context, indexes ...Index) error
}

// CheckIndexes is for drivers: it returns an error, fit for an operator, when indexes
// may not be declared together. Two are the same, there are more than [MaxIndexes], or
// one has no or more than [MaxIndexMembers] members, a path twice, or a path or a
// collection that nothing can have.
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

// CollectionID is for drivers: where documents are, as a space (storage.Space.Root) and
// a name.
type CollectionID struct {
	Space string
	Name  string
}

func (c CollectionID) compare(other CollectionID) int {
	return cmp.Or(cmp.Compare(c.Space, other.Space), cmp.Compare(c.Name, other.Name))
}

// Record is for drivers: one stored document.
type Record struct {
	Key       string
	Value     []byte    // compact JSON, byte for byte as it was set
	Version   string    // opaque; another one after every write, never used again
	UpdatedAt time.Time // in milliseconds
}

// Op is for drivers: one write of [Driver.Apply].
type Op struct {
	// Record is what to set. For a delete only its Key counts.
	Record Record
	Delete bool

	// IfVersion, when not empty, is the version that the document must have:
	// CodePreconditionFailed when it has another or is not there.
	IfVersion string
	// IfPresent makes the op fail with CodePreconditionFailed when there is no
	// document.
	IfPresent bool
	// IfAbsent makes a set fail with CodePreconditionFailed when there is a document.
	IfAbsent bool
}

// DriverQuery is for drivers: what [Driver.Query] gets. A query is validated and
// translated into sort keys (see [SortKey]) by the portable type, so that a driver
// only compares bytes.
type DriverQuery struct {
	Filter []Condition // all must hold
	Order  []Order     // before the key, which is always the last, ascending
	After  *Position   // nil from the start
	Limit  int         // at least 1

	// MaxBytes, when not 0, ends the result after the first document with which
	// the values have more than so many bytes together.
	MaxBytes int
}

// Condition is for drivers: it holds for a document when its sort key K at Path passes
// Test. K is "" when the document has nothing at Path. Keys compare by their bytes.
type Condition struct {
	Path Path
	Test Test
	Keys []SortKey // the operands of Test, none of them ""

	OpenLow, OpenHigh bool // for Range: the bound itself is outside
}

// Test is for drivers: the comparison of a [Condition].
type Test uint8

// The tests. A query compares within one type only; for Range the portable
// type says so with the bounds of the type.
const (
	Equal    Test = iota + 1 // K == Keys[0]
	NotEqual                 // K != Keys[0]; holds too when nothing is there
	In                       // K is one of Keys
	Range                    // K lies between Keys[0] and Keys[1]
	Exists                   // K != ""
	Missing                  // K == ""
)

// Holds reports whether a document passes that has k at c.Path.
func (c *Condition) Holds(k SortKey) bool {
	switch c.Test {
	case Equal:
		return k == c.Keys[0]
	case NotEqual:
		return k != c.Keys[0]
	case In:
		return slices.Contains(c.Keys, k)
	case Range:
		low, high := c.Keys[0], c.Keys[1]
		return (k > low || k == low && !c.OpenLow) && (k < high || k == high && !c.OpenHigh)
	case Exists:
		return k != ""
	case Missing:
		return k == ""
	}
	return false
}

// Position is for drivers: where one document is in an ordered result. It has the sort
// keys of the document, one for each member of Order, and its key. With the Key "" it is
// before all documents that have these sort keys.
type Position struct {
	Keys []SortKey
	Key  string
}

// SortKey is for drivers: a JSON value as text whose bytes sort as the value does. The
// order is missing, null, false, true, numbers, strings (by their UTF-8 bytes), arrays,
// objects. Two values have the same key exactly when they are equal: 1, 1.0 and 10e-1
// are one number of whatever size, and the order of an object's members does
// not count. Arrays compare element by element; objects have some fixed order.
//
// A key is UTF-8 without NUL. "" is the key of what is missing. The first byte
// is the type, so that each type is one range of keys.
type SortKey string

// KeyOf is for drivers: it returns the key of one JSON value, such as the operand of a
// condition. It fails when raw is not one JSON value in UTF-8.
func KeyOf(raw []byte) (SortKey, error) {
	if !utf8.Valid(raw) {
		return "", errNotUTF8
	}
	e := encoder{in: raw, out: make([]byte, 0, len(raw)+len(raw)/4+16)}
	e.skipSpace()
	var err error
	if e.peek() == '{' {
		e.quoted = true
		err = e.object(0, false)
	} else {
		err = e.key(0, false)
	}
	if err == nil {
		err = e.end()
	}
	if err != nil {
		return "", err
	}
	return SortKey(e.out), nil
}

// TypeRange returns the bounds of the keys of k's type, for a Range within it:
// low <= every key of the type < high. The booleans are one type. It returns
// two empty keys when k is "".
func (k SortKey) TypeRange() (low, high SortKey) {
	if k == "" {
		return "", ""
	}
	switch tag := k[0]; tag {
	case tagFalse, tagTrue:
		return SortKey(tagFalse), SortKey(tagTrue + 1)
	default:
		return SortKey(tag), SortKey(tag + 1)
	}
}

// Projection is for drivers: what of a document can be filtered and sorted by, as a
// tree of JSON objects with the members of the document, whose names are those of
// [EscapeName], in the order of these names, and whose leaves, strings, are the
// keys of everything else (an array is a leaf). It is the one form for every
// driver, so the key of an object in it is its own JSON text.
//
// The projection of a document that is not an object is the zero value, in
// which no path finds anything.
type Projection struct {
	json string
}

// Project is for drivers: it returns the projection of value. It fails when value
// is not one JSON value in UTF-8.
func Project(value []byte) (Projection, error) {
	if !utf8.Valid(value) {
		return Projection{}, errNotUTF8
	}
	e := encoder{in: value, quoted: true}
	e.skipSpace()
	if e.peek() != '{' {
		if err := e.key(0, false); err != nil {
			return Projection{}, err
		}
		return Projection{}, e.end()
	}
	e.out = make([]byte, 0, len(value)+len(value)/2+16)
	e.members = make([]member, 0, 16)
	if err := e.object(0, false); err != nil {
		return Projection{}, err
	}
	if err := e.end(); err != nil {
		return Projection{}, err
	}
	return Projection{string(e.out)}, nil
}

// JSON returns the projection as compact JSON, or nil when it is the zero value.
func (p Projection) JSON() []byte {
	if p.json == "" {
		return nil
	}
	return []byte(p.json)
}

// At returns the key of what stands at path, "" when nothing does.
func (p Projection) At(path Path) SortKey { return p.at(path.Escaped()) }

// Escaped is for drivers: it returns the names of the path as they are in a [Projection].
func (p Path) Escaped() []string {
	for i, name := range p {
		if EscapeName(name) == name {
			continue
		}
		names := append([]string(nil), p[:i]...)
		for _, name := range p[i:] {
			names = append(names, EscapeName(name))
		}
		return names
	}
	return p
}

// EscapeName is for drivers: it returns a member name as it is in a [Projection],
// every byte outside [A-Za-z0-9_-] as "%" and two upper-case hexadecimal digits,
// and the empty name as "%". Different names stay different. The result needs no
// quoting in an SQLite JSON path between double quotes, nor as a field name of
// MongoDB.
func EscapeName(name string) string {
	if name == "" {
		return "%"
	}
	for i := range len(name) {
		if !plainNameByte(name[i]) {
			out := append(make([]byte, 0, len(name)+8), name[:i]...)
			for ; i < len(name); i++ {
				out = appendNameByte(out, name[i])
			}
			return string(out)
		}
	}
	return name
}
