package sqlitedocuments

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// applicationID marks a file as one of this package: "cpod" in ASCII.
const applicationID = 0x63706f64

// migrations make the schema: the one at index n takes user_version n to n+1.
// They are never edited, only added to.
func migrations() []string {
	return []string{`
CREATE TABLE collections (
	id    INTEGER PRIMARY KEY,
	space TEXT NOT NULL,
	name  TEXT NOT NULL,
	UNIQUE (space, name)
) STRICT;
CREATE TABLE documents (
	collection INTEGER NOT NULL REFERENCES collections,
	key        TEXT NOT NULL,
	version    TEXT NOT NULL,
	updated_ms INTEGER NOT NULL,
	projection BLOB,
	value      BLOB NOT NULL,
	PRIMARY KEY (collection, key)
) STRICT`,
		// The id of a document begins with its collection, so that a search
		// through a collection reads pages that lie together. The name, the same
		// in every space, is what declared indexes are restricted to.
		`
CREATE TABLE names (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO names (name) SELECT DISTINCT name FROM collections;
ALTER TABLE documents RENAME TO old;
CREATE TABLE documents (
	id         INTEGER PRIMARY KEY,
	collection INTEGER NOT NULL REFERENCES collections,
	name       INTEGER NOT NULL REFERENCES names,
	key        TEXT NOT NULL,
	version    TEXT NOT NULL,
	updated_ms INTEGER NOT NULL,
	projection BLOB,
	value      BLOB NOT NULL,
	CHECK (id >> 38 = collection)
) STRICT;
INSERT INTO documents
	SELECT (collection << 38) + row_number() OVER (PARTITION BY collection ORDER BY key),
		collection, names.id, key, version, updated_ms, projection, value
	FROM old JOIN collections ON collections.id = collection JOIN names USING (name)
	ORDER BY collection, key;
CREATE UNIQUE INDEX documents_by_key ON documents (collection, key);
DROP TABLE old`}
}

// idBits are the bits of a document's id that count within its collection.
const idBits = 38

// createFile makes an empty file that only its owner can read, or checks that
// the one there is a database. SQLite gives its other files the same mode.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("sqlitedocuments: %w", err)
	}
	f, err = os.Open(path)
	if err != nil {
		return fmt.Errorf("sqlitedocuments: %w", err)
	}
	defer f.Close()
	magic := []byte("SQLite format 3\x00")
	head := make([]byte, len(magic))
	switch _, err := io.ReadFull(f, head); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("sqlitedocuments: %w", err)
	case !bytes.Equal(head, magic):
		return fmt.Errorf("sqlitedocuments: %s is not an SQLite database: move it away, or name another file", path)
	}
	return nil
}

// dsnOf returns path as a URI (https://sqlite.org/uri.html) with the settings of
// every connection.
func dsnOf(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("sqlitedocuments: %w", err)
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // a drive letter
	}
	uri := url.URL{Scheme: "file", Path: abs}
	return fmt.Sprintf("%s?_pragma=busy_timeout(%d)&_pragma=trusted_schema(0)&_pragma=wal_autocheckpoint(4000)&_pragma=cache_size(-16384)", uri.String(), busyTimeout.Milliseconds()), nil
}

// migrate checks whose file it is and brings its schema up to date.
func migrate(ctx context.Context, c *conn, path string) error {
	var version int
	err := inTransaction(ctx, c, "BEGIN", func() (err error) {
		version, err = ownVersion(ctx, c, path)
		return err
	})
	if err != nil {
		return err
	}
	if err := waitWhileBusy(ctx, func() error { return enableWAL(ctx, c, path) }); err != nil {
		return err
	}
	if version == len(migrations()) {
		return nil
	}
	return inTransaction(ctx, c, "BEGIN IMMEDIATE", func() error { return migrateInTransaction(ctx, c, path) })
}

func inTransaction(ctx context.Context, c *conn, begin string, do func() error) error {
	if _, err := c.exec(ctx, begin); err != nil {
		return fmt.Errorf("sqlitedocuments: %w", err)
	}
	err := do()
	if err == nil {
		if _, err = c.exec(ctx, "COMMIT"); err == nil {
			return nil
		}
	}
	_, rollbackErr := c.exec(context.WithoutCancel(ctx), "ROLLBACK")
	return errors.Join(err, rollbackErr)
}

func migrateInTransaction(ctx context.Context, c *conn, path string) error {
	version, err := ownVersion(ctx, c, path) // another process may have been faster
	if err != nil {
		return err
	}
	for n := version; n < len(migrations()); n++ {
		for text := range strings.SplitSeq(migrations()[n], ";") {
			if _, err := c.exec(ctx, text); err != nil {
				return fmt.Errorf("sqlitedocuments: migrating %s: %w", path, err)
			}
		}
	}
	for _, text := range []string{
		fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		fmt.Sprintf("PRAGMA user_version = %d", len(migrations())),
	} {
		if _, err := c.exec(ctx, text); err != nil {
			return fmt.Errorf("sqlitedocuments: migrating %s: %w", path, err)
		}
	}
	return nil
}

// ownVersion returns the schema version of a file that is ours, 0 for an empty
// one.
func ownVersion(ctx context.Context, c *conn, path string) (int, error) {
	var values [3]int64
	for i, text := range [...]string{"PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_schema"} {
		n, err := c.integer(ctx, text)
		if err != nil {
			return 0, fmt.Errorf("sqlitedocuments: opening %s: %w", path, err)
		}
		values[i] = n
	}
	id, version, objects := values[0], values[1], values[2]
	switch {
	case id == 0 && version == 0 && objects == 0:
		return 0, nil
	case id != applicationID:
		return 0, fmt.Errorf("sqlitedocuments: %s is the database of another application: name another file", path)
	case version > int64(len(migrations())):
		return 0, fmt.Errorf("sqlitedocuments: %s has schema version %d, and this build knows up to %d: use a newer one",
			path, version, len(migrations()))
	}
	return int(version), nil
}

// waitWhileBusy repeats do while another process is in its way. SQLite waits by
// itself, but not where it would have to turn a shared lock into an exclusive
// one, as the switch to WAL does.
func waitWhileBusy(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := do()
		if e, ok := errors.AsType[*sqlite.Error](err); !ok || e.Code()&0xff != sqlite3.SQLITE_BUSY {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

func enableWAL(ctx context.Context, c *conn, path string) error {
	mode := ""
	err := c.query(ctx, "PRAGMA journal_mode = WAL", nil, func(row []driver.Value) error {
		mode, _ = row[0].(string)
		return nil
	})
	if err != nil {
		return fmt.Errorf("sqlitedocuments: opening %s: %w", path, err)
	}
	if mode != "wal" {
		return fmt.Errorf("sqlitedocuments: %s cannot use a write-ahead log (journal mode %q): put it on a local disk", path, mode)
	}
	return nil
}
