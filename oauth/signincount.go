package oauth

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/cpodkit/cpodkit"
)

// Where users sign in, as metrics have it.
const (
	byPassword = "password"
	byLink     = "link"
	byProvider = "provider"
)

// signInCounter counts attempts to sign in, by way and outcome.
type signInCounter struct {
	counter metric.Int64Counter // nil without metrics
}

func newSignInCounter(meters metric.MeterProvider) (c signInCounter, err error) {
	if meters == nil {
		return c, nil
	}
	c.counter, err = meters.Meter("github.com/cpodkit/cpodkit/oauth").Int64Counter("cpodkit.oauth.sign_ins",
		metric.WithUnit("{attempt}"), metric.WithDescription("Attempts of users to sign in, by way and outcome."))
	if err != nil {
		return c, fmt.Errorf("oauth: %w", err)
	}
	return c, nil
}

func (c signInCounter) add(ctx context.Context, way string, err error) {
	if c.counter == nil {
		return
	}
	outcome := "failed"
	switch code := cpodkit.CodeOf(err); {
	case err == nil:
		outcome = "signed_in"
	case code == cpodkit.CodeRateLimited:
		outcome = "throttled"
	case code.Status() < 500:
		outcome = "refused"
	}
	c.counter.Add(ctx, 1, metric.WithAttributes(
		attribute.String("cpodkit.oauth.way", way), attribute.String("cpodkit.oauth.outcome", outcome)))
}
