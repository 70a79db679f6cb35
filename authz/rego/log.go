package rego

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/health"
	"github.com/cpodkit/cpodkit/internal/shares"
)

const (
	// maxQueued is how many bytes of decisions wait to be stored. Each counts as
	// queuedWeight bytes more. One tenant holds at most an eighth of them.
	maxQueued    = 64 << 20
	queuedWeight = 1 << 10

	// A batch is stored when it is full, or batchPause after its first decision.
	maxBatch      = 500
	maxBatchBytes = 4 << 20
	batchPause    = 200 * time.Millisecond
	storeTime     = 10 * time.Second

	// A batch that cannot be stored is tried again after firstRetry, then after pauses that
	// double up to maxRetry.
	firstRetry = 100 * time.Millisecond
	maxRetry   = 5 * time.Second

	// maxPending is how long a reader waits for a decision to be stored.
	maxPending = 2 * time.Second

	// maxLogged is how many bytes an input and a result have at most that are kept with their
	// decision.
	maxLogged = 64 << 10

	defaultSampling  = 1000
	defaultRetention = 7 * 24 * time.Hour
	minRetention     = time.Hour

	droppedName = "cpodkit.policy.decisions.dropped"
)

// logOptions are the options of the decision log.
type logOptions struct {
	masker    func(context.Context, json.RawMessage) (json.RawMessage, error)
	hook      func(context.Context, LoggedDecision)
	sampling  int
	retention time.Duration
}

// WithMasker sets what masks inputs, results and reasons, as JSON, before they are stored.
// What it cannot mask is left out. It is called with the values of the context in which the
// decision was made, and after the decision. Without it they are stored as they are.
func WithMasker(mask func(ctx context.Context, text json.RawMessage) (json.RawMessage, error)) Option {
	return func(o *options) { o.masker = mask }
}

// WithDecisionHook sets a function that is called with each decision that is logged, in the
// context and at the time of the decision, and before it takes effect. The decision has no
// Input, because that is not masked yet. The hook does not block.
func WithDecisionHook(hook func(context.Context, LoggedDecision)) Option {
	return func(o *options) { o.hook = hook }
}

// WithSampling sets that about one in n decisions on routes that allow is logged, and none
// with 0. Without it that is one in 1,000. All other decisions are logged.
func WithSampling(n int) Option { return func(o *options) { o.sampling = n } }

// WithRetention sets how long logged decisions are kept, and the revisions that made them:
// at least an hour. Without it that is 7 days.
func WithRetention(d time.Duration) Option { return func(o *options) { o.retention = d } }

func defaultLogOptions() logOptions {
	return logOptions{sampling: defaultSampling, retention: defaultRetention}
}

func (o *logOptions) check() error {
	switch {
	case o.sampling < 0:
		return errors.New("rego: the sampling is negative")
	case o.retention < minRetention:
		return errors.New("rego: the retention is shorter than an hour")
	}
	return nil
}

// decisionLog is the decisions that are not stored yet. It is safe for concurrent use.
type decisionLog struct {
	dropped metric.Int64Counter // nil without metrics
	state   *health.State

	mu     sync.Mutex
	room   *shares.Room
	queue  []queued
	taken  []queued      // the batch that is stored now
	woken  chan struct{} // there is something in the queue
	filled chan struct{} // there is a whole batch in it
	stored chan struct{} // is closed when a batch has been stored
}

// queued is a decision that waits. Its input is not masked yet.
type queued struct {
	LoggedDecision

	ctx    context.Context //nolint:containedctx // the masker gets its values
	weight int64
}

func newDecisionLog(meters metric.MeterProvider, log *slog.Logger) (*decisionLog, error) {
	l := &decisionLog{
		state: health.New(log, "storing decisions of policies"), room: shares.NewRoom(maxQueued),
		woken: make(chan struct{}, 1), filled: make(chan struct{}, 1), stored: make(chan struct{}),
	}
	if meters == nil {
		return l, nil
	}
	var err error
	l.dropped, err = meters.Meter("github.com/cpodkit/cpodkit/authz/rego").Int64Counter(droppedName,
		metric.WithUnit("{decision}"),
		metric.WithDescription("Decisions that were not logged, by the reason: the queue was full, or the masker failed and left something out."))
	return l, err
}

// count counts a decision that is not logged as it should be.
func (l *decisionLog) count(ctx context.Context, reason string) {
	if l.dropped != nil {
		l.dropped.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", reason)))
	}
}

// isLogged reports whether a decision is to be logged.
func (e *Engine) isLogged(kind string, allowed bool) bool {
	return kind != KindRoute || !allowed || e.sampling > 0 && rand.IntN(e.sampling) == 0 //nolint:gosec // no secret
}

// logDecision has a decision stored, for which isLogged reported true. The time and the id
// are those of the decision. One without a tenant is for the hook alone.
func (e *Engine) logDecision(ctx context.Context, d LoggedDecision) {
	if len(d.Result) > maxLogged {
		d.Result = nil
	}
	if len(d.Input) > maxLogged {
		d.Input = nil
	}
	if e.hook != nil {
		seen := d
		seen.Input = nil
		e.hook(ctx, seen)
	}
	if d.TenantID == "" {
		return
	}
	l := e.log
	q := queued{d, context.WithoutCancel(ctx), queuedWeight + int64(len(d.Input)+len(d.Result))}
	l.mu.Lock()
	fits := l.room.Fits(d.TenantID, q.weight)
	if fits {
		l.room.Add(d.TenantID, q.weight)
		l.queue = append(l.queue, q)
	}
	waiting := len(l.queue)
	l.mu.Unlock()
	if !fits {
		l.count(ctx, "queue_full")
		return
	}
	wake(l.woken)
	if waiting >= maxBatch {
		wake(l.filled)
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is awake already
	}
}

// runLog stores decisions until ctx ends, and then those that are left.
func (e *Engine) runLog(ctx context.Context) {
	l := e.log
	for ctx.Err() == nil {
		select {
		case <-l.woken:
		case <-ctx.Done():
			continue
		}
		pause := time.NewTimer(batchPause)
		select {
		case <-pause.C:
		case <-l.filled:
		case <-ctx.Done():
		}
		pause.Stop()
		for retry := firstRetry; e.storeBatch(ctx) != nil && ctx.Err() == nil; retry = min(2*retry, maxRetry) {
			pause := time.NewTimer(retry)
			select {
			case <-pause.C:
			case <-ctx.Done():
			}
			pause.Stop()
		}
	}
	left, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	for l.waits() && e.storeBatch(left) == nil {
	}
}

// waits reports whether there is a decision that is not stored yet.
func (l *decisionLog) waits() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue)+len(l.taken) > 0
}

// storeBatch stores a batch; after an error the same one is next.
func (e *Engine) storeBatch(ctx context.Context) error {
	l := e.log
	batch := l.take()
	if len(batch) == 0 {
		return nil
	}
	decisions := make([]LoggedDecision, len(batch))
	for i := range batch {
		e.mask(&batch[i])
		decisions[i] = batch[i].LoggedDecision
	}
	limited, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	measured, call := e.ops.append.Start(limited)
	err := e.store.AppendDecisions(measured, decisions)
	call.Measure(measured, err)
	if ctx.Err() == nil || err == nil {
		l.state.Set(ctx, err)
	}
	if err == nil {
		l.done()
	}
	return err
}

// mask masks the texts of a decision, unless that is done.
func (e *Engine) mask(q *queued) {
	if q.ctx == nil {
		return
	}
	if e.masker != nil {
		q.Input, q.Result = e.masked(q.ctx, q.Input), e.masked(q.ctx, q.Result)
		if reason, err := json.Marshal(q.Reason); err != nil || json.Unmarshal(e.masked(q.ctx, reason), &q.Reason) != nil {
			q.Reason = ""
		}
	}
	q.ctx = nil
}

// masked returns what the masker makes of JSON that may hold text; nil when it fails.
func (e *Engine) masked(ctx context.Context, text json.RawMessage) json.RawMessage {
	if len(text) <= len(`""`) || !strings.ContainsRune(`"[{`, rune(text[0])) {
		return text
	}
	masked, err := e.masker(ctx, text)
	if err != nil {
		e.log.count(ctx, "not_masked")
		return nil
	}
	return masked
}

// take returns the batch that is stored next. It stays taken until it is done.
func (l *decisionLog) take() []queued {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.taken) > 0 {
		return l.taken
	}
	n, size := 0, int64(0)
	for n < len(l.queue) && n < maxBatch && (n == 0 || size+l.queue[n].weight <= maxBatchBytes) {
		size += l.queue[n].weight
		n++
	}
	l.taken = slices.Clone(l.queue[:n])
	l.queue = slices.Delete(l.queue, 0, n)
	return l.taken
}

// done says that the batch is stored.
func (l *decisionLog) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range l.taken {
		l.room.Add(q.TenantID, -q.weight)
	}
	l.taken = nil
	close(l.stored)
	l.stored = make(chan struct{})
	if len(l.queue) > 0 {
		wake(l.woken)
	}
	if len(l.queue) >= maxBatch {
		wake(l.filled)
	}
}

// pending returns a channel that is closed when another batch has been stored, or nil when
// the decision does not wait.
func (l *decisionLog) pending(tenantID, id string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, waiting := range [][]queued{l.taken, l.queue} {
		for i := range waiting { // no copy: what else is there may be masked now
			if waiting[i].ID == id && waiting[i].TenantID == tenantID {
				return l.stored
			}
		}
	}
	return nil
}

// Logged returns a decision of a tenant that is kept, or not_found.
func (e *Engine) Logged(ctx context.Context, tenantID, id string) (LoggedDecision, error) {
	if tenantID == "" {
		return LoggedDecision{}, coded(cpodkit.CodeMissingToken)
	}
	late := time.NewTimer(maxPending)
	defer late.Stop()
	for stored := e.log.pending(tenantID, id); stored != nil; stored = e.log.pending(tenantID, id) {
		select { // a decision is read as it is stored, and masked
		case <-stored:
		case <-late.C:
			return LoggedDecision{}, cpodkit.Errorf(cpodkit.CodeUnavailable, "The decision is not stored yet; try again later.")
		case <-ctx.Done():
			return LoggedDecision{}, ctx.Err()
		}
	}
	measured, call := e.ops.decision.Start(ctx)
	d, err := e.store.Decision(measured, tenantID, id)
	if err = call.End(measured, err); errors.Is(err, cpodkit.CodeNotFound) {
		return d, cpodkit.Errorf(cpodkit.CodeNotFound, "There is no such decision, or it is kept no more.")
	}
	return d, err
}
