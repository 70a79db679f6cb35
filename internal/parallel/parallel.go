// Package parallel makes several calls at a time.
package parallel

import (
	"context"
	"iter"
	"sync"
)

// Each calls do for each item, for at most n of them at a time, and returns when all
// calls have. After the first error, or when ctx ends, it makes no further call, and the
// context of the calls under way ends. It returns the first error of do, or else that of
// ctx.
func Each[T any](ctx context.Context, n int, items iter.Seq[T], do func(context.Context, T) error) error {
	calls, stop := context.WithCancel(ctx)
	defer stop()
	var (
		first   error
		failed  sync.Once
		running sync.WaitGroup
	)
	turns := make(chan struct{}, n)
	for item := range items {
		select {
		case turns <- struct{}{}:
		case <-calls.Done():
		}
		if calls.Err() != nil {
			break
		}
		running.Go(func() {
			defer func() { <-turns }()
			if err := do(calls, item); err != nil {
				failed.Do(func() { first = err })
				stop()
			}
		})
	}
	running.Wait()
	if first != nil {
		return first
	}
	return ctx.Err()
}
