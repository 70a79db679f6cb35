package rego

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

const (
	evaluationName = "cpodkit.policy.evaluation.duration"
	cachedName     = "cpodkit.policy.decisions.cached"
)

// evaluations measures evaluations. Nothing of it names a tenant or a path.
type evaluations struct {
	duration metric.Float64Histogram // nil without metrics
	cached   atomic.Int64            // decisions that came from the cache
}

func newEvaluations(meters metric.MeterProvider) (*evaluations, error) {
	m := &evaluations{}
	if meters == nil {
		return m, nil
	}
	meter := meters.Meter("github.com/cpodkit/cpodkit/authz/rego")
	var err error
	m.duration, err = meter.Float64Histogram(evaluationName, metric.WithUnit("s"),
		metric.WithDescription("How long evaluations of rules take, by whose policy it is and by the outcome."),
		metric.WithExplicitBucketBoundaries(1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3))
	if err != nil {
		return nil, fmt.Errorf("rego: %w", err)
	}
	_, err = meter.Int64ObservableCounter(cachedName, metric.WithUnit("{decision}"),
		metric.WithDescription("Decisions that came from the cache."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(m.cached.Load())
			return nil
		}))
	if err != nil {
		return nil, fmt.Errorf("rego: %w", err)
	}
	return m, nil
}

func (m *evaluations) start() (start time.Time) {
	if m.duration != nil {
		start = time.Now()
	}
	return start
}

// end measures an evaluation that has ended.
func (m *evaluations) end(ctx context.Context, start time.Time, q *query, err error) {
	if m.duration == nil {
		return
	}
	outcome := "decided"
	switch {
	case err == nil:
	case ctx.Err() != nil:
		outcome = "canceled"
	case errors.Is(err, errSlow):
		outcome = "slow"
	case errors.Is(err, errBudget):
		outcome = "large"
	default:
		outcome = "failed"
	}
	m.record(ctx, time.Since(start), q.set.isTenant, outcome)
}

// refused counts an evaluation that did not begin.
func (m *evaluations) refused(ctx context.Context) {
	if m.duration != nil {
		m.record(ctx, 0, false, "refused")
	}
}

func (m *evaluations) record(ctx context.Context, took time.Duration, isTenant bool, outcome string) {
	policy := "operator"
	if isTenant {
		policy = "tenant"
	}
	m.duration.Record(ctx, took.Seconds(), metric.WithAttributes(
		attribute.String("policy", policy), attribute.String("outcome", outcome)))
}
