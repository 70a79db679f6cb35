package rego

import (
	"context"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
)

// budgetBytes is how many bytes the values of one evaluation of a tenant's modules may
// have in all: 16 and its text for each string, number and container.
const budgetBytes = 16 << 20

var errBudget = errors.New("the evaluation makes values of more than 16 MiB in all")

// scalarBytes is what a value takes besides its text.
const scalarBytes = 16

// evaluation is the context of an evaluation of a tenant's modules, with its budget. One
// goroutine uses it.
type evaluation struct {
	context.Context //nolint:containedctx // it is one

	left int
}

// take takes bytes off the budget.
func (e *evaluation) take(bytes int) error {
	if e.left -= bytes; e.left < 0 {
		return errBudget
	}
	return nil
}

// takeValue takes the size of a value off the budget. It reads no more of the value than
// the budget covers.
func (e *evaluation) takeValue(v ast.Value) error {
	switch v := v.(type) {
	case ast.String:
		return e.take(scalarBytes + len(v))
	case ast.Number:
		return e.take(scalarBytes + len(v))
	}
	if err := e.take(scalarBytes); err != nil {
		return err
	}
	switch v := v.(type) {
	case *ast.Array:
		return v.Iter(func(t *ast.Term) error { return e.takeValue(t.Value) })
	case ast.Set:
		for _, t := range v.Slice() {
			if err := e.takeValue(t.Value); err != nil {
				return err
			}
		}
	case ast.Object:
		return v.Iter(func(key, value *ast.Term) error {
			if err := e.takeValue(key.Value); err != nil {
				return err
			}
			return e.takeValue(value.Value)
		})
	}
	return nil
}

// sizeOf returns the size of a value, or errBudget when it is larger than what is left. It
// takes nothing.
func (e *evaluation) sizeOf(v ast.Value) (int, error) {
	probe := evaluation{left: e.left}
	err := probe.takeValue(v)
	return e.left - probe.left, err
}
