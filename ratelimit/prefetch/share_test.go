package prefetch_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
)

// A tenant whose busy keys fill the driver leaves another one's keys their slices.
func TestABusyTenantLeavesOthersTheirSlices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		l := newDriver(t, s, prefetch.WithMaxKeys(2048)) // a share of 4 in each of its 64 parts
		take := func(tenant string, i int) {
			t.Helper()
			b := []ratelimit.Bucket{{Key: fmt.Sprintf("%s/apps/app/%d", tenant, i), Limit: wide}}
			if err := l.Take(t.Context(), b, 1); err != nil || !b[0].Allowed {
				t.Fatal(err, b)
			}
		}
		flood := func() {
			for i := range 6400 {
				for range 10 {
					take("a", i)
				}
			}
		}
		flood()
		const uses = 1000
		before := s.trips.Load()
		for i := range uses {
			take("b", i%10)
		}
		if trips := s.trips.Load() - before; trips > uses/4 {
			t.Errorf("%d calls on 10 keys of another tenant took %d trips", uses, trips)
		}
		flood()
		before = s.trips.Load()
		for i := range uses {
			take("b", i%10)
		}
		if trips := s.trips.Load() - before; trips > uses/4 {
			t.Errorf("after more of the flood, %d calls took %d trips", uses, trips)
		}
		if n := l.Watched(); n > 2048 {
			t.Errorf("%d keys are watched", n)
		}
	})
}
