// Package strictjson decodes JSON into Go values and reports every unknown
// member, repeated member and wrong type with its RFC 6901 pointer, where
// encoding/json stops at the first and names no place.
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

// MaxDepth is how deep arrays and objects may nest.
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
// one JSON value; the faults are for values that do not fit dst, whose
// contents are then unspecified.
//
// Supported in dst: structs with json tags, maps with string keys, slices,
// pointers, strings, booleans, integers, floats, json.Number, json.RawMessage
// and any. A null sets a pointer, slice, map, RawMessage or any, and is a wrong
// type for everything else.
func Unmarshal(data []byte, dst any) ([]Fault, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8")
	}
	d := &decoder{dec: json.NewDecoder(bytes.NewReader(data))}
	d.dec.UseNumber()
	if err := d.value(reflect.ValueOf(dst).Elem(), "", 0); err != nil {
		return nil, describe(err, data)
	}
	if _, err := d.dec.Token(); err != io.EOF {
		return nil, errors.New("it holds more than one value")
	}
	return d.faults, nil
}

// describe words an error of encoding/json for a client.
func describe(err error, data []byte) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it ends too early: %w", io.ErrUnexpectedEOF)
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := data[:min(int(syntax.Offset), len(data))]
		line := 1 + bytes.Count(before, []byte{'\n'})
		return fmt.Errorf("%s, at byte %d (line %d)", syntax.Error(), syntax.Offset, line)
	}
	return err
}

type decoder struct {
	dec    *json.Decoder
	faults []Fault
}

func (d *decoder) fault(pointer, format string, args ...any) {
	if len(pointer) > maxPointer {
		pointer = strings.ToValidUTF8(pointer[:maxPointer], "") + "…"
	}
	if len(d.faults) < maxFaults {
		d.faults = append(d.faults, Fault{pointer, fmt.Sprintf(format, args...)})
	}
}

var (
	rawType    = reflect.TypeFor[json.RawMessage]()
	numberType = reflect.TypeFor[json.Number]()
)

func (d *decoder) value(v reflect.Value, pointer string, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("it nests deeper than %d levels", MaxDepth)
	}
	if v.Type() == rawType {
		return d.raw(v, pointer, depth)
	}
	tok, err := d.dec.Token()
	if err != nil {
		return err
	}
	return d.fill(v, tok, pointer, depth)
}

// raw keeps a value's bytes as they are, but walks it once so that depth and
// repeated members are checked there too.
func (d *decoder) raw(v reflect.Value, pointer string, depth int) error {
	var raw json.RawMessage
	if err := d.dec.Decode(&raw); err != nil {
		return err
	}
	v.SetBytes(raw)
	inner := &decoder{dec: json.NewDecoder(bytes.NewReader(raw))}
	inner.dec.UseNumber()
	var any any
	if err := inner.value(reflect.ValueOf(&any).Elem(), pointer, depth); err != nil {
		return err
	}
	d.faults = append(d.faults, inner.faults...)
	return nil
}

func (d *decoder) fill(v reflect.Value, tok json.Token, pointer string, depth int) error {
	if v.Kind() == reflect.Pointer {
		if tok == nil {
			v.SetZero()
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return d.fill(v.Elem(), tok, pointer, depth)
	}
	if v.Kind() == reflect.Interface {
		any, err := d.any(tok, pointer, depth)
		if err == nil && any != nil {
			v.Set(reflect.ValueOf(any))
		}
		return err
	}
	switch t := tok.(type) {
	case json.Delim:
		if t == '{' {
			return d.object(v, pointer, depth)
		}
		return d.array(v, pointer, depth)
	case nil:
		if k := v.Kind(); k != reflect.Slice && k != reflect.Map {
			d.mismatch(v, pointer, "null")
		}
	case bool:
		if v.Kind() != reflect.Bool {
			d.mismatch(v, pointer, "a boolean")
			return nil
		}
		v.SetBool(t)
	case string:
		if v.Kind() != reflect.String || v.Type() == numberType {
			d.mismatch(v, pointer, "a string")
			return nil
		}
		v.SetString(t)
	case json.Number:
		d.number(v, t, pointer)
	}
	return nil
}

func (d *decoder) object(v reflect.Value, pointer string, depth int) error {
	fits := v.Kind() == reflect.Struct || v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String
	if !fits {
		d.mismatch(v, pointer, "an object")
		return d.skip(json.Delim('{'), pointer, depth)
	}
	if v.Kind() == reflect.Map {
		v.Set(reflect.MakeMap(v.Type()))
	}
	return d.members(pointer, depth, func(name, at string) error {
		if v.Kind() == reflect.Map {
			elem := reflect.New(v.Type().Elem()).Elem()
			err := d.value(elem, at, depth+1)
			v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), elem)
			return err
		}
		field, ok := fieldByTag(v, name)
		if !ok {
			d.fault(at, "is not a member of this body")
			return d.discard(at, depth+1)
		}
		return d.value(field, at, depth+1)
	})
}

// members calls each for every member of the object that has been opened, and
// closes it.
func (d *decoder) members(pointer string, depth int, each func(name, at string) error) error {
	seen := map[string]bool{}
	for d.dec.More() {
		tok, err := d.dec.Token()
		if err != nil {
			return err
		}
		name, _ := tok.(string)
		at := pointer + "/" + escape(name)
		if seen[name] {
			d.fault(at, "stands more than once")
			if err := d.discard(at, depth+1); err != nil {
				return err
			}
			continue
		}
		seen[name] = true
		if err := each(name, at); err != nil {
			return err
		}
	}
	_, err := d.dec.Token()
	return err
}

func (d *decoder) array(v reflect.Value, pointer string, depth int) error {
	if v.Kind() != reflect.Slice {
		d.mismatch(v, pointer, "an array")
		return d.skip(json.Delim('['), pointer, depth)
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for i := 0; d.dec.More(); i++ {
		elem := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(elem, pointer+"/"+strconv.Itoa(i), depth+1); err != nil {
			return err
		}
		v.Set(reflect.Append(v, elem))
	}
	_, err := d.dec.Token()
	return err
}

// any builds the value that begins with tok out of maps, slices and
// json.Number.
func (d *decoder) any(tok json.Token, pointer string, depth int) (any, error) {
	switch tok {
	case json.Delim('{'):
		m := map[string]any{}
		err := d.members(pointer, depth, func(name, at string) error {
			var elem any
			err := d.value(reflect.ValueOf(&elem).Elem(), at, depth+1)
			m[name] = elem
			return err
		})
		return m, err
	case json.Delim('['):
		s := []any{}
		err := d.array(reflect.ValueOf(&s).Elem(), pointer, depth)
		return s, err
	}
	return tok, nil
}

func (d *decoder) discard(pointer string, depth int) error {
	var any any
	return d.value(reflect.ValueOf(&any).Elem(), pointer, depth)
}

func (d *decoder) skip(open json.Delim, pointer string, depth int) error {
	_, err := d.any(open, pointer, depth)
	return err
}

func (d *decoder) number(v reflect.Value, n json.Number, pointer string) {
	switch {
	case v.Type() == numberType:
		v.SetString(string(n))
	case v.CanInt():
		i, err := strconv.ParseInt(string(n), 10, 64)
		if err != nil || v.OverflowInt(i) {
			d.fault(pointer, "must be an integer that fits %d bits", v.Type().Bits())
			return
		}
		v.SetInt(i)
	case v.CanUint():
		u, err := strconv.ParseUint(string(n), 10, 64)
		if err != nil || v.OverflowUint(u) {
			d.fault(pointer, "must be an integer from 0 that fits %d bits", v.Type().Bits())
			return
		}
		v.SetUint(u)
	case v.CanFloat():
		f, err := n.Float64()
		if err != nil || math.IsInf(f, 0) {
			d.fault(pointer, "is too large a number")
			return
		}
		v.SetFloat(f)
	default:
		d.mismatch(v, pointer, "a number")
	}
}

func (d *decoder) mismatch(v reflect.Value, pointer, got string) {
	d.fault(pointer, "must be %s, not %s", typeName(v), got)
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

// escape makes a member name a reference token (RFC 6901 section 3).
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
