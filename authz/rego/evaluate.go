package rego

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/cpodkit/cpodkit"
)

// Evaluate evaluates a rule for a tenant: the tenant's own, if its policy defines the
// path, else the operator's. The path is "authz/allow" or "data.authz.allow". A rule that
// is defined nowhere, or undefined for this input, is CodeNotFound. The input is what
// json.Marshal takes, of at most [MaxInput] bytes; a json.RawMessage is taken as it is.
//
// An evaluation that fails or takes longer than 100 ms is CodeUnavailable, and no
// decision. A tenant with too many evaluations at once is CodeRateLimited.
func (e *Engine) Evaluate(ctx context.Context, tenantID, path string, input any) (Decision, error) {
	path, err := normalPath(path)
	if err != nil {
		return Decision{}, err
	}
	text, v, err := decodedInput(input)
	if err != nil {
		return Decision{}, err
	}
	j, err := e.judges(ctx, tenantID)
	if err != nil {
		return Decision{}, evaluationError(ctx, err)
	}
	q := j.prepare(path)
	if q == nil {
		return Decision{}, evaluationError(ctx, errNoRule)
	}
	a, err := e.ask(ctx, tenantID, q, reflect.ValueOf(&v).Elem())
	if err == nil && a.result == nil {
		err = errNoRule
	}
	if err != nil {
		return Decision{}, evaluationError(ctx, err)
	}
	d := j.decision(path, a)
	e.note(ctx, KindEvaluate, tenantID, "", d, text, j)
	return d, nil
}

// decodedInput returns an input as JSON and decoded.
func decodedInput(input any) (json.RawMessage, any, error) {
	text, ok := input.(json.RawMessage)
	if !ok {
		var err error
		if text, err = json.Marshal(input); err != nil {
			return nil, nil, invalid("/input", "is not JSON")
		}
	}
	if len(text) > MaxInput {
		return nil, nil, cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The input has more than %d bytes.", MaxInput)
	}
	v, err := decoded(text)
	if err != nil {
		return nil, nil, invalid("/input", "is not JSON")
	}
	return text, v, nil
}

// prepare returns the rule that decides on a path, or nil.
func (j judges) prepare(path string) *query {
	if j.tenant != nil {
		if q := j.tenant.prepare(path); q != nil {
			return q
		}
	}
	return j.operator.prepare(path)
}

// decision returns what the sets decided now.
func (j judges) decision(path string, a answer) Decision {
	now := time.Now()
	return Decision{
		ID: newDecisionID(path, now), Path: path, Result: a.result, Allowed: a.allowed, Revision: j.revision(), Time: now,
	}
}

// Query is a rule that is prepared for inputs of one Go type. It is safe for concurrent
// use.
type Query[In any] struct {
	engine *Engine
	path   string
}

// Prepare prepares a rule for inputs of type In, by the names that package json would use.
// A path that is none is CodeValidationFailed. The rule need not be there yet.
func Prepare[In any](e *Engine, path string) (*Query[In], error) {
	path, err := normalPath(path)
	if err != nil {
		return nil, err
	}
	return &Query[In]{e, path}, nil
}

// Decide evaluates the rule for a tenant as [Engine.Evaluate] does, or for "" the
// operator's alone; but a rule that is undefined for the input is a decision without a
// Result. Only the parts of the input that the rule reads are looked at. They must not
// change meanwhile. A decision of a tenant is logged if it is a denial, and otherwise as
// rarely as [WithSampling] says, with these parts as its input.
func (q *Query[In]) Decide(ctx context.Context, tenantID string, in *In) (Decision, error) {
	e := q.engine
	j, err := e.judges(ctx, tenantID)
	if err != nil {
		return Decision{}, evaluationError(ctx, err)
	}
	rule := j.prepare(q.path)
	if rule == nil {
		return Decision{}, evaluationError(ctx, errNoRule)
	}
	v := reflect.ValueOf(in).Elem()
	a, err := e.ask(ctx, tenantID, rule, v)
	if err != nil {
		return Decision{}, evaluationError(ctx, err)
	}
	d := j.decision(q.path, a)
	if (tenantID != "" || e.hook != nil) && e.isLogged(KindRoute, d.Allowed) {
		e.note(ctx, KindEvaluate, tenantID, "", d, rule.partsOf(v), j)
	}
	return d, nil
}

// ask returns the answer of a rule to an input, which may be of any type. Its result is
// set. Answers of rules that always decide the same come from the cache.
func (e *Engine) ask(ctx context.Context, tenantID string, q *query, in reflect.Value) (answer, error) {
	p := q.planFor(in.Type())
	if !q.reads.isDeterministic {
		a, _, err := e.askNew(ctx, tenantID, q, p, in)
		return a, err
	}
	buf, _ := e.keys.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= maxCached {
			e.keys.Put(buf)
		}
	}()
	key := p.plan.key(append((*buf)[:0], p.prefix[:]...), in)
	*buf = key
	if a, ok := e.cache.get(key); ok {
		e.evaluations.cached.Add(1)
		return a, nil
	}
	a, canKeep, err := e.askNew(ctx, tenantID, q, p, in)
	if canKeep {
		e.cache.put(tenantID, key, a)
	}
	return a, err
}

func (e *Engine) askNew(
	ctx context.Context, tenantID string, q *query, p *typedPlan, in reflect.Value,
) (a answer, canKeep bool, err error) {
	input, err := p.plan.value(in)
	if err != nil {
		return answer{}, false, invalid("/input", "is not JSON")
	}
	if a, err = e.evaluate(ctx, tenantID, q, input); err != nil {
		return answer{}, false, err
	}
	a.result, err = resultOf(a.value)
	return a, err == nil, err
}

// evaluate evaluates a rule for a tenant within the bounds. It does not set the result of
// the answer. What the operator's policy decides on routes needs no place in the gate.
func (e *Engine) evaluate(ctx context.Context, tenantID string, q *query, input ast.Value) (answer, error) {
	if q.set.isTenant || !q.isOfRoutes {
		leave, err := e.enter(ctx, tenantID)
		if err != nil {
			e.evaluations.refused(ctx)
			return answer{}, err
		}
		defer leave()
	}
	start := e.evaluations.start()
	a, err := q.eval(ctx, input, evalOptions{})
	e.evaluations.end(ctx, start, q, err)
	return a, err
}

// typedPlan reads inputs of one type for one query.
type typedPlan struct {
	plan   plan
	prefix [8]byte // of its keys; no other plan has it
}

func (q *query) planFor(t reflect.Type) *typedPlan {
	known, _ := q.plans.Load(t)
	if p, ok := known.(*typedPlan); ok {
		return p
	}
	p := &typedPlan{plan: planOf(t, &q.reads.input)}
	serial := q.set.serials.Add(1)
	for i := range p.prefix {
		p.prefix[i] = byte(serial >> (8 * i))
	}
	known, _ = q.plans.LoadOrStore(t, p)
	kept, _ := known.(*typedPlan)
	return kept
}

// partsOf returns the parts of an input that the rule reads as JSON, or nil if that fails.
func (q *query) partsOf(in reflect.Value) json.RawMessage {
	v, err := q.planFor(in.Type()).plan.value(in)
	if err != nil || v == nil {
		return nil
	}
	text, err := resultOf(v)
	if err != nil {
		return nil
	}
	return text
}

// needs reports whether a rule may read a member of its input.
func (r *reads) needs(member string) bool { return r.input.isWhole || r.input.parts[member] != nil }

// evaluationError words why a rule was not evaluated.
func evaluationError(ctx context.Context, err error) error {
	switch _, isWorded := errors.AsType[*cpodkit.Error](err); {
	case isWorded || ctx.Err() != nil:
		return err
	case errors.Is(err, errNoRule):
		return cpodkit.Errorf(cpodkit.CodeNotFound, "There is no such rule, or it is undefined for this input.")
	case errors.Is(err, errSlow), errors.Is(err, errBudget), errors.Is(err, errResult):
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "The policy could not be evaluated: %s.", bare(err)).WithCause(err)
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The policy could not be evaluated.").WithCause(err)
}

// bare returns which of the bounds an evaluation has reached.
func bare(err error) error {
	for _, bound := range []error{errSlow, errBudget, errResult} {
		if errors.Is(err, bound) {
			return bound
		}
	}
	return err
}
