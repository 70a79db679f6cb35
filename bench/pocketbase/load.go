package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// side is one server's part in a row.
type side struct {
	server *server
	next   func() request            // safe for concurrent use
	check  func(answer []byte) error // of one answer; nil for none
	clear  func() error              // removes what the writes made; nil for nothing
}

// result is what one round measured.
type result struct {
	perSecond float64
	p50, p99  time.Duration
	cpu       time.Duration // of the server, for each request
}

// probe sends one request and checks its answer.
func (s side) probe(ctx context.Context) error {
	c, err := dial(ctx, s.server.address)
	if err != nil {
		return err
	}
	defer c.Close()
	status, body, err := c.do(s.next(), true)
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("answer %d: %.300s", status, body)
	}
	if s.check == nil {
		return nil
	}
	return s.check(body)
}

// load sends requests from some clients at once, each the next one as soon as
// the last is answered.
func (s side) load(ctx context.Context, clients int, period time.Duration) (result, error) {
	conns := make([]*conn, clients)
	for i := range conns {
		c, err := dial(ctx, s.server.address)
		if err != nil {
			return result{}, err
		}
		defer c.Close()
		conns[i] = c
	}
	latencies, errs := make([][]time.Duration, clients), make([]error, clients)
	cpuBefore, err := s.server.cpu()
	if err != nil {
		return result{}, err
	}
	begin := time.Now()
	var wg sync.WaitGroup
	for i, c := range conns {
		wg.Go(func() { latencies[i], errs[i] = s.client(ctx, c, begin.Add(period)) })
	}
	wg.Wait()
	took := time.Since(begin)
	cpuAfter, err := s.server.cpu()
	if err := errors.Join(errors.Join(errs...), err); err != nil {
		return result{}, err
	}
	all := slices.Concat(latencies...)
	slices.Sort(all)
	n := len(all)
	return result{
		perSecond: float64(n) / took.Seconds(),
		p50:       all[n/2],
		p99:       all[n*99/100],
		cpu:       (cpuAfter - cpuBefore) / time.Duration(n),
	}, nil
}

func (s side) client(ctx context.Context, c *conn, until time.Time) (latencies []time.Duration, err error) {
	for start := time.Now(); start.Before(until); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		status, body, err := c.do(s.next(), false)
		if err != nil {
			return nil, err
		}
		if status/100 != 2 {
			return nil, fmt.Errorf("answer %d: %.300s", status, body)
		}
		end := time.Now()
		latencies = append(latencies, end.Sub(start))
		start = end
	}
	return latencies, nil
}

// measured is a row of the result: the medians of its rounds.
type measured struct {
	ours, peer result
	ratio      float64 // of the throughputs of one round
}

// measure runs both sides of a row in turn.
func measure(ctx context.Context, ours, peer side, clients, rounds int, period time.Duration) (measured, error) {
	var results [2][]result
	var ratios []float64
	for round := range rounds + 1 {
		for i, s := range []side{ours, peer} {
			if round == 0 { // warm up
				if err := s.probe(ctx); err != nil {
					return measured{}, fmt.Errorf("%s: %w", s.server.name, err)
				}
				if _, err := s.load(ctx, clients, period/4); err != nil {
					return measured{}, fmt.Errorf("%s: %w", s.server.name, err)
				}
				continue
			}
			r, err := s.load(ctx, clients, period)
			if err != nil {
				return measured{}, fmt.Errorf("%s: %w", s.server.name, err)
			}
			results[i] = append(results[i], r)
			if s.clear != nil {
				if err := s.clear(); err != nil {
					return measured{}, err
				}
			}
		}
		if round > 0 {
			ratios = append(ratios, results[0][round-1].perSecond/results[1][round-1].perSecond)
		}
	}
	return measured{medians(results[0]), medians(results[1]), median(ratios)}, nil
}

func medians(rounds []result) result {
	return result{
		perSecond: median(each(rounds, func(r result) float64 { return r.perSecond })),
		p50:       median(each(rounds, func(r result) time.Duration { return r.p50 })),
		p99:       median(each(rounds, func(r result) time.Duration { return r.p99 })),
		cpu:       median(each(rounds, func(r result) time.Duration { return r.cpu })),
	}
}

func each[T any](rounds []result, value func(result) T) []T {
	out := make([]T, len(rounds))
	for i, r := range rounds {
		out[i] = value(r)
	}
	return out
}

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
