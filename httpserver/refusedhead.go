package httpserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/cpodkit/cpodkit"
)

// statusOf returns the status of an answer that net/http has written by itself; 0 for
// anything else. Such an answer is text, and ends the connection.
func statusOf(answer []byte) int {
	line, rest, _ := bytes.Cut(answer, []byte("\r\n"))
	text, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || len(text) < 3 || !bytes.Contains(rest, []byte("Connection: close")) {
		return 0
	}
	status, err := strconv.Atoi(string(text[:3]))
	if err != nil || status < http.StatusBadRequest {
		return 0
	}
	return status
}

// refusedHead returns the whole answer to a head that cannot be read, and the id of the
// request in it.
func refusedHead(base context.Context, status int, server cpodkit.ServerInfo) (answer []byte, id string) {
	refusal := &cpodkit.Error{Code: cpodkit.CodeBadRequest, Status: status, Detail: "The head of the request is malformed."}
	switch status {
	case http.StatusRequestHeaderFieldsTooLarge:
		refusal.Detail = "The head of the request is larger than this server takes."
	case http.StatusNotImplemented:
		refusal.Code, refusal.Detail = cpodkit.CodeNotSupported, "The request has a Transfer-Encoding that this server does not know."
	case http.StatusExpectationFailed:
		refusal.Detail = "The request has an Expect that this server cannot meet."
	}
	if status != refusal.Code.Status() {
		refusal.Title = http.StatusText(status)
	}
	id = rand.Text()
	ctx, _ := cpodkit.WithRecord(base, id, server)
	w := &headWriter{header: http.Header{"X-Request-Id": {id}, "Connection": {"close"}, "Vary": {"Origin"}}}
	cpodkit.WriteError(w, (&http.Request{URL: &url.URL{}}).WithContext(ctx), refusal)
	var whole bytes.Buffer
	fmt.Fprintf(&whole, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	w.header.Set("Content-Length", strconv.Itoa(w.body.Len()))
	_ = w.header.Write(&whole) // a buffer takes everything
	whole.WriteString("\r\n")
	whole.Write(w.body.Bytes())
	return whole.Bytes(), id
}

// headWriter is an answer in memory.
type headWriter struct {
	header http.Header
	body   bytes.Buffer
}

func (w *headWriter) Header() http.Header         { return w.header }
func (*headWriter) WriteHeader(int)               {}
func (w *headWriter) Write(p []byte) (int, error) { return w.body.Write(p) }
