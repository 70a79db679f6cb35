package ratelimit_test

import (
	"testing"

	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/ratelimit/ratelimittest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	ratelimittest.Run(t, func(testing.TB) ratelimit.Driver { return ratelimit.NewMemory() })
}

func TestMemoryInBubble(t *testing.T) {
	t.Parallel()
	ratelimittest.RunInBubble(t, func(testing.TB) ratelimit.Driver { return ratelimit.NewMemory() })
}

func TestMemoryReplicas(t *testing.T) {
	t.Parallel()
	ratelimittest.RunReplicas(t, func(_ testing.TB, n int) []ratelimit.Driver {
		memory := ratelimit.NewMemory()
		drivers := make([]ratelimit.Driver, n)
		for i := range drivers {
			drivers[i] = memory
		}
		return drivers
	})
}
