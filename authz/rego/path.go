package rego

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/cpodkit/cpodkit"
)

const maxPath = 512 // bytes

// normalPath returns a path as decisions have it: "data.authz.allow" for "authz/allow".
func normalPath(path string) (string, error) {
	if len(path) <= maxPath {
		if ref, err := refOf(path); err == nil {
			return ref.String(), nil
		}
	}
	return "", cpodkit.ValidationError(cpodkit.FieldError{
		Pointer: "/path",
		Detail:  "The path must be that of a rule, such as authz/allow or data.authz.allow, of at most 512 bytes.",
	})
}

// refOf returns the reference that a path is.
func refOf(path string) (ast.Ref, error) {
	if !strings.HasPrefix(path, "data.") && !strings.HasPrefix(path, "data[") {
		ref := ast.Ref{ast.DefaultRootDocument}
		for name := range strings.SplitSeq(path, "/") {
			if name == "" {
				return nil, errNoRule
			}
			ref = append(ref, ast.StringTerm(name))
		}
		return ref, nil
	}
	ref, err := ast.ParseRef(path)
	if err != nil {
		return nil, err
	}
	for _, t := range ref[1:] {
		if _, ok := t.Value.(ast.String); !ok {
			return nil, errNoRule
		}
	}
	return ref, nil
}
