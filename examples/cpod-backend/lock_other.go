//go:build !unix

package main

// lockFile does nothing where the standard library has no file locks: there the
// operator sees to it that one server alone uses a data directory.
func lockFile(string) (unlock func() error, err error) {
	return func() error { return nil }, nil
}
