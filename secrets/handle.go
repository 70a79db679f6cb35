package secrets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/parallel"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// The scopes of administrators. Their identities need no grants.
const (
	adminScope    = "admin"
	platformScope = "platform.admin"
)

// Handle is the secrets of one tenant, for one identity. It is a small value, safe for
// concurrent use. It asks for no scope except admin: the route does that.
//
// An identity with the scope admin or platform.admin administers the secrets of its
// tenant: it reads, writes and grants all of them. Every other identity reads the secrets
// whose [Grant] names its app. A secret that is not granted is not_found, as one is that is
// not there.
//
// Errors are those of [Secrets], missing_token without an identity, forbidden for one whose
// ids cannot be encoded (see [cpodkit.EncodeID]), and invalid_key for a name that
// [CheckName] refuses.
type Handle struct {
	*caller
	secrets *Secrets
}

// caller is for whom a handle acts.
type caller struct {
	id      cpodkit.Identity
	isAdmin bool
	fault   error // of the identity; nil for none
}

// For returns the secrets of id's tenant, for id.
func (s *Secrets) For(id cpodkit.Identity) Handle {
	c := &caller{id: id, isAdmin: id.RequireAny(adminScope, platformScope) == nil}
	if id.TenantID == "" {
		c.fault = cpodkit.MissingToken()
	} else if err := id.Validate(); err != nil {
		c.fault = cpodkit.Errorf(cpodkit.CodeForbidden, "The token's identity cannot have secrets: %s.", err)
	}
	return Handle{c, s}
}

// Trusted returns the secrets of a tenant for the server's own code, which needs no grants.
// Never take the tenant from what a client sent.
func (s *Secrets) Trusted(tenantID string) Handle {
	c := &caller{id: cpodkit.Identity{TenantID: tenantID}, isAdmin: true}
	if _, err := cpodkit.EncodeID(tenantID); err != nil {
		c.fault = invalid("/tenant", err.Error())
	}
	return Handle{c, s}
}

// Attach is middleware: inside of next, [FromContext] returns the handle of the request's
// identity.
func (s *Secrets) Attach(next http.Handler) http.Handler { return portable.Attach(next, s.For) }

// FromContext returns the handle of the identity in ctx. Every call of it is missing_token
// when there is none, or when [Secrets.Attach] is not around the handler.
func FromContext(ctx context.Context) Handle { return portable.FromContext[Handle](ctx) }

// check refuses a handle without an identity, and one that cannot have secrets.
func (h Handle) check() error {
	if h.caller == nil {
		return cpodkit.MissingToken().WithCause(
			errors.New("secrets: there is no handle in the context: wrap the handler in Secrets.Attach"))
	}
	return h.fault
}

// checkName is check and [CheckName].
func (h Handle) checkName(name string) error {
	if err := h.check(); err != nil {
		return err
	}
	return CheckName(name)
}

// GetOption configures [Handle.Get].
type GetOption func(*int64)

// Version asks for a version other than the newest one: 1 and up. The zero is the newest
// version. Only the newest version is cached.
func Version(n int64) GetOption { return func(version *int64) { *version = n } }

// Get returns a secret. It returns not_found for one that is not there or not granted, and
// for a version that is not there (any more); not_supported for a version where the
// provider has none.
func (h Handle) Get(ctx context.Context, name string, opts ...GetOption) (Secret, error) {
	secret, err := h.read(ctx, name, opts)
	if err == nil {
		err = h.handOut(ctx, name, secret.Version, "")
	}
	if err != nil {
		return Secret{}, err
	}
	return *secret, nil
}

// read returns a secret that the caller may read, and tells nobody. What it returns never
// changes; it is nil with an error.
func (h Handle) read(ctx context.Context, name string, opts []GetOption) (*Secret, error) {
	if len(opts) == 0 {
		if secret := h.cached(name); secret != nil {
			return secret, nil
		}
	}
	return h.readCold(ctx, name, opts)
}

func (h Handle) readCold(ctx context.Context, name string, opts []GetOption) (*Secret, error) {
	if err := h.checkName(name); err != nil {
		return nil, err
	}
	var version int64
	for _, opt := range opts {
		opt(&version)
	}
	if version < 0 {
		return nil, notFound()
	}
	if !h.isAdmin {
		g, err := h.secrets.grant(ctx, h.id.TenantID, name)
		if err == nil && !g.allows(h.id.AppID) {
			err = notFound()
		}
		if err != nil {
			return nil, err
		}
	}
	read := h.secrets.secret
	if version > 0 {
		read = func(ctx context.Context, tenantID, name string) (Secret, error) {
			return h.secrets.stored(ctx, tenantID, name, version)
		}
	}
	secret, err := read(ctx, h.id.TenantID, name)
	if err != nil {
		return nil, err
	}
	return &secret, nil
}

// handOut tells the read hook that the caller gets a value.
func (h Handle) handOut(ctx context.Context, name string, version int64, bundle string) error {
	if h.secrets.hook == nil {
		return nil
	}
	err := h.secrets.hook(ctx, Read{h.id.TenantID, h.id.AppID, h.id.UserID, name, version, bundle})
	if err != nil {
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "The read cannot be recorded now; try again later.").WithCause(err)
	}
	return nil
}

// Resolve returns the newest values of secrets, at most [MaxResolve] of them, by their
// names. Those that are not there or not granted are missing, in the order of the names. It
// returns no values when another error comes, validation_failed with a pointer for a wrong
// name or too many.
func (h Handle) Resolve(ctx context.Context, names ...string) (values map[string]Value, missing []string, err error) {
	if err := h.check(); err != nil {
		return nil, nil, err
	}
	if len(names) > MaxResolve {
		return nil, nil, invalid("/names", fmt.Sprintf("has %d names; at most %d are allowed", len(names), MaxResolve))
	}
	found := make([]*Secret, len(names))
	for i, name := range names {
		if found[i] = h.cached(name); found[i] != nil {
			continue
		}
		if err := CheckName(name); err != nil {
			return nil, nil, invalid(fmt.Sprintf("/names/%d", i), "is not the name of a secret").WithCause(err)
		}
	}
	if err := h.readAll(ctx, names, found); err != nil {
		return nil, nil, err
	}
	values = make(map[string]Value, len(names))
	for i, name := range names {
		_, told := values[name]
		switch {
		case found[i] == nil && !slices.Contains(missing, name):
			missing = append(missing, name)
		case found[i] != nil && !told:
			if err := h.handOut(ctx, name, found[i].Version, ""); err != nil {
				return nil, nil, err
			}
			values[name] = found[i].Value
		}
	}
	return values, missing, nil
}

// readAll reads those of the secrets that are not found yet, and tells nobody. Those that
// are not there for the caller stay nil.
func (h Handle) readAll(ctx context.Context, names []string, found []*Secret) error {
	const atOnce = 8
	var cold []int
	for i, secret := range found {
		if secret == nil {
			cold = append(cold, i)
		}
	}
	if cold == nil {
		return nil
	}
	return parallel.Each(ctx, atOnce, slices.Values(cold), func(ctx context.Context, i int) (err error) {
		found[i], err = h.read(ctx, names[i], nil)
		if isCode(err, cpodkit.CodeNotFound) {
			return nil
		}
		return err
	})
}
