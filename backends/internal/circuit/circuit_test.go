package circuit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/circuit"
)

var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("10.1.2.3: %w", syscall.ECONNREFUSED)}

func TestOpensAndCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := circuit.New("store of things")
		calls := 0
		try := func(err error) error {
			return b.Do(t.Context(), func(context.Context) error { calls++; return err })
		}
		for i := range 10 {
			err := try(errRefused)
			if !errors.Is(err, cpodkit.CodeUnavailable) {
				t.Fatalf("call %d: %v", i, err)
			}
			e, _ := errors.AsType[*cpodkit.Error](err)
			if strings.Contains(e.Detail, "10.1.2.3") || !strings.Contains(e.Detail, "store of things") || e.RetryAfter <= 0 {
				t.Errorf("the client reads %q, retry after %v", e.Detail, e.RetryAfter)
			}
		}
		if calls != 3 {
			t.Errorf("%d calls reached the system before the circuit opened", calls)
		}
		time.Sleep(2 * time.Second)
		for range 5 {
			_ = try(errRefused)
		}
		if calls != 4 {
			t.Errorf("%d calls reached the system, want one more to try", calls-3)
		}
		time.Sleep(2 * time.Second)
		for range 5 {
			if err := try(nil); err != nil {
				t.Errorf("it is back: %v", err)
			}
		}
	})
}

// Only one call at a time finds out whether the system is back.
func TestOneCallTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := circuit.New("store")
		for range 3 {
			_ = b.Do(t.Context(), func(context.Context) error { return io.EOF })
		}
		time.Sleep(2 * time.Second)
		var reached atomic.Int32
		for range 100 {
			go func() {
				_ = b.Do(t.Context(), func(ctx context.Context) error {
					reached.Add(1)
					<-ctx.Done()
					return ctx.Err()
				})
			}()
		}
		synctest.Wait()
		if n := reached.Load(); n != 1 {
			t.Errorf("%d calls try", n)
		}
	})
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := circuit.New("store", circuit.WithTimeLimit(time.Second))
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		start := time.Now()
		err := b.Do(t.Context(), hang)
		if !errors.Is(err, cpodkit.CodeUnavailable) || cpodkit.CodeOf(err) != cpodkit.CodeUnavailable || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// What the caller does to itself opens nothing, and no answer of the system does.
func TestWhatDoesNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := circuit.New("store")
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			err := b.Do(ctx, func(ctx context.Context) error { <-ctx.Done(); return os.ErrDeadlineExceeded })
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || cpodkit.CodeOf(err) != cpodkit.CodeTimeout {
				t.Fatalf("the caller's deadline gives %v", err)
			}
		}
		strange := errors.New("strange")
		for _, want := range []error{cpodkit.CodeNotFound, cpodkit.Errorf(cpodkit.CodeConflict, "x").WithCause(io.EOF), strange} {
			for range 10 {
				if err := b.Do(t.Context(), func(context.Context) error { return want }); !errors.Is(err, want) {
					t.Fatalf("%v gives %v", want, err)
				}
			}
		}
	})
}
