package documents

import (
	"context"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
)

// MaxPage is how many bytes the values of a page have together at most. A page
// that would have more ends early, with a cursor.
const MaxPage = 8 << 20

// defaultQueryTimeout is the one without [WithQueryTimeout].
const defaultQueryTimeout = 5 * time.Second

// WithQueryTimeout sets how long a page of a query may take, more than 0; 5 s
// without it. A query that takes longer is stopped and fails with timeout.
func WithQueryTimeout(d time.Duration) Option { return func(o *options) { o.queryTimeout = d } }

var errQueryTimeout = errors.New("documents: the query timeout has passed")

// inTime runs query, which makes a page, within the time that it may take.
func (s *Store) inTime(ctx context.Context, query func(context.Context) error) error {
	bounded, cancel := context.WithTimeoutCause(ctx, s.queryTimeout, errQueryTimeout)
	defer cancel()
	err := query(bounded)
	if errors.Is(err, cpodkit.CodeTimeout) && errors.Is(context.Cause(bounded), errQueryTimeout) {
		return cpodkit.Errorf(cpodkit.CodeTimeout,
			"The query took longer than %v: narrow its filter, or have an index declared for its filter and sort.",
			s.queryTimeout).WithCause(err)
	}
	return err
}
