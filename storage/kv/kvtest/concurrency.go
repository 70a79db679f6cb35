package kvtest

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/kv"
)

const contenders = 64

// contend runs f in many goroutines at once and returns how often it was true.
func (s *suite) contend(f func(i int) (bool, error)) int {
	s.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range contenders {
		wg.Go(func() {
			<-begin
			ok, err := f(i)
			if err != nil {
				s.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	close(begin)
	wg.Wait()
	return int(won.Load())
}

func testSetIfAbsent(s *suite) {
	key := s.key("k")
	if stored, err := s.driver.Set(s.ctx, key, "first", time.Hour, true); err != nil || !stored {
		s.Fatalf("Set if absent = %v, %v; want true", stored, err)
	}
	s.wantTTL(key, 0, time.Hour)
	if stored, err := s.driver.Set(s.ctx, key, "second", 0, true); err != nil || stored {
		s.Errorf("second Set if absent = %v, %v; want false", stored, err)
	}
	s.wantValue(key, "first")
	s.wantTTL(key, 0, time.Hour)
}

func testSetIfAbsentHasOneWinner(s *suite) {
	for round := range 10 {
		key := s.key(fmt.Sprint("k", round))
		var winner atomic.Int64
		won := s.contend(func(i int) (bool, error) {
			stored, err := s.driver.Set(s.ctx, key, strconv.Itoa(i), time.Hour, true)
			if stored {
				winner.Store(int64(i))
			}
			return stored, err
		})
		if won != 1 {
			s.Errorf("%d callers made the entry; want 1", won)
		}
		s.wantValue(key, strconv.FormatInt(winner.Load(), 10))
	}
}

func testDeleteIfValueHasOneWinner(s *suite) {
	for range 10 {
		key, value := s.key("k"), "held"
		s.set(key, value, time.Hour)
		won := s.contend(func(int) (bool, error) { return s.driver.Delete(s.ctx, key, &value) })
		if won != 1 {
			s.Errorf("%d callers removed the entry; want 1", won)
		}
		s.wantNone(key)
	}
}

// testLock takes and gives back a lock as users do.
func testLock(s *suite) {
	const workers, rounds = 8, 20
	key := s.key("lock")
	var holders, turns atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			holder := strconv.Itoa(w)
			for range rounds {
				for {
					taken, err := s.driver.Set(s.ctx, key, holder, time.Hour, true)
					if err != nil {
						s.Error(err)
						return
					}
					if taken {
						break
					}
				}
				if n := holders.Add(1); n != 1 {
					s.Errorf("%d workers hold the lock", n)
				}
				turns.Add(1)
				holders.Add(-1)
				if removed, err := s.driver.Delete(s.ctx, key, &holder); err != nil || !removed {
					s.Errorf("the holder's Delete = %v, %v; want true", removed, err)
				}
			}
		})
	}
	wg.Wait()
	if got := turns.Load(); got != workers*rounds {
		s.Errorf("the lock was held %d times; want %d", got, workers*rounds)
	}
	s.wantNone(key)
}

// testStorm mixes all calls on few keys. Each key's values name the key, so
// that a value in the wrong place shows.
func testStorm(s *suite) {
	const workers, rounds, keys = 8, 300, 5
	total := s.key("total")
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 1))
			for i := range rounds {
				if err := s.storm(rnd, s.key(fmt.Sprint("k", rnd.IntN(keys)))); err != nil {
					s.Errorf("worker %d, round %d: %v", w, i, err)
					return
				}
				if _, err := s.driver.Incr(s.ctx, total, 1); err != nil {
					s.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	s.wantValue(total, strconv.Itoa(workers*rounds))
}

func (s *suite) storm(rnd *rand.Rand, key string) error {
	value := key + strconv.Itoa(rnd.IntN(3))
	ttl := []time.Duration{0, time.Millisecond, time.Hour}[rnd.IntN(3)]
	switch rnd.IntN(6) {
	case 0:
		_, err := s.driver.Set(s.ctx, key, value, ttl, rnd.IntN(2) == 0)
		return err
	case 1:
		got, err := s.driver.Get(s.ctx, key)
		if err == nil && (len(got) != len(value) || got[:len(key)] != key) {
			return fmt.Errorf("Get(%q) = %q", key, got)
		}
		return exceptFor(err, cpodkit.CodeNotFound)
	case 2:
		_, err := s.driver.Delete(s.ctx, key, &value)
		return err
	case 3:
		_, err := s.driver.Delete(s.ctx, key, nil)
		return err
	case 4:
		left, err := s.driver.TTL(s.ctx, key)
		if err == nil && (left < 0 || left > time.Hour) {
			return fmt.Errorf("TTL(%q) = %v", key, left)
		}
		return exceptFor(err, cpodkit.CodeNotFound)
	default:
		_, err := s.driver.Exists(s.ctx, key)
		return err
	}
}

func exceptFor(err error, code cpodkit.Code) error {
	if errors.Is(err, code) {
		return nil
	}
	return err
}

func testCancelledContext(s *suite) {
	key, missing, value := s.key("k"), s.key("missing"), "1"
	s.set(key, value, time.Hour)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	for name, call := range map[string]func() error{
		"Get":    func() error { _, err := s.driver.Get(ctx, key); return err },
		"Exists": func() error { _, err := s.driver.Exists(ctx, key); return err },
		"Set":    func() error { _, err := s.driver.Set(ctx, missing, "2", 0, false); return err },
		"Delete": func() error { _, err := s.driver.Delete(ctx, key, &value); return err },
		"Incr":   func() error { _, err := s.driver.Incr(ctx, key, 1); return err },
		"TTL":    func() error { _, err := s.driver.TTL(ctx, key); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			s.Errorf("%s with a cancelled context: %v; want context.Canceled", name, err)
		}
	}
	s.wantValue(key, value)
	s.wantTTL(key, 0, time.Hour)
	s.wantNone(missing)
}

// testNoGoroutineIsLeft marks what the driver starts by a pprof label, which
// goroutines inherit.
func testNoGoroutineIsLeft(t *testing.T, newDriver func(t testing.TB) kv.Driver) {
	t.Helper()
	mark := "kvtest/" + crand.Text()
	pprof.Do(t.Context(), pprof.Labels("kvtest", mark), func(ctx context.Context) {
		driver := newDriver(t)
		for i := range 100 {
			key := fmt.Sprint(mark, "/", i)
			if _, err := driver.Set(ctx, key, "x", time.Duration(i)*time.Millisecond, false); err != nil {
				t.Errorf("Set: %v", err)
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
