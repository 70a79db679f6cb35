package rego

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/cpodkit/cpodkit"
)

const (
	// MaxCompared is how many logged decisions a dry run makes again at most.
	MaxCompared = 1000

	// compareTime is how long that may take.
	compareTime = 10 * time.Second
)

// Trial is a policy that is tried without being in force.
type Trial struct {
	Path  string          // as for [Engine.Evaluate]
	Input json.RawMessage // any JSON; null when it is empty

	// Modules are tried on top of the tenant's own, by name.
	Modules map[string]string

	// CompareLast is how many of the newest logged decisions on the path are made again:
	// at most [MaxCompared].
	CompareLast int
}

// TrialResult is what a policy would decide.
type TrialResult struct {
	Decision // which is not logged

	Trace    []string // how the rule was evaluated, in at most 1,000 lines
	Compared int      // how many logged decisions were made again
	Changes  []DecisionChange
}

// DecisionChange is a logged decision that would be another one. Its members are values of
// the rule; null where the rule is undefined or fails. Of decisions on routes and of
// authorize they say what was allowed.
type DecisionChange struct {
	DecisionID    string
	Before, After json.RawMessage
}

// DryRun evaluates a rule as [Engine.Evaluate] does, with modules that are not in force. It
// changes nothing and logs no decision. What does not compile is validation_failed. The
// evaluation has 2 s. Comparing has 10 s, after which it is a timeout.
func (e *Engine) DryRun(ctx context.Context, tenantID string, t Trial) (TrialResult, error) {
	path, err := normalPath(t.Path)
	if err != nil {
		return TrialResult{}, err
	}
	if t.CompareLast < 0 || t.CompareLast > MaxCompared {
		return TrialResult{}, invalid("/compareLast", "must be 0 to %d", MaxCompared)
	}
	input, err := inputOf(t.Input)
	if err != nil {
		return TrialResult{}, err
	}
	unlock, err := e.trials.Lock(ctx, tenantID) // a tenant has one trial at a time here
	if err != nil {
		return TrialResult{}, err
	}
	defer unlock()
	live, err := e.judges(ctx, tenantID)
	if err != nil {
		return TrialResult{}, err
	}
	tried, err := e.tried(ctx, tenantID, live, t.Modules)
	if err != nil {
		return TrialResult{}, err
	}
	now := time.Now()
	a, err := e.judge(ctx, tenantID, tried, KindEvaluate, path, input, evalOptions{trace: true, limit: traceTime, now: now})
	if err == nil && a.value == nil {
		err = errNoRule
	}
	if err != nil {
		return TrialResult{}, evaluationError(ctx, err)
	}
	result, err := resultOf(a.value)
	if err != nil {
		return TrialResult{}, evaluationError(ctx, err)
	}
	r := TrialResult{Decision: Decision{
		ID: newDecisionID(path, now), Path: path, Result: result, Allowed: a.allowed, Revision: tried.revision(), Time: now,
	}, Trace: a.trace}
	return r, e.compare(ctx, tenantID, live, tried, path, t.CompareLast, &r)
}

// tried returns the sets with modules on top of those that are in force.
func (e *Engine) tried(ctx context.Context, tenantID string, live judges, modules map[string]string) (judges, error) {
	if len(modules) == 0 {
		return live, nil
	}
	_, c, err := e.contentOf(ctx, tenantID)
	if err != nil {
		return judges{}, err
	}
	next := content{maps.Clone(c.modules), c.data}
	if next.modules == nil {
		next.modules = map[string]string{}
	}
	for name, source := range modules {
		if err := CheckModuleName(name); err != nil {
			return judges{}, invalid("/modules", "%q is not the name of a module", name)
		}
		if len(source) > MaxModule || !utf8.ValidString(source) {
			return judges{}, invalid(modulePointer(name), "must be UTF-8 of at most %d bytes", MaxModule)
		}
		next.modules[name] = source
	}
	revision, _ := next.parts()
	set, err := e.checkContent(ctx, revision, next)
	return judges{live.operator, set}, err
}

// compare makes logged decisions again.
func (e *Engine) compare(ctx context.Context, tenantID string, live, tried judges, path string, limit int, r *TrialResult) error {
	if limit == 0 {
		return nil
	}
	measured, call := e.ops.last.Start(ctx)
	last, err := e.store.LastDecisions(measured, tenantID, path, limit)
	if err = call.End(measured, err); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, compareTime)
	defer cancel()
	for _, d := range last {
		input, err := valueOf(d.Input)
		if err != nil {
			continue // it could not be masked, and is not there
		}
		before := d.Result
		if before == nil || d.Kind != KindEvaluate {
			before = allowedJSON(d.Allowed)
		}
		again := func(j judges) (json.RawMessage, error) {
			a, err := e.judge(limited, tenantID, j, d.Kind, path, input, evalOptions{now: d.Time})
			switch {
			case limited.Err() != nil:
				return nil, limited.Err()
			case d.Kind != KindEvaluate || d.Result == nil && err == nil:
				return allowedJSON(err == nil && a.allowed), nil
			case err != nil || a.value == nil:
				return json.RawMessage("null"), nil //nolint:nilerr // before and after are compared: neither has a result
			}
			return resultOf(a.value)
		}
		after, err := again(tried)
		var now json.RawMessage
		if err == nil && !sameJSON(before, after) {
			now, err = again(live)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case limited.Err() != nil:
			return cpodkit.Errorf(cpodkit.CodeTimeout, "The comparison takes too long; compare fewer decisions.")
		case err != nil:
			return evaluationError(ctx, err)
		}
		r.Compared++
		// Where the policy in force decides the same now, by the same revision, it is the
		// masking of the input that makes the difference.
		if now == nil || d.Revision == live.revision() && sameJSON(now, after) {
			continue
		}
		r.Changes = append(r.Changes, DecisionChange{d.ID, before, after})
	}
	return nil
}

func allowedJSON(allowed bool) json.RawMessage {
	if allowed {
		return json.RawMessage("true")
	}
	return json.RawMessage("false")
}

// sameJSON reports whether two texts are the same value.
func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, err1 := valueOf(a)
	y, err2 := valueOf(b)
	return err1 == nil && err2 == nil && ast.Compare(x, y) == 0
}

// Explanation is a logged decision that was made again.
type Explanation struct {
	Result  json.RawMessage // nil when the rule is undefined
	Allowed bool
	Trace   []string // at most 1,000 lines
}

// Explain makes a logged decision again: by the revision that made it, on its masked input
// and at its time. An input or a revision that is not kept is not_found.
func (e *Engine) Explain(ctx context.Context, d LoggedDecision) (Explanation, error) {
	if len(d.Input) == 0 {
		return Explanation{}, cpodkit.Errorf(cpodkit.CodeNotFound, "The input of the decision is not kept, because it could not be masked.")
	}
	input, err := valueOf(d.Input)
	if err != nil {
		return Explanation{}, err
	}
	unlock, err := e.trials.Lock(ctx, d.TenantID)
	if err != nil {
		return Explanation{}, err
	}
	defer unlock()
	j, err := e.judgesOf(ctx, d)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return Explanation{}, cpodkit.Errorf(cpodkit.CodeNotFound, "The revision that made the decision is kept no more.")
	}
	if err != nil {
		return Explanation{}, err
	}
	a, err := e.judge(ctx, d.TenantID, j, d.Kind, d.Path, input, evalOptions{trace: true, limit: traceTime, now: d.Time})
	if err != nil {
		return Explanation{}, evaluationError(ctx, err)
	}
	x := Explanation{Allowed: a.allowed, Trace: a.trace}
	if a.value != nil {
		x.Result, err = resultOf(a.value)
	}
	return x, err
}

// judges are the sets that decide together.
type judges struct {
	operator *set
	tenant   *set // nil for none
}

func (j judges) revision() string { return revisionOf(j.operator, j.tenant) }

// judges returns the sets that are in force.
func (e *Engine) judges(ctx context.Context, tenantID string) (judges, error) {
	operator := e.operator()
	tenant, err := e.tenant(ctx, tenantID)
	return judges{operator, tenant}, err
}

// judgesOf returns the sets that have made a logged decision.
func (e *Engine) judgesOf(ctx context.Context, d LoggedDecision) (judges, error) {
	j, err := e.judges(ctx, d.TenantID)
	if err != nil {
		return judges{}, err
	}
	if j.operator.list != d.Operator {
		c, err := e.loadContent(ctx, "", d.Operator)
		if err != nil {
			return judges{}, err
		}
		if j.operator, err = e.compileOperator(ctx, c); err != nil {
			return judges{}, err
		}
	}
	switch {
	case d.Tenant == "":
		j.tenant = nil
	case j.tenant == nil || j.tenant.revision != d.Tenant:
		c, err := e.loadContent(ctx, d.TenantID, d.Tenant)
		if err != nil {
			return judges{}, err
		}
		if j.tenant, err = e.compile(ctx, d.Tenant, c); err != nil {
			return judges{}, err
		}
	}
	return j, nil
}

// judge makes a decision of a kind. A rule of evaluate that no set has is errNoRule.
func (e *Engine) judge(
	ctx context.Context, tenantID string, j judges, kind, path string, input ast.Value, o evalOptions,
) (answer, error) {
	leave, err := e.enter(ctx, tenantID)
	if err != nil {
		return answer{}, err
	}
	defer leave()
	isRestricted := j.tenant != nil && kind != KindRoute && j.tenant.prepare(path) != nil
	if isRestricted && kind == KindEvaluate {
		return j.tenant.eval(ctx, path, input, o)
	}
	a, err := j.operator.eval(ctx, path, input, o)
	if errors.Is(err, errNoRule) && kind != KindEvaluate {
		a, err = withoutRule(ctx, kind, input), nil
	}
	if a = a.of(kind); err != nil || !isRestricted || !a.allowed {
		return a, err
	}
	b, err := j.tenant.eval(ctx, path, input, o)
	b.trace = slices.Concat(a.trace, b.trace)
	b.trace = b.trace[:min(len(b.trace), maxTraceLine)]
	return b.of(kind), err
}
