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
	workers int // goroutines that call at once

	// short calls are measured in many short turns, of which the quiet ones count:
	// others on the machine make a turn slower and never faster. With one worker
	// the processor's time is taken instead of the clock's.
	short bool

	bare  func(i int) error
	ours  func(i int) error
	bar   string // of ours alone
	peers []peer

	turns [][]cost // of each way
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

// ways are all ways to make the call: ours, those of the peers, and none at all.
func (c *contest) ways() []func(i int) error {
	ways := []func(i int) error{c.ours}
	for _, p := range c.peers {
		ways = append(ways, p.call)
	}
	if c.bare != nil {
		ways = append(ways, c.bare)
	}
	return ways
}

// round has each way take its turn; a short one several times.
func (c *contest) round(each time.Duration) error {
	ways, repeats := c.ways(), 1
	if c.short {
		each, repeats = each/30, 5
	}
	if c.turns == nil {
		c.turns = make([][]cost, len(ways))
	}
	for range repeats {
		for w, call := range ways {
			got, err := c.turn(each, len(c.turns[w]), call)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.turns[w] = append(c.turns[w], got)
		}
	}
	return nil
}

// print prints a row for each peer: medians, and the median of the rounds' ratios;
// of short calls the tenth percentiles and their ratio. With a bare call, its
// cost is taken off all others.
func (c *contest) print() {
	results := make([]cost, len(c.turns))
	for w, turns := range c.turns {
		results[w] = c.summary(turns)
	}
	if c.bare != nil {
		bare := results[len(results)-1]
		for w := range results {
			results[w].ns -= bare.ns
			results[w].allocs -= bare.allocs
		}
	}
	ours := results[0]
	if len(c.peers) == 0 {
		fmt.Printf("| %s | %s | | | %.0f | %s |\n", c.name, duration(ours.ns), ours.allocs, c.bar)
	}
	for i, p := range c.peers {
		theirs, ratio, bar := results[1+i], results[0].ns/results[1+i].ns, c.bar
		if !c.short {
			ratio = medianRatio(c.turns[0], c.turns[1+i])
		}
		if p.bar != "" {
			bar = p.bar
		}
		fmt.Printf("| %s | %s | %s %s | **%.*f** | %.0f, %.0f | %s |\n", c.name, duration(ours.ns), p.name,
			duration(theirs.ns), digits(ratio), ratio, ours.allocs, theirs.allocs, bar)
	}
}

// summary is what a call costs, from all of its turns.
func (c *contest) summary(turns []cost) cost {
	var ns, allocs []float64
	for _, turn := range turns {
		ns, allocs = append(ns, turn.ns), append(allocs, turn.allocs)
	}
	at := 0.5
	if c.short {
		at = 0.1
	}
	return cost{quantile(ns, at), math.Round(quantile(allocs, 0.5))}
}

// stride is how far apart the keys are that turns and goroutines begin with.
const stride = 7919

// turn calls for a time, and returns what one call costs.
func (c *contest) turn(each time.Duration, number int, call func(i int) error) (cost, error) {
	workers := max(c.workers, 1)
	calls, errs := make([]int, workers), make([]error, workers)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpuBefore := processorTime()
	start := time.Now()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			calls[w], errs[w] = repeat(call, (number*workers+w)*stride, start.Add(each))
		})
	}
	wg.Wait()
	elapsed := time.Since(start)
	if c.short && workers == 1 {
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

func medianRatio(ours, theirs []cost) float64 {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i].ns / theirs[i].ns
	}
	return quantile(ratios, 0.5)
}

func duration(ns float64) string {
	if ns < 10_000 {
		return fmt.Sprintf("%.0f ns", ns)
	}
	return fmt.Sprintf("%.1f µs", ns/1000)
}

// digits is how many decimals tell a ratio.
func digits(ratio float64) int {
	if ratio < 0.1 {
		return 4
	}
	return 2
}

func quantile(values []float64, at float64) float64 {
	slices.Sort(values)
	return values[int(at*float64(len(values)))]
}
