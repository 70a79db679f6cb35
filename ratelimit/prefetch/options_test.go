package prefetch_test

import (
	"math"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/prefetch"
)

func TestWrongOptions(t *testing.T) {
	t.Parallel()
	if _, err := prefetch.New(nil); err == nil {
		t.Error("no store is accepted")
	}
	for name, opt := range map[string]prefetch.Option{
		"no slice":          prefetch.WithMaxSlice(0),
		"a negative slice":  prefetch.WithMaxSlice(-0.1),
		"more than a limit": prefetch.WithMaxSlice(1.01),
		"not a number":      prefetch.WithMaxSlice(math.NaN()),
		"no hold":           prefetch.WithHold(0),
		"a negative hold":   prefetch.WithHold(-time.Second),
		"few keys":          prefetch.WithMaxKeys(63),
		"negative keys":     prefetch.WithMaxKeys(-5),
	} {
		if _, err := prefetch.New(ratelimit.NewMemory(), opt); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
