package masking

import (
	"encoding"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxTypes is how many types a profile keeps.
const maxTypes = 4096

// typeCache holds what is known of the types of values.
type typeCache struct {
	types sync.Map // of reflect.Type to *typeInfo
	count atomic.Int64
}

func newTypeCache() *typeCache { return &typeCache{} }

// writers are ways in which a value writes itself.
type writers uint8

const (
	writesText writers = 1 << iota
	writesError
	writesString
	writesJSON
)

// typeInfo says how values of a type are copied.
type typeInfo struct {
	writers     writers
	isByPointer bool // the pointer has more of them than the value
	isOpaque    bool // a struct without exported fields
	isError     bool
	isShared    bool // a copy of the bytes shares nothing that can be written
	fields      []structField
}

type structField struct {
	index      int
	key        *keyInfo
	mask       *fieldMask // of the tag, or nil
	isPart     bool       // an embedded struct that is not exported, of which the exported fields count
	isPromoted bool       // an embedded struct, whose fields are those of the outer one
}

// of returns what is known of a type.
func (c *typeCache) of(profile *compiled, t reflect.Type) *typeInfo {
	if known, ok := c.types.Load(t); ok {
		if info, ok := known.(*typeInfo); ok {
			return info
		}
	}
	info := profile.newType(t)
	if c.count.Load() < maxTypes {
		if _, loaded := c.types.LoadOrStore(t, info); !loaded {
			c.count.Add(1)
		}
	}
	return info
}

func (c *compiled) newType(t reflect.Type) *typeInfo {
	if t == reflect.TypeFor[json.RawMessage]() {
		return &typeInfo{}
	}
	info := &typeInfo{writers: writersOf(t)}
	if p := writersOf(reflect.PointerTo(t)); p != info.writers {
		info.writers, info.isByPointer = p, true
	}
	info.isError = info.writers&writesError != 0
	if t.Kind() != reflect.Struct {
		return info
	}
	info.isOpaque = true
	for i := range t.NumField() {
		f := t.Field(i)
		if f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Struct && writersOf(reflect.PointerTo(f.Type)) == 0 {
			info.isOpaque = info.isOpaque && !f.IsExported() && c.newType(f.Type).isOpaque
			info.fields = append(info.fields, c.newField(i, f))
		}
	}
	info.isShared = t == reflect.TypeFor[time.Time]() || t.PkgPath() == reflect.TypeFor[netip.Addr]().PkgPath() || isFlat(t)
	return info
}

func writersOf(t reflect.Type) (found writers) {
	for i, method := range [...]reflect.Type{
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[error](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[json.Marshaler](),
	} {
		if t.Implements(method) {
			found |= 1 << i
		}
	}
	return found
}

// isFlat reports whether values of a type have no pointers, except those of strings.
func isFlat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return isFlat(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if !isFlat(f.Type) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return false
	}
	return true
}

func (c *compiled) newField(index int, f reflect.StructField) structField {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	s := structField{index: index, isPart: !f.IsExported(), isPromoted: f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct}
	if name == "" || name == "-" {
		name = f.Name
	}
	s.key = c.key(name)
	if own := c.fields[foldField(f.Name)]; s.key.field == nil && own != nil {
		k := *s.key
		k.field = own
		s.key = &k
	}
	if tag := f.Tag.Get("mask"); tag != "" {
		s.mask, s.isPromoted = c.tagMask(tag), false
	}
	return s
}

// tagMask returns what the tag of a field says.
func (c *compiled) tagMask(tag string) *fieldMask {
	if tag == "-" {
		return &fieldMask{strategy: Keep}
	}
	mask := &fieldMask{}
	for part := range strings.SplitSeq(tag, ",") {
		part = strings.TrimSpace(part)
		switch entity := strings.ToUpper(strings.ReplaceAll(part, "-", "_")); {
		case c.options.checkStrategy(Strategy(part)) == "":
			mask.strategy = Strategy(part)
		case slices.Contains(c.knownEntities(), entity):
			mask.entity = Entity(entity)
		default:
			return &fieldMask{strategy: Placeholder}
		}
	}
	return mask
}

// written judges a value by the text that it writes. isDone is false when the value is to be
// copied by its parts.
func (w *walker) written(dst, src reflect.Value, info *typeInfo, s spot) (text string, v verdict, isDone bool) {
	value := src
	switch {
	case src.CanAddr():
		value = src.Addr()
	case info.isByPointer:
		value = reflect.New(src.Type())
		value.Elem().Set(src)
	}
	if kind := src.Kind(); (kind == reflect.Map || kind == reflect.Slice || kind == reflect.Func) && src.IsNil() {
		return "", w.null(s), true
	}
	texts, ok := writtenTexts(value, info.writers)
	if !ok {
		return "", same, true // it panics, or writes nothing
	}
	if s.field != nil && s.field.strategy != Keep {
		if text, v = w.text(texts[0].text, s); v != same {
			return text, v, true
		}
	} else if s.field == nil {
		for i := range texts {
			if v := w.judge(&texts[i], s); v == gone {
				return "", gone, true
			} else if v == masked {
				w.judge(&texts[0], s)
				return texts[0].masked, masked, true
			}
		}
	}
	if src.Kind() != reflect.Struct {
		return "", same, false
	}
	if info.isShared || info.isError {
		dst.Set(src)
		return "", same, info.isOpaque
	}
	if info.isOpaque && !rebuild(dst, texts) {
		return texts[0].text, masked, true
	}
	return "", same, info.isOpaque
}

// writtenText is a text that a value has written.
type writtenText struct {
	text   string
	masked string
	isJSON bool
}

// writtenTexts returns what a value writes; false when it panics, or writes nothing.
func writtenTexts(value reflect.Value, methods writers) (texts []writtenText, ok bool) {
	defer func() {
		if recover() != nil {
			texts, ok = nil, false
		}
	}()
	v := value.Interface()
	if x, is := v.(encoding.TextMarshaler); is && methods&writesText != 0 {
		if text, err := x.MarshalText(); err == nil {
			texts = append(texts, writtenText{text: string(text)})
		}
	}
	if x, is := v.(error); is {
		texts = append(texts, writtenText{text: x.Error()})
	}
	if x, is := v.(fmt.Stringer); is {
		texts = append(texts, writtenText{text: x.String()})
	}
	if x, is := v.(json.Marshaler); is {
		if text, err := x.MarshalJSON(); err == nil {
			texts = append(texts, writtenText{text: string(text), isJSON: true})
		}
	}
	return texts, len(texts) > 0
}

// judge masks a text that a value has written.
func (w *walker) judge(t *writtenText, s spot) verdict {
	t.masked = t.text
	if !t.isJSON {
		text, v := w.text(t.text, s)
		t.masked = text
		return v
	}
	j := jsonMasker{p: &w.hider, rootKey: s.key}
	out, err := j.whole(nil, []byte(t.text))
	if err != nil {
		out = []byte("null")
	}
	if t.masked = string(out); t.masked == t.text {
		return same
	}
	return masked
}

// rebuild makes a value of its own from texts.
func rebuild(dst reflect.Value, texts []writtenText) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
		if !ok {
			dst.SetZero()
		}
	}()
	for _, t := range texts {
		switch x := dst.Addr().Interface().(type) {
		case encoding.TextUnmarshaler:
			if !t.isJSON && x.UnmarshalText([]byte(t.text)) == nil {
				return true
			}
		case json.Unmarshaler:
			if t.isJSON && x.UnmarshalJSON([]byte(t.text)) == nil {
				return true
			}
		}
	}
	return false
}
