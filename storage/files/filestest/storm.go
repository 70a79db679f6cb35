package filestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/files"
)

// testStorm lets many do everything to a few names that lie in and on each
// other. Whatever is read is one whole Put.
func testStorm(s *suite) {
	names := []string{"a", "a/b", "a/b/c", "a/b/d", "a/e", "f/g/h", "f/g"}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(worker)))
			for range 150 {
				if err := s.storm(random, names[random.IntN(len(names))]); err != nil {
					s.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, name := range names {
		if err := s.driver.Delete(s.ctx, s.name(name)); err != nil {
			s.Errorf("Delete(%q): %v", name, err)
		}
	}
	s.wantEmpty()
	s.put("a/b/c", "and all still works")
	s.wantContent("a/b/c", "and all still works")
}

func (s *suite) storm(random *rand.Rand, name string) error {
	switch random.IntN(4) {
	case 0:
		content := strings.Repeat(string(rune('a'+random.IntN(26))), random.IntN(5000))
		_, err := s.putOpts(name, content, files.PutOptions{ContentType: fmt.Sprintf("storm/%d", len(content))})
		if err != nil && !errors.Is(err, cpodkit.CodeConflict) {
			return fmt.Errorf("Put(%q): %w", name, err)
		}
	case 1:
		if err := s.driver.Delete(s.ctx, s.name(name)); err != nil {
			return fmt.Errorf("Delete(%q): %w", name, err)
		}
	case 2:
		q := files.ListQuery{Prefix: s.name("a/"), Limit: 2}
		if random.IntN(2) == 0 {
			q.Delimiter = "/"
		}
		if _, err := s.driver.List(s.ctx, q); err != nil {
			return fmt.Errorf("list: %w", err)
		}
	default:
		return s.readWhole(name)
	}
	return nil
}

func (s *suite) readWhole(name string) error {
	object, err := s.driver.Open(s.ctx, s.name(name))
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("Open(%q): %w", name, err)
	}
	defer func() { _ = object.Close() }()
	content, err := io.ReadAll(object)
	if err != nil {
		return fmt.Errorf("read %q: %w", name, err)
	}
	attrs := object.Attributes()
	whole := len(content) == 0 || len(content) == bytes.Count(content, content[:1])
	if int64(len(content)) != attrs.Size || attrs.ContentType != fmt.Sprintf("storm/%d", len(content)) || !whole {
		return fmt.Errorf("%q is a mixture of two Puts: %d bytes, %+v", name, len(content), attrs)
	}
	return nil
}

// testNoGoroutineIsLeft marks what the driver starts by a pprof label, which
// goroutines inherit.
func testNoGoroutineIsLeft(t *testing.T, newDriver func(t testing.TB) files.Driver) {
	t.Helper()
	mark := "filestest-" + strconv.FormatUint(rand.Uint64(), 36)
	pprof.Do(t.Context(), pprof.Labels("filestest", mark), func(ctx context.Context) {
		driver := newDriver(t)
		for i := range 20 {
			name := fmt.Sprint("filestest/", mark, "/", i)
			if _, err := driver.Put(ctx, name, strings.NewReader("x"), files.PutOptions{}); err != nil {
				t.Errorf("Put: %v", err)
			}
		}
		if err := driver.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	watchdog := time.NewTimer(patience)
	defer watchdog.Stop()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		var running bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&running, 1); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(running.Bytes(), []byte(mark)) {
			return
		}
		select {
		case <-poll.C:
		case <-watchdog.C:
			t.Fatalf("goroutines of the driver outlive Close:\n%s", running.Bytes())
		}
	}
}
