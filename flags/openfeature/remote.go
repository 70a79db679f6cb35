package openfeature

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
	"strconv"
	"strings"
	"sync"
	"time"

	sdk "github.com/open-feature/go-sdk/openfeature"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
)

const (
	singlePath = "/ofrep/v1/evaluate/flags/"
	bulkPath   = "/ofrep/v1/evaluate/flags"

	defaultTimeout = 5 * time.Second
	defaultPoll    = 30 * time.Second
	maxRetryAfter  = 5 * time.Minute

	maxSingle = 2 << 20
	maxBulk   = 64 << 20
)

// RemoteOption configures [Remote].
type RemoteOption func(*remoteOptions)

type remoteOptions struct {
	client  *http.Client
	token   func(context.Context) (string, error)
	timeout time.Duration
	poll    time.Duration
}

// WithToken sets what gives the bearer token of each request: an API key, or an access
// token that it renews in time. Without it requests carry none.
func WithToken(token func(ctx context.Context) (string, error)) RemoteOption {
	return func(o *remoteOptions) { o.token = token }
}

// WithHTTPClient sets the client that sends requests. Without it, it is one of its own.
// Redirects are never followed, and a Timeout of it would end the stream.
func WithHTTPClient(client *http.Client) RemoteOption {
	return func(o *remoteOptions) { o.client = client }
}

// WithTimeout sets how long one evaluation may take, more than 0; 5 s without it.
func WithTimeout(d time.Duration) RemoteOption { return func(o *remoteOptions) { o.timeout = d } }

// WithPoll sets how often a server that names no stream is asked for changes, more than
// 0; 30 s without it.
func WithPoll(d time.Duration) RemoteOption { return func(o *remoteOptions) { o.poll = d } }

// Remote returns the backend of a server that speaks the OpenFeature Remote Evaluation
// Protocol (OFREP 0.3), such as cpod-backend, by the URL of its root.
//
// Each evaluation is one call with its own context, as the protocol has it for servers:
// nothing is cached, so no value is older than the answer. Start evaluates all flags once,
// to learn whether the server answers and takes the token, and where its stream of
// changes is. Changes come by that stream, which is opened again when it breaks. From a
// server without one, the flags are asked for with the ETag of the answer before. A change
// names no keys. After a 429 with Retry-After no call is sent until then.
func Remote(baseURL string, opts ...RemoteOption) (Backend, error) {
	o := remoteOptions{client: &http.Client{}, timeout: defaultTimeout, poll: defaultPoll}
	for _, opt := range opts {
		opt(&o)
	}
	base, err := url.Parse(baseURL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" ||
		base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("openfeature: the URL must be http or https with a host, and without user, query and fragment")
	}
	if o.client == nil || o.timeout <= 0 || o.poll <= 0 {
		return nil, fmt.Errorf("openfeature: a client is needed, and the timeout is %s with a poll every %s; both must be more than 0", o.timeout, o.poll)
	}
	client := *o.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.client = &client
	return &remote{remoteOptions: o, base: base, root: strings.TrimRight(baseURL, "/")}, nil
}

// remote is a server.
type remote struct {
	remoteOptions
	base *url.URL
	root string

	mu        sync.Mutex
	notBefore time.Time // of the next call, after a 429
	stream    string    // its URL; "" for none
	etag      string    // of the last answer with all flags
	lastID    string    // of the last event
	failures  int       // of the watch, one after the other
	err       error     // why changes are not heard of
}

// Evaluate implements [Backend].
func (r *remote) Evaluate(ctx context.Context, key string, c flags.Context) (*flags.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	attributes := maps.Clone(c.Attributes)
	if c.TargetingKey != "" {
		if attributes == nil {
			attributes = map[string]any{}
		}
		attributes[flags.TargetingKey] = c.TargetingKey
	}
	body, err := json.Marshal(map[string]any{"context": attributes})
	if err != nil {
		return failure(key, flags.ErrorInvalidContext, "The context cannot be written as JSON."), nil
	}
	status, answer, _, err := r.post(ctx, singlePath+url.PathEscape(key), body, nil, maxSingle)
	if err != nil {
		return nil, err
	}
	return resultOf(key, status, answer)
}

// resultOf reads an answer for one flag.
func resultOf(key string, status int, answer []byte) (*flags.Result, error) {
	var flag struct {
		Value        any             `json:"value"`
		Variant      string          `json:"variant"`
		Reason       flags.Reason    `json:"reason"`
		Metadata     map[string]any  `json:"metadata"`
		ErrorCode    flags.ErrorCode `json:"errorCode"`
		ErrorDetails string          `json:"errorDetails"`
	}
	err := json.Unmarshal(answer, &flag)
	switch {
	case err == nil && status == http.StatusOK && flag.ErrorCode == "":
		return &flags.Result{Key: key, Value: flag.Value, Variant: flag.Variant, Reason: flag.Reason, Metadata: flag.Metadata}, nil
	case err == nil && flag.ErrorCode != "" && (status == http.StatusBadRequest || status == http.StatusNotFound):
		r := failure(key, flag.ErrorCode, flag.ErrorDetails)
		r.Metadata = flag.Metadata
		return r, nil
	}
	return nil, refusalOf(status)
}

func failure(key string, code flags.ErrorCode, message string) *flags.Result {
	return &flags.Result{Key: key, Reason: flags.ReasonError, ErrorCode: code, ErrorMessage: message}
}

// refusalOf is the error of a status that holds no evaluation.
func refusalOf(status int) error {
	code := cpodkit.CodeInternal
	switch {
	case status == http.StatusUnauthorized:
		code = cpodkit.CodeInvalidToken
	case status == http.StatusForbidden:
		code = cpodkit.CodeForbidden
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		code = cpodkit.CodeUnavailable
	}
	return cpodkit.Errorf(code, "The flag server answered %d.", status)
}

// Start implements [Starter]. A server that does not take the token is a fatal error.
func (r *remote) Start(ctx context.Context) error {
	_, err := r.all(ctx)
	if errors.Is(err, cpodkit.CodeInvalidToken) || errors.Is(err, cpodkit.CodeForbidden) {
		return &sdk.ProviderInitError{ErrorCode: sdk.ProviderFatalCode, Message: err.Error()}
	}
	return err
}

// all asks for all flags, and reports whether they are others than the last time. It
// learns where the stream is.
func (r *remote) all(ctx context.Context) (changed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	r.mu.Lock()
	etag := r.etag
	r.mu.Unlock()
	header := http.Header{}
	if etag != "" {
		header.Set("If-None-Match", etag)
	}
	status, body, got, err := r.post(ctx, bulkPath, []byte(`{"context":{}}`), header, maxBulk)
	if err != nil {
		return false, err
	}
	if status == http.StatusNotModified {
		return false, nil
	}
	if status != http.StatusOK {
		return false, refusalOf(status)
	}
	var answer struct {
		EventStreams []eventStream `json:"eventStreams"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return false, cpodkit.Errorf(cpodkit.CodeInternal, "The server does not speak OFREP.").WithCause(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stream = r.streamOf(answer.EventStreams)
	changed, r.etag = r.etag != "" && r.etag != got.Get("ETag"), got.Get("ETag")
	return changed, nil
}

// post sends one request, unless the server has asked to wait.
func (r *remote) post(
	ctx context.Context, path string, body []byte, header http.Header, maxAnswer int64,
) (status int, answer []byte, got http.Header, err error) {
	r.mu.Lock()
	wait := time.Until(r.notBefore)
	r.mu.Unlock()
	if wait > 0 {
		return 0, nil, nil, cpodkit.Errorf(cpodkit.CodeUnavailable, "The flag server takes no calls for %s.", wait.Round(time.Second))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.root+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	maps.Copy(request.Header, header)
	request.Header.Set("Content-Type", "application/json")
	response, err := r.send(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return 0, nil, nil, unreached(err)
	}
	if int64(len(answer)) > maxAnswer {
		return 0, nil, nil, cpodkit.Errorf(cpodkit.CodeInternal, "The answer of the flag server has more than %d bytes.", maxAnswer)
	}
	if response.StatusCode == http.StatusTooManyRequests {
		r.mu.Lock()
		r.notBefore = time.Now().Add(retryAfter(response.Header))
		r.mu.Unlock()
	}
	return response.StatusCode, answer, response.Header, nil
}

// send sends a request. Only the server itself is sent the token.
func (r *remote) send(request *http.Request) (*http.Response, error) {
	if r.token != nil && request.URL.Scheme == r.base.Scheme && request.URL.Host == r.base.Host {
		token, err := r.token(request.Context())
		if err != nil {
			return nil, cpodkit.Errorf(cpodkit.CodeUnavailable, "There is no token for the flag server.").WithCause(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, unreached(err)
	}
	return response, nil
}

// unreached words the failure of a connection without its URL, which may hold a secret.
func unreached(err error) error {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		err = withURL.Err
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The flag server does not answer: %s.", err).WithCause(err)
}

// retryAfter returns how long a server asks to wait (RFC 9110 section 10.2.3), within
// bounds.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	wait := time.Second
	if seconds, err := strconv.Atoi(value); err == nil {
		wait = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = time.Until(at)
	} else if at, err := time.Parse(time.RFC3339, value); err == nil { // as OFREP has it
		wait = time.Until(at)
	}
	return max(0, min(wait, maxRetryAfter))
}
