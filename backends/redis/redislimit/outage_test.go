//go:build unix

package redislimit_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// TestOutage freezes, kills and starts Redis: calls fail soon, and succeed soon
// after it is back.
func TestOutage(t *testing.T) {
	t.Parallel()
	s := testservice.Redis(t)
	d := newDriver(t, open(t, s.URL()+"?timeout=200ms&dial_timeout=200ms"))
	limit := ratelimit.Limit{Tokens: 1000, Window: time.Hour}
	b := []ratelimit.Bucket{{Key: "k", Limit: limit}}
	takeOne(t, d, "k", limit, 1)

	down := func(name string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for range 50 {
			if err := d.Take(ctx, b, 1); !errors.Is(err, cpodkit.CodeUnavailable) {
				t.Fatalf("%s: %v, want %v", name, err, cpodkit.CodeUnavailable)
			}
		}
	}
	up := func(name string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			err := d.Take(ctx, b, 1)
			if err == nil {
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				t.Fatalf("%s: still %v", name, err)
			}
		}
	}
	s.Freeze()
	down("frozen")
	s.Thaw()
	up("thawed")
	s.Kill()
	down("killed")
	if err := d.Ping(t.Context()); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("ping: %v", err)
	}
	if err := d.Reset(t.Context(), "k"); !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("reset: %v", err)
	}
	s.Start()
	up("started")
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	s := testservice.Redis(t)
	d := newDriver(t, open(t, s.URL()))
	s.Freeze()
	defer s.Thaw()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	b := []ratelimit.Bucket{{Key: "k", Limit: ratelimit.Limit{Tokens: 1, Window: time.Second}}}
	began := time.Now()
	if err := d.Take(ctx, b, 1); !errors.Is(err, context.DeadlineExceeded) || cpodkit.CodeOf(err) != cpodkit.CodeTimeout {
		t.Errorf("a frozen server: %v, want the caller's deadline", err)
	}
	// The client's own limit is 3 s.
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the caller's deadline of 50 ms ended the call after %v", took)
	}
}

// deaf loses the answer to the next question.
type deaf struct {
	net.Conn

	next *atomic.Bool
}

func (c deaf) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if c.next.Swap(false) {
		_, _ = c.Read(make([]byte, 1<<10)) // Redis has answered
		_ = c.Close()
	}
	return n, err
}

// TestAtMostOnce loses an answer under a client that repeats what fails.
func TestAtMostOnce(t *testing.T) {
	t.Parallel()
	s := testservice.Redis(t)
	var next atomic.Bool
	client := redis.NewClient(&redis.Options{
		Addr: s.Addr, MaxRetries: 3,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			var dialer net.Dialer
			conn, err := dialer.DialContext(ctx, network, addr)
			return deaf{conn, &next}, err
		},
	})
	defer client.Close()
	d := newDriver(t, client)
	limit := ratelimit.Limit{Tokens: 10, Window: 1000 * time.Hour}
	takeOne(t, d, "k", limit, 1)
	next.Store(true)
	err := d.Take(t.Context(), []ratelimit.Bucket{{Key: "k", Limit: limit}}, 1)
	if !errors.Is(err, cpodkit.CodeUnavailable) {
		t.Errorf("a lost answer: %v", err)
	}
	if got := takeOne(t, d, "k", limit, 0).Remaining; got != 8 {
		t.Errorf("%d left, want 8: taken once", got)
	}
}
