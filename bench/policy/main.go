// Command policy measures package rego: against OPA's prepared query on parsed input, against
// cedar-go, and against the bars of its issue. All take turns and decide by the same rule of
// roles by path. It prints a table.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 301, "`times` that all of a row take turns")
	each := flag.Duration("each", 2*time.Millisecond, "`time` of one turn")
	only := flag.String("only", "", "measure only rows whose name matches this `expression`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measure(ctx, *rounds, *each, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, rounds int, each time.Duration, only string) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	rows, err := prepare(ctx)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return !wanted.MatchString(r.name) })
	for round := range 1 + rounds {
		for i := range rows {
			if err := rows[i].round(ctx, each, round); err != nil {
				return fmt.Errorf("%s: %w", rows[i].name, err)
			}
		}
	}
	fmt.Println("| what | ours | peer | ratio | allocations, ours and peer | bar |")
	fmt.Println("|---|---:|---:|---:|---:|---|")
	for i := range rows {
		rows[i].print()
	}
	return nil
}
