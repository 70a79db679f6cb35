package masking

import "context"

// TokenStore keeps the values of tokens of each tenant.
type TokenStore interface {
	Put(ctx context.Context, tenant string, values map[string]string) error
	Get(ctx context.Context, tenant string, tokens []string) (map[string]string, error)
}

// Keys gives the key of a tenant for hashes and tokens.
type Keys interface {
	Key(ctx context.Context, tenant string) ([]byte, error)
}
