package client

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/cpodkit/cpodkit"
)

// Error is an answer of cpod-backend that is not success, or a call that the client refused to send (Status 0).
type Error struct {
	// Op names the call, for example "files.read".
	Op string
	// Status is the HTTP status, 0 when nothing was sent.
	Status int
	// Code is the stable code from docs/errors.md, such as [cpodkit.CodeNotFound], or from OAuth (RFC 6749 section 5.2). It is
	// empty when the answer did not come from cpod-backend, but from a proxy in between.
	Code cpodkit.Code
	// Message says what is wrong, in the server's words.
	Message string
	// RequestID finds the request in the server's logs.
	RequestID string
	// Fields lists what is wrong with single members of the request's JSON.
	Fields []FieldError
	// RetryAfter is how long the server asks to wait, 0 when it does not say.
	RetryAfter time.Duration
}

// FieldError is one thing wrong with a request.
type FieldError = cpodkit.FieldError

// NotFoundError (404): what was asked for is not there, or belongs to another app or tenant.
type NotFoundError Error

// AuthError (401, 403, or a refusal by the token endpoint): the credentials or the token are not valid, or the token
// lacks the scope. Code says which.
type AuthError Error

// ValidationError (400, 422): the request is wrong and will be refused again. With Status 0 the client refused it.
type ValidationError Error

// RateLimitError (429): too many requests; RetryAfter says when to come back.
type RateLimitError Error

// ConflictError (409): the state does not allow it, for example an app of that name exists, or a value is no integer.
type ConflictError Error

// PreconditionFailedError (412): the condition of a write did not hold (IfAbsent, IfMatch). Nothing was changed.
type PreconditionFailedError Error

// UnavailableError (502, 503, 504): the server or what it stands on is down. A write may have taken effect.
type UnavailableError Error

// QuotaExceededError (507): the tenant's storage is full. Message has the figures, and nothing was stored.
type QuotaExceededError Error

// Error gives the message, the status, the code and the request id in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("cpod: ")
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	switch {
	case e.Message != "":
		b.WriteString(e.Message)
	case e.Status != 0:
		b.WriteString("the server answered " + statusText(e.Status))
	default:
		b.WriteString("refused")
	}
	for _, field := range e.Fields {
		b.WriteString("; " + field.Pointer + ": " + field.Detail)
	}
	var notes []string
	if about := strings.TrimSpace(statusNumber(e.Status) + " " + string(e.Code)); about != "" {
		notes = append(notes, about)
	}
	if e.RequestID != "" {
		notes = append(notes, "request "+e.RequestID)
	}
	if e.RetryAfter > 0 {
		notes = append(notes, "retry after "+e.RetryAfter.String())
	}
	if len(notes) > 0 {
		b.WriteString(" (" + strings.Join(notes, ", ") + ")")
	}
	return b.String()
}

func (e *NotFoundError) Error() string           { return (*Error)(e).Error() }
func (e *AuthError) Error() string               { return (*Error)(e).Error() }
func (e *ValidationError) Error() string         { return (*Error)(e).Error() }
func (e *RateLimitError) Error() string          { return (*Error)(e).Error() }
func (e *ConflictError) Error() string           { return (*Error)(e).Error() }
func (e *PreconditionFailedError) Error() string { return (*Error)(e).Error() }
func (e *UnavailableError) Error() string        { return (*Error)(e).Error() }
func (e *QuotaExceededError) Error() string      { return (*Error)(e).Error() }

// Unwrap returns the [*Error], so that errors.As finds it.
func (e *NotFoundError) Unwrap() error { return (*Error)(e) }

// Unwrap returns the [*Error], so that errors.As finds it.
func (e *AuthError) Unwrap() error { return (*Error)(e) }

// Unwrap returns the [*Error], so that errors.As finds it.
func (e *ValidationError) Unwrap() error { return (*Error)(e) }

// Unwrap returns the [*Error], so that errors.As finds it.
func (e *RateLimitError) Unwrap() error { return (*Error)(e) }

// Unwrap returns the [*Error], so that errors.As finds it.
func (e *ConflictError) Unwrap() error { return (*Error)(e) }

// Unwrap returns the [*Error], so that errors.As finds it.
func (e *PreconditionFailedError) Unwrap() error { return (*Error)(e) }

// Unwrap returns the [*Error], so that errors.As finds it.
func (e *UnavailableError) Unwrap() error { return (*Error)(e) }

// Unwrap returns the [*Error], so that errors.As finds it.
func (e *QuotaExceededError) Unwrap() error { return (*Error)(e) }

// typed gives the error the type of its class.
func (e *Error) typed() error {
	grantRefused := []cpodkit.Code{"invalid_client", "invalid_grant", cpodkit.CodeInvalidScope, "unauthorized_client", "access_denied"}
	switch {
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden, slices.Contains(grantRefused, e.Code):
		return (*AuthError)(e)
	case e.Status == http.StatusBadRequest, e.Status == http.StatusUnprocessableEntity:
		return (*ValidationError)(e)
	}
	switch e.Status {
	case http.StatusNotFound:
		return (*NotFoundError)(e)
	case http.StatusConflict:
		return (*ConflictError)(e)
	case http.StatusPreconditionFailed:
		return (*PreconditionFailedError)(e)
	case http.StatusTooManyRequests:
		return (*RateLimitError)(e)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return (*UnavailableError)(e)
	case http.StatusInsufficientStorage:
		return (*QuotaExceededError)(e)
	}
	return e
}

// invalid is a call refused before anything was sent.
func invalid(op string, code cpodkit.Code, format string, args ...any) error {
	return &ValidationError{Op: op, Code: code, Message: fmt.Sprintf(format, args...)}
}

func errTenantMismatch() error {
	return &AuthError{Code: "tenant_mismatch",
		Message: "the credentials belong to another tenant than TenantID (CPOD_TENANT_ID), so the call was not made"}
}

// refusal reads an answer that is not success: problem+json (RFC 9457), or the OAuth form (RFC 6749 section 5.2).
// Whatever secret the call carried is cut out of the texts, in case something on the way repeats it.
func refusal(c *call, response *http.Response, body []byte, credential string) error {
	e := &Error{
		Op:         c.op,
		Status:     response.StatusCode,
		RequestID:  response.Header.Get("X-Request-Id"),
		RetryAfter: parseRetryAfter(response.Header.Get("Retry-After")),
	}
	if e.Status/100 == 3 {
		e.Message = "the server answered with a redirect, and the client follows none: check BaseURL (CPOD_API_URL)"
		return e
	}
	if e.Status/100 == 2 {
		e.Message = "the answer is not what cpod-backend sends here: check BaseURL (CPOD_API_URL)"
		return e
	}
	var problem struct {
		Code        string       `json:"code"`
		Title       string       `json:"title"`
		Detail      string       `json:"detail"`
		RequestID   string       `json:"requestId"`
		Errors      []FieldError `json:"errors"`
		OAuthError  string       `json:"error"`
		Description string       `json:"error_description"`
	}
	if isJSON(response.Header.Get("Content-Type")) && json.Unmarshal(body, &problem) == nil {
		e.Code = cpodkit.Code(firstOf(problem.Code, problem.OAuthError))
		e.Message = firstOf(problem.Detail, problem.Description, problem.Title)
		e.RequestID = firstOf(problem.RequestID, e.RequestID)
		e.Fields = problem.Errors
	}
	if e.Code == "" && c.method == http.MethodHead && e.RequestID != "" {
		// An answer to HEAD has no body. The request id shows that it came from cpod-backend.
		e.Code = headCode(response)
	}
	e.clean(credential, c.secret)
	return e.typed()
}

// headCode is the code that the status stands for when there is no body to say it.
func headCode(response *http.Response) cpodkit.Code {
	switch response.StatusCode {
	case http.StatusBadRequest:
		return cpodkit.CodeBadRequest
	case http.StatusUnauthorized:
		// RFC 6750 section 3.1: the challenge has no error attribute when the request had no token.
		if strings.Contains(response.Header.Get("WWW-Authenticate"), "invalid_token") {
			return cpodkit.CodeInvalidToken
		}
		return cpodkit.CodeMissingToken
	case http.StatusForbidden:
		return cpodkit.CodeForbidden
	case http.StatusNotFound:
		return cpodkit.CodeNotFound
	case http.StatusTooManyRequests:
		return cpodkit.CodeRateLimited
	case http.StatusServiceUnavailable:
		return cpodkit.CodeUnavailable
	}
	return ""
}

// clean cuts the secrets out of the server's texts, and makes them fit for one line of a log.
func (e *Error) clean(secrets ...string) {
	e.Code = cpodkit.Code(cleanText(string(e.Code), secrets))
	for _, text := range []*string{&e.Message, &e.RequestID} {
		*text = cleanText(*text, secrets)
	}
	for i := range e.Fields {
		e.Fields[i].Pointer = cleanText(e.Fields[i].Pointer, secrets)
		e.Fields[i].Detail = cleanText(e.Fields[i].Detail, secrets)
	}
}

func cleanText(text string, secrets []string) string {
	// A shorter text is no secret, but may well be part of a word.
	const longest, shortestSecret = 1 << 10, 8
	for _, secret := range secrets {
		if len(secret) >= shortestSecret {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// parseRetryAfter reads both forms of RFC 9110 section 10.2.3.
func parseRetryAfter(value string) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil {
		const day = 24 * 60 * 60
		return time.Duration(min(max(seconds, 0), day)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

func statusNumber(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status)
}
