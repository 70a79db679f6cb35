//go:build unix

package rediscluster_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediscluster"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

func TestCertification(t *testing.T) { //nolint:paralleltest // it counts goroutines
	const password = "hunter2"
	backendtest.Run(t, backendtest.Backend[cluster.Driver]{
		Start: func(t testing.TB, tls bool) (backendtest.System, backendtest.Place) {
			opts := []testservice.Option{testservice.WithArgs("--requirepass", password)}
			if tls {
				opts = append(opts, testservice.WithTLS())
			}
			s := testservice.Redis(t, opts...)
			return s, backendtest.Place{Addr: s.Addr, CA: s.CA}
		},
		Open: func(_ context.Context, at backendtest.Place) (cluster.Driver, func() error, error) {
			url := "redis://:" + password + "@" + at.Addr
			if at.CA != "" {
				url = "rediss://:" + password + "@" + at.Addr + "?ca=" + at.CA
			}
			client, err := redisclient.Open(url)
			if err != nil {
				return nil, nil, err
			}
			driver, err := rediscluster.New(client)
			return driver, client.Close, err
		},
		OtherCA: testservice.OtherCA(t),
		Bad: map[string]func(context.Context) error{
			"no client": func(context.Context) error { _, err := rediscluster.New(nil); return err },
		},
		Secrets: []string{password},
		Forgets: true,
	}, leasesAsValues)
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
