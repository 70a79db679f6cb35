package rego

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

// memoryDecisions is how many decisions of a tenant are kept in memory.
const memoryDecisions = 10_000

// Memory is a [Store] in memory: for tests, and for one process whose tenants may lose
// their policies. It keeps the 10,000 newest decisions of a tenant. It is safe for
// concurrent use.
type Memory struct {
	mu       sync.Mutex
	heads    map[string]Head
	blobs    map[blobKey]memoryBlob
	logs     map[string]*memoryLog // by tenant
	watchers map[*func(tenantID string)]struct{}
}

type blobKey struct{ tenantID, digest string }

type memoryLog struct {
	decisions map[string]LoggedDecision // by id
	ids       []string                  // as they came
}

type memoryBlob struct {
	content []byte
	put     time.Time
}

var (
	_ Store   = (*Memory)(nil)
	_ Watcher = (*Memory)(nil)
)

// NewMemory returns a Memory without policies.
func NewMemory() *Memory {
	return &Memory{
		heads: map[string]Head{}, blobs: map[blobKey]memoryBlob{},
		logs: map[string]*memoryLog{}, watchers: map[*func(string)]struct{}{},
	}
}

func (m *Memory) lock(ctx context.Context) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	return m.mu.Unlock, nil
}

// Head implements [Store].
func (m *Memory) Head(ctx context.Context, tenantID string) (Head, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return Head{}, err
	}
	defer unlock()
	h := m.heads[tenantID]
	h.Blobs = slices.Clone(h.Blobs)
	return h, nil
}

// SetHead implements [Store].
func (m *Memory) SetHead(ctx context.Context, tenantID string, h Head, ifVersion string) (Head, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return Head{}, err
	}
	defer unlock()
	if m.heads[tenantID].Version != ifVersion {
		return Head{}, cpodkit.CodePreconditionFailed
	}
	h.Version, h.UpdatedAt = rand.Text(), time.Now().UTC().Truncate(time.Millisecond)
	kept := h
	kept.Blobs = slices.Clone(h.Blobs)
	m.heads[tenantID] = kept
	for changed := range m.watchers {
		(*changed)(tenantID)
	}
	return h, nil
}

// PutBlob implements [Store].
func (m *Memory) PutBlob(ctx context.Context, tenantID, digest string, content []byte) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	key := blobKey{tenantID, digest}
	b, ok := m.blobs[key]
	if !ok {
		b.content = slices.Clone(content)
	}
	b.put = time.Now()
	m.blobs[key] = b
	return nil
}

// Blob implements [Store].
func (m *Memory) Blob(ctx context.Context, tenantID, digest string) ([]byte, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	b, ok := m.blobs[blobKey{tenantID, digest}]
	if !ok {
		return nil, cpodkit.CodeNotFound
	}
	return slices.Clone(b.content), nil
}

// AppendDecisions implements [Store].
func (m *Memory) AppendDecisions(ctx context.Context, decisions []LoggedDecision) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, d := range decisions {
		log := m.logs[d.TenantID]
		if log == nil {
			log = &memoryLog{decisions: map[string]LoggedDecision{}}
			m.logs[d.TenantID] = log
		}
		if _, ok := log.decisions[d.ID]; ok {
			continue
		}
		d.Time = d.Time.UTC().Truncate(time.Millisecond)
		log.decisions[d.ID] = d
		if log.ids = append(log.ids, d.ID); len(log.ids) > memoryDecisions {
			delete(log.decisions, log.ids[0])
			log.ids = log.ids[1:]
		}
	}
	return nil
}

// Decision implements [Store].
func (m *Memory) Decision(ctx context.Context, tenantID, id string) (LoggedDecision, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return LoggedDecision{}, err
	}
	defer unlock()
	if log := m.logs[tenantID]; log != nil {
		if d, ok := log.decisions[id]; ok {
			return d, nil
		}
	}
	return LoggedDecision{}, cpodkit.CodeNotFound
}

// LastDecisions implements [Store].
func (m *Memory) LastDecisions(ctx context.Context, tenantID, path string, limit int) ([]LoggedDecision, error) {
	unlock, err := m.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	log := m.logs[tenantID]
	if log == nil {
		return nil, nil
	}
	var last []LoggedDecision
	for _, d := range log.decisions {
		if d.Path == path {
			last = append(last, d)
		}
	}
	slices.SortFunc(last, func(a, b LoggedDecision) int { return cmp.Compare(a.ID, b.ID) })
	return last[:min(limit, len(last))], nil
}

// Prune implements [Store].
func (m *Memory) Prune(ctx context.Context, decisionsBefore, blobsBefore time.Time) error {
	unlock, err := m.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, log := range m.logs {
		maps.DeleteFunc(log.decisions, func(_ string, d LoggedDecision) bool { return d.Time.Before(decisionsBefore) })
		log.ids = slices.DeleteFunc(log.ids, func(id string) bool { _, ok := log.decisions[id]; return !ok })
	}
	maps.DeleteFunc(m.blobs, func(k blobKey, b memoryBlob) bool {
		return b.put.Before(blobsBefore) && !slices.Contains(m.heads[k.tenantID].Blobs, k.digest)
	})
	return nil
}

// Watch implements [Watcher].
func (m *Memory) Watch(ctx context.Context, changed func(tenantID string)) error {
	m.mu.Lock()
	m.watchers[&changed] = struct{}{}
	m.mu.Unlock()
	changed("")
	<-ctx.Done()
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.watchers, &changed)
	return ctx.Err()
}
