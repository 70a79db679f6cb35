package kv

import (
	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// sentence is the [portable.Sentence] of this package.
func sentence(code cpodkit.Code, _ string) string {
	switch code {
	case cpodkit.CodeNotFound:
		return "There is no entry with this key."
	case cpodkit.CodeConflict:
		return "The entry holds no 64-bit integer, or the sum would not be one; it was left as it is."
	case cpodkit.CodeUnavailable:
		return "The key-value store cannot take this call now; try again later."
	}
	return portable.Failed("The key-value store", code)
}

func invalid(pointer, detail string) error {
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: pointer, Detail: detail})
}
