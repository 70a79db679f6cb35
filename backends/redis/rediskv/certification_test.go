//go:build unix

package rediskv_test

import (
	"context"
	"testing"

	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/backends/redis/redisclient"
	"github.com/cpodkit/cpodkit/backends/redis/rediskv"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func TestCertification(t *testing.T) { //nolint:paralleltest // it counts goroutines
	const password = "hunter2"
	backendtest.RunKV(t, backendtest.Backend[kv.Driver]{
		Start: func(t testing.TB, tls bool) (backendtest.System, backendtest.Place) {
			opts := []testservice.Option{testservice.WithArgs("--requirepass", password)}
			if tls {
				opts = append(opts, testservice.WithTLS())
			}
			s := testservice.Redis(t, opts...)
			return s, backendtest.Place{Addr: s.Addr, CA: s.CA}
		},
		Open: func(_ context.Context, at backendtest.Place) (kv.Driver, func() error, error) {
			url := "redis://:" + password + "@" + at.Addr
			if at.CA != "" {
				url = "rediss://:" + password + "@" + at.Addr + "?ca=" + at.CA
			}
			client, err := redisclient.Open(url)
			if err != nil {
				return nil, nil, err
			}
			driver, err := rediskv.New(client)
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
			"no client":         func(context.Context) error { _, err := rediskv.New(nil); return err },
		},
		Secrets: []string{password},
		Forgets: true,
	})
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
