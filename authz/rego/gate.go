package rego

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/shares"
)

const (
	maxGateWait = time.Second // until an evaluation begins
	maxWaiting  = 256         // evaluations of one tenant
)

// gate bounds how many evaluations for tenants run at once: 8 for each processor, and of
// one tenant an eighth of them. Others wait. It is safe for concurrent use.
type gate struct {
	all   chan struct{}
	share int

	mu      sync.Mutex
	tenants map[string]*tenantGate
}

// tenantGate is there while the tenant evaluates.
type tenantGate struct {
	places chan struct{}
	inside int // that run or wait
}

func newGate() *gate {
	n := 8 * runtime.GOMAXPROCS(0)
	return &gate{all: make(chan struct{}, n), share: n / shares.Fraction, tenants: map[string]*tenantGate{}}
}

// enter takes a place among the evaluations at once. Those without a tenant need none.
func (e *Engine) enter(ctx context.Context, tenantID string) (leave func(), err error) {
	if tenantID == "" {
		return func() {}, nil
	}
	return e.gate.enter(ctx, tenantID)
}

func (g *gate) enter(ctx context.Context, tenantID string) (leave func(), err error) {
	t := g.join(tenantID)
	if t == nil {
		return nil, tooMany()
	}
	if err := g.take(ctx, t); err != nil {
		g.part(tenantID, t)
		return nil, err
	}
	return func() {
		<-g.all
		<-t.places
		g.part(tenantID, t)
	}, nil
}

// take waits for a place of the tenant, and then for one of all.
func (g *gate) take(ctx context.Context, t *tenantGate) error {
	select {
	case t.places <- struct{}{}:
		select {
		case g.all <- struct{}{}:
			return nil
		default:
			<-t.places
		}
	default:
	}
	late := time.NewTimer(maxGateWait)
	defer late.Stop()
	select {
	case t.places <- struct{}{}:
	case <-late.C:
		return tooMany()
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case g.all <- struct{}{}:
		return nil
	case <-late.C:
		<-t.places
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "Too many policies are evaluated now; try again.")
	case <-ctx.Done():
		<-t.places
		return ctx.Err()
	}
}

func tooMany() error {
	err := cpodkit.Errorf(cpodkit.CodeRateLimited, "Your tenant evaluates too many policies at once; try again.")
	err.RetryAfter = maxGateWait
	return err
}

// join returns the gate of a tenant, or nil when too many wait there.
func (g *gate) join(tenantID string) *tenantGate {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.tenants[tenantID]
	if t == nil {
		t = &tenantGate{places: make(chan struct{}, g.share)}
		g.tenants[tenantID] = t
	}
	if t.inside == g.share+maxWaiting {
		return nil
	}
	t.inside++
	return t
}

func (g *gate) part(tenantID string, t *tenantGate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.inside--; t.inside == 0 {
		delete(g.tenants, tenantID)
	}
}
