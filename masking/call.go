package masking

import (
	"context"
	"encoding/json"
)

// Options are those of one call. A nil or zero member means what the profile says.
type Options struct {
	Entities []Entity // the entities that are looked for
	Strategy Strategy // of all findings and fields
	// Fields are dotted paths from the root, of members that are masked whole besides:
	// "user.address". Arrays on the way are passed through.
	Fields []string
}

// Call masks for one tenant. It is for one goroutine.
type Call struct {
	ctx    context.Context //nolint:containedctx // a Call is one call
	tenant string
	masker *Masker
}

// For binds a tenant and the options of a call to the profile in force. An unknown entity
// or strategy is a validation_failed error that lists the known ones.
func (m *Masker) For(ctx context.Context, tenant string, _ Options) (*Call, error) {
	return &Call{ctx: ctx, tenant: tenant, masker: m}, nil
}

// String masks a text, and returns it with the findings, whose offsets are those in text.
func (c *Call) String(text string) (string, []Finding, error) {
	return c.masker.MaskString(text), c.masker.Find(nil, text), nil
}

// JSON is [Masker.MaskJSON] for the call.
func (c *Call) JSON(dst, src []byte) ([]byte, error) { return c.masker.MaskJSON(dst, src) }

// Value is [Masker.Mask] for the call.
func (c *Call) Value(v any) (any, error) { return c.masker.Mask(v), nil }

// Masked is a value that would be masked. It does not hold the text.
type Masked struct {
	Pointer  string // RFC 6901; of a member's name that of the member
	Entity   Entity // "" for a field without one
	Rule     string // "field" for a field
	Score    float64
	Start    int // in code points of the string
	End      int
	Strategy Strategy
	Field    bool // masked whole because of its name, path or tag
}

// DryRun returns what [Call.JSON] would mask in src, in its order. It makes no tokens.
func (c *Call) DryRun(src []byte) ([]Masked, error) {
	if !json.Valid(src) {
		return nil, errNotJSON()
	}
	var masked []Masked
	for _, f := range c.masker.Find(nil, string(src)) {
		masked = append(masked, Masked{Entity: f.Entity, Rule: f.Rule, Score: f.Score, Start: f.Start, End: f.End, Strategy: Auto})
	}
	return masked, nil
}
