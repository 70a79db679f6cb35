package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is one server process.
type server struct {
	name    string
	dir     string // its data
	address string
	process *exec.Cmd
}

// build compiles a package into dir and returns the program.
func build(ctx context.Context, dir, name, in string, args ...string) (string, error) {
	program := filepath.Join(dir, name)
	command := exec.CommandContext(ctx, "go", append([]string{"build", "-o", program}, args...)...)
	command.Dir, command.Stderr = in, os.Stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("build %s (run this in bench/): %w", name, err)
	}
	return program, nil
}

// relaxedOverlay writes the overlay (see "go help build") with which the reference
// server does not wait for the disk. It has no such setting.
func relaxedOverlay(dir string) (string, error) {
	replace := map[string]string{}
	for _, one := range []struct{ file, option, more string }{
		{"part_database.go", "sqlitedocuments.KeepFree(d.keepFree)", "sqlitedocuments.UnsafeWithoutSync()"},
		{"part_files.go", "localfiles.KeepFree(h.keepFree)", "localfiles.UnsafeWithoutSync()"},
	} {
		source, err := filepath.Abs(filepath.Join("../examples/cpod-backend", one.file))
		if err != nil {
			return "", err
		}
		text, err := os.ReadFile(source)
		if err != nil {
			return "", err
		}
		if bytes.Count(text, []byte(one.option)) != 1 {
			return "", fmt.Errorf("%s has changed: %s is not there once", source, one.option)
		}
		replace[source] = filepath.Join(dir, one.file)
		text = bytes.Replace(text, []byte(one.option), []byte(one.option+", "+one.more), 1)
		if err := os.WriteFile(replace[source], text, 0o600); err != nil {
			return "", err
		}
	}
	path := filepath.Join(dir, "overlay.json")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, overlay, 0o600)
}

// start runs a program, with its log to /dev/null, and returns its standard output.
func start(ctx context.Context, name, program, dir string, env func(address string) []string) (*server, *bufio.Reader, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, nil, err
	}
	s := &server{name: name, dir: dir, address: address, process: exec.CommandContext(ctx, program)}
	s.process.Env = append(os.Environ(), env(address)...)
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, nil, err
	}
	return s, bufio.NewReader(out), nil
}

// stop ends the process and waits for it. How it ends is not what is measured.
func (s *server) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	_ = s.process.Wait()
}

// cpu returns the processor time that the process has used so far, in steps of
// 10 ms.
func (s *server) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	// See proc_pid_stat(5): the fields after the name, which stands in parentheses.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// drain reads on, so that a server that prints never waits.
func drain(out io.Reader) { go func() { _, _ = io.Copy(io.Discard, out) }() }
