package flags

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/strictjson"
)

const (
	// MaxContext is the most bytes of a context in JSON: 64 KiB.
	MaxContext = 64 << 10

	// MaxContextMembers is how many members a context has at most, those of nested
	// objects and the elements of arrays included.
	MaxContextMembers = 1000

	// TargetingKey is the member of a context, in JSON and in rules, that names whom
	// a flag is evaluated for.
	TargetingKey = "targetingKey"

	// IdentityMember is the member of a context in which rules find the identity that
	// the server has verified: an object with the members tenant, app, user and
	// claims. What a client sends in this member is never seen.
	IdentityMember = "identity"
)

// Context is what rules know of whom a flag is evaluated for. An evaluation does not
// change it. A nil Context is an empty one.
type Context struct {
	// TargetingKey is whom the flag is evaluated for; rollouts go by it. With "" it is
	// the text in Attributes["targetingKey"], if there is one.
	TargetingKey string

	// Attributes are what JSON decodes to, or other plain Go values: integers,
	// time.Time (RFC 3339 in rules), maps, slices and structs, which are read as
	// encoding/json writes them. A rule that meets NaN, an infinity or what JSON cannot
	// hold, ends with the error code INVALID_CONTEXT.
	Attributes map[string]any

	identity func() map[string]any // what rules see of it; nil without one
}

// ParseContext reads a context from a JSON object. It is validation_failed with JSON
// pointers for what is no object, a targetingKey that is not a string, a member that
// stands twice, and for more than [MaxContext] bytes, [MaxContextMembers] members or
// 64 levels. Nothing or null is an empty context.
func ParseContext(data []byte) (*Context, error) {
	if len(data) == 0 {
		return &Context{}, nil
	}
	if len(data) > MaxContext {
		return nil, invalid("", fmt.Sprintf("the context has %d bytes; at most %d are allowed", len(data), MaxContext))
	}
	var attributes map[string]any
	if err := decode(data, &attributes); err != nil {
		return nil, err
	}
	c := &Context{Attributes: attributes}
	if members := count(attributes); members > MaxContextMembers {
		return nil, invalid("", fmt.Sprintf("the context has %d members; at most %d are allowed", members, MaxContextMembers))
	}
	if err := plainNumbers(attributes, nil); err != nil {
		return nil, err
	}
	switch key := attributes[TargetingKey].(type) {
	case nil:
	case string:
		c.TargetingKey = key
	default:
		return nil, invalid("/"+TargetingKey, "must be a string")
	}
	return c, nil
}

// decode reads JSON, and words what is wrong with it.
func decode(data []byte, dst any) error {
	faults, err := strictjson.Unmarshal(data, dst)
	if err != nil {
		return invalid("", "is not valid JSON: "+err.Error())
	}
	fields := make([]cpodkit.FieldError, len(faults))
	for i, f := range faults {
		fields[i] = cpodkit.FieldError{Pointer: f.Pointer, Detail: f.Detail}
	}
	if len(fields) > 0 {
		return cpodkit.ValidationError(fields...)
	}
	return nil
}

func count(x any) int {
	n := 0
	switch x := x.(type) {
	case map[string]any:
		n = len(x)
		for _, member := range x {
			n += count(member)
		}
	case []any:
		n = len(x)
		for _, element := range x {
			n += count(element)
		}
	}
	return n
}

// plainNumbers replaces each json.Number by a float64.
func plainNumbers(x any, at *place) error {
	replace := func(member any, at *place) (any, error) {
		digits, ok := member.(json.Number)
		if !ok {
			return member, plainNumbers(member, at)
		}
		f, err := digits.Float64()
		if err != nil {
			return nil, invalid(at.pointer(), "is too large a number")
		}
		return f, nil
	}
	var err error
	switch x := x.(type) {
	case map[string]any:
		for name, member := range x {
			if x[name], err = replace(member, at.member(name)); err != nil {
				return err
			}
		}
	case []any:
		for i, element := range x {
			if x[i], err = replace(element, at.element(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// root returns a member of the context itself, as rules see it.
func (e *env) root(name string) (value, bool) {
	switch name {
	case TargetingKey:
		if key, ok := e.target(); ok {
			return textValue(key), true
		}
	case IdentityMember:
		if members := e.members(); members != nil {
			return value{kind: object, ref: members}, true
		}
	}
	x, ok := e.attributes[name]
	if !ok {
		return value{}, false
	}
	return e.admit(x), true
}

// members returns what rules see of the identity, nil without one.
func (e *env) members() map[string]any {
	switch {
	case e.subject != nil:
		return e.subject.members(e.ctx)
	case e.identity != nil:
		return e.identity()
	}
	return nil
}

// whole returns the whole context as rules see it.
func (e *env) whole() map[string]any {
	whole := map[string]any{}
	maps.Copy(whole, e.attributes)
	if key, ok := e.target(); ok {
		whole[TargetingKey] = key
	}
	if members := e.members(); members != nil {
		whole[IdentityMember] = members
	}
	whole["$flagd"] = map[string]any{"flagKey": e.flag.key, "timestamp": e.timestamp()}
	return whole
}
