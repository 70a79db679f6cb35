// Command backends measures what a portable type adds to the client library of
// its system: the same call through both, in turns, on the same server. It prints
// a table. It needs the servers of scripts/testservices.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"testing"
	"time"
)

func main() {
	testing.Init()
	rounds := flag.Int("rounds", 7, "`times` that the two take turns")
	each := flag.Duration("each", time.Second, "`time` of one turn")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := errors.Join(flag.Set("test.benchtime", each.String()), measure(ctx, *rounds))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "backends:", err)
		os.Exit(1)
	}
}

// pair is one call made both ways. Each returns after one call.
type pair struct {
	name string
	bare func(ctx context.Context) error
	ours func(ctx context.Context) error
}

func measure(ctx context.Context, rounds int) error {
	fmt.Println("| call | bare client | through cpodkit | ratio | allocations, bare and ours |")
	fmt.Println("|---|---:|---:|---:|---:|")
	for _, prepare := range []func(context.Context) ([]pair, func(), error){redisPairs, mongoPairs, s3Pairs} {
		pairs, done, err := prepare(ctx)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if err := p.compare(ctx, rounds); err != nil {
				done()
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		done()
	}
	return nil
}

// compare prints a row: medians, and the median of the rounds' ratios.
func (p pair) compare(ctx context.Context, rounds int) error {
	var bare, ours, ratios []float64
	var bareAllocs, ourAllocs int64
	for range rounds {
		b, err := run(ctx, p.bare)
		if err != nil {
			return err
		}
		o, err := run(ctx, p.ours)
		if err != nil {
			return err
		}
		bare, ours = append(bare, float64(b.NsPerOp())), append(ours, float64(o.NsPerOp()))
		ratios = append(ratios, float64(o.NsPerOp())/float64(b.NsPerOp()))
		bareAllocs, ourAllocs = b.AllocsPerOp(), o.AllocsPerOp()
	}
	fmt.Printf("| %s | %s | %s | **%.2f** | %d, %d |\n", p.name,
		time.Duration(median(bare)).Round(time.Microsecond), time.Duration(median(ours)).Round(time.Microsecond), median(ratios),
		bareAllocs, ourAllocs)
	return nil
}

func run(ctx context.Context, call func(context.Context) error) (result testing.BenchmarkResult, err error) {
	result = testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err = call(ctx); err != nil {
				b.FailNow()
			}
		}
	})
	return result, err
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// variable returns what scripts/testservices has set.
func variable(name string) (string, error) {
	value := os.Getenv(name)
	if value == "" {
		return "", errors.New(strconv.Quote(name) + " is not set: run this with scripts/testservices run")
	}
	return value, nil
}
