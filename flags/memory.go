package flags

import (
	"context"
	"sync"
)

// Memory is a [Source] in memory: for one machine, or for tests. It is safe for
// concurrent use.
type Memory struct {
	mu       sync.Mutex
	tenants  map[string]Definition
	watchers map[*func(string)]struct{}
}

// NewMemory returns a source without definitions.
func NewMemory() *Memory {
	return &Memory{tenants: map[string]Definition{}, watchers: map[*func(string)]struct{}{}}
}

// Set replaces the definition of a tenant, or with "" the one that holds for all
// tenants, before their own. A wrong one is the error of [Parse], and changes nothing.
func (m *Memory) Set(tenantID string, definition []byte) error {
	compiled, faults, err := parse(definition, MaxDefinition)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return refused(faults)
	}
	m.change(tenantID, &Definition{Name: "memory", JSON: definition, compiled: compiled})
	return nil
}

// Remove removes the definition of a tenant, or with "" the one for all tenants. One that
// is not there is no error.
func (m *Memory) Remove(tenantID string) { m.change(tenantID, nil) }

func (m *Memory) change(tenantID string, definition *Definition) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if definition == nil {
		delete(m.tenants, tenantID)
	} else {
		m.tenants[tenantID] = *definition
	}
	for changed := range m.watchers {
		(*changed)(tenantID)
	}
}

// Load returns the definition for all tenants and the tenant's own.
func (m *Memory) Load(ctx context.Context, tenantID string) ([]Definition, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := []string{"", tenantID}
	if tenantID == "" {
		ids = ids[:1]
	}
	var all []Definition
	for _, id := range ids {
		if d, ok := m.tenants[id]; ok {
			all = append(all, d)
		}
	}
	return all, nil
}

// Watch implements [Watcher].
func (m *Memory) Watch(ctx context.Context, changed func(tenantID string)) error {
	m.mu.Lock()
	m.watchers[&changed] = struct{}{}
	m.mu.Unlock()
	<-ctx.Done()
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.watchers, &changed)
	return nil
}

// Version implements [Versioner].
func (m *Memory) Version(ctx context.Context, tenantID string) (string, error) {
	definitions, err := m.Load(ctx, tenantID)
	return versionOfAll(definitions), err
}
