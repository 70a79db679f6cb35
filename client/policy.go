package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"time"
)

const (
	maxModuleName = 128
	maxDataPath   = 4 << 10

	regoType = "text/plain; charset=utf-8"
)

// Policy evaluates policies in Rego, with the scope policy.read, and changes those of the
// tenant, with policy.write. It is safe for concurrent use. Names of modules have up to 128
// letters, digits, ".", "_", "-" and "/".
type Policy struct{ api *api }

// PolicyDecision is the value of a rule.
type PolicyDecision struct {
	Result json.RawMessage `json:"result"`
	// Allowed reports whether the value is neither null nor false.
	Allowed bool `json:"allowed"`
	// DecisionID is what [Policy.Decision] takes.
	DecisionID string `json:"decisionId"`
	// Revision is that of the operator's policy and, after a dot, of the tenant's.
	Revision string `json:"revision"`
}

type policyRequest struct {
	Path        string            `json:"path"`
	Input       any               `json:"input"`
	Modules     map[string]string `json:"modules,omitempty"`
	CompareLast int               `json:"compareLast,omitempty"`
}

// Evaluate evaluates a rule, such as "authz/allow", on an input: what [json.Marshal] takes,
// up to 64 KiB. A rule that is defined nowhere, or undefined for the input, is a
// [NotFoundError]. It grants nothing.
func (p *Policy) Evaluate(ctx context.Context, path string, input any) (decision PolicyDecision, err error) {
	err = p.post(ctx, "policy.evaluate", "/v1/policy/evaluate", policyRequest{Path: path, Input: input}, &decision)
	return decision, err
}

// TrialOption refines [Policy.DryRun]: [WithModules], [CompareLast].
type TrialOption func(*policyRequest)

// WithModules tries modules on top of the tenant's own, by name. It needs policy.write.
func WithModules(rego map[string]string) TrialOption {
	return func(r *policyRequest) { r.Modules = rego }
}

// CompareLast makes so many of the newest logged decisions on the path again, 1,000 at most.
func CompareLast(n int) TrialOption { return func(r *policyRequest) { r.CompareLast = n } }

// PolicyTrial is what a policy would decide.
type PolicyTrial struct {
	PolicyDecision
	// Trace shows how the rule was evaluated, in at most 1,000 lines.
	Trace []string `json:"trace"`
	// Compared is how many logged decisions were made again.
	Compared int `json:"compared"`
	// Changes are those of them that would be others.
	Changes []PolicyChange `json:"changes"`
}

// PolicyChange is a logged decision that would be another one.
type PolicyChange struct {
	DecisionID string          `json:"decisionId"`
	Before     json.RawMessage `json:"before"`
	After      json.RawMessage `json:"after"`
}

// DryRun evaluates a rule as [Policy.Evaluate] does, with modules that are not in force. It
// changes nothing, and logs no decision.
func (p *Policy) DryRun(ctx context.Context, path string, input any, options ...TrialOption) (trial PolicyTrial, err error) {
	request := policyRequest{Path: path, Input: input}
	for _, option := range options {
		option(&request)
	}
	err = p.post(ctx, "policy.dryRun", "/v1/policy/dry-run", request, &trial)
	return trial, err
}

func (p *Policy) post(ctx context.Context, op, path string, request policyRequest, into any) error {
	data, err := encodeJSON(op, request)
	if err != nil {
		return err
	}
	return p.api.doJSON(ctx, &call{
		op: op, method: http.MethodPost, path: path, data: data, contentType: jsonType,
		repeat: always, success: []int{http.StatusOK},
	}, into)
}

// LoggedDecision is a decision as the server has kept it.
type LoggedDecision struct {
	DecisionID string    `json:"decisionId"`
	Time       time.Time `json:"time"`
	// Kind is "evaluate", "authorize" or "route".
	Kind     string `json:"kind"`
	Path     string `json:"path"`
	Revision string `json:"revision"`
	// Input is masked; nil when it could not be.
	Input json.RawMessage `json:"input"`
	// Result is nil when the rule was undefined, or its value has more than 64 KiB.
	Result  json.RawMessage `json:"result"`
	Allowed bool            `json:"allowed"`
	Reason  string          `json:"reason"`
	Subject string          `json:"subject"` // of a decision on a route: its name
	// Explain is the decision made again, when that was asked for.
	Explain *PolicyExplanation `json:"explain"`
}

// PolicyExplanation is a logged decision that was made again, by the revision that made it.
type PolicyExplanation struct {
	Result  json.RawMessage `json:"result"`
	Allowed bool            `json:"allowed"`
	// Trace shows how the rule was evaluated, in at most 1,000 lines.
	Trace []string `json:"trace"`
}

// Decision returns a logged decision.
func (p *Policy) Decision(ctx context.Context, id string) (LoggedDecision, error) {
	return p.decision(ctx, "policy.decision", id, nil)
}

// Explain returns a logged decision, made again with a trace.
func (p *Policy) Explain(ctx context.Context, id string) (LoggedDecision, error) {
	return p.decision(ctx, "policy.explain", id, url.Values{"explain": {"true"}})
}

func (p *Policy) decision(ctx context.Context, op, id string, query url.Values) (decision LoggedDecision, err error) {
	if err := checkKey(op, id, maxKey); err != nil {
		return LoggedDecision{}, err
	}
	err = p.api.doJSON(ctx, &call{
		op: op, method: http.MethodGet, path: "/v1/policy/decisions/" + url.PathEscape(id), query: query,
		repeat: always, success: []int{http.StatusOK},
	}, &decision)
	return decision, err
}

// ModuleInfo describes a module of the tenant's policy.
type ModuleInfo struct {
	Name string `json:"name"`
	// Version is a digest of its content; see [IfMatch].
	Version string `json:"version"`
	Size    int    `json:"size"` // in bytes
}

// PolicyWrite is what a change of the tenant's policy has led to.
type PolicyWrite struct {
	// Version is a digest of what was written; see [IfMatch].
	Version string `json:"version"`
	// Revision is that of the tenant's policy since then.
	Revision  string    `json:"revision"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Modules returns one page of the modules of the tenant's policy, in byte order of their
// names.
func (p *Policy) Modules(ctx context.Context, options ...PageOption) (Page[ModuleInfo], error) {
	return getPage[ModuleInfo](ctx, p.api, "policy.modules", "/v1/policy/modules", url.Values{}, options)
}

// AllModules walks through all modules, fetching pages as it goes. It ends after an error.
func (p *Policy) AllModules(ctx context.Context) iter.Seq2[ModuleInfo, error] {
	return walk("", func(cursor string) ([]ModuleInfo, string, error) {
		page, err := p.Modules(ctx, Limit(maxPageItems), Cursor(cursor))
		return page.Items, page.NextCursor, err
	})
}

// Module returns the source of a module and its version. When there is none, found is
// false.
func (p *Policy) Module(ctx context.Context, name string) (rego, version string, found bool, err error) {
	get, err := moduleCall("policy.module", http.MethodGet, name, http.StatusOK)
	if err != nil {
		return "", "", false, err
	}
	got, err := p.api.do(ctx, get)
	if isMissing(err) {
		return "", "", false, nil
	}
	if err != nil {
		return "", "", false, err
	}
	return string(got.body), bareTag(got.header.Get("ETag")), true, nil
}

// PutModule stores a module, up to 64 KiB of Rego, in place of what was there. What does not
// compile is a [ValidationError] with line and column; then nothing changes.
func (p *Policy) PutModule(ctx context.Context, name, rego string, options ...SetOption) (PolicyWrite, error) {
	put, err := moduleCall("policy.putModule", http.MethodPut, name, http.StatusOK, http.StatusCreated)
	if err != nil {
		return PolicyWrite{}, err
	}
	put.data, put.contentType = []byte(rego), regoType
	return p.put(ctx, put, options)
}

// DeleteModule removes a module. It succeeds too when there is none, unless [IfMatch] says
// which. When the others do not compile without it, that is a [ValidationError].
func (p *Policy) DeleteModule(ctx context.Context, name string, options ...UpdateOption) error {
	remove, err := moduleCall("policy.deleteModule", http.MethodDelete, name, http.StatusNoContent)
	if err != nil {
		return err
	}
	return p.remove(ctx, remove, options)
}

// Data decodes the part of the tenant's data at a path such as "teams/red", or with "" all
// of it, into value, a pointer. It returns its version. When there is none, found is false.
func (p *Policy) Data(ctx context.Context, path string, value any) (version string, found bool, err error) {
	get, err := dataCall("policy.data", http.MethodGet, path, http.StatusOK)
	if err != nil {
		return "", false, err
	}
	got, err := p.api.do(ctx, get)
	if isMissing(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return bareTag(got.header.Get("ETag")), true, got.decode(value)
}

// PutData stores what [json.Marshal] makes of a value at a path of the tenant's data, or
// with "" in place of all of it. The data has up to 1 MiB.
func (p *Policy) PutData(ctx context.Context, path string, value any, options ...SetOption) (PolicyWrite, error) {
	put, err := dataCall("policy.putData", http.MethodPut, path, http.StatusOK, http.StatusCreated)
	if err != nil {
		return PolicyWrite{}, err
	}
	if put.data, err = encodeJSON(put.op, value); err != nil {
		return PolicyWrite{}, err
	}
	put.contentType = jsonType
	return p.put(ctx, put, options)
}

// DeleteData removes what is at a path of the tenant's data, or with "" all of it. It
// succeeds too when there is none, unless [IfMatch] says which.
func (p *Policy) DeleteData(ctx context.Context, path string, options ...UpdateOption) error {
	remove, err := dataCall("policy.deleteData", http.MethodDelete, path, http.StatusNoContent)
	if err != nil {
		return err
	}
	return p.remove(ctx, remove, options)
}

func (p *Policy) put(ctx context.Context, put *call, options []SetOption) (written PolicyWrite, err error) {
	var w writing
	for _, option := range options {
		option.applyToSet(&w)
	}
	put.header = http.Header{}
	if put.repeat, err = w.condition(put.op, put.header); err != nil {
		return PolicyWrite{}, err
	}
	err = p.api.doJSON(ctx, put, &written)
	return written, err
}

func (p *Policy) remove(ctx context.Context, remove *call, options []UpdateOption) (err error) {
	var w writing
	for _, option := range options {
		option.applyToUpdate(&w)
	}
	remove.header = http.Header{}
	if remove.repeat, err = w.condition(remove.op, remove.header); err != nil {
		return err
	}
	_, err = p.api.do(ctx, remove)
	return err
}

// moduleCall is the common part of what acts on one module. It may be repeated.
func moduleCall(op, method, name string, success ...int) (*call, error) {
	path, err := pathOf(op, name, maxModuleName, maxModuleName)
	if err != nil {
		return nil, err
	}
	return &call{op: op, method: method, path: "/v1/policy/modules/" + path, repeat: always, success: success}, nil
}

// dataCall is the common part of what acts on data. It may be repeated.
func dataCall(op, method, path string, success ...int) (*call, error) {
	c := &call{op: op, method: method, path: "/v1/policy/data", repeat: always, success: success}
	if path == "" {
		return c, nil
	}
	below, err := pathOf(op, path, maxDataPath, maxDataPath)
	if err != nil {
		return nil, err
	}
	c.path += "/" + below
	return c, nil
}
