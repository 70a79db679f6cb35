package masking

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

// maskedWriter is the writer of a handler inside of [Masker.Responses]. What the handler
// writes goes through body, which ends in answer. It has no Unwrap: nothing but masked
// bytes reach the writer outside.
type maskedWriter struct {
	*responses

	w      http.ResponseWriter // outside
	r      *http.Request       // as it came
	tags   entityTags
	header http.Header // the handler's; trailers come last

	status    int         // that the handler has given, or 0
	sent      http.Header // header as it was then
	committed bool        // the header has been sent
	failed    error       // why nothing more is sent

	kind     bodyKind
	noBody   bool  // the status has none
	declared int64 // Content-Length of the handler, or -1
	received int64 // bytes that the handler has written
	body     stage // masks; nil while there is none
	held     []byte
	hold     int // how many bytes held may have, before the header is sent
}

var (
	errCharset     = errors.New("masking: a body whose charset is not UTF-8")
	errCoding      = errors.New("masking: a body with an unknown Content-Encoding")
	errPartial     = errors.New("masking: a part of a body")
	errShortBody   = errors.New("masking: a body that is shorter than its Content-Length")
	errLongEvent   = errors.New("masking: an event of more than 1 MiB")
	errAnswerBroke = errors.New("masking: the answer was not sent, because it cannot be masked")
)

func (w *maskedWriter) Header() http.Header { return w.header }

func (w *maskedWriter) WriteHeader(status int) {
	switch {
	case w.status != 0:
		return
	case status >= 100 && status < 200 && status != http.StatusSwitchingProtocols:
		w.inform(status)
		return
	}
	w.status, w.sent = status, canonical(w.header)
	w.sent.Del("Accept-Ranges")
	if tag := w.sent.Get("Etag"); tag != "" {
		w.sent.Set("Etag", w.tags.masked(tag))
	}
	w.noBody = status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
	if status == http.StatusPartialContent {
		w.fail(errPartial)
		return
	}
	if w.noBody {
		w.dropBodyFields()
		w.commit()
		return
	}
	w.plan()
}

// inform sends an answer of 1xx, with the header so far, and leaves the header outside as it
// was.
func (w *maskedWriter) inform(status int) {
	outside := w.w.Header()
	before := maps.Clone(outside)
	replaceHeader(outside, w.header)
	w.w.WriteHeader(status)
	replaceHeader(outside, before)
}

func replaceHeader(h, by http.Header) {
	clear(h)
	maps.Copy(h, by)
}

// canonical returns a copy of h with the names that net/http would look for: a client does
// not tell "content-type" from "Content-Type".
func canonical(h http.Header) http.Header {
	all := h.Clone()
	for name, values := range h {
		if known := http.CanonicalHeaderKey(name); known != name && !strings.HasPrefix(name, http.TrailerPrefix) {
			delete(all, name)
			all[known] = append(all[known], values...)
		}
	}
	return all
}

func (w *maskedWriter) dropBodyFields() {
	for _, name := range bodyFields() {
		w.sent.Del(name)
	}
	dropDigests(w.sent)
}

// plan decides how the body is masked, by the header.
func (w *maskedWriter) plan() {
	isUTF8 := true
	if types := w.sent["Content-Type"]; len(types) > 0 {
		w.kind, isUTF8 = w.kindOf(types[0])
		if len(types) > 1 { // nobody knows which one a client takes
			w.kind, isUTF8 = kindUnknown, false
		}
	}
	if w.kind == kindOther {
		w.commit()
		return
	}
	if !isUTF8 {
		w.fail(errCharset)
		return
	}
	coding := strings.ToLower(strings.TrimSpace(strings.Join(w.sent["Content-Encoding"], ",")))
	w.sent.Del("Content-Encoding")
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
		w.declared = n
	}
	w.dropBodyFields()
	switch coding {
	case "", "identity":
		w.body = w.masking(w.kind)
	case "gzip", "x-gzip":
		w.body = newGunzip(w.masking(w.kind))
	default:
		w.fail(errCoding)
	}
}

// masking returns the stage that masks a body of a kind.
func (w *maskedWriter) masking(kind bodyKind) stage {
	out := answer{w}
	switch kind {
	case kindText:
		return &textBody{WriteCloser: w.m.Writer(out)}
	case kindJSON:
		w.hold = maxUnsent
		return &jsonBody{m: w.m, w: out}
	case kindLines:
		w.hold = maxUnsent
		return &linesBody{jsonBody{m: w.m, w: out}}
	case kindEvents:
		return &eventsBody{m: w.m, w: out}
	case kindOther:
		return &textBody{WriteCloser: out}
	case kindUnknown:
	}
	return &sniffer{w: w}
}

// maxUnsent is how many bytes of masked JSON wait for the end of the body, so that a broken
// one is answered with 500.
const maxUnsent = 16 << 10

func (w *maskedWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.failed != nil:
		return 0, errAnswerBroke
	case w.noBody:
		return 0, http.ErrBodyNotAllowed
	case w.body == nil:
		return w.w.Write(p)
	case w.declared >= 0 && int64(len(p)) > w.declared-w.received:
		return 0, http.ErrContentLength
	}
	w.received += int64(len(p))
	if _, err := w.body.Write(p); err != nil {
		return 0, w.stopped(err)
	}
	return len(p), nil
}

// stopped returns err of a stage, and fails the answer unless the client is what failed.
func (w *maskedWriter) stopped(err error) error {
	if gone, ok := errors.AsType[*clientError](err); ok {
		return gone.error
	}
	w.fail(err)
	return errAnswerBroke
}

// ReadFrom keeps the sendfile path open for a body that is not masked.
func (w *maskedWriter) ReadFrom(src io.Reader) (int64, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.failed == nil && !w.noBody && w.body == nil {
		return io.Copy(w.w, src)
	}
	return io.Copy(struct{ io.Writer }{w}, src)
}

// Flush is FlushError for a handler that asks for an http.Flusher.
func (w *maskedWriter) Flush() { _ = w.FlushError() }

// FlushError sends what is masked.
func (w *maskedWriter) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.body != nil && w.failed == nil {
		if err := w.body.flush(); err != nil {
			return w.stopped(err)
		}
		if err := w.send(); err != nil {
			return w.stopped(err)
		}
	}
	if w.failed != nil {
		return errAnswerBroke
	}
	return http.NewResponseController(w.w).Flush()
}

// SetReadDeadline is that of [http.ResponseController].
func (w *maskedWriter) SetReadDeadline(deadline time.Time) error {
	return http.NewResponseController(w.w).SetReadDeadline(deadline)
}

// SetWriteDeadline is that of [http.ResponseController].
func (w *maskedWriter) SetWriteDeadline(deadline time.Time) error {
	return http.NewResponseController(w.w).SetWriteDeadline(deadline)
}

// EnableFullDuplex is that of [http.ResponseController].
func (w *maskedWriter) EnableFullDuplex() error {
	return http.NewResponseController(w.w).EnableFullDuplex()
}

// finish sends the rest of the answer, after the handler has returned.
func (w *maskedWriter) finish() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.body != nil && w.failed == nil {
		w.end()
	}
	if w.failed != nil {
		if w.committed {
			panic(http.ErrAbortHandler)
		}
		return
	}
	w.sendTrailer()
}

// end closes the body.
func (w *maskedWriter) end() {
	if w.declared >= 0 && w.received < w.declared && w.r.Method != http.MethodHead {
		w.fail(errShortBody)
		return
	}
	err := w.body.Close()
	if err == nil {
		err = w.send()
	}
	if err != nil {
		_ = w.stopped(err)
	}
}

// fail answers with 500 when nothing has been sent. Otherwise finish aborts the connection.
func (w *maskedWriter) fail(why error) {
	if w.failed != nil {
		return
	}
	w.failed = why
	if !w.committed {
		cpodkit.WriteError(w.w, w.r, cpodkit.Errorf(cpodkit.CodeInternal,
			"The answer cannot be masked, so it was not sent.").WithCause(why))
	}
}

// commit sends the header.
func (w *maskedWriter) commit() {
	if !w.committed {
		w.committed = true
		replaceHeader(w.w.Header(), w.sent)
		w.w.WriteHeader(w.status)
	}
}

// send sends the header and what was held back behind it.
func (w *maskedWriter) send() error {
	w.commit()
	held := w.held
	w.held, w.hold = nil, 0
	if len(held) == 0 {
		return nil
	}
	return w.write(held)
}

func (w *maskedWriter) write(p []byte) error {
	if _, err := w.w.Write(p); err != nil {
		return &clientError{err}
	}
	return nil
}

// sendTrailer copies the trailer of the handler to the writer outside.
func (w *maskedWriter) sendTrailer() {
	isWrong := func(name string) bool { return w.body != nil && isDigest(name) }
	outside := w.w.Header()
	for name, values := range w.header {
		if rest, ok := strings.CutPrefix(name, http.TrailerPrefix); ok && !isWrong(rest) {
			outside[name] = values
		}
	}
	for name := range strings.SplitSeq(strings.Join(w.sent["Trailer"], ","), ",") {
		name = http.CanonicalHeaderKey(strings.TrimSpace(name))
		if values, ok := w.header[name]; ok {
			outside[name] = values
		}
	}
}

// release ends what the body has begun, also after a panic of the handler.
func (w *maskedWriter) release() {
	if w.body != nil {
		w.body.release()
	}
}

// clientError is an error of the writer outside.
type clientError struct{ error }

func (e *clientError) Unwrap() error { return e.error }

// answer is the writer outside, for masked bytes.
type answer struct{ *maskedWriter }

func (a answer) Write(p []byte) (int, error) {
	if len(a.held)+len(p) <= a.hold {
		a.held = append(a.held, p...)
		return len(p), nil
	}
	if err := a.send(); err != nil {
		return 0, err
	}
	return len(p), a.write(p)
}

func (answer) Close() error { return nil }
