package masking

import (
	"context"
	"crypto/rand"
	"sync"

	"github.com/cpodkit/cpodkit"
)

// MaxTokenValue is how many bytes the value of a token has at most. Every [TokenStore]
// keeps values of this size; a longer one is payload_too_large.
const MaxTokenValue = 16 << 10

// keyBytes is the size of a tenant's key.
const keyBytes = 32

// What a [MemoryTokens] holds at most, of all tenants together. More is quota_exceeded.
const (
	maxMemoryTokens = 100_000
	maxMemoryBytes  = 64 << 20 // of tokens and values
)

// MemoryTokens is a [TokenStore] and [Keys] in memory: for one process, or for tests. Its
// keys and tokens end with the process. It holds at most 100,000 tokens with 64 MiB, of
// all tenants together; more are quota_exceeded. It is safe for concurrent use.
type MemoryTokens struct {
	mu            sync.Mutex
	tenants       map[string]*memoryTenant
	tokens, bytes int
}

type memoryTenant struct {
	key    []byte
	values map[string]string // by token
}

var (
	_ TokenStore = (*MemoryTokens)(nil)
	_ Keys       = (*MemoryTokens)(nil)
)

// NewMemoryTokens returns an empty store.
func NewMemoryTokens() *MemoryTokens { return &MemoryTokens{tenants: map[string]*memoryTenant{}} }

// tenant returns a tenant, which is made when it is not there. The caller holds mu.
func (m *MemoryTokens) tenant(id string) *memoryTenant {
	t := m.tenants[id]
	if t == nil {
		t = &memoryTenant{make([]byte, keyBytes), map[string]string{}}
		_, _ = rand.Read(t.key) // which never fails
		m.tenants[id] = t
	}
	return t
}

// Key implements [Keys].
func (m *MemoryTokens) Key(ctx context.Context, tenant string) ([]byte, error) {
	if err := checkTenant(ctx, tenant); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]byte(nil), m.tenant(tenant).key...), nil
}

// Put implements [TokenStore]. It stores all values or none.
func (m *MemoryTokens) Put(ctx context.Context, tenant string, values map[string]string) error {
	if err := checkTenant(ctx, tenant); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tenant(tenant)
	tokens, bytes := m.tokens, m.bytes
	for token, value := range values {
		if len(value) > MaxTokenValue {
			return cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "A value to make a token of has %d bytes; at most %d are allowed.", len(value), MaxTokenValue)
		}
		if _, known := t.values[token]; !known {
			tokens, bytes = tokens+1, bytes+len(token)+len(value)
		}
	}
	if tokens > maxMemoryTokens || bytes > maxMemoryBytes {
		return cpodkit.Errorf(cpodkit.CodeQuotaExceeded, "There is no room for more tokens.")
	}
	m.tokens, m.bytes = tokens, bytes
	for token, value := range values {
		if _, known := t.values[token]; !known {
			t.values[token] = value
		}
	}
	return nil
}

// Get implements [TokenStore].
func (m *MemoryTokens) Get(ctx context.Context, tenant string, tokens []string) (map[string]string, error) {
	if err := checkTenant(ctx, tenant); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string]string{}
	if t := m.tenants[tenant]; t != nil {
		for _, token := range tokens {
			if value, ok := t.values[token]; ok {
				found[token] = value
			}
		}
	}
	return found, nil
}

// DeleteTenant removes the tokens and the key of a tenant.
func (m *MemoryTokens) DeleteTenant(tenant string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.tenants[tenant]; t != nil {
		for token, value := range t.values {
			m.tokens, m.bytes = m.tokens-1, m.bytes-len(token)-len(value)
		}
		delete(m.tenants, tenant)
	}
}

// checkTenant returns an error for what is not a tenant's id, or when ctx has ended.
func checkTenant(ctx context.Context, tenant string) error {
	if _, err := cpodkit.EncodeID(tenant); err != nil {
		return cpodkit.Errorf(cpodkit.CodeInternal, "The tenant's id is not valid.").WithCause(err)
	}
	return ctx.Err()
}
