package documents

import (
	"context"
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/storage"
)

// calls are the calls of a store to its driver.
type calls struct {
	*portable.Calls

	get, apply, query, spaces, collections *portable.Operation
}

func newCalls(tracers trace.TracerProvider, meters metric.MeterProvider) (calls, error) {
	c, err := portable.NewCalls("storage.documents", tracers, meters, sentence)
	if err != nil {
		return calls{}, err
	}
	return calls{
		Calls:  c,
		get:    c.Operation("get"),
		apply:  c.Operation("apply"),
		query:  c.Operation("query"),
		spaces: c.Operation("spaces"),

		collections: c.Operation("collections"),
	}, nil
}

func (s *Store) get(ctx context.Context, in CollectionID, key string) (Record, error) {
	ctx, call := s.calls.get.Start(ctx)
	record, err := s.driver.Get(ctx, in, key)
	return record, call.End(ctx, err)
}

// apply returns the driver's own error for each op, or one for the client when the
// driver does not answer each op.
func (s *Store) apply(ctx context.Context, in CollectionID, ops []Op) ([]error, error) {
	if slices.ContainsFunc(ops, func(op Op) bool { return !op.Delete }) {
		leave, err := storage.Enter(s.gate, in.Space)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	if s.quota != nil {
		return s.applyBooked(ctx, in, ops)
	}
	return s.applyAll(ctx, in, ops)
}

func (s *Store) applyAll(ctx context.Context, in CollectionID, ops []Op) ([]error, error) {
	ctx, call := s.calls.apply.Start(ctx)
	errs := s.driver.Apply(ctx, in, ops)
	call.Measure(ctx, errs...)
	if len(errs) != len(ops) {
		return nil, s.calls.Error(ctx, fmt.Errorf("documents: the driver answered %d of %d ops", len(errs), len(ops)))
	}
	return errs, nil
}

func (s *Store) query(ctx context.Context, in CollectionID, q DriverQuery) ([]Record, error) {
	ctx, call := s.calls.query.Start(ctx)
	records, err := s.driver.Query(ctx, in, q)
	return records, call.End(ctx, err)
}
