package secrets_test

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// way is one of the ways in which a call is made. The first one is ours.
type way struct {
	name string
	call func(i int) error // i counts the calls
}

const (
	rounds = 301
	turn   = 2 * time.Millisecond
)

// compare has all ways take turns, each first as often as the others. It reports for each
// the nanoseconds and the allocations of a call, and how many times the time of each other
// way ours takes. A time is the tenth percentile of the turns: others on the machine make a
// turn slower, and never faster.
func compare(b *testing.B, ways ...way) {
	b.Helper()
	times, allocs := make([][]float64, len(ways)), make([][]float64, len(ways))
	for b.Loop() {
		for round := range 1 + rounds {
			for i := range ways {
				k := (i + round) % len(ways)
				ns, n, err := take(ways[k].call, 7919*round)
				if err != nil {
					b.Fatalf("%s: %v", ways[k].name, err)
				}
				if round > 0 { // the first one warms up
					times[k], allocs[k] = append(times[k], ns), append(allocs[k], n)
				}
			}
		}
	}
	b.ReportMetric(0, "ns/op") // of all rounds: it says nothing
	ours := quantile(times[0], 0.1)
	for i, w := range ways {
		theirs := quantile(times[i], 0.1)
		b.ReportMetric(theirs, "ns-"+w.name)
		b.ReportMetric(quantile(allocs[i], 0.5), "allocs-"+w.name)
		if i > 0 {
			b.ReportMetric(ours/theirs, "times-"+w.name)
		}
	}
}

// take calls for one turn, in batches, so that the clock is read rarely.
func take(call func(i int) error, i int) (ns, allocs float64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	calls, batch, start := 0, 1, time.Now()
	for time.Since(start) < turn {
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

func quantile(values []float64, at float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(at*float64(len(sorted)))]
}
