// Package cluster is what the replicas of a server tell each other. A [Topic]
// carries notifications to all of them and knows whether it does; a [Lease] is
// held by one of them at a time, and numbers its holders. A [Cluster] binds both
// to a [Driver]; [NewMemory] is the driver of a single replica.
package cluster

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// MaxName is the most bytes of the name of a topic or lease. It consists of
// A-Z, a-z, 0-9, '.', '_', ':', '/' and '-'.
const MaxName = 128

// Cluster is the replicas that share one driver's system. It is safe for
// concurrent use.
type Cluster struct {
	driver Driver
	closed chan struct{}
	close  func() error

	publish, subscribe, acquire, renew, release *portable.Operation
}

// Option configures [New].
type Option func(*options)

type options struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTelemetry makes a span of every call to the driver ("cluster.publish"),
// heartbeats excepted, measures how long it takes, and counts its errors by code
// (docs/operations.md). Nothing of it holds a name or a message. A nil provider
// leaves out its half, as does New without this option.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	return func(o *options) { o.tracers, o.meters = tracers, meters }
}

// New returns the cluster that driver connects. It owns the driver:
// [Cluster.Close] closes it.
func New(driver Driver, opts ...Option) (*Cluster, error) {
	if driver == nil {
		return nil, errors.New("cluster: the driver is nil")
	}
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	calls, err := portable.NewCalls("cluster", o.tracers, o.meters, sentence)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	c := &Cluster{
		driver:    driver,
		closed:    make(chan struct{}),
		publish:   calls.Operation("publish"),
		subscribe: calls.Operation("subscribe"),
		acquire:   calls.Operation("acquire"),
		renew:     calls.Operation("renew"),
		release:   calls.Operation("release"),
	}
	c.close = sync.OnceValue(func() error {
		close(c.closed)
		return driver.Close()
	})
	return c, nil
}

// Close lets every [Topic.Follow] return and closes the driver. Leases that are
// held stay so until their time is over. The cluster is not used afterwards.
func (c *Cluster) Close() error { return c.close() }

// checkName returns what is wrong with the name of a topic or lease.
func checkName(kind, name string) error {
	const other = "._:/-"
	switch {
	case name == "" || len(name) > MaxName:
		return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The name of a %s has 1 to %d bytes.", kind, MaxName)
	case strings.ContainsFunc(name, func(r rune) bool {
		letter, digit := 'a' <= r|0x20 && r|0x20 <= 'z', '0' <= r && r <= '9'
		return r >= 0x80 || !letter && !digit && !strings.ContainsRune(other, r)
	}):
		return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The name of a %s consists of letters, digits and %q.", kind, other)
	}
	return nil
}
