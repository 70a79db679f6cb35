package kvtest

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"github.com/cpodkit/cpodkit"
)

// testModel compares random sequences of calls with what a map and a clock say.
// A sequence that differs is made as short as can be.
func testModel(s *suite) {
	runs := 0
	rapid.Check(s, func(t *rapid.T) {
		runs++
		m := &model{T: t, suite: s, run: strconv.Itoa(runs), entries: map[string]modelEntry{}}
		actions := map[string]func(*rapid.T){
			"get":         func(*rapid.T) { m.get() },
			"exists":      func(*rapid.T) { m.exists() },
			"ttl":         func(*rapid.T) { m.ttl() },
			"set":         func(*rapid.T) { m.set(false) },
			"setIfAbsent": func(*rapid.T) { m.set(true) },
			"delete":      func(*rapid.T) { m.delete() },
			"deleteIf":    func(*rapid.T) { m.deleteIf() },
			"incr":        func(*rapid.T) { m.incr() },
		}
		if s.advance != nil {
			actions["advance"] = func(*rapid.T) { m.pass() }
		}
		t.Repeat(actions)
		for _, key := range modelKeys() {
			m.look(key)
			m.left(key)
		}
	})
}

func modelKeys() []string { return []string{"a", "a/b"} }

type model struct {
	*rapid.T
	suite   *suite
	run     string
	now     time.Duration
	entries map[string]modelEntry
}

type modelEntry struct {
	value string
	ends  time.Duration // of now; 0 for one without an end
}

// key draws a key; its name in the store is of this run alone.
func (m *model) key() string { return rapid.SampledFrom(modelKeys()).Draw(m.T, "key") }

func (m *model) name(key string) string { return m.suite.key(m.run + "/" + key) }

func (m *model) value() string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "0", "1", "-41", "9223372036854775807", "-9223372036854775808", "held", "hel"}),
		rapid.SampledFrom([]string{"01", "-0", "+1", " 1", "1.0", "9223372036854775808", "1\x00", "null"}),
		rapid.String(),
	).Draw(m.T, "value")
}

func (m *model) live(key string) (modelEntry, bool) {
	e, ok := m.entries[key]
	return e, ok && (e.ends == 0 || m.now < e.ends)
}

// want fails unless err is of the code; "" is none.
func (m *model) want(call string, err error, code cpodkit.Code) {
	m.Helper()
	if code == "" && err != nil || code != "" && !errors.Is(err, code) {
		m.Fatalf("%s: %v; want %q", call, err, code)
	}
}

func (m *model) get() { m.look(m.key()) }

func (m *model) look(key string) {
	got, err := m.suite.driver.Get(m.suite.ctx, m.name(key))
	e, ok := m.live(key)
	if !ok {
		m.want("Get", err, cpodkit.CodeNotFound)
		return
	}
	m.want("Get", err, "")
	if got != e.value {
		m.Fatalf("Get of %s = %q; want %q", key, got, e.value)
	}
}

func (m *model) exists() {
	key := m.key()
	got, err := m.suite.driver.Exists(m.suite.ctx, m.name(key))
	m.want("Exists", err, "")
	if _, ok := m.live(key); got != ok {
		m.Fatalf("Exists of %s = %v; want %v", key, got, ok)
	}
}

func (m *model) ttl() { m.left(m.key()) }

func (m *model) left(key string) {
	got, err := m.suite.driver.TTL(m.suite.ctx, m.name(key))
	e, ok := m.live(key)
	if !ok {
		m.want("TTL", err, cpodkit.CodeNotFound)
		return
	}
	m.want("TTL", err, "")
	switch left := e.ends - m.now; {
	case e.ends == 0:
		if got != 0 {
			m.Fatalf("TTL of %s = %v; want 0", key, got)
		}
	case got > left, m.suite.exact && got < left, got <= left-patience:
		m.Fatalf("TTL of %s = %v; want %v", key, got, left)
	}
}

// lifetime draws a ttl. Where the clock runs by itself they end further apart
// than a slow machine takes. Where it stands they are short: rapid reads the same
// clock, and gives up when it has run for long.
func (m *model) lifetime() time.Duration {
	lifetimes := []time.Duration{0, time.Hour, 2 * time.Hour, 10 * 365 * 24 * time.Hour}
	if m.suite.exact {
		lifetimes = append(lifetimes[:2], time.Millisecond, 2*time.Millisecond, 5*time.Millisecond, 20*time.Millisecond)
	}
	return rapid.SampledFrom(lifetimes).Draw(m.T, "ttl")
}

func (m *model) set(ifAbsent bool) {
	key, value, ttl := m.key(), m.value(), m.lifetime()
	_, there := m.live(key)
	stored, err := m.suite.driver.Set(m.suite.ctx, m.name(key), value, ttl, ifAbsent)
	m.want("Set", err, "")
	if want := !ifAbsent || !there; stored != want {
		m.Fatalf("Set of %s, if absent %v, = %v; want %v", key, ifAbsent, stored, want)
	}
	if !stored {
		return
	}
	e := modelEntry{value: value}
	if ttl > 0 {
		e.ends = m.now + ttl
	}
	m.entries[key] = e
}

func (m *model) delete() {
	key := m.key()
	removed, err := m.suite.driver.Delete(m.suite.ctx, m.name(key), nil)
	m.want("Delete", err, "")
	if _, there := m.live(key); removed != there {
		m.Fatalf("Delete of %s = %v; want %v", key, removed, there)
	}
	delete(m.entries, key)
}

func (m *model) deleteIf() {
	key, value := m.key(), m.value()
	e, there := m.live(key)
	if there && rapid.Bool().Draw(m.T, "its own value") {
		value = e.value
	}
	removed, err := m.suite.driver.Delete(m.suite.ctx, m.name(key), &value)
	m.want("Delete", err, "")
	if want := there && e.value == value; removed != want {
		m.Fatalf("Delete of %s if it is %q = %v; want %v", key, value, removed, want)
	}
	if removed {
		delete(m.entries, key)
	}
}

func (m *model) incr() {
	key := m.key()
	by := rapid.OneOf(
		rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64}), rapid.Int64(),
	).Draw(m.T, "by")
	e, there := m.live(key)
	sum, counts := by, true
	if there {
		sum, counts = add(e.value, by)
	}
	got, err := m.suite.driver.Incr(m.suite.ctx, m.name(key), by)
	if !counts {
		m.want("Incr", err, cpodkit.CodeConflict)
		return
	}
	m.want("Incr", err, "")
	if got != sum {
		m.Fatalf("Incr of %s by %d = %d; want %d", key, by, got, sum)
	}
	if !there {
		e = modelEntry{}
	}
	e.value = strconv.FormatInt(sum, 10)
	m.entries[key] = e
}

// add returns the sum, and false when the value is no integer in its one form or
// the sum is none of 64 bits.
func add(value string, by int64) (int64, bool) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != value {
		return 0, false
	}
	if by > 0 && n > math.MaxInt64-by || by < 0 && n < math.MinInt64-by {
		return 0, false
	}
	return n + by, true
}

// pass lets time go by.
func (m *model) pass() {
	spans := []time.Duration{25 * time.Minute, 70 * time.Minute, 3 * time.Hour}
	if m.suite.exact {
		spans = []time.Duration{999 * time.Microsecond, time.Millisecond, 4 * time.Millisecond, 20 * time.Millisecond}
	}
	m.wait(rapid.SampledFrom(spans).Draw(m.T, "time"))
	// A clock that also runs by itself must not be near an end.
	for !m.suite.exact && slices.ContainsFunc(slices.Collect(maps.Values(m.entries)), m.endsSoon) {
		m.wait(5 * patience)
	}
}

func (m *model) wait(d time.Duration) {
	m.suite.advance(d)
	m.now += d
}

func (m *model) endsSoon(e modelEntry) bool {
	return e.ends != 0 && (e.ends-m.now).Abs() <= 2*patience
}
