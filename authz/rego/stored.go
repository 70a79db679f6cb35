package rego

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit/internal/health"
	"github.com/cpodkit/cpodkit/internal/keylock"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/internal/seal"
)

// stored is what an engine needs for what the store keeps.
type stored struct {
	ops       storeCalls
	edits     keylock.Locks // by tenant
	trials    keylock.Locks // the same
	compiling chan struct{} // is full while as many compile as may
	dirty     *dirtySet
	readers   readers
	log       *decisionLog
	cursors   *seal.Box

	operatorChanged chan struct{} // wakes sweep
}

// storeCalls are the calls to the store.
type storeCalls struct {
	head, setHead, blob, putBlob, append, decision, last, prune *portable.Operation
}

func newStored(o *options) (*stored, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	calls, err := portable.NewCalls("policy", o.tracers, o.meters, sentence)
	if err != nil {
		return nil, fmt.Errorf("rego: %w", err)
	}
	s := &stored{compiling: make(chan struct{}, runtime.GOMAXPROCS(0)), dirty: newDirtySet(), operatorChanged: make(chan struct{}, 1)}
	s.ops = storeCalls{
		head: calls.Operation("head"), setHead: calls.Operation("set_head"), blob: calls.Operation("blob"),
		putBlob: calls.Operation("put_blob"), append: calls.Operation("append"), decision: calls.Operation("decision"),
		last: calls.Operation("last"), prune: calls.Operation("prune"),
	}
	secret := o.secret
	if secret == nil {
		secret = []byte(rand.Text())
	}
	if s.cursors, err = seal.New(secret, "policy cursors"); err != nil {
		return nil, fmt.Errorf("rego: %w", err)
	}
	s.log, err = newDecisionLog(o.meters, o.logger)
	return s, err
}

// runStored keeps policies of tenants current, stores logged decisions and removes old ones,
// until ctx ends.
func (e *Engine) runStored(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { e.follow(ctx) })
	running.Go(func() { e.runLog(ctx) })
	running.Go(func() { e.sweep(ctx) })
	running.Wait()
}

const (
	// sweepInterval is how often old decisions are removed.
	sweepInterval = time.Hour

	// maxOperatorPart is how large a part of the operator's policy is at most that is kept
	// for explaining decisions.
	maxOperatorPart = 8 << 20
)

// sweep removes decisions that are older than the retention, and content of policies that
// was in force last before them.
func (e *Engine) sweep(ctx context.Context) {
	state := health.New(e.logger, "removing old decisions")
	kept := "" // the list of the operator's policy whose parts are kept
	keptAt := time.Time{}
	for {
		// What is in force is renewed four times in the retention. So nothing that has made a
		// decision within it was put longer ago than this.
		renewal := e.retention / 4
		now := time.Now()
		var keepErr error
		if operator := e.operator(); operator.list != kept || now.Sub(keptAt) >= renewal/2 {
			if keepErr = e.keepOperator(ctx, operator); keepErr == nil {
				kept, keptAt = operator.list, now
			}
		}
		measured, call := e.ops.prune.Start(ctx)
		err := e.store.Prune(measured, now.Add(-e.retention), now.Add(-e.retention-renewal))
		call.Measure(measured, err)
		if ctx.Err() != nil {
			return
		}
		state.Set(ctx, errors.Join(keepErr, err))
		wait := min(sweepInterval, renewal/2)
		if keepErr != nil || err != nil {
			wait = time.Minute
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-e.operatorChanged:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// keepOperator keeps the content of the operator's policy, so that its decisions can be
// explained when it has changed.
func (e *Engine) keepOperator(ctx context.Context, operator *set) error {
	c, err := contentOfPolicy(operator.policy)
	if err != nil {
		return err
	}
	_, parts := c.parts()
	for digest, part := range parts {
		if len(part) > maxOperatorPart {
			delete(parts, digest)
		}
	}
	return e.putParts(ctx, "", parts)
}

// contentOfPolicy returns the content of an operator's policy; nil is none.
func contentOfPolicy(p *Policy) (content, error) {
	if p == nil {
		return content{}, nil
	}
	c := content{modules: p.Modules}
	if len(p.Data) == 0 {
		return c, nil
	}
	var err error
	c.data, err = canonical(p.Data)
	return c, err
}
