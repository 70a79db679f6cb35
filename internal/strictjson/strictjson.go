// Package strictjson decodes JSON into Go values and reports every unknown
// member, repeated member, string that is not text and wrong type with its RFC
// 6901 pointer, where encoding/json stops at the first and names no place.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest. A json.RawMessage in dst
// counts from its own outermost one.
const MaxDepth = 64

// What a hostile body can make us answer is bounded.
const (
	maxFaults  = 20
	maxPointer = 256
)

// Fault is one thing wrong with a body.
type Fault struct {
	Pointer string // RFC 6901
	Detail  string
}

// Unmarshal decodes data into dst, a pointer. The error is for data that is not
// one JSON value, or nests too deep; the faults are for values that do not fit
// dst, whose contents are then unspecified. A string or a member name with half of a
// UTF-16 surrogate pair (\ud800) is a fault wherever it is, because Go would read every
// such half as U+FFFD.
//
// Supported in dst: structs with json tags, maps with string keys, slices,
// pointers, strings, booleans, integers, floats, json.Number, json.RawMessage and
// any. Integers are read by value: 60, 60.0 and 6e1 are the same. A null sets a
// pointer, slice, map, RawMessage or any, and is a wrong type for everything else.
// A RawMessage is a part of data, not a copy.
func Unmarshal(data []byte, dst any) ([]Fault, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	if !json.Valid(data) {
		var raw json.RawMessage
		return nil, describe(json.Unmarshal(data, &raw), data)
	}
	d := &decoder{scanner: scanner{data: data}}
	err := d.value(reflect.ValueOf(dst).Elem(), 0)
	return d.faults, err
}

// describe words an error of encoding/json for a client.
func describe(err error, data []byte) error {
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return err
	}
	if int(syntax.Offset) >= len(data) && strings.HasPrefix(syntax.Error(), "unexpected end") {
		return fmt.Errorf("it ends too early: %w", io.ErrUnexpectedEOF)
	}
	before := data[:min(int(syntax.Offset), len(data))]
	if strings.HasSuffix(syntax.Error(), "after top-level value") && strings.IndexByte(`{["-0123456789tfn`, before[len(before)-1]) >= 0 {
		return errors.New("it holds more than one value")
	}
	line := 1 + bytes.Count(before, []byte{'\n'})
	return fmt.Errorf("%s, at byte %d (line %d)", syntax.Error(), syntax.Offset, line)
}

type decoder struct{ scanner }

var (
	rawType    = reflect.TypeFor[json.RawMessage]()
	numberType = reflect.TypeFor[json.Number]()
)

// value decodes the next value into v. The depth is that of the containers
// around it.
func (d *decoder) value(v reflect.Value, depth int) error {
	kind := d.peek()
	switch {
	case v.Type() == rawType:
		raw, err := d.check(0)
		v.SetBytes(raw)
		return err
	case v.Kind() == reflect.Pointer:
		if kind == 'n' {
			v.SetZero()
			d.scalar()
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(v.Elem(), depth)
	case v.Kind() == reflect.Interface:
		value, err := d.any(depth)
		if err == nil && value != nil {
			v.Set(reflect.ValueOf(value))
		}
		return err
	case kind == '{' && v.Kind() == reflect.Struct:
		return d.structure(v, depth)
	case kind == '{' && v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		return d.mapping(v, depth)
	case kind == '[' && v.Kind() == reflect.Slice:
		return d.slice(v, depth)
	case kind == '{' || kind == '[':
		d.mismatch(v, kind)
		_, err := d.check(depth)
		return err
	}
	d.fill(v, kind, d.scalar())
	return nil
}

func (d *decoder) structure(v reflect.Value, depth int) error {
	return d.object(depth, func(name []byte) error {
		if field, ok := fieldByTag(v, string(name)); ok {
			return d.value(field, depth+1)
		}
		d.fault("is not a member of this body")
		_, err := d.check(depth + 1)
		return err
	})
}

func (d *decoder) mapping(v reflect.Value, depth int) error {
	v.Set(reflect.MakeMap(v.Type()))
	return d.object(depth, func(name []byte) error {
		elem := reflect.New(v.Type().Elem()).Elem()
		err := d.value(elem, depth+1)
		v.SetMapIndex(reflect.ValueOf(string(name)).Convert(v.Type().Key()), elem)
		return err
	})
}

func (d *decoder) slice(v reflect.Value, depth int) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	return d.array(depth, func() error {
		elem := reflect.New(v.Type().Elem()).Elem()
		err := d.value(elem, depth+1)
		v.Set(reflect.Append(v, elem))
		return err
	})
}

// any builds the next value out of maps, slices and json.Number.
func (d *decoder) any(depth int) (any, error) {
	switch kind := d.peek(); kind {
	case '{':
		m := map[string]any{}
		return m, d.object(depth, func(name []byte) (err error) {
			m[string(name)], err = d.any(depth + 1)
			return err
		})
	case '[':
		s := []any{}
		err := d.array(depth, func() error {
			elem, err := d.any(depth + 1)
			s = append(s, elem)
			return err
		})
		return s, err
	case '"':
		return unquote(d.scalar()), nil
	case 't', 'f':
		d.scalar()
		return kind == 't', nil
	case 'n':
		d.scalar()
		return nil, nil //nolint:nilnil // nil is the value of null
	}
	return json.Number(d.scalar()), nil
}

// fill sets v to a string, boolean, null or number, whose first byte is kind.
func (d *decoder) fill(v reflect.Value, kind byte, text []byte) {
	switch {
	case kind == 'n' && (v.Kind() == reflect.Slice || v.Kind() == reflect.Map):
		v.SetZero()
	case kind == '"' && v.Kind() == reflect.String && v.Type() != numberType:
		v.SetString(unquote(text))
	case (kind == 't' || kind == 'f') && v.Kind() == reflect.Bool:
		v.SetBool(kind == 't')
	case kind == '-' || '0' <= kind && kind <= '9':
		d.number(v, string(text))
	default:
		d.mismatch(v, kind)
	}
}

func (d *decoder) number(v reflect.Value, text string) {
	switch {
	case v.Type() == numberType:
		v.SetString(text)
	case v.CanInt():
		digits, ok := integer(text)
		i, err := strconv.ParseInt(digits, 10, 64)
		if !ok || err != nil || v.OverflowInt(i) {
			d.fault(fmt.Sprintf("must be an integer that fits %d bits", v.Type().Bits()))
			return
		}
		v.SetInt(i)
	case v.CanUint():
		digits, ok := integer(text)
		u, err := strconv.ParseUint(digits, 10, 64)
		if !ok || err != nil || v.OverflowUint(u) {
			d.fault(fmt.Sprintf("must be an integer from 0 that fits %d bits", v.Type().Bits()))
			return
		}
		v.SetUint(u)
	case v.CanFloat():
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) || v.OverflowFloat(f) {
			d.fault("is too large a number")
			return
		}
		v.SetFloat(f)
	default:
		d.mismatch(v, '0')
	}
}

func (d *decoder) mismatch(v reflect.Value, kind byte) {
	got := "a number"
	switch kind {
	case '{':
		got = "an object"
	case '[':
		got = "an array"
	case '"':
		got = "a string"
	case 't', 'f':
		got = "a boolean"
	case 'n':
		got = "null"
	}
	d.fault("must be " + typeName(v) + ", not " + got)
}

func typeName(v reflect.Value) string {
	switch k := v.Kind(); {
	case k == reflect.Bool:
		return "a boolean"
	case v.CanInt(), v.CanUint():
		return "an integer"
	case v.CanFloat(), v.Type() == numberType:
		return "a number"
	case k == reflect.Slice:
		return "an array"
	case k == reflect.Struct, k == reflect.Map:
		return "an object"
	}
	return "a string"
}

// fieldByTag finds the field whose json name is exactly name; encoding/json
// would also take another case of it.
func fieldByTag(v reflect.Value, name string) (reflect.Value, bool) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			if inner, ok := fieldByTag(v.Field(i), name); ok {
				return inner, true
			}
			continue
		}
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == "" {
			tag = f.Name
		}
		if f.IsExported() && tag != "-" && tag == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}
