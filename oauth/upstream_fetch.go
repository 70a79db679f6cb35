package oauth

import (
	"context"
	"time"
)

// fetched is a value of another server that is kept for a while. It is safe for concurrent
// use.
type fetched[T any] struct {
	age   time.Duration
	fetch func(context.Context) (T, error)
	turn  chan struct{} // holds a token while nobody reads or fetches

	value  T
	at     time.Time // of the last fetch that succeeded; zero before
	failed time.Time // of the last fetch that failed
	err    error
}

func newFetched[T any](age time.Duration, fetch func(context.Context) (T, error)) *fetched[T] {
	f := &fetched[T]{age: age, fetch: fetch, turn: make(chan struct{}, 1)}
	f.turn <- struct{}{}
	return f
}

// fetchPause keeps a server that is down from being asked by each request.
const fetchPause = time.Second

// get returns the value, fetched anew when it is too old. With a function that does not want
// the value that is there it is fetched anew too, at most once in [keysPause]. While a fetch
// fails, the last value stays in use up to 24 times its age.
func (f *fetched[T]) get(ctx context.Context, wanted func(T) bool) (value T, err error) {
	select {
	case <-f.turn:
		defer func() { f.turn <- struct{}{} }()
	case <-ctx.Done():
		return value, ctx.Err()
	}
	since := time.Since(f.at)
	known := !f.at.IsZero()
	if known && since < f.age && (wanted == nil || wanted(f.value) || since < keysPause) {
		return f.value, nil
	}
	if time.Since(f.failed) >= fetchPause {
		if fresh, err := f.fetch(ctx); err != nil {
			f.failed, f.err = time.Now(), err
		} else {
			f.value, f.at, f.failed, f.err = fresh, time.Now(), time.Time{}, nil
			return f.value, nil
		}
	}
	if known && since < 24*f.age {
		return f.value, nil
	}
	return value, f.err
}
