package sqlitedocuments

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/cpodkit/cpodkit"
)

// classify gives an error of SQLite the code that callers act on, and keeps its
// text.
func classify(ctx context.Context, err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	if ctxErr := ctx.Err(); ctxErr != nil && e.Code()&0xff == sqlite3.SQLITE_INTERRUPT {
		return ctxErr
	}
	if e.Code()&0xff == sqlite3.SQLITE_FULL {
		return errFull().WithCause(err)
	}
	if unavailable(e) {
		return fmt.Errorf("%w: %w", cpodkit.CodeUnavailable, err)
	}
	return err
}

// unavailable reports whether the system, not the call, is why it failed: after
// such an error SQLite may have rolled back the whole transaction.
func unavailable(e *sqlite.Error) bool {
	switch e.Code() & 0xff { // the primary code (https://sqlite.org/rescode.html)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT:
		return true
	}
	return false
}

func errFull() *cpodkit.Error {
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The server's disk is full; try again when there is room.")
}

// noSuchIndex reports whether a statement names an index that is not there, or not any
// more: a prepared one then says that the schema has changed. No other mistake is left in
// the statements of this package.
func noSuchIndex(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_ERROR || e.Code() == sqlite3.SQLITE_SCHEMA)
}

func errClosed() error {
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The document store is closed.")
}
