//go:build unix

package redislimit_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/backends/redis/internal/redistest"
	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/ratelimit"
)

func TestCertification(t *testing.T) { //nolint:paralleltest // it counts goroutines
	backendtest.Run(t, redistest.Backend(t, func(client redis.UniversalClient) (ratelimit.Driver, error) {
		return redislimit.New(client)
	}), bucketsAsValues)
}

// bucketsAsValues stores a value by taking a token from the bucket of its key, and
// finds it by what is missing there.
func bucketsAsValues(t testing.TB, driver ratelimit.Driver) backendtest.Client {
	limiter, err := ratelimit.New(driver)
	if err != nil {
		t.Fatal(err)
	}
	limit := ratelimit.Limit{Tokens: 1000, Window: 24 * time.Hour}
	return backendtest.Client{
		Set: func(ctx context.Context, key, _ string) error {
			_, err := limiter.Take(ctx, key, limit, 1)
			return err
		},
		Get: func(ctx context.Context, key string) (string, error) {
			d, err := limiter.Peek(ctx, key, limit)
			if err == nil && d.Remaining == limit.Tokens {
				err = cpodkit.CodeNotFound
			}
			return "value of " + key, err
		},
	}
}
