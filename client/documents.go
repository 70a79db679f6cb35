package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"github.com/cpodkit/cpodkit"
)

// DB stores JSON documents in named collections.
type DB struct {
	api  *api
	tier Tier
	apps apps
}

// CollectionInfo is one collection of a list.
type CollectionInfo struct {
	Name string `json:"name"`
	// App is the client id of the app that it belongs to, in the lists of [DB.AllApps].
	App string `json:"app"`
}

// Tier returns the collections of another tier.
func (db *DB) Tier(tier Tier) *DB { return &DB{api: db.api, tier: tier, apps: db.apps} }

// App returns the collections that one app has on the [User] tier, for [DB.List], [DB.All] and the reading calls of
// [Collection]. Every other call fails.
func (db *DB) App(clientID string) *DB {
	return &DB{api: db.api, tier: db.tier, apps: apps{named: true, id: clientID}}
}

// AllApps returns the collections that all apps have on the [User] tier, for [DB.List], [DB.All], [Collection.Query]
// and [Collection.All]. Every other call fails.
func (db *DB) AllApps() *DB { return &DB{api: db.api, tier: db.tier, apps: apps{all: true}} }

// List returns one page of the collections that hold a document, in byte order of their names.
func (db *DB) List(ctx context.Context, options ...PageOption) (Page[CollectionInfo], error) {
	const op = "db.list"
	if err := db.tier.check(op); err != nil {
		return Page[CollectionInfo]{}, err
	}
	var page listing
	for _, option := range options {
		option.applyToPage(&page)
	}
	query := db.tier.query()
	if err := db.apps.addTo(op, query, db.tier, anyApps); err != nil {
		return Page[CollectionInfo]{}, err
	}
	page.addTo(query)
	var listed Page[CollectionInfo]
	err := db.api.doJSON(ctx, &call{
		op: op, method: http.MethodGet, path: "/v1/storage/db", query: query, repeat: always, success: []int{http.StatusOK},
	}, &listed)
	return listed, err
}

// All walks through all collections that [DB.List] lists, fetching pages as it goes. It ends after an error.
func (db *DB) All(ctx context.Context) iter.Seq2[CollectionInfo, error] {
	return walk("", func(cursor string) ([]CollectionInfo, string, error) {
		page, err := db.List(ctx, Limit(maxPageItems), Cursor(cursor))
		return page.Items, page.NextCursor, err
	})
}

// Collection returns the named collection, on the tier and of the apps of db. Names have 1 to 64 letters, digits, "_"
// or "-"; another name makes every call on the collection fail. A collection comes into being with its first document.
func (db *DB) Collection(name string) *Collection {
	return &Collection{api: db.api, name: name, tier: db.tier, apps: db.apps}
}

// Collection holds documents under keys of up to 512 bytes of UTF-8 without control characters; between slashes, no
// segment is empty, "." or "..". It is safe for concurrent use.
type Collection struct {
	api  *api
	name string
	tier Tier
	apps apps
}

// Document is a stored JSON value.
type Document struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
	// Version is new on every write and never used again; see [IfMatch].
	Version   string    `json:"version"`
	UpdatedAt time.Time `json:"updatedAt"`
	// App is the client id of the app that wrote it, in the pages of [Collection.AllApps].
	App string `json:"app"`
}

// Decode reads the value into what dst points to, as [json.Unmarshal] does.
func (d Document) Decode(dst any) error { return json.Unmarshal(d.Value, dst) }

// Tier returns the collection of the same name on another tier.
func (c *Collection) Tier(tier Tier) *Collection {
	return &Collection{api: c.api, name: c.name, tier: tier, apps: c.apps}
}

// App returns the documents that one app has in the collection on the [User] tier, for [Collection.Get],
// [Collection.Document], [Collection.Query] and [Collection.All]. Every other call fails.
func (c *Collection) App(clientID string) *Collection {
	return &Collection{api: c.api, name: c.name, tier: c.tier, apps: apps{named: true, id: clientID}}
}

// AllApps returns the documents that all apps have in the collection on the [User] tier, for [Collection.Query] and
// [Collection.All]: equal ones with the same key follow each other in byte order of [Document.App]. Every other call fails.
func (c *Collection) AllApps() *Collection {
	return &Collection{api: c.api, name: c.name, tier: c.tier, apps: apps{all: true}}
}

// Set writes a value, as JSON of up to 1 MiB, under a key, in place of what was there. The document that it returns
// has the value as sent.
func (c *Collection) Set(ctx context.Context, key string, value any, options ...SetOption) (Document, error) {
	const op = "db.set"
	set, err := c.call(op, http.MethodPut, key, ownApp, http.StatusOK, http.StatusCreated)
	if err != nil {
		return Document{}, err
	}
	if set.data, err = encodeJSON(op, value); err != nil {
		return Document{}, err
	}
	var w writing
	for _, option := range options {
		option.applyToSet(&w)
	}
	set.header = http.Header{}
	if set.repeat, err = w.condition(op, set.header); err != nil {
		return Document{}, err
	}
	set.contentType = jsonType
	var written Document
	if err := c.api.doJSON(ctx, set, &written); err != nil {
		return Document{}, err
	}
	written.Value = set.data
	return written, nil
}

// Get reads the value under a key into what dst points to. When there is none, it returns false and leaves dst alone.
// Numbers beyond a float64 keep their digits in a [json.Number], or in [Collection.Document].
func (c *Collection) Get(ctx context.Context, key string, dst any) (found bool, err error) {
	document, found, err := c.Document(ctx, key)
	if err != nil || !found {
		return false, err
	}
	if err := document.Decode(dst); err != nil {
		return true, fmt.Errorf("cpod: db.get: the document does not fit dst: %w", err)
	}
	return true, nil
}

// Document returns the value under a key as it was stored, with its version. When there is none, found is false.
//
// On the [User] tier, where this app has none, it is that of the one other app that has; several are a [ConflictError],
// which names them for [Collection.App].
func (c *Collection) Document(ctx context.Context, key string) (document Document, found bool, err error) {
	get, err := c.call("db.get", http.MethodGet, key, oneApp, http.StatusOK)
	if err != nil {
		return Document{}, false, err
	}
	err = c.api.doJSON(ctx, get, &document)
	if isMissing(err) {
		return Document{}, false, nil
	}
	if err != nil {
		return Document{}, false, err
	}
	return document, true, nil
}

// Delete removes the value under a key. It succeeds too when there is none.
func (c *Collection) Delete(ctx context.Context, key string) error {
	remove, err := c.call("db.delete", http.MethodDelete, key, ownApp, http.StatusNoContent)
	if err != nil {
		return err
	}
	_, err = c.api.do(ctx, remove)
	return err
}

// call is the common part of what acts on one document.
func (c *Collection) call(op, method, key string, use appUse, success ...int) (*call, error) {
	segment, err := keySegment(op, key)
	if err != nil {
		return nil, err
	}
	made, err := c.collectionCall(op, method, "/"+segment, use)
	if err != nil {
		return nil, err
	}
	made.repeat, made.success = always, success
	return made, nil
}

// collectionCall is the common part of all calls on the collection.
func (c *Collection) collectionCall(op, method, below string, use appUse) (*call, error) {
	if err := checkCollection(op, c.name); err != nil {
		return nil, err
	}
	if err := c.tier.check(op); err != nil {
		return nil, err
	}
	query := c.tier.query()
	if err := c.apps.addTo(op, query, c.tier, use); err != nil {
		return nil, err
	}
	return &call{op: op, method: method, path: "/v1/storage/db/" + c.name + below, query: query}, nil
}

// isMissing reports that cpod-backend itself said that there is nothing; a proxy's 404 does not count.
func isMissing(err error) bool {
	refused, ok := errors.AsType[*NotFoundError](err)
	return ok && refused.Code == cpodkit.CodeNotFound
}
