package sqlitedocuments

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	"modernc.org/sqlite"

	"github.com/cpodkit/cpodkit/internal/shares"
)

// maxStatements bounds the prepared statements of a connection whose text clients choose,
// with the paths of a query.
const maxStatements = 64

// conn is one connection with its prepared statements. One goroutine at a time
// uses it. It stands on database/sql/driver, because the pool of database/sql
// would have to be worked around: one connection writes, and the others read.
type conn struct {
	raw    driver.Conn
	fixed  map[string]*statement // the driver's own
	chosen *shares.Cache[string, *statement]
	args   []driver.NamedValue

	tenant string // who uses it

	version int64 // see Driver.unchanged; -1 for none yet
}

type statement struct {
	driver.Stmt
	row []driver.Value
}

func openConn(dsn string) (*conn, error) {
	raw, err := new(sqlite.Driver).Open(dsn)
	if err != nil {
		return nil, err
	}
	return &conn{
		raw: raw, fixed: map[string]*statement{}, chosen: shares.NewCache[string, *statement](maxStatements), version: -1,
	}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.fixed {
		errs = append(errs, s.Close())
	}
	for _, s := range c.chosen.All() {
		errs = append(errs, s.Close())
	}
	clear(c.fixed)
	c.chosen.Clear()
	return errors.Join(append(errs, c.raw.Close())...)
}

func (c *conn) prepare(ctx context.Context, text string) (*statement, error) {
	if s, ok := c.fixed[text]; ok {
		return s, nil
	}
	if s, ok := c.chosen.Get(text); ok {
		return s, nil
	}
	preparer, ok := c.raw.(driver.ConnPrepareContext)
	if !ok {
		return nil, errors.New("sqlitedocuments: the SQLite driver cannot prepare")
	}
	prepared, err := preparer.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s := &statement{Stmt: prepared}
	if !strings.Contains(text, expressionStart) {
		c.fixed[text] = s
		return s, nil
	}
	if dropped, wasFull := c.chosen.Put(c.tenant, text, s); wasFull {
		if err := dropped.Close(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// bind returns args as the driver wants them, valid until the next call.
func (c *conn) bind(args []driver.Value) []driver.NamedValue {
	c.args = c.args[:0]
	for i, arg := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: arg})
	}
	return c.args
}

// exec runs one statement and returns how many rows it changed.
func (c *conn) exec(ctx context.Context, text string, args ...driver.Value) (int64, error) {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return 0, err
	}
	execer, ok := s.Stmt.(driver.StmtExecContext)
	if !ok {
		return 0, errors.New("sqlitedocuments: the SQLite driver cannot execute")
	}
	result, err := execer.ExecContext(ctx, c.bind(args))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query runs one statement and calls each for every row, whose values are valid
// until the next. The context interrupts it up to the first row, and ends it
// between two others: a statement that may work long does so before the first.
func (c *conn) query(ctx context.Context, text string, args []driver.Value, each func([]driver.Value) error) (err error) {
	s, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	querier, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return errors.New("sqlitedocuments: the SQLite driver cannot query")
	}
	rows, err := querier.QueryContext(ctx, c.bind(args))
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := rows.Close(); err == nil {
			err = closeErr
		}
	}()
	if s.row == nil {
		s.row = make([]driver.Value, len(rows.Columns()))
	}
	defer clear(s.row)
	for {
		if err := rows.Next(s.row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := each(s.row); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// integer returns the first column of the one row.
func (c *conn) integer(ctx context.Context, text string, args ...driver.Value) (n int64, err error) {
	found := false
	err = c.query(ctx, text, args, func(row []driver.Value) error {
		value, ok := row[0].(int64)
		if !ok {
			return fmt.Errorf("sqlitedocuments: %q gave no integer", text)
		}
		n, found = value, true
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("sqlitedocuments: %q gave no row", text)
	}
	return n, err
}
