package flags

import (
	"github.com/cpodkit/cpodkit"
)

// ApplyRule compiles one rule and computes it for a context, so that tests see outcomes
// that are no variants. Numbers are float64s.
func ApplyRule(rule []byte, flagKey string, c *Context, bucketing string) (any, ErrorCode, []cpodkit.FieldError) {
	var x any
	if err := decode(rule, &x); err != nil {
		return nil, "", []cpodkit.FieldError{{Detail: err.Error()}}
	}
	compiler := newCompiler()
	if bucketing != "" {
		compiler.selectBucketing(map[string]any{Bucketing: bucketing})
	}
	n := compiler.rule(x, nil)
	compiler.bounded(n, nil)
	if len(compiler.faults) > 0 {
		return nil, "", compiler.reported()
	}
	e := &env{targetingKey: c.TargetingKey, attributes: c.Attributes, flag: &flag{key: flagKey}, steps: maxSteps}
	v := n.eval(e)
	return v.plain(), e.code, nil
}

// plain returns the value as JSON decodes it.
func (v value) plain() any {
	switch v.kind {
	case boolean:
		return v.num != 0
	case number:
		return v.num
	case text:
		return v.str
	case list:
		all := make([]any, v.length())
		for i := range all {
			all[i] = v.at(i).plain()
		}
		return all
	case object:
		members, _ := v.ref.(map[string]any)
		all := map[string]any{}
		for name, member := range members {
			w, _ := valueOf(member)
			all[name] = w.plain()
		}
		return all
	case null:
	}
	return nil
}

// Murmur3 is the hash of rollouts.
func Murmur3(s string) uint32 { return murmur3(s) }

// Murmur3Bytes is the same over bytes.
func Murmur3Bytes(b []byte) uint32 { return murmur3(b) }
