package flags

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/health"
)

// tenant is the flags of one tenant, or of all where the source is shared.
type tenant struct {
	set     atomic.Pointer[Set] // nil until the first load
	used    atomic.Bool         // since eviction looked last
	evicted atomic.Bool
	id      string
	state   *health.State

	begun   atomic.Int64  // reloads so far
	turn    chan struct{} // is held during a reload, and guards version and good
	version string        // that the source gave for set
	good    int64         // the last reload without an error

	mu      sync.Mutex    // guards the rest
	changed chan struct{} // is closed when set is replaced
	watches int
	isStale bool
}

// id returns under which id a tenant's flags are kept.
func (f *Flags) id(tenantID string) string {
	if f.isShared {
		return ""
	}
	return tenantID
}

// tenant returns the place of a tenant's flags, which makes room when it is new.
func (f *Flags) tenant(tenantID string) *tenant {
	id := f.id(tenantID)
	if t, ok := f.known.Load(id); ok {
		t := t.(*tenant) //nolint:errcheck,forcetypeassert // nothing else is stored
		t.touch()
		return t
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if t, ok := f.tenants[id]; ok {
		return t
	}
	subject := "the flags of tenant " + id
	if id == "" {
		subject = "the flags"
	}
	t := &tenant{
		id: id, state: health.New(f.log, subject),
		turn: make(chan struct{}, 1), changed: make(chan struct{}),
	}
	t.used.Store(true)
	if len(f.tenants) >= f.maxTenants {
		f.evict()
	}
	f.tenants[id] = t
	f.known.Store(id, t)
	return t
}

// touch notes that the flags are used.
func (t *tenant) touch() {
	if !t.used.Load() {
		t.used.Store(true)
	}
}

// evict removes a tenant that was not used since eviction looked last. When all were, it
// takes any. It leaves those that somebody watches. The caller holds f.mu.
func (f *Flags) evict() {
	var found *tenant
	for _, t := range f.tenants {
		if t.isWatched() {
			continue
		}
		found = t
		if !t.used.Swap(false) {
			break
		}
	}
	if found == nil {
		return
	}
	delete(f.tenants, found.id)
	f.known.Delete(found.id)
	f.noteStale(found, false, true)
}

// reload loads a tenant's flags. Without again it does nothing when they are there, and
// with again when another call has loaded them since this one began.
func (f *Flags) reload(ctx context.Context, t *tenant, again bool) error {
	before := t.begun.Load()
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-t.turn }()
	if t.set.Load() != nil && (!again || t.good > before) {
		return nil
	}
	number := t.begun.Add(1)
	err := f.fetch(ctx, t)
	if err == nil {
		t.good = number
	}
	if ctx.Err() == nil {
		t.state.Set(ctx, err)
		f.noteStale(t, err != nil, false)
	}
	return err
}

// fetch replaces the set when the source has another one.
func (f *Flags) fetch(ctx context.Context, t *tenant) error {
	version, err := f.versionOf(ctx, t)
	if err != nil {
		return err
	}
	if version != "" && version == t.version && t.set.Load() != nil {
		return nil
	}
	ctx, call := f.load.Start(ctx)
	set, err := f.compile(ctx, t.id)
	if err = call.End(ctx, err); err != nil {
		return err
	}
	t.version = version
	if before := t.set.Load(); before == nil || before.version != set.version {
		t.set.Store(set)
		t.announce()
	}
	return nil
}

// versionOf returns the source's version of a tenant's flags, "" when it has none.
func (f *Flags) versionOf(ctx context.Context, t *tenant) (string, error) {
	versioner, ok := f.source.(Versioner)
	if !ok {
		return "", nil
	}
	ctx, call := f.version.Start(ctx)
	version, err := versioner.Version(ctx, t.id)
	if errors.Is(err, cpodkit.CodeNotSupported) {
		version, err = "", nil
	}
	return version, call.End(ctx, err)
}

func (f *Flags) compile(ctx context.Context, tenantID string) (*Set, error) {
	definitions, err := f.source.Load(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	compiled := make([]Definition, len(definitions))
	for i, d := range definitions {
		if compiled[i], err = f.compiled.compile(d); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	return assemble(compiled)
}

// noteStale counts tenants whose flags are not current. One that is evicted counts no
// more.
func (f *Flags) noteStale(t *tenant, isStale, evicted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if evicted {
		t.evicted.Store(true)
	}
	isStale = isStale && !t.evicted.Load()
	if t.isStale != isStale {
		t.isStale = isStale
		f.stale.Add(int64(2*boolInt(isStale) - 1))
	}
}

// announce wakes those who watch.
func (t *tenant) announce() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *tenant) isWatched() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.watches > 0
}

func (t *tenant) watch(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watches += n
}

// watched returns a tenant that eviction leaves until its watch is given back.
func (f *Flags) watched(tenantID string) *tenant {
	for {
		t := f.tenant(tenantID)
		f.mu.Lock()
		isKept := f.tenants[t.id] == t
		if isKept {
			t.watch(1)
		}
		f.mu.Unlock()
		if isKept {
			return t
		}
	}
}

// compiledCache lets tenants with the same definition share what it is compiled to, and
// a reload keep what has not changed.
type compiledCache struct {
	mu      sync.Mutex
	entries map[digest]weak.Pointer[fragment]
}

func (c *compiledCache) compile(d Definition) (Definition, error) {
	if d.compiled != nil {
		return d, nil
	}
	id := sha256.Sum256(d.JSON)
	if d.Lenient {
		id[0] ^= 1 // it may be wrong for others
	}
	c.mu.Lock()
	d.compiled = c.entries[id].Value()
	c.mu.Unlock()
	if d.compiled != nil {
		return d, nil
	}
	if err := d.compile(); err != nil {
		return d, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = map[digest]weak.Pointer[fragment]{}
	}
	c.entries[id] = weak.Make(d.compiled)
	runtime.AddCleanup(d.compiled, c.forget, id)
	return d, nil
}

// forget removes an entry whose definition nobody uses.
func (c *compiledCache) forget(id digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[id].Value() == nil {
		delete(c.entries, id)
	}
}
