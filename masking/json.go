package masking

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cpodkit/cpodkit"
)

const (
	// maxDepth is how deep arrays and objects may nest.
	maxDepth = 64
	// minDigits is how many digits a JSON number has in which something is looked for.
	minDigits = 9
)

func errJSON(reason string, at int) error {
	return cpodkit.Errorf(cpodkit.CodeBadRequest, "The text is not valid JSON: %s, at byte %d.", reason, at)
}

// MaskJSON appends src, which is one JSON value (RFC 8259), to dst with its strings, its
// fields and the names of its members masked. All else stays as it is, white space and
// repeated members too. The name of a member is context of its value. A number that is
// masked becomes a string. A name that is masked as an earlier one of its object has "#2"
// and so on after it.
//
// MaskJSON returns dst as it was and a bad_request error when src is not JSON, nests deeper
// than 64, or is not UTF-8.
func (m *Masker) MaskJSON(dst, src []byte) ([]byte, error) {
	c := m.inForce.Load()
	j, ok := c.jsons.Get().(*jsonMasker)
	if !ok {
		j = &jsonMasker{}
	}
	hide := hider{compiled: c, cleaner: j.hide.cleaner}
	*j = jsonMasker{hide: hide, levels: j.levels[:0], places: j.places[:0], scratch: j.scratch[:0]}
	j.p = &j.hide
	out, err := j.whole(dst, src)
	if cap(j.scratch) <= maxRoom && j.hide.cleaner.isSmall() {
		clear(j.levels[:cap(j.levels)])
		clear(j.places[:cap(j.places)])
		j.src, j.out, j.hide = "", nil, hider{cleaner: j.hide.cleaner}
		c.jsons.Put(j)
	}
	return out, err
}

func (p *hider) json(dst, src []byte) ([]byte, error) {
	j := jsonMasker{p: p}
	return j.whole(dst, src)
}

// want is what must come next in a JSON text.
type want uint8

const (
	wantValue want = iota
	wantValueOrEnd
	wantName
	wantNameOrEnd
	wantColon
	wantComma // or the end of the array or object
	wantNothing
)

// level is an array or an object that has not ended. The first one is around the root.
type level struct {
	isArray    bool
	index      int        // of the current element
	key        *keyInfo   // of the current member; of an array, of the member that it is
	isKeyGone  bool       // the current member leaves because of its name
	field      *fieldMask // that the whole value belongs to, or nil
	from, to   int        // where its places are
	members    int        // that have been kept
	maskedKeys map[string]int
}

// jsonMasker masks a JSON text that may come in pieces. It copies the text up to each value
// that is masked.
type jsonMasker struct {
	p    *hider
	hide hider  // of a masker that is kept
	src  string // the text from the first byte that is needed on
	base int    // bytes before src
	pos  int    // in src
	done int    // bytes of src that are in out, or left out
	out  []byte
	want want

	levels  []level
	places  []progress // of the levels, one after the other
	skip    int        // how many levels are around the value that is left out, or 0
	lastEnd int        // in src, where the last value or comma of the level ended
	member  mark       // where the current member started
	root    *fieldMask // that the root belongs to, or nil
	rootKey *keyInfo   // of the member that the root is, or nil
	scratch []byte
}

// mark is the state before a member, for when it is left out.
type mark struct {
	isSet          bool
	out, done, end int
}

// whole masks a text at once.
func (j *jsonMasker) whole(dst, src []byte) ([]byte, error) {
	j.src, j.out = string(src), dst
	if err := j.run(true); err != nil {
		return dst, err
	}
	j.copyTo(len(j.src))
	return j.out, nil
}

// run masks what it can of src. Unless src is final, it stops before a token that may go on.
func (j *jsonMasker) run(final bool) error {
	if len(j.levels) == 0 {
		root := level{}
		if len(j.p.paths) > 0 {
			j.places, root.field = j.p.starts(j.places[:0])
			root.to = len(j.places)
		}
		if root.key = j.rootKey; j.root != nil {
			root.field = j.root
		}
		j.levels = append(slices.Grow(j.levels, 9), root)
	}
	for {
		for j.pos < len(j.src) && isSpace(j.src[j.pos]) {
			j.pos++
		}
		if j.pos == len(j.src) {
			if final && j.want != wantNothing {
				return j.fail("it ends too early")
			}
			return nil
		}
		at := j.pos
		if err := j.token(final); err != nil {
			return err
		}
		if j.pos == at {
			if final {
				return j.fail("it ends too early")
			}
			return nil
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func (j *jsonMasker) fail(reason string) error { return errJSON(reason, j.base+j.pos) }

func (j *jsonMasker) top() *level { return &j.levels[len(j.levels)-1] }

// token takes in the token at pos. It leaves pos as it is when the token may go on.
func (j *jsonMasker) token(final bool) error {
	c := j.src[j.pos]
	switch j.want {
	case wantValue, wantValueOrEnd:
		if c == ']' && j.want == wantValueOrEnd {
			j.closed()
			return nil
		}
		return j.value(c, final)
	case wantName, wantNameOrEnd:
		if c == '}' && j.want == wantNameOrEnd {
			j.closed()
			return nil
		}
		if c != '"' {
			return j.fail("the name of a member is missing")
		}
		return j.name()
	case wantColon:
		if c != ':' {
			return j.fail("a colon is missing")
		}
		j.pos++
		j.want = wantValue
		return nil
	case wantComma:
		return j.comma(c)
	}
	return j.fail("it goes on after its value")
}

func (j *jsonMasker) comma(c byte) error {
	l := j.top()
	switch {
	case c == ']' && l.isArray, c == '}' && !l.isArray:
		j.closed()
		return nil
	case c != ',':
		return j.fail("a comma or the end of an array or object is missing")
	case l.isArray:
		j.want = wantValue
		l.index++
	default:
		j.want = wantName
		if l.members == 0 && j.skip == 0 { // those before have been left out
			j.done = j.pos + 1
			j.lastEnd = j.done
		}
	}
	j.pos++
	return nil
}

// copyTo copies src up to a position.
func (j *jsonMasker) copyTo(pos int) {
	if j.skip == 0 && pos > j.done {
		j.out = append(j.out, j.src[j.done:pos]...)
	}
	j.done = max(j.done, pos)
}

func (j *jsonMasker) value(c byte, final bool) error {
	switch {
	case c == '"':
		raw, text, end, err := j.stringAt()
		if end == 0 || err != nil {
			return err
		}
		j.scalar(text, end, j.field(), true, strings.Contains(raw, `\u00`))
		return nil
	case c == '{', c == '[':
		return j.open(c)
	case c == '-' || isDigit(c):
		return j.number(final)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		rest := j.src[j.pos:min(len(j.src), j.pos+len(word))]
		if !strings.HasPrefix(word, rest) {
			continue
		}
		if len(rest) < len(word) {
			return nil
		}
		f := j.field()
		if f != nil && (word == "null" && f.strategy != Drop || f.textOnly) {
			f = nil
		}
		j.scalar(word, j.pos+len(word), f, false, false)
		return nil
	}
	return j.fail("a value is missing")
}

// field returns how the value at pos is masked whole, or nil.
func (j *jsonMasker) field() *fieldMask {
	l := j.top()
	if l.isKeyGone {
		return &fieldMask{strategy: Drop}
	}
	if l.field != nil {
		return l.field
	}
	if len(j.p.paths) > 0 && len(j.levels) > 1 {
		name, index := "", l.index
		if !l.isArray {
			name, index = l.key.name, -1
		}
		var f *fieldMask
		if j.places, f = child(j.places[:l.to], l.from, l.to, name, index); f != nil {
			return f
		}
	}
	if l.key != nil && !l.isArray {
		return l.key.field
	}
	return nil
}

// scalar takes in a string, a number or a word that ends at end. isScanned says whether
// something is looked for in it when it is not a field.
func (j *jsonMasker) scalar(text string, end int, f *fieldMask, isScanned, html bool) {
	v := same
	if j.skip == 0 {
		if f != nil {
			j.scratch, v = j.p.field(j.scratch[:0], text, f)
		} else if isScanned {
			j.scratch, v = j.p.text(j.scratch[:0], text, j.top().key)
		}
	}
	switch v {
	case masked:
		j.copyTo(j.pos)
		j.out = appendQuoted(j.out, j.scratch, html)
		j.done = end
	case gone:
		j.leave()
		j.done = end
	}
	j.pos = end
	j.ended(v == gone)
}

// ended notes that a value ends at pos.
func (j *jsonMasker) ended(isGone bool) {
	l := j.top()
	if !isGone && j.skip == 0 {
		l.members++
	}
	j.lastEnd, j.member.isSet, l.isKeyGone = j.pos, false, false
	j.want = wantComma
	if len(j.levels) == 1 {
		j.want = wantNothing
	}
}

// leave takes the member whose value is at pos out of its object. In an array, and for the
// root, null stays.
func (j *jsonMasker) leave() {
	if j.top().isArray || len(j.levels) == 1 {
		j.copyTo(j.pos)
		j.out = append(j.out, "null"...)
		return
	}
	m := j.member
	j.out = append(j.out[:m.out], j.src[m.done:max(m.done, m.end)]...)
}

func (j *jsonMasker) open(c byte) error {
	if len(j.levels) > maxDepth {
		return j.fail(fmt.Sprintf("it nests deeper than %d", maxDepth))
	}
	l := j.top()
	next := level{isArray: c == '[', field: j.field(), from: l.to, to: len(j.places)}
	if len(j.levels) == 1 {
		next.from = 0
	}
	if next.isArray {
		next.key = l.key
	}
	if f := next.field; j.skip == 0 && f != nil && f.strategy != Keep && j.p.effective(f.strategy, f.entity) == Drop {
		if j.p.report != nil {
			j.p.report(Finding{Entity: f.entity, Rule: fieldRule, Score: 1}, Drop, "", true, true)
		}
		j.leave()
		j.skip = len(j.levels)
	}
	j.levels = append(j.levels, next)
	j.pos++
	j.member.isSet, j.lastEnd = false, j.pos
	j.want = wantNameOrEnd
	if next.isArray {
		j.want = wantValueOrEnd
	}
	return nil
}

// closed takes in the end of an array or an object at pos.
func (j *jsonMasker) closed() {
	j.pos++
	j.levels = j.levels[:len(j.levels)-1]
	isGone := j.skip == len(j.levels)
	if isGone {
		j.skip, j.done = 0, j.pos
	}
	j.ended(isGone)
}

// stringAt returns the string at pos, as it stands and without escapes, and where it ends: 0
// when the text ends before.
func (j *jsonMasker) stringAt() (raw, text string, end int, err error) {
	end, escaped, err := j.stringEnd()
	if end == 0 || err != nil {
		return "", "", end, err
	}
	raw = j.src[j.pos+1 : end-1]
	if text = raw; escaped {
		text = unescape(raw)
	}
	return raw, text, end, nil
}

// name takes in the name of a member at pos.
func (j *jsonMasker) name() error {
	raw, text, end, err := j.stringAt()
	if end == 0 || err != nil {
		return err
	}
	l := j.top()
	l.key = j.p.key(text)
	j.member = mark{isSet: true, out: len(j.out), done: j.done, end: j.lastEnd}
	if !l.key.isClean && j.skip == 0 && (l.field == nil || l.field.strategy != Keep) {
		var v verdict
		j.scratch, v = j.p.text(j.scratch[:0], text, nil)
		l.isKeyGone = v == gone
		if v == masked {
			j.copyTo(j.pos)
			j.scratch = l.number(j.scratch)
			j.out = appendQuoted(j.out, j.scratch, strings.Contains(raw, `\u00`))
			j.done = end
		}
	}
	j.pos = end
	j.want = wantColon
	return nil
}

// number appends "#2" to a masked name that the object has already.
func (l *level) number(name []byte) []byte {
	if l.maskedKeys == nil {
		l.maskedKeys = map[string]int{}
	}
	l.maskedKeys[string(name)]++
	return appendNumber(name, l.maskedKeys[string(name)])
}

func appendNumber(name []byte, n int) []byte {
	if n == 1 {
		return name
	}
	return strconv.AppendInt(append(name, '#'), int64(n), 10)
}

// pointer returns where the token at pos is (RFC 6901).
func (j *jsonMasker) pointer() string {
	var pointer strings.Builder
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for i := range j.levels[1:] {
		l := &j.levels[i+1]
		pointer.WriteByte('/')
		if l.isArray {
			pointer.WriteString(strconv.Itoa(l.index))
		} else {
			pointer.WriteString(escape.Replace(l.key.name))
		}
	}
	return pointer.String()
}
