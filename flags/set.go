package flags

import (
	"crypto/sha256"
	"encoding/base64"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Set is the compiled flags of one definition or of several. Nobody changes it; it is
// safe for concurrent use.
type Set struct {
	flags    map[string]*flag
	sorted   []*flag // by their keys
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
	s.sorted = slices.SortedFunc(maps.Values(s.flags), func(f, g *flag) int { return strings.Compare(f.key, g.key) })
	return s, nil
}

// Version identifies what the set was made of: equal versions evaluate equally. It is
// 24 characters of base64url.
func (s *Set) Version() string { return s.version }

// Metadata returns the metadata of the set, which is not to be changed. Of several
// definitions the later one's members hold.
func (s *Set) Metadata() map[string]any { return s.metadata }

// Len returns how many flags the set has.
func (s *Set) Len() int { return len(s.sorted) }

// Keys returns the keys of the flags in their order.
func (s *Set) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range s.sorted {
			if !yield(f.key) {
				return
			}
		}
	}
}

// Evaluate returns the value that a flag has for c, which may be nil. An unknown key is
// a result with the code FLAG_NOT_FOUND.
func (s *Set) Evaluate(key string, c *Context) Result { return *s.evaluate(key, s.env(c)) }

// env returns what an evaluation for c computes in. The pool keeps what an evaluation
// was for until the next one or the garbage collector comes.
func (s *Set) env(c *Context) *env {
	e := s.envs.Get().(*env) //nolint:errcheck,forcetypeassert // nothing else is put
	if c == nil {
		c = &Context{}
	}
	e.targetingKey, e.attributes, e.identity = c.TargetingKey, c.Attributes, c.identity
	e.subject, e.ctx, e.now = nil, nil, 0
	return e
}

// evaluate evaluates a flag, and gives e back. Nobody changes the result.
func (s *Set) evaluate(key string, e *env) *Result {
	f, ok := s.flags[key]
	if !ok {
		s.envs.Put(e)
		r := failed(key, ErrorFlagNotFound, "There is no such flag.", s.metadata)
		return &r
	}
	r := f.evaluate(e)
	s.envs.Put(e)
	return r
}

// EvaluateAll returns the values of all flags for c, in the order of their keys.
func (s *Set) EvaluateAll(c *Context) []Result {
	results := make([]Result, len(s.sorted))
	e := s.env(c)
	for i, f := range s.sorted {
		results[i] = *f.evaluate(e)
	}
	s.envs.Put(e)
	return results
}

// evaluate returns the result of the flag, which is not to be changed.
func (f *flag) evaluate(e *env) *Result {
	if f.rule == nil {
		return &f.fallback
	}
	e.flag, e.steps, e.code = f, maxSteps, ""
	v := f.rule(e)
	if e.code != "" {
		return f.broken(e.code)
	}
	if v.kind == null {
		return &f.fallback
	}
	if name, ok := variantName(v); ok {
		if chosen := f.variant(name); chosen != nil {
			return chosen
		}
	}
	r := failed(f.key, ErrorGeneral, "The targeting chose what is not a variant of the flag.", f.metadata)
	return &r
}

func (f *flag) broken(code ErrorCode) *Result {
	message := "The targeting takes too many steps."
	if code == ErrorInvalidContext {
		message = "The targeting met a value in the context that JSON cannot hold."
	}
	r := failed(f.key, code, message, f.metadata)
	return &r
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
