package rego

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

const (
	routeRule       = "data.http.allow"
	routeReason     = "data.http.reason"
	authorizeRule   = "data.authz.allow"
	authorizeReason = "data.authz.reason"

	maxReason = 1 << 10 // bytes of a reason; a longer one is cut
)

// isTrue reports whether a rule allow allows: no other value does.
func (a answer) isTrue() bool { return string(a.result) == "true" }

// of returns an answer as a decision of a kind has it: only evaluate allows what is not true.
func (a answer) of(kind string) answer {
	if kind != KindEvaluate {
		b, ok := a.value.(ast.Boolean)
		a.allowed = ok && bool(b)
	}
	return a
}

// Decide implements [authz.Decider] by data.authz.allow over an [AuthorizeInput]. The
// operator's policy must allow, or [authz.ByScope] where it has no such rule, and so must the
// tenant's policy where that has one. Only the result true allows. A denial has the string
// data.authz.reason of the policy that denies. An evaluation that fails is CodeUnavailable,
// and no decision.
func (e *Engine) Decide(ctx context.Context, question authz.Question) (authz.Decision, error) {
	tenantID := question.Identity.TenantID
	j, err := e.judges(ctx, tenantID)
	if err != nil {
		return authz.Decision{}, undecided(ctx, err)
	}
	in := authorizeInput(question)
	v := reflect.ValueOf(&in).Elem()
	d, isDefined, err := e.verdict(ctx, tenantID, j.operator, v)
	if err != nil {
		return authz.Decision{}, undecided(ctx, err)
	}
	if !isDefined {
		byScope, err := authz.ByScope{}.Decide(ctx, question)
		if err != nil {
			return authz.Decision{}, err
		}
		d.allowed, d.reason = byScope.Allowed, byScope.Reason
	}
	if d.allowed && j.tenant != nil {
		restricted, isDefined, err := e.verdict(ctx, tenantID, j.tenant, v)
		if err != nil {
			return authz.Decision{}, undecided(ctx, err)
		}
		if isDefined {
			d = restricted
		}
	}
	made := j.decision(authorizeRule, d.answer)
	if made.Allowed = d.allowed; !d.allowed {
		made.Reason = d.reason
	}
	text, err := json.Marshal(in)
	if err != nil {
		return authz.Decision{}, undecided(ctx, err)
	}
	e.note(ctx, KindAuthorize, tenantID, "", made, text, j)
	return authz.Decision{Allowed: d.allowed, Reason: d.sentence(), ID: made.ID}, nil
}

// verdict is what one set says of a question.
type verdict struct {
	answer

	allowed bool
	reason  string // "" for none
}

func (v verdict) sentence() string {
	switch {
	case v.reason != "":
		return v.reason
	case v.allowed:
		return "The policy allows it."
	}
	return "The policy denies it."
}

// verdict evaluates data.authz.allow of a set, if it has that rule, and on a denial
// data.authz.reason.
func (e *Engine) verdict(ctx context.Context, tenantID string, s *set, in reflect.Value) (v verdict, isDefined bool, err error) {
	q := s.prepare(authorizeRule)
	if q == nil {
		return verdict{}, false, nil
	}
	if v.answer, err = e.ask(ctx, tenantID, q, in); err != nil {
		return verdict{}, true, err
	}
	if v.allowed = v.isTrue(); !v.allowed {
		v.reason = e.reason(ctx, tenantID, s.prepare(authorizeReason), in)
	}
	return v, true, ctx.Err()
}

// reason returns what the policy says of a denial. One that cannot be evaluated, or is not a
// string, is none: the denial holds all the same.
func (e *Engine) reason(ctx context.Context, tenantID string, q *query, in reflect.Value) string {
	if q == nil {
		return ""
	}
	var text string
	a, err := e.ask(ctx, tenantID, q, in)
	if err != nil || json.Unmarshal(a.result, &text) != nil || len(text) <= maxReason {
		return text
	}
	return strings.ToValidUTF8(text[:maxReason], "")
}

// decide returns why the policy refuses a call, or nil.
func (g *routeGuard) decide(w http.ResponseWriter, r *http.Request, id *cpodkit.Identity) error {
	e, ctx := g.engine, r.Context()
	j := judges{operator: e.operator()}
	q := j.operator.prepare(routeRule)
	if q == nil {
		return nil // without the rule, each call is allowed
	}
	tenantID := ""
	if id != nil {
		tenantID = id.TenantID
	}
	var in RouteInput
	g.reader.read(r, id, &in, q.reads)
	if err := g.reader.body(w, r, &in); err != nil {
		return err
	}
	v := reflect.ValueOf(&in).Elem()
	a, err := e.ask(ctx, tenantID, q, v)
	if err != nil {
		return undecided(ctx, err)
	}
	allowed := a.isTrue()
	if !e.isLogged(KindRoute, allowed) {
		return nil
	}
	d := j.decision(routeRule, a)
	d.Allowed = allowed
	input := q.partsOf(v)
	if !allowed {
		if q := j.operator.prepare(routeReason); q != nil {
			body := in.Body
			g.reader.read(r, id, &in, q.reads)
			in.Body = body
			d.Reason = e.reason(ctx, tenantID, q, v)
		}
	}
	e.note(ctx, KindRoute, tenantID, g.reader.fixed.Route, d, input, j)
	switch {
	case allowed:
		return nil
	case d.Reason == "":
		return cpodkit.Errorf(cpodkit.CodePolicyDenied, "The policy denies the call.")
	}
	return cpodkit.Errorf(cpodkit.CodePolicyDenied, "%s", d.Reason)
}

// undecided is the error of what could not be decided: unavailable, or the error of ctx.
func undecided(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The policy could not decide about the call.").WithCause(err)
}

// withoutRule is the decision about an input of a kind where the operator's policy has no
// rule for it.
func withoutRule(ctx context.Context, kind string, input ast.Value) answer {
	allowed := kind != KindAuthorize
	if !allowed {
		var q struct {
			Identity struct {
				Scopes cpodkit.Scopes `json:"scopes"`
			} `json:"identity"`
			Action   string `json:"action"`
			Resource string `json:"resource"`
		}
		if text, err := resultOf(input); err == nil && json.Unmarshal(text, &q) == nil {
			d, err := authz.ByScope{}.Decide(ctx, authz.Question{
				Identity: cpodkit.Identity{Scopes: q.Identity.Scopes}, Action: q.Action, Resource: q.Resource,
			})
			allowed = err == nil && d.Allowed
		}
	}
	return answer{value: ast.Boolean(allowed), allowed: allowed}
}
