package masking

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"iter"
	"net/http"
)

// stage is a step from the bytes of a handler to the masked ones.
type stage interface {
	io.WriteCloser
	// flush passes on what can be passed on before the end.
	flush() error
	// release ends the stage; Close may not have been called.
	release()
}

// simple is the rest of a stage that has nothing to flush and nothing to release.
type simple struct{}

func (simple) flush() error { return nil }
func (simple) release()     {}

// textBody masks text, or nothing.
type textBody struct {
	simple
	io.WriteCloser
}

// jsonBody masks one JSON value. A body without a byte is none.
type jsonBody struct {
	simple

	m    *Masker
	w    io.Writer
	json io.WriteCloser
}

func (d *jsonBody) Write(p []byte) (int, error) {
	if d.json == nil && len(p) > 0 {
		d.json = d.m.JSONWriter(d.w)
	}
	if len(p) == 0 {
		return 0, nil
	}
	return d.json.Write(p)
}

func (d *jsonBody) Close() error {
	if d.json == nil {
		return nil
	}
	return d.json.Close()
}

// linesBody masks JSON values, one in a line. A line may be empty.
type linesBody struct {
	jsonBody
}

func (l *linesBody) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		if err := l.part(line, ended); err != nil {
			return 0, err
		}
		rest = after
	}
	return len(p), nil
}

// part masks a part of a line.
func (l *linesBody) part(line []byte, ended bool) error {
	if l.json == nil {
		value := bytes.TrimLeft(line, " \t\r")
		if space := line[:len(line)-len(value)]; len(space) > 0 {
			if _, err := l.w.Write(space); err != nil {
				return err
			}
		}
		line = value
	}
	if _, err := l.jsonBody.Write(line); err != nil || !ended {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	l.json = nil
	_, err := l.w.Write([]byte("\n"))
	return err
}

// sniffSize is how many bytes say what a body without a Content-Type is.
const sniffSize = 512

// sniffer decides how a body is masked by its first bytes, as net/http decides which
// Content-Type it has.
type sniffer struct {
	w    *maskedWriter
	head []byte
	next stage
}

func (s *sniffer) Write(p []byte) (int, error) {
	if s.next != nil {
		return s.next.Write(p)
	}
	if s.head = append(s.head, p...); len(s.head) < sniffSize {
		return len(p), nil
	}
	return len(p), s.decide()
}

func (s *sniffer) decide() error {
	contentType := http.DetectContentType(s.head)
	kind, isUTF8 := s.w.kindOf(contentType)
	if !isUTF8 {
		return errCharset
	}
	_, hasType := s.w.sent["Content-Type"]
	if !hasType && s.w.sent.Get("Transfer-Encoding") == "" {
		s.w.sent.Set("Content-Type", contentType)
	}
	s.next = s.w.masking(kind)
	_, err := s.next.Write(s.head)
	s.head = nil
	return err
}

func (s *sniffer) flush() error {
	if s.next == nil && len(s.head) > 0 {
		if err := s.decide(); err != nil {
			return err
		}
	}
	if s.next == nil {
		return nil
	}
	return s.next.flush()
}

func (s *sniffer) Close() error {
	if err := s.flush(); err != nil || s.next == nil {
		return err
	}
	return s.next.Close()
}

func (s *sniffer) release() {
	if s.next != nil {
		s.next.release()
	}
}

// gunzip decodes what is written to it. The decoder reads, so it runs as a coroutine: only
// while Write or Close runs.
type gunzip struct {
	stage

	in     []byte // what the decoder has not read
	begun  bool
	closed bool
	ended  bool // the decoder has returned,
	err    error
	resume func() (struct{}, bool)
	stop   func()
}

var errReleased = errors.New("masking: the answer ended early")

func newGunzip(out stage) *gunzip {
	g := &gunzip{stage: out}
	g.resume, g.stop = iter.Pull(g.decode)
	return g
}

// decode yields when it needs more bytes.
func (g *gunzip) decode(yield func(struct{}) bool) {
	decoder, err := gzip.NewReader(readerFunc(func(p []byte) (int, error) {
		for len(g.in) == 0 {
			if g.closed {
				return 0, io.EOF
			}
			if !yield(struct{}{}) {
				return 0, errReleased
			}
		}
		n := copy(p, g.in)
		g.in = g.in[n:]
		return n, nil
	}))
	if err == nil {
		_, err = io.Copy(g.stage, decoder) //nolint:gosec // the handler made it, and it is not kept
	}
	g.err = err
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func (g *gunzip) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	g.in, g.begun = p, true
	return len(p), g.run()
}

func (g *gunzip) run() error {
	if !g.ended {
		_, more := g.resume()
		g.ended = !more
	}
	return g.err
}

func (g *gunzip) Close() error {
	if g.closed = true; g.begun {
		if err := g.run(); err != nil {
			return err
		}
	}
	return g.stage.Close()
}

func (g *gunzip) release() {
	g.stop()
	g.stage.release()
}
