// Package files stores bytes of any size under keys. A [Store] works on any
// [Driver] and hands out a [Handle] for each identity, which keeps it inside its
// own space; its routes serve the calls of /v1/storage/files, and URLs that work
// without a token until they expire.
package files

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/keylock"
	"github.com/cpodkit/cpodkit/internal/portable"
	"github.com/cpodkit/cpodkit/internal/seal"
	"github.com/cpodkit/cpodkit/storage"
)

// Store is files for many identities on one driver. It is safe for concurrent
// use. [New] makes one.
type Store struct {
	config

	driver  Driver
	calls   calls
	cursors *seal.Box
	tokens  *seal.Box
	names   keylock.Locks // of files whose size must not change; with a quota
}

type config struct {
	secret    []byte
	publicURL string
	maxSize   int64
	revoked   func(context.Context, URLMaker) (bool, error)
	aroundURL []cpodkit.Middleware
	tracers   trace.TracerProvider
	meters    metric.MeterProvider
	gate      storage.Gate
	quota     storage.Quota
	err       error // of the options
}

func (c *config) refuse(err error) { c.err = errors.Join(c.err, err) }

// Option configures [New].
type Option func(*config)

// WithSecret sets the secret, at least 16 bytes, that seals cursors and signed
// URLs. Without it a random one is made: then both end with the process, and no
// other replica takes them.
func WithSecret(secret []byte) Option {
	return func(c *config) { c.secret = secret }
}

// WithPublicURL sets the http or https URL under which clients reach this
// server, such as "https://api.example.com": the base of signed URLs. Without
// it, and without a driver that signs, SignURL is not_supported.
func WithPublicURL(base string) Option {
	return func(c *config) {
		var err error
		c.publicURL, err = cleanBase(base)
		c.refuse(err)
	}
}

// WithMaxSize limits a file to so many bytes; more is payload_too_large. 0, the
// default, is no limit.
func WithMaxSize(bytes int64) Option {
	return func(c *config) {
		if c.maxSize = bytes; bytes < 0 {
			c.refuse(fmt.Errorf("WithMaxSize(%d): it cannot be negative", bytes))
		}
	}
}

// WithRevoked makes signed URLs end with the credential that they were made with. At
// each use of a URL, before its body is read, revoked is asked whether the credential
// has ended. Its error is the answer. It must be safe for concurrent use.
//
// The store does not ask about URLs that a driver signs. So the driver signs for an hour
// at most, and the store signs longer ones, on the URL of [WithPublicURL].
func WithRevoked(revoked func(context.Context, URLMaker) (bool, error)) Option {
	return func(c *config) {
		if c.revoked = revoked; revoked == nil {
			c.refuse(errors.New("WithRevoked(nil): there is nobody to ask"))
		}
	}
}

// WithURLMiddleware puts m around what serves requests by a signed URL, once the URL is
// known to work: the request's Record then has the URL's maker (see
// [cpodkit.Record.URLMaker]). Several are put around each other, the first outermost. It
// is the place of limits for a tenant, because these requests have no identity.
func WithURLMiddleware(m cpodkit.Middleware) Option {
	return func(c *config) {
		if c.aroundURL = append(c.aroundURL, m); m == nil {
			c.refuse(errors.New("WithURLMiddleware(nil): there is no middleware"))
		}
	}
}

// WithGate has each write ask the gate when it begins, and again when its body has
// ended. So a write is under way only after its body has arrived, however slowly that is.
// Each use of a signed URL asks the gate too. A nil gate is no gate.
func WithGate(gate storage.Gate) Option { return func(c *config) { c.gate = gate } }

// WithTelemetry makes a span of every call to the driver ("storage.files.put"),
// measures how long it takes, and counts its errors by code (docs/operations.md).
// A put lasts as long as its body takes to arrive. Nothing of it holds a key or a
// content type. A nil provider leaves out its half, as does New without this option.
func WithTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) Option {
	return func(c *config) { c.tracers, c.meters = tracers, meters }
}

// New returns a store on driver. The store owns the driver: [Store.Close]
// closes it. It fails when driver is nil or an option is wrong.
func New(driver Driver, opts ...Option) (*Store, error) {
	c := config{secret: []byte(rand.Text())}
	for _, opt := range opts {
		opt(&c)
	}
	if driver == nil {
		c.refuse(errors.New("the driver is nil"))
	}
	s := &Store{config: c, driver: driver}
	var err1, err2, err3 error
	s.cursors, err1 = seal.New(c.secret, "files cursor")
	s.tokens, err2 = seal.New(c.secret, "files signed url")
	s.calls, err3 = newCalls(c.tracers, c.meters)
	if err := errors.Join(c.err, err1, err2, err3); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return s, nil
}

func cleanBase(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", errors.New("the public URL must be http or https with a host, " +
			"and without user, query and fragment")
	}
	return strings.TrimRight(base, "/"), nil
}

// Close closes the driver. The store is not used afterwards.
func (s *Store) Close() error { return s.driver.Close() }

// For returns the files of id in the private tier. See [Handle.Tier] for the
// others.
func (s *Store) For(id cpodkit.Identity) Handle { return Handle{s, storage.For(id)} }

// Trusted returns the files of an owner in the private tier, for code that acts for
// no request, such as a cron job. No scope is needed. An id that cannot be encoded is
// an error of each call. Never build an owner from what a client sent.
func (s *Store) Trusted(owner storage.Owner) Handle { return Handle{s, storage.Trusted(owner)} }

// Attach is middleware: inside of next, [FromContext] returns the handle of the
// request's identity.
func (s *Store) Attach(next http.Handler) http.Handler { return portable.Attach(next, s.For) }

// FromContext returns the handle of the identity in ctx. Every call of it is
// missing_token when there is none, or when [Store.Attach] is not around the handler.
func FromContext(ctx context.Context) Handle {
	return portable.FromContext[Handle](ctx)
}
