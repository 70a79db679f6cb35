package crashtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// insideVariable is set in the process that ownMounts starts.
const insideVariable = "CPODKIT_TEST_OWN_MOUNTS"

// ownMounts runs the test again in a process that may mount file systems, which
// nobody else sees and which go with it, however it ends. It reports whether
// this is that process. Root can do it, and others where the system gives them
// user namespaces.
func ownMounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideVariable) != "" {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), insideVariable+"=1", serverVariable+"="+serverPath)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWNS}
	root := os.Geteuid() == 0
	if !root {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	output, err := cmd.CombinedOutput()
	if cmd.Process == nil {
		if root {
			lacking(t, "a mount namespace is needed (CAP_SYS_ADMIN): %v", err)
		}
		t.Skipf("a mount namespace is needed (root, or unprivileged user namespaces): %v", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
	return false
}

// mountMemory mounts a file system of so many bytes at dir, which it makes.
func mountMemory(t *testing.T, dir, size string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// remount makes the file system at dir read-only, or writable again.
func remount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatalf("remount %s: %v", filepath.Base(dir), err)
	}
}
