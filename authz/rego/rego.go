package rego

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/cpodkit/cpodkit/internal/health"
)

// Engine decides. It is safe for concurrent use.
type Engine struct {
	options
	store Store

	maker     *setMaker
	current   atomic.Pointer[set] // the operator's
	compiling *health.State       // of the policy that the source has now
	tenants   *tenantPolicies
}

// Option configures [New].
type Option func(*options)

type options struct {
	source Source
	logger *slog.Logger
	meters metric.MeterProvider
}

// WithSource sets where the operator's policy comes from. Without it there is none: then
// each route is allowed, and authorize goes by the scopes of the token.
func WithSource(s Source) Option { return func(o *options) { o.source = s } }

// New returns an engine. It fails when the operator's policy does not compile.
func New(store Store, opts ...Option) (*Engine, error) {
	e := &Engine{store: store, maker: newSetMaker()}
	e.tenants = &tenantPolicies{store: store, maker: e.maker}
	for _, opt := range opts {
		opt(&e.options)
	}
	e.compiling = health.New(e.logger, "the operator's policy")
	if err := e.measureSource(e.meters); err != nil {
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
	s.since = time.Now().UTC()
	e.current.Store(s)
	return nil
}

// operator returns the set of the operator that is in force.
func (e *Engine) operator() *set { return e.current.Load() }

// tenant returns the set of a tenant that is in force, or nil if it has none.
func (e *Engine) tenant(ctx context.Context, tenantID string) (*set, error) {
	if tenantID == "" {
		return nil, nil
	}
	return e.tenants.get(ctx, tenantID)
}

// Run keeps policies current and stores logged decisions, until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	e.runSource(ctx)
	<-ctx.Done()
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

var errNotBuilt = errors.New("rego: not built yet")

// Evaluate evaluates a rule for a tenant: the tenant's own, if its policy defines the
// path, else the operator's. The path is "authz/allow" or "data.authz.allow". A rule that
// is defined nowhere is CodeNotFound. The input is what json.Marshal takes.
func (e *Engine) Evaluate(ctx context.Context, tenantID, path string, input any) (Decision, error) {
	return Decision{}, errNotBuilt
}

// Query is a rule that is prepared for inputs of one Go type. It is safe for concurrent
// use.
type Query[In any] struct{ engine *Engine }

// Prepare prepares a rule for inputs of type In, by the names that package json would use.
func Prepare[In any](e *Engine, path string) (*Query[In], error) { return nil, errNotBuilt }

// Decide evaluates the rule for a tenant, "" for the operator's policy alone.
func (q *Query[In]) Decide(ctx context.Context, tenantID string, in *In) (Decision, error) {
	return Decision{}, errNotBuilt
}
