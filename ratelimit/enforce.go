package ratelimit

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
)

// enforcer is a middleware at work.
type enforcer struct {
	limiter *Limiter
	rules   []rule
	items   string // RateLimit-Policy when all rules apply
	scratch sync.Pool
}

func newEnforcer(l *Limiter, rules []rule) *enforcer {
	slices.SortStableFunc(rules, func(a, b rule) int { return cmp.Compare(a.stage, b.stage) })
	e := &enforcer{limiter: l, rules: rules}
	var items []string
	for i := range rules {
		if rules[i].stage == taking {
			items = append(items, rules[i].item)
		}
	}
	e.items = strings.Join(items, ", ")
	e.scratch.New = func() any { return &scratch{costs: make([]int64, len(rules))} }
	return e
}

// takeTime is how long a request or an answer waits for a driver.
const takeTime = 5 * time.Second

// kept is what outlives the decision, in one allocation.
type kept struct {
	ctx   detached
	lines [2]string // of the two fields
}

// detached is context.WithoutCancel in memory of ours. A client cancels its request
// by closing its half of the connection; that must not spare it the tokens.
type detached struct{ request context.Context } //nolint:containedctx // it is one

func (*detached) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }
func (*detached) Done() <-chan struct{}                   { return nil }
func (*detached) Err() error                              { return nil }
func (d *detached) Value(key any) any                     { return d.request.Value(key) }

// scratch is what a request needs until it is decided.
type scratch struct {
	costs   []int64 // of each rule; 0 when it is not to be asked, or was
	asked   []*rule // of the call under way, one for each bucket
	buckets []Bucket
	hashes  []owned // of their keys, for a Memory, in place of the keys
	part    []byte  // of a key
	key     []byte
	items   []byte // the fields
	limits  []byte
	charges []charge
}

func (s *scratch) reset() {
	clear(s.buckets)
	clear(s.charges)
	s.charges = s.charges[:0]
	s.items = s.items[:0]
	s.limits = s.limits[:0]
	if cap(s.part) > maxScratch {
		s.part = nil
	}
}

func (e *enforcer) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := e.scratch.Get().(*scratch) //nolint:errcheck,forcetypeassert // nothing else is put
		a := &kept{ctx: detached{r.Context()}}
		refused := e.admit(&a.ctx, s, w.Header(), r)
		e.setFields(s, w.Header(), a.lines[:])
		charges := slices.Clone(s.charges)
		s.reset()
		e.scratch.Put(s)
		switch {
		case refused != nil:
			refused.write(w, r)
		case len(charges) > 0:
			charging := &chargingWriter{ResponseWriter: w, enforcer: e, request: r, charges: charges}
			charging.serve(next)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// admit asks all rules, and returns nil if the request is to be served.
func (e *enforcer) admit(ctx context.Context, s *scratch, h http.Header, r *http.Request) *refusal {
	for i := range e.rules {
		s.costs[i] = e.rules[i].cost(r)
	}
	for i := range e.rules {
		if s.costs[i] == 0 {
			continue
		}
		cost := e.gather(s, i, r)
		if len(s.buckets) == 0 {
			continue
		}
		// Limits were checked once, keys and costs are within their bounds.
		err := e.take(ctx, s, cost)
		var refused *refusal
		switch stage := e.rules[i].stage; {
		case err != nil:
			refused = failed(s, h, err)
		case stage == onTrial:
			tried(s, h)
		default:
			refused = decided(s, stage)
		}
		if refused != nil {
			return refused
		}
	}
	return nil
}

func (e *enforcer) take(ctx context.Context, s *scratch, cost int64) error {
	l := e.limiter
	if m := l.memory; m != nil { // it never waits
		ctx, call := l.take.Start(ctx)
		err := m.take(s.buckets, s.hashes, cost)
		call.Measure(ctx, err)
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, takeTime)
	defer cancel()
	ctx, call := l.take.Start(ctx)
	err := l.driver.Take(ctx, s.buckets, cost)
	call.Measure(ctx, err)
	return err
}

// gather fills in the buckets of the next call, for rules that are asked together
// with the first, and returns its cost.
func (e *enforcer) gather(s *scratch, first int, r *http.Request) int64 {
	stage, cost := e.rules[first].stage, s.costs[first]
	s.asked, s.buckets, s.hashes = s.asked[:0], s.buckets[:0], s.hashes[:0]
	for i := first; i < len(e.rules); i++ {
		p := &e.rules[i]
		switch {
		case s.costs[i] == 0, p.stage != stage,
			stage == taking && s.costs[i] != cost,
			stage == onTrial && i != first:
			continue
		}
		s.part = p.appendKey(s.part[:0], r)
		s.key = p.keys.append(s.key[:0], s.part)
		if p.ChargeWhen != nil {
			s.charges = append(s.charges, charge{p, string(s.key), s.costs[i]})
		}
		s.costs[i] = 0
		if !p.isAsked() {
			continue
		}
		if stage == taking {
			s.items = appendItem(s.items, p.item)
		}
		s.asked = append(s.asked, p)
		b := Bucket{Limit: p.Limit}
		if m := e.limiter.memory; m != nil {
			s.hashes = append(s.hashes, owned{m.hashBytes(s.key), m.ownerOfBytes(s.key)})
		} else {
			b.Key = string(s.key)
		}
		s.buckets = append(s.buckets, b)
	}
	if stage == peeking {
		return 0
	}
	return cost
}

// decided tells what the buckets said. When some refuse, only they are told of:
// nothing was taken from the others.
func decided(s *scratch, stage stage) *refusal {
	if s.allowed() {
		if stage == taking {
			for i, p := range s.asked {
				s.addLimit(p, s.buckets[i].State)
				p.outcomes.add(allowed)
			}
		}
		return nil
	}
	s.limits = s.limits[:0]
	bound := -1
	for i, p := range s.asked {
		state := s.buckets[i].State
		if state.Allowed {
			continue
		}
		if stage == peeking {
			s.items = appendItem(s.items, p.item)
		}
		s.addLimit(p, state)
		p.outcomes.add(limited)
		if bound < 0 || state.bindsBefore(s.buckets[bound].State) {
			bound = i
		}
	}
	return s.asked[bound].limited(s.buckets[bound].State)
}

func (s *scratch) allowed() bool {
	for i := range s.buckets { // a Bucket is large to copy
		if !s.buckets[i].Allowed {
			return false
		}
	}
	return true
}

// tried tells what a policy on trial would have done.
func tried(s *scratch, h http.Header) {
	for i, p := range s.asked {
		p.tried(h, s.buckets[i].Allowed)
	}
}

func (p *rule) tried(h http.Header, isAllowed bool) {
	if isAllowed {
		p.outcomes.add(allowed)
		return
	}
	p.outcomes.add(exceeded)
	addNotice(h, p.quotedName, "exceeded")
}

// failed decides for policies whose buckets could not be asked.
func failed(s *scratch, h http.Header, err error) *refusal {
	var refused *refusal
	for _, p := range s.asked {
		if f := p.failed(h, err); refused == nil {
			refused = f
		}
	}
	return refused
}

func (p *rule) failed(h http.Header, err error) *refusal {
	if !p.Shadow && errors.Is(err, cpodkit.CodeNotSupported) {
		p.outcomes.add(failedClosed)
		return p.misconfigured(err)
	}
	addNotice(h, p.quotedName, "unavailable")
	if p.Shadow || !p.FailClosed {
		p.outcomes.add(failedOpen)
		return nil
	}
	p.outcomes.add(failedClosed)
	return p.unavailable(err)
}

func (s *scratch) addLimit(p *rule, state State) {
	s.limits = appendLimitItem(s.limits, p.quotedName, state.Remaining, effectiveWindow(p.Limit, state))
}

// setFields sets both fields, and keeps their two values in lines.
func (e *enforcer) setFields(s *scratch, h http.Header, lines []string) {
	if len(s.items) == 0 {
		return
	}
	items := e.items
	if string(s.items) != items {
		items = string(s.items)
	}
	lines[0], lines[1] = items, string(s.limits)
	addField(h, policyField, lines[:1:1])
	if len(s.limits) > 0 {
		addField(h, limitField, lines[1:2:2])
	}
}
