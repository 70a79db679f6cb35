//go:build unix

package rediscluster_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/backends/redis/internal/redistest"
	"github.com/cpodkit/cpodkit/backends/redis/rediscluster"
	"github.com/cpodkit/cpodkit/cluster"
)

func TestCertification(t *testing.T) { //nolint:paralleltest // it counts goroutines
	backendtest.Run(t, redistest.Backend(t, func(client redis.UniversalClient) (cluster.Driver, error) {
		return rediscluster.New(client)
	}), leasesAsValues)
}

// leasesAsValues stores a value by taking the lease of its key, and finds it by
// not getting the lease again.
func leasesAsValues(_ testing.TB, driver cluster.Driver) backendtest.Client {
	const ttl = time.Hour
	acquire := func(ctx context.Context, key string) error {
		_, err := driver.Acquire(ctx, key, "certified", ttl)
		return err
	}
	return backendtest.Client{
		Set: func(ctx context.Context, key, _ string) error { return acquire(ctx, key) },
		Get: func(ctx context.Context, key string) (string, error) {
			_, err := driver.Acquire(ctx, key, "another", ttl)
			if err == nil {
				return "", cpodkit.CodeNotFound
			}
			if errors.Is(err, cpodkit.CodeConflict) {
				err = nil
			}
			return "value of " + key, err
		},
	}
}
