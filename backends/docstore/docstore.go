// Package docstore keeps the server's own small stores in any document driver:
// tenants, apps, API keys, revocations, claims and the key ring. They live in
// system spaces, which no tenant can reach.
//
// One driver for all of them means one thing to back up, and that replicas
// which share a document store share these too.
package docstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// pageSize is how many records are read, or deleted, at a time.
const pageSize = 500

// Store hands out the single stores. It holds no state of its own and is safe
// for concurrent use.
type Store struct{ driver documents.Driver }

// New returns stores that keep everything in driver, which stays the caller's
// to close.
func New(driver documents.Driver) *Store { return &Store{driver} }

func (s *Store) records(space, collection string) records {
	return records{s.driver, documents.CollectionID{Space: storage.System(space).Root(), Name: collection}}
}

// records are the JSON documents of one collection.
type records struct {
	driver documents.Driver
	in     documents.CollectionID
}

// get decodes a document into v and returns its version.
func (c records) get(ctx context.Context, key string, v any) (version string, err error) {
	record, err := c.driver.Get(ctx, c.in, key)
	if err != nil {
		return "", err
	}
	return record.Version, decode(record, v)
}

func decode(record documents.Record, v any) error {
	if err := json.Unmarshal(record.Value, v); err != nil {
		return fmt.Errorf("docstore: decode the record %q: %w", record.Key, err)
	}
	return nil
}

// put writes v under the condition of op.
func (c records) put(ctx context.Context, key string, v any, op documents.Op) error {
	value, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("docstore: encode the record %q: %w", key, err)
	}
	op.Record = documents.Record{Key: key, Value: value, Version: rand.Text(), UpdatedAt: time.Now().UTC()}
	return c.apply(ctx, op)
}

func (c records) apply(ctx context.Context, ops ...documents.Op) error {
	return errors.Join(c.driver.Apply(ctx, c.in, ops)...)
}

// replace writes v over the document that has the version.
func (c records) replace(ctx context.Context, key string, v any, version string) error {
	if version == "" { // which a driver would take as "whatever is there"
		return cpodkit.CodePreconditionFailed
	}
	return c.put(ctx, key, v, documents.Op{IfVersion: version})
}

// remove deletes the document that has the version.
func (c records) remove(ctx context.Context, key, version string) error {
	if version == "" {
		return cpodkit.CodePreconditionFailed
	}
	return c.apply(ctx, documents.Op{Delete: true, Record: documents.Record{Key: key}, IfVersion: version})
}

// page returns up to limit documents that pass the filter and whose key sorts
// after the given one.
func (c records) page(
	ctx context.Context, filter []documents.Condition, after string, limit int,
) ([]documents.Record, error) {
	q := documents.DriverQuery{Filter: filter, Limit: limit}
	if after != "" {
		q.After = &documents.Position{Key: after}
	}
	return c.driver.Query(ctx, c.in, q)
}

// each calls visit for all documents that pass the filter, in pages.
func (c records) each(ctx context.Context, filter []documents.Condition, visit func(documents.Record) error) error {
	for after := ""; ; {
		page, err := c.page(ctx, filter, after, pageSize)
		if err != nil {
			return err
		}
		for _, record := range page {
			if err := visit(record); err != nil {
				return err
			}
		}
		if len(page) < pageSize {
			return nil
		}
		after = page[len(page)-1].Key
	}
}

// equals is the condition that a member has a value.
func equals(member string, value any) ([]documents.Condition, error) {
	key, err := sortKey(value)
	return []documents.Condition{{
		Path: documents.Path{member}, Test: documents.Equal, Keys: []documents.SortKey{key},
	}}, err
}

func sortKey(value any) (documents.SortKey, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	return documents.KeyOf(raw)
}
