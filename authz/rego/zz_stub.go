package rego

import (
	"context"
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"
)

func (e *Engine) evaluate(ctx context.Context, _ string, q *query, input ast.Value) (answer, error) {
	return q.eval(ctx, input, evalOptions{})
}

func inputValue(in any) (ast.Value, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return valueOf(text)
}

func (r *reads) needs(member string) bool { return r.input.isWhole || r.input.parts[member] != nil }
