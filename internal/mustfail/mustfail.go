// Package mustfail runs tests that are meant to fail, which shows that a suite
// finds the mistakes that it is for.
package mustfail

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// Run runs test on a goroutine of its own, waits for it, and returns what it
// failed with; nothing when it passed. Its failures do not fail t. What test
// leaves to Cleanup runs with that of t.
func Run(t testing.TB, test func(testing.TB)) []string {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.said)
}

// Want fails t unless test fails.
func Want(t testing.TB, test func(testing.TB)) {
	t.Helper()
	if len(Run(t, test)) == 0 {
		t.Error("the suite takes the driver for a good one")
	}
}

// Repeat makes rapid's checks of a test binary draw the same each time, and leave
// no file when they fail. A TestMain calls it. checks, when not empty, is how many
// there are of each.
func Repeat(checks string) {
	flags := map[string]string{"rapid.nofailfile": "true", "rapid.seed": "1"}
	if checks != "" {
		flags["rapid.checks"] = checks
	}
	for name, value := range flags {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// recorder keeps failures and drops logs.
type recorder struct {
	testing.TB
	mu   sync.Mutex
	said []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Error(args ...any) { r.Errorf("%s", fmt.Sprintln(args...)) }
func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprintln(args...)) }
func (r *recorder) FailNow()          { r.Fatalf("FailNow") }
func (r *recorder) Fail()             { r.Errorf("Fail") }
func (r *recorder) Log(...any)        {}
func (r *recorder) Logf(string, ...any) {
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.said) > 0
}
