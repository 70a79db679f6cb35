// Package backendtest certifies drivers that stand in front of a real system:
// what they do when it is down, gone for a while, frozen, slow or not the one
// that they trust, and at the edges of what they store. A driver also passes the
// suite of its capability (filestest, kvtest, …), which asks what it means.
package backendtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
)

// System is a real server that a test may stop. Start returns when it takes
// connections again, at the same address.
type System interface {
	Start()
	Stop()   // and wait until it has ended
	Kill()   // as a crash does
	Freeze() // connections stay, and nobody answers
	Thaw()
}

// Place is where a system is reached.
type Place struct {
	Addr string // host and port
	CA   string // file with the authority to trust; "" for a connection without TLS
}

// Backend is what is certified.
type Backend[D any] struct {
	// Start starts a system for one test, empty, with TLS where that is asked for.
	// It ends with the test.
	Start func(t testing.TB, tls bool) (System, Place)

	// Open returns a driver of the system at a place, which may be down, and what
	// closes it together with the connections that were made for it.
	Open func(ctx context.Context, at Place) (driver D, closeAll func() error, err error)

	// OtherCA is a file with an authority that has signed nothing.
	OtherCA string

	// Bad are configurations that are refused at once, by what is wrong with them.
	// Each returns the error.
	Bad map[string]func(ctx context.Context) error

	// Secrets stand in no error: passwords and keys that Open and Bad use.
	Secrets []string

	// Forgets says that the system is empty after a restart.
	Forgets bool
}

// Client is a driver behind its portable type.
type Client struct {
	Set func(ctx context.Context, key, value string) error
	Get func(ctx context.Context, key string) (string, error) // not_found when it was not set
}

// watchdog bounds everything that should end by itself.
const watchdog = 60 * time.Second

// Run certifies what is the same for all capabilities. The client is a driver in
// use. It runs no test in parallel, and needs the process for itself.
func Run[D any](t *testing.T, b Backend[D], client func(t testing.TB, driver D) Client) {
	t.Helper()
	c := certification[D]{b, client}
	for _, test := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"bad configuration", c.badConfiguration},
		{"down at start", c.downAtStart},
		{"gone for a while", c.goneForAWhile},
		{"crash", c.crash},
		{"frozen", c.frozen},
		{"slow", c.slow},
		{"cut connections", c.cutConnections},
		{"trust", c.trust},
		{"no goroutine left", c.leavesNothing},
	} {
		t.Run(test.name, test.run)
	}
}

type certification[D any] struct {
	Backend[D]

	client func(t testing.TB, driver D) Client
}

// open returns a client of the system at a place, closed at the end of the test.
func (c certification[D]) open(t *testing.T, at Place) Client {
	t.Helper()
	driver, closeAll, err := c.Open(t.Context(), at)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := closeAll(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c.client(t, driver)
}

// isUnavailable checks an error of a system that is down, as a client sees it.
func (c certification[D]) isUnavailable(t testing.TB, doing string, at Place, err error) {
	t.Helper()
	if code := cpodkit.CodeOf(err); code != cpodkit.CodeUnavailable {
		t.Errorf("%s: %v, want unavailable", doing, err)
		return
	}
	e, ok := errors.AsType[*cpodkit.Error](err)
	if !ok {
		t.Errorf("%s: %v holds no sentence for the client", doing, err)
		return
	}
	if strings.Contains(e.Detail, at.Addr) {
		t.Errorf("%s: the client reads the address: %q", doing, e.Detail)
	}
	c.holdsNoSecret(t, doing, err)
}

func (c certification[D]) holdsNoSecret(t testing.TB, doing string, err error) {
	t.Helper()
	for _, secret := range c.Secrets {
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, secret) {
			t.Errorf("%s: the error holds a secret", doing)
		}
	}
}

// eventually repeats a call that fails while its system comes back.
func eventually(t testing.TB, doing string, call func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := call(ctx)
		if err == nil {
			return
		}
		if code := cpodkit.CodeOf(err); code != cpodkit.CodeUnavailable {
			t.Fatalf("%s: %v, want nil or unavailable", doing, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: still %v", doing, err)
		}
	}
}

// inTime fails the test when work, which has no deadline of its own, does not end.
func inTime(t testing.TB, doing string, work func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	watch := time.NewTimer(watchdog)
	defer watch.Stop()
	select {
	case <-done:
	case <-watch.C:
		t.Fatalf("%s does not end", doing)
	}
}

func (c certification[D]) works(t testing.TB, client Client, key string) {
	t.Helper()
	value := "value of " + key
	if err := client.Set(t.Context(), key, value); err != nil {
		t.Fatalf("set %s: %v", key, err)
	}
	c.holds(t, client, key)
}

func (c certification[D]) holds(t testing.TB, client Client, key string) {
	t.Helper()
	want := "value of " + key
	if got, err := client.Get(t.Context(), key); err != nil || got != want {
		t.Errorf("get %s: %.80q, %v; want %q", key, got, err, want)
	}
}

// back waits until the client works again.
func (c certification[D]) back(t testing.TB, client Client, key string) {
	t.Helper()
	eventually(t, "set "+key, func(ctx context.Context) error { return client.Set(ctx, key, "value of "+key) })
	c.holds(t, client, key)
}
