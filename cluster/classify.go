package cluster

import (
	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/classify"
)

// classified makes a driver's error one for a client.
func classified(err error) error { return classify.Error(err, sentence) }

func sentence(code cpodkit.Code) string {
	switch code {
	case cpodkit.CodeConflict:
		return "Another holder has the lease; try again later."
	case cpodkit.CodeUnavailable:
		return "The replicas cannot reach each other now; try again later."
	case cpodkit.CodeTimeout:
		return "The replicas took too long to reach each other; try again."
	case cpodkit.CodeInternal:
		return "The replicas failed to reach each other; the request id finds the reason in the server's logs."
	}
	return ""
}

var (
	errClosed = cpodkit.Errorf(cpodkit.CodeUnavailable, "The server stops.")
	errLost   = cpodkit.Errorf(cpodkit.CodeConflict, "The lease has ended; take it again before going on.")
)
