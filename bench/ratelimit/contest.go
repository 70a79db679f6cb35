package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// contest is one call made in several ways, which take turns.
type contest struct {
	name    string
	workers int  // goroutines that call at once
	cpu     bool // counts the processor's time instead of the clock's: others on the machine then matter less
	bare    func(i int) error
	ours    func(i int) error
	bar     string // of ours alone
	peers   []peer
}

// peer is another way to make the call. Each call gets a number: the keys differ
// by it.
type peer struct {
	name string
	call func(i int) error
	bar  string // of ours against it
}

// cost is what one call costs.
type cost struct{ ns, allocs float64 }

// run prints a row for each peer: medians, and the median of the rounds' ratios.
// With a bare call, its cost is taken off all others.
func (c *contest) run(s settings) error {
	ways := []func(i int) error{c.ours}
	for _, p := range c.peers {
		ways = append(ways, p.call)
	}
	if c.bare != nil {
		ways = append(ways, c.bare)
	}
	rounds := make([][]cost, len(ways))
	for round := -1; round < s.rounds; round++ {
		for w, call := range ways {
			got, err := c.turn(s.each, call)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if round >= 0 { // the first one warms up
				rounds[w] = append(rounds[w], got)
			}
		}
	}
	if c.bare != nil {
		bare := rounds[len(ways)-1]
		for _, costs := range rounds[:len(ways)-1] {
			for i := range costs {
				costs[i].ns -= bare[i].ns
				costs[i].allocs -= bare[i].allocs
			}
		}
	}
	if len(c.peers) == 0 {
		fmt.Printf("| %s | %s | | | %.0f | %s |\n", c.name, duration(times(rounds[0])), allocs(rounds[0]), c.bar)
	}
	for i, p := range c.peers {
		bar := c.bar
		if p.bar != "" {
			bar = p.bar
		}
		fmt.Printf("| %s | %s | %s %s | **%s** | %.0f, %.0f | %s |\n", c.name, duration(times(rounds[0])), p.name,
			duration(times(rounds[1+i])), ratio(rounds[0], rounds[1+i]), allocs(rounds[0]), allocs(rounds[1+i]), bar)
	}
	return nil
}

// turn calls for a time, and returns what one call costs.
func (c *contest) turn(each time.Duration, call func(i int) error) (cost, error) {
	workers := max(c.workers, 1)
	calls, errs := make([]int, workers), make([]error, workers)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpuBefore := processorTime()
	start := time.Now()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			calls[w], errs[w] = repeat(call, w*104729, start.Add(each))
		})
	}
	wg.Wait()
	elapsed := time.Since(start)
	if c.cpu {
		elapsed = processorTime() - cpuBefore
	}
	runtime.ReadMemStats(&after)
	total := 0
	for w := range workers {
		if errs[w] != nil {
			return cost{}, errs[w]
		}
		total += calls[w]
	}
	return cost{
		ns:     float64(elapsed.Nanoseconds()) / float64(total),
		allocs: float64(after.Mallocs-before.Mallocs) / float64(total),
	}, nil
}

// repeat calls until a time, and looks at the clock about every 10 µs.
func repeat(call func(i int) error, first int, until time.Time) (calls int, err error) {
	batch := 1
	for {
		start := time.Now()
		if !start.Before(until) {
			return calls, nil
		}
		for range batch {
			if err := call(first + calls); err != nil {
				return calls, err
			}
			calls++
		}
		if batch < 256 && time.Since(start) < 10*time.Microsecond {
			batch *= 2
		}
	}
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func ratio(ours, theirs []cost) string {
	var ratios []float64
	for i := range ours {
		ratios = append(ratios, ours[i].ns/theirs[i].ns)
	}
	if r := median(ratios); r < 0.1 {
		return fmt.Sprintf("%.4f", r)
	} else {
		return fmt.Sprintf("%.2f", r)
	}
}

func times(costs []cost) float64 {
	var ns []float64
	for _, c := range costs {
		ns = append(ns, c.ns)
	}
	return median(ns)
}

// allocs rounds to whole allocations and never to "-0".
func allocs(costs []cost) float64 {
	var n []float64
	for _, c := range costs {
		n = append(n, c.allocs)
	}
	return math.Abs(math.Round(median(n)))
}

func duration(ns float64) string {
	if ns < 10_000 {
		return fmt.Sprintf("%.0f ns", ns)
	}
	return fmt.Sprintf("%.1f µs", ns/1000)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
