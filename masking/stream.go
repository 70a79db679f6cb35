package masking

import (
	"bytes"
	"errors"
	"io"
)

// blockSize is how many bytes a stream takes at once.
const blockSize = 32 << 10

// stream masks a text that comes in pieces. It holds back the last line, and a private key
// that has not ended.
type stream struct {
	cleaner

	m       *compiled // the profile that was in force at its start
	begun   bool
	pending []byte // before it has begun: the text may be one finding
	done    int    // bytes of out that next has returned

	// With other strategies than Auto, what is masked is made from the text.
	text   []byte // after what next has returned
	before int    // bytes before text
	masked []byte
	again  *stream // masks what has been masked, where a strategy may leave a finding, or nil
	round  int
}

// next takes more of the text, and returns what has become masked of it. The bytes are valid
// until the next call.
func (s *stream) next(p []byte, last bool) []byte {
	isLine := bytes.IndexByte(p, '\n') >= 0
	if !s.begun {
		s.pending = append(s.pending, p...)
		if last {
			s.out = s.m.appendMasked(s.out[:0], view(s.pending))
			return s.out
		}
		if !isLine && len(s.pending) < maxLine {
			return nil
		}
		s.reset(&s.m.engine, "", 0)
		if s.m.mayLeave && s.round < maxRounds {
			s.again = &stream{m: s.m, round: s.round + 1}
		}
		s.begun, p = true, s.pending
		s.pending = nil
	}
	if !s.m.isPlain {
		s.text = append(s.text, p...)
	}
	if s.done > blockSize {
		s.done -= s.trim()
	}
	if !last && !isLine && len(s.out)+len(p)-s.clean < maxLine {
		s.out = append(s.out, p...)
		return nil
	}
	s.rest, s.last = view(p), last
	s.run()
	from := s.done
	s.done = s.start
	if !s.m.isPlain {
		if s.again != nil {
			return s.again.next(s.other(), last)
		}
		return s.other()
	}
	s.left = s.left[:0]
	return s.out[from:s.done]
}

// other returns the masked form of the text of which the findings are known.
func (s *stream) other() []byte {
	p := hider{compiled: s.m}
	n := s.raw - s.before
	s.masked = p.appendInText(s.masked[:0], string(s.text[:n]), s.before, s.left)
	s.text = s.text[:copy(s.text, s.text[n:])]
	s.before, s.left = s.raw, s.left[:0]
	return s.masked
}

// Writer returns a writer that masks what is written to it and writes that to w, line by
// line. The result is that of [Masker.MaskString] for the whole text, however it is cut,
// except that a line of more than 16 KiB is masked in pieces. Close writes the last line;
// it does not close w. The Writer holds back at most one line and one private key, 64 KiB
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
		w.mask(p[done:done+n], false)
		done += n
		if w.err != nil {
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
	if w.mask(nil, true); w.err != nil {
		return w.err
	}
	w.err = errClosed
	return nil
}

func (w *writer) mask(p []byte, last bool) {
	if out := w.next(p, last); len(out) > 0 {
		_, w.err = w.w.Write(out)
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
	ready []byte // of out
	err   error
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.ready) == 0 {
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
		r.ready = r.next(r.block[:n], errors.Is(err, io.EOF))
		r.err = err
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}
