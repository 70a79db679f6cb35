// Package secretstore keeps the secrets of tenants, sealed, in a document driver, and who may
// use them.
package secretstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/internal/heads"
	"github.com/cpodkit/cpodkit/internal/datakeys"
	"github.com/cpodkit/cpodkit/internal/follow"
	"github.com/cpodkit/cpodkit/internal/health"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// What a [Store] keeps of a tenant at most. More is quota_exceeded.
const (
	MaxSecrets     = 10_000
	MaxGrants      = 10_000
	MaxBundles     = 1_000
	MaxTenantBytes = 64 << 20 // of sealed values, of all versions, and of grants and bundles
)

const (
	space           = "secrets" // of the records (see storage.System)
	headsCollection = "secret-heads"

	// A page of records has at most so many, and about so many bytes.
	pageSize     = 500
	maxPageBytes = 8 << 20

	mostVersions = 100 // with which a record of the largest values has 9 MB

	defaultVersions = 10
	defaultKeyAge   = 90 * 24 * time.Hour
)

var (
	// ErrWrongSealer says that the keys of a tenant were sealed by another [Sealer].
	ErrWrongSealer = errors.New("secretstore: the keys of the tenant were sealed under another key ring")

	// ErrDamaged says that a stored record is not what was saved.
	ErrDamaged = errors.New("secretstore: the stored secret is damaged; restore it from a backup")
)

// Sealer seals the keys of tenants. A keyring.Sealer is one, such as that of
// keyring.Ring.Sealer. It is safe for concurrent use.
type Sealer interface {
	// ID names the key of the sealer, and tells nothing about it.
	ID() string

	// Seal returns plain, sealed. The binding is not part of the result.
	Seal(ctx context.Context, plain, binding []byte) ([]byte, error)

	// Open returns what was sealed with the binding, or an error.
	Open(ctx context.Context, sealed, binding []byte) ([]byte, error)
}

// Store is a [secrets.Provider] that keeps one record for each secret, and [secrets.Records].
// It is safe for concurrent use, except that Run runs once at a time.
//
// The values of a tenant are sealed by keys of its own, with AES-256-GCM, each bound to its
// tenant, name and version. The keys are sealed by the [Sealer]. A write makes a new key when
// the newest one is too old (see [WithKeyAge]); what older keys sealed stays readable. Names,
// grants and bundles are not sealed.
//
// A change is seen by the Watch of every other Store on the database: at once by notices,
// else within 2 s.
type Store struct {
	options

	db      *docstore.DB
	sealer  Sealer
	keysets *docstore.Collection[keysetRecord]
	heads   *heads.Heads
	state   *health.State // of Run

	mu     sync.Mutex
	opened map[string]tenantKeys // by encoded tenant
}

var (
	_ secrets.Provider = (*Store)(nil)
	_ secrets.Lister   = (*Store)(nil)
	_ secrets.Editor   = (*Store)(nil)
	_ secrets.Watcher  = (*Store)(nil)
	_ secrets.Records  = (*Store)(nil)
	_ cpodkit.Pinger   = (*Store)(nil)
	_ datakeys.Sealer  = (Sealer)(nil)
)

// Option configures [New].
type Option func(*options)

type options struct {
	versions int
	keyAge   time.Duration
	notices  follow.Notices
	log      *slog.Logger
}

// WithVersions sets how many versions of a secret are kept: 1 to 100, and 10 without it.
// Older ones go with the next write of the secret.
func WithVersions(n int) Option { return func(o *options) { o.versions = n } }

// WithKeyAge sets how old the newest key of a tenant gets before a write, or
// [Store.Run], makes another one: at least 1 minute, and 90 days without it.
func WithKeyAge(d time.Duration) Option { return func(o *options) { o.keyAge = d } }

// WithNotices sets how replicas tell each other of changes: a *cluster.Topic. Without it
// they ask the database every 2 s.
func WithNotices(n follow.Notices) Option { return func(o *options) { o.notices = n } }

// WithLog sets where it is logged that changes of other replicas cannot be followed, and
// that secrets cannot be sealed anew. Without it nothing is logged.
func WithLog(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// New returns the store.
func New(db *docstore.DB, sealer Sealer, opts ...Option) (*Store, error) {
	if db == nil || sealer == nil || sealer.ID() == "" {
		return nil, errors.New("secretstore: the database or the sealer is nil, or the sealer has no key")
	}
	s := &Store{
		options: options{versions: defaultVersions, keyAge: defaultKeyAge},
		db:      db, sealer: sealer, opened: map[string]tenantKeys{},
		keysets: docstore.NewCollection[keysetRecord](db, space, "keys"),
	}
	for _, opt := range opts {
		opt(&s.options)
	}
	if s.versions < 1 || s.versions > mostVersions || s.keyAge < time.Minute {
		return nil, fmt.Errorf("secretstore: %d versions are kept, and keys get as old as %s; 1 to %d versions are allowed, and an age of at least 1 minute",
			s.versions, s.keyAge, mostVersions)
	}
	s.state = health.New(s.log, "the keys of secrets")
	var err error
	s.heads, err = heads.New(db, heads.Config{
		Subject: "changes of secrets", Space: space, Collection: headsCollection, Notices: s.notices, Log: s.log,
		Most: heads.Counts{Secrets: MaxSecrets, Grants: MaxGrants, Bundles: MaxBundles, Bytes: MaxTenantBytes},
		Full: full, Count: s.count,
	})
	if err != nil {
		return nil, fmt.Errorf("secretstore: %w", err)
	}
	return s, nil
}

// Indexes returns the indexes that the store is faster with where servers share a
// database.
func Indexes() []documents.Index { return []documents.Index{heads.Index(headsCollection)} }

func full(kind string, has, most int64) error {
	if kind == "bytes" {
		return cpodkit.Errorf(cpodkit.CodeQuotaExceeded, "The secrets of the tenant would have %d bytes together; at most %d are allowed.", has, most)
	}
	return cpodkit.Errorf(cpodkit.CodeQuotaExceeded, "The tenant has %d %s, which is the most.", most, kind)
}

// tenant is the records of a tenant. Each kind has a collection for each tenant, so that a
// name of [secrets.MaxName] bytes is a key.
type tenant struct {
	id, encoded     string
	secrets         *docstore.Collection[secretRecord]
	grants, bundles *docstore.Collection[accessRecord]
}

func (s *Store) tenant(id string) (tenant, error) {
	encoded, err := cpodkit.EncodeID(id)
	if err != nil {
		return tenant{}, fmt.Errorf("secretstore: the tenant's id %w", err)
	}
	return tenant{
		id, encoded,
		docstore.NewCollection[secretRecord](s.db, space, "secrets/"+encoded),
		docstore.NewCollection[accessRecord](s.db, space, "grants/"+encoded),
		docstore.NewCollection[accessRecord](s.db, space, "bundles/"+encoded),
	}, nil
}

// Watch implements [secrets.Watcher], for secrets and grants. It may run several times at
// once.
func (s *Store) Watch(ctx context.Context, changed func(tenantID, name string)) error {
	s.heads.Watch(ctx, changed)
	return nil
}

// Ping returns why changes of other replicas are not followed now. It asks no system.
func (s *Store) Ping(ctx context.Context) error { return s.heads.Ping(ctx) }
