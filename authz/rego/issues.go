package rego

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Issue says what is wrong with a policy, and where.
type Issue struct {
	Module  string `json:"module"` // the name of the module; "" for the data
	Line    int    `json:"line"`   // from 1 on; 0 if no line is meant
	Column  int    `json:"column"` // from 1 on; 0 if no line is meant
	Message string `json:"message"`
}

// String returns "module:line:column: message".
func (i Issue) String() string {
	if i.Line == 0 {
		return strings.TrimPrefix(i.Module+": "+i.Message, ": ")
	}
	return fmt.Sprintf("%s:%d:%d: %s", i.Module, i.Line, i.Column, i.Message)
}

// Issues is the error of a policy that does not compile. There are 10 at most.
type Issues []Issue

const maxIssues = 10

// Error returns the issues, each in a line of its own.
func (is Issues) Error() string {
	lines := make([]string, len(is))
	for i, issue := range is {
		lines[i] = issue.String()
	}
	return strings.Join(lines, "\n")
}

// issuesOf returns what OPA says of a module or of several as Issues.
func issuesOf(module string, err error) Issues {
	var several ast.Errors
	var one *ast.Error
	switch {
	case errors.As(err, &several):
	case errors.As(err, &one):
		several = ast.Errors{one}
	default:
		return Issues{{Module: module, Message: err.Error()}}
	}
	var issues Issues
	for _, e := range several {
		issue := Issue{Module: module, Message: e.Message}
		if e.Location != nil {
			issue.Line, issue.Column = e.Location.Row, e.Location.Col
			if e.Location.File != "" {
				issue.Module = e.Location.File
			}
		}
		if issues = append(issues, issue); len(issues) == maxIssues {
			break
		}
	}
	return issues
}
