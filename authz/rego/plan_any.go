package rego

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// anyPlan reads what is in an interface: a decoded JSON value, or else what package json
// makes of it.
type anyPlan struct{ node *readNode }

func (p anyPlan) key(buf []byte, v reflect.Value) []byte {
	if v.IsNil() {
		return append(buf, markNull)
	}
	return keyOfAny(buf, v.Elem().Interface(), p.node)
}

func (p anyPlan) value(v reflect.Value) (ast.Value, error) {
	if v.IsNil() {
		return ast.NullValue, nil
	}
	return valueOfAny(v.Elem().Interface(), p.node)
}

func keyOfAny(buf []byte, v any, n *readNode) []byte {
	switch v := v.(type) {
	case nil:
		return append(buf, markNull)
	case bool:
		return boolPlan{}.key(buf, reflect.ValueOf(v))
	case string:
		return appendText(buf, markString, v)
	case json.Number:
		return appendText(buf, markNumber, string(v))
	case []any:
		buf = appendText(buf, markArray, "")
		for _, elem := range v {
			buf = keyOfAny(buf, elem, n)
		}
		return append(buf, markAbsent)
	case map[string]any:
		buf = append(buf, markObject)
		for _, name := range namesIn(v, n) {
			if member, ok := v[name]; ok {
				buf = keyOfAny(appendText(buf, markString, name), member, n.part(name))
			}
		}
		return append(buf, markAbsent)
	}
	return marshaled{n}.key(buf, reflect.ValueOf(v))
}

func valueOfAny(v any, n *readNode) (ast.Value, error) {
	switch v := v.(type) {
	case []any:
		elems := make([]*ast.Term, len(v))
		for i, elem := range v {
			value, err := valueOfAny(elem, n)
			if err != nil {
				return nil, err
			}
			elems[i] = ast.NewTerm(value)
		}
		return ast.NewArray(elems...), nil
	case map[string]any:
		var items [][2]*ast.Term
		for _, name := range namesIn(v, n) {
			member, ok := v[name]
			if !ok {
				continue
			}
			value, err := valueOfAny(member, n.part(name))
			if err != nil {
				return nil, err
			}
			items = append(items, [2]*ast.Term{ast.NewTerm(textOf(name)), ast.NewTerm(value)})
		}
		return ast.NewObject(items...), nil
	case nil, bool, string, json.Number:
		return ast.InterfaceToValue(v)
	}
	return marshaled{n}.value(reflect.ValueOf(v))
}

func namesIn(m map[string]any, n *readNode) []string {
	if n.isWhole {
		return slices.Sorted(maps.Keys(m))
	}
	return n.names
}

// part returns the node of a member.
func (n *readNode) part(name string) *readNode {
	if n.isWhole {
		return n
	}
	return n.parts[name]
}

// marshaled reads what package json makes of a value.
type marshaled struct{ node *readNode }

func (p marshaled) text(v reflect.Value) (json.RawMessage, error) {
	if v.Kind() != reflect.Interface && v.CanAddr() {
		v = v.Addr()
	}
	if raw, ok := reflect.TypeAssert[*json.RawMessage](v); ok && len(*raw) > 0 {
		return partOf(*raw, p.node)
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, err
	}
	return partOf(text, p.node)
}

// partOf returns the parts of a JSON text as one.
func partOf(text json.RawMessage, n *readNode) (json.RawMessage, error) {
	if n.isWhole {
		return text, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		var v any
		return json.RawMessage("{}"), json.Unmarshal(text, &v) // not an object: it has no names
	}
	parts := map[string]json.RawMessage{}
	for _, name := range n.names {
		if member, ok := all[name]; ok {
			part, err := partOf(member, n.parts[name])
			if err != nil {
				return nil, err
			}
			parts[name] = part
		}
	}
	return json.Marshal(parts)
}

func (p marshaled) key(buf []byte, v reflect.Value) []byte {
	text, err := p.text(v)
	if err != nil {
		return append(buf, markAbsent) // value fails, too, and then nothing is cached
	}
	return appendText(buf, markJSON, string(text))
}

func (p marshaled) value(v reflect.Value) (ast.Value, error) {
	text, err := p.text(v)
	if err != nil {
		return nil, err
	}
	return valueOf(text)
}
