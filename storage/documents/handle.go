package documents

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
	"github.com/cpodkit/cpodkit/storage"
)

// Handle is a store bound to one identity and one tier. It is a small value,
// safe for concurrent use.
type Handle struct {
	store  *Store
	caller storage.Caller
}

// Tier returns a handle for the same identity in another tier.
func (h Handle) Tier(tier storage.Tier) Handle {
	h.caller.Tier = tier
	return h
}

// App returns a handle for the documents that one app of the user has in the
// user tier, for reading: Get and Query. Whatever writes, and any other tier, is
// bad_request then.
func (h Handle) App(clientID string) Handle {
	h.caller.Apps = storage.OneApp(clientID)
	return h
}

// AllApps returns a handle for the documents that all apps of the user have in
// the user tier, for Query. Every other call, and any other tier, is bad_request
// then.
func (h Handle) AllApps() Handle {
	h.caller.Apps = storage.AllApps()
	return h
}

// Collection returns the handle of a collection; [storage.CheckCollection] says
// how it may be named. A collection is there with its first document, so this
// costs nothing, and fails with the first call.
func (h Handle) Collection(name string) Collection {
	return Collection{handle: h, name: name}
}

// Collection reads and writes the documents of one collection, for one
// identity in one tier. It is a small value, safe for concurrent use.
//
// The errors of its methods hold a [cpodkit.Code]: missing_token, invalid_scope,
// user_required and forbidden when the identity may not do it, invalid_key for a key
// or a name that nothing can have, unavailable and timeout when the driver is down or too
// slow, internal when it fails. A canceled context comes back as such.
type Collection struct {
	handle Handle
	name   string
}

// Document is one stored value.
type Document struct {
	Key       string          `json:"key"`
	Value     json.RawMessage `json:"value"`
	Version   string          `json:"version"`   // opaque; another one after every write, never used again
	UpdatedAt time.Time       `json:"updatedAt"` // UTC, in milliseconds

	// App is the client_id of the app that the document belongs to. It is set where
	// a read could have found the document of any app: in the pages of
	// [Handle.AllApps], and by Get in the user tier without an app.
	App string `json:"app,omitempty"`
}

// MarshalJSON writes UpdatedAt with three fraction digits, as the answers of the
// routes have it.
func (d Document) MarshalJSON() ([]byte, error) {
	type fields Document
	return json.Marshal(struct {
		fields
		UpdatedAt rest.Time `json:"updatedAt"` // instead of the one of fields
	}{fields(d), rest.Time(d.UpdatedAt)})
}

// SetOptions are the conditions of a [Collection.Set]. IfAbsent excludes the
// others.
type SetOptions struct {
	// IfMatch is the version that the document must have; "" for no condition.
	IfMatch string

	// IfPresent makes Set fail when there is no document.
	IfPresent bool

	// IfAbsent makes Set fail when there is a document.
	IfAbsent bool
}

// DeleteOptions are the conditions of a [Collection.Delete].
type DeleteOptions struct {
	// IfMatch is the version that the document must have; "" for no condition.
	IfMatch string

	// IfPresent makes Delete fail when there is no document.
	IfPresent bool
}

// Set stores value, any JSON of at most [MaxValue] bytes and [MaxDepth] levels,
// and replaces what is there. A nil opts is no condition; one that does not hold
// is precondition_failed, and nothing is stored. Broken JSON and one that nests
// too deep is bad_request, a value over its size payload_too_large, one in which
// an object repeats a member name validation_failed.
func (c Collection) Set(ctx context.Context, key string, value []byte, opts *SetOptions) (Document, error) {
	in, err := c.authorizeWriteOf(key)
	if err != nil {
		return Document{}, err
	}
	if opts == nil {
		opts = &SetOptions{}
	}
	return c.handle.store.set(ctx, in, key, value, *opts)
}

// set is Set in a collection that is authorized.
func (s *Store) set(ctx context.Context, in CollectionID, key string, value []byte, opts SetOptions) (Document, error) {
	if opts.IfAbsent && (opts.IfPresent || opts.IfMatch != "") {
		return Document{}, cpodkit.Errorf(cpodkit.CodeBadRequest,
			"A document cannot be absent and have a version: give one condition.")
	}
	compact, err := compactValue(value, "")
	if err != nil {
		return Document{}, err
	}
	op := s.setOp(key, compact)
	op.IfVersion, op.IfPresent, op.IfAbsent = opts.IfMatch, opts.IfPresent, opts.IfAbsent
	if err := s.write(ctx, in, op); err != nil {
		return Document{}, err
	}
	return document(op.Record), nil
}

// Get returns the document, or not_found. In the user tier, when the app itself
// has none, it returns the one that another app of the user has; it is a conflict
// when several have one, and not_supported by a driver that is no [SpaceFinder].
func (c Collection) Get(ctx context.Context, key string) (Document, error) {
	reach, err := c.handle.caller.AuthorizeRead()
	if err != nil {
		return Document{}, err
	}
	if err := storage.CheckCollection(c.name); err != nil {
		return Document{}, err
	}
	if err := storage.CheckKey(key); err != nil {
		return Document{}, err
	}
	var d Document
	get := func(segment storage.Segment) error {
		record, err := c.handle.store.get(ctx, c.in(segment), key)
		if err != nil {
			return err
		}
		d = document(record)
		if reach.Wide {
			d.App = segment.App
		}
		return nil
	}
	if err := get(reach.First); err != nil {
		segments := func() ([]storage.Segment, error) { return c.allSegments(ctx, reach) }
		if _, err := reach.Elsewhere(err, segments, get); err != nil {
			return Document{}, err
		}
	}
	return d, nil
}

// Delete removes the document; one that is not there is no error. A nil opts is
// no condition; one that does not hold is precondition_failed.
func (c Collection) Delete(ctx context.Context, key string, opts *DeleteOptions) error {
	in, err := c.authorizeWriteOf(key)
	if err != nil {
		return err
	}
	if opts == nil {
		opts = &DeleteOptions{}
	}
	return c.handle.store.write(ctx, in, Op{
		Record: Record{Key: key}, Delete: true, IfVersion: opts.IfMatch, IfPresent: opts.IfPresent,
	})
}

// write applies one op.
func (s *Store) write(ctx context.Context, in CollectionID, op Op) error {
	errs, err := s.apply(ctx, in, []Op{op})
	if err != nil {
		return err
	}
	return s.calls.Error(ctx, errs[0])
}

func (s *Store) setOp(key string, value []byte) Op {
	return Op{Record: Record{
		Key:       key,
		Value:     value,
		Version:   rand.Text()[:16], // 80 random bits
		UpdatedAt: s.now().UTC().Truncate(time.Millisecond),
	}}
}

// authorizeWrite returns where the collection is, when the identity may write
// there.
func (c Collection) authorizeWrite() (CollectionID, error) {
	space, err := c.handle.caller.AuthorizeWrite()
	if err != nil {
		return CollectionID{}, err
	}
	if err := storage.CheckCollection(c.name); err != nil {
		return CollectionID{}, err
	}
	return CollectionID{Space: space.Root(), Name: c.name}, nil
}

// authorizeWriteOf is authorizeWrite for a call about one document.
func (c Collection) authorizeWriteOf(key string) (CollectionID, error) {
	in, err := c.authorizeWrite()
	if err != nil {
		return CollectionID{}, err
	}
	return in, storage.CheckKey(key)
}

func document(r Record) Document {
	return Document{Key: r.Key, Value: r.Value, Version: r.Version, UpdatedAt: r.UpdatedAt.UTC()}
}
