package kvtest

import (
	"errors"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

func (s *suite) incr(key string, by, want int64) {
	s.Helper()
	if got, err := s.driver.Incr(s.ctx, key, by); err != nil || got != want {
		s.Errorf("Incr(%q, %d) = %d, %v; want %d", key, by, got, err, want)
	}
	s.wantValue(key, strconv.FormatInt(want, 10))
}

func testIncr(s *suite) {
	key := s.key("k")
	s.incr(key, 1, 1)
	s.incr(key, 5, 6)
	s.incr(key, 0, 6)
	s.incr(key, -10, -4)
	s.wantNoEnd(key)

	zero := s.key("zero")
	s.incr(zero, 0, 0)

	set := s.key("set")
	s.set(set, "-41", time.Hour)
	s.incr(set, 40, -1)
	s.wantTTL(set, 0, time.Hour)
}

func testIncrLimits(s *suite) {
	for _, test := range []struct {
		from string
		by   int64
		want int64
	}{
		{"9223372036854775806", 1, math.MaxInt64},
		{"0", math.MaxInt64, math.MaxInt64},
		{"-9223372036854775807", -1, math.MinInt64},
		{"0", math.MinInt64, math.MinInt64},
		{"9223372036854775807", math.MinInt64, -1},
		{"-9223372036854775808", math.MaxInt64, -1},
	} {
		key := s.key("k")
		s.set(key, test.from, 0)
		s.incr(key, test.by, test.want)
	}
	for _, test := range []struct {
		from string
		by   int64
	}{
		{"9223372036854775807", 1}, {"1", math.MaxInt64}, {"-9223372036854775808", -1}, {"-1", math.MinInt64},
		{"9223372036854775807", math.MaxInt64}, {"-9223372036854775808", math.MinInt64},
	} {
		s.wantIncrConflict(test.from, test.by)
	}
}

func testIncrConflicts(s *suite) {
	for _, value := range []string{
		"", " ", "abc", " 1", "1 ", "1\n", "+1", "-", "--1", "01", "-01", "-0", "00", "1.0", "1e3", "0x10", "1_000", "1,000",
		"9223372036854775808", "-9223372036854775809", "99999999999999999999999999", "١", "null", "true", "1\x00",
	} {
		s.wantIncrConflict(value, 1)
		s.wantIncrConflict(value, 0)
	}
}

func (s *suite) wantIncrConflict(value string, by int64) {
	s.Helper()
	key := s.key("conflict")
	s.set(key, value, time.Hour)
	if got, err := s.driver.Incr(s.ctx, key, by); !errors.Is(err, cpodkit.CodeConflict) {
		s.Errorf("Incr of %q by %d = %d, %v; want conflict", value, by, got, err)
	}
	s.wantValue(key, value)
	s.wantTTL(key, 0, time.Hour)
}

func testIncrIsAtomic(s *suite) {
	const workers, rounds = 16, 100
	key := s.key("k")
	seen := make([]map[int64]bool, workers)
	var wg sync.WaitGroup
	for w := range workers {
		seen[w] = map[int64]bool{}
		wg.Go(func() {
			for range rounds {
				got, err := s.driver.Incr(s.ctx, key, 3)
				if err != nil {
					s.Errorf("Incr: %v", err)
					return
				}
				seen[w][got] = true
			}
		})
	}
	wg.Wait()
	s.wantValue(key, strconv.Itoa(3*workers*rounds))
	all := map[int64]bool{}
	for _, m := range seen {
		for n := range m {
			all[n] = true
		}
	}
	if len(all) != workers*rounds {
		s.Errorf("%d increments returned %d different sums", workers*rounds, len(all))
	}
}
