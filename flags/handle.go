package flags

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// Handle is the flags of one tenant, evaluated for one identity. It is a small value,
// safe for concurrent use. It asks for no scope: the server's own code reads the flags,
// not the client.
//
// An evaluation completes the context that it is given. The targeting key is the
// context's, else its member user_id, else the identity's user, else its app. Rules find
// the identity in identity.tenant, identity.app, identity.user and identity.claims.
//
// Errors are those of [Flags], missing_token without an identity, and forbidden for one
// whose ids cannot be encoded (see [cpodkit.EncodeID]).
type Handle struct {
	*subject
	flags *Flags
}

// subject is for whom a handle evaluates.
type subject struct {
	tenant   atomic.Pointer[tenant] // where the flags were at the last call
	fault    error                  // of the identity; nil for none
	isOpen   bool                   // it is that of a call's context, where that is of this tenant
	identity cpodkit.Identity
	claims   func(context.Context, cpodkit.Identity) map[string]any
}

// For returns the flags of id's tenant, evaluated for id.
func (f *Flags) For(id cpodkit.Identity) Handle {
	s := &subject{identity: id, claims: f.claims}
	if id.TenantID == "" {
		s.fault = cpodkit.MissingToken()
	} else if err := id.Validate(); err != nil {
		s.fault = cpodkit.Errorf(cpodkit.CodeForbidden, "The token's identity cannot have flags: %s.", err)
	}
	return Handle{flags: f, subject: s}
}

// Trusted returns the flags of a tenant for code that acts for no request, such as a
// cron job. Rules find the tenant in identity.tenant. Never take the tenant from what a
// client sent.
func (f *Flags) Trusted(tenantID string) Handle {
	s := &subject{identity: cpodkit.Identity{TenantID: tenantID}}
	if _, err := cpodkit.EncodeID(tenantID); err != nil {
		s.fault = invalid("/tenant", err.Error())
	}
	return Handle{flags: f, subject: s}
}

// Tenant returns the flags of a tenant for code that acts for a request at one time and
// for none at another: a call acts for the identity in its context where there is one of
// this tenant, and else as [Flags.Trusted] does.
func (f *Flags) Tenant(tenantID string) Handle {
	h := f.Trusted(tenantID)
	h.isOpen, h.claims = true, f.claims
	return h
}

// Attach is middleware: inside of next, [FromContext] returns the handle of the
// request's identity.
func (f *Flags) Attach(next http.Handler) http.Handler { return portable.Attach(next, f.For) }

// FromContext returns the handle of the identity in ctx. Every call of it is
// missing_token when there is none, or when [Flags.Attach] is not around the handler.
func FromContext(ctx context.Context) Handle { return portable.FromContext[Handle](ctx) }

// Evaluate returns the value of a flag. An unknown flag, and whatever is wrong with the
// flag or the context, is a [Result] with an error code, and no error.
func (h Handle) Evaluate(ctx context.Context, key string, c *Context) (Result, error) {
	r, err := h.Resolve(ctx, key, c)
	if err != nil {
		return Result{}, err
	}
	return *r, nil
}

// Resolve is [Handle.Evaluate] without a copy of the result, for adapters that are called
// often. The result belongs to the set: do not change it. It is nil with an error.
func (h Handle) Resolve(ctx context.Context, key string, c *Context) (*Result, error) {
	set, err := h.Set(ctx)
	if err != nil {
		return nil, err
	}
	e := set.env(c)
	e.ctx, e.subject = ctx, h.subject
	return set.evaluate(key, e), nil
}

// EvaluateAll returns the values of all flags, or of those with the given keys, in the
// order of the keys.
func (h Handle) EvaluateAll(ctx context.Context, c *Context, keys ...string) ([]Result, error) {
	set, err := h.Set(ctx)
	if err != nil {
		return nil, err
	}
	c = h.Complete(ctx, c)
	if len(keys) == 0 {
		return set.EvaluateAll(c), nil
	}
	results := make([]Result, len(keys))
	for i, key := range keys {
		results[i] = set.Evaluate(key, c)
	}
	return results, nil
}

// Bool returns the value of a boolean flag. It returns def when the flag leaves the
// value to the caller, is unknown or has another type, and also with an error. So do the
// other methods for their types; Evaluate says why.
func (h Handle) Bool(ctx context.Context, key string, def bool, c *Context) (bool, error) {
	r, err := h.Evaluate(ctx, key, c)
	v, _ := r.Bool(def)
	return v, err
}

// String returns the value of a string flag; see [Handle.Bool].
func (h Handle) String(ctx context.Context, key, def string, c *Context) (string, error) {
	r, err := h.Evaluate(ctx, key, c)
	v, _ := r.String(def)
	return v, err
}

// Int returns the value of a number flag without a fraction; see [Handle.Bool].
func (h Handle) Int(ctx context.Context, key string, def int64, c *Context) (int64, error) {
	r, err := h.Evaluate(ctx, key, c)
	v, _ := r.Int(def)
	return v, err
}

// Float returns the value of a number flag; see [Handle.Bool].
func (h Handle) Float(ctx context.Context, key string, def float64, c *Context) (float64, error) {
	r, err := h.Evaluate(ctx, key, c)
	v, _ := r.Float(def)
	return v, err
}

// Object returns the value of an object flag, which is not to be changed; see
// [Handle.Bool].
func (h Handle) Object(ctx context.Context, key string, def any, c *Context) (any, error) {
	r, err := h.Evaluate(ctx, key, c)
	v, _ := r.Object(def)
	return v, err
}

// Set returns the flags as they are now.
func (h Handle) Set(ctx context.Context) (*Set, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	if t := h.tenant.Load(); t != nil && !t.evicted.Load() {
		t.touch()
		return t.set.Load(), nil
	}
	t, set, err := h.flags.current(ctx, h.identity.TenantID)
	if err != nil {
		return nil, err
	}
	h.tenant.Store(t)
	return set, nil
}

// check refuses a handle without an identity, and one that cannot have flags.
func (h Handle) check() error {
	if h.subject == nil {
		return noHandle()
	}
	return h.fault
}

func noHandle() error {
	return cpodkit.MissingToken().WithCause(
		errors.New("flags: there is no handle in the context: wrap the handler in Flags.Attach"))
}

// userMember is the member of a context that names the user where there is no targeting
// key.
const userMember = "user_id"

// Complete returns the context with which the handle evaluates c, which may be nil: with
// the targeting key and the identity.
func (h Handle) Complete(ctx context.Context, c *Context) *Context {
	if c == nil {
		c = &Context{}
	}
	e := env{targetingKey: c.TargetingKey, attributes: c.Attributes, ctx: ctx, subject: h.subject}
	complete := &Context{Attributes: c.Attributes}
	complete.TargetingKey, _ = e.target()
	if h.subject != nil {
		members := h.members
		complete.identity = func() map[string]any { return members(ctx) }
	}
	return complete
}

// target returns the targeting key of an evaluation.
func (e *env) target() (key string, ok bool) {
	switch {
	case e.targetingKey != "":
		return e.targetingKey, true
	case e.subject == nil:
		key, ok = e.attributes[TargetingKey].(string)
		return key, ok
	}
	for _, name := range [...]string{TargetingKey, userMember} {
		if key, _ = e.attributes[name].(string); key != "" {
			return key, true
		}
	}
	id := e.subject.of(e.ctx)
	key = cmp.Or(id.UserID, id.AppID)
	return key, key != ""
}

// of returns the identity for which an evaluation acts.
func (s *subject) of(ctx context.Context) cpodkit.Identity {
	if s.isOpen {
		if id, ok := cpodkit.IdentityFromContext(ctx); ok && id.TenantID == s.identity.TenantID {
			return id
		}
	}
	return s.identity
}

// members returns what rules see of the identity.
func (s *subject) members(ctx context.Context) map[string]any {
	id := s.of(ctx)
	members := map[string]any{"tenant": id.TenantID}
	if id.AppID != "" {
		members["app"] = id.AppID
	}
	if id.UserID != "" {
		members["user"] = id.UserID
	}
	if s.claims != nil && id.AppID != "" {
		members["claims"] = s.claims(ctx, id)
	}
	return members
}
