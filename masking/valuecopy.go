package masking

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// copy copies src into dst, which is a zero of its type. A value that cannot hold its masked
// form leaves dst zero: then the verdict is masked, and copy returns the text.
func (w *walker) copy(dst, src reflect.Value, s spot) (string, verdict) {
	kind := src.Kind()
	if kind != reflect.Pointer && kind != reflect.Interface && kind != reflect.String {
		if info := w.types.of(w.compiled, src.Type()); info.writers != 0 {
			if text, v, isDone := w.written(dst, src, info, s); isDone {
				return text, v
			}
		}
	}
	switch kind {
	case reflect.String:
		return w.copyString(dst, src, s)
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		text, v := w.word(wordText(src), s)
		if v == same {
			dst.Set(src)
		}
		return text, v
	case reflect.Interface:
		return "", w.copyInterface(dst, src, s)
	case reflect.Array, reflect.Struct:
		if w.null(s) == gone {
			return "", gone
		}
		return w.deeper(func() (string, verdict) {
			if kind == reflect.Struct {
				w.copyStruct(dst, src, s)
				return "", same
			}
			return w.copyArray(dst, src, s)
		})
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return w.copyReference(dst, src, s)
	}
	return "", same // channels and functions are zero
}

// deeper calls follow one level deeper, or not at all.
func (w *walker) deeper(follow func() (string, verdict)) (string, verdict) {
	if w.levels == maxLevels {
		return "", same
	}
	w.levels++
	text, v := follow()
	w.levels--
	return text, v
}

// wordText returns a number or a boolean as JSON would have it.
func wordText(v reflect.Value) string {
	switch {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	}
	return strconv.FormatComplex(v.Complex(), 'g', -1, 128)
}

func (w *walker) copyString(dst, src reflect.Value, s spot) (string, verdict) {
	if src.Type() == reflect.TypeFor[json.Number]() {
		text, v := w.word(src.String(), s)
		if v == same {
			dst.Set(src)
		}
		return text, v
	}
	text, v := w.text(src.String(), s)
	switch v {
	case same:
		dst.Set(src)
	case masked:
		dst.SetString(text)
	case gone:
		return "", gone
	}
	return "", same
}

// maskedText is the masked text of an error or another value that an interface other than
// any holds.
type maskedText string

func (t maskedText) Error() string  { return string(t) }
func (t maskedText) String() string { return string(t) }

func (w *walker) copyInterface(dst, src reflect.Value, s spot) verdict {
	if src.IsNil() {
		return w.null(s)
	}
	out, v := w.dynamic(src.Elem().Interface(), s)
	if v == gone || out == nil {
		return v
	}
	value := reflect.ValueOf(out)
	if text, ok := out.(string); ok && !value.Type().AssignableTo(dst.Type()) {
		value = reflect.ValueOf(maskedText(text))
	}
	if value.Type().AssignableTo(dst.Type()) {
		dst.Set(value)
	}
	return same
}

// copyReference copies a pointer, a map or a slice, once.
func (w *walker) copyReference(dst, src reflect.Value, s spot) (string, verdict) {
	if v := w.null(s); src.IsNil() || v == gone {
		return "", v
	}
	t := src.Type()
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		b, v := w.bytes(src.Bytes(), t == reflect.TypeFor[json.RawMessage](), s)
		if v == gone {
			return "", gone
		}
		out := reflect.MakeSlice(t, len(b), len(b))
		reflect.Copy(out, reflect.ValueOf(b).Convert(reflect.SliceOf(t.Elem())))
		dst.Set(out)
		return "", same
	}
	key := w.visit(src, s)
	if known := w.known(key); known.IsValid() {
		dst.Set(known)
		return "", same
	}
	return w.deeper(func() (string, verdict) {
		switch t.Kind() {
		case reflect.Map:
			out := reflect.MakeMapWithSize(t, src.Len())
			dst.Set(out)
			w.remember(key, out)
			w.copyMap(out, src, s)
		case reflect.Slice:
			out := reflect.MakeSlice(t, src.Len(), src.Len())
			dst.Set(out)
			w.remember(key, out)
			w.copyElements(out, src, s)
		default:
			return w.copyPointer(dst, src, key, s)
		}
		return "", same
	})
}

func (w *walker) copyPointer(dst, src reflect.Value, key visit, s spot) (string, verdict) {
	t := src.Type()
	out := reflect.New(t.Elem())
	value := out.Convert(t)
	w.remember(key, value)
	if text, v := w.copy(out.Elem(), src.Elem(), s); v != same {
		w.forget(key)
		return text, v
	}
	if info := w.types.of(w.compiled, t.Elem()); info.isError && info.isOpaque && !out.Elem().IsZero() {
		value = src // errors are compared by their pointers
	}
	dst.Set(value)
	return "", same
}

func (w *walker) copyElements(dst, src reflect.Value, s spot) {
	switch src.Type().Elem().Kind() {
	case reflect.Bool, reflect.Int8, reflect.Int16, reflect.Uint8, reflect.Uint16:
		if s.field == nil && len(w.paths) == 0 {
			reflect.Copy(dst, src)
			return
		}
	}
	for i := range src.Len() {
		c := w.child(s, s.key, i)
		w.copy(dst.Index(i), src.Index(i), c)
	}
}

func (w *walker) copyArray(dst, src reflect.Value, s spot) (string, verdict) {
	if src.Type().Elem().Kind() != reflect.Uint8 {
		w.copyElements(dst, src, s)
		return "", same
	}
	b := make([]byte, src.Len())
	reflect.Copy(reflect.ValueOf(b), src)
	text, v := w.bytes([]byte(strings.TrimRight(string(b), "\x00")), false, s)
	if v == same {
		dst.Set(src)
	}
	return string(text), v
}

func (w *walker) copyMap(dst, src reflect.Value, s spot) {
	t := src.Type()
	keeps := s.field != nil && s.field.strategy == Keep
	var renamed []member
	for i := src.MapRange(); i.Next(); {
		name, isName := keyName(i.Key())
		info := w.key(name)
		c := w.child(s, info, -1)
		value := reflect.New(t.Elem()).Elem()
		if _, v := w.copy(value, i.Value(), c); v == gone {
			continue
		}
		if isName && !info.isClean && !keeps {
			renamed = append(renamed, member{name, [2]reflect.Value{i.Key(), value}})
			continue
		}
		key := i.Key()
		if !isName {
			key = reflect.New(t.Key()).Elem()
			if _, v := w.copy(key, i.Key(), spot{}); v != same || !key.Comparable() {
				continue
			}
		}
		dst.SetMapIndex(key, value)
	}
	convert := func(name string) reflect.Value {
		if t.Key().Kind() == reflect.Interface {
			return reflect.ValueOf(name)
		}
		return reflect.ValueOf(name).Convert(t.Key())
	}
	for _, r := range w.rename(renamed, func(name string) bool { return dst.MapIndex(convert(name)).IsValid() }) {
		if pair, ok := r.value.([2]reflect.Value); ok {
			dst.SetMapIndex(convert(r.name), pair[1])
		}
	}
}

// keyName returns the key of a map that is a string.
func keyName(key reflect.Value) (string, bool) {
	if key.Kind() == reflect.Interface {
		name, ok := reflect.TypeAssert[string](key)
		return name, ok
	}
	if key.Kind() == reflect.String {
		return key.String(), true
	}
	return "", false
}

func (w *walker) copyStruct(dst, src reflect.Value, s spot) {
	info := w.types.of(w.compiled, src.Type())
	for i := range info.fields {
		f := &info.fields[i]
		if f.isPart {
			w.copyStruct(dst.Field(f.index), src.Field(f.index), s)
			continue
		}
		c := w.child(s, f.key, -1)
		switch {
		case f.isPromoted:
			c = s
		case f.mask != nil && s.field == nil:
			c.field = f.mask
		}
		w.copy(dst.Field(f.index), src.Field(f.index), c)
	}
}
