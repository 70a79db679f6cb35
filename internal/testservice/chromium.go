//go:build unix

package testservice

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Browse opens a page in a Chromium without a window, which has a new profile and
// reaches this machine alone. The browser ends with the test. What it prints is logged
// when the test fails. Without a Chromium the test is skipped.
func Browse(t testing.TB, page string) {
	t.Helper()
	program, dir := need(t, chromium), t.TempDir()
	printed, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer printed.Close()
	cmd := exec.Command(program, //nolint:gosec,noctx // the program is a variable; it ends in the cleanup
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--enable-logging=stderr",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
		"--user-data-dir="+filepath.Join(dir, "profile"), page)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.Stdout, cmd.Stderr = printed, printed
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its processes end together
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(watchdog, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // a signal ended it
		kill.Stop()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if t.Failed() {
			text, _ := os.ReadFile(printed.Name())
			t.Logf("%s printed\n%s", program, text)
		}
	})
}
