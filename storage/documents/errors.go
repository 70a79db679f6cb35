package documents

import (
	"cmp"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// sentence is the [portable.Sentence] of this package. Why the store is not
// available the driver may say itself.
func sentence(code cpodkit.Code, said string) string {
	switch code {
	case cpodkit.CodeNotFound:
		return "There is no document with this key in this collection."
	case cpodkit.CodePreconditionFailed:
		return "The document is not in the state that the call asks for; read it and try again."
	case cpodkit.CodeUnavailable:
		return cmp.Or(said, "The document store cannot be reached or cannot write now; try again.")
	case cpodkit.CodeQuotaExceeded:
		return cmp.Or(said, "The tenant's storage is full.")
	}
	return portable.Failed("The document store", code)
}
