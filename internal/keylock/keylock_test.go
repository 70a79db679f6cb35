package keylock_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit/internal/keylock"
)

func TestLocksExclude(t *testing.T) {
	t.Parallel()
	var locks keylock.Locks
	counts := make([]int, 5) // each guarded by its name
	var workers sync.WaitGroup
	for worker := range 16 {
		workers.Go(func() {
			for i := range 200 {
				a, b := (worker+i)%len(counts), (worker*i)%len(counts)
				unlock, err := locks.Lock(t.Context(), fmt.Sprint(b), fmt.Sprint(a), fmt.Sprint(b))
				if err != nil {
					t.Error(err)
					return
				}
				counts[a]++
				if a != b {
					counts[b]++
				}
				unlock()
			}
		})
	}
	workers.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	if total < 16*200 {
		t.Errorf("%d changes were counted", total)
	}
}

func TestLockEndsWithItsContext(t *testing.T) {
	t.Parallel()
	var locks keylock.Locks
	unlock, err := locks.Lock(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := locks.Lock(ended, "a", "b"); !errors.Is(err, context.Canceled) {
		t.Errorf("a lock that another one holds: %v", err)
	}
	free, err := locks.Lock(t.Context(), "a") // which the failed call has given back
	if err != nil {
		t.Fatal(err)
	}
	free()
	unlock()
	if unlock, err = locks.Lock(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	unlock()
}
