package secrets

import (
	"errors"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// sentence is the [portable.Sentence] of this package.
func sentence(code cpodkit.Code, _ string) string {
	switch code {
	case cpodkit.CodeNotFound:
		return "There is no such secret, or it is not granted to this app."
	case cpodkit.CodePreconditionFailed:
		return "What is stored is not in the state that the call asks for; read it and try again."
	case cpodkit.CodeConflict:
		return "The name belongs to somebody else, or to a provider that this call cannot change; take another one."
	case cpodkit.CodeInvalidKey:
		return "The provider of the secrets cannot have a secret of this name."
	case cpodkit.CodeQuotaExceeded:
		return "The tenant has no room for more secrets; delete some first."
	case cpodkit.CodeUnavailable:
		return "The secrets cannot be reached now; try again later."
	case cpodkit.CodeNotSupported:
		return "The provider of the secrets cannot do this."
	}
	return portable.Failed("The provider of the secrets", code)
}

func coded(code cpodkit.Code) *cpodkit.Error { return cpodkit.Errorf(code, "%s", sentence(code, "")) }

// notFound is the one answer for a secret that is not there and one that is not granted.
func notFound() error { return coded(cpodkit.CodeNotFound) }

func noBundle() error {
	return cpodkit.Errorf(cpodkit.CodeNotFound, "There is no such bundle, or it is not for this app.")
}

func invalid(pointer, detail string) *cpodkit.Error {
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: pointer, Detail: detail})
}

func isCode(err error, code cpodkit.Code) bool { return errors.Is(err, code) }

// isOutage reports whether err says nothing of the secret, but that the driver fails.
func isOutage(err error) bool {
	switch cpodkit.CodeOf(err) {
	case cpodkit.CodeUnavailable, cpodkit.CodeTimeout, cpodkit.CodeInternal:
		return true
	}
	return false
}
