package crashtest_test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// dieWithParent lets the system end the server when the test process is killed.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// asOther reports whether this process was not started to test, and has done
// what it was started for.
func asOther() bool {
	if os.Getenv(watchedVariable) == "" {
		return false
	}
	fmt.Fprintln(os.Stderr, becomeWatched())
	return true
}
