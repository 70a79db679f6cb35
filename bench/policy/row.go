package main

import (
	"context"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit/internal/turns"
)

// row is one call that is made in several ways, which take turns.
type row struct {
	name string
	bar  string
	ways []way // ours first
}

// way makes the call for one of the requests.
type way struct {
	name   string
	call   func(request int) error
	turns  []float64 // ns of a call
	allocs []float64
}

// round has each way take its turn, another one first each time. What it costs is dropped
// in the first round, to warm up.
func (r *row) round(ctx context.Context, each time.Duration, number int) error {
	for i := range r.ways {
		if err := ctx.Err(); err != nil {
			return err
		}
		w := &r.ways[(i+number)%len(r.ways)]
		ns, allocs, err := turns.Take(each, 7919*len(w.turns), w.call)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		if number > 0 {
			w.turns, w.allocs = append(w.turns, ns), append(w.allocs, allocs)
		}
	}
	return nil
}

// cost is the tenth percentile of the turns: others on the machine make a turn slower,
// and never faster.
func (w *way) cost() (ns, allocs float64) {
	return turns.Quantile(w.turns, 0.1), turns.Quantile(w.allocs, 0.5)
}

func (r *row) print() {
	ours, oursAllocs := r.ways[0].cost()
	if len(r.ways) == 1 {
		fmt.Printf("| %s | %s | | | %.0f | %s |\n", r.name, duration(ours), oursAllocs, r.bar)
	}
	for i := range r.ways[1:] {
		peer := &r.ways[i+1]
		theirs, theirAllocs := peer.cost()
		fmt.Printf("| %s | %s | %s %s | **%.*f** | %.0f, %.0f | %s |\n", r.name, duration(ours), peer.name, duration(theirs),
			digits(ours/theirs), ours/theirs, oursAllocs, theirAllocs, r.bar)
	}
}

func duration(ns float64) string {
	switch {
	case ns < 10_000:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.1f µs", ns/1e3)
	}
	return fmt.Sprintf("%.1f ms", ns/1e6)
}

// digits is how many decimals tell a ratio.
func digits(ratio float64) int {
	if ratio < 0.1 {
		return 3
	}
	return 2
}
