package masking

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"slices"
	"time"
)

// any masks a value that is of no kind of slog.
func (l *logRoom) any(v slog.Value, k *keyInfo, at logPlace) (slog.Value, verdict) {
	f := at.field
	switch x := v.Any().(type) {
	case nil:
		if f != nil && l.effective(f.strategy, f.entity) == Drop {
			return v, gone
		}
		return v, same
	case *slog.Source, slog.Level:
		return v, same
	case error:
		text := x.Error()
		_, changed := l.string(v, text, k, f)
		if changed == masked {
			text = string(l.out)
		}
		return slog.AnyValue(maskedError(text)), max(changed, masked)
	case []byte:
		return l.bytes(v, x, k, f)
	}
	if b := reflect.ValueOf(v.Any()); b.Kind() == reflect.Slice && b.Type().Elem().Kind() == reflect.Uint8 && !writesItself(b.Type()) {
		return l.bytes(v, b.Bytes(), k, f)
	}
	return l.structure(v.Any(), k, at)
}

// bytes masks bytes as text, which handlers of text take them for.
func (l *logRoom) bytes(v slog.Value, text []byte, k *keyInfo, f *fieldMask) (slog.Value, verdict) {
	_, changed := l.string(v, string(text), k, f)
	if changed == masked {
		return slog.AnyValue(slices.Clone(l.out)), masked
	}
	return v, changed
}

// maskedError is an error with a masked text.
type maskedError string

func (e maskedError) Error() string { return string(e) }

// structure masks a value that reflection looks into.
func (l *logRoom) structure(x any, k *keyInfo, at logPlace) (slog.Value, verdict) {
	places := slices.Clone(l.places[at.from:at.to])
	safe, v := l.mask(x, spot{key: k, field: at.field, to: len(places)}, places)
	if v == gone || isPlainData(reflect.ValueOf(safe), 0) {
		return slog.AnyValue(safe), max(v, masked)
	}
	src, err := json.Marshal(safe)
	if err != nil {
		return slog.StringValue(wholeMasked), masked
	}
	// The level around the value is that of its member.
	j := jsonMasker{p: &l.hider, src: string(src), places: places}
	j.levels = []level{{isArray: true, key: k, field: at.field, to: len(places)}}
	if err := j.run(true); err != nil {
		return slog.StringValue(wholeMasked), masked
	}
	j.copyTo(len(j.src))
	if string(j.out) == "null" && j.src != "null" {
		return slog.Value{}, gone
	}
	return slog.AnyValue(frozen(j.out)), masked
}

// mask copies x, as [Masker.Mask] does, for a spot of a record.
func (l *logRoom) mask(x any, s spot, places []progress) (any, verdict) {
	w, ok := l.walkers.Get().(*walker)
	if !ok {
		w = &walker{}
	}
	w.hider = hider{compiled: l.compiled, cleaner: w.cleaner}
	w.places = append(w.places[:0], places...)
	defer func() {
		w.reset()
		l.walkers.Put(w)
	}()
	return w.dynamic(x, s)
}

// frozen is masked JSON. Whatever way a handler writes it, it shows that alone.
type frozen []byte

func (f frozen) MarshalJSON() ([]byte, error) { return f, nil }
func (f frozen) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

func (f frozen) String() string {
	var text string
	if json.Unmarshal(f, &text) == nil {
		return text
	}
	return string(f)
}

// maxWalk is how deep isPlainData looks.
const maxWalk = 100

// isPlainData reports whether JSON and fmt write nothing of v but its exported fields and
// its elements.
func isPlainData(v reflect.Value, depth int) bool {
	if !v.IsValid() {
		return true
	}
	t := v.Type()
	if isWellKnown(t) {
		return true
	}
	if depth > maxWalk || writesItself(t) {
		return false
	}
	switch t.Kind() {
	case reflect.Interface, reflect.Pointer:
		return isPlainData(v.Elem(), depth+1)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); (f.IsExported() || f.Anonymous) && !isPlainData(v.Field(i), depth+1) {
				return false
			}
		}
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			if !isPlainData(entry.Key(), depth+1) || !isPlainData(entry.Value(), depth+1) {
				return false
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if !isPlainData(v.Index(i), depth+1) {
				return false
			}
			if e := t.Elem().Kind(); e <= reflect.Complex128 || e == reflect.String {
				break // one says it all
			}
		}
	default: // a scalar
	}
	return true
}

// isWellKnown reports whether a type writes the same in each of its forms.
func isWellKnown(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[json.Number](),
		reflect.TypeFor[netip.Addr](), reflect.TypeFor[netip.AddrPort](), reflect.TypeFor[netip.Prefix]():
		return true
	}
	return t.PkgPath() == "" && t.Name() != "" && t.Kind() != reflect.Interface // string, int
}

// writesItself reports whether a type, or a pointer to it, has a method with which fmt or
// JSON write it.
func writesItself(t reflect.Type) bool {
	if t.Kind() == reflect.Interface {
		return false // its value decides
	}
	if t.Kind() != reflect.Pointer {
		t = reflect.PointerTo(t)
	}
	return t.NumMethod() > 0 && (t.Implements(reflect.TypeFor[fmt.Stringer]()) || t.Implements(reflect.TypeFor[error]()) ||
		t.Implements(reflect.TypeFor[fmt.Formatter]()) || t.Implements(reflect.TypeFor[json.Marshaler]()) ||
		t.Implements(reflect.TypeFor[encoding.TextMarshaler]()))
}
