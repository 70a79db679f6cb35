package cpodkit

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type problem struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail"`
	Instance  string       `json:"instance,omitempty"`
	Code      Code         `json:"code"`
	RequestID string       `json:"requestId,omitempty"`
	Errors    []FieldError `json:"errors,omitempty"`
}

// WriteError answers with err as application/problem+json (RFC 9457), with
// WWW-Authenticate (RFC 6750), Retry-After and Allow where they belong. An err
// that holds no [Error] and no [Code] is shown as internal, without its text. The
// request's [Record] keeps the error, cause included, for the log.
//
// Where the client has gone, a failure of the server (5xx) becomes canceled: what it
// met was a call that nobody waits for any more.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	e := answered(r, asError(err))
	status, server := e.status(), serverInfo(r.Context())
	RecordFromContext(r.Context()).noteFailure(e)
	errorHeaders(w.Header(), e)
	if status == http.StatusUnauthorized || e.Code == CodeInvalidScope {
		w.Header().Set("WWW-Authenticate", challenge(e, server))
	}
	writeJSON(w, "application/problem+json", status, problem{
		Type:      server.ErrorTypeBase + string(e.Code),
		Title:     e.title(),
		Status:    status,
		Detail:    cmp.Or(e.Detail, e.title()+"."),
		Instance:  instance(r),
		Code:      e.Code,
		RequestID: RequestID(r.Context()),
		Errors:    e.Fields,
	})
}

// WriteErrorAs answers with err in the form of another protocol: with the status and
// the body, as JSON, that form returns for it. Where the body is nil it is [WriteError].
// The headers and what the request's [Record] keeps are those of WriteError.
func WriteErrorAs(w http.ResponseWriter, r *http.Request, err error, form func(*Error) (status int, body any)) {
	e := answered(r, asError(err))
	status, body := form(e)
	if body == nil {
		WriteError(w, r, e)
		return
	}
	RecordFromContext(r.Context()).noteFailure(e)
	errorHeaders(w.Header(), e)
	writeJSON(w, "application/json", status, body)
}

// answered returns e, or canceled where the client has gone.
func answered(r *http.Request, e *Error) *Error {
	if e.status() >= http.StatusInternalServerError && errors.Is(r.Context().Err(), context.Canceled) {
		return errCanceled(e)
	}
	return e
}

// NotFound answers that the server has no such path: 404 not_found, with the
// CallsHint of its [ServerInfo].
func NotFound(w http.ResponseWriter, r *http.Request) {
	detail := "There is nothing at this path."
	if hint := serverInfo(r.Context()).CallsHint; hint != "" {
		detail += " " + hint
	}
	WriteError(w, r, Errorf(CodeNotFound, "%s", detail))
}

// maxInstance bounds how much of a hostile path an answer repeats.
const maxInstance = 1 << 10

func instance(r *http.Request) string {
	path := r.URL.EscapedPath()
	return path[:min(len(path), maxInstance)]
}

// OAuthError is a failure of an OAuth endpoint. OAuth is its error code, such
// as "invalid_grant" (RFC 6749 section 5.2).
type OAuthError struct {
	OAuth  string
	Status int
	Err    *Error // detail, Retry-After and cause
}

func (e *OAuthError) Error() string { return e.OAuth + ": " + e.Err.Error() }

// Unwrap returns the error value behind the OAuth code.
func (e *OAuthError) Unwrap() error { return e.Err }

// WriteOAuthError answers with err in OAuth's form, {error,
// error_description} (RFC 6749 section 5.2), never cached. An [OAuthError]
// keeps its code; any other error is mapped: a refused client is
// invalid_client, a missing backend temporarily_unavailable, bad input
// invalid_request, the rest server_error.
func WriteOAuthError(w http.ResponseWriter, r *http.Request, err error) {
	oe, ok := errors.AsType[*OAuthError](err)
	if !ok {
		oe = oauthFrom(answered(r, asError(err)))
	}
	RecordFromContext(r.Context()).noteFailure(oe.Err)
	errorHeaders(w.Header(), oe.Err)
	if oe.Status == http.StatusUnauthorized {
		// RFC 6749 section 5.2: a client that used the Authorization header is told the scheme.
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Basic realm="%s", charset="UTF-8"`, quotable(serverInfo(r.Context()).Realm)))
	}
	writeJSON(w, "application/json", oe.Status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{oe.OAuth, quotable(oe.Err.Detail)})
}

func oauthFrom(e *Error) *OAuthError {
	status := e.status()
	switch {
	case e.Code == CodeInvalidScope:
		return &OAuthError{"invalid_scope", http.StatusBadRequest, e}
	case status == http.StatusUnauthorized:
		return &OAuthError{"invalid_client", status, e}
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		return &OAuthError{"temporarily_unavailable", status, e}
	case status < http.StatusInternalServerError:
		return &OAuthError{"invalid_request", status, e}
	}
	return &OAuthError{"server_error", status, e}
}

// quotable replaces what may not stand in a quoted string (RFC 9110 section 5.6.4)
// and in error_description (RFC 6749 section 5.2).
func quotable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return '\''
		}
		return c
	}, s)
}

func errorHeaders(h http.Header, e *Error) {
	h.Set("Cache-Control", "no-store")
	for _, stale := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "Content-Range", "ETag", "Last-Modified"} {
		h.Del(stale)
	}
	if e.Allow != "" {
		h.Set("Allow", e.Allow)
	}
	wait := e.RetryAfter
	if wait <= 0 && (e.Code == CodeUnavailable || e.Code == CodeRateLimited) {
		wait = time.Second
	}
	if wait > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
	}
}

// challenge builds the Bearer challenge of RFC 6750 section 3. A request
// without any token gets no error attribute (section 3.1).
func challenge(e *Error, server ServerInfo) string {
	bearer := fmt.Sprintf(`Bearer realm="%s"`, quotable(server.Realm))
	if server.ResourceMetadata != "" {
		bearer += fmt.Sprintf(`, resource_metadata="%s"`, quotable(server.ResourceMetadata))
	}
	switch e.Code {
	case CodeMissingToken:
		return bearer
	case CodeInvalidScope:
		if e.Scope == "" {
			return bearer + `, error="insufficient_scope"`
		}
		return fmt.Sprintf(`%s, error="insufficient_scope", scope="%s"`, bearer, quotable(e.Scope))
	}
	return fmt.Sprintf(`%s, error="invalid_token", error_description="%s"`, bearer, quotable(e.Detail))
}

// WriteJSON answers with v as JSON. A v that cannot be encoded is answered as
// internal.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	writeBody(w, "application/json", status, body)
}

func writeJSON(w http.ResponseWriter, contentType string, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	writeBody(w, contentType, status, body)
}

func writeBody(w http.ResponseWriter, contentType string, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(status)
	// A write that fails means that the client has gone: nobody is left to tell.
	_, _ = w.Write(append(body, '\n'))
}

// LogValue shows the error in a structured log, cause included.
func (e *Error) LogValue() slog.Value { return slog.StringValue(e.Error()) }
