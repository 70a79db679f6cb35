package rego

import (
	"cmp"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// field is a member of a struct that a rule reads.
type field struct {
	index     int
	name      *ast.Term
	plan      plan
	omitEmpty bool
	omitZero  bool
}

func (f *field) isOmitted(v reflect.Value) bool {
	return f.omitEmpty && isEmpty(v) || f.omitZero && v.IsZero()
}

type structPlan struct {
	fields  []field
	isWhole bool
}

// structOf returns the plan of a struct; false for one with members that only package json
// puts together.
func structOf(t reflect.Type, n *readNode) (structPlan, bool) {
	p := structPlan{isWhole: n.isWhole}
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous || opts != "" && opts != "omitempty" && opts != "omitzero" || strings.ContainsAny(name, `\'"`),
			f.IsExported() && refersTo(f.Type, t), opts == "omitzero" && hasIsZero(f.Type):
			return structPlan{}, false
		case !f.IsExported() || name == "-" && opts == "":
			continue
		}
		name = cmp.Or(name, f.Name)
		part := n
		if !n.isWhole {
			if part = n.parts[name]; part == nil {
				continue
			}
		}
		if slices.ContainsFunc(p.fields, func(g field) bool { return g.name.Equal(ast.StringTerm(name)) }) {
			return structPlan{}, false
		}
		p.fields = append(p.fields, field{
			index: i, name: ast.InternedTerm(name), plan: planOf(f.Type, part),
			omitEmpty: opts == "omitempty", omitZero: opts == "omitzero",
		})
	}
	return p, true
}

func (p structPlan) key(buf []byte, v reflect.Value) []byte {
	for i := range p.fields {
		f := &p.fields[i]
		value := v.Field(f.index)
		if f.isOmitted(value) {
			buf = append(buf, markAbsent)
			continue
		}
		buf = f.plan.key(buf, value)
	}
	return buf
}

func (p structPlan) value(v reflect.Value) (ast.Value, error) {
	items := make([][2]*ast.Term, 0, len(p.fields))
	terms := make([]ast.Term, len(p.fields))
	for i := range p.fields {
		f := &p.fields[i]
		value := v.Field(f.index)
		if f.isOmitted(value) {
			continue
		}
		part, err := f.plan.value(value)
		if err != nil {
			return nil, err
		}
		if part != nil {
			terms[i].Value = part
			items = append(items, [2]*ast.Term{f.name, &terms[i]})
		}
	}
	return ast.NewObject(items...), nil
}

// part is one that a rule reads of a map.
type part struct {
	name string
	plan plan
}

func partsOf(elem reflect.Type, n *readNode) []part {
	var parts []part
	for _, name := range n.names {
		parts = append(parts, part{name, planOf(elem, n.parts[name])})
	}
	return parts
}

type mapPlan struct {
	elem    plan
	parts   []part // unless isWhole
	isWhole bool
}

// each calls f for the members of a map, in order.
func (p mapPlan) each(v reflect.Value, f func(name string, plan plan, v reflect.Value) error) error {
	if !p.isWhole {
		for _, part := range p.parts {
			if value := v.MapIndex(reflect.ValueOf(part.name).Convert(v.Type().Key())); value.IsValid() {
				if err := f(part.name, part.plan, value); err != nil {
					return err
				}
			}
		}
		return nil
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	for _, key := range keys {
		if err := f(key.String(), p.elem, v.MapIndex(key)); err != nil {
			return err
		}
	}
	return nil
}

func (p mapPlan) key(buf []byte, v reflect.Value) []byte {
	if v.IsNil() {
		return append(buf, markNull)
	}
	buf = append(buf, markObject)
	_ = p.each(v, func(name string, plan plan, value reflect.Value) error {
		buf = plan.key(appendText(buf, markString, name), value)
		return nil
	})
	return append(buf, markAbsent)
}

func (p mapPlan) value(v reflect.Value) (ast.Value, error) {
	if v.IsNil() {
		return ast.NullValue, nil
	}
	var items [][2]*ast.Term
	err := p.each(v, func(name string, plan plan, v reflect.Value) error {
		value, err := plan.value(v)
		if value != nil {
			items = append(items, [2]*ast.Term{ast.NewTerm(textOf(name)), ast.NewTerm(value)})
		}
		return err
	})
	return ast.NewObject(items...), err
}

// isMarshaler reports whether package json writes a type otherwise than its kind says.
func isMarshaler(t reflect.Type) bool {
	if t == reflect.TypeFor[json.Number]() {
		return true
	}
	for _, i := range []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if t.Implements(i) || reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}

func hasIsZero(t reflect.Type) bool {
	_, ok := reflect.PointerTo(t).MethodByName("IsZero")
	return ok
}

// refersTo reports whether a type has another one within it, which it cannot be planned for.
func refersTo(t, other reflect.Type) bool {
	seen := map[reflect.Type]bool{}
	var in func(reflect.Type) bool
	in = func(t reflect.Type) bool {
		if t == other || seen[t] {
			return true
		}
		seen[t] = true
		defer delete(seen, t)
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			return in(t.Elem())
		case reflect.Struct:
			for f := range t.Fields() {
				if in(f.Type) {
					return true
				}
			}
		}
		return false
	}
	return in(t)
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// validText returns s with U+FFFD for each byte that is not of UTF-8, as package json has.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
