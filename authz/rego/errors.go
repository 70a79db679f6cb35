package rego

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// sentence is the [portable.Sentence] of this package.
func sentence(code cpodkit.Code, _ string) string {
	switch code {
	case cpodkit.CodeNotFound:
		return "There is no such part of the policy, or no such decision."
	case cpodkit.CodePreconditionFailed:
		return "What is stored is not in the state that the call asks for; read it and try again."
	case cpodkit.CodeQuotaExceeded:
		return "The tenant has no room for more revisions of its policy now; try again in 10 minutes."
	case cpodkit.CodeUnavailable:
		return "The policies cannot be reached now; try again later."
	}
	return portable.Failed("The store of the policies", code)
}

func coded(code cpodkit.Code) *cpodkit.Error { return cpodkit.Errorf(code, "%s", sentence(code, "")) }

func invalid(pointer, format string, args ...any) *cpodkit.Error {
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
}

// refused words what keeps the policy of a tenant from being compiled: validation_failed
// with the pointer to each module, or to the data.
func refused(err error) error {
	issues, ok := errors.AsType[Issues](err)
	if !ok {
		return err
	}
	fields := make([]cpodkit.FieldError, len(issues))
	for i, issue := range issues {
		fields[i] = cpodkit.FieldError{Pointer: "/data", Detail: issue.Message}
		if issue.Module != "" {
			fields[i].Pointer = modulePointer(issue.Module)
		}
		if issue.Line > 0 {
			fields[i].Detail = fmt.Sprintf("line %d, column %d: %s", issue.Line, issue.Column, issue.Message)
		}
	}
	return cpodkit.ValidationError(fields...)
}

// modulePointer is that of a module in a policy (RFC 6901).
func modulePointer(name string) string {
	return "/modules/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
