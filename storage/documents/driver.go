package documents

import (
	"context"
	"slices"
	"time"
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

// CollectionID is where documents live: a space (storage.Space.Root) and a name.
type CollectionID struct {
	Space string
	Name  string
}

// Record is one stored document.
type Record struct {
	Key       string
	Value     []byte    // compact JSON, byte for byte as it was set
	Version   string    // opaque; another one after every write, never used again
	UpdatedAt time.Time // in milliseconds
}

// Op is one write of [Driver.Apply].
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

// DriverQuery is what [Driver.Query] gets. A query is validated and translated
// into sort keys (see [SortKey]) by the portable type, so that a driver only
// compares bytes.
type DriverQuery struct {
	Filter []Condition // all must hold
	Order  []Order     // before the key, which is always the last, ascending
	After  *Position   // nil from the start
	Limit  int         // at least 1

	// MaxBytes, when not 0, ends the result after the first document with which
	// the values have more than so many bytes together.
	MaxBytes int
}

// Condition holds for a document when its sort key K at Path passes Test. K is
// "" when the document has nothing at Path. Keys compare by their bytes.
type Condition struct {
	Path Path
	Test Test
	Keys []SortKey // the operands of Test, none of them ""

	OpenLow, OpenHigh bool // for Range: the bound itself is outside
}

// Test is the comparison of a [Condition].
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

// Order is one member of a sort.
type Order struct {
	Path       Path
	Descending bool
}

// Position is the place of one document in an ordered result: its sort keys,
// one for each member of Order, and its key. With the Key "" it is the place
// before all documents that have these sort keys.
type Position struct {
	Keys []SortKey
	Key  string
}
