package masking

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/cpodkit/cpodkit"
)

func errNotJSON() error {
	return cpodkit.Errorf(cpodkit.CodeBadRequest, "The text is not valid JSON.")
}

// MaskJSON appends src, which is one JSON value (RFC 8259), to dst with its strings and
// fields masked. All else stays as it is, white space too. It returns dst as it was and a
// bad_request error when src is not JSON, nests deeper than 64, or is not UTF-8.
func (m *Masker) MaskJSON(dst, src []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return dst, errNotJSON()
	}
	out, err := json.Marshal(m.Mask(v))
	return append(dst, out...), err
}

// JSONWriter returns a writer that masks the JSON value that is written to it as
// [Masker.MaskJSON] does, and writes it to w. It holds back one string. Text that is not
// JSON, nests deeper than 64 or has a string of more than 1 MiB is an error of Write or
// Close, and from there on nothing is written to w. Close does not close w. The writer is
// not safe for concurrent use.
func (m *Masker) JSONWriter(w io.Writer) io.WriteCloser { return &jsonWriter{m: m, w: w} }

type jsonWriter struct {
	m   *Masker
	w   io.Writer
	buf []byte
}

func (w *jsonWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	return len(p), nil
}

func (w *jsonWriter) Close() error {
	out, err := w.m.MaskJSON(nil, w.buf)
	if err != nil {
		return err
	}
	_, err = w.w.Write(out)
	return err
}
