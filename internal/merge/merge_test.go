package merge_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cpodkit/cpodkit/internal/merge"
)

// source hands out entries and counts how many.
func source(entries []int, read *int, short bool) merge.Source[int] {
	return func(_ context.Context, n int) ([]int, bool, error) {
		if short { // a source may give less than it is asked for
			n = max(n/2, 1)
		}
		n = min(n, len(entries))
		part := entries[:n]
		entries = entries[n:]
		*read += n
		return part, len(entries) > 0, nil
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 2000 {
		var sources []merge.Source[int]
		var want []int
		read, limit := 0, 1+rnd.IntN(40)
		for range rnd.IntN(12) {
			entries := make([]int, rnd.IntN(30)*rnd.IntN(3))
			for i := range entries {
				entries[i] = rnd.IntN(200)
			}
			slices.Sort(entries)
			entries = slices.Compact(entries)
			want = append(want, entries...)
			sources = append(sources, source(entries, &read, round%2 == 0))
		}
		slices.Sort(want)
		want = slices.Compact(want)
		got, err := merge.Page(t.Context(), sources, limit, cmp.Compare[int])
		if err != nil || !slices.Equal(got, want[:min(limit, len(want))]) {
			t.Fatalf("round %d: a page of %d is %v, %v; want of %v", round, limit, got, err, want)
		}
	}
}

// What is read does not grow with the number of sources.
func TestPageReadsLittle(t *testing.T) {
	t.Parallel()
	const limit = 500
	for _, n := range []int{1, 2, 10, 100} {
		read := 0
		sources := make([]merge.Source[int], n)
		for i := range sources {
			entries := make([]int, 2000)
			for j := range entries {
				entries[j] = i*len(entries) + j // all of the page is in the first one
			}
			sources[i] = source(entries, &read, false)
		}
		if page, err := merge.Page(t.Context(), sources, limit, cmp.Compare[int]); len(page) != limit || err != nil {
			t.Fatalf("%d sources: %d entries, %v", n, len(page), err)
		}
		if read > 4*limit {
			t.Errorf("%d sources: %d entries were read for a page of %d", n, read, limit)
		}
	}
}

func TestPageFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	read := 0
	_, err := merge.Page(t.Context(), []merge.Source[int]{
		source([]int{1, 2, 3}, &read, false),
		func(context.Context, int) ([]int, bool, error) { return nil, false, broken },
	}, 2, cmp.Compare[int])
	if !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if page, err := merge.Page(t.Context(), nil, 2, cmp.Compare[int]); len(page) > 0 || err != nil {
		t.Errorf("no sources are %v, %v", page, err)
	}
}
