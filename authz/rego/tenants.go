package rego

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"sync/atomic"
)

// manifest lists what belongs to a revision of a tenant's policy, by digests.
type manifest struct {
	Modules map[string]string `json:"modules"`        // by name
	Data    string            `json:"data,omitempty"` // "" for none
}

// encode returns the manifest as it is stored, and its digest: the revision.
func (m manifest) encode() (content []byte, revision string) {
	content, _ = json.Marshal(m) //nolint:errchkjson // it has strings only, and the keys of maps are sorted
	return content, shortDigest(content)
}

// digestOf returns the digest of a module or of a data document.
func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// The bounds of what tenants' policies take in memory.
const (
	compiledBytes = 128 << 20 // of all compiled policies of tenants
	maxTenants    = 10_000    // that are known, most of them without a policy
	entryBytes    = 512       // of a tenant without a policy
	growth        = 60        // times as large as its source is a compiled policy
)

// tenantPolicies are the policies of tenants in memory.
type tenantPolicies struct {
	store Store
	maker *setMaker

	known sync.Map // of tenant ids to *tenantPolicy
	clock atomic.Int64

	mu    sync.Mutex
	bytes int // of all that are known
	count int
}

// tenantPolicy is the policy of a tenant.
type tenantPolicy struct {
	loading chan struct{} // holds one while somebody loads
	state   atomic.Pointer[tenantState]
	used    atomic.Int64 // the clock at its last use
	size    int          // guarded by tenantPolicies.mu
}

type tenantState struct {
	head Head
	set  *set // nil if the tenant has no policy
}

// get returns the set of a tenant, or nil if it has none. It reads the store at the first
// use alone.
func (t *tenantPolicies) get(ctx context.Context, tenantID string) (*set, error) {
	known, _ := t.known.Load(tenantID)
	if p, ok := known.(*tenantPolicy); ok {
		if state := p.state.Load(); state != nil {
			p.used.Store(t.clock.Add(1))
			return state.set, nil
		}
	}
	state, err := t.load(ctx, tenantID, "")
	if err != nil {
		return nil, err
	}
	return state.set, nil
}

// refresh reads the head of a tenant that is known, and its policy if that is another one.
func (t *tenantPolicies) refresh(ctx context.Context, tenantID string) error {
	if _, ok := t.known.Load(tenantID); !ok {
		return nil
	}
	_, err := t.load(ctx, tenantID, "head")
	return err
}

// load returns the policy of a tenant. With why "" one that another call has loaded
// meanwhile is taken; else the head is read in any case.
func (t *tenantPolicies) load(ctx context.Context, tenantID, why string) (*tenantState, error) {
	known, _ := t.known.LoadOrStore(tenantID, &tenantPolicy{loading: make(chan struct{}, 1)})
	p, _ := known.(*tenantPolicy)
	select {
	case p.loading <- struct{}{}:
		defer func() { <-p.loading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	before := p.state.Load()
	if before != nil && why == "" {
		return before, nil
	}
	head, err := t.store.Head(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	state := &tenantState{head: head}
	switch {
	case head.Revision == "":
	case before != nil && before.head.Revision == head.Revision:
		state.set = before.set
	default:
		if state.set, err = t.read(ctx, tenantID, head.Revision); err != nil {
			return nil, err
		}
	}
	t.keep(tenantID, p, state)
	return state, nil
}

// read reads and compiles a revision of a tenant's policy.
func (t *tenantPolicies) read(ctx context.Context, tenantID, revision string) (*set, error) {
	c, err := readContent(ctx, revision, func(ctx context.Context, digest string) ([]byte, error) {
		return t.store.Blob(ctx, tenantID, digest)
	})
	if err != nil {
		return nil, err
	}
	return t.maker.compileWithin(storedTime, revision, c.modules, c.data)
}

// keep puts a policy in force, and forgets those that were not used for longest when all
// of them are too large.
func (t *tenantPolicies) keep(tenantID string, p *tenantPolicy, state *tenantState) {
	size := entryBytes + len(tenantID)
	if state.set != nil {
		size += growth * state.set.size
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p.used.Store(t.clock.Add(1))
	if p.state.Swap(state) == nil {
		t.count++
	}
	t.bytes += size - p.size
	p.size = size
	for t.bytes > compiledBytes && t.count > 1 || t.count > maxTenants {
		t.forget(p)
	}
}

// forget drops the policy that was not used for longest, except keep.
func (t *tenantPolicies) forget(keep *tenantPolicy) {
	var id any
	var oldest *tenantPolicy
	for key, known := range t.known.Range {
		p, _ := known.(*tenantPolicy)
		if p != keep && p.state.Load() != nil && (oldest == nil || p.used.Load() < oldest.used.Load()) {
			id, oldest = key, p
		}
	}
	if oldest == nil {
		return
	}
	t.known.Delete(id)
	oldest.state.Store(nil)
	t.bytes -= oldest.size
	t.count--
}
