package crashtest_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// absent is the state of a key under which nothing is stored.
const absent = ""

// anyTag is the tag of a write whose acknowledgement tells none.
const anyTag = "*"

// write is one change of a key: a put, or with absent a delete.
type write struct {
	state string
	tag   string // what the acknowledgement called it: an ETag or a version
	begun int64
	acked int64 // 0 until it is acknowledged
}

// history is what was done to one key since the state of it was last seen. It is
// safe for concurrent use.
type history struct {
	mu     sync.Mutex
	clock  *atomic.Int64
	writes []*write
}

// newHistory is that of a key which was seen with nothing.
func newHistory(clock *atomic.Int64) *history {
	h := &history{clock: clock}
	h.settle(absent, "")
	return h
}

// settle forgets everything but the state that was seen.
func (h *history) settle(state, tag string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writes = []*write{{state: state, tag: tag, begun: h.clock.Add(1), acked: h.clock.Add(1)}}
}

func (h *history) begin(state string) *write {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := &write{state: state, begun: h.clock.Add(1)}
	h.writes = append(h.writes, w)
	return w
}

func (h *history) acknowledge(w *write, tag string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w.tag, w.acked = tag, h.clock.Add(1)
}

// admits reports whether the key may have the state after a crash. A write may
// be the last one unless another, which was acknowledged, began after it had
// been acknowledged itself; one that never was may have come at any time.
func (h *history) admits(state, tag string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.writes, func(w *write) bool {
		if w.state != state || w.acked != 0 && w.tag != tag && w.tag != anyTag {
			return false
		}
		return w.acked == 0 || !slices.ContainsFunc(h.writes, func(later *write) bool {
			return later.acked != 0 && later.begun > w.acked
		})
	})
}

func (h *history) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	for _, w := range h.writes {
		lines = append(lines, fmt.Sprintf("%d-%d %q %s", w.begun, w.acked, w.state, w.tag))
	}
	return strings.Join(lines, "; ")
}

// The judge is judged: it must see a lost write, and must not cry wolf.
func TestHistory(t *testing.T) {
	t.Parallel()
	type step struct {
		do    string // begin or ack
		state string
	}
	for name, c := range map[string]struct {
		steps  []step
		admits []string
		not    []string
	}{
		"nothing done":        {nil, []string{absent}, []string{"a"}},
		"acknowledged":        {[]step{{"begin", "a"}, {"ack", "a"}}, []string{"a"}, []string{absent, "b"}},
		"in flight":           {[]step{{"begin", "a"}}, []string{"a", absent}, []string{"b"}},
		"overwritten":         {[]step{{"begin", "a"}, {"ack", "a"}, {"begin", "b"}, {"ack", "b"}}, []string{"b"}, []string{"a", absent}},
		"overwrite in flight": {[]step{{"begin", "a"}, {"ack", "a"}, {"begin", "b"}}, []string{"a", "b"}, []string{absent}},
		"side by side": {
			[]step{{"begin", "a"}, {"begin", "b"}, {"ack", "a"}, {"ack", "b"}}, []string{"a", "b"}, []string{absent},
		},
		"deleted": {[]step{{"begin", "a"}, {"ack", "a"}, {"begin", absent}, {"ack", absent}}, []string{absent}, []string{"a"}},
		"side by side, then a third": {
			[]step{{"begin", "a"}, {"begin", "b"}, {"ack", "a"}, {"begin", "c"}, {"ack", "b"}, {"ack", "c"}},
			[]string{"b", "c"}, []string{"a", absent},
		},
	} {
		h := newHistory(new(atomic.Int64))
		begun := map[string]*write{}
		for _, s := range c.steps {
			if s.do == "begin" {
				begun[s.state] = h.begin(s.state)
			} else {
				h.acknowledge(begun[s.state], "")
			}
		}
		for _, state := range c.admits {
			if !h.admits(state, "") {
				t.Errorf("%s: %q is refused", name, state)
			}
		}
		for _, state := range c.not {
			if h.admits(state, "") {
				t.Errorf("%s: %q is admitted", name, state)
			}
		}
	}
	h := newHistory(new(atomic.Int64))
	h.acknowledge(h.begin("a"), "v1")
	if h.admits("a", "v2") {
		t.Error("the right state under another version is admitted")
	}
}
