package backendtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"go.uber.org/goleak"
)

func (c certification[D]) badConfiguration(t *testing.T) {
	for name, open := range c.Bad {
		err := open(t.Context())
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		c.holdsNoSecret(t, name, err)
	}
}

// A server of ours may start before the system does.
func (c certification[D]) downAtStart(t *testing.T) {
	system, at := c.Start(t, false)
	system.Stop()
	client := c.open(t, at)
	inTime(t, "a call while the system is down", func() {
		c.isUnavailable(t, "set", at, client.Set(t.Context(), "down", "x"))
		_, err := client.Get(t.Context(), "down")
		c.isUnavailable(t, "get", at, err)
	})
	system.Start()
	c.back(t, client, "up")
}

// While it is gone every call says so, and then it needs no restart of ours.
func (c certification[D]) goneForAWhile(t *testing.T) {
	system, at := c.Start(t, false)
	client := c.open(t, at)
	c.works(t, client, "before")
	system.Stop()
	inTime(t, "calls for 2 s", func() {
		for start := time.Now(); time.Since(start) < 2*time.Second; {
			c.isUnavailable(t, "set", at, client.Set(t.Context(), "meanwhile", "x"))
			_, err := client.Get(t.Context(), "before")
			c.isUnavailable(t, "get", at, err)
		}
	})
	system.Start()
	c.back(t, client, "after")
	if !c.Forgets {
		c.holds(t, client, "before")
	}
}

// What was acknowledged is there after a crash, unless the system keeps nothing.
func (c certification[D]) crash(t *testing.T) {
	system, at := c.Start(t, false)
	client := c.open(t, at)
	const writers = 4
	acknowledged := make([]int, writers)
	var writing, begun sync.WaitGroup
	begun.Add(writers)
	for w := range writers {
		writing.Go(func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("crash-%d-%d", w, n)
				if err := client.Set(t.Context(), key, "value of "+key); err != nil {
					c.isUnavailable(t, "set", at, err)
					return
				}
				if acknowledged[w]++; n == 0 {
					begun.Done()
				}
			}
		})
	}
	inTime(t, "writing until the crash", func() {
		begun.Wait()
		system.Kill()
		writing.Wait()
	})
	system.Start()
	c.back(t, client, "after")
	if c.Forgets {
		return
	}
	for w, n := range acknowledged {
		for i := range n {
			c.holds(t, client, fmt.Sprintf("crash-%d-%d", w, i))
		}
	}
}

// A connection on which no answer comes is the worst outage: without a limit and
// a circuit each call would wait its whole time.
func (c certification[D]) frozen(t *testing.T) {
	system, at := c.Start(t, false)
	client := c.open(t, at)
	c.works(t, client, "before")
	system.Freeze()
	defer system.Thaw()

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	inTime(t, "a call with a deadline", func() {
		if _, err := client.Get(ctx, "before"); cpodkit.CodeOf(err) != cpodkit.CodeTimeout {
			t.Errorf("a call after its deadline: %v, want timeout", err)
		}
	})
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := client.Get(ctx, "before"); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled call: %v", err)
	}
	inTime(t, "500 calls without a deadline", func() {
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() {
				for range 50 {
					_, err := client.Get(t.Context(), "before")
					c.isUnavailable(t, "get", at, err)
				}
			})
		}
		calls.Wait()
	})
	system.Thaw()
	c.back(t, client, "after")
	c.holds(t, client, "before")
}

func (c certification[D]) slow(t *testing.T) {
	_, at := c.Start(t, false)
	proxy := NewProxy(t, at.Addr)
	proxy.SetDelay(30 * time.Millisecond)
	client := c.open(t, Place{Addr: proxy.Addr()})
	for n := range 3 {
		c.works(t, client, fmt.Sprintf("slow-%d", n))
	}
}

// A connection that breaks costs at most the call that was on it, and what was
// acknowledged before holds.
func (c certification[D]) cutConnections(t *testing.T) {
	_, at := c.Start(t, false)
	proxy := NewProxy(t, at.Addr)
	at.Addr = proxy.Addr()
	client := c.open(t, at)
	c.works(t, client, "before")
	acknowledged := map[string]bool{}
	for n := range 40 {
		key := fmt.Sprintf("cut-%d", n)
		cut := make(chan struct{})
		go func() {
			defer close(cut)
			proxy.Cut()
		}()
		err := client.Set(t.Context(), key, "value of "+key)
		if acknowledged[key] = err == nil; err != nil {
			c.isUnavailable(t, "set", at, err)
		}
		<-cut
	}
	c.back(t, client, "after")
	for key, ok := range acknowledged {
		if ok {
			c.holds(t, client, key)
		}
	}
}

// The system's certificate is checked.
func (c certification[D]) trust(t *testing.T) {
	_, at := c.Start(t, true)
	c.works(t, c.open(t, at), "trusted")
	other := Place{Addr: at.Addr, CA: c.OtherCA}
	client := c.open(t, other)
	inTime(t, "a call to a system that is not trusted", func() {
		c.isUnavailable(t, "set", other, client.Set(t.Context(), "secret", "x"))
	})
}

func (c certification[D]) leavesNothing(t *testing.T) {
	system, at := c.Start(t, false)
	before := goleak.IgnoreCurrent()
	driver, closeAll, err := c.Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	client := c.client(t, driver)
	c.works(t, client, "before")
	system.Stop()
	c.isUnavailable(t, "set", at, client.Set(t.Context(), "meanwhile", "x"))
	if err := closeAll(); err != nil {
		t.Errorf("close: %v", err)
	}
	goleak.VerifyNone(t, before)
}
