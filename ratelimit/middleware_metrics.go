package ratelimit

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// counter counts what policies decide. Without a provider it is empty, and counts
// nothing.
type counter struct{ requests metric.Int64Counter }

func newCounter(p metric.MeterProvider) (counter, error) {
	if p == nil {
		return counter{}, nil
	}
	requests, err := p.Meter("github.com/cpodkit/cpodkit/ratelimit").Int64Counter("cpodkit.ratelimit.requests",
		metric.WithUnit("{request}"),
		metric.WithDescription("Requests that a rate limit policy has decided, by its outcome."))
	return counter{requests}, err
}

// outcomes are the counts of one policy.
type outcomes struct{ allowed, limited, exceeded, failedOpen, failedClosed outcome }

func (c counter) of(policy string) outcomes {
	named := func(name string) outcome {
		return outcome{c.requests, []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
			attribute.String("cpodkit.ratelimit.policy", policy),
			attribute.String("cpodkit.ratelimit.outcome", name),
		))}}
	}
	return outcomes{
		allowed:      named("allowed"),
		limited:      named("limited"),
		exceeded:     named("shadow_limited"),
		failedOpen:   named("failed_open"),
		failedClosed: named("failed_closed"),
	}
}

// outcome is one way to decide. Its attributes are made once, because making them
// costs far more than counting.
type outcome struct {
	requests metric.Int64Counter
	options  []metric.AddOption
}

func (o *outcome) add(ctx context.Context) {
	if o.requests != nil {
		o.requests.Add(ctx, 1, o.options...)
	}
}
