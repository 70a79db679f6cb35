package rego

import (
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"
)

func inputValue(in any) (ast.Value, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return valueOf(text)
}
