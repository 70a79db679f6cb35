package flagstest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"
)

func testEmpty(s *suite) {
	for _, tenant := range []string{"t1", "a tenant that nobody has seen"} {
		if n := s.set(tenant).Len(); n != 0 {
			s.Errorf("%s has %d flags", tenant, n)
		}
	}
}

func testPut(s *suite) {
	s.Put(s, "t1", flag("a", "1"))
	s.want("t1", "a", "1")
	s.Put(s, "t1", flag("a", "2"))
	s.want("t1", "a", "2")
}

// What is not in the new definitions is gone.
func testReplaced(s *suite) {
	s.Put(s, "t1", definition(map[string]string{"a": "1", "b": "1"}))
	s.want("t1", "b", "1")
	s.Put(s, "t1", definition(map[string]string{"a": "2", "c": "2"}))
	s.want("t1", "c", "2")
	if b := s.value("t1", "b"); b != "" {
		s.Errorf("a flag that was removed is still %q", b)
	}
	if a := s.value("t1", "a"); a != "2" {
		s.Errorf("a flag that was replaced is still %q", a)
	}
}

func testRemoved(s *suite) {
	if s.Remove == nil {
		s.Skip("the source always has definitions")
	}
	s.Remove(s, "t1") // there are none
	s.Put(s, "t1", flag("a", "1"))
	s.want("t1", "a", "1")
	s.Remove(s, "t1")
	s.want("t1", "a", "")
}

// Tenants have their own definitions, or the same all of them.
func testTenants(s *suite) {
	s.Put(s, "t1", flag("a", "of t1"))
	s.want("t1", "a", "of t1")
	if s.shared {
		s.want("t2", "a", "of t1")
		return
	}
	if a := s.value("t2", "a"); a != "" {
		s.Errorf("another tenant's flag is %q", a)
	}
	s.Put(s, "t2", flag("a", "of t2"))
	s.want("t2", "a", "of t2")
	if a := s.value("t1", "a"); a != "of t1" {
		s.Errorf("another tenant's change made it %q", a)
	}
	for _, tenant := range []string{"t", "t1x", "T1", "t1/", "../t1", "t%31"} {
		if a := s.value(tenant, "a"); a != "" {
			s.Errorf("tenant %q has the flag %q", tenant, a)
		}
	}
}

// A load that meets a change has all of the one or of the other, and no flag is missing.
func testWhole(s *suite) {
	const versions, flags = 20, 20
	of := func(i int) string {
		all := map[string]string{}
		for k := range flags {
			all[fmt.Sprintf("f%d", k)] = fmt.Sprint(i)
		}
		return definition(all)
	}
	s.Put(s, "t1", of(0))
	s.want("t1", "f0", "0")
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				set, err := s.load("t1")
				if err != nil {
					s.Errorf("a load during changes: %v", err)
					return
				}
				seen := map[string]bool{}
				for k := range flags {
					value, _ := set.Evaluate(fmt.Sprintf("f%d", k), nil).String("none")
					seen[value] = true
				}
				if len(seen) != 1 && !s.OneByOne || seen["none"] {
					s.Errorf("a load has parts of %d definitions: %v", len(seen), seen)
					return
				}
			}
		})
	}
	for i := range versions {
		s.Put(s, "t1", of(i))
	}
	s.want("t1", "f1", fmt.Sprint(versions-1))
	close(stop)
	readers.Wait()
}

func testVersion(s *suite) {
	none, ok := s.version("t1")
	if !ok {
		s.Skip("the source knows no versions")
	}
	s.Put(s, "t1", flag("a", "1"))
	s.want("t1", "a", "1")
	s.eventually("the version is another one", func() bool { now, _ := s.version("t1"); return now != none })
	one, _ := s.version("t1")
	s.set("t1")
	if again, _ := s.version("t1"); again != one {
		s.Errorf("the version of the same definitions is %q, and %q", one, again)
	}
	s.Put(s, "t1", flag("a", "2"))
	s.want("t1", "a", "2")
	s.eventually("the version is another one again", func() bool { now, _ := s.version("t1"); return now != one })
	two, _ := s.version("t1")
	if !s.shared {
		s.Put(s, "t2", flag("a", "3"))
		s.want("t2", "a", "3")
		if again, _ := s.version("t1"); again != two {
			s.Error("a change of another tenant changes the version")
		}
	}
}

func testWatchReports(s *suite) {
	if s.reports == nil {
		s.Skip("the source reports no changes")
	}
	for _, tenant := range []string{"t1", "t2", "t1"} {
		s.eventually("Watch reports a change that can be loaded", func() bool {
			value := rand.Text() // Watch may begin after the first change
			s.Put(s, tenant, flag("a", value))
			return s.isReported(tenant) && s.value(tenant, "a") == value
		})
	}
}

// isReported waits a moment for a report of a tenant's change.
func (s *suite) isReported(tenantID string) bool {
	moment := time.NewTimer(s.patience / 20)
	defer moment.Stop()
	for {
		select {
		case reported := <-s.reports:
			if reported == "" || reported == tenantID {
				return true
			}
		case <-moment.C:
			return false
		}
	}
}

func testWatchEnds(s *suite) {
	if s.reports == nil {
		s.Skip("the source reports no changes")
	}
	s.Put(s, "t1", flag("a", "1"))
	s.want("t1", "a", "1")
	s.end()
	select {
	case err := <-s.ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			s.Errorf("Watch has ended with %v", err)
		}
	case <-time.After(s.patience):
		s.Error("Watch goes on after the end of its context")
	}
}

func testCancelledContext(s *suite) {
	s.Put(s, "t1", flag("a", "1"))
	s.want("t1", "a", "1")
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	if _, err := s.Source.Load(ctx, "t1"); err == nil {
		s.Error("Load with a cancelled context has no error")
	}
}
