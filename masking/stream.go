package masking

import (
	"bytes"
	"errors"
	"io"
)

// blockSize is how many bytes a stream collects before it scans, in bytes.
const blockSize = 32 << 10

// stream masks a text that comes in pieces. It holds back the last line, and a private key
// that has not ended.
type stream struct {
	m       *compiled // the profile that was in force at its start
	text    []byte    // what is not masked, after up to lookBack bytes that are
	done    int       // bytes of text that are masked
	kept    []Finding // in the text that is masked, for context
	started bool      // some of the text has been masked
	found   []Finding
	out     []byte // the masked text of the last step
}

// add takes more of the text. It reports whether there may be a line to mask.
func (s *stream) add(p []byte) bool {
	s.text = append(s.text, p...)
	return len(s.text)-s.done >= maxLine || bytes.IndexByte(p, '\n') >= 0
}

// next masks what can be masked of the text so far, into s.out.
func (s *stream) next(final bool) {
	s.out = s.out[:0]
	text := string(s.text)
	if final && !s.started {
		s.out = s.m.appendMasked(s.out, text)
		s.text = s.text[:0]
		return
	}
	// A stream that goes on after a line has several lines, or a long one.
	sc := scan{m: &s.m.engine, found: append(s.found[:0], s.kept...), names: s.m.on.has(nameID)}
	from := s.done
	for from < len(text) {
		to := sc.step(text, from, final)
		if to < 0 {
			break
		}
		from = to
	}
	if from == s.done {
		return
	}
	s.found = sc.found
	s.started = true
	p := hider{compiled: s.m}
	s.out = p.appendInText(s.out, text[s.done:from], s.done, sc.found[len(s.kept):])
	keep := max(0, from-lookBack)
	s.kept = s.kept[:0]
	for _, f := range sc.found {
		if f.Start >= keep {
			f.Start, f.End = f.Start-keep, f.End-keep
			s.kept = append(s.kept, f)
		}
	}
	s.text = append(s.text[:0], s.text[keep:]...)
	s.done = from - keep
}

// Writer returns a writer that masks what is written to it and writes that to w, line by
// line. The result is that of [Masker.MaskString] for the whole text, however it is cut,
// except that a line of more than 16 KiB is masked in pieces. Close writes the last line;
// it does not close w. The Writer holds back at most one line and one private key, 32 KiB
// together. It is not safe for concurrent use.
func (m *Masker) Writer(w io.Writer) io.WriteCloser {
	return &writer{stream: stream{m: m.inForce.Load()}, w: w}
}

type writer struct {
	stream

	w   io.Writer
	err error
}

var errClosed = errors.New("masking: write after close")

func (w *writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	for done := 0; done < len(p); {
		n := min(len(p)-done, blockSize)
		isLine := w.add(p[done : done+n])
		done += n
		if !isLine {
			continue
		}
		if w.flush(false); w.err != nil {
			return done, w.err
		}
	}
	return len(p), nil
}

func (w *writer) Close() error {
	if w.err != nil {
		if errors.Is(w.err, errClosed) {
			return nil
		}
		return w.err
	}
	if w.flush(true); w.err != nil {
		return w.err
	}
	w.err = errClosed
	return nil
}

func (w *writer) flush(final bool) {
	if w.next(final); len(w.out) > 0 {
		_, w.err = w.w.Write(w.out)
	}
}

// Reader returns a reader of the masked text of r, as [Masker.Writer] would write it.
// It reads ahead up to 32 KiB, and until a line or a private key ends. It is not safe for
// concurrent use.
func (m *Masker) Reader(r io.Reader) io.Reader {
	return &reader{stream: stream{m: m.inForce.Load()}, r: r}
}

type reader struct {
	stream

	r     io.Reader
	block []byte
	rest  []byte // of out
	err   error
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		if len(p) == 0 {
			return 0, nil
		}
		if r.block == nil {
			r.block = make([]byte, blockSize)
		}
		n, err := r.r.Read(r.block)
		if isLine := r.add(r.block[:n]); isLine || err != nil {
			r.next(errors.Is(err, io.EOF))
			r.rest = r.out
		}
		r.err = err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
