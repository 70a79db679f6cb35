package flags_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
)

// faulty is a source in memory that fails when it is told to, and counts its loads.
type faulty struct {
	*flags.Memory
	err   atomic.Pointer[error]
	bad   atomic.Bool // it returns a definition that is wrong
	loads atomic.Int64
}

func (f *faulty) fail(err error) {
	if err == nil {
		f.err.Store(nil)
	} else {
		f.err.Store(&err)
	}
}

func (f *faulty) failure() error {
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (f *faulty) Load(ctx context.Context, tenantID string) ([]flags.Definition, error) {
	f.loads.Add(1)
	if err := f.failure(); err != nil {
		return nil, err
	}
	if f.bad.Load() {
		return []flags.Definition{{Name: "bad.json", JSON: []byte(`{"flags": 5}`)}}, nil
	}
	return f.Memory.Load(ctx, tenantID)
}

func (f *faulty) Version(ctx context.Context, tenantID string) (string, error) {
	if err := f.failure(); err != nil {
		return "", err
	}
	if f.bad.Load() {
		return "bad", nil
	}
	return f.Memory.Version(ctx, tenantID)
}

func newFaulty(t testing.TB, definitions map[string]string) *faulty {
	t.Helper()
	f := &faulty{Memory: flags.NewMemory()}
	for tenant, definition := range definitions {
		if err := f.Set(tenant, []byte(definition)); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func open(t testing.TB, source flags.Source, opts ...flags.Option) *flags.Flags {
	t.Helper()
	all, err := flags.New(source, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A change is in effect at once where the source reports it, and within the interval
// where it does not.
func TestChangesAreSeen(t *testing.T) {
	t.Parallel()
	for name, within := range map[string]time.Duration{"reported": 0, "polled": 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			m := newFaulty(t, map[string]string{"acme": texts("a", "1")})
			source := flags.Source(m)
			if within > 0 {
				source = loadOnly{m}
			}
			all := open(t, source)
			ctx, stop := context.WithCancel(t.Context())
			go all.Run(ctx)
			synctest.Wait()
			if a := textOf(t, all, "acme", "a"); a != "1" {
				t.Errorf("%s: the flag is %q", name, a)
			}
			if err := m.Set("acme", []byte(texts("a", "2"))); err != nil {
				t.Fatal(err)
			}
			time.Sleep(within)
			synctest.Wait()
			if a := textOf(t, all, "acme", "a"); a != "2" {
				t.Errorf("%s: %s after the change the flag is %q", name, within, a)
			}
			stop()
			synctest.Wait()
		})
	}
}

// Evaluations load nothing, and neither does a poll that finds the same version.
func TestLoadsAreFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newFaulty(t, map[string]string{"acme": texts("a", "1")})
		all := open(t, m)
		ctx, stop := context.WithCancel(t.Context())
		go all.Run(ctx)
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				for range 10 {
					if a := textOf(t, all, "acme", "a"); a != "1" {
						t.Errorf("the flag is %q", a)
					}
				}
			})
		}
		callers.Wait()
		time.Sleep(time.Hour)
		if n := m.loads.Load(); n != 1 {
			t.Errorf("there were %d loads", n)
		}
		stop()
		synctest.Wait()
	})
}

// While the source fails, the last good flags are in effect. It is said once in the log,
// in a metric, and by Ping.
func TestBrokenSource(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(*faulty, bool){
		"it fails": func(f *faulty, broken bool) {
			if broken {
				f.fail(errors.New("the disk is on fire"))
			} else {
				f.fail(nil)
			}
		},
		"its definition is wrong": func(f *faulty, broken bool) { f.bad.Store(broken) },
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newFaulty(t, map[string]string{"acme": texts("a", "1"), "other": texts("a", "1")})
			var log bytes.Buffer
			reader := metric.NewManualReader()
			all := open(t, m, flags.WithLog(slog.New(slog.NewTextHandler(&log, nil))),
				flags.WithTelemetry(nil, metric.NewMeterProvider(metric.WithReader(reader))))
			ctx, stop := context.WithCancel(t.Context())
			go all.Run(ctx)
			_, _ = textOf(t, all, "acme", "a"), textOf(t, all, "other", "a")
			breakIt(m, true)
			if err := m.Set("acme", []byte(texts("a", "2"))); err != nil { // it is reported
				t.Fatal(err)
			}
			time.Sleep(30 * time.Second)
			if a := textOf(t, all, "acme", "a"); a != "1" {
				t.Errorf("%s: the flag is %q", name, a)
			}
			if err := all.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "tenants could not be read") {
				t.Errorf("%s: Ping is %v", name, err)
			}
			if n := stale(t, reader); n < 1 {
				t.Errorf("%s: the metric is %d", name, n)
			}
			if _, err := all.Trusted("new").Evaluate(t.Context(), "a", nil); cpodkit.CodeOf(err) != cpodkit.CodeInternal {
				t.Errorf("%s: the flags of a tenant that were never read are %v", name, err)
			}
			breakIt(m, false)
			time.Sleep(3 * time.Second)
			if a := textOf(t, all, "acme", "a"); a != "2" || all.Ping(t.Context()) != nil || stale(t, reader) != 0 {
				t.Errorf("%s: then the flag is %q, and Ping %v", name, a, all.Ping(t.Context()))
			}
			if n := strings.Count(log.String(), "tenant acme"); n != 2 {
				t.Errorf("%s: the log is %s", name, log.String())
			}
			stop()
			synctest.Wait()
		})
	}
}

func stale(t testing.TB, reader metric.Reader) int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if gauge, ok := m.Data.(metricdata.Gauge[int64]); ok && m.Name == "cpodkit.flags.stale" {
				return gauge.DataPoints[0].Value
			}
		}
	}
	t.Fatal("there is no metric cpodkit.flags.stale")
	return 0
}

// The driver's codes reach the caller, and its texts do not.
func TestErrorsAreWorded(t *testing.T) {
	t.Parallel()
	m := newFaulty(t, nil)
	all := open(t, m)
	for _, c := range []struct {
		err  error
		want cpodkit.Code
	}{
		{errors.New("secret"), cpodkit.CodeInternal},
		{fmt.Errorf("secret: %w", cpodkit.CodeUnavailable), cpodkit.CodeUnavailable},
		{context.DeadlineExceeded, cpodkit.CodeTimeout},
	} {
		m.fail(c.err)
		on, err := all.Trusted("acme").Bool(t.Context(), "a", true, nil)
		e, ok := errors.AsType[*cpodkit.Error](err)
		if !on || !ok || e.Code != c.want || strings.Contains(e.Detail, "secret") || e.Detail == "" {
			t.Errorf("%v becomes %v, and the flag %t", c.err, err, on)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m.fail(ctx.Err())
	if _, err := all.Set(ctx, "acme"); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context is %v", err)
	}
	m.fail(nil)
	if _, err := all.Set(t.Context(), "acme"); err != nil {
		t.Errorf("the next call is %v", err)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newFaulty(t, map[string]string{"acme": texts("a", "1", "b", "1"), "other": texts("a", "1")})
		all := open(t, m)
		ctx, stop := context.WithCancel(t.Context())
		go all.Run(ctx)
		var mu sync.Mutex
		var seen []string
		var last string
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for change, err := range all.Watch(ctx, "acme") {
				mu.Lock()
				seen = append(seen, fmt.Sprint(change.Keys, err))
				last = change.Version
				mu.Unlock()
			}
		}()
		synctest.Wait()
		for _, edit := range []struct{ tenant, definition string }{
			{"acme", texts("a", "2", "b", "1")},
			{"acme", texts("a", "2", "b", "1")}, // the same
			{"other", texts("a", "2")},
			{"acme", texts("a", "2", "c", "3")},
			{"acme", strings.Replace(texts("a", "2", "c", "3"), "}}}", `}}, "metadata": {"v": 1}}`, 1)},
		} {
			if err := m.Set(edit.tenant, []byte(edit.definition)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		mu.Lock()
		if want := []string{"[a] <nil>", "[b c] <nil>", "[a c] <nil>"}; !slices.Equal(seen, want) {
			t.Errorf("the changes are %q; want %q", seen, want)
		}
		if set, err := all.Set(ctx, "acme"); err != nil || set.Version() != last {
			t.Errorf("the version is %q; want %q", last, set.Version())
		}
		mu.Unlock()
		stop()
		<-ended
		synctest.Wait()
		m.fail(cpodkit.CodeUnavailable)
		for _, err := range all.Watch(t.Context(), "unread") {
			if cpodkit.CodeOf(err) != cpodkit.CodeUnavailable {
				t.Errorf("flags that cannot be read are watched: %v", err)
			}
		}
	})
}

// A source whose Watch ends is asked in intervals, and watched anew.
func TestWatchThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &deaf{faulty: newFaulty(t, map[string]string{"acme": texts("a", "1")})}
		all := open(t, m)
		ctx, stop := context.WithCancel(t.Context())
		go all.Run(ctx)
		_ = textOf(t, all, "acme", "a")
		for i := range 5 {
			value := fmt.Sprint("v", i)
			if err := m.Set("acme", []byte(texts("a", value))); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
			if a := textOf(t, all, "acme", "a"); a != value {
				t.Errorf("the flag is %q; want %q", a, value)
			}
		}
		if n := m.watches.Load(); n < 2 {
			t.Errorf("the source is watched %d times", n)
		}
		stop()
		synctest.Wait()
	})
}

// deaf is a source whose Watch fails after a second.
type deaf struct {
	*faulty
	watches atomic.Int64
}

func (d *deaf) Watch(ctx context.Context, _ func(string)) error {
	d.watches.Add(1)
	select {
	case <-time.After(time.Second):
		return errors.New("the line is cut")
	case <-ctx.Done():
		return nil
	}
}

// Evaluations do not wait for a reload.
func TestEvaluationsDuringALoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &slow{Memory: flags.NewMemory(), goOn: make(chan struct{})}
		if err := source.Set("acme", []byte(texts("a", "1"))); err != nil {
			t.Fatal(err)
		}
		all := open(t, source)
		ctx, stop := context.WithCancel(t.Context())
		go all.Run(ctx)
		_ = textOf(t, all, "acme", "a")
		synctest.Wait()
		if err := source.Set("acme", []byte(texts("a", "2"))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if a := textOf(t, all, "acme", "a"); a != "1" || source.loads.Load() != 2 {
			t.Errorf("during load %d the flag is %q", source.loads.Load(), a)
		}
		close(source.goOn)
		synctest.Wait()
		if a := textOf(t, all, "acme", "a"); a != "2" {
			t.Errorf("then the flag is %q", a)
		}
		stop()
		synctest.Wait()
	})
}

// No evaluation sees half of a reload.
func TestReloadsAreWhole(t *testing.T) {
	t.Parallel()
	of := func(value string) string {
		var all []string
		for i := range 2000 {
			all = append(all, fmt.Sprint("f", i), value)
		}
		return texts(all...)
	}
	m := newFaulty(t, map[string]string{"acme": of("0")})
	all := open(t, m)
	_ = textOf(t, all, "acme", "f0")
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { all.Run(ctx) })
	running.Go(func() {
		for ctx.Err() == nil {
			set, err := all.Set(ctx, "acme")
			if err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
			if err != nil {
				return
			}
			first, _ := set.Evaluate("f0", nil).String("")
			last, _ := set.Evaluate("f1999", nil).String("")
			if first != last {
				t.Errorf("a set has %q and %q", first, last)
				return
			}
		}
	})
	for i := range 5 {
		if err := m.Set("acme", []byte(of(fmt.Sprint(i)))); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the last change is in effect", func() bool { return textOf(t, all, "acme", "f7") == "4" })
	stop()
	running.Wait()
}
