package rego

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// The bounds of the operator's policy. A source that passes one is refused as a whole.
const (
	maxPolicyFiles  = 1000     // of a folder
	maxPolicyBytes  = 8 << 20  // of all files of a folder, or of a bundle as it is sent
	maxBundleBytes  = 32 << 20 // of a bundle that is unpacked
	maxBundleFiles  = 10_000
	maxPollInterval = 24 * time.Hour
)

// Source gives the operator's policy. It is safe for concurrent use, except that Run runs
// once at a time. Package rego has three: [Dir], [BundleFile] and [BundleURL].
type Source interface {
	// Current returns the last policy that could be read. It does not block.
	Current() *Policy

	// Run keeps it current until ctx ends, and calls changed after each change.
	Run(ctx context.Context, changed func()) error

	// Err returns why the policy that is there now is not the current one, or nil.
	Err() error
}

// Policy is the operator's modules with the data that belongs to them. It does not change.
type Policy struct {
	Modules  map[string]string // Rego by name; a name is a path that messages show
	Data     map[string]any    // decoded with json.Number
	Revision string            // the source's own, or ""
}

// SourceOption configures [NewDir], [NewBundleFile] and [NewBundleURL].
type SourceOption func(*sourceOptions)

type sourceOptions struct {
	interval time.Duration
	log      *slog.Logger
	keys     []byte
	isSigned bool
	token    func(context.Context) (string, error)
	roots    *x509.CertPool
}

// WithSourceInterval sets the time between two looks, 1 ms to 24 h; 1 s without it. An edit
// of a file takes effect with the second look after it.
func WithSourceInterval(d time.Duration) SourceOption {
	return func(o *sourceOptions) { o.interval = d }
}

// WithSourceLog sets where failures are logged: each distinct one once, and once when the
// source is good again. Without it nothing is logged.
func WithSourceLog(log *slog.Logger) SourceOption { return func(o *sourceOptions) { o.log = log } }

// WithBundleKeys refuses a bundle that is not signed with one of these public keys, which
// are one or more PEM blocks "PUBLIC KEY". A key on P-256, P-384 or P-521 verifies ES256,
// ES384 or ES512, an RSA key of at least 2,048 bits verifies RS256.
func WithBundleKeys(pem []byte) SourceOption {
	return func(o *sourceOptions) { o.keys, o.isSigned = pem, true }
}

// WithBundleToken has [NewBundleURL] send "Authorization: Bearer" with what token returns.
// A redirect to another host does not get it.
func WithBundleToken(token func(context.Context) (string, error)) SourceOption {
	return func(o *sourceOptions) { o.token = token }
}

// WithBundleRootCAs sets which authorities sign the certificate of the server of
// [NewBundleURL]; those of the system without it.
func WithBundleRootCAs(roots *x509.CertPool) SourceOption {
	return func(o *sourceOptions) { o.roots = roots }
}

func newSourceOptions(opts []SourceOption) (sourceOptions, error) {
	o := sourceOptions{interval: time.Second}
	for _, opt := range opts {
		opt(&o)
	}
	if o.interval < time.Millisecond || o.interval > maxPollInterval {
		return o, fmt.Errorf("rego: WithSourceInterval(%s): it must be 1ms to %s", o.interval, maxPollInterval)
	}
	return o, nil
}

// noRemote refuses the options of a source that is remote.
func (o *sourceOptions) noRemote() error {
	if o.token != nil || o.roots != nil {
		return errors.New("rego: WithBundleToken and WithBundleRootCAs are for NewBundleURL")
	}
	return nil
}
