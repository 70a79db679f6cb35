package rego

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit/internal/health"
)

// Engine decides. It is safe for concurrent use.
type Engine struct {
	options
	*stored

	store Store

	maker       *setMaker
	current     atomic.Pointer[set] // the operator's
	sourceState *health.State       // whether the policy that the source has now compiles
	tenants     *tenantPolicies

	cache       *decisionCache
	keys        sync.Pool // of *[]byte
	gate        *gate
	evaluations *evaluations
}

// Option configures [New].
type Option func(*options)

type options struct {
	logOptions

	source  Source
	logger  *slog.Logger
	tracers trace.TracerProvider
	meters  metric.MeterProvider
	secret  []byte
}

// WithSource sets where the operator's policy comes from. Without it there is none: then
// each route is allowed, and authorize goes by the scopes of the token.
func WithSource(s Source) Option { return func(o *options) { o.source = s } }

// WithLog sets where failures of Run are logged: each distinct one once, and once when it is
// over. Without it nothing is logged.
func WithLog(log *slog.Logger) Option { return func(o *options) { o.logger = log } }

// WithTelemetry measures evaluations and the calls to the store (docs/operations.md). A nil
// provider measures nothing.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	return func(o *options) { o.tracers, o.meters = tracers, meters }
}

// New returns an engine. It fails when the operator's policy does not compile.
func New(store Store, opts ...Option) (*Engine, error) {
	if store == nil {
		return nil, errors.New("rego: the store is nil")
	}
	e := &Engine{store: store, maker: newSetMaker(), options: options{logOptions: defaultLogOptions()}}
	e.tenants = &tenantPolicies{store: store, maker: e.maker}
	for _, opt := range opts {
		opt(&e.options)
	}
	e.cache, e.gate = newDecisionCache(), newGate()
	e.keys.New = func() any { return new([]byte) }
	var err error
	if e.evaluations, err = newEvaluations(e.meters); err != nil {
		return nil, err
	}
	if e.stored, err = newStored(&e.options); err != nil {
		return nil, err
	}
	e.sourceState = health.New(e.logger, "the operator's policy")
	if err := e.measureSource(); err != nil {
		return nil, err
	}
	if err := e.useSource(); err != nil {
		return nil, err
	}
	return e, nil
}

// useSource puts the policy of the source in force.
func (e *Engine) useSource() error {
	var p *Policy
	if e.source != nil {
		p = e.source.Current()
	}
	s, err := e.maker.compileOperator(p)
	if err != nil {
		return err
	}
	e.current.Store(s)
	e.readers.wake("")
	wake(e.operatorChanged)
	return nil
}

// operator returns the set of the operator that is in force.
func (e *Engine) operator() *set { return e.current.Load() }

// tenant returns the set of a tenant that is in force, or nil if it has none.
func (e *Engine) tenant(ctx context.Context, tenantID string) (*set, error) {
	if tenantID == "" {
		return nil, nil //nolint:nilnil // it has none
	}
	return e.tenants.get(ctx, tenantID)
}

// Run keeps policies current and stores logged decisions, until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { e.runSource(ctx) })
	running.Go(func() { e.runStored(ctx) })
	running.Wait()
	return ctx.Err()
}

// Decision is what a policy decided.
type Decision struct {
	ID       string
	Path     string          // with "data." in front
	Result   json.RawMessage // nil when the rule is undefined
	Allowed  bool            // the result is neither undefined, null nor false
	Reason   string          // that the policy gives for callers, or ""
	Revision string          // of the operator's policy and, after a dot, of the tenant's
	Time     time.Time
}
