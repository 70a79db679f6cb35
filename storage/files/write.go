package files

import (
	"cmp"
	"context"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit/storage"
)

func (s *Store) write(ctx context.Context, at authorized, body io.Reader, opts WriteOptions) (File, error) {
	contentType := cmp.Or(opts.ContentType, DefaultContentType)
	if !validContentType(contentType) {
		return File{}, errContentType()
	}
	if body == nil {
		body = http.NoBody
	}
	if err := s.admit(at.root); err != nil {
		return File{}, err
	}
	src := &source{body: body, max: s.maxSize, enter: func() (func(), error) { return storage.Enter(s.gate, at.root) }}
	defer src.leave()
	ctx, call := s.calls.put.Start(ctx)
	attrs, err := s.driver.Put(ctx, at.name(), src, PutOptions{
		ContentType: contentType,
		IfMatch:     opts.IfMatch,
		IfPresent:   opts.IfPresent,
		IfAbsent:    opts.IfAbsent,
	})
	switch err = call.End(ctx, err); {
	case err == nil:
		return at.describe(attrs), nil
	case src.err != nil:
		return File{}, src.err
	}
	return File{}, err
}

// admit asks the gate whether anything may be written below a root.
func (s *Store) admit(root string) error {
	leave, err := storage.Enter(s.gate, root)
	if err == nil {
		leave()
	}
	return err
}

// source is a body that stops past max bytes and keeps its own error apart from
// the driver's. It enters the gate when the body has ended, before the driver learns of
// that and stores the file.
type source struct {
	body  io.Reader
	max   int64 // 0 for no limit
	enter func() (leave func(), err error)
	n     int64
	err   error
	left  func() // nil before the end
}

// leave leaves the gate.
func (s *source) leave() {
	if s.left != nil {
		s.left()
	}
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.max > 0 && int64(len(p)) > s.max-s.n+1 {
		p = p[:s.max-s.n+1]
	}
	n, err := s.body.Read(p)
	s.n += int64(n)
	if s.max > 0 && s.n > s.max {
		s.err = errTooLarge(s.max)
		return 0, s.err
	}
	switch {
	case err == io.EOF && s.left == nil:
		if s.left, s.err = s.enter(); s.err != nil {
			return 0, s.err
		}
	case err != nil && err != io.EOF:
		s.err = err
	}
	return n, err
}

const maxContentType = 255

// validContentType reports whether v is a media type with its parameters (RFC
// 9110 section 8.3.1) that can stand in a header. A media range such as text/* is
// for Accept, and names no type.
func validContentType(v string) bool {
	if len(v) > maxContentType || strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c > '~' }) {
		return false
	}
	media, _, err := mime.ParseMediaType(v)
	kind, subtype, ok := strings.Cut(media, "/")
	return err == nil && ok && kind != "*" && subtype != "*"
}
