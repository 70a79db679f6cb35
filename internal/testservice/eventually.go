package testservice

import (
	"testing"
	"time"
)

// Eventually polls until something is so: the other side has no way to tell. The test
// fails after a minute.
func Eventually(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	watch := time.NewTimer(time.Minute)
	defer watch.Stop()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !isSo() {
		select {
		case <-poll.C:
		case <-watch.C:
			t.Fatalf("a minute went by and not yet: %s", what)
		}
	}
}
