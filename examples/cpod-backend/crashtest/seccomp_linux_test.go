package crashtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// watchedVariable is set in the process that becomes a watched server.
const watchedVariable = "CPODKIT_TEST_WATCHED"

// event is a call to the system that changes a file, or makes it durable.
type event struct {
	call string // write, open, mkdir, remove, rename, truncate or sync
	path string
}

// watcher sees every such call of a server before it is carried out, and can
// have it fail. It is what a disk does to a process, without a disk and without
// root: seccomp's user notification (seccomp_unotify(2)).
type watcher struct {
	dir    string // only what happens below it
	fault  atomic.Pointer[func(event) syscall.Errno]
	mu     sync.Mutex
	events []event
}

// fail has calls fail from now on: with what the function returns, if not 0.
func (w *watcher) fail(f func(event) syscall.Errno) {
	if f == nil {
		f = func(event) syscall.Errno { return 0 }
	}
	w.fault.Store(&f)
}

// take returns what has happened since the last take.
func (w *watcher) take() []event {
	w.mu.Lock()
	defer w.mu.Unlock()
	events := w.events
	w.events = nil
	return events
}

// startWatched starts a server under a watcher.
func (i *instance) startWatched(t *testing.T) (*server, *watcher) {
	t.Helper()
	if _, ok := auditArch(); !ok {
		t.Skipf("no number of the architecture %s is known here", runtime.GOARCH)
	}
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	conn, err := net.FileConn(ours)
	ours.Close()
	if err != nil {
		t.Fatal(err)
	}
	s := i.server()
	s.cmd.Path, s.cmd.Args = os.Args[0], []string{os.Args[0]}
	s.cmd.Env = append(s.cmd.Env, watchedVariable+"="+serverPath)
	s.cmd.ExtraFiles = []*os.File{theirs}
	w := &watcher{dir: i.dir}
	w.fail(nil)
	var watching sync.WaitGroup
	t.Cleanup(watching.Wait) // after the kill, which is registered later
	watching.Go(func() {
		defer conn.Close()
		listener, err := receiveFile(conn.(*net.UnixConn))
		if err != nil {
			return // the process says why
		}
		defer unix.Close(listener)
		w.watch(listener)
	})
	t.Cleanup(s.kill)
	err = s.launch()
	theirs.Close()
	if err != nil && strings.Contains(s.log.String(), "seccomp") {
		lacking(t, "the system lets no process be watched: %s", s.log)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, w
}

func receiveFile(conn *net.UnixConn) (int, error) {
	oob := make([]byte, 64)
	_, n, flags, _, err := conn.ReadMsgUnix(make([]byte, 1), oob)
	if err != nil || flags&unix.MSG_CTRUNC != 0 {
		return 0, fmt.Errorf("flags %x, %w", flags, err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil || len(messages) != 1 {
		return 0, fmt.Errorf("%d messages, %w", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return 0, err
	}
	return fds[0], nil
}

// becomeWatched turns this process into the server, under a filter whose
// listener the test has.
func becomeWatched() error {
	path := os.Getenv(watchedVariable)
	runtime.LockOSThread() // the filter is the thread's, and exec keeps that one
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	program := filter()
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	listener, _, errno := syscall.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	if err := unix.Sendmsg(3, []byte{0}, unix.UnixRights(int(listener)), nil, 0); err != nil {
		return err
	}
	unix.CloseOnExec(3)
	return syscall.Exec(path, []string{filepath.Base(path)}, os.Environ())
}

func auditArch() (uint32, bool) {
	switch runtime.GOARCH {
	case "amd64":
		return unix.AUDIT_ARCH_X86_64, true
	case "arm64":
		return unix.AUDIT_ARCH_AARCH64, true
	}
	return 0, false
}

// calls are the numbers that are watched, with where each says its file: in a
// descriptor, or in a folder and a path from the given argument on.
func calls() map[int32]struct {
	name string
	path int // argument, or -1 for a descriptor in the first one
} {
	return map[int32]struct {
		name string
		path int
	}{
		unix.SYS_WRITE: {"write", -1}, unix.SYS_PWRITE64: {"write", -1}, unix.SYS_WRITEV: {"write", -1},
		unix.SYS_FTRUNCATE: {"truncate", -1}, unix.SYS_FALLOCATE: {"write", -1},
		unix.SYS_FSYNC: {"sync", -1}, unix.SYS_FDATASYNC: {"sync", -1},
		unix.SYS_OPENAT: {"open", 0}, unix.SYS_MKDIRAT: {"mkdir", 0}, unix.SYS_UNLINKAT: {"remove", 0},
		unix.SYS_RENAMEAT: {"rename", 2}, unix.SYS_RENAMEAT2: {"rename", 2},
	}
}

// filter asks for each of the calls, and of those that open a file for the ones
// that may change something.
func filter() []unix.SockFilter {
	const nr, arch, openFlags = 0, 4, 16 + 2*8 // offsets in struct seccomp_data
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	give := func(verdict uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: verdict}
	}
	equal := func(value uint32, skipUnless uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jf: skipUnless}
	}
	own, _ := auditArch()
	program := []unix.SockFilter{
		load(arch), equal(own, 1), {Code: unix.BPF_JMP | unix.BPF_JA, K: 1}, give(unix.SECCOMP_RET_ALLOW), load(nr),
	}
	for call, about := range calls() {
		if about.name == "open" {
			program = append(program, equal(uint32(call), 4), load(openFlags),
				unix.SockFilter{
					Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K,
					K:    unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC, Jf: 1,
				},
				give(unix.SECCOMP_RET_USER_NOTIF), give(unix.SECCOMP_RET_ALLOW))
		} else {
			program = append(program, equal(uint32(call), 1), give(unix.SECCOMP_RET_USER_NOTIF))
		}
	}
	return append(program, give(unix.SECCOMP_RET_ALLOW))
}

// notification and response are struct seccomp_notif and seccomp_notif_resp.
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type response struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

// watch answers for the listener until every process behind it is gone.
func (w *watcher) watch(listener int) {
	known := calls()
	for {
		ready := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, -1); errors.Is(err, syscall.EINTR) {
			continue
		}
		if ready[0].Revents&unix.POLLIN == 0 {
			return
		}
		var n notification
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&n))); errno != 0 {
			continue // the process that asked is gone
		}
		about := known[n.nr]
		e := event{about.name, pathOf(n.pid, n.args, about.path)}
		r := response{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
		if strings.HasPrefix(e.path, w.dir+"/") {
			if errno := (*w.fault.Load())(e); errno != 0 {
				r.flags, r.errno = 0, -int32(errno)
				e.call = "refused " + e.call
			}
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
		}
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&r)))
	}
}

// pathOf finds the file that a call is about.
func pathOf(pid uint32, args [6]uint64, at int) string {
	folder := ""
	fd := args[max(at, 0)]
	if int32(fd) >= 0 {
		folder, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, int32(fd)))
	}
	if at < 0 {
		return folder
	}
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return folder
	}
	defer memory.Close()
	text := make([]byte, 4096)
	n, _ := memory.ReadAt(text, int64(args[at+1]))
	name, _, _ := bytes.Cut(text[:n], []byte{0})
	if filepath.IsAbs(string(name)) {
		return string(name)
	}
	return filepath.Join(folder, string(name))
}
