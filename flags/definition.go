package flags

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
)

const (
	// MaxDefinition is the most bytes of one definition: 1 MiB.
	MaxDefinition = 1 << 20

	// MaxFlags is how many flags a set has at most.
	MaxFlags = 10_000

	// maxSafeInteger is the largest integer that every reader of JSON keeps.
	maxSafeInteger = 1<<53 - 1
)

// Parse reads a definition in flagd's JSON format and compiles its rules
// (https://flagd.dev/reference/flag-definitions). Members that the format does not have
// are left out.
//
// A wrong definition is one validation_failed error with up to 20 faults, each with its
// JSON pointer; [Position] finds it in the text.
func Parse(definition []byte) (*Set, error) {
	f, faults, err := parse(definition, MaxDefinition)
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, refused(faults)
	}
	return newSet([]*fragment{f})
}

// ParseLenient is [Parse] as flagd does it: a flag with a fault stays in the set and
// evaluates to PARSE_ERROR, and all others work. A rule that names a variant that does
// not exist evaluates to GENERAL when it chooses that. The faults are those that Parse
// would return. The error is for what no flag can be read from.
func ParseLenient(definition []byte) (*Set, []cpodkit.FieldError, error) {
	f, faults, err := parse(definition, MaxDefinition)
	if err != nil {
		return nil, nil, err
	}
	set, err := newSet([]*fragment{f})
	return set, faults, err
}

func refused(faults []cpodkit.FieldError) *cpodkit.Error {
	e := cpodkit.ValidationError(faults...)
	e.Detail = "The flag definition is wrong; errors says where."
	return e
}

func invalid(pointer, detail string) *cpodkit.Error {
	return cpodkit.ValidationError(cpodkit.FieldError{Pointer: pointer, Detail: detail})
}

// fragment is one compiled definition. Nobody changes it.
type fragment struct {
	flags    map[string]*flag
	metadata map[string]any
	digest   digest // of its JSON
}

type digest [sha256.Size]byte

// flag is one compiled flag.
type flag struct {
	key      string
	rule     eval // nil without targeting
	metadata map[string]any
	variants []Result // of a targeting that chose them, in the order of their names
	fallback Result   // when there is no targeting, or it chooses nothing, or of a fault
	digest   digest   // of what it is made of
}

// parse returns what can be read, and what is wrong with it.
func parse(definition []byte, maxBytes int) (*fragment, []cpodkit.FieldError, error) {
	if len(definition) > maxBytes {
		return nil, nil, invalid("", fmt.Sprintf("the definition has %d bytes; at most %d are allowed", len(definition), maxBytes))
	}
	var root any
	if err := decode(definition, &root); err != nil {
		if e, ok := errors.AsType[*cpodkit.Error](err); ok {
			return nil, nil, refused(e.Fields)
		}
		return nil, nil, err
	}
	members, ok := root.(map[string]any)
	if !ok {
		return nil, nil, invalid("", "must be an object")
	}
	c := newCompiler()
	f := &fragment{flags: map[string]*flag{}, digest: sha256.Sum256(definition)}
	f.metadata = c.metadata(members["metadata"], (*place)(nil).member("metadata"))
	c.selectBucketing(f.metadata)
	c.compileEvaluators(members["$evaluators"])
	definitions, err := c.definitions(members)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range definitions {
		f.flags[d.key] = c.flag(d, f.metadata)
	}
	c.digestFlags(f, members, definitions)
	return f, c.reported(), nil
}

func (c *compiler) selectBucketing(metadata map[string]any) {
	switch selected := metadata[Bucketing]; selected {
	case nil:
	case "v0.12":
		c.isV012 = true
	default:
		c.fault((*place)(nil).member("metadata").member(Bucketing), `must be "v0.12", or left out`)
	}
}

func (c *compiler) compileEvaluators(x any) {
	at := (*place)(nil).member("$evaluators")
	if x == nil {
		return
	}
	var ok bool
	if c.evaluators, ok = x.(map[string]any); !ok {
		c.fault(at, "must be an object")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(c.evaluators)) {
		c.evaluator(name)
	}
}

// metadata returns what is plain in the metadata of a flag or a set.
func (c *compiler) metadata(x any, at *place) map[string]any {
	if x == nil {
		return nil
	}
	members, ok := x.(map[string]any)
	if !ok {
		c.fault(at, "must be an object")
		return nil
	}
	plain := make(map[string]any, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch member := members[name].(type) {
		case nil: // flagd leaves it out
		case bool, string:
			plain[name] = member
		case json.Number:
			plain[name] = c.scalar(member, at.member(name)).num
		default:
			c.fault(at.member(name), "must be a string, a number or a boolean")
		}
	}
	return plain
}

// flagDefinition is one flag before it is compiled.
type flagDefinition struct {
	key     string
	at      *place
	members any
}

// definitions returns the flags in the order of their keys. Flags are an object, or an
// array of objects with a key each.
func (c *compiler) definitions(members map[string]any) ([]flagDefinition, error) {
	at := (*place)(nil).member("flags")
	var all []flagDefinition
	switch flags := members["flags"].(type) {
	case map[string]any:
		for key, members := range flags {
			all = append(all, flagDefinition{key, at.member(key), members})
		}
	case []any:
		seen := map[string]bool{}
		for i, element := range flags {
			members, _ := element.(map[string]any)
			key, ok := members["key"].(string)
			switch {
			case !ok:
				c.fault(at.element(i), "must be an object with a key, a string")
			case seen[key]:
				c.fault(at.element(i).member("key"), "there are two flags %q", key)
			default:
				seen[key] = true
				all = append(all, flagDefinition{key, at.element(i), members})
			}
		}
	default:
		return nil, refused([]cpodkit.FieldError{{Pointer: at.pointer(), Detail: "must be an object of flags by their keys, or an array of flags with keys"}})
	}
	if len(all) > MaxFlags {
		return nil, tooManyFlags(len(all))
	}
	slices.SortFunc(all, func(a, b flagDefinition) int { return strings.Compare(a.key, b.key) })
	return all, nil
}

func tooManyFlags(n int) error {
	return refused([]cpodkit.FieldError{{Pointer: "/flags", Detail: fmt.Sprintf("there are %d flags; at most %d are allowed", n, MaxFlags)}})
}
