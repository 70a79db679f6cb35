package rego

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit/internal/health"
	"github.com/cpodkit/cpodkit/internal/loopback"
)

const (
	fetchTime        = 30 * time.Second
	maxRedirects     = 5
	maxFetchHeader   = 64 << 10
	maxFetchBackoff  = time.Minute
	minWholeInterval = time.Minute // where a server sends no ETag
)

// BundleURL is a [Source] of a bundle that a server of HTTP has.
//
// It asks for the bundle with the ETag of the last one (RFC 9110 section 13.1.2) in
// intervals of [WithSourceInterval]; of at least 1 min where the server sends no ETag, since
// each answer then is a whole bundle. A fetch takes 30 s and 8 MiB at most, and follows up to
// 5 redirects. Failed fetches are repeated after 1 s to 1 min.
type BundleURL struct {
	url    string
	o      sourceOptions
	reader bundleReader
	client *http.Client
	state  *health.State

	current atomic.Pointer[Policy]

	// Run uses the rest alone.

	etag    string
	digest  [sha256.Size]byte // of the bundle that was read last
	refused error             // what was wrong with it
}

var _ Source = (*BundleURL)(nil)

// NewBundleURL fetches a bundle: see [NewBundleFile] for what it may hold. The URL is https.
// It may be http for a server on this machine, and for bundles that [WithBundleKeys]
// verifies. NewBundleURL fails when the first fetch does: a server without its policy must
// not serve.
func NewBundleURL(ctx context.Context, address string, opts ...SourceOption) (*BundleURL, error) {
	o, err := newSourceOptions(opts)
	if err != nil {
		return nil, err
	}
	b := &BundleURL{url: address, o: o}
	if b.reader, err = newBundleReader(&o); err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err == nil {
		err = b.check(u)
	}
	if err != nil {
		return nil, fmt.Errorf("rego: the URL of the bundle: %w", err)
	}
	b.client = &http.Client{CheckRedirect: b.checkRedirect, Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.roots},
		MaxResponseHeaderBytes: maxFetchHeader,
		DisableCompression:     true,
		IdleConnTimeout:        fetchTime,
		ForceAttemptHTTP2:      true,
	}}
	b.state = health.New(o.log, "the bundle at "+u.Redacted())
	defer b.client.CloseIdleConnections()
	if _, err := b.fetch(ctx); err != nil {
		return nil, fmt.Errorf("rego: the bundle at %s: %w", u.Redacted(), err)
	}
	return b, nil
}

// check refuses a URL from which anybody in between could send a policy.
func (b *BundleURL) check(u *url.URL) error {
	switch {
	case u.Host == "" || u.User != nil || u.Fragment != "":
		return errors.New("it needs a host, and has neither a user nor a fragment")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return errors.New("it is not an https URL")
	case !loopback.Is(u.Hostname()) && !b.o.isSigned:
		return errors.New("http is for this machine, and for bundles whose signature is verified")
	}
	return nil
}

func (b *BundleURL) checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	}
	return b.check(r.URL)
}

// Current implements [Source].
func (b *BundleURL) Current() *Policy { return b.current.Load() }

// Err implements [Source].
func (b *BundleURL) Err() error { return b.state.Err() }

// Run implements [Source].
func (b *BundleURL) Run(ctx context.Context, changed func()) error {
	defer b.client.CloseIdleConnections()
	failures := 0
	for {
		wait := b.o.interval
		if b.etag == "" {
			wait = max(wait, minWholeInterval)
		}
		if failures > 0 {
			wait = min(time.Second<<min(failures-1, 6), maxFetchBackoff)
		}
		// Replicas that start together ask at different times.
		timer := time.NewTimer(wait - rand.N(wait/10+1)) //nolint:gosec // no secret
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		isNew, err := b.fetch(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failures++
		if err == nil {
			failures, err = 0, b.refused
		}
		b.state.Set(ctx, err)
		if isNew {
			changed()
		}
	}
}

// fetch takes over the bundle, and reports whether it is another one. A bundle that cannot
// be read is an error of the first fetch, and refused later.
func (b *BundleURL) fetch(ctx context.Context) (isNew bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	body, etag, err := b.get(ctx)
	if err != nil || body == nil {
		return false, err
	}
	if digest := sha256.Sum256(body); digest != b.digest {
		policy, err := b.reader.read(body)
		b.digest, b.refused = digest, err
		if isNew = err == nil; isNew {
			b.current.Store(policy)
		}
		if b.Current() == nil {
			return false, err
		}
	}
	b.etag = etag
	return isNew, nil
}

// get returns the bundle, or nil when it is that of the last answer.
func (b *BundleURL) get(ctx context.Context) (body []byte, etag string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Accept", "application/gzip, application/octet-stream, */*;q=0.1")
	r.Header.Set("User-Agent", "cpodkit")
	if b.o.token != nil {
		token, err := b.o.token(ctx)
		if err != nil {
			return nil, "", fmt.Errorf("the token: %w", err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if b.etag != "" {
		r.Header.Set("If-None-Match", b.etag)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // without the URL, whose query may be a secret
		}
		return nil, "", err
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusNotModified && b.etag != "":
		return nil, b.etag, nil
	case answer.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("the server answers %d", answer.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxPolicyBytes+1))
	if err == nil && len(body) > maxPolicyBytes {
		err = fmt.Errorf("the server sends more than %d bytes", maxPolicyBytes)
	}
	return body, answer.Header.Get("ETag"), err
}
