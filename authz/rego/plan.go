package rego

import (
	"encoding/binary"
	"reflect"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
)

// plan reads the parts of an input of one Go type that a rule reads. A nil plan has none.
//
// key appends a text that is the same for inputs whose parts are the same, and for no
// others. value returns the parts as OPA's values; nil if there are none.
type plan interface {
	key(buf []byte, v reflect.Value) []byte
	value(v reflect.Value) (ast.Value, error)
}

// The marks of the values of a key.
const (
	markAbsent byte = iota
	markNull
	markFalse
	markTrue
	markNumber
	markString
	markArray
	markObject
	markJSON
)

func appendText(buf []byte, mark byte, text string) []byte {
	buf = append(buf, mark)
	buf = binary.AppendUvarint(buf, uint64(len(text)))
	return append(buf, text...)
}

// planOf returns a plan for a type; the value of another type is read by a plan that
// package json makes the text for.
func planOf(t reflect.Type, n *readNode) plan {
	if isMarshaler(t) {
		return marshaled{n}
	}
	switch t.Kind() {
	case reflect.String:
		if n.isWhole {
			return textPlan{}
		}
		return absentPlan{}
	case reflect.Bool:
		if n.isWhole {
			return boolPlan{}
		}
		return absentPlan{}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if n.isWhole {
			return intPlan{}
		}
		return absentPlan{}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if n.isWhole {
			return uintPlan{}
		}
		return absentPlan{}
	case reflect.Pointer:
		if t.Elem().Kind() != reflect.Pointer && !refersTo(t.Elem(), t) {
			return pointerPlan{planOf(t.Elem(), n), n.isWhole}
		}
	case reflect.Slice, reflect.Array:
		switch {
		case !n.isWhole:
			return absentPlan{} // a name is not in an array
		case t.Elem().Kind() != reflect.Uint8 && !refersTo(t.Elem(), t):
			return slicePlan{planOf(t.Elem(), n), t.Kind() == reflect.Slice}
		}
	case reflect.Struct:
		if p, ok := structOf(t, n); ok {
			return p
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String && !isMarshaler(t.Key()) && !refersTo(t.Elem(), t) {
			return mapPlan{planOf(t.Elem(), &readNode{isWhole: true}), partsOf(t.Elem(), n), n.isWhole}
		}
	case reflect.Interface:
		return anyPlan{n}
	}
	return marshaled{n}
}

type absentPlan struct{}

func (absentPlan) key(buf []byte, _ reflect.Value) []byte { return append(buf, markAbsent) }
func (absentPlan) value(reflect.Value) (ast.Value, error) { return nil, nil } //nolint:nilnil // nothing is read

type textPlan struct{}

func (textPlan) key(buf []byte, v reflect.Value) []byte {
	return appendText(buf, markString, v.String())
}

func (textPlan) value(v reflect.Value) (ast.Value, error) { return textOf(v.String()), nil }

// textOf returns a string as package json has it.
func textOf(s string) ast.Value { return ast.InternedValueOr(validText(s), newString) }

func newString(s string) ast.Value { return ast.String(s) }

type boolPlan struct{}

func (boolPlan) key(buf []byte, v reflect.Value) []byte {
	if v.Bool() {
		return append(buf, markTrue)
	}
	return append(buf, markFalse)
}

func (boolPlan) value(v reflect.Value) (ast.Value, error) { return ast.InternedValue(v.Bool()), nil }

type intPlan struct{}

func (intPlan) key(buf []byte, v reflect.Value) []byte {
	return binary.AppendVarint(append(buf, markNumber, 'i'), v.Int())
}

func (intPlan) value(v reflect.Value) (ast.Value, error) {
	return ast.InternedValueOr(v.Int(), newInt), nil
}

func newInt(i int64) ast.Value { return ast.Number(strconv.FormatInt(i, 10)) }

type uintPlan struct{}

func (uintPlan) key(buf []byte, v reflect.Value) []byte {
	return binary.AppendUvarint(append(buf, markNumber, 'u'), v.Uint())
}

func (uintPlan) value(v reflect.Value) (ast.Value, error) {
	return ast.Number(strconv.FormatUint(v.Uint(), 10)), nil
}

type pointerPlan struct {
	elem    plan
	isWhole bool
}

func (p pointerPlan) key(buf []byte, v reflect.Value) []byte {
	if v.IsNil() {
		return append(buf, markNull)
	}
	return p.elem.key(buf, v.Elem())
}

func (p pointerPlan) value(v reflect.Value) (ast.Value, error) {
	switch {
	case !v.IsNil():
		return p.elem.value(v.Elem())
	case p.isWhole:
		return ast.NullValue, nil
	}
	return nil, nil //nolint:nilnil // nothing is read
}

type slicePlan struct {
	elem    plan
	isSlice bool
}

func (p slicePlan) key(buf []byte, v reflect.Value) []byte {
	if p.isSlice && v.IsNil() {
		return append(buf, markNull)
	}
	buf = binary.AppendUvarint(append(buf, markArray), uint64(v.Len()))
	for i := range v.Len() {
		buf = p.elem.key(buf, v.Index(i))
	}
	return buf
}

func (p slicePlan) value(v reflect.Value) (ast.Value, error) {
	if p.isSlice && v.IsNil() {
		return ast.NullValue, nil
	}
	terms := make([]ast.Term, v.Len())
	elems := make([]*ast.Term, v.Len())
	for i := range terms {
		elem, err := p.elem.value(v.Index(i))
		if err != nil {
			return nil, err
		}
		terms[i].Value, elems[i] = elem, &terms[i]
	}
	return ast.NewArray(elems...), nil
}
