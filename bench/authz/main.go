// Command authz measures how long package authz takes for a token, beside
// auth0/go-jwt-middleware, golang-jwt and the bare check of an RS256 signature, and holds
// the figures against the bars of its issue. All take turns. It prints a table.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/internal/turns"
)

// row is one thing that is done in several ways.
type row struct {
	name string
	ways []way // ours first
	bar  string
}

type way struct {
	name string
	call func(i int) error

	times, allocs []float64
}

func main() {
	rounds := flag.Int("rounds", 61, "`times` that all take turns")
	each := flag.Duration("each", 20*time.Millisecond, "`time` of one turn")
	flag.Parse()
	if err := measure(*rounds, *each); err != nil {
		fmt.Fprintln(os.Stderr, "authz:", err)
		os.Exit(1)
	}
}

func measure(rounds int, each time.Duration) error {
	t, err := newTokens()
	if err != nil {
		return err
	}
	rows, err := t.rows()
	if err != nil {
		return err
	}
	for round := range rounds + 1 {
		for r := range rows {
			for w := range rows[r].ways {
				way := &rows[r].ways[w]
				ns, allocs, err := turns.Take(each, round*1009, way.call)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", rows[r].name, way.name, err)
				}
				if round > 0 { // the first one is to warm up
					way.times, way.allocs = append(way.times, ns), append(way.allocs, allocs)
				}
			}
		}
	}
	fmt.Println("| what | ours | others | bar |")
	fmt.Println("|---|---:|---|---|")
	for _, r := range rows {
		var others []string
		for _, w := range r.ways[1:] {
			others = append(others, w.name+" "+w.String())
		}
		fmt.Printf("| %s | %s | %s | %s |\n", r.name, r.ways[0].String(), strings.Join(others, "; "), r.bar)
	}
	memory, err := cacheMemory()
	if err != nil {
		return err
	}
	fmt.Printf("| memory of a full cache | %.1f MiB | | 64 MiB |\n", memory)
	return nil
}

func (w *way) String() string {
	return fmt.Sprintf("%.2f µs, %.0f allocations", turns.Quantile(w.times, 0.1)/1000, turns.Quantile(w.allocs, 0.5))
}
