package clustertest

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/cluster"
)

const (
	// short is a ttl that a test waits for.
	short = 300 * time.Millisecond
	long  = time.Hour
)

func (s *suite) acquire(d cluster.Driver, name, holder string, ttl time.Duration) int64 {
	s.Helper()
	token, err := d.Acquire(s.ctx, name, holder, ttl)
	if err != nil || token <= 0 {
		s.Fatalf("Acquire by %s = %d, %v", holder, token, err)
	}
	return token
}

func (s *suite) wantConflict(doing string, err error) {
	s.Helper()
	if !errors.Is(err, cpodkit.CodeConflict) {
		s.Errorf("%s: %v; want conflict", doing, err)
	}
}

// awaitLease takes a lease as soon as it is free.
func (s *suite) awaitLease(c *cluster.Cluster, name string, ttl time.Duration) *cluster.Lease {
	s.Helper()
	var lease *cluster.Lease
	s.until("the lease is free", func() bool {
		var err error
		if lease, err = c.Lease(s.ctx, name, ttl); err != nil {
			s.wantConflict("Lease", err)
		}
		return err == nil
	})
	return lease
}

func ended(l *cluster.Lease) bool {
	select {
	case <-l.Done():
		return true
	default:
		return false
	}
}

// testLeaseHasOneHolder has many take turns, and looks that no two have it at a
// time and that tokens grow from one to the next.
func testLeaseHasOneHolder(s *suite) {
	const contenders, turns = 6, 10
	name := s.name("lease")
	var holders, last atomic.Int64
	var wg sync.WaitGroup
	for range contenders {
		c := s.cluster()
		wg.Go(func() {
			for range turns {
				lease := s.awaitLease(c, name, time.Minute)
				if n := holders.Add(1); n != 1 {
					s.Errorf("%d hold the lease", n)
				}
				if before := last.Swap(lease.Token()); before >= lease.Token() {
					s.Errorf("token %d comes after %d", lease.Token(), before)
				}
				runtime.Gosched()
				if err := lease.Renew(s.ctx); err != nil {
					s.Errorf("Renew: %v", err)
				}
				holders.Add(-1)
				if err := lease.Release(s.ctx); err != nil {
					s.Errorf("Release: %v", err)
				}
				if !ended(lease) {
					s.Error("Done of a released lease is open")
				}
			}
		})
	}
	wg.Wait()
}

func testLeasesAreApart(s *suite) {
	c := s.cluster()
	for _, name := range []string{"l", "l1", "l/1", "L", "l:lease", "l:token"} {
		if _, err := c.Lease(s.ctx, s.name(name), long); err != nil {
			s.Errorf("Lease(%s): %v", name, err)
		}
	}
}

// testLeaseEnds never renews. The holder knows before anybody else can have it.
func testLeaseEnds(s *suite) {
	a, b, name := s.cluster(), s.cluster(), s.name("lease")
	first, err := a.Lease(s.ctx, name, short)
	if err != nil {
		s.Fatal(err)
	}
	_, err = b.Lease(s.ctx, name, short)
	s.wantConflict("Lease while another has it", err)
	second := s.awaitLease(b, name, long)
	if !ended(first) {
		s.Error("another has the lease and Done is open")
	}
	if second.Token() <= first.Token() {
		s.Errorf("token %d comes after %d", second.Token(), first.Token())
	}
	s.wantConflict("Renew of a lease that has ended", first.Renew(s.ctx))
	if err := first.Release(s.ctx); err != nil {
		s.Errorf("Release of a lease that has ended: %v", err)
	}
	_, err = a.Lease(s.ctx, name, long)
	s.wantConflict("Lease after the old holder has released", err)
	if err := second.Renew(s.ctx); err != nil {
		s.Errorf("Renew by the holder: %v", err)
	}
}

func testLeaseIsRenewed(s *suite) {
	const ttl = 4 * short
	a, b, name := s.cluster(), s.cluster(), s.name("lease")
	lease, err := a.Lease(s.ctx, name, ttl)
	if err != nil {
		s.Fatal(err)
	}
	renew := time.NewTicker(ttl / 8)
	defer renew.Stop()
	for began := time.Now(); time.Since(began) < 2*ttl; <-renew.C {
		if err := lease.Renew(s.ctx); err != nil {
			s.Fatalf("Renew: %v", err)
		}
		if ended(lease) {
			s.Fatal("Done of a renewed lease is closed")
		}
		_, err = b.Lease(s.ctx, name, ttl)
		s.wantConflict("Lease while another renews it", err)
	}
	take(s, "the end of the lease", lease.Done())
}

// testLostLeaseIsNotRenewed has nobody take the lease between: somebody might
// have, and done something.
func testLostLeaseIsNotRenewed(s *suite) {
	d, name := s.driver(), s.name("lease")
	s.wantConflict("Renew of what nobody has", d.Renew(s.ctx, name, "a", long))
	s.acquire(d, name, "a", short)
	s.until("the lease has ended", func() bool {
		err := d.Renew(s.ctx, name, "b", long)
		s.wantConflict("Renew by another", err)
		_, err = d.Acquire(s.ctx, name, "b", long)
		return err == nil
	})
	s.wantConflict("Renew of a lost lease", d.Renew(s.ctx, name, "a", long))
	if err := d.Release(s.ctx, name, "b"); err != nil {
		s.Error(err)
	}
	s.wantConflict("Renew of a released lease", d.Renew(s.ctx, name, "b", long))
}

func testAcquireAgain(s *suite) {
	d, name := s.driver(), s.name("lease")
	token := s.acquire(d, name, "a", short)
	if again := s.acquire(d, name, "a", long); again != token {
		s.Errorf("the same holder gets token %d, then %d", token, again)
	}
	_, err := d.Acquire(s.ctx, name, "a ", long)
	s.wantConflict("Acquire by another", err)
	_, err = d.Acquire(s.ctx, name, fmt.Sprint(token, " a"), long)
	s.wantConflict("Acquire by another", err)
}

func testOnlyTheHolderReleases(s *suite) {
	d, name := s.driver(), s.name("lease")
	if err := d.Release(s.ctx, name, "a"); err != nil {
		s.Errorf("Release of what nobody has: %v", err)
	}
	first := s.acquire(d, name, "a", long)
	for _, other := range []string{"b", "", "a ", " a"} {
		if err := d.Release(s.ctx, name, other); err != nil {
			s.Errorf("Release by another: %v", err)
		}
	}
	_, err := d.Acquire(s.ctx, name, "b", long)
	s.wantConflict("Acquire", err)
	if err := d.Release(s.ctx, name, "a"); err != nil {
		s.Errorf("Release: %v", err)
	}
	if second := s.acquire(d, name, "b", long); second <= first {
		s.Errorf("token %d comes after %d", second, first)
	}
}

func testTokensGrow(s *suite) {
	a, b, name := s.driver(), s.driver(), s.name("lease")
	last := int64(0)
	for i := range 100 {
		d, holder := []cluster.Driver{a, b}[i%2], fmt.Sprint(i)
		token := s.acquire(d, name, holder, long)
		if token <= last {
			s.Fatalf("token %d comes after %d", token, last)
		}
		last = token
		if err := d.Release(s.ctx, name, holder); err != nil {
			s.Fatal(err)
		}
	}
}
