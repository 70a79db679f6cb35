// Command secret-rotation changes the password of a Redis user while other goroutines
// call that Redis, and no call fails. It takes the URL of a Redis in which it may change
// users:
//
//	go run ./examples/secret-rotation redis://localhost:6379
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

const (
	user = "secret-rotation"
	name = "redis/password"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: secret-rotation redis://…")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1], 10, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run rotates the password some times under load, and prints how many calls there were.
func run(ctx context.Context, url string, rotations int, out io.Writer) (err error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return err
	}
	admin := redis.NewClient(options)
	defer func() { err = errors.Join(err, admin.Close()) }()

	store := secrets.NewMemory() // in a server of yours: Vault, or a sealed database
	all, err := secrets.New(store, store)
	if err != nil {
		return err
	}
	mine := all.Trusted("acme")
	nobody := func(context.Context) error { return nil }
	if err := rotate(ctx, admin, mine, nobody); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, admin.Do(context.WithoutCancel(ctx), "ACL", "DELUSER", user).Err()) }()

	app := newClient(options.Addr, mine)
	defer func() { err = errors.Join(err, app.Close()) }()
	load := begin(ctx, app)
	for range rotations {
		if err := rotate(ctx, admin, mine, load.settled); err != nil {
			return errors.Join(err, load.end())
		}
	}
	err = load.end()
	_, printErr := fmt.Fprintf(out, "%d rotations, %d calls, %d failed\n", rotations, load.total(), load.failed.Load())
	return errors.Join(err, printErr)
}

// newClient returns a client that logs in with the password as it is now, each time it
// makes a connection.
func newClient(addr string, h secrets.Handle) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: addr,
		CredentialsProviderContext: func(ctx context.Context) (string, string, error) {
			password, err := h.Get(ctx, name)
			return user, password.Value.Reveal(), err
		},
		ConnMaxLifetime: 20 * time.Millisecond, // a server of yours takes minutes
		MaxRetries:      -1,                    // so that no failure is hidden
	})
}

// rotate gives the user a second password, has everybody use it, and takes the first one
// away. Between these steps both are good, so nobody is refused. settled returns when nobody
// logs in with the first one any more: this process reads the second one from the Put on,
// and other servers do within 2 s, or within the TTL where their provider reports no
// changes.
func rotate(ctx context.Context, admin *redis.Client, h secrets.Handle, settled func(context.Context) error) error {
	before, err := h.Get(ctx, name)
	isFirst := errors.Is(err, cpodkit.CodeNotFound)
	if err != nil && !isFirst {
		return err
	}
	password := rand.Text()
	if err := admin.Do(ctx, "ACL", "SETUSER", user, "on", "~"+user+":*", "+@all", ">"+password).Err(); err != nil {
		return err
	}
	if _, err := h.Put(ctx, name, secrets.NewValue(password)); err != nil || isFirst {
		return err
	}
	if err := settled(ctx); err != nil {
		return err
	}
	return admin.Do(ctx, "ACL", "SETUSER", user, "<"+before.Value.Reveal()).Err()
}

// load is goroutines that call a Redis until end.
type load struct {
	calls  [4]atomic.Int64 // of each goroutine
	failed atomic.Int64

	stop    context.CancelFunc
	callers sync.WaitGroup
	mu      sync.Mutex
	err     error // the first one
}

func begin(ctx context.Context, client *redis.Client) *load {
	ctx, stop := context.WithCancel(ctx)
	l := &load{stop: stop}
	for i := range l.calls {
		l.callers.Go(func() {
			for ctx.Err() == nil {
				// The call itself goes on when the load ends: else its end would be a failure.
				l.note(client.Incr(context.WithoutCancel(ctx), fmt.Sprintf("%s:%d", user, i)).Err())
				l.calls[i].Add(1)
			}
		})
	}
	return l
}

func (l *load) note(err error) {
	if err == nil {
		return
	}
	l.failed.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

// settled waits until all calls that are under way have ended, and one after each.
func (l *load) settled(ctx context.Context) error {
	var want [len(l.calls)]int64
	for i := range l.calls {
		want[i] = l.calls[i].Load() + 2
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for i := range l.calls {
		for l.calls[i].Load() < want[i] {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

func (l *load) total() (calls int64) {
	for i := range l.calls {
		calls += l.calls[i].Load()
	}
	return calls
}

func (l *load) end() error {
	l.stop()
	l.callers.Wait()
	return l.err
}
