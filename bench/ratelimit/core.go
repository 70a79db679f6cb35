package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	limiter "github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"

	"github.com/cpodkit/cpodkit/ratelimit"
)

var errOutcome = errors.New("a call was refused that should be allowed, or the other way round")

// core compares the buckets in memory.
func core(ctx context.Context) ([]contest, func(), error) {
	done := new(closers)
	var contests []contest
	for _, c := range []struct {
		name          string
		keys, workers int
		allowed       bool
	}{
		{"Memory, one key", 1, 1, true},
		{"Memory, one key, refused", 1, 1, false},
		{"Memory, one key, 2 goroutines", 1, 2, true},
		{"Memory, 1,000 keys", 1000, 1, true},
		{"Memory, 1,000 keys, 2 goroutines", 1000, 2, true},
		{"Memory, 100,000 keys", 100_000, 1, true},
		{"Memory, 100,000 keys, 2 goroutines", 100_000, 2, true},
	} {
		// go-limiter refills once in a window, and with so many tokens not all of
		// them: one day has no such moment.
		limit := ratelimit.Limit{Tokens: ratelimit.MaxTokens, Window: 24 * time.Hour}
		if !c.allowed {
			limit.Tokens = 1
		}
		ours, err := ratelimit.New(ratelimit.NewMemory())
		if err != nil {
			return nil, done.close, err
		}
		done.add(ours.Close)
		theirs, err := memorystore.New(&memorystore.Config{Tokens: uint64(limit.Tokens), Interval: limit.Window})
		if err != nil {
			return nil, done.close, err
		}
		done.add(func() error { return theirs.Close(context.WithoutCancel(ctx)) })
		keys := keys(c.keys)
		if !c.allowed {
			if err := errors.Join(takeOurs(ctx, ours, keys[0], limit, true), takeTheirs(ctx, theirs, keys[0], true)); err != nil {
				return nil, done.close, err
			}
		}
		contests = append(contests, contest{
			name: c.name, workers: c.workers, short: true,
			ours: func(i int) error { return takeOurs(ctx, ours, keys[i%len(keys)], limit, c.allowed) },
			peers: []peer{{
				"go-limiter", func(i int) error { return takeTheirs(ctx, theirs, keys[i%len(keys)], c.allowed) }, "1.00, 0 allocations",
			}},
		})
	}
	return contests, done.close, nil
}

func takeOurs(ctx context.Context, l *ratelimit.Limiter, key string, limit ratelimit.Limit, allowed bool) error {
	d, err := l.Take(ctx, key, limit, 1)
	if err == nil && d.Allowed != allowed {
		err = fmt.Errorf("ours: %w", errOutcome)
	}
	return err
}

func takeTheirs(ctx context.Context, s limiter.Store, key string, allowed bool) error {
	_, _, _, ok, err := s.Take(ctx, key)
	if err == nil && ok != allowed {
		err = fmt.Errorf("go-limiter: %w", errOutcome)
	}
	return err
}

// keys returns n keys of users, in no order.
func keys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = "acme/apps/shop/user-" + strconv.Itoa(i)
	}
	rand.Shuffle(n, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys
}

const (
	flood     = "Memory, heap after 10,000,000 keys"
	floodKeys = 10_000_000
)

// measureFlood pushes many keys through the memory driver, and prints how the
// heap grows.
func measureFlood(ctx context.Context) error {
	before := heap()
	l, err := ratelimit.New(ratelimit.NewMemory())
	if err != nil {
		return err
	}
	limit := ratelimit.Limit{Tokens: 100, Window: time.Hour}
	start := time.Now()
	largest := before
	for i := range floodKeys {
		if _, err := l.Take(ctx, "user-"+strconv.Itoa(i), limit, 1); err != nil {
			return err
		}
		if i%(floodKeys/20) == 0 {
			largest = max(largest, heap())
		}
	}
	took := time.Since(start)
	largest = max(largest, heap())
	const bound = ratelimit.DefaultMaxKeys * 100
	fmt.Printf("| %s | %.1f MB, from %.1f MB, in %.1f s | | | | %.1f MB more |\n",
		flood, megabytes(largest), megabytes(before), took.Seconds(), megabytes(bound))
	return l.Close()
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func megabytes(n uint64) float64 { return float64(n) / 1e6 }

// closers are called in turn, last first.
type closers []func() error

func (c *closers) add(f func() error) { *c = append(*c, f) }

func (c *closers) close() {
	for i := len(*c) - 1; i >= 0; i-- {
		_ = (*c)[i]() // what was measured is printed
	}
}
