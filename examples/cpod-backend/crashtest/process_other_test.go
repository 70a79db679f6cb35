//go:build !linux

package crashtest_test

import "os/exec"

// dieWithParent does nothing where the system cannot.
func dieWithParent(*exec.Cmd) {}

func asOther() bool { return false }
