package flags

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
)

// flag compiles a flag. One with a fault becomes one that evaluates to PARSE_ERROR.
func (c *compiler) flag(d flagDefinition, setMetadata map[string]any) *flag {
	before := len(c.faults)
	c.isBroken = false
	f := &flag{key: d.key}
	members, ok := d.members.(map[string]any)
	if !ok {
		c.fault(d.at, "must be an object")
	}
	if d.key == "" {
		c.fault(d.at, "has the empty key")
	}
	f.metadata = merged(setMetadata, c.metadata(members["metadata"], d.at.member("metadata")))
	var results []result
	if ok {
		results = c.members(f, members, d.at)
	}
	if c.isBroken {
		message := "The flag refers to an evaluator that is wrong."
		if len(c.faults) > before {
			first := c.faults[before]
			message = "The definition of the flag is wrong at " + first.at.pointer() + ": " + first.detail + "."
		}
		f.rule, f.fallback = nil, failed(d.key, ErrorParse, message, f.metadata)
	}
	for _, r := range results {
		if name, ok := variantName(r.value); !ok {
			c.fault(r.at, "is no variant: it must be a string, true, false or null")
		} else if f.variant(name) == nil && r.value.kind != null && f.variants != nil {
			c.fault(r.at, "there is no variant %q", name)
		}
	}
	return f
}

// members compiles the members of a flag. It returns the literal outcomes of its
// targeting.
func (c *compiler) members(f *flag, members map[string]any, at *place) []result {
	f.variants = c.variants(f, members["variants"], at)
	reason := ReasonStatic
	var results []result
	switch targeting := members["targeting"].(type) {
	case nil:
	case map[string]any:
		if len(targeting) == 0 {
			break
		}
		reason = ReasonDefault
		at := at.member("targeting")
		n := c.rule(targeting, at)
		if c.isBroken || c.bounded(n, at) {
			f.rule, results = n.eval, n.results
		}
	default:
		c.fault(at.member("targeting"), "must be an object")
	}
	f.fallback = Result{Key: f.key, Reason: reason, Metadata: f.metadata}
	switch name := members["defaultVariant"].(type) {
	case nil:
		// The value is the caller's default.
		f.fallback.Reason = ReasonDefault
	case string:
		if chosen := f.variant(name); chosen != nil {
			f.fallback.Value, f.fallback.Variant = chosen.Value, name
		} else if f.variants != nil {
			c.fault(at.member("defaultVariant"), "there is no variant %q", name)
		}
	default:
		c.fault(at.member("defaultVariant"), "must be the name of a variant, a string, or null")
	}
	switch state := members["state"]; state {
	case "ENABLED":
	case "DISABLED":
		f.rule, f.fallback = nil, Result{Key: f.key, Reason: ReasonDisabled, Metadata: f.metadata}
	default:
		c.fault(at.member("state"), `must be "ENABLED" or "DISABLED"`)
	}
	return results
}

// variant returns the result of a variant, or nil.
func (f *flag) variant(name string) *Result {
	const few = 8
	if len(f.variants) > few {
		byName := func(r Result, name string) int { return strings.Compare(r.Variant, name) }
		if i, ok := slices.BinarySearchFunc(f.variants, name, byName); ok {
			return &f.variants[i]
		}
		return nil
	}
	for i := range f.variants {
		if f.variants[i].Variant == name {
			return &f.variants[i]
		}
	}
	return nil
}

// variants returns the results of the variants, or nil after a fault.
func (c *compiler) variants(f *flag, x any, at *place) []Result {
	at = at.member("variants")
	members, ok := x.(map[string]any)
	if !ok || len(members) == 0 {
		c.fault(at, "must be an object with at least one variant")
		return nil
	}
	variants := make([]Result, 0, len(members))
	var first string
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if name == "" {
			c.fault(at.member(name), "has the empty name")
		}
		v, typeName := c.variantValue(members[name], at.member(name))
		switch {
		case i == 0:
			first = typeName
		case typeName != first:
			c.fault(at.member(name), "is %s, and other variants of the flag are %s", typeName, first)
		}
		variants = append(variants, Result{
			Key: f.key, Value: v, Variant: name, Reason: ReasonTargetingMatch, Metadata: f.metadata,
		})
	}
	return variants
}

// variantValue returns the value of a variant in Go's plain types, and what it is.
func (c *compiler) variantValue(x any, at *place) (v any, typeName string) {
	switch x := x.(type) {
	case bool:
		return x, "a boolean"
	case string:
		return x, "a string"
	case json.Number:
		f, err := x.Float64()
		if err != nil || math.Abs(f) > maxSafeInteger {
			c.fault(at, "must be within ±(2^53-1), which every reader of JSON keeps")
		}
		return f, "a number"
	case map[string]any, []any:
		if err := plainNumbers(x, at); err != nil {
			c.fault(at, "holds too large a number")
		}
		return x, "an object"
	}
	c.fault(at, "must be a boolean, a string, a number or an object")
	return nil, "null"
}

// variantName returns the name of the variant that a rule chooses with v, "" for null.
// Booleans and numbers choose by their text.
func variantName(v value) (string, bool) {
	switch v.kind {
	case text:
		return v.str, true
	case boolean, number:
		return v.toText(), true
	case null:
		return "", true
	case list, object:
	}
	return "", false
}

// digestFlags notes what each flag is made of: two flags with the same digest evaluate
// to the same.
func (c *compiler) digestFlags(f *fragment, members map[string]any, definitions []flagDefinition) {
	shared := encoded([]any{members["$evaluators"], members["metadata"]})
	for _, d := range definitions {
		hash := sha256.New()
		_, _ = hash.Write(shared) // it never fails
		_, _ = hash.Write(encoded(d.members))
		hash.Sum(f.flags[d.key].digest[:0])
	}
}

// encoded returns what was decoded from JSON in JSON again.
func encoded(x any) []byte {
	text, err := json.Marshal(x)
	if err != nil {
		return nil // it is not: it was JSON
	}
	return text
}

// merged returns the members of both maps; those of over hold.
func merged(under, over map[string]any) map[string]any {
	if len(over) == 0 {
		return under
	}
	all := maps.Clone(under)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, over)
	return all
}
