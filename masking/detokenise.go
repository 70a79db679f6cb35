package masking

import (
	"context"

	"github.com/cpodkit/cpodkit"
)

// TokenStore keeps the values of tokens, of each tenant by itself.
type TokenStore interface {
	// Put stores values by token. To store a token again changes nothing.
	Put(ctx context.Context, tenant string, values map[string]string) error
	// Get returns the values of tokens. Those that do not exist are absent.
	Get(ctx context.Context, tenant string, tokens []string) (map[string]string, error)
}

// Keys gives the key of a tenant for hashes and tokens.
type Keys interface {
	// Key returns 32 bytes, for a tenant always the same.
	Key(ctx context.Context, tenant string) ([]byte, error)
}

// WithTokenStore sets where the values of tokens are kept. [Token] needs it, and [WithKeys].
func WithTokenStore(s TokenStore) Option {
	return func(o *options) { o.tokens = s }
}

// WithKeys sets the keys of tenants. [Hash] and [Token] need them.
func WithKeys(k Keys) Option {
	return func(o *options) { o.keys = k }
}

// Detokenised says for which tenant tokens are read.
type Detokenised struct {
	TenantID string
	Tokens   []string
}

// WithReadHook sets what receives each call of [Masker.Detokenise] before it reads. An error
// of it refuses the read: unavailable. It is called concurrently. Nil is none.
func WithReadHook(hook func(context.Context, Detokenised) error) Option {
	return func(o *options) { o.hook = hook }
}

// Detokenise returns the values of tokens of a tenant. Tokens that do not exist are absent.
// It calls the read hook first. Without a token store it is not_supported.
func (m *Masker) Detokenise(ctx context.Context, tenant string, tokens []string) (map[string]string, error) {
	if m.options.tokens == nil {
		return nil, cpodkit.Errorf(cpodkit.CodeNotSupported, "This server keeps no tokens.")
	}
	if m.options.hook != nil {
		if err := m.options.hook(ctx, Detokenised{TenantID: tenant, Tokens: tokens}); err != nil {
			return nil, cpodkit.Errorf(cpodkit.CodeUnavailable, "The read could not be recorded; try it again.").WithCause(err)
		}
	}
	values, err := m.options.tokens.Get(ctx, tenant, tokens)
	if err != nil {
		return nil, storeError("The tokens could not be read; try it again.", err)
	}
	return values, nil
}
