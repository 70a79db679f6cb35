package main

import (
	"context"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/internal/turns"
)

// reloads is the name of the measurement of evaluations during reloads.
const reloads = "reloads of 10,000 flags"

// measureReloads compares how long evaluations take while nothing changes, and while
// 10,000 flags are replaced one time after the other.
func measureReloads(ctx context.Context, each time.Duration) error {
	source := flags.NewMemory()
	if err := source.Set(tenant, []byte(manyFlags(flags.MaxFlags, "v0"))); err != nil {
		return err
	}
	all, err := flags.New(source)
	if err != nil {
		return err
	}
	if _, err := all.Set(ctx, tenant); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); all.Run(running) }()
	defer func() { stop(); <-ended }()

	idle, err := latencies(ctx, all, each)
	if err != nil {
		return err
	}
	reloading, halt := context.WithCancel(ctx)
	count, done := 0, make(chan error, 1)
	began := time.Now()
	go func() {
		for ; reloading.Err() == nil; count++ {
			if err := source.Set(tenant, []byte(manyFlags(flags.MaxFlags, fmt.Sprintf("v%d", count%8)))); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	busy, err := latencies(ctx, all, each)
	halt()
	if err := <-done; err != nil {
		return err
	}
	if err != nil {
		return err
	}
	fmt.Printf("\n%s: %d in %s, one in %s.\n", reloads, count, time.Since(began).Round(time.Second),
		(time.Since(began) / time.Duration(max(count, 1))).Round(time.Millisecond))
	for name, ns := range map[string][]float64{"without": idle, "with": busy} {
		fmt.Printf("Evaluations %s reloads: half within %s, 99 %% within %s, 99.9 %% within %s, the longest %s.\n", name,
			duration(turns.Quantile(ns, 0.5)), duration(turns.Quantile(ns, 0.99)), duration(turns.Quantile(ns, 0.999)), duration(turns.Quantile(ns, 0.999999)))
	}
	return nil
}

// latencies evaluates a flag again and again, with pauses, and returns how long each
// call took, in ns.
func latencies(ctx context.Context, all *flags.Flags, each time.Duration) ([]float64, error) {
	handle, c := all.Trusted(tenant), &flags.Context{Attributes: attributes(0)}
	var ns []float64
	for until := time.Now().Add(each); time.Now().Before(until); {
		began := time.Now()
		if _, err := handle.Evaluate(ctx, "f77", c); err != nil {
			return nil, err
		}
		ns = append(ns, float64(time.Since(began).Nanoseconds()))
		time.Sleep(50 * time.Microsecond)
	}
	return ns, nil
}
