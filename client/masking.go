package client

import (
	"context"
	"encoding/json"
	"net/http"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
)

// Masking hides personal data and secrets in values and texts, by the profile of the
// server, with the scope masking.read. It is safe for concurrent use. A call sends at most
// 1 MiB of JSON.
type Masking struct{ api *api }

// MaskOption changes what one call masks: [MaskFields], [MaskEntities], [MaskWith].
type MaskOption func(*maskRequest)

type maskRequest struct {
	Value    json.RawMessage `json:"value"`
	Fields   []string        `json:"fields,omitempty"`
	Entities []string        `json:"entities,omitempty"`
	Strategy string          `json:"strategy,omitempty"`
}

// MaskFields has members masked whole, whatever they hold: dotted paths from the root, such
// as "customer.note". Arrays are passed through. It is for values, not for texts.
func MaskFields(paths ...string) MaskOption { return func(r *maskRequest) { r.Fields = paths } }

// MaskEntities has only these entities looked for, such as "EMAIL", instead of those of the
// profile. [Masking.Profile] lists them.
func MaskEntities(entities ...string) MaskOption {
	return func(r *maskRequest) { r.Entities = entities }
}

// MaskWith has what is found masked by a strategy instead of those of the profile:
// "placeholder", "shape", "last4", "fixed", "hash", "token", "drop", or one that the server
// adds. "token" needs the scope masking.write, too.
func MaskWith(strategy string) MaskOption { return func(r *maskRequest) { r.Strategy = strategy } }

// Mask masks a value: what [json.Marshal] makes of it, or a [json.RawMessage]. It decodes
// the result, which has the same shape, into masked, a pointer. A masked number is a string,
// so masked is best a pointer to a map, an any or a [json.RawMessage].
func (m *Masking) Mask(ctx context.Context, value, masked any, options ...MaskOption) error {
	const op = "masking.mask"
	var answer struct {
		Value json.RawMessage `json:"value"`
	}
	encoded, err := encodeJSON(op, value)
	if err == nil {
		err = m.mask(ctx, op, "/v1/mask", encoded, options, &answer)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(answer.Value, masked)
}

// MaskFinding is an entity in a text.
type MaskFinding struct {
	Entity string `json:"entity"`
	// Start and End count the code points of the text; End is after the last one.
	Start int `json:"start"`
	End   int `json:"end"`
	// Score is how sure the rule is, from 0 to 1.
	Score float64 `json:"score"`
}

// MaskString masks a text, and returns what was found in it.
func (m *Masking) MaskString(ctx context.Context, text string, options ...MaskOption) (masked string, findings []MaskFinding, err error) {
	const op = "masking.maskString"
	if !utf8.ValidString(text) {
		return "", nil, invalid(op, cpodkit.CodeValidationFailed, "the text is not UTF-8")
	}
	var answer struct {
		Value    string        `json:"value"`
		Findings []MaskFinding `json:"findings"`
	}
	encoded, err := encodeJSON(op, text)
	if err == nil {
		err = m.mask(ctx, op, "/v1/mask/string", encoded, options, &answer)
	}
	return answer.Value, answer.Findings, err
}

// MaskMatch is what would be masked in a value.
type MaskMatch struct {
	// Pointer is where the string, or the member, is (RFC 6901); "" is the whole value.
	Pointer string `json:"pointer"`
	// Entity is "" for a field that is masked by its name or path, unless it is known.
	Entity string  `json:"entity"`
	Rule   string  `json:"rule"` // "field" for a field
	Score  float64 `json:"score"`
	// Start and End count the code points of the string.
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Strategy string `json:"strategy"`
	// Field reports that the member is masked whole, by its name or path.
	Field bool `json:"field"`
}

// DryRun returns what [Masking.Mask] would mask in a value, and why.
func (m *Masking) DryRun(ctx context.Context, value any, options ...MaskOption) ([]MaskMatch, error) {
	const op = "masking.dryRun"
	var answer struct {
		Findings []MaskMatch `json:"findings"`
	}
	encoded, err := encodeJSON(op, value)
	if err == nil {
		err = m.mask(ctx, op, "/v1/mask/dry-run", encoded, options, &answer)
	}
	return answer.Findings, err
}

// mask makes a call, which may be repeated: it stores nothing, or the same again.
func (m *Masking) mask(ctx context.Context, op, path string, value json.RawMessage, options []MaskOption, answer any) error {
	request := maskRequest{Value: value}
	for _, option := range options {
		option(&request)
	}
	data, err := encodeJSON(op, request)
	if err != nil {
		return err
	}
	return m.api.doJSON(ctx, &call{
		op: op, method: http.MethodPost, path: path, data: data, contentType: jsonType,
		repeat: always, success: []int{http.StatusOK}, maxAnswer: maxPage,
	}, answer)
}

// MaskProfile says what the server masks, and how.
type MaskProfile struct {
	// Revision is another one after every change.
	Revision string `json:"revision"`
	// Default is the strategy of entities that have none of their own.
	Default string `json:"default"`
	// Entities has the strategy of each entity; "keep" for one that is not looked for.
	Entities map[string]string `json:"entities"`
	// Fields and Paths have the strategies of members by their names and JSON paths.
	Fields map[string]string `json:"fields"`
	Paths  map[string]string `json:"paths"`
	// Strategies lists those that [MaskWith] takes.
	Strategies []string `json:"strategies"`
}

// Profile returns the profile that is in force.
func (m *Masking) Profile(ctx context.Context) (profile MaskProfile, err error) {
	err = m.api.doJSON(ctx, &call{
		op: "masking.profile", method: http.MethodGet, path: "/v1/mask/profile", repeat: always, success: []int{http.StatusOK},
	}, &profile)
	return profile, err
}

// Detokenise returns the values of up to 1,000 tokens that the strategy "token" has made
// for the tenant. One that does not exist is absent. It needs the scope masking.detokenise,
// and the server may audit it.
func (m *Masking) Detokenise(ctx context.Context, tokens ...string) (map[string]string, error) {
	const op = "masking.detokenise"
	data, err := encodeJSON(op, map[string][]string{"tokens": append([]string{}, tokens...)})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Values map[string]string `json:"values"`
	}
	err = m.api.doJSON(ctx, &call{
		op: op, method: http.MethodPost, path: "/v1/mask/detokenise", data: data, contentType: jsonType,
		repeat: always, success: []int{http.StatusOK}, maxAnswer: maxPage,
	}, &answer)
	return answer.Values, err
}
