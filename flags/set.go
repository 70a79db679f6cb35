package flags

import (
	"crypto/sha256"
	"encoding/base64"
	"iter"
	"maps"
	"slices"
	"sync"
)

// Set is the compiled flags of one definition or of several. Nobody changes it; it is
// safe for concurrent use.
type Set struct {
	flags    map[string]*flag
	keys     []string // sorted
	metadata map[string]any
	version  string
	envs     sync.Pool // of *env: what is handed to a rule escapes
}

// newSet puts definitions together: of two flags with one key the later one stays, with
// the evaluators and the metadata of its own definition.
func newSet(fragments []*fragment) (*Set, error) {
	s := &Set{}
	s.envs.New = func() any { return new(env) }
	hash := sha256.New()
	for _, f := range fragments {
		_, _ = hash.Write(f.digest[:]) // it never fails
		s.metadata = merged(s.metadata, f.metadata)
	}
	s.version = base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:18])
	if len(fragments) == 1 {
		s.flags = fragments[0].flags
	} else {
		s.flags = map[string]*flag{}
		for _, f := range fragments {
			maps.Copy(s.flags, f.flags)
		}
	}
	if len(s.flags) > MaxFlags {
		return nil, tooManyFlags(len(s.flags))
	}
	s.keys = slices.Sorted(maps.Keys(s.flags))
	return s, nil
}

// Version identifies what the set was made of: equal versions evaluate equally. It is
// 24 characters of base64url.
func (s *Set) Version() string { return s.version }

// Metadata returns the metadata of the set, which is not to be changed. Of several
// definitions the later one's members hold.
func (s *Set) Metadata() map[string]any { return s.metadata }

// Len returns how many flags the set has.
func (s *Set) Len() int { return len(s.keys) }

// Keys returns the keys of the flags in their order.
func (s *Set) Keys() iter.Seq[string] { return slices.Values(s.keys) }

// Evaluate returns the value that a flag has for c, which may be nil. An unknown key is
// a result with the code FLAG_NOT_FOUND.
func (s *Set) Evaluate(key string, c *Context) Result {
	f, ok := s.flags[key]
	if !ok {
		return failed(key, ErrorFlagNotFound, "There is no such flag.", s.metadata)
	}
	if f.rule == nil {
		return f.fallback
	}
	e := s.envs.Get().(*env) //nolint:errcheck,forcetypeassert // nothing else is put
	e.context = c
	r := f.evaluate(e)
	*e = env{} // the pool keeps no context
	s.envs.Put(e)
	return r
}

// EvaluateAll returns the values of all flags for c, in the order of their keys.
func (s *Set) EvaluateAll(c *Context) []Result {
	results := make([]Result, len(s.keys))
	e := &env{context: c}
	for i, key := range s.keys {
		f := s.flags[key]
		if f.rule == nil {
			results[i] = f.fallback
			continue
		}
		results[i] = f.evaluate(e)
	}
	return results
}

// evaluate computes the rule of the flag.
func (f *flag) evaluate(e *env) Result {
	e.flag, e.steps, e.code = f, maxSteps, ""
	v := f.rule(e)
	if e.code != "" {
		return f.broken(e.code)
	}
	name, ok := variantName(v)
	if v.kind == null {
		return f.fallback
	}
	if ok {
		for i := range f.few {
			if f.few[i].Variant == name {
				return f.few[i]
			}
		}
		if chosen, known := f.variants[name]; known {
			return chosen
		}
	}
	return failed(f.key, ErrorGeneral, "The targeting chose what is not a variant of the flag.", f.metadata)
}

func (f *flag) broken(code ErrorCode) Result {
	message := "The targeting takes too many steps."
	if code == ErrorInvalidContext {
		message = "The targeting met a value in the context that JSON cannot hold."
	}
	return failed(f.key, code, message, f.metadata)
}

// Changed returns the keys of the flags that are in one of the two sets alone, or may
// evaluate differently in them, in their order. A nil set is an empty one.
func (s *Set) Changed(before *Set) []string {
	var changed []string
	var old map[string]*flag
	if before != nil {
		old = before.flags
	}
	for key, f := range s.flags {
		if g, ok := old[key]; !ok || g != f && g.digest != f.digest {
			changed = append(changed, key)
		}
	}
	for key := range old {
		if _, ok := s.flags[key]; !ok {
			changed = append(changed, key)
		}
	}
	slices.Sort(changed)
	return changed
}
