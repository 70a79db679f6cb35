package crashtest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/internal/testfull"
)

// pattern is a large file of which no two blocks are the same, made on demand.
type pattern [64 << 10]byte

func newPattern(seed string) *pattern {
	var p pattern
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte(seed))).Read(p[:])
	return &p
}

// ReadAt fills b from a block boundary on.
func (p *pattern) ReadAt(b []byte, off int64) (int, error) {
	for n := 0; n < len(b); {
		at := off + int64(n)
		block := *p
		binary.BigEndian.PutUint64(block[:], uint64(at)/uint64(len(p)))
		n += copy(b[n:], block[at%int64(len(p)):])
	}
	return len(b), nil
}

// check reads all of r, which must be size bytes of p.
func (p *pattern) check(r io.Reader, size int64) error {
	got, want := make([]byte, 256<<10), make([]byte, 256<<10)
	for at := int64(0); ; {
		n, err := io.ReadFull(r, got)
		_, _ = p.ReadAt(want[:n], at)
		if !bytes.Equal(got[:n], want[:n]) {
			return fmt.Errorf("other bytes behind %d", at)
		}
		at += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			if at != size {
				return fmt.Errorf("%d bytes of %d", at, size)
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// processStatus reads a line of /proc/PID/status, in KiB.
func processStatus(t *testing.T, pid int, name string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), name+":")
	n, err := strconv.ParseInt(strings.Fields(line)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBigFiles moves files much larger than what the server may grow by.
func TestBigFiles(t *testing.T) {
	t.Parallel()
	const many = 8
	big, several := testfull.Pick[int64](96<<20, 1<<30), testfull.Pick[int64](16<<20, 128<<20)
	s := newInstance(t, filepath.Join(t.TempDir(), "data")).start(t)
	c := s.client(t, s.register(t, "owner")).Storage.Files
	transfer := func(key string, size int64, known bool) {
		p := newPattern(key)
		var body io.Reader = io.NewSectionReader(p, 0, size)
		if !known {
			body = io.LimitReader(body, size) // it cannot seek, and so goes in chunks
		}
		written, err := c.Write(t.Context(), key, body)
		if err != nil || written.Size != size {
			t.Errorf("write %s: %d bytes, %v", key, written.Size, err)
			return
		}
		r, err := c.Read(t.Context(), key)
		if err != nil {
			t.Errorf("read %s: %v", key, err)
			return
		}
		defer r.Close()
		if err := p.check(r, size); err != nil {
			t.Errorf("read %s: %v", key, err)
		}
	}
	transfer("warm/up", 2<<20, true)

	const most = 32 << 10 // KiB
	before := processStatus(t, s.cmd.Process.Pid, "VmRSS")
	// "5" sets the peak back to what is used now (proc_pid_clear_refs(5)).
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
	grown := func(what string) {
		growth := processStatus(t, s.cmd.Process.Pid, "VmHWM") - before
		t.Logf("%s: the server grew from %d MiB by %.1f MiB", what, before>>10, float64(growth)/1024)
		if growth > most {
			t.Errorf("%s: the server grew by %d KiB, more than %d", what, growth, most)
		}
	}
	transfer("big/chunked", big, false)
	transfer("big/known", big, true)
	grown(fmt.Sprintf("%d MiB up and down, twice", big>>20))
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() { transfer(fmt.Sprintf("several/%d", i), several, i%2 == 0) })
	}
	wg.Wait()
	grown(fmt.Sprintf("%d times %d MiB at once", many, several>>20))
	if n := countFiles(t, filepath.Join(s.instance.dir, "files", "tmp")); n != 0 {
		t.Errorf("%d temporary files are left", n)
	}
	s.stop(t)
}

// openBy counts what the server has open, by the beginning of what it is.
func openBy(t *testing.T, s *server, prefix string) int {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, entry := range entries {
		// One that was closed meanwhile leads nowhere.
		if to, err := os.Readlink(filepath.Join(dir, entry.Name())); err == nil && strings.HasPrefix(to, prefix) {
			n++
		}
	}
	return n
}

// TestBadClients looks at what the server itself keeps open for clients that are
// slow or gone.
func TestBadClients(t *testing.T) {
	t.Parallel()
	s := newInstance(t, filepath.Join(t.TempDir(), "data")).launch(t)
	sockets := openBy(t, s, "socket:")
	owner := s.register(t, "owner")
	c := s.client(t, owner)
	if _, err := c.Storage.Files.Write(t.Context(), largeKey, bytes.NewReader(make([]byte, largeSize))); err != nil {
		t.Fatal(err)
	}
	token, err := fetchToken(t.Context(), s.url, owner)
	if err != nil {
		t.Fatal(err)
	}
	c.CloseIdleConnections()
	dir := filepath.Join(s.instance.dir, "files")
	idle := func() bool { return openBy(t, s, dir+"/objects/")+openBy(t, s, dir+"/tmp/") == 0 }
	to := target{address: strings.TrimPrefix(s.url, "http://"), token: token, dir: dir, idle: idle}
	to.badClients(t)
	if testfull.On() { // it takes as long as the server is patient
		to.stalledClients(t)
	}
	eventually(t, "every temporary file is gone", func() bool { return countFiles(t, filepath.Join(dir, "tmp")) == 0 })
	eventually(t, "every file is closed", idle)
	eventually(t, "every connection is closed", func() bool { return openBy(t, s, "socket:") <= sockets })
	for key, size := range map[string]int64{"slow": 50, largeKey: largeSize, "vanished": -1, "halfclosed": -1, "stalled": -1} {
		file, err := s.client(t, owner).Storage.Files.Stat(t.Context(), key)
		if _, missing := errors.AsType[*client.NotFoundError](err); missing != (size < 0) || !missing && file.Size != size {
			t.Errorf("%s has %d bytes, %v", key, file.Size, err)
		}
	}
	s.stop(t)
}
