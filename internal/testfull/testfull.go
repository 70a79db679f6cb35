// Package testfull says how long tests run. Without the variable
// CPODKIT_TEST_FULL a test that could go on for minutes tries a sample, which
// still finds the mistakes that the suites prove themselves on.
package testfull

import "os"

// Variable is the environment variable that makes every test run at full
// length. Any value does, except an empty one.
const Variable = "CPODKIT_TEST_FULL"

// On reports whether tests run at full length.
func On() bool { return os.Getenv(Variable) != "" }

// Pick returns full when tests run at full length, else short.
func Pick[T any](short, full T) T {
	if On() {
		return full
	}
	return short
}
