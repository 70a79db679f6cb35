// Package turns measures calls for the benchmarks, which compare several ways to make a
// call on a busy machine: the ways take short turns, so that all meet the same noise.
package turns

import (
	"runtime"
	"slices"
	"time"
)

// Take makes calls for a time, and returns the nanoseconds and the allocations of one.
// The calls are counted from first on. They are made in batches, so that the clock is
// read rarely. The first error ends it.
func Take(each time.Duration, first int, call func(i int) error) (ns, allocs float64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	calls, batch, i := 0, 1, first
	start := time.Now()
	for time.Since(start) < each {
		began := time.Now()
		for range batch {
			if err := call(i); err != nil {
				return 0, 0, err
			}
			i++
		}
		calls += batch
		if batch < 256 && time.Since(began) < 10*time.Microsecond {
			batch *= 2
		}
	}
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	return float64(elapsed.Nanoseconds()) / float64(calls), float64(after.Mallocs-before.Mallocs) / float64(calls), nil
}

// Quantile returns the value below which that part of the values lies; there must be one.
// Of times the tenth percentile says most: others on the machine make a turn slower, and
// never faster.
func Quantile(values []float64, at float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(at*float64(len(sorted)))]
}
