package sqlitedocuments

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"

	"github.com/cpodkit/cpodkit/storage/documents"
)

// collectionIDs are the ids of a collection in the file, and of its name. Once they are
// committed they stay.
type collectionIDs struct{ collection, name int64 }

// maxKnown bounds the collections that are remembered.
const maxKnown = 10_000

// collections remembers what readers have found.
type collections struct {
	mu    sync.RWMutex
	known map[documents.CollectionID]collectionIDs
}

// find returns where in is, and false when there is no such collection yet.
func (p *collections) find(ctx context.Context, c *conn, in documents.CollectionID) (at collectionIDs, known bool, err error) {
	p.mu.RLock()
	at, known = p.known[in]
	p.mu.RUnlock()
	if known {
		return at, true, nil
	}
	if at, known, err = findCollection(ctx, c, in); err != nil || !known {
		return at, known, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxKnown {
		clear(p.known)
	}
	p.known[in] = at
	return at, true, nil
}

func findCollection(ctx context.Context, c *conn, in documents.CollectionID) (at collectionIDs, known bool, err error) {
	const text = "SELECT c.id, n.id FROM collections AS c JOIN names AS n USING (name) WHERE space = ? AND name = ?"
	err = c.query(ctx, text, []driver.Value{in.Space, in.Name}, func(row []driver.Value) error {
		at.collection, _ = row[0].(int64)
		at.name, _ = row[1].(int64)
		known = true
		return nil
	})
	return at, known, err
}

// createCollection makes a collection.
func createCollection(ctx context.Context, c *conn, in documents.CollectionID) (at collectionIDs, err error) {
	if at.name, err = internName(ctx, c, in.Name); err != nil {
		return collectionIDs{}, err
	}
	at.collection, err = c.integer(ctx, "INSERT INTO collections (space, name) VALUES (?, ?) RETURNING id", in.Space, in.Name)
	if err == nil && at.collection >= 1<<(63-idBits) {
		err = errors.New("sqlitedocuments: the file holds as many collections as it can")
	}
	return at, err
}

// internName returns the id of a collection's name, and makes one when it has to.
func internName(ctx context.Context, c *conn, name string) (int64, error) {
	if _, err := c.exec(ctx, "INSERT INTO names (name) VALUES (?) ON CONFLICT DO NOTHING", name); err != nil {
		return 0, err
	}
	return c.integer(ctx, "SELECT id FROM names WHERE name = ?", name)
}
