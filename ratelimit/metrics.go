package ratelimit

import (
	"context"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// outcome is one way to decide a request.
type outcome int

const (
	allowed outcome = iota
	limited
	exceeded // a limit on trial
	failedOpen
	failedClosed

	outcomeCount = iota
)

func (o outcome) String() string {
	return [...]string{"allowed", "limited", "shadow_limited", "failed_open", "failed_closed"}[o]
}

// outcomes counts what the policies of one name decide. A nil one counts nothing.
type outcomes [outcomeCount]atomic.Int64

func (o *outcomes) add(decided outcome) {
	if o != nil {
		o[decided].Add(1)
	}
}

// counts holds the outcomes of all policies of a limiter until the provider
// collects them: to add to a counter of the provider costs each request far more.
type counts struct {
	mu       sync.Mutex
	policies map[string]*outcomes
}

func newCounts(p metric.MeterProvider) (*counts, error) {
	meter := p.Meter("github.com/cpodkit/cpodkit/ratelimit")
	requests, err := meter.Int64ObservableCounter("cpodkit.ratelimit.requests",
		metric.WithUnit("{request}"),
		metric.WithDescription("Requests that a rate limit policy has decided, by its outcome."))
	if err != nil {
		return nil, err
	}
	c := &counts{policies: map[string]*outcomes{}}
	// It is never taken back: the last counts are collected after the limiter is closed.
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		for policy, counted := range c.policies {
			for i := range counted {
				if n := counted[i].Load(); n > 0 {
					o.ObserveInt64(requests, n, metric.WithAttributes(
						attribute.String("cpodkit.ratelimit.policy", policy),
						attribute.Stringer("cpodkit.ratelimit.outcome", outcome(i))))
				}
			}
		}
		return nil
	}, requests)
	return c, err
}

// of returns the outcomes of the policies of a name. A nil counts has none.
func (c *counts) of(policy string) *outcomes {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.policies[policy] == nil {
		c.policies[policy] = new(outcomes)
	}
	return c.policies[policy]
}
