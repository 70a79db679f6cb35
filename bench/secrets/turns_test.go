package secrets_test

import (
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/internal/turns"
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
				ns, n, err := turns.Take(turn, 7919*round, ways[k].call)
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
	ours := turns.Quantile(times[0], 0.1)
	for i, w := range ways {
		theirs := turns.Quantile(times[i], 0.1)
		b.ReportMetric(theirs, "ns-"+w.name)
		b.ReportMetric(turns.Quantile(allocs[i], 0.5), "allocs-"+w.name)
		if i > 0 {
			b.ReportMetric(ours/theirs, "times-"+w.name)
		}
	}
}
