package masking

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxLevels is how deep a Go value is followed.
const maxLevels = 1000

// Mask returns a deep copy of v, of the same type, with its strings, its fields and the
// keys of its maps masked. It never changes v, and the copy shares no memory with v that
// can be written.
//
//   - The name of a member, and the json name or the name of a struct's field, is a field's
//     name and context of the value. A tag says more: mask:"email" an entity, mask:"last4" a
//     strategy, mask:"email,hash" both; mask:"-" keeps the field as it is. A tag that is
//     wrong hides the field.
//   - Pointers that are shared stay shared, and cycles stay cycles.
//   - A []byte that is UTF-8 is text, a json.RawMessage is JSON.
//   - A type with a method that writes it as text (encoding.TextMarshaler, json.Marshaler,
//     error, fmt.Stringer), like time.Time, is judged by this text. When something is found
//     in it, the value becomes the masked text in a place of type any or error, and else its
//     zero value.
//   - Unexported fields, channels and functions are left out: they are zero. So is what
//     cannot hold its masked form, as an int, what is deeper than 1,000 levels, and a value
//     whose method panics.
//   - With [Drop] a member leaves its map; elsewhere it becomes its zero value.
//
// Of keys that become equal the second one has "#2" after it, and so on.
func (m *Masker) Mask(v any) any {
	c := m.inForce.Load()
	return c.value(hider{compiled: c}, v)
}

func (c *compiled) value(h hider, v any) (out any) {
	w, ok := c.walkers.Get().(*walker)
	if !ok {
		w = &walker{}
	}
	h.cleaner = w.cleaner
	w.hider = h
	defer func() {
		w.reset()
		c.walkers.Put(w)
	}()
	root := spot{}
	if len(c.paths) > 0 {
		w.places, root.field = c.starts(w.places[:0])
		root.to = len(w.places)
	}
	out, verdict := w.dynamic(v, root)
	if verdict == gone {
		return zeroOf(v)
	}
	return out
}

func zeroOf(v any) any {
	if v == nil {
		return nil
	}
	return reflect.Zero(reflect.TypeOf(v)).Interface()
}

// walker copies a Go value.
type walker struct {
	hider

	levels  int
	places  []progress
	scratch []byte
	few     []visited // the first copies, until there are many
	many    map[visit]reflect.Value
}

// visit is a pointer, map or slice together with what decides how it is masked.
type visit struct {
	at     uintptr
	length int
	typ    reflect.Type
	field  *fieldMask
	key    *keyInfo
	places string
}

type visited struct {
	visit

	copy reflect.Value
}

const maxFew = 8

// reset forgets all values, so that the walker can be kept.
func (w *walker) reset() {
	clear(w.few)
	w.few = w.few[:0]
	w.many = nil
	w.hider = hider{cleaner: w.cleaner}
	w.levels = 0
	clear(w.places)
	if cap(w.scratch) > maxRoom {
		w.scratch = nil
	}
	if !w.cleaner.isSmall() {
		w.cleaner = nil
	}
}

// spot says where a value is.
type spot struct {
	key      *keyInfo
	field    *fieldMask
	from, to int // its places
}

// child returns the spot of a member, or of an element when index is not negative.
func (w *walker) child(s spot, key *keyInfo, index int) spot {
	c := spot{key: key, field: s.field, from: s.to, to: s.to}
	if s.field != nil {
		return c
	}
	if len(w.paths) > 0 {
		name := ""
		if key != nil && index < 0 {
			name = key.name
		}
		w.places, c.field = child(w.places[:s.to], s.from, s.to, name, index)
		c.to = len(w.places)
	}
	if c.field == nil && index < 0 {
		c.field = key.field
	}
	return c
}

// text masks a string of a spot.
func (w *walker) text(text string, s spot) (string, verdict) {
	var v verdict
	if s.field != nil {
		w.scratch, v = w.field(w.scratch[:0], text, s.field)
	} else {
		w.scratch, v = w.hider.text(w.scratch[:0], text, s.key)
	}
	if v == masked {
		text = string(w.scratch)
	}
	return text, v
}

// word masks a number or a boolean, which is its text.
func (w *walker) word(text string, s spot) (string, verdict) {
	if f := s.field; f != nil {
		if !f.textOnly {
			return w.text(text, s)
		}
		s = spot{key: s.key}
	}
	if digits, _ := isNumber(text); !digits || len(text) < minDigits {
		return text, same
	}
	return w.text(text, s)
}

// dynamic copies what is in an interface.
func (w *walker) dynamic(v any, s spot) (any, verdict) {
	switch x := v.(type) {
	case nil:
		return nil, w.null(s)
	case string:
		text, verdict := w.text(x, s)
		if verdict == same {
			return v, same
		}
		return text, verdict
	case map[string]any:
		return w.object(x, s)
	case []any:
		return w.array(x, s)
	case json.Number:
		text, verdict := w.word(string(x), s)
		if verdict == same {
			return v, same
		}
		return text, verdict
	case bool:
		if s.field == nil {
			return v, same
		}
	case int:
		if s.field == nil && uint(x) < 1e8 {
			return v, same
		}
	case float64:
		if s.field == nil && (x < 1e8 || x != float64(int64(x))) {
			return v, same
		}
	}
	return w.other(v, s)
}

// null says what becomes of a nil.
func (w *walker) null(s spot) verdict {
	if s.field != nil && s.field.strategy != Keep && w.effective(s.field.strategy, s.field.entity) == Drop {
		return gone
	}
	return same
}

// other copies what is in an interface and has another type.
func (w *walker) other(v any, s spot) (any, verdict) {
	src := reflect.ValueOf(v)
	dst := reflect.New(src.Type()).Elem()
	text, verdict := w.copy(dst, src, s)
	if verdict == masked {
		return text, masked
	}
	if verdict == gone {
		return nil, gone
	}
	return dst.Interface(), same
}

func (w *walker) object(x map[string]any, s spot) (any, verdict) {
	if x == nil {
		return x, same
	}
	if s.field != nil && w.null(s) == gone {
		return nil, gone
	}
	src := reflect.ValueOf(x)
	key := w.visit(src, s)
	if known := w.known(key); known.IsValid() {
		return known.Interface(), same
	}
	if w.levels == maxLevels {
		return map[string]any(nil), same
	}
	out := make(map[string]any, len(x))
	w.remember(key, reflect.ValueOf(out))
	w.levels++
	var renamed []member
	for name, value := range x {
		info := w.key(name)
		c := w.child(s, info, -1)
		value, verdict := w.dynamic(value, c)
		switch {
		case verdict == gone:
		case info.isClean || s.field != nil && s.field.strategy == Keep:
			out[name] = value
		default:
			renamed = append(renamed, member{name, value})
		}
	}
	w.levels--
	for _, r := range w.rename(renamed, func(name string) bool { _, is := out[name]; return is }) {
		out[r.name] = r.value
	}
	return out, same
}

// member is a member whose name is masked.
type member struct {
	name  string
	value any
}

// rename masks names. Equal ones, and those that are taken, get a number, in the order
// of the names.
func (w *walker) rename(members []member, isTaken func(string) bool) []member {
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	used, next := map[string]bool{}, map[string]int{}
	kept := members[:0]
	for _, r := range members {
		text, verdict := w.text(r.name, spot{})
		if verdict == gone {
			continue
		}
		name := text
		for n := max(2, next[text]); used[name] || isTaken(name); n++ {
			name = string(appendNumber([]byte(text), n))
			next[text] = n + 1 // those before are taken
		}
		used[name] = true
		kept = append(kept, member{name, r.value})
	}
	return kept
}

func (w *walker) array(x []any, s spot) (any, verdict) {
	if x == nil {
		return x, same
	}
	if s.field != nil && w.null(s) == gone {
		return nil, gone
	}
	key := w.visit(reflect.ValueOf(x), s)
	if known := w.known(key); known.IsValid() {
		return known.Interface(), same
	}
	if w.levels == maxLevels {
		return []any(nil), same
	}
	out := make([]any, len(x))
	w.remember(key, reflect.ValueOf(out))
	w.levels++
	for i, value := range x {
		c := w.child(s, s.key, i)
		if value, verdict := w.dynamic(value, c); verdict != gone {
			out[i] = value
		}
	}
	w.levels--
	return out, same
}

// visit returns the identity of a pointer, map or slice. Under a name that says something
// of its value it is another one than elsewhere.
func (w *walker) visit(src reflect.Value, s spot) visit {
	v := visit{at: src.Pointer(), typ: src.Type(), field: s.field}
	if src.Kind() == reflect.Slice {
		v.length = src.Len()
	}
	if s.key != nil && s.key.speaks && src.Kind() != reflect.Map && !isStruct(src.Type()) {
		v.key = s.key
	}
	if s.to > s.from {
		var places []byte
		for _, p := range w.places[s.from:s.to] {
			i := 0
			for &w.paths[i] != p.path {
				i++
			}
			places = strconv.AppendInt(append(strconv.AppendInt(places, int64(i), 10), ':'), int64(p.at), 10)
			places = append(places, ' ')
		}
		v.places = string(places)
	}
	return v
}

// isStruct reports whether a type is a pointer to a struct, or such pointers or structs in
// a slice.
func isStruct(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

// known returns the copy of a pointer, map or slice, if it has been made.
func (w *walker) known(v visit) reflect.Value {
	if v.at == 0 || v.typ.Kind() == reflect.Slice && v.length == 0 {
		return reflect.Value{}
	}
	if w.many != nil {
		return w.many[v]
	}
	for i := range w.few {
		if w.few[i].at == v.at && w.few[i].visit == v {
			return w.few[i].copy
		}
	}
	return reflect.Value{}
}

// forget is for a pointer to a value that is hidden: in another place it may be text.
func (w *walker) forget(v visit) {
	delete(w.many, v)
	w.few = slices.DeleteFunc(w.few, func(f visited) bool { return f.visit == v })
}

func (w *walker) remember(v visit, out reflect.Value) {
	switch {
	case w.many != nil:
		w.many[v] = out
	case len(w.few) < maxFew:
		w.few = append(w.few, visited{v, out})
	default:
		w.many = map[visit]reflect.Value{v: out}
		for _, f := range w.few {
			w.many[f.visit] = f.copy
		}
	}
}

// bytes masks a []byte: JSON in a json.RawMessage, else text.
func (w *walker) bytes(b []byte, isJSON bool, s spot) ([]byte, verdict) {
	switch {
	case isJSON:
		if len(b) == 0 {
			return b, same
		}
		j := jsonMasker{p: &w.hider, root: s.field, rootKey: s.key}
		out, err := j.whole(nil, b)
		if err != nil {
			return []byte("null"), masked
		}
		return out, masked
	case s.field == nil && !utf8.Valid(b):
		return b, same
	}
	text, v := w.text(string(b), s)
	return []byte(text), v
}
