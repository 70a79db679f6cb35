package rego

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// evalOptions are those of one evaluation.
type evalOptions struct {
	now   time.Time     // that the policy sees; the time of the call if zero
	limit time.Duration // of its time; evalTime if 0
	trace bool
}

// answer is what an evaluation returns.
type answer struct {
	value   ast.Value       // nil if the rule is undefined; in the cache, for scalars alone
	result  json.RawMessage // the value, where that is said; nil if the rule is undefined
	allowed bool            // it is neither undefined, null nor false
	trace   []string
}

// The bounds of an evaluation.
const (
	evalTime     = 100 * time.Millisecond
	traceTime    = 2 * time.Second // of a dry run and of an evaluation with a trace
	resultBytes  = 1 << 20
	maxTraceLine = 1000 // lines

	resultVar = "result"
)

var (
	errSlow   = errors.New("the evaluation takes too long")
	errResult = errors.New("the result has more than 1 MiB")
	errNoRule = errors.New("there is no such rule")
	errNoJSON = errors.New("the result is no JSON value")
)

// query is a path of a set that is prepared.
type query struct {
	set   *set
	path  string // "data.authz.allow", as decisions show it
	body  ast.Body
	reads *reads

	isOfRoutes bool // it is in data.http

	plans sync.Map // of reflect.Type to *typedPlan
}

// prepare returns the query of a path, or nil if the set has no rule there.
func (s *set) prepare(path string) *query {
	known, _ := s.queries.Load(path)
	if q, ok := known.(*query); ok {
		return q
	}
	ref, err := refOf(path)
	if err != nil || !s.defines(ref) {
		switch path {
		case routeRule, routeReason, authorizeRule, authorizeReason: // they are asked for on each call
			s.queries.Store(path, (*query)(nil))
		}
		return nil
	}
	q := &query{set: s, path: path, isOfRoutes: strings.HasPrefix(path, "data.http."), body: ast.NewBody(ast.Equality.Expr(ast.VarTerm(resultVar), ast.NewTerm(ref)))}
	q.reads = readsOf(s.compiler, ref)
	if s.kept.Add(1) > maxQueries {
		s.kept.Add(-1)
		return q
	}
	known, _ = s.queries.LoadOrStore(path, q)
	kept, _ := known.(*query)
	return kept
}

// defines reports whether a rule that is not a function makes the document or a part of it.
func (s *set) defines(ref ast.Ref) bool {
	for _, rule := range s.compiler.GetRules(ref) {
		if len(rule.Head.Args) == 0 {
			return true
		}
	}
	return false
}

// eval evaluates a rule. Its error is errNoRule, errSlow, errResult, errBudget or one of
// ctx, or says what else went wrong in the policy.
func (s *set) eval(ctx context.Context, path string, input ast.Value, o evalOptions) (answer, error) {
	q := s.prepare(path)
	if q == nil {
		return answer{}, errNoRule
	}
	return q.eval(ctx, input, o)
}

func (q *query) eval(ctx context.Context, input ast.Value, o evalOptions) (answer, error) {
	s := q.set
	if o.now.IsZero() {
		o.now = time.Now()
	}
	if o.limit == 0 {
		o.limit = evalTime
	}
	txn, err := s.reading(ctx)
	if err != nil {
		return answer{}, err
	}
	end := &deadline{ctx: ctx, at: time.Now().Add(o.limit)}
	tq := topdown.NewQuery(q.body).
		WithCompiler(s.compiler).
		WithStore(s.store).
		WithTransaction(txn).
		WithMetrics(metrics.NoOp()).
		WithTime(o.now).
		WithCancel(end)
	if input != nil {
		tq = tq.WithInput(ast.NewTerm(input))
	}
	if s.isTenant {
		tq = tq.WithBuiltins(s.bounded)
		ctx = &evaluation{Context: ctx, left: budgetBytes}
	}
	var lines *tracer
	if o.trace {
		lines = &tracer{}
		tq = tq.WithQueryTracer(lines)
	}
	var a answer
	err = tq.Iter(ctx, func(result topdown.QueryResult) error {
		a.value = result[resultVar].Value
		return nil
	})
	a.allowed = isTruthy(a.value)
	if lines != nil {
		a.trace = lines.lines()
	}
	switch {
	case err == nil:
		return a, nil
	case ctx.Err() != nil:
		return answer{trace: a.trace}, ctx.Err()
	case topdown.IsCancel(err):
		return answer{trace: a.trace}, errSlow
	}
	return answer{trace: a.trace}, fmt.Errorf("%s: %w", q.path, err)
}

func isTruthy(v ast.Value) bool {
	switch v := v.(type) {
	case nil, ast.Null:
		return false
	case ast.Boolean:
		return bool(v)
	}
	return true
}

// deadline ends an evaluation. The evaluator asks it at each step; it looks at the clock
// at every 16th.
type deadline struct {
	ctx     context.Context //nolint:containedctx // of the one evaluation
	at      time.Time
	asked   uint8
	isEnded bool
}

// Cancel implements [topdown.Cancel].
func (d *deadline) Cancel() { d.isEnded = true }

// Cancelled implements [topdown.Cancel].
func (d *deadline) Cancelled() bool {
	if d.asked++; d.asked%16 == 0 && !d.isEnded {
		d.isEnded = d.ctx.Err() != nil || time.Now().After(d.at)
	}
	return d.isEnded
}

// tracer keeps the first events of an evaluation.
type tracer struct {
	events []*topdown.Event
}

// Enabled implements [topdown.QueryTracer].
func (t *tracer) Enabled() bool { return true }

// Config implements [topdown.QueryTracer].
func (t *tracer) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent implements [topdown.QueryTracer].
func (t *tracer) TraceEvent(event topdown.Event) {
	if event.Op == topdown.UnifyOp || len(t.events) == maxTraceLine {
		return
	}
	if expr, ok := event.Node.(*ast.Expr); ok && expr.IsCall() && strings.HasPrefix(expr.Operator().String(), boundedPrefix+".charge") {
		return
	}
	t.events = append(t.events, &event)
}

func (t *tracer) lines() []string {
	var text traceText
	topdown.PrettyTrace(&text, t.events)
	lines := strings.Split(strings.ReplaceAll(strings.TrimSuffix(string(text), "\n"), boundedPrefix+".", ""), "\n")
	return lines[:min(len(lines), maxTraceLine)]
}

// traceText is a text of at most resultBytes. It drops what is more.
type traceText []byte

// Write implements [io.Writer].
func (t *traceText) Write(p []byte) (int, error) {
	*t = append(*t, p[:min(len(p), resultBytes-len(*t))]...)
	return len(p), nil
}
