package secrets

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/cpodkit/cpodkit/internal/loopback"
)

// Getter is what a [Transport] reads its secret from; [Handle] implements it.
type Getter interface {
	Get(ctx context.Context, name string, opts ...GetOption) (Secret, error)
}

// Transport is an [http.RoundTripper] that adds a secret to requests, as a header. It
// reads the secret for each request, which costs nothing while the secret is cached, so
// that a rotation takes effect as soon as it is seen.
//
// The secret goes to one origin alone: to the scheme, host and port that New names. A
// request to another one, after a redirect for example, goes out without it, and so does
// one whose Host header is another host. The request that the caller sees, also in the
// response, has no such header. A request fails when the secret cannot be read. It is safe
// for concurrent use.
//
// GODEBUG=http2debug=2 and the hooks of [net/http/httptrace] in the request's context see
// what is sent.
type Transport struct {
	transportOptions

	secrets Getter
	name    string
	origin  string
}

// TransportOption configures [NewTransport].
type TransportOption func(*transportOptions)

type transportOptions struct {
	base           http.RoundTripper
	header, format string
	unsafeHTTP     bool
}

// WithHeader sets the header, and its value with "%s" instead of the secret. It cannot be one
// that net/http sets, such as Host. Without it that is Authorization with "Bearer %s".
func WithHeader(header, format string) TransportOption {
	return func(o *transportOptions) { o.header, o.format = header, format }
}

// WithBase sets what sends the requests. Without it that is [http.DefaultTransport].
func WithBase(base http.RoundTripper) TransportOption {
	return func(o *transportOptions) { o.base = base }
}

// WithUnsafeHTTP allows an origin with http that is another machine: everybody on the way
// reads the secret.
func WithUnsafeHTTP() TransportOption { return func(o *transportOptions) { o.unsafeHTTP = true } }

// NewTransport returns a Transport that adds the named secret to requests to an origin,
// such as "https://api.example.com". The secret is the handle's: of one tenant, whoever
// makes the request.
func NewTransport(secrets Getter, name, origin string, opts ...TransportOption) (*Transport, error) {
	t := &Transport{
		transportOptions: transportOptions{base: http.DefaultTransport, header: "Authorization", format: "Bearer %s"},
		secrets:          secrets, name: name,
	}
	for _, opt := range opts {
		opt(&t.transportOptions)
	}
	u, err := url.Parse(origin)
	switch {
	case secrets == nil || t.base == nil:
		return nil, errors.New("secrets: the transport has no secrets or no base")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("secrets: the origin must be http or https with a host and nothing behind it")
	case u.Scheme == "http" && !loopback.Is(u.Hostname()) && !t.unsafeHTTP:
		return nil, errors.New("secrets: everybody on the way to an http origin reads the secret: take https, or WithUnsafeHTTP")
	case strings.Count(t.format, "%s") != 1 || !isFieldValue(t.format) || !isToken(t.header) || isConnectionHeader(t.header):
		return nil, fmt.Errorf("secrets: the header is %q with the value %q; it needs a name that is not one of the connection's, and one %%s", t.header, t.format)
	}
	if err := CheckName(name); err != nil {
		return nil, err
	}
	t.origin = originOf(u)
	return t, nil
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if originOf(r.URL) != t.origin || r.Host != "" && !strings.EqualFold(r.Host, r.URL.Host) {
		return t.base.RoundTrip(r)
	}
	value, err := t.value(r.Context())
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as every RoundTripper does
		}
		return nil, err
	}
	sent := r.Clone(r.Context())
	sent.Trailer = r.Trailer // its values are set while the body is read
	sent.Header.Set(t.header, value)
	res, err := t.base.RoundTrip(sent)
	if res != nil {
		res.Request = r
	}
	return res, err
}

// value returns the value of the header.
func (t *Transport) value(ctx context.Context) (string, error) {
	secret, err := t.secrets.Get(ctx, t.name)
	if err != nil {
		return "", err
	}
	value := secret.Value.Reveal()
	if !isFieldValue(value) {
		return "", errors.New("secrets: the secret has a control character, which no header can have")
	}
	return strings.Replace(t.format, "%s", value, 1), nil
}

// originOf returns the origin of a URL (RFC 6454 section 4), with its port.
func originOf(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// isFieldValue reports whether a text can be the value of a header (RFC 9110 section 5.5).
func isFieldValue(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// isConnectionHeader reports whether net/http sets a header itself, or no server gets it.
func isConnectionHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection", "Upgrade", "Keep-Alive", "Te", "Proxy-Connection":
		return true
	}
	return false
}

// isToken reports whether a text can be the name of a header (RFC 9110 section 5.6.2).
func isToken(text string) bool {
	return text != "" && strings.Trim(text, letters+"0123456789!#$%&'*+-.^_`|~") == ""
}
