package rego

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

const (
	routeRule     = "data.http.allow"
	authorizeRule = "data.authz.allow"

	maxReason = 1 << 10 // bytes of a reason that callers see
)

// verdict is what one set says by a rule allow.
type verdict struct {
	isDefined bool // the set has the rule
	allowed   bool // the result is true
	value     ast.Value
	reason    string // that the policy gives for a denial, or ""
}

// verdict evaluates a rule allow, and on a denial the rule reason beside it.
func (e *Engine) verdict(ctx context.Context, s *set, tenantID, rule string, input ast.Value) (verdict, error) {
	if s == nil {
		return verdict{}, nil
	}
	q := s.prepare(rule)
	if q == nil {
		return verdict{}, nil
	}
	a, err := e.evaluate(ctx, tenantID, q, input)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{isDefined: true, allowed: isTrue(a.value), value: a.value}
	if !v.allowed {
		v.reason, err = e.reason(ctx, s.prepare(reasonOf(rule)), tenantID, input)
	}
	return v, err
}

func isTrue(v ast.Value) bool {
	b, ok := v.(ast.Boolean)
	return ok && bool(b)
}

// reasonOf returns the path of the rule reason beside a rule allow.
func reasonOf(rule string) string { return strings.TrimSuffix(rule, "allow") + "reason" }

// reason returns what the policy says of a denial. A reason that cannot be evaluated is
// none: the call is denied all the same.
func (e *Engine) reason(ctx context.Context, q *query, tenantID string, input ast.Value) (string, error) {
	if q == nil {
		return "", nil
	}
	a, err := e.evaluate(ctx, tenantID, q, input)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	text, ok := a.value.(ast.String)
	if err != nil || !ok {
		return "", nil
	}
	if len(text) > maxReason {
		return strings.ToValidUTF8(string(text[:maxReason]), ""), nil
	}
	return string(text), nil
}

// Decide implements [authz.Decider] by data.authz.allow over an [AuthorizeInput]. The
// operator's policy must allow, or [authz.ByScope] where it has no such rule, and so must the
// tenant's policy where that has one. An error is unavailable, and no decision.
func (e *Engine) Decide(ctx context.Context, q authz.Question) (authz.Decision, error) {
	operator, tenantID := e.operator(), q.Identity.TenantID
	tenant, err := e.tenant(ctx, tenantID)
	if err != nil {
		return authz.Decision{}, e.undecided(ctx, err)
	}
	in := authorizeInput(q)
	input, err := inputValue(&in)
	if err != nil {
		return authz.Decision{}, e.undecided(ctx, err)
	}
	v, err := e.verdict(ctx, operator, tenantID, authorizeRule, input)
	if err != nil {
		return authz.Decision{}, e.undecided(ctx, err)
	}
	d := authz.Decision{Allowed: v.allowed, Reason: v.reason}
	if !v.isDefined {
		if d, err = (authz.ByScope{}).Decide(ctx, q); err != nil {
			return authz.Decision{}, err
		}
	}
	if d.Allowed {
		t, err := e.verdict(ctx, tenant, tenantID, authorizeRule, input)
		if err != nil {
			return authz.Decision{}, e.undecided(ctx, err)
		}
		if t.isDefined {
			d.Allowed, d.Reason = t.allowed, t.reason
		}
	}
	if d.Reason == "" {
		d.Reason = "The policy denies it."
		if d.Allowed {
			d.Reason = "The policy allows it."
		}
	}
	d.ID = newDecisionID(authorizeRule, time.Now())
	return d, nil
}

// decide returns why the policy refuses a call, or nil.
func (g *routeGuard) decide(w http.ResponseWriter, r *http.Request, id *cpodkit.Identity) error {
	e := g.engine
	s := e.operator()
	q := s.prepare(routeRule)
	if q == nil {
		return nil // without a rule each call is allowed
	}
	tenantID := ""
	if id != nil {
		tenantID = id.TenantID
	}
	var in RouteInput
	g.reader.read(r, id, &in, q.reads.needs)
	if err := g.reader.body(w, r, &in); err != nil {
		return err
	}
	input, err := inputValue(&in)
	if err != nil {
		return e.undecided(r.Context(), err)
	}
	a, err := e.evaluate(r.Context(), tenantID, q, input)
	if err != nil {
		return e.undecided(r.Context(), err)
	}
	if isTrue(a.value) {
		return nil
	}
	reason, err := "", error(nil)
	if q := s.prepare(reasonOf(routeRule)); q != nil {
		body := in.Body
		g.reader.read(r, id, &in, q.reads.needs)
		in.Body = body
		if input, err = inputValue(&in); err == nil {
			reason, err = e.reason(r.Context(), q, tenantID, input)
		}
	}
	if err != nil {
		return e.undecided(r.Context(), err)
	}
	return denied(reason)
}
