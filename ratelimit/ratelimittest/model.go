package ratelimittest

import (
	"strconv"
	"time"

	"pgregory.net/rapid"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// testModel compares random sequences of calls with what the oracles know. A
// sequence that differs is made as short as can be.
func testModel(s *suite) {
	runs := 0
	rapid.Check(s, func(t *rapid.T) {
		runs++
		m := &model{T: t, suite: s, run: strconv.Itoa(runs), known: known{}}
		actions := map[string]func(*rapid.T){
			"take":    func(*rapid.T) { m.take(1) },
			"takeAll": func(*rapid.T) { m.take(rapid.IntRange(2, len(modelKeys())).Draw(t, "buckets")) },
			"reset":   func(*rapid.T) { m.reset() },
		}
		if s.exact() {
			actions["advance"] = func(*rapid.T) { m.pass() }
		}
		t.Repeat(actions)
	})
}

func modelKeys() []string { return []string{"a", "b", "a\x00", "{a}"} }

type model struct {
	*rapid.T
	suite *suite
	run   string
	known known
}

// name is a key of this run alone.
func (m *model) name(key string) string { return m.suite.key(m.run + "/" + key) }

// limit draws a limit. Few different ones are met again, so that buckets are
// also used for a while before they are rescaled. Where the clock stands windows
// are short: rapid reads the same clock, and gives up when it has run for long.
func (m *model) limit() ratelimit.Limit {
	windows := []time.Duration{10 * time.Second, time.Minute, 24 * time.Hour, ratelimit.MaxWindow}
	if m.suite.exact() {
		windows = []time.Duration{
			time.Millisecond, time.Millisecond + 1, 3_333_333, 10 * time.Millisecond, time.Second, ratelimit.MaxWindow,
		}
	}
	return ratelimit.Limit{
		Tokens: rapid.SampledFrom([]int64{1, 2, 3, 7, 10, 1000, 999_983, ratelimit.MaxTokens}).Draw(m.T, "tokens"),
		Window: rapid.SampledFrom(windows).Draw(m.T, "window"),
	}
}

func (m *model) take(n int) {
	keys := rapid.Permutation(modelKeys()).Draw(m.T, "keys")[:n]
	buckets := make([]ratelimit.Bucket, n)
	least := int64(ratelimit.MaxTokens)
	for i, key := range keys {
		limit := m.limit()
		if o := m.known[m.name(key)]; o != nil && rapid.IntRange(0, 4).Draw(m.T, "change") > 0 {
			limit = o.limit
		}
		buckets[i] = ratelimit.Bucket{Key: m.name(key), Limit: limit}
		least = min(least, limit.Tokens)
	}
	cost := rapid.OneOf(
		rapid.Int64Range(0, least), rapid.Int64Range(0, min(least, 3)), rapid.Just(least), rapid.Just((least+1)/2),
	).Draw(m.T, "cost")
	if _, err := m.suite.check(m.known, rapid.IntRange(0, 2).Draw(m.T, "driver"), cost, buckets...); err != nil {
		m.Fatal(err)
	}
}

func (m *model) reset() {
	key := m.name(rapid.SampledFrom(modelKeys()).Draw(m.T, "key"))
	if err := m.suite.reset(m.known, 0, key); err != nil {
		m.Fatal(err)
	}
}

// pass lets time go by.
func (m *model) pass() {
	m.suite.advance(rapid.OneOf(
		rapid.SampledFrom([]time.Duration{1, 999, time.Microsecond, time.Millisecond, 10 * time.Millisecond}),
		rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.Int64Range(1, 20_000_000).Draw(t, "ns")) }),
	).Draw(m.T, "time"))
}
