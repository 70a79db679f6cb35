package files

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/classify"
)

func (s *Store) write(ctx context.Context, at place, body io.Reader, opts WriteOptions) (File, error) {
	contentType := cmp.Or(opts.ContentType, DefaultContentType)
	if !validContentType(contentType) {
		return File{}, errContentType()
	}
	if body == nil {
		body = http.NoBody
	}
	src := &source{body: body, max: s.maxSize}
	attrs, err := s.driver.Put(ctx, at.name(), src, PutOptions{
		ContentType: contentType,
		IfMatch:     opts.IfMatch,
		IfAbsent:    opts.IfAbsent,
	})
	switch {
	case err == nil:
		return at.describe(attrs), nil
	case src.err != nil:
		return File{}, src.err
	}
	return File{}, classified(err)
}

// source is a body that stops past max bytes and keeps its own error apart from
// the driver's.
type source struct {
	body io.Reader
	max  int64 // 0 for no limit
	n    int64
	err  error
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
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

const maxContentType = 255

// validContentType reports whether v is a media type with its parameters (RFC
// 9110 section 8.3.1) that can stand in a header.
func validContentType(v string) bool {
	if len(v) > maxContentType || strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c > '~' }) {
		return false
	}
	media, _, err := mime.ParseMediaType(v)
	return err == nil && strings.Contains(media, "/")
}

func errContentType() error {
	return cpodkit.Errorf(cpodkit.CodeUnsupportedMediaType,
		"The content type is not a media type such as image/png; leave it out for %s.", DefaultContentType)
}

func errTooLarge(most int64) *cpodkit.Error {
	return cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The file has more than the %d bytes that this store takes.", most)
}

// classified makes a driver's error one for a client. Why the store is not
// available the driver may say itself.
func classified(err error) error {
	return classify.Error(err, func(code cpodkit.Code) string {
		from, ok := errors.AsType[*cpodkit.Error](err)
		if ok && code == cpodkit.CodeUnavailable && from.Detail != "" {
			return from.Detail
		}
		return sentence(code)
	})
}

func sentence(code cpodkit.Code) string {
	switch code {
	case cpodkit.CodeNotFound:
		return "There is no file with this key."
	case cpodkit.CodePreconditionFailed:
		return "The condition does not hold: the file has changed, is gone, or is there already."
	case cpodkit.CodeConflict:
		return "The store cannot keep a file under this key beside the others: one of the key's folders is a file, " +
			"or the key is a folder of other files, or it differs from another key in its letter case alone, " +
			"or the store takes no such name."
	case cpodkit.CodePayloadTooLarge:
		return "The file is larger than this store takes."
	case cpodkit.CodeNotSupported:
		return "This file store cannot do that."
	case cpodkit.CodeUnavailable:
		return "The file store is not available; try again later."
	case cpodkit.CodeTimeout:
		return "The file store took too long; try again."
	case cpodkit.CodeInternal:
		return "The file store failed; the request id finds the reason in the server's logs."
	}
	return ""
}
