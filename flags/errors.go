package flags

import (
	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// sentence is the [portable.Sentence] of this package.
func sentence(code cpodkit.Code, _ string) string {
	switch code {
	case cpodkit.CodeUnavailable:
		return "The flags cannot be read now; try again later."
	case cpodkit.CodeNotSupported:
		return "The source of the flags cannot do this."
	}
	return portable.Failed("The source of the flags", code)
}
