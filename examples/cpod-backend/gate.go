package main

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/storage"
)

// gate keeps tenants out that are deleted. It is a [storage.Gate], the check of every
// credential, and counts the writes that are under way. It is safe for concurrent use.
type gate struct {
	closed atomic.Pointer[map[string]bool] // by encoded tenant; the map is never changed

	mu     sync.Mutex     // is held while closed is replaced
	inside map[string]int // writes under way
	left   chan struct{}  // closed with the next one that leaves; nil when nobody waits
}

var _ storage.Gate = (*gate)(nil)

func newGate() *gate {
	g := &gate{inside: map[string]int{}}
	g.closed.Store(&map[string]bool{})
	return g
}

// Enter implements [storage.Gate].
func (g *gate) Enter(tenant string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if (*g.closed.Load())[tenant] {
		return cpodkit.Errorf(cpodkit.CodeForbidden, "The tenant has been deleted.")
	}
	g.inside[tenant]++
	return nil
}

// Leave implements [storage.Gate].
func (g *gate) Leave(tenant string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside[tenant]--; g.inside[tenant] == 0 {
		delete(g.inside, tenant)
	}
	if g.left != nil {
		close(g.left)
		g.left = nil
	}
}

// set closes or opens the gate for a tenant.
func (g *gate) set(tenant string, closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	next := maps.Clone(*g.closed.Load())
	if next[tenant] = closed; !closed {
		delete(next, tenant)
	}
	g.closed.Store(&next)
}

// drain waits until no write of the tenant is under way.
func (g *gate) drain(ctx context.Context, tenant string) error {
	for {
		g.mu.Lock()
		if g.inside[tenant] == 0 {
			g.mu.Unlock()
			return nil
		}
		if g.left == nil {
			g.left = make(chan struct{})
		}
		left := g.left
		g.mu.Unlock()
		select {
		case <-left:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// guard refuses the credentials of tenants that are kept out.
func (g *gate) guard(v authz.Verifier) authz.Verifier {
	return authz.VerifierFunc(func(ctx context.Context, token string) (cpodkit.Identity, error) {
		id, err := v.Verify(ctx, token)
		if err != nil {
			return id, err
		}
		if closed := *g.closed.Load(); len(closed) > 0 && closed[encoded(id.TenantID)] {
			return cpodkit.Identity{}, cpodkit.Errorf(cpodkit.CodeTokenRevoked, "The tenant of this credential has been deleted.")
		}
		return id, nil
	})
}

// wrap lets the calls in that change records of a tenant, such as its apps. Storage
// asks the gate by itself.
func (g *gate) wrap(route cpodkit.Route) cpodkit.Middleware {
	if route.Public || route.Access == cpodkit.Reads || slices.Contains(route.Scopes, cpodkit.ByRequest) {
		return nil
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, _ := cpodkit.IdentityFromContext(r.Context())
			leave, err := storage.Enter(g, encoded(id.TenantID)+"/")
			if err != nil {
				cpodkit.WriteError(w, r, err)
				return
			}
			defer leave()
			next.ServeHTTP(w, r)
		})
	}
}

// encoded returns a tenant as storage paths have it; "" for one that has none.
func encoded(tenantID string) string {
	tenant, _ := cpodkit.EncodeID(tenantID)
	return tenant
}
