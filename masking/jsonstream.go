package masking

import (
	"errors"
	"io"

	"github.com/cpodkit/cpodkit"
)

// What a JSONWriter holds back, at most.
const (
	maxString = 1 << 20 // bytes of a string, with its escapes
	maxNumber = 4 << 10 // bytes of a number
	maxHeld   = 4 << 20 // bytes of a member that may leave its object, with white space
)

// JSONWriter returns a writer that masks the JSON value that is written to it as
// [Masker.MaskJSON] does, however it is cut, and writes it to w as soon as it can. It holds
// back one string, and the name of its member where a strategy is [Drop].
//
// Text that is not JSON, nests deeper than 64, or has a string of more than 1 MiB or a
// number of more than 4 KiB is a bad_request error of Write or Close, and so is white space
// of 4 MiB. After an error nothing more is written to w. Close writes the end, and returns
// an error when the value has not ended; it does not close w. The writer goes on under the
// profile that it starts with. It is not safe for concurrent use.
func (m *Masker) JSONWriter(w io.Writer) io.WriteCloser {
	return &jsonWriter{w: w, json: jsonMasker{p: &hider{compiled: m.inForce.Load()}}}
}

type jsonWriter struct {
	w        io.Writer
	json     jsonMasker
	text     []byte // what is not masked yet
	inString bool   // the string that text[json.pos] starts has not ended
	scanned  int    // up to where its end has been looked for
	err      error
}

func (w *jsonWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	for done := 0; done < len(p); {
		n := min(len(p)-done, blockSize)
		w.text = append(w.text, p[done:done+n]...)
		done += n
		if w.inString && !w.stringEnds() {
			if len(w.text)-w.json.pos > maxString {
				w.err = w.json.fail("a string has more than 1 MiB")
				return done, w.err
			}
			continue
		}
		if w.err = w.step(false); w.err != nil {
			return done, w.err
		}
	}
	return len(p), nil
}

// stringEnds reports whether the string that has begun has its end in the text.
func (w *jsonWriter) stringEnds() bool {
	for i := w.scanned; i < len(w.text); i++ {
		switch w.text[i] {
		case '"':
			return true
		case '\\':
			if i+1 == len(w.text) {
				w.scanned = i
				return false
			}
			i++
		}
	}
	w.scanned = len(w.text)
	return false
}

func (w *jsonWriter) Close() error {
	if errors.Is(w.err, errClosed) {
		return nil
	}
	if w.err == nil {
		w.err = w.step(true)
	}
	if w.err != nil {
		return w.err
	}
	w.err = errClosed
	return nil
}

// step masks what can be masked, and writes it.
func (w *jsonWriter) step(final bool) error {
	j := &w.json
	j.src = view(w.text)
	if err := j.run(final); err != nil {
		return err
	}
	ready, cut := w.ready()
	if len(w.text)-cut > maxHeld {
		return cpodkit.Errorf(cpodkit.CodeBadRequest, "The JSON has a member or white space of more than %d bytes.", maxHeld)
	}
	if ready > 0 {
		if _, err := w.w.Write(j.out[:ready]); err != nil {
			return err
		}
	}
	j.out = j.out[:copy(j.out, j.out[ready:])]
	w.text = w.text[:copy(w.text, w.text[cut:])]
	j.base += cut
	j.pos, j.done, j.lastEnd = j.pos-cut, j.done-cut, j.lastEnd-cut
	j.member.out, j.member.done, j.member.end = j.member.out-ready, j.member.done-cut, j.member.end-cut
	w.inString = j.pos < len(w.text) && w.text[j.pos] == '"'
	w.scanned = j.pos + 1
	if w.inString {
		w.stringEnds()
	} else if len(w.text)-j.pos > maxNumber {
		return j.fail("a number has more than 4 KiB")
	}
	return nil
}

// ready returns how many bytes of out can be written, and how many of the text are needed
// no more. A member that may leave its object is held back, with the comma before it.
func (w *jsonWriter) ready() (out, cut int) {
	j := &w.json
	if !j.p.mayDrop || j.skip > 0 || j.top().isArray || len(j.levels) == 1 {
		j.copyTo(j.pos)
		return len(j.out), j.pos
	}
	if j.member.isSet {
		return j.member.out, j.member.done
	}
	j.copyTo(j.lastEnd)
	return len(j.out), j.done
}
