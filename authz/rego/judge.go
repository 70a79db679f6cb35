package rego

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/cpodkit/cpodkit"
)

// MaxInput is how many bytes an input of evaluate has at most.
const MaxInput = 64 << 10

const maxEvaluateBody = MaxInput

// inputOf returns an input that is JSON; one that is missing is null.
func inputOf(input json.RawMessage) (ast.Value, error) {
	if len(input) == 0 {
		return ast.NullValue, nil
	}
	if len(input) > MaxInput {
		return nil, cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The input has more than %d bytes.", MaxInput)
	}
	v, err := valueOf(input)
	if err != nil {
		return nil, invalid("/input", "is not JSON")
	}
	return v, nil
}

// resultJSON returns a value of a rule as JSON.
func resultJSON(v ast.Value) (json.RawMessage, error) {
	plain, err := ast.JSON(v)
	if err != nil {
		return nil, err
	}
	return canonical(plain)
}

// evaluationError words why a rule was not evaluated.
func evaluationError(ctx context.Context, err error) error {
	switch _, isWorded := errors.AsType[*cpodkit.Error](err); {
	case isWorded || ctx.Err() != nil:
		return err
	case errors.Is(err, errNoRule):
		return cpodkit.Errorf(cpodkit.CodeNotFound, "There is no such rule, or it is undefined for this input.")
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The policy could not be evaluated.").WithCause(err)
}

// note logs a decision that these sets have made, if it is one of those that are logged. The
// subject is the route of a decision on one.
func (e *Engine) note(ctx context.Context, kind, tenantID, subject string, d Decision, input ast.Value, j judges) {
	if !e.isLogged(kind, d.Allowed) {
		return
	}
	text, err := resultJSON(input)
	if err != nil {
		text = nil // as an input that cannot be masked
	}
	logged := LoggedDecision{
		ID: d.ID, TenantID: tenantID, Time: d.Time.UTC().Truncate(time.Millisecond), Kind: kind, Path: d.Path,
		Revision: d.Revision, Input: text, Result: d.Result, Allowed: d.Allowed, Reason: d.Reason, Subject: subject,
		Operator: j.operator.list,
	}
	if j.tenant != nil {
		logged.Tenant = j.tenant.revision
	}
	e.logDecision(ctx, logged)
}

// enter takes a place among the evaluations at once.
func (e *Engine) enter(context.Context, string) (leave func(), err error) { return func() {}, nil }

// withoutRule is the decision of a kind where the operator's policy has no rule for it.
func withoutRule(string, ast.Value) answer {
	return answer{value: ast.Boolean(true), allowed: true}
}
