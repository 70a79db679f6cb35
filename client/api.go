package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/cpodkit/cpodkit"
)

const (
	jsonType   = "application/json"
	formType   = "application/x-www-form-urlencoded"
	binaryType = "application/octet-stream"

	// A value of 1 MiB grows at most sixfold when JSON escapes it.
	maxAnswer  = 8 << 20
	maxPage    = 64 << 20
	maxRefusal = 64 << 10
)

type authentication int

const (
	bearerAuth authentication = iota
	clientAuth
)

// api sends calls. It is shared by every handle of a client and safe for concurrent use.
type api struct {
	base         string
	http         *http.Client
	maxAttempts  int
	apiKey       sealed
	clientID     string
	clientSecret sealed
	tokens       *tokenSource
}

// sealed keeps a secret out of reach of fmt, which prints even unexported fields behind pointers.
type sealed func() string

func seal(secret string) sealed { return func() string { return secret } }

// call is one request as it may be sent several times.
type call struct {
	op          string
	method      string
	path        string
	query       url.Values
	header      http.Header
	contentType string
	data        []byte
	upload      *upload
	secret      string // a token in data, which no error may repeat
	auth        authentication
	repeat      repetition
	success     []int
	maxAnswer   int64
	stream      bool
}

// answer is a successful response. stream is set, and open, only for a call that asked for it.
type answer struct {
	op     string
	status int
	header http.Header
	body   []byte
	stream io.ReadCloser
	length int64
}

func (a *answer) decode(into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return &Error{Op: a.op, Status: a.status, RequestID: a.header.Get("X-Request-Id"),
			Message: "the answer is not the JSON that cpod-backend sends here: check BaseURL (CPOD_API_URL)"}
	}
	return nil
}

// connectionError is a failure to get an answer. It wraps the cause without the URL, which holds the caller's keys.
type connectionError struct {
	op  string
	err error
}

func (e *connectionError) Error() string { return "cpod: " + e.op + ": " + e.err.Error() }
func (e *connectionError) Unwrap() error { return e.err }

// withOp names the call in an error that does not name one yet.
func withOp(op string, err error) error {
	if _, ok := errors.AsType[*connectionError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return &connectionError{op, err}
}

// do sends the call, again where that is safe, until it succeeds or fails for good.
func (a *api) do(ctx context.Context, c *call) (*answer, error) {
	rejected := ""
	for attempt := 1; ; {
		credential, err := a.credential(ctx, c, rejected)
		if err != nil {
			return nil, withOp(c.op, err)
		}
		got, err := a.try(ctx, c, credential)
		if err == nil {
			return got, nil
		}
		if a.tokens != nil && c.auth == bearerAuth && rejected == "" && isTokenRefused(err) && c.replayable() {
			rejected = credential
			continue
		}
		wait, again := c.retryAfter(err, attempt)
		if !again || attempt >= a.maxAttempts || ctx.Err() != nil {
			return nil, err
		}
		if err := waitFor(ctx, wait, err); err != nil {
			return nil, err
		}
		attempt++
	}
}

// doJSON sends the call and decodes its answer.
func (a *api) doJSON(ctx context.Context, c *call, into any) error {
	got, err := a.do(ctx, c)
	if err != nil {
		return err
	}
	return got.decode(into)
}

// credential is the secret that the call carries.
func (a *api) credential(ctx context.Context, c *call, rejected string) (string, error) {
	switch {
	case c.auth == clientAuth:
		return a.clientSecret(), nil
	case a.tokens != nil:
		return a.tokens.token(ctx, rejected)
	}
	return a.apiKey(), nil
}

// try sends the call once.
func (a *api) try(ctx context.Context, c *call, credential string) (*answer, error) {
	request, err := a.request(ctx, c, credential)
	if err != nil {
		return nil, err
	}
	response, err := a.http.Do(request)
	if c.upload != nil {
		defer c.upload.release()
	}
	if err != nil {
		if withURL, ok := errors.AsType[*url.Error](err); ok {
			err = withURL.Err
		}
		return nil, &connectionError{c.op, err}
	}
	if !slices.Contains(c.success, response.StatusCode) {
		defer response.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
		return nil, refusal(c, response, body, credential)
	}
	got := &answer{op: c.op, status: response.StatusCode, header: response.Header, length: response.ContentLength}
	if c.stream {
		got.stream = response.Body
		return got, nil
	}
	defer response.Body.Close()
	limit := max(c.maxAnswer, maxAnswer)
	got.body, err = io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, &connectionError{c.op, err}
	}
	if int64(len(got.body)) > limit {
		return nil, &Error{Op: c.op, Status: got.status, RequestID: got.header.Get("X-Request-Id"),
			Message: fmt.Sprintf("the answer is larger than %d MiB: ask for fewer items at a time", limit>>20)}
	}
	return got, nil
}

func (a *api) request(ctx context.Context, c *call, credential string) (*http.Request, error) {
	target := a.base + c.path
	if len(c.query) > 0 {
		target += "?" + c.query.Encode()
	}
	var body io.Reader
	if c.data != nil {
		body = bytes.NewReader(c.data)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, target, body)
	if err != nil {
		return nil, invalid(c.op, cpodkit.CodeBadRequest, "the request cannot be made")
	}
	maps.Copy(request.Header, c.header)
	if c.upload != nil {
		if err := c.upload.attach(request); err != nil {
			return nil, &connectionError{c.op, err}
		}
	}
	if c.contentType != "" {
		request.Header.Set("Content-Type", c.contentType)
	}
	request.Header.Set("User-Agent", "cpodkit-go")
	if c.auth == clientAuth {
		// RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
		request.SetBasicAuth(url.QueryEscape(a.clientID), url.QueryEscape(credential))
	} else {
		request.Header.Set("Authorization", "Bearer "+credential)
	}
	return request, nil
}

// encodeJSON keeps <, > and & as they are: the kv store returns the bytes that it was sent.
func encodeJSON(op string, value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, invalid(op, cpodkit.CodeValidationFailed, "the value cannot be written as JSON: %v", err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}
