package kvtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
)

// short is a ttl that a test waits for. It is longer than the time in which a
// loaded machine makes the few calls that must come before the end.
const short = 300 * time.Millisecond

func testTTL(s *suite) {
	key := s.key("k")
	s.set(key, "x", 0)
	s.wantNoEnd(key)
	for _, ttl := range []time.Duration{time.Minute, 90 * time.Second, time.Hour, 10 * 365 * 24 * time.Hour} {
		s.set(key, "x", ttl)
		s.wantTTL(key, ttl-patience, ttl)
	}
}

// testTTLUntilTheEnd watches an entry to its end: 0 would mean that it has none.
// The end of a ttl below the clock's unit is not forgotten either.
func testTTLUntilTheEnd(s *suite) {
	for _, ttl := range []time.Duration{short / 10, time.Nanosecond, 1500 * time.Microsecond} {
		key := s.key("k")
		s.set(key, "x", ttl)
		if s.advance != nil {
			s.advance(ttl / 2)
		}
		for {
			left, err := s.driver.TTL(s.ctx, key)
			if errors.Is(err, cpodkit.CodeNotFound) {
				break
			}
			if err != nil || left <= 0 || left > max(ttl, 2*time.Millisecond) {
				s.Fatalf("TTL of an entry that ends after %v = %v, %v", ttl, left, err)
			}
			if s.advance != nil {
				s.advance(left)
			}
		}
		s.wantNone(key)
	}
}

func testTTLReplacedAndKept(s *suite) {
	key := s.key("k")
	s.set(key, "1", time.Hour)
	s.set(key, "2", 2*time.Hour)
	s.wantTTL(key, time.Hour, 2*time.Hour)

	if _, err := s.driver.Incr(s.ctx, key, 1); err != nil {
		s.Fatal(err)
	}
	s.wantTTL(key, time.Hour, 2*time.Hour)

	if stored, err := s.driver.Set(s.ctx, key, "4", time.Minute, true); err != nil || stored {
		s.Errorf("Set if absent = %v, %v; want false", stored, err)
	}
	s.wantTTL(key, time.Hour, 2*time.Hour)

	s.set(key, "5", time.Minute)
	s.wantTTL(key, 0, time.Minute)
	s.set(key, "6", 0)
	s.wantNoEnd(key)
	s.set(key, "7", time.Minute)
	s.wantTTL(key, 0, time.Minute)
}

func testExpiry(s *suite) {
	last := s.key("last")
	for i := range 20 {
		s.set(s.key(fmt.Sprint("ends", i)), "x", short/2)
		s.set(s.key(fmt.Sprint("stays", i)), "x", time.Hour)
		s.set(s.key(fmt.Sprint("forever", i)), "x", 0)
		s.set(s.key(fmt.Sprint("prolonged", i)), "x", short/2)
		s.set(s.key(fmt.Sprint("prolonged", i)), "y", time.Hour)
		s.set(s.key(fmt.Sprint("kept", i)), "x", short/2)
		s.set(s.key(fmt.Sprint("kept", i)), "y", 0)
	}
	s.set(last, "x", short)
	s.awaitExpiry(last, short)
	for i := range 20 {
		s.wantNone(s.key(fmt.Sprint("ends", i)))
		s.wantValue(s.key(fmt.Sprint("stays", i)), "x")
		s.wantValue(s.key(fmt.Sprint("forever", i)), "x")
		s.wantValue(s.key(fmt.Sprint("prolonged", i)), "y")
		s.wantValue(s.key(fmt.Sprint("kept", i)), "y")
	}
}

func testExpiredIsAbsent(s *suite) {
	names := []string{"get", "set", "delete", "deleteIf", "incr"}
	for _, name := range names {
		s.set(s.key(name), "7", short)
	}
	for _, name := range names {
		s.awaitExpiry(s.key(name), short)
	}
	s.wantNone(s.key("get"))

	if stored, err := s.driver.Set(s.ctx, s.key("set"), "new", 0, true); err != nil || !stored {
		s.Errorf("Set if absent = %v, %v; want true", stored, err)
	}
	s.wantValue(s.key("set"), "new")
	s.wantNoEnd(s.key("set"))

	if removed, err := s.driver.Delete(s.ctx, s.key("delete"), nil); err != nil || removed {
		s.Errorf("Delete = %v, %v; want false", removed, err)
	}
	seven := "7"
	if removed, err := s.driver.Delete(s.ctx, s.key("deleteIf"), &seven); err != nil || removed {
		s.Errorf("Delete if it is %q = %v, %v; want false", seven, removed, err)
	}
	s.incr(s.key("incr"), 2, 2)
	s.wantNoEnd(s.key("incr"))
}
