package authz

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/internal/loopback"
)

const (
	fetchTime    = 10 * time.Second // for all requests of one fetch
	maxRedirects = 3
	maxHeader    = 64 << 10

	minLifetime     = time.Minute
	maxLifetime     = 24 * time.Hour
	defaultLifetime = 15 * time.Minute
)

// fetcher gets a document by HTTP within bounds.
type fetcher struct {
	client    *http.Client
	plainHTTP bool
}

func newFetcher(o *remoteOptions) *fetcher {
	dialer := &net.Dialer{Timeout: fetchTime}
	if !o.privateAddresses {
		dialer.Control = refusePrivate
	}
	f := &fetcher{plainHTTP: o.plainHTTP}
	f.client = &http.Client{
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        o.tls(),
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true, // a fetch leaves nothing that has to be closed
			DisableCompression:     true,
		},
	}
	return f
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	case r.URL.Scheme != via[0].URL.Scheme || r.URL.Host != via[0].URL.Host:
		return errors.New("it redirects to another host or scheme")
	}
	return nil
}

// checkURL refuses a URL before anything is sent to it.
func (f *fetcher) checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return err
	case u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "":
		return fmt.Errorf("%q is not a URL with a host and without user and fragment", text)
	case u.Scheme == "https", u.Scheme == "http" && f.plainHTTP && loopback.Is(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%q is not an https URL", text)
}

// get returns a document and how long it is fresh. The media type is not trusted, and not
// looked at.
func (f *fetcher) get(ctx context.Context, address string) (body []byte, lifetime time.Duration, err error) {
	if err := f.checkURL(address); err != nil {
		return nil, 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "cpodkit")
	answer, err := f.client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("%s answers %d", address, answer.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(answer.Body, MaxKeySet+1))
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", address, err)
	}
	if len(body) > MaxKeySet {
		return nil, 0, fmt.Errorf("%s answers more than %d bytes", address, MaxKeySet)
	}
	return body, lifetimeOf(answer.Header), nil
}

// lifetimeOf reads Cache-Control and Age (RFC 9111 sections 4.2 and 5.2.2).
func lifetimeOf(h http.Header) time.Duration {
	lifetime := defaultLifetime
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, argument, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return minLifetime
		case "max-age":
			seconds, err := strconv.ParseUint(strings.Trim(argument, `"`), 10, 32)
			if err != nil {
				continue
			}
			age, _ := strconv.ParseUint(h.Get("Age"), 10, 32)
			lifetime = time.Duration(seconds-min(age, seconds)) * time.Second
		}
	}
	return min(max(lifetime, minLifetime), maxLifetime)
}

// discover returns the address of the keys of an issuer by OpenID Connect Discovery 1.0
// section 4, or by RFC 8414 section 3 where the issuer has no such document.
func (f *fetcher) discover(ctx context.Context, issuer string) (string, error) {
	body, _, err := f.get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		var err2 error
		if body, _, err2 = f.get(ctx, metadataURL(issuer)); err2 != nil {
			return "", errors.Join(err, err2)
		}
	}
	var document struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(body, &document); err != nil {
		return "", fmt.Errorf("the metadata of %s are not JSON: %w", issuer, err)
	}
	if document.Issuer != issuer {
		return "", fmt.Errorf("the metadata of %s are those of the issuer %q", issuer, document.Issuer)
	}
	return document.JWKSURI, f.checkURL(document.JWKSURI)
}

// metadataURL puts the well-known path before that of the issuer (RFC 8414 section 3.1).
func metadataURL(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return issuer
	}
	u.Path = "/.well-known/oauth-authorization-server" + strings.TrimSuffix(u.Path, "/")
	return u.String()
}
