// Package outbound sends requests to servers that are named by others: key sets, metadata and
// providers of identity. It keeps them from leading into the network of this server.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit/internal/loopback"
)

const (
	// Timeout is for a request with its answer.
	Timeout = 10 * time.Second

	// MaxBody is the most bytes of an answer: 1 MiB.
	MaxBody = 1 << 20

	maxRedirects = 3
	maxHeader    = 64 << 10
)

// Options say which servers are asked.
type Options struct {
	// PrivateAddresses allows addresses that are not of the public Internet.
	PrivateAddresses bool

	// LoopbackHTTP allows http for this machine, and PrivateAddresses.
	LoopbackHTTP bool

	// RootCAs sign the certificates; those of the system when it is nil.
	RootCAs *x509.CertPool
}

// Client sends requests within bounds. It is safe for concurrent use.
type Client struct {
	http         http.Client
	loopbackHTTP bool
}

// New returns a Client.
func New(o Options) *Client {
	dialer := &net.Dialer{Timeout: Timeout}
	if !o.PrivateAddresses && !o.LoopbackHTTP {
		dialer.Control = refusePrivate
	}
	return &Client{loopbackHTTP: o.LoopbackHTTP, http: http.Client{
		Timeout:       Timeout,
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true, // a request leaves nothing that has to be closed
			DisableCompression:     true,
		},
	}}
}

// checkRedirect follows none after a POST, which holds secrets.
func checkRedirect(r *http.Request, via []*http.Request) error {
	switch {
	case via[0].Method != http.MethodGet:
		return http.ErrUseLastResponse
	case len(via) > maxRedirects:
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	case r.URL.Scheme != via[0].URL.Scheme || r.URL.Host != via[0].URL.Host:
		return errors.New("it redirects to another host or scheme")
	}
	return nil
}

// CheckURL refuses a URL before anything is sent to it. It wants https, or http for this
// machine where the options allow it.
func (c *Client) CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return err
	case u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "":
		return fmt.Errorf("%q is not a URL with a host and without user and fragment", text)
	case u.Scheme == "https", u.Scheme == "http" && c.loopbackHTTP && loopback.Is(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%q is not an https URL", text)
}

// Answer is what a server has answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request whose URL was checked, and returns the answer whole.
func (c *Client) Do(r *http.Request) (Answer, error) {
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "cpodkit")
	answer, err := c.http.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, MaxBody+1))
	if err != nil {
		return Answer{}, fmt.Errorf("read %s: %w", r.URL, err)
	}
	if len(body) > MaxBody {
		return Answer{}, fmt.Errorf("%s answers more than %d bytes", r.URL, MaxBody)
	}
	return Answer{answer.StatusCode, answer.Header, body}, nil
}

// Get returns a document with its header. The media type is not trusted, and not looked at.
func (c *Client) Get(ctx context.Context, address string) ([]byte, http.Header, error) {
	if err := c.CheckURL(address); err != nil {
		return nil, nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	answer, err := c.Do(r)
	if err != nil {
		return nil, nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, nil, fmt.Errorf("%s answers %d", address, answer.Status)
	}
	return answer.Body, answer.Header, nil
}
