package masking

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"sync"
)

// Handler returns a handler that masks records and hands them to next: the message, and the
// keys and values of attributes, also those in groups and those of With, which are masked
// once. Times, durations and booleans stay unless a field of the profile names them. The
// key of an attribute is a name as that of a JSON member is: a field, and context of the
// value. A path of the profile starts at the record and passes through groups.
//
// An error becomes one that has its masked text. A structure becomes its masked copy, as
// [Masker.Mask] makes it. Where a type of it writes itself (as fmt.Stringer or
// json.Marshaler, say), the attribute becomes its masked JSON, which every handler writes.
// A value whose methods panic, and one that JSON cannot hold, becomes "[MASKED]": no record
// is lost.
//
// The handler does not change records. It is safe for concurrent use if next is.
func (m *Masker) Handler(next slog.Handler) slog.Handler {
	return &handler{m: m, next: next, rooms: &sync.Pool{New: func() any { return new(logRoom) }}}
}

// MaskAttr returns the attribute as [Masker.Handler] would hand it on, with the names of the
// groups that it is in. It is the zero Attr when the attribute is dropped, so that it serves
// as [slog.HandlerOptions].ReplaceAttr, which sees no message.
func (m *Masker) MaskAttr(groups []string, a slog.Attr) slog.Attr {
	l := logRoom{hider: hider{compiled: m.inForce.Load()}}
	defer l.release()
	out, v := l.attr(a, l.enter(groups))
	if v == gone {
		return slog.Attr{}
	}
	return out
}

type handler struct {
	m      *Masker
	next   slog.Handler
	groups []string
	rooms  *sync.Pool
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	l := h.room()
	defer h.put(l)
	at := l.enter(h.groups)
	message, v := l.message(r.Message)
	isChanged := v != same
	count := 0 // of attributes seen
	for a := range r.Attrs {
		if l.isSame(&a, at) {
			if isChanged {
				l.attrs = append(l.attrs, a)
			}
			count++
			continue
		}
		out, v := l.attr(a, at)
		if v != same && !isChanged {
			isChanged = true
			l.before(&r, count)
		}
		if isChanged && v != gone {
			l.attrs = append(l.attrs, out)
		}
		count++
	}
	if isChanged {
		r = slog.NewRecord(r.Time, r.Level, message, r.PC)
		r.AddAttrs(l.attrs...)
	}
	return h.next.Handle(ctx, r)
}

// before keeps the first attributes of a record, which have not changed.
func (l *logRoom) before(r *slog.Record, count int) {
	for a := range r.Attrs {
		if len(l.attrs) == count {
			return
		}
		l.attrs = append(l.attrs, a)
	}
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	l := h.room()
	defer h.put(l)
	own := *h
	masked, _ := l.all(attrs, l.enter(h.groups))
	own.next = h.next.WithAttrs(masked)
	return &own
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	own := *h
	own.groups = append(slices.Clip(h.groups), name)
	l := h.room()
	defer h.put(l)
	masked, _ := l.message(name)
	own.next = h.next.WithGroup(masked)
	return &own
}

// logRoom is the memory of one record.
type logRoom struct {
	hider

	places []progress
	attrs  []slog.Attr // of a record that changes
	out    []byte
}

func (h *handler) room() *logRoom {
	l := h.rooms.Get().(*logRoom) //nolint:forcetypeassert,errcheck // the pool has nothing else
	l.compiled = h.m.inForce.Load()
	return l
}

// put keeps the room, without what it refers to.
func (h *handler) put(l *logRoom) {
	if cap(l.out) > maxRoom || cap(l.attrs) > maxRoom/64 || !l.cleaner.isSmall() {
		return
	}
	clear(l.places)
	l.places = l.places[:0]
	clear(l.attrs)
	l.attrs = l.attrs[:0]
	h.rooms.Put(l)
}

// logPlace is where an attribute is.
type logPlace struct {
	from, to int        // in places
	field    *fieldMask // that the group belongs to, or nil
}

// enter returns the place of what is in groups.
func (l *logRoom) enter(groups []string) logPlace {
	at := logPlace{}
	if len(l.paths) > 0 {
		l.places, at.field = l.starts(l.places[:0])
		at.to = len(l.places)
	}
	for _, name := range groups {
		at = l.child(at, name, l.groupKey(name))
	}
	return at
}

func (l *logRoom) groupKey(name string) (k *keyInfo) {
	defer func() {
		if recover() != nil { // of a recognizer
			k = &keyInfo{name: name}
		}
	}()
	return l.key(name)
}

// child returns the place of an attribute.
func (l *logRoom) child(at logPlace, name string, k *keyInfo) logPlace {
	next := logPlace{from: at.to, to: at.to, field: at.field}
	if next.field == nil && len(l.paths) > 0 {
		l.places, next.field = child(l.places[:at.to], at.from, at.to, name, -1)
		next.to = len(l.places)
	}
	if next.field == nil {
		next.field = k.field
	}
	return next
}

func (l *logRoom) message(text string) (out string, v verdict) {
	if l.isClean(text) {
		return text, same
	}
	defer func() {
		if recover() != nil { // of a recognizer or a strategy
			out, v = wholeMasked, masked
		}
	}()
	if l.out, v = l.text(l.out[:0], text, nil); v == same {
		return text, same
	}
	return string(l.out), masked
}

// isSame reports quickly that an attribute stays as it is. It does not see all that do.
func (l *logRoom) isSame(a *slog.Attr, at logPlace) bool {
	if l.custom != nil || len(l.paths) > 0 || at.field != nil {
		return false
	}
	k := l.key(a.Key)
	switch {
	case k.field != nil:
		return k.field.strategy == Keep
	case !k.isClean:
		return false
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return k.secret == 0 && l.isClean(a.Value.String())
	case slog.KindInt64:
		return a.Value.Int64() < leastNumber
	case slog.KindFloat64:
		return !(a.Value.Float64() >= leastNumber)
	case slog.KindBool, slog.KindDuration, slog.KindTime:
		return true
	case slog.KindAny, slog.KindGroup, slog.KindLogValuer, slog.KindUint64:
	}
	return false
}

const (
	cleanDigits = 3  // no finding has so few digits, unless it has a colon, an @ or a long word,
	cleanWord   = 12 // which has so many letters and digits, or is of words alone
)

// isClean reports quickly that nothing is found in a text, such as "GET" or
// "/v1/files/report.pdf". It does not see all such texts.
func (l *logRoom) isClean(text string) bool {
	if l.custom != nil || len(text) >= maxLine {
		return false
	}
	digits, word, spaces := 0, 0, 0 // word is the length of the word so far
	isMarked, hasMark, hasW, hasDot, startsDigit := false, false, false, false, false
	for i := range len(text) {
		c := text[i]
		switch l.actions[c] {
		case pass:
			if !isAlnum(c) {
				word, isMarked = 0, false
				hasDot = hasDot || c == '.'
				if c <= ' ' || c == ',' || c == ';' || c == '|' {
					spaces++
				}
				continue
			}
		case atW:
			hasW = true
		case atUpper:
			isMarked, hasMark = true, true
		case atDigit:
			digits++
			isMarked = true
			startsDigit = startsDigit || word == 0
		default:
			return false
		}
		if word++; isMarked && word >= cleanWord {
			return false
		}
	}
	return digits <= cleanDigits && (spaces == 0 || !hasW && (spaces == 1 || !hasMark)) && (!startsDigit || !hasDot)
}

// all masks attributes. They are the same slice when nothing has changed.
func (l *logRoom) all(attrs []slog.Attr, at logPlace) ([]slog.Attr, verdict) {
	var out []slog.Attr
	for i, a := range attrs {
		next, v := l.attr(a, at)
		if v != same && out == nil {
			out = append(make([]slog.Attr, 0, len(attrs)), attrs[:i]...)
		}
		if out != nil && v != gone {
			out = append(out, next)
		}
	}
	if out == nil {
		return attrs, same
	}
	return out, masked
}

// attr masks an attribute.
func (l *logRoom) attr(a slog.Attr, at logPlace) (out slog.Attr, v verdict) {
	safeKey := wholeMasked
	defer func() {
		if recover() != nil {
			out, v = slog.String(safeKey, wholeMasked), masked
		}
	}()
	value, isResolved := resolve(a.Value)
	if value.Kind() == slog.KindGroup && a.Key == "" {
		attrs, v := l.all(value.Group(), at)
		if v != same || isResolved {
			a.Value, v = slog.GroupValue(attrs...), masked
		}
		return a, v
	}
	k := l.key(a.Key)
	next := l.child(at, a.Key, k)
	f := next.field
	if f != nil && f.strategy == Keep {
		return a, same
	}
	if !k.isClean {
		if l.out, v = l.text(l.out[:0], a.Key, nil); v == gone {
			return a, gone
		}
		if v == masked {
			a.Key = string(l.out)
		}
	}
	safeKey = a.Key
	masking, changed := l.value(value, k, next)
	if changed != same {
		a.Value, v = masking, changed
	} else if isResolved {
		a.Value, v = value, masked
	}
	return a, v
}

const wholeMasked = "[" + string(maskedEntity) + "]"

// maxResolve is how many LogValuers may return one another.
const maxResolve = 100

// resolve returns the value that a LogValuer stands for. It reports whether v was one.
func resolve(v slog.Value) (resolved slog.Value, isResolved bool) {
	if v.Kind() != slog.KindLogValuer {
		return v, false
	}
	defer func() {
		if recover() != nil {
			resolved, isResolved = slog.StringValue(wholeMasked), true
		}
	}()
	for range maxResolve {
		if v = v.LogValuer().LogValue(); v.Kind() != slog.KindLogValuer {
			return v, true
		}
	}
	return slog.StringValue(wholeMasked), true
}

// value masks the value of an attribute, which is resolved.
func (l *logRoom) value(v slog.Value, k *keyInfo, at logPlace) (slog.Value, verdict) {
	f := at.field
	switch kind := v.Kind(); kind {
	case slog.KindString:
		return l.string(v, v.String(), k, f)
	case slog.KindGroup:
		if f != nil && l.effective(f.strategy, f.entity) == Drop {
			return v, gone
		}
		attrs, changed := l.all(v.Group(), at)
		if changed == same {
			return v, same
		}
		return slog.GroupValue(attrs...), masked
	case slog.KindAny:
		return l.any(v, k, at)
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindBool, slog.KindDuration, slog.KindTime:
		if f != nil && !f.textOnly {
			return l.string(v, v.String(), k, f)
		}
		return l.number(v, kind, k)
	case slog.KindLogValuer: // it is resolved
	}
	return v, same
}

// leastNumber is the least number of as many digits as MaskJSON looks into.
const leastNumber = 100_000_000

// number looks into a whole number of as many digits as [Masker.MaskJSON] does.
func (l *logRoom) number(v slog.Value, kind slog.Kind, k *keyInfo) (slog.Value, verdict) {
	var room [32]byte
	var digits []byte
	switch {
	case kind == slog.KindInt64 && v.Int64() >= leastNumber:
		digits = strconv.AppendInt(room[:0], v.Int64(), 10)
	case kind == slog.KindUint64 && v.Uint64() >= leastNumber:
		digits = strconv.AppendUint(room[:0], v.Uint64(), 10)
	case kind == slog.KindFloat64 && v.Float64() >= leastNumber && v.Float64() < 1e21 && v.Float64() == math.Trunc(v.Float64()):
		digits = strconv.AppendFloat(room[:0], v.Float64(), 'f', -1, 64)
	default:
		return v, same
	}
	return l.string(v, string(digits), k, nil)
}

// string masks a value that has a text.
func (l *logRoom) string(v slog.Value, text string, k *keyInfo, f *fieldMask) (slog.Value, verdict) {
	var changed verdict
	switch {
	case f != nil:
		l.out, changed = l.field(l.out[:0], text, f)
	case k.secret == 0 && l.isClean(text):
		return v, same
	default:
		l.out, changed = l.text(l.out[:0], text, k)
	}
	if changed == masked {
		return slog.StringValue(string(l.out)), masked
	}
	return v, changed
}
