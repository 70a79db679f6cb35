package authz

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/health"
	"github.com/cpodkit/cpodkit/internal/outbound"
	"github.com/cpodkit/cpodkit/internal/portable"
)

const (
	defaultMaxAge = 24 * time.Hour
	maxMaxAge     = 7 * 24 * time.Hour

	// unknownEvery is how often a key id that is not known causes a fetch.
	unknownEvery = 30 * time.Second

	// joinTime is how long a request waits for a fetch.
	joinTime = 3 * time.Second

	maxBackoff = time.Minute
)

// RemoteKeys is a [KeySource] that fetches the key set of an issuer by HTTP.
//
// It fetches when the first key is asked for, before the set gets older than its
// Cache-Control says (1 min to 24 h; 15 min without one), and, at most every 30 s, when
// an unknown key id is asked for. Requests share a fetch, and wait 3 s for it at most;
// nobody waits who asks for a known key. While the source fails, its keys stay in use up
// to [WithMaxAge]; after that, and before the first fetch succeeds, the code of the error
// is [cpodkit.CodeUnavailable]. A fetch takes 10 s and 1 MiB at most, and follows up to 3
// redirects on the same host and scheme. Failed fetches are repeated after 1 s to 1 min.
type RemoteKeys struct {
	remoteOptions

	issuer string
	fetch  func(context.Context) (document, error)
	calls  *portable.Operation
	at     metric.Float64Gauge // nil without metrics
	state  *health.State

	fetchTime, joinTime time.Duration

	current atomic.Pointer[remoteSet]
	due     atomic.Int64 // when the next fetch begins, in ns since 1970

	mu          sync.Mutex
	flight      *flight   // nil while no fetch runs
	nextUnknown time.Time // when an unknown id may cause a fetch
	notBefore   time.Time // after a fetch that failed
	failures    int       // in a row
	since       time.Time // of the first of them
}

var (
	_ KeySource = (*RemoteKeys)(nil)
	_ refresher = (*RemoteKeys)(nil)
)

// remoteSet is what one fetch got. It never changes.
type remoteSet struct {
	*KeySet

	metadata   []byte
	sum        [sha256.Size]byte // of the keys
	generation uint64            // even; [RemoteKeys.Generation] of a set that is too old is odd
	until      time.Time
}

// flight is one fetch, which all share who need it.
type flight struct {
	done chan struct{} // closed when err is there
	err  error
}

// RemoteOption configures [NewRemoteKeys] and [DiscoverKeys].
type RemoteOption func(*remoteOptions)

type remoteOptions struct {
	maxAge           time.Duration
	algorithms       []string
	privateAddresses bool
	plainHTTP        bool
	roots            *x509.CertPool
	log              *slog.Logger
	tracers          trace.TracerProvider
	meters           metric.MeterProvider
}

// WithMaxAge sets how long keys are used while their source fails: 1 min to 7 days; 24 h
// without it.
func WithMaxAge(d time.Duration) RemoteOption { return func(o *remoteOptions) { o.maxAge = d } }

// WithKeyAlgorithms says to which algorithm a key without "alg" is bound: see
// [ParseKeySet].
func WithKeyAlgorithms(algorithms ...string) RemoteOption {
	return func(o *remoteOptions) { o.algorithms = algorithms }
}

// WithRootCAs sets which authorities sign the certificate of the source; those of the
// system without it.
func WithRootCAs(roots *x509.CertPool) RemoteOption {
	return func(o *remoteOptions) { o.roots = roots }
}

// WithUnsafePrivateAddresses allows a source at an address that is not of the public
// Internet: private, loopback, link-local and the like. Without it a source whose name
// resolves to one is refused.
func WithUnsafePrivateAddresses() RemoteOption {
	return func(o *remoteOptions) { o.privateAddresses = true }
}

// WithUnsafeLoopbackHTTP allows http for a source on this machine: localhost, 127.0.0.0/8
// or ::1. It includes [WithUnsafePrivateAddresses].
func WithUnsafeLoopbackHTTP() RemoteOption {
	return func(o *remoteOptions) { o.plainHTTP, o.privateAddresses = true, true }
}

// WithKeyLog sets where failed fetches and skipped keys are logged: each distinct failure
// once, once when it is over, and skipped keys once for each set. Without it nothing is logged.
func WithKeyLog(log *slog.Logger) RemoteOption { return func(o *remoteOptions) { o.log = log } }

// WithKeyTelemetry makes a span of every fetch ("authz.fetch_keys"), measures how long it
// takes, counts its errors, and reports when the set of an issuer was last fetched
// ("cpodkit.authz.keys.fetched"; docs/authz.md). A nil provider leaves out its half.
func WithKeyTelemetry(tracers trace.TracerProvider, meters metric.MeterProvider) RemoteOption {
	return func(o *remoteOptions) { o.tracers, o.meters = tracers, meters }
}

// NewRemoteKeys returns the keys of an issuer that are at an https URL. It fetches nothing
// yet. It fails when the URL is malformed or not https, or an option is out of its bounds.
func NewRemoteKeys(issuer, url string, opts ...RemoteOption) (*RemoteKeys, error) {
	return newRemote(issuer, url, opts)
}

// DiscoverKeys returns the keys of an issuer whose URL is in its metadata: OpenID Connect
// Discovery 1.0 section 4, or RFC 8414 section 3. Each fetch reads the metadata again. The
// issuer in them must be the same, byte for byte. It fetches nothing yet. It fails when the
// issuer is not an https URL, or an option is out of its bounds.
func DiscoverKeys(issuer string, opts ...RemoteOption) (*RemoteKeys, error) {
	return newRemote(issuer, "", opts)
}

func newRemote(issuer, url string, opts []RemoteOption) (*RemoteKeys, error) {
	k := &RemoteKeys{
		issuer: issuer, fetchTime: fetchTime, joinTime: joinTime, remoteOptions: remoteOptions{maxAge: defaultMaxAge},
	}
	for _, opt := range opts {
		opt(&k.remoteOptions)
	}
	if k.maxAge < minLifetime || k.maxAge > maxMaxAge {
		return nil, fmt.Errorf("authz: WithMaxAge(%s): it must be %s to %s", k.maxAge, minLifetime, maxMaxAge)
	}
	client := outbound.New(outbound.Options{PrivateAddresses: k.privateAddresses, LoopbackHTTP: k.plainHTTP, RootCAs: k.roots})
	if err := client.CheckURL(cmp.Or(url, issuer)); err != nil {
		return nil, fmt.Errorf("authz: the keys of the issuer %s: %w", issuer, err)
	}
	k.fetch = func(ctx context.Context) (document, error) { return fetch(ctx, client, issuer, url) }
	k.state = health.New(k.log, "the keys of the issuer "+issuer)
	return k, k.measure()
}

func (k *RemoteKeys) measure() error {
	calls, err := portable.NewCalls("authz", k.tracers, k.meters, func(cpodkit.Code, string) string { return "" })
	if err != nil {
		return fmt.Errorf("authz: %w", err)
	}
	k.calls = calls.Operation("fetch_keys")
	if k.meters == nil {
		return nil
	}
	k.at, err = k.meters.Meter("github.com/cpodkit/cpodkit/authz").Float64Gauge("cpodkit.authz.keys.fetched",
		metric.WithUnit("s"), metric.WithDescription("When the key set of an issuer was last fetched, in seconds since 1970."))
	if err != nil {
		return fmt.Errorf("authz: %w", err)
	}
	return nil
}

// Health returns since when fetches fail, and the last failure; the zero time and nil
// while they succeed, and before the first one.
func (k *RemoteKeys) Health() (since time.Time, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failures == 0 {
		return time.Time{}, nil
	}
	return k.since, k.state.Err()
}

// Err returns why the last fetch failed; nil when it did not, and before the first one.
func (k *RemoteKeys) Err() error { return k.state.Err() }

// Run fetches the keys, now and before they get too old, until ctx ends. Without it they
// are fetched while tokens of the issuer come in.
func (k *RemoteKeys) Run(ctx context.Context) {
	for ctx.Err() == nil {
		now := time.Now()
		k.refreshIfDue(ctx, now)
		wait := time.NewTimer(max(time.Until(time.Unix(0, k.due.Load())), time.Second/4))
		select {
		case <-wait.C:
		case <-ctx.Done():
		}
		wait.Stop()
	}
}

// Generation implements [KeySource].
func (k *RemoteKeys) Generation() uint64 {
	set := k.current.Load()
	if set == nil {
		return 0
	}
	if !time.Now().Before(set.until) {
		return set.generation | 1
	}
	return set.generation
}

// Key implements [KeySource]. The empty id is that of the only key of a set of one.
func (k *RemoteKeys) Key(ctx context.Context, id string) (*VerificationKey, error) {
	set, err := k.setWith(ctx, func(set *remoteSet) bool { return set.find(id) != nil })
	if err != nil {
		return nil, err
	}
	return set.Key(ctx, id)
}

// Metadata returns the metadata of the issuer, from which [DiscoverKeys] has the URL of the
// keys, as they came with the current keys. It is empty with [NewRemoteKeys]. Errors are
// those of Key. The caller does not change it.
func (k *RemoteKeys) Metadata(ctx context.Context) (json.RawMessage, error) {
	set, err := k.setWith(ctx, func(*remoteSet) bool { return true })
	if err != nil {
		return nil, err
	}
	return set.metadata, nil
}

// setWith returns the current set, after a fetch when what is wanted is not in it.
func (k *RemoteKeys) setWith(ctx context.Context, has func(*remoteSet) bool) (*remoteSet, error) {
	now := time.Now()
	set := k.current.Load()
	usable := set != nil && now.Before(set.until)
	if usable && has(set) {
		k.refreshIfDue(ctx, now)
		return set, nil
	}
	f, err := k.need(ctx, now, usable)
	if err != nil {
		return nil, err
	}
	if err := f.wait(ctx, k.joinTime); err != nil {
		return nil, err
	}
	return k.current.Load(), nil
}

// wait waits until the fetch has ended, but not long.
func (f *flight) wait(ctx context.Context, atMost time.Duration) error {
	patience := time.NewTimer(atMost)
	defer patience.Stop()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		return errors.New("authz: the source of the keys takes long")
	}
}

// need returns the fetch that may bring a key, or the error of one that cannot be now:
// CodeNotFound when the usable set has come lately.
func (k *RemoteKeys) need(ctx context.Context, now time.Time, usable bool) (*flight, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.flight != nil:
		return k.flight, nil
	case now.Before(k.notBefore):
		return nil, &retryError{k.notBefore.Sub(now), k.state.Err()}
	case usable && now.Before(k.nextUnknown):
		return nil, cpodkit.CodeNotFound
	}
	k.nextUnknown = now.Add(unknownEvery)
	return k.begin(ctx), nil
}

// refreshIfDue begins a fetch when it is time for one, and waits for nothing.
func (k *RemoteKeys) refreshIfDue(ctx context.Context, now time.Time) {
	if now.UnixNano() < k.due.Load() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flight == nil && now.UnixNano() >= k.due.Load() {
		k.begin(ctx)
	}
}

// begin begins a fetch, which ends even when the request that caused it does. The caller
// holds mu.
func (k *RemoteKeys) begin(ctx context.Context) *flight {
	f := &flight{done: make(chan struct{})}
	k.flight = f
	fetching, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.fetchTime)
	go func() {
		defer cancel()
		measured, call := k.calls.Start(fetching)
		set, lifetime, err := k.load(measured)
		call.Measure(measured, asUnavailable(err))
		k.end(fetching, f, set, lifetime, err)
	}()
	return f
}

// asUnavailable says what a failed fetch is to those who measure it.
func asUnavailable(err error) error {
	if err == nil {
		return nil
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The keys cannot be fetched.").WithCause(err)
}

func (k *RemoteKeys) load(ctx context.Context) (*remoteSet, time.Duration, error) {
	d, err := k.fetch(ctx)
	if err != nil {
		return nil, 0, err
	}
	set, err := ParseKeySet(d.keys, k.algorithms...)
	if err != nil {
		return nil, 0, err
	}
	return &remoteSet{KeySet: set, metadata: d.metadata, sum: set.print(), generation: 2}, d.lifetime, nil
}

// end takes over what a fetch brought.
func (k *RemoteKeys) end(ctx context.Context, f *flight, next *remoteSet, lifetime time.Duration, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	k.flight, f.err = nil, err
	defer close(f.done)
	if k.state.Set(ctx, err); err != nil {
		if k.failures++; k.failures == 1 {
			k.since = now
		}
		wait := min(time.Second<<min(k.failures-1, 6), maxBackoff)
		k.notBefore = now.Add(wait)
		k.due.Store(k.notBefore.UnixNano())
		f.err = &retryError{wait, err}
		return
	}
	k.failures, k.since, k.notBefore = 0, time.Time{}, time.Time{}
	k.due.Store(now.Add(min(lifetime, k.maxAge) * 4 / 5).UnixNano())
	if k.at != nil {
		k.at.Record(ctx, float64(now.Unix()), metric.WithAttributes(attribute.String("cpodkit.authz.issuer", k.issuer)))
	}
	next.until = now.Add(k.maxAge)
	old := k.current.Load()
	changed := old == nil || old.sum != next.sum
	if old != nil {
		next.generation = old.generation
	}
	if changed {
		next.generation += 2
	}
	k.current.Store(next)
	if changed && k.log != nil {
		logSkipped(ctx, k.log, k.issuer, next.KeySet)
	}
}

// maxSkippedLogged bounds what a hostile set writes into a log.
const maxSkippedLogged = 10

func logSkipped(ctx context.Context, log *slog.Logger, issuer string, set *KeySet) {
	for _, skipped := range set.skipped[:min(len(set.skipped), maxSkippedLogged)] {
		log.WarnContext(ctx, "authz: a key of the issuer is not used",
			"issuer", issuer, "position", skipped.Position, "kid", skipped.ID, "reason", "it "+skipped.Reason)
	}
}

// retryError is the error of a source that is asked again after some time.
type retryError struct {
	after time.Duration
	cause error
}

func (e *retryError) Error() string {
	return fmt.Sprintf("authz: the keys cannot be fetched: %v", e.cause)
}

// Unwrap returns why.
func (e *retryError) Unwrap() error { return e.cause }
