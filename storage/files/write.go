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

// write stores a body. A negative length is not known.
func (s *Store) write(
	ctx context.Context, at authorized, body io.Reader, length int64, opts WriteOptions,
) (file File, err error) {
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
	booked, err := s.book(ctx, at, length)
	defer func() { booked.end(err == nil) }()
	if err != nil {
		return File{}, err
	}
	src := &source{store: s, ctx: ctx, root: at.root, body: body, booked: booked}
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

// source is a body that stops past the largest size, or past what the tenant may store,
// and keeps its own error apart from the driver's. When the body has ended, and before
// the driver learns of that and stores the file, it enters the gate.
type source struct {
	store  *Store
	ctx    context.Context //nolint:containedctx // that of the write, for a Read that has none
	root   string
	body   io.Reader
	booked *booking
	n      int64
	err    error
	left   func() // nil before the end
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
	most := s.store.maxSize // 0 for no limit
	if most > 0 && int64(len(p)) > most-s.n+1 {
		p = p[:most-s.n+1]
	}
	n, err := s.body.Read(p)
	s.n += int64(n)
	if most > 0 && s.n > most {
		s.err = errTooLarge(most)
		return 0, s.err
	}
	if err != nil && err != io.EOF {
		s.err = err
		return n, err
	}
	if s.err = s.booked.cover(s.ctx, s.n); s.err == nil && err == io.EOF && s.left == nil {
		s.err = s.end()
	}
	if s.err != nil {
		return 0, s.err
	}
	return n, err
}

// end enters the gate, and makes the booking exact. It runs when the body has ended,
// before the driver learns of that.
func (s *source) end() error {
	left, err := storage.Enter(s.store.gate, s.root)
	if err != nil {
		return err
	}
	s.left = left
	return s.booked.settle(s.ctx, s.n)
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
