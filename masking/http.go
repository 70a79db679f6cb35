package masking

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// The scopes of the calls.
const (
	ReadScope       = "masking.read"       // masks, and reads the profile
	WriteScope      = "masking.write"      // makes tokens
	DetokeniseScope = "masking.detokenise" // turns tokens back
)

// What one call takes at most. More is validation_failed.
const (
	maxNames  = 100 // of entities, and of fields
	maxTokens = 1_000
)

// Routes returns the calls under /v1/mask. They act for the caller's tenant. A call that
// makes tokens needs [WriteScope] besides [ReadScope].
func (m *Masker) Routes() []cpodkit.Route {
	route := func(name, pattern, scope string, access cpodkit.Access, serve rest.Func) cpodkit.Route {
		return cpodkit.Route{Name: name, Pattern: pattern, Scopes: []string{scope}, Access: access, Handler: rest.Handler(serve)}
	}
	return []cpodkit.Route{
		route("mask", "POST /v1/mask", ReadScope, cpodkit.Reads, m.serveMask),
		route("maskString", "POST /v1/mask/string", ReadScope, cpodkit.Reads, rest.JSON(0, m.serveMaskString)),
		route("dryRunMask", "POST /v1/mask/dry-run", ReadScope, cpodkit.Reads, rest.JSON(0, m.serveDryRun)),
		route("getMaskProfile", "GET /v1/mask/profile", ReadScope, cpodkit.Reads, m.serveProfile),
		route("detokenise", "POST /v1/mask/detokenise", DetokeniseScope, cpodkit.Writes, rest.JSON(0, m.serveDetokenise)),
	}
}

// maskOptions are those of a body.
type maskOptions struct {
	Entities []Entity `json:"entities"`
	Strategy Strategy `json:"strategy"`
}

type maskBody struct {
	maskOptions
	Value  json.RawMessage `json:"value"`
	Fields []string        `json:"fields"`
}

// bind returns what masks for the caller of a request. With writes it needs the scope for
// tokens where it makes any.
func (m *Masker) bind(r *http.Request, isMissing bool, o Options, writes bool) (*Call, error) {
	var faults []cpodkit.FieldError
	if isMissing {
		faults = append(faults, cpodkit.FieldError{Pointer: "/value", Detail: "is missing"})
	}
	for pointer, n := range map[string]int{"/entities": len(o.Entities), "/fields": len(o.Fields)} {
		if n > maxNames {
			faults = append(faults, cpodkit.FieldError{Pointer: pointer, Detail: fmt.Sprintf("has more than %d names", maxNames)})
		}
	}
	if faults != nil {
		return nil, cpodkit.ValidationError(faults...)
	}
	id, _ := cpodkit.IdentityFromContext(r.Context())
	call, err := m.For(r.Context(), id.TenantID, o)
	if err == nil && writes && call.makesTokens() {
		err = id.Require(WriteScope)
	}
	return call, err
}

func (m *Masker) serveMask(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	var body maskBody
	if err := cpodkit.DecodeJSON(w, r, &body, 0); err != nil {
		return err
	}
	call, err := m.bind(r, body.Value == nil, Options{Entities: body.Entities, Strategy: body.Strategy, Fields: body.Fields}, true)
	if err != nil {
		return err
	}
	const before = `{"value":`
	answer := append(make([]byte, 0, len(before)+len(body.Value)+len(body.Value)/8), before...)
	if answer, err = call.JSON(answer, body.Value); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	rest.WriteRaw(w, http.StatusOK, append(answer, '}'))
	return nil
}

type maskStringBody struct {
	maskOptions
	Value *string `json:"value"`
}

type maskStringAnswer struct {
	Value    string        `json:"value"`
	Findings []findingView `json:"findings"`
}

type findingView struct {
	Entity Entity  `json:"entity"`
	Start  int     `json:"start"`
	End    int     `json:"end"`
	Score  float64 `json:"score"`
}

func (m *Masker) serveMaskString(r *http.Request, body maskStringBody) (maskStringAnswer, error) {
	call, err := m.bind(r, body.Value == nil, Options{Entities: body.Entities, Strategy: body.Strategy}, true)
	if err != nil {
		return maskStringAnswer{}, err
	}
	masked, found, err := call.String(*body.Value)
	if err != nil {
		return maskStringAnswer{}, err
	}
	return maskStringAnswer{masked, viewFindings(*body.Value, found)}, nil
}

// viewFindings counts the offsets of findings, which are in their order, in code points.
func viewFindings(text string, found []Finding) []findingView {
	views := make([]findingView, len(found))
	bytes, points := 0, 0
	to := func(offset int) int {
		points += utf8.RuneCountInString(text[bytes:offset])
		bytes = offset
		return points
	}
	for i, f := range found {
		views[i] = findingView{f.Entity, to(f.Start), to(f.End), f.Score}
	}
	return views
}

type dryRunAnswer struct {
	Findings []maskedView `json:"findings"`
}

type maskedView struct {
	Pointer  string   `json:"pointer"`
	Entity   Entity   `json:"entity,omitempty"`
	Rule     string   `json:"rule"`
	Score    float64  `json:"score"`
	Start    int      `json:"start"`
	End      int      `json:"end"`
	Strategy Strategy `json:"strategy"`
	Field    bool     `json:"field,omitempty"`
}

func (m *Masker) serveDryRun(r *http.Request, body maskBody) (dryRunAnswer, error) {
	call, err := m.bind(r, body.Value == nil, Options{Entities: body.Entities, Strategy: body.Strategy, Fields: body.Fields}, false)
	if err != nil {
		return dryRunAnswer{}, err
	}
	found, err := call.DryRun(body.Value)
	if err != nil {
		return dryRunAnswer{}, err
	}
	answer := dryRunAnswer{make([]maskedView, len(found))}
	for i, f := range found {
		answer.Findings[i] = maskedView(f)
	}
	return answer, nil
}

type profileAnswer struct {
	Revision   string              `json:"revision"`
	Default    Strategy            `json:"default"`
	Entities   map[Entity]Strategy `json:"entities"`
	Fields     map[string]Strategy `json:"fields"`
	Paths      map[string]Strategy `json:"paths"`
	Strategies []Strategy          `json:"strategies"`
}

// serveProfile leaves out the texts of the allow-list and the deny-list, which may be what
// is to be hidden, and the patterns, which may tell how.
func (m *Masker) serveProfile(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	p := m.Profile()
	answer := profileAnswer{m.Revision(), p.Default, p.Entities, p.Fields, p.Paths, m.strategies()}
	if answer.Paths == nil {
		answer.Paths = map[string]Strategy{}
	}
	w.Header().Set("Cache-Control", "no-store")
	cpodkit.WriteJSON(w, r, http.StatusOK, answer)
	return nil
}

// strategies returns all that a call may name.
func (m *Masker) strategies() []Strategy {
	return append(Strategies(), slices.Sorted(maps.Keys(m.options.strategies))...)
}

type detokeniseBody struct {
	Tokens *[]string `json:"tokens"`
}

type detokeniseAnswer struct {
	Values map[string]string `json:"values"`
}

func (m *Masker) serveDetokenise(r *http.Request, body detokeniseBody) (detokeniseAnswer, error) {
	fault := ""
	switch {
	case body.Tokens == nil:
		fault = "is missing"
	case len(*body.Tokens) > maxTokens:
		fault = fmt.Sprintf("has more than %d tokens", maxTokens)
	}
	if fault != "" {
		return detokeniseAnswer{}, cpodkit.ValidationError(cpodkit.FieldError{Pointer: "/tokens", Detail: fault})
	}
	id, _ := cpodkit.IdentityFromContext(r.Context())
	values, err := m.Detokenise(r.Context(), id.TenantID, *body.Tokens)
	return detokeniseAnswer{values}, err
}
