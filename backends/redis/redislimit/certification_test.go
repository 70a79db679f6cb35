//go:build unix

package redislimit_test

import (
	"context"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/redislimit"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/ratelimit"
)

func TestCertification(t *testing.T) { //nolint:paralleltest // it counts goroutines
	const password = "hunter2"
	backendtest.Run(t, backendtest.Backend[ratelimit.Driver]{
		Start: func(t testing.TB, tls bool) (backendtest.System, backendtest.Place) {
			opts := []testservice.Option{testservice.WithArgs("--requirepass", password)}
			if tls {
				opts = append(opts, testservice.WithTLS())
			}
			s := testservice.Redis(t, opts...)
			return s, backendtest.Place{Addr: s.Addr, CA: s.CA}
		},
		Open: func(_ context.Context, at backendtest.Place) (ratelimit.Driver, func() error, error) {
			url := "redis://:" + password + "@" + at.Addr
			if at.CA != "" {
				url = "rediss://:" + password + "@" + at.Addr + "?ca=" + at.CA
			}
			client, err := redisclient.Open(url)
			if err != nil {
				return nil, nil, err
			}
			driver, err := redislimit.New(client)
			return driver, client.Close, err
		},
		OtherCA: testservice.OtherCA(t),
		Bad: map[string]func(context.Context) error{
			"no client": func(context.Context) error { _, err := redislimit.New(nil); return err },
		},
		Secrets: []string{password},
		Forgets: true,
	}, bucketsAsValues)
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
