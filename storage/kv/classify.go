package kv

import (
	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/classify"
)

// classified makes a driver's error one for a client.
func classified(err error) error { return classify.Error(err, sentence) }

func sentence(code cpodkit.Code) string {
	switch code {
	case cpodkit.CodeNotFound:
		return "There is no entry with this key."
	case cpodkit.CodeConflict:
		return "The entry holds no 64-bit integer, or the sum would not be one; it was left as it is."
	case cpodkit.CodeUnavailable:
		return "The key-value store cannot take this call now; try again later."
	case cpodkit.CodeTimeout:
		return "The key-value store took too long; try again."
	case cpodkit.CodeInternal:
		return "The key-value store failed; the request id finds the reason in the server's logs."
	}
	return ""
}

func invalid(pointer, detail string) error {
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: pointer, Detail: detail})
}
