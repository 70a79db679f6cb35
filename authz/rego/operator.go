package rego

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/cpodkit/cpodkit"
)

// runSource follows the source until ctx ends. A policy that does not compile leaves the
// last good one in force.
func (e *Engine) runSource(ctx context.Context) {
	if e.source == nil {
		return
	}
	var mu sync.Mutex           // a source may call from several goroutines
	used := e.operator().policy // what New has compiled
	take := func() {
		mu.Lock()
		defer mu.Unlock()
		next := e.source.Current()
		if next == used {
			return
		}
		used = next
		e.sourceState.Set(ctx, e.useSource())
	}
	take() // what changed before Run
	for ctx.Err() == nil {
		err := e.source.Run(ctx, take)
		if ctx.Err() != nil {
			return
		}
		e.sourceState.Set(ctx, errors.Join(errors.New("rego: the source of the operator's policy has ended"), err))
		pause := time.NewTimer(followInterval)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// sourceErr returns why the operator's policy in force is not the current one, or nil.
func (e *Engine) sourceErr() error {
	if e.source == nil {
		return nil
	}
	return errors.Join(e.source.Err(), e.sourceState.Err())
}

// Ping returns why the operator's policy that is in force is not the one that the source has
// now, or why changes of tenants' policies are not followed. The last good policies are in
// force meanwhile. It asks no system.
func (e *Engine) Ping(ctx context.Context) error {
	err := e.sourceErr()
	if pinger, ok := e.store.(cpodkit.Pinger); ok {
		err = errors.Join(err, pinger.Ping(ctx))
	}
	return err
}

// measureSource observes whether the operator's policy is stale.
func (e *Engine) measureSource() error {
	if e.meters == nil {
		return nil
	}
	_, err := e.meters.Meter("github.com/cpodkit/cpodkit/authz/rego").Int64ObservableGauge("cpodkit.policy.stale",
		metric.WithDescription("1 while the operator's policy in force is not the current one, because that is broken or cannot be read."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			stale := int64(0)
			if e.sourceErr() != nil {
				stale = 1
			}
			o.Observe(stale)
			return nil
		}))
	return err
}
