package masking_test

import (
	"io"
	"log"
)

// quietLog keeps the aborted connections of a test out of its output.
func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }
