package secrets_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// faulty is a Memory that counts calls, and in which calls can be made to fail or to wait.
type faulty struct {
	*secrets.Memory
	gets, grants atomic.Int64
	fail         atomic.Pointer[func(ctx context.Context, call string) error] // nil for none
}

func newFaulty() *faulty { return &faulty{Memory: secrets.NewMemory()} }

// onCall has each call of the name "get", "grant", … make do first.
func (f *faulty) onCall(do func(ctx context.Context, call string) error) { f.fail.Store(&do) }

// failWith has reads fail; nil for not any more.
func (f *faulty) failWith(err error) { f.onCall(func(context.Context, string) error { return err }) }

func (f *faulty) call(ctx context.Context, name string) error {
	if do := f.fail.Load(); do != nil {
		return (*do)(ctx, name)
	}
	return nil
}

func (f *faulty) Get(ctx context.Context, tenantID, name string, version int64) (secrets.Secret, error) {
	f.gets.Add(1)
	if err := f.call(ctx, "get"); err != nil {
		return secrets.Secret{}, err
	}
	return f.Memory.Get(ctx, tenantID, name, version)
}

func (f *faulty) GetGrant(ctx context.Context, tenantID, name string) (secrets.Grant, error) {
	f.grants.Add(1)
	if err := f.call(ctx, "grant"); err != nil {
		return secrets.Grant{}, err
	}
	return f.Memory.GetGrant(ctx, tenantID, name)
}

func (f *faulty) PutGrant(ctx context.Context, tenantID string, g secrets.Grant, version string) (string, error) {
	if err := f.call(ctx, "put grant"); err != nil {
		return "", err
	}
	return f.Memory.PutGrant(ctx, tenantID, g, version)
}

func (f *faulty) Put(ctx context.Context, tenantID, name string, v secrets.Value, c secrets.Condition) (secrets.Info, error) {
	if err := f.call(ctx, "put"); err != nil {
		return secrets.Info{}, err
	}
	return f.Memory.Put(ctx, tenantID, name, v, c)
}

// wantGets checks how many calls to the provider there were since the last time.
func (f *faulty) wantGets(t testing.TB, what string, want int64) {
	t.Helper()
	if got := f.gets.Swap(0); got != want {
		t.Errorf("%s: %d calls to the provider; want %d", what, got, want)
	}
}

// replicas returns an app's handle, whose secret x has the value "1" and whose calls are
// counted, and one of another replica.
func replicas(t *testing.T, opts ...secrets.Option) (f *faulty, a, other secrets.Handle) {
	t.Helper()
	f = newFaulty()
	other = app(over(t, f.Memory, f.Memory), "a")
	put(t, other, "x", "1", secrets.Apps("a", "b"))
	return f, app(over(t, f, f, opts...), "a"), other
}

func TestSingleFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, a, _ := replicas(t)
		f.onCall(func(context.Context, string) error { time.Sleep(time.Second); return nil })
		var readers sync.WaitGroup
		for range 1000 {
			readers.Go(func() { wantValue(t, a, "x", "1") })
		}
		readers.Wait()
		f.wantGets(t, "1,000 cold reads", 1)
		if n := f.grants.Load(); n != 1 {
			t.Errorf("%d calls to the records", n)
		}
	})
}

func TestTTL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, a, other := replicas(t, secrets.WithTTL(time.Minute))
		wantValue(t, a, "x", "1")
		f.wantGets(t, "a cold read", 1)
		put(t, other, "x", "2")
		time.Sleep(time.Minute - 1)
		wantValue(t, a, "x", "1")
		f.wantGets(t, "a cached read", 0)
		time.Sleep(time.Nanosecond)
		wantValue(t, a, "x", "2")
		wantValue(t, a, "x", "2")
		f.wantGets(t, "after the TTL", 1)
		// A write of one's own is seen at once; so is a grant.
		put(t, a, "x", "3", secrets.Apps())
		wantValue(t, a, "x", "")
		put(t, a, "x", "4", secrets.Apps("a"))
		wantValue(t, a, "x", "4")
		wantCode(t, a.Delete(t.Context(), "x"), "")
		wantValue(t, a, "x", "")
		f.gets.Store(0)
		f.grants.Store(0)
		for range 3 {
			wantValue(t, a, "none", "")
		}
		if n := f.grants.Load(); n != 3 {
			t.Errorf("not found is kept: %d calls to the records", n)
		}
	})
}

// Readers of an old value wait for at most a second, and only one of them.
func TestSlowProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, a, other := replicas(t)
		wantValue(t, a, "x", "1")
		put(t, other, "x", "2")
		time.Sleep(time.Minute)
		f.onCall(func(ctx context.Context, call string) error {
			if call == "get" {
				<-ctx.Done()
			}
			return ctx.Err()
		})
		took := func(want time.Duration) {
			t.Helper()
			began := time.Now()
			wantValue(t, a, "x", "1")
			if took := time.Since(began); took != want {
				t.Errorf("a read took %s; want %s", took, want)
			}
		}
		f.gets.Store(0)
		took(time.Second)
		for range 100 {
			took(0)
		}
		f.wantGets(t, "while the read goes on", 1)
		time.Sleep(9*time.Second + 1) // the read has failed
		took(0)
		time.Sleep(time.Second)
		took(time.Second)
		f.wantGets(t, "after the read has failed", 1)
		f.failWith(nil)
		time.Sleep(10 * time.Second)
		wantValue(t, a, "x", "2")
	})
}

func TestStale(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{cpodkit.CodeUnavailable, cpodkit.CodeTimeout, fmt.Errorf("secret address")} {
		var log bytes.Buffer
		synctest.Test(t, func(t *testing.T) {
			f, a, _ := replicas(t, secrets.WithLog(slog.New(slog.NewTextHandler(&log, nil))))
			wantValue(t, a, "x", "1")
			f.failWith(failure)
			time.Sleep(30 * time.Second)
			f.gets.Store(0)
			for range 5 * 60 * 10 { // 10 readings a second, until 5 min after the last good read
				wantValue(t, a, "x", "1")
				time.Sleep(time.Second / 10)
				if t.Failed() {
					return
				}
			}
			if n := f.grants.Load(); n < 200 || n > 301 {
				t.Errorf("%d retries in 5 min", n)
			}
			time.Sleep(5*time.Minute - 30*time.Second)
			_, err := a.Get(t.Context(), "x")
			wantCode(t, err, cpodkit.CodeOf(failure))
			if detail := err.(*cpodkit.Error).Detail; strings.Contains(detail, "address") { //nolint:errorlint // wantCode has looked
				t.Errorf("the client is told %q", detail)
			}
			f.failWith(nil)
			wantValue(t, a, "x", "1")
			time.Sleep(2 * time.Minute)
			wantValue(t, a, "x", "1")
		})
		if text := log.String(); strings.Count(text, "level=WARN") != 1 || strings.Count(text, "level=INFO") != 1 {
			t.Errorf("%v: the log is:\n%s", failure, text)
		}
	}
}

func TestNeverStale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, a, _ := replicas(t, secrets.WithStale(0))
		wantValue(t, a, "x", "1")
		f.failWith(cpodkit.CodeUnavailable)
		wantValue(t, a, "x", "1")
		time.Sleep(30 * time.Second)
		_, err := a.Get(t.Context(), "x")
		wantCode(t, err, cpodkit.CodeUnavailable)
	})
}

// What is gone, and what is granted no more, is not served stale.
func TestGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, a, other := replicas(t)
		wantValue(t, a, "x", "1")
		put(t, other, "x", "2", secrets.Apps("b"))
		wantValue(t, a, "x", "1")
		time.Sleep(30 * time.Second)
		wantValue(t, a, "x", "")
		f.failWith(cpodkit.CodeUnavailable)
		wantValue(t, a, "x", "")
		f.failWith(nil)
		wantCode(t, other.Delete(t.Context(), "x"), "")
		time.Sleep(30 * time.Second)
		wantValue(t, a, "x", "")
		f.failWith(cpodkit.CodeUnavailable)
		_, err := a.Get(t.Context(), "x")
		wantCode(t, err, cpodkit.CodeUnavailable)
	})
}

// A driver that panics ends no server: its reader gets an error, which shows no value.
func TestDriverPanics(t *testing.T) {
	t.Parallel()
	memory := newFaulty()
	h := over(t, memory, memory).Trusted(tenant)
	put(t, h, "db", "hunter2")
	memory.onCall(func(context.Context, string) error { panic("no hunter2 here") })
	_, err := h.Get(t.Context(), "db")
	if cpodkit.CodeOf(err) != cpodkit.CodeInternal || strings.Contains(fmt.Sprintf("%+v %v", err, errors.Unwrap(err)), "hunter2") {
		t.Errorf("Get: %v, because of %v", err, errors.Unwrap(err))
	}
}

// A reader who leaves does not end the read for the others.
func TestReadersLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, a, _ := replicas(t)
		f.onCall(func(ctx context.Context, _ string) error {
			select {
			case <-time.After(5 * time.Second):
			case <-ctx.Done():
			}
			return ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var first sync.WaitGroup
		first.Go(func() {
			if _, err := a.Get(ctx, "x"); cpodkit.CodeOf(err) != cpodkit.CodeTimeout {
				t.Errorf("who has left gets %v", err)
			}
		})
		synctest.Wait()
		wantValue(t, a, "x", "1")
		first.Wait()
		f.wantGets(t, "for both", 1)
	})
}

// What a read finds that began before a write is not kept.
func TestWriteDuringRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, _, _ := replicas(t)
		read, write := make(chan struct{}), make(chan struct{})
		var isSecond atomic.Bool
		slow := slowGet{f, func() {
			if !isSecond.Swap(true) {
				close(read)
				<-write
			}
		}}
		a := app(over(t, slow, f), "a")
		var first sync.WaitGroup
		first.Go(func() { wantValue(t, a, "x", "1") })
		<-read
		put(t, a, "x", "2")
		wantValue(t, a, "x", "2")
		close(write)
		first.Wait()
		synctest.Wait()
		wantValue(t, a, "x", "2")
	})
}

// slowGet does something between a read and its answer.
type slowGet struct {
	*faulty
	then func()
}

func (s slowGet) Get(ctx context.Context, tenantID, name string, version int64) (secrets.Secret, error) {
	defer s.then()
	return s.faulty.Get(ctx, tenantID, name, version)
}

// Neither many names nor large values of one tenant push out those of another.
func TestShares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFaulty()
		s := over(t, f, f, secrets.WithCacheSize(80))
		h, hostile := app(s, "a"), s.Trusted("hostile")
		put(t, h, "x", "1")
		wantValue(t, h, "x", "1")
		for i := range 200 {
			put(t, hostile, fmt.Sprint(i), strings.Repeat("v", 1+i%2*32<<10))
		}
		f.gets.Store(0)
		for i := range 200 {
			if _, err := hostile.Get(t.Context(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
			wantValue(t, hostile, fmt.Sprint("none", i), "")
		}
		wantValue(t, h, "x", "1")
		f.wantGets(t, "all reads of the other tenant", 400)
		for i := range 200 {
			if _, err := hostile.Get(t.Context(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		if n := 200 - f.gets.Load(); n > 80 {
			t.Errorf("%d secrets are in a cache of 80", n)
		}
		s.Forget(tenant)
		f.gets.Store(0)
		wantValue(t, h, "x", "1")
		f.wantGets(t, "after Forget", 1)
	})
}

// A cached read allocates the caller's copy at most, with telemetry on.
func TestCachedAllocates(t *testing.T) { //nolint:paralleltest // it counts allocations
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	s, _ := newSecrets(t, secrets.WithTelemetry(nil, meters), secrets.WithReadHook(func(context.Context, secrets.Read) error { return nil }))
	a := app(s, "a")
	put(t, a, "x", "1")
	wantValue(t, a, "x", "1")
	if n := testing.AllocsPerRun(100, func() { _, _ = a.Get(t.Context(), "x") }); n > 1 {
		t.Errorf("a cached read makes %v allocations", n)
	}
}

// Calls to drivers are measured, and cached reads counted. Nothing names a secret.
func TestTelemetry(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	synctest.Test(t, func(t *testing.T) {
		f, a, _ := replicas(t, secrets.WithTelemetry(nil, sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
		for range 3 {
			wantValue(t, a, "x", "1")
		}
		f.failWith(cpodkit.CodeUnavailable)
		time.Sleep(30 * time.Second)
		wantValue(t, a, "x", "1")
		var all metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &all); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%+v", all)
		for _, want := range []string{"cpodkit.driver.duration", "get_grant", "cpodkit.driver.errors", "unavailable"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in the metrics", want)
			}
		}
		got := map[string]int64{}
		for _, m := range all.ScopeMetrics[0].Metrics {
			switch data := m.Data.(type) {
			case metricdata.Gauge[int64]:
				got[m.Name] = data.DataPoints[0].Value
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					outcome, _ := p.Attributes.Value("cpodkit.secrets.outcome")
					got[m.Name+" "+outcome.AsString()] = p.Value
				}
			}
		}
		for name, want := range map[string]int64{
			"cpodkit.secrets.reads fresh": 2, "cpodkit.secrets.reads stale": 2, "cpodkit.secrets.stale": 1, // a grant and a value
		} {
			if got[name] != want {
				t.Errorf("%s is %d; want %d", name, got[name], want)
			}
		}
	})
}
