package cluster

import (
	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/portable"
)

// sentence is the [portable.Sentence] of this package.
func sentence(code cpodkit.Code, _ string) string {
	switch code {
	case cpodkit.CodeConflict:
		return "Another holder has the lease; try again later."
	case cpodkit.CodeUnavailable:
		return "The replicas cannot reach each other now; try again later."
	}
	return portable.Failed("The connection of the replicas", code)
}

var (
	errClosed = cpodkit.Errorf(cpodkit.CodeUnavailable, "The server stops.")
	errLost   = cpodkit.Errorf(cpodkit.CodeConflict, "The lease has ended; take it again before going on.")
)
