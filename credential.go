package cpodkit

import "context"

// Credential is a verified credential of a request.
type Credential interface {
	// Identity returns for whom the credential acts. Nobody changes it.
	Identity() *Identity

	// Recheck verifies the credential again: see the function [Recheck]. It is safe for
	// concurrent use.
	Recheck(ctx context.Context) error
}

type credentialKey struct{}

// WithCredential returns a context with the identity of a credential, as
// [WithIdentity] does, in which [Recheck] asks the credential. It is for
// authentication middleware: it allocates less than the two functions for the parts.
func WithCredential(ctx context.Context, c Credential) context.Context {
	if rec := RecordFromContext(ctx); rec != nil {
		rec.identity.Store(c.Identity())
	}
	return &credentialContext{ctx, c}
}

// CredentialFromContext returns what [WithCredential] stored, or nil.
func CredentialFromContext(ctx context.Context) Credential {
	c, _ := ctx.Value(credentialKey{}).(Credential)
	return c
}

type credentialContext struct {
	context.Context //nolint:containedctx // it is a context

	credential Credential
}

// Value returns the identity and the recheck under the keys of [WithIdentity] and
// [WithRecheck].
func (c *credentialContext) Value(key any) any {
	switch key.(type) {
	case identityKey:
		return c.credential.Identity()
	case recheckKey:
		return c.credential.Recheck
	case credentialKey:
		return c.credential
	}
	return c.Context.Value(key)
}
