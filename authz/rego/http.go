package rego

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// The scopes of the calls.
const (
	ReadScope  = "policy.read"  // evaluates policies, and reads them and logged decisions
	WriteScope = "policy.write" // changes policies
)

// maxDryRunBody takes the modules of a tenant and an input.
const maxDryRunBody = 2 << 20

// WithSecret sets what cursors of lists are sealed with, at least 16 bytes. Every replica
// needs the same secret. Without it New makes a random one, which is fine for one process.
func WithSecret(secret []byte) Option { return func(o *options) { o.secret = secret } }

// Routes returns the calls under /v1/policy. They act for the caller's tenant.
func (e *Engine) Routes() []cpodkit.Route {
	reads := func(name, pattern string, serve rest.Func, parameters ...string) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: pattern, Scopes: []string{ReadScope}, Access: cpodkit.Reads, Handler: rest.Handler(serve, parameters...),
		}
	}
	writes := func(name, pattern string, serve rest.Func) cpodkit.Route {
		return cpodkit.Route{
			Name: name, Pattern: pattern, Scopes: []string{WriteScope}, Access: cpodkit.Writes, Handler: rest.Handler(serve),
		}
	}
	return []cpodkit.Route{
		reads("evaluatePolicy", "POST /v1/policy/evaluate", rest.JSON(maxEvaluateBody, e.serveEvaluate)),
		reads("dryRunPolicy", "POST /v1/policy/dry-run", rest.JSON(maxDryRunBody, e.serveDryRun)),
		reads("streamPolicyUpdates", "GET /v1/policy/updates", e.serveUpdates),
		reads("listPolicyModules", "GET /v1/policy/modules", e.serveModules, "limit", "cursor"),
		reads("getPolicyModule", "GET /v1/policy/modules/{name...}", e.serveModule),
		writes("putPolicyModule", "PUT /v1/policy/modules/{name...}", e.servePutModule),
		writes("deletePolicyModule", "DELETE /v1/policy/modules/{name...}", e.serveDeleteModule),
		reads("getPolicyDocument", "GET /v1/policy/data", e.serveData),
		writes("putPolicyDocument", "PUT /v1/policy/data", e.servePutData),
		writes("deletePolicyDocument", "DELETE /v1/policy/data", e.serveDeleteData),
		reads("getPolicyData", "GET /v1/policy/data/{path...}", e.serveData),
		writes("putPolicyData", "PUT /v1/policy/data/{path...}", e.servePutData),
		writes("deletePolicyData", "DELETE /v1/policy/data/{path...}", e.serveDeleteData),
		reads("getPolicyDecision", "GET /v1/policy/decisions/{id}", e.serveDecision, "explain"),
	}
}

// tenantOf returns the tenant of the caller; "" without an identity, which every call
// answers with missing_token.
func tenantOf(r *http.Request) string {
	id, _ := cpodkit.IdentityFromContext(r.Context())
	return id.TenantID
}

type evaluateBody struct {
	Path  *string         `json:"path"`
	Input json.RawMessage `json:"input"`
}

// evaluateAnswer is the answer of evaluate.
type evaluateAnswer struct {
	Result     json.RawMessage `json:"result"`
	Allowed    bool            `json:"allowed"`
	DecisionID string          `json:"decisionId"`
	Revision   string          `json:"revision"`
}

func (e *Engine) serveEvaluate(r *http.Request, body evaluateBody) (evaluateAnswer, error) {
	if body.Path == nil {
		return evaluateAnswer{}, invalid("/path", "is missing")
	}
	tenantID := tenantOf(r)
	if tenantID == "" {
		return evaluateAnswer{}, coded(cpodkit.CodeMissingToken)
	}
	d, err := e.Evaluate(r.Context(), tenantID, *body.Path, rawInput(body.Input))
	if err != nil {
		return evaluateAnswer{}, err
	}
	return evaluateAnswer{d.Result, d.Allowed, d.ID, d.Revision}, nil
}

// rawInput is an input as Evaluate takes it: one that is missing is null.
func rawInput(input json.RawMessage) any {
	if len(input) == 0 {
		return nil
	}
	return input
}

type dryRunBody struct {
	Path        *string           `json:"path"`
	Input       json.RawMessage   `json:"input"`
	Modules     map[string]string `json:"modules"`
	CompareLast int               `json:"compareLast"`
}

type dryRunAnswer struct {
	evaluateAnswer

	Trace    []string `json:"trace"`
	Compared int      `json:"compared"`
	Changes  []change `json:"changes"`
}

type change struct {
	DecisionID string          `json:"decisionId"`
	Before     json.RawMessage `json:"before"`
	After      json.RawMessage `json:"after"`
}

func (e *Engine) serveDryRun(r *http.Request, body dryRunBody) (dryRunAnswer, error) {
	if body.Path == nil {
		return dryRunAnswer{}, invalid("/path", "is missing")
	}
	if len(body.Modules) > 0 {
		id, _ := cpodkit.IdentityFromContext(r.Context())
		if err := id.Require(WriteScope); err != nil {
			return dryRunAnswer{}, err
		}
	}
	result, err := e.DryRun(r.Context(), tenantOf(r), Trial{
		Path: *body.Path, Input: body.Input, Modules: body.Modules, CompareLast: body.CompareLast,
	})
	if err != nil {
		return dryRunAnswer{}, err
	}
	answer := dryRunAnswer{
		evaluateAnswer: evaluateAnswer{result.Result, result.Allowed, result.ID, result.Revision},
		Trace:          append([]string{}, result.Trace...), Compared: result.Compared, Changes: []change{},
	}
	for _, c := range result.Changes {
		answer.Changes = append(answer.Changes, change(c))
	}
	return answer, nil
}

func (e *Engine) serveUpdates(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	tenantID := tenantOf(r)
	if tenantID == "" {
		return coded(cpodkit.CodeMissingToken)
	}
	if _, err := e.revision(r.Context(), tenantID); err != nil {
		return err
	}
	return rest.ServeEvents(w, r, rest.DefaultHeartbeat, func(ctx context.Context, lastID string, send func(rest.Event) error) error {
		return e.updates(ctx, tenantID, lastID, func(u Update) error {
			return send(rest.Event{ID: u.Revision, Data: struct {
				Revision  string    `json:"revision"`
				UpdatedAt rest.Time `json:"updatedAt"`
			}{u.Revision, rest.Time(u.UpdatedAt)}})
		})
	})
}

type explanation struct {
	Result  json.RawMessage `json:"result"`
	Allowed bool            `json:"allowed"`
	Trace   []string        `json:"trace"`
}

type decisionAnswer struct {
	LoggedDecision

	Time    rest.Time    `json:"time"`
	Explain *explanation `json:"explain,omitempty"`
}

func (e *Engine) serveDecision(w http.ResponseWriter, r *http.Request, q rest.Query) error {
	explain := false
	if q.Has("explain") {
		switch q.Get("explain") {
		case "true":
			explain = true
		case "false":
		default:
			return cpodkit.Errorf(cpodkit.CodeBadRequest, "The query parameter explain is true or false.")
		}
	}
	d, err := e.Logged(r.Context(), tenantOf(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	answer := decisionAnswer{LoggedDecision: d, Time: rest.Time(d.Time)}
	if explain {
		x, err := e.Explain(r.Context(), d)
		if err != nil {
			return err
		}
		answer.Explain = &explanation{x.Result, x.Allowed, append([]string{}, x.Trace...)}
	}
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, answer)
	return nil
}

// checkRegoMedia refuses bodies that are no plain text in UTF-8.
func checkRegoMedia(h http.Header) error {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || media != "text/plain" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return cpodkit.Errorf(cpodkit.CodeUnsupportedMediaType, "This call takes Rego: send Content-Type: text/plain; charset=utf-8.")
	}
	if h.Get("Content-Encoding") != "" {
		return cpodkit.Errorf(cpodkit.CodeUnsupportedMediaType, "This call takes a body without a Content-Encoding.")
	}
	return nil
}
