package secrets

import (
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/cpodkit/cpodkit/internal/unprintable"
)

const (
	// MinRedacted is the fewest bytes of a value that a [Redactor] removes. A shorter one
	// occurs in other text by chance, and removing it there would tell what it is.
	MinRedacted = 4

	// minLine is the fewest bytes of a line that is removed on its own.
	minLine = 8

	mark = "[redacted]"
)

// Redactor replaces the values in use by "[redacted]" in text: in plain, in base64 with
// either alphabet (also inside of a longer encoded text, and with line ends in it), in
// hexadecimal, percent-encoded for a path or a query, and escaped as JSON and as strings
// of Go are. A value in one of the other forms is found in base64 and hexadecimal as
// well. A value is removed without the line ends after it, too. Of a value with several
// lines, each line of 8 bytes and more is removed on its own. Values of less than
// [MinRedacted] bytes stay.
//
// How long it takes grows with the length of the text, whatever is in the text, and with
// how many values begin alike. A value takes memory for all its forms: about 25 bytes for
// each byte of a text without special characters, 200 of one with many, and 1,000 of
// binary. Beyond 8 KiB it is not looked for percent-encoded, nor as a string of Go.
//
// It is safe for concurrent use, also while values are added.
type Redactor struct {
	unprintable.Type
	inner *redactor // behind a pointer: see [unprintable.Type]
}

type redactor struct {
	mu      sync.Mutex
	uses    map[string]int // of each value
	current *automaton     // of the values; nil when they have changed
}

// NewRedactor returns a Redactor without values.
func NewRedactor() *Redactor { return &Redactor{inner: &redactor{uses: map[string]int{}}} }

// Add has values removed from now on. A value that is added twice is in use until it is
// removed twice.
func (r *Redactor) Add(values ...Value) {
	r.inner.change(values, 1)
}

// Remove ends one use of each of the values.
func (r *Redactor) Remove(values ...Value) {
	r.inner.change(values, -1)
}

func (r *redactor) change(values []Value, by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range values {
		value := v.Reveal()
		if len(value) < MinRedacted {
			continue
		}
		before := r.uses[value]
		after := max(0, before+by)
		if r.uses[value] = after; after == 0 {
			delete(r.uses, value)
		}
		if (before == 0) != (after == 0) {
			r.current = nil
		}
	}
}

// automaton returns that of the values in use now.
func (r *redactor) automaton() *automaton {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil {
		a := newAutomaton()
		for value := range r.uses {
			addForms(a, value)
			if text := strings.TrimRight(value, "\r\n"); len(text) >= MinRedacted && len(text) < len(value) {
				addForms(a, text)
			}
			for line := range strings.Lines(value) {
				if line = strings.TrimSpace(line); len(line) >= minLine && len(line) < len(value) {
					addForms(a, line)
				}
			}
		}
		a.link()
		r.current = a
	}
	return r.current
}

// Redact returns text without the values in use.
func (r *Redactor) Redact(text string) string {
	s := newScan(r.inner.automaton())
	scanText(s, text)
	if len(s.found) == 0 {
		return text
	}
	var b strings.Builder
	at := int64(0)
	for _, f := range s.found {
		b.WriteString(text[at:f.start])
		b.WriteString(mark)
		at = f.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// Writer returns a writer that passes on to w what is written to it, without the values
// in use at each Write. A value that is split over several writes is removed as well:
// the writer holds back the end of the text while that may be the start of a value, at
// most as much as the longest form of a value has. It is less than 24 times the longest
// value, and for values without special characters less than three times.
func (r *Redactor) Writer(w io.Writer) *RedactingWriter {
	return &RedactingWriter{inner: &redactingWriter{redactor: r.inner, next: w}}
}

// RedactingWriter is an [io.WriteCloser] that removes values; see [Redactor.Writer]. It is
// for one goroutine at a time.
type RedactingWriter struct {
	unprintable.Type
	inner *redactingWriter
}

type redactingWriter struct {
	*scan // of what is held back; nil for nothing

	redactor *redactor
	next     io.Writer
	err      error // of next: nothing is written after it

	held []byte // the text from base on, which is not passed on
	base int64
}

// Write implements [io.Writer]. An error of the writer behind it is the error of all
// later calls.
func (w *RedactingWriter) Write(text []byte) (int, error) {
	const piece = 32 << 10 // so that little is held of a long text
	i := w.inner
	n := 0
	for part := range slices.Chunk(text, piece) {
		i.renew()
		i.held = append(i.held, part...)
		scanText(i.scan, part)
		if i.pass(i.hold()); i.err != nil {
			return n, i.err
		}
		n += len(part)
	}
	return n, i.err
}

// Flush passes on all that is held back. A value of which a part is written before
// Flush and the rest after it is not found.
func (w *RedactingWriter) Flush() error {
	i := w.inner
	if i.scan != nil && i.err == nil {
		i.pass(i.at)
		i.scan = nil
	}
	return i.err
}

// Close is Flush. It does not close the writer behind it.
func (w *RedactingWriter) Close() error { return w.Flush() }

// renew lets the scan know of changed values: it reads again what is held back.
func (w *redactingWriter) renew() {
	a := w.redactor.automaton()
	if w.scan != nil && w.automaton == a {
		return
	}
	before := w.scan
	w.scan = newScan(a)
	w.at = w.base
	scanText(w.scan, w.held)
	if before != nil {
		w.found = merge(append(w.found, before.found...))
	}
}

// pass passes on the text before the offset end, which is not in a later value.
func (w *redactingWriter) pass(end int64) {
	var out []byte
	take := func(to int64) []byte {
		n := max(0, to-w.base)
		text := w.held[:n]
		w.held, w.base = w.held[n:], w.base+n
		return text
	}
	for len(w.found) > 0 && w.found[0].end <= end {
		out = append(out, take(w.found[0].start)...)
		out = append(out, mark...)
		take(w.found[0].end)
		w.found = w.found[1:]
	}
	if len(w.found) > 0 && w.found[0].start < end {
		// A later value may overlap with this one, and they have one mark. What is read of
		// it takes no room.
		out = append(out, take(w.found[0].start)...)
		take(end)
		w.found[0].start = end
	} else {
		out = append(out, take(end)...)
	}
	if len(out) > 0 && w.err == nil {
		_, w.err = w.next.Write(out)
	}
}
