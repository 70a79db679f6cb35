//go:build unix

// Package redistest has the backend that the drivers on Redis are certified on.
package redistest

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

// password is what every Redis here asks for, and no error may tell.
const password = "hunter2"

// Backend returns a Redis of its own for each test, with a password, and the
// drivers that open makes of its clients.
func Backend[D any](t testing.TB, open func(redis.UniversalClient) (D, error)) backendtest.Backend[D] {
	return backendtest.Backend[D]{
		Start: func(t testing.TB, tls bool) (backendtest.System, backendtest.Place) {
			opts := []testservice.Option{testservice.WithArgs("--requirepass", password)}
			if tls {
				opts = append(opts, testservice.WithTLS())
			}
			s := testservice.Redis(t, opts...)
			return s, backendtest.Place{Addr: s.Addr, CA: s.CA}
		},
		Open: func(_ context.Context, at backendtest.Place) (driver D, closeAll func() error, err error) {
			url := "redis://:" + password + "@" + at.Addr
			if at.CA != "" {
				url = "rediss://:" + password + "@" + at.Addr + "?ca=" + at.CA
			}
			client, err := redisclient.Open(url)
			if err != nil {
				return driver, nil, err
			}
			driver, err = open(client)
			return driver, client.Close, err
		},
		OtherCA: testservice.OtherCA(t),
		Bad: map[string]func(context.Context) error{
			"another scheme":    openClient("http://:hunter2@127.0.0.1:1"),
			"no host":           openClient("redis://:hunter2@"),
			"a strange option":  openClient("redis://:hunter2@127.0.0.1:1?pool=blue"),
			"a strange port":    openClient("redis://:hunter2@127.0.0.1:port"),
			"no database":       openClient("redis://:hunter2@127.0.0.1:1/first"),
			"a CA that is none": openClient("rediss://:hunter2@127.0.0.1:1?ca=/dev/null"),
			"no client":         func(context.Context) error { _, err := open(nil); return err },
		},
		Secrets: []string{password},
		Forgets: true,
	}
}

func openClient(url string) func(context.Context) error {
	return func(context.Context) error {
		client, err := redisclient.Open(url)
		if err == nil {
			err = client.Close()
		}
		return err
	}
}
