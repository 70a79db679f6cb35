// Command startup builds the reference server and measures, on a data directory
// that has been used before, the time from its start to its first answer, and
// its memory when idle. Linux only.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

func main() {
	runs := flag.Int("runs", 11, "measured starts")
	idle := flag.Duration("idle", 5*time.Second, "rest before memory is read")
	flag.Parse()
	if err := measure(*runs, *idle); err != nil {
		fmt.Fprintln(os.Stderr, "startup:", err)
		os.Exit(1)
	}
}

func measure(runs int, idle time.Duration) error {
	dir, err := os.MkdirTemp("", "cpod-startup")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server := filepath.Join(dir, "cpod-backend")
	build := exec.Command("go", "build", "-o", server, "./examples/cpod-backend")
	build.Dir, build.Stderr = "..", os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build (run this in bench/): %w", err)
	}
	if _, _, err := start(server, dir, 0); err != nil { // the first start makes the data
		return err
	}
	var times []time.Duration
	var memory int
	for i := range runs {
		rest := time.Duration(0)
		if i == runs-1 {
			rest = idle
		}
		took, kib, err := start(server, dir, rest)
		if err != nil {
			return err
		}
		times, memory = append(times, took), kib
	}
	slices.Sort(times)
	fmt.Printf("start to first answer: median %v, fastest %v, slowest %v (%d starts)\n",
		times[runs/2].Round(100*time.Microsecond), times[0].Round(100*time.Microsecond), times[runs-1].Round(100*time.Microsecond), runs)
	fmt.Printf("resident memory after %v idle: %.1f MiB\n", idle, float64(memory)/1024)
	return nil
}

// start runs the server until its first answer and for rest more, and returns
// how long the answer took and the resident memory in KiB.
func start(server, dir string, rest time.Duration) (time.Duration, int, error) {
	port, err := freePort()
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, server)
	cmd.Env = append(os.Environ(), "CPOD_LISTEN=127.0.0.1:"+port, "CPOD_DATA_DIR="+filepath.Join(dir, "data"))
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	for {
		res, err := http.Get("http://127.0.0.1:" + port + "/health")
		if err == nil {
			res.Body.Close()
			break
		}
		if ctx.Err() != nil {
			return 0, 0, fmt.Errorf("no answer: %w", err)
		}
		time.Sleep(time.Millisecond)
	}
	took := time.Since(begin)
	time.Sleep(rest)
	kib, err := residentKiB(cmd.Process.Pid)
	if err != nil {
		return 0, 0, err
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, 0, err
	}
	return took, kib, cmd.Wait()
}

func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return strconv.Itoa(ln.Addr().(*net.TCPAddr).Port), nil
}

func residentKiB(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			return strconv.Atoi(string(bytes.Fields(rest)[0]))
		}
	}
	return 0, fmt.Errorf("no VmRSS of process %d", pid)
}
