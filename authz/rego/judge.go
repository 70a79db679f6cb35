package rego

import (
	"context"
	"encoding/json"
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

// note logs a decision that these sets have made, for which isLogged reported true. The
// subject is the route of a decision on one.
func (e *Engine) note(ctx context.Context, kind, tenantID, subject string, d Decision, input json.RawMessage, j judges) {
	logged := LoggedDecision{
		ID: d.ID, TenantID: tenantID, Time: d.Time.UTC().Truncate(time.Millisecond), Kind: kind, Path: d.Path,
		Revision: d.Revision, Input: input, Result: d.Result, Allowed: d.Allowed, Reason: d.Reason, Subject: subject,
		Operator: j.operator.list,
	}
	if j.tenant != nil {
		logged.Tenant = j.tenant.revision
	}
	e.logDecision(ctx, logged)
}
