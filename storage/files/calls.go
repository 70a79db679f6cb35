package files

import (
	"context"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit/internal/portable"
)

// calls are the calls of a store to its driver.
type calls struct{ put, open, stat, remove, list, presign, erase *portable.Operation }

func newCalls(tracers trace.TracerProvider, meters metric.MeterProvider) (calls, error) {
	c, err := portable.NewCalls("storage.files", tracers, meters, sentence)
	if err != nil {
		return calls{}, err
	}
	return calls{
		put:     c.Operation("put"),
		open:    c.Operation("open"),
		stat:    c.Operation("stat"),
		remove:  c.Operation("delete"),
		list:    c.Operation("list"),
		presign: c.Operation("presign"),
		erase:   c.Operation("erase"),
	}, nil
}

func (s *Store) open(ctx context.Context, name string) (Object, error) {
	ctx, call := s.calls.open.Start(ctx)
	object, err := s.driver.Open(ctx, name)
	return object, call.End(ctx, err)
}

func (s *Store) stat(ctx context.Context, name string) (Attributes, error) {
	ctx, call := s.calls.stat.Start(ctx)
	attrs, err := s.driver.Stat(ctx, name)
	return attrs, call.End(ctx, err)
}

func (s *Store) list(ctx context.Context, q ListQuery) (Listing, error) {
	ctx, call := s.calls.list.Start(ctx)
	listing, err := s.driver.List(ctx, q)
	return listing, call.End(ctx, err)
}
