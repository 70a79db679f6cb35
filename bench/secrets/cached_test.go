// Package secrets_test measures package secrets and what is around it.
package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

const many = 1000

// BenchmarkCached measures reads that the cache serves, with telemetry, for an app that is
// one of three which may read the secret.
func BenchmarkCached(b *testing.B) {
	ctx := b.Context()
	tracers := sdktrace.NewTracerProvider()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	defer func() { _ = tracers.Shutdown(context.WithoutCancel(ctx)) }()
	var hooked atomic.Int64
	handle := func(opts ...secrets.Option) (secrets.Handle, *secrets.Secrets) {
		m := secrets.NewMemory()
		s, err := secrets.New(m, m, append(opts, secrets.WithTelemetry(tracers, meters))...)
		if err != nil {
			b.Fatal(err)
		}
		h := s.For(cpodkit.Identity{TenantID: "acme", AppID: "worker"})
		for i := range many {
			_, err := h.Put(ctx, name(i), secrets.NewValue("s3cr3t"), secrets.Apps("api", "billing", "worker"))
			if err == nil {
				_, err = h.Get(ctx, name(i))
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		return h, s
	}
	h, s := handle()
	withHook, _ := handle(secrets.WithReadHook(func(context.Context, secrets.Read) error { hooked.Add(1); return nil }))
	names := make([]string, many)
	for i := range names {
		names[i] = name(i)
	}
	get := func(h secrets.Handle, name string) error {
		secret, err := h.Get(ctx, name)
		if err == nil && secret.Value.IsZero() {
			err = fmt.Errorf("%s is empty", name)
		}
		return err
	}
	for what, w := range map[string]func(i int) error{
		"Get":              func(int) error { return get(h, names[0]) },
		"GetOf1000":        func(i int) error { return get(h, names[i%many]) },
		"GetWithHook":      func(int) error { return get(withHook, names[0]) },
		"GetByATrusted":    func(int) error { return get(s.Trusted("acme"), names[0]) },
		"ResolveOne":       func(i int) error { return resolve(ctx, h, names[i%many:i%many+1]) },
		"Resolve10":        func(i int) error { return resolve(ctx, h, names[i%(many-10):i%(many-10)+10]) },
		"Get1000ByEachOf2": func(int) error { return atOnce(func() error { return get(h, names[0]) }) },
	} {
		b.Run(what, func(b *testing.B) { compare(b, way{"ours", w}) })
	}
}

func name(i int) string { return fmt.Sprintf("databases/orders/password-%d", i) }

func resolve(ctx context.Context, h secrets.Handle, names []string) error {
	values, missing, err := h.Resolve(ctx, names...)
	if err == nil && (len(missing) > 0 || len(values) != len(names)) {
		err = fmt.Errorf("%q are missing", missing)
	}
	return err
}

// atOnce makes 1,000 calls on each of two goroutines.
func atOnce(call func() error) error {
	var errs [2]error
	var calls sync.WaitGroup
	for i := range errs {
		calls.Go(func() {
			for range many {
				if err := call(); err != nil {
					errs[i] = err
				}
			}
		})
	}
	calls.Wait()
	return errors.Join(errs[:]...)
}
