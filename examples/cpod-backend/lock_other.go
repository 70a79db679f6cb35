//go:build !unix

package main

// lockDataDir does nothing where the standard library has no file locks: there
// the operator sees to it that one server alone uses a data directory.
func lockDataDir(string) (unlock func() error, err error) {
	return func() error { return nil }, nil
}
