package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/cpodkit/cpodkit/authz/rego"
)

const (
	requests = 10_000

	// policy is a rule of roles by path: a role may use some methods below some paths.
	policy = `package api

allow if {
	some role in input.roles
	input.method in data.grants[role][input.path[0]]
}

in_time if {
	allow
	time.now_ns() > 0
}
`
	grants = `{"grants": {
		"reader": {"orders": ["GET"], "customers": ["GET"], "invoices": ["GET"]},
		"writer": {"orders": ["GET", "PUT", "DELETE"], "customers": ["GET", "PUT"]},
		"owner": {"orders": ["GET", "PUT", "DELETE"], "customers": ["GET", "PUT", "DELETE"], "invoices": ["GET", "PUT"]}
	}}`
)

// request is what the rule decides about.
type request struct {
	User   string   `json:"user"`
	Roles  []string `json:"roles"`
	Method string   `json:"method"`
	Path   []string `json:"path"`
}

// of returns a request with a path that no other one has. All are allowed.
func of(i int) *request {
	return &request{
		User: "user-" + strconv.Itoa(i%100), Roles: []string{"auditor", "reader"}, Method: "GET",
		Path: []string{"orders", "order-" + strconv.Itoa(i), "lines"},
	}
}

// source is a policy that stays.
type source struct{ policy *rego.Policy }

func (s source) Current() *rego.Policy { return s.policy }
func (s source) Err() error            { return nil }

func (s source) Run(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return ctx.Err()
}

var errDenied = errors.New("denied what is allowed")

func prepare(ctx context.Context) ([]row, error) {
	var data map[string]any
	if err := json.Unmarshal([]byte(grants), &data); err != nil {
		return nil, err
	}
	prepared, err := opa.New(
		opa.Query("data.api.allow"), opa.Module("api.rego", policy),
		opa.Store(inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true))),
	).PrepareForEval(ctx)
	if err != nil {
		return nil, err
	}
	all, parsed := make([]*request, requests), make([]ast.Value, requests)
	for i := range all {
		all[i] = of(-i)
		text, err := json.Marshal(all[i])
		if err != nil {
			return nil, err
		}
		if parsed[i], err = ast.ValueFromReader(bytes.NewReader(text)); err != nil {
			return nil, err
		}
	}
	theirs := way{name: "OPA", call: func(i int) error {
		result, err := prepared.Eval(ctx, opa.EvalParsedInput(parsed[i%requests]))
		if err == nil && !result.Allowed() {
			err = errDenied
		}
		return err
	}}
	engine, err := rego.New(rego.NewMemory(), rego.WithSource(source{&rego.Policy{
		Modules: map[string]string{"api.rego": policy}, Data: data,
	}}))
	if err != nil {
		return nil, err
	}
	decide, err := ours(ctx, engine, "data.api.allow")
	if err != nil {
		return nil, err
	}
	uncached, err := ours(ctx, engine, "data.api.in_time")
	if err != nil {
		return nil, err
	}
	next := 0
	unseen := func(int) error { // the text of a new path is counted, too
		next++
		return decide(of(next))
	}
	repeated := func(i int) error { return decide(all[i%100]) }
	withCedar, err := newCedar()
	if err != nil {
		return nil, err
	}
	return []row{
		{name: "a new decision", bar: "1.15 of OPA", ways: []way{{name: "ours", call: unseen}, theirs, withCedar}},
		{name: "a repeated decision", bar: "500 ns, 2 allocations", ways: []way{{name: "ours", call: repeated}, theirs, withCedar}},
		{name: "a rule with the clock", ways: []way{{name: "ours", call: func(i int) error { return uncached(all[i%100]) }}}},
	}, nil
}

func ours(ctx context.Context, engine *rego.Engine, path string) (func(*request) error, error) {
	q, err := rego.Prepare[request](engine, path)
	if err != nil {
		return nil, err
	}
	return func(r *request) error {
		d, err := q.Decide(ctx, "", r)
		if err == nil && !d.Allowed {
			err = errDenied
		}
		return err
	}, nil
}

// newCedar returns the same rule for cedar-go. Its resources are the first parts of paths,
// and its entities are of the one request, because users are not known before.
func newCedar() (way, error) {
	text := ""
	for _, g := range []struct{ role, method, path string }{
		{"reader", "GET", "orders"}, {"reader", "GET", "customers"}, {"reader", "GET", "invoices"},
		{"writer", "GET", "orders"}, {"writer", "PUT", "orders"}, {"writer", "DELETE", "orders"},
		{"writer", "GET", "customers"}, {"writer", "PUT", "customers"},
		{"owner", "GET", "orders"}, {"owner", "PUT", "orders"}, {"owner", "DELETE", "orders"},
	} {
		text += fmt.Sprintf("permit (principal in Role::%q, action == Action::%q, resource == Path::%q);\n", g.role, g.method, g.path)
	}
	policies, err := cedar.NewPolicySetFromBytes("roles.cedar", []byte(text))
	if err != nil {
		return way{}, err
	}
	reader := cedar.NewEntityUID("Role", "reader")
	return way{name: "cedar-go", call: func(i int) error {
		user := cedar.NewEntityUID("User", cedar.String("user-"+strconv.Itoa(i%100)))
		entities := cedar.EntityMap{user: {UID: user, Parents: cedar.NewEntityUIDSet(cedar.NewEntityUID("Role", "auditor"), reader)}}
		ok, _ := cedar.Authorize(policies, entities, cedar.Request{
			Principal: user, Action: cedar.NewEntityUID("Action", "GET"), Resource: cedar.NewEntityUID("Path", "orders"),
		})
		if !ok {
			return errDenied
		}
		return nil
	}}, nil
}
