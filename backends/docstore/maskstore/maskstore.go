// Package maskstore keeps the values of tokens that masking puts in their place, sealed, in
// a document driver, and the keys of tenants for hashes and tokens.
package maskstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/internal/heads"
	"github.com/cpodkit/cpodkit/internal/datakeys"
	"github.com/cpodkit/cpodkit/internal/parallel"
	"github.com/cpodkit/cpodkit/masking"
)

// What a [Store] keeps of a tenant at most. More is quota_exceeded.
const (
	MaxTokens      = 1_000_000
	MaxTenantBytes = 256 << 20 // of sealed values
)

const (
	space           = "masking" // of the records (see storage.System)
	headsCollection = "token-heads"

	// A page of records has at most so many, and about so many bytes. A call writes at
	// most writeSize records, which have 2 MB when their values are the largest.
	pageSize     = 500
	maxPageBytes = 8 << 20
	writeSize    = 100

	readsAtOnce = 8  // of the records of one call
	maxToken    = 64 // bytes
)

var (
	// ErrWrongSealer says that the keys of a tenant were sealed by another [Sealer]. It is
	// [cpodkit.CodeInternal].
	ErrWrongSealer = fmt.Errorf("%w: maskstore: the keys of the tenant were sealed under another key ring", cpodkit.CodeInternal)

	// ErrDamaged says that a stored record is not what was saved. It is
	// [cpodkit.CodeInternal].
	ErrDamaged = fmt.Errorf("%w: maskstore: the stored record is damaged; restore it from a backup", cpodkit.CodeInternal)
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

// Store is a [masking.TokenStore] that keeps one record for each token, and
// [masking.Keys]. It is safe for concurrent use, also in several replicas on one database.
//
// The values of a tenant are sealed by a key of its own, with AES-256-GCM, each bound to its
// tenant and token. That key and the tenant's key for hashes and tokens are made once, by
// the first write or hash of the tenant, and sealed by the [Sealer]. They stay in memory, so
// that masking with hashes needs no database.
type Store struct {
	db      *docstore.DB
	sealer  Sealer
	keysets *docstore.Collection[keysetRecord]
	heads   *heads.Heads

	mu     sync.Mutex
	opened map[string]*tenantKeys // by encoded tenant
}

var (
	_ masking.TokenStore = (*Store)(nil)
	_ masking.Keys       = (*Store)(nil)
	_ datakeys.Sealer    = (Sealer)(nil)
)

// New returns the store.
func New(db *docstore.DB, sealer Sealer) (*Store, error) {
	if db == nil || sealer == nil || sealer.ID() == "" {
		return nil, errors.New("maskstore: the database or the sealer is nil, or the sealer has no key")
	}
	s := &Store{
		db: db, sealer: sealer, opened: map[string]*tenantKeys{},
		keysets: docstore.NewCollection[keysetRecord](db, space, "keys"),
	}
	var err error
	s.heads, err = heads.New(db, heads.Config{
		Subject: "tokens", Space: space, Collection: headsCollection,
		Most: heads.Counts{Tokens: MaxTokens, Bytes: MaxTenantBytes}, Full: full, Count: s.count,
	})
	if err != nil {
		return nil, fmt.Errorf("maskstore: %w", err)
	}
	return s, nil
}

func full(kind string, has, most int64) error {
	if kind == "bytes" {
		return cpodkit.Errorf(cpodkit.CodeQuotaExceeded, "The tokens of the tenant would have %d bytes together; at most %d are allowed.", has, most)
	}
	return cpodkit.Errorf(cpodkit.CodeQuotaExceeded, "The tenant would have %d %s; at most %d are allowed.", has, kind, most)
}

// tokenRecord is a token as it is stored. Its key is the token.
type tokenRecord struct {
	Sealed []byte `json:"sealed"` // the value, by the keys of the tenant
}

// tenant is the records of a tenant.
type tenant struct {
	id, encoded string
	tokens      *docstore.Collection[tokenRecord]
}

func (s *Store) tenant(id string) (tenant, error) {
	encoded, err := cpodkit.EncodeID(id)
	if err != nil {
		return tenant{}, fmt.Errorf("maskstore: the tenant's id %w", err)
	}
	return tenant{id, encoded, docstore.NewCollection[tokenRecord](s.db, space, "tokens/"+encoded)}, nil
}

// binding is what ties a sealed value to its place. No encoded tenant holds a space.
func (t tenant) binding(token string) []byte {
	return fmt.Appendf(nil, "cpodkit mask token %s %s", t.encoded, token)
}

// isToken reports whether a text has the form of a token: lower-case letters, digits and _.
func isToken(text string) bool {
	return text != "" && len(text) <= maxToken && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// Put implements [masking.TokenStore]. After an error some of the values may be stored; it
// can be called again.
func (s *Store) Put(ctx context.Context, tenantID string, values map[string]string) error {
	t, err := s.tenant(tenantID)
	if err != nil {
		return err
	}
	for token, value := range values {
		switch {
		case !isToken(token):
			return errors.New("maskstore: a token has another form")
		case len(value) > masking.MaxTokenValue:
			return cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "A value to make a token of has %d bytes; at most %d are allowed.", len(value), masking.MaxTokenValue)
		}
	}
	known, err := t.read(ctx, slices.Sorted(maps.Keys(values)))
	if err != nil {
		return err
	}
	var missing []string
	for token := range values {
		if _, ok := known[token]; !ok {
			missing = append(missing, token)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	k, err := s.loadKeys(ctx, t, true)
	if err != nil {
		return err
	}
	slices.Sort(missing)
	for chunk := range slices.Chunk(missing, writeSize) {
		if err := s.create(ctx, t, k, chunk, values); err != nil {
			return err
		}
	}
	return nil
}

// create stores the values of tokens. What another replica has stored meanwhile stays, and
// its room is given back.
func (s *Store) create(ctx context.Context, t tenant, k *tenantKeys, tokens []string, values map[string]string) error {
	records, more := map[string]tokenRecord{}, heads.Counts{}
	for _, token := range tokens {
		sealed, err := k.values.Seal([]byte(values[token]), t.binding(token))
		if err != nil {
			return err
		}
		records[token] = tokenRecord{sealed}
		more.Tokens, more.Bytes = more.Tokens+1, more.Bytes+int64(len(sealed))
	}
	var back heads.Counts
	err := s.heads.Within(ctx, t.id, "", more, func() error {
		taken, err := t.tokens.CreateAll(ctx, records)
		for _, token := range taken {
			back.Tokens, back.Bytes = back.Tokens-1, back.Bytes-int64(len(records[token].Sealed))
		}
		return err
	})
	if err != nil || back.Tokens == 0 {
		return err
	}
	return s.heads.Within(ctx, t.id, "", back, func() error { return nil })
}

// Get implements [masking.TokenStore]. A value that was altered is [ErrDamaged].
func (s *Store) Get(ctx context.Context, tenantID string, tokens []string) (map[string]string, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return nil, err
	}
	found, err := t.read(ctx, tokens)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string, len(found))
	for token, record := range found {
		value, err := s.unseal(ctx, t, token, record.Sealed)
		if err != nil {
			return nil, err
		}
		values[token] = string(value)
	}
	return values, nil
}

// read returns the records of those tokens that are there.
func (t tenant) read(ctx context.Context, tokens []string) (map[string]tokenRecord, error) {
	var mu sync.Mutex
	found := map[string]tokenRecord{}
	err := parallel.Each(ctx, readsAtOnce, slices.Values(tokens), func(ctx context.Context, token string) error {
		if !isToken(token) {
			return nil
		}
		r, err := t.tokens.Get(ctx, token)
		if errors.Is(err, cpodkit.CodeNotFound) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		found[token] = r.Value
		return err
	})
	return found, err
}

// MeasureTenant returns how many tokens a tenant has, and their bytes as [MaxTenantBytes]
// counts them.
func (s *Store) MeasureTenant(ctx context.Context, tenantID string) (count int, size int64, err error) {
	c, err := s.count(ctx, tenantID)
	return int(c.Tokens), c.Bytes, err
}

// DeleteTenant removes all tokens of a tenant, and its keys: nobody can turn its tokens back,
// and a later tenant of the same name has other hashes. It returns how many tokens there
// were, and their bytes. After an error it can be called again. Other replicas must
// [Store.Forget] the tenant.
func (s *Store) DeleteTenant(ctx context.Context, tenantID string) (count int, size int64, err error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return 0, 0, err
	}
	c, err := t.walk(ctx, func(keys []string) error { return t.tokens.Delete(ctx, keys...) })
	if err == nil {
		s.Forget(tenantID)
		err = s.keysets.Delete(ctx, t.encoded)
	}
	if err == nil {
		err = s.heads.Delete(ctx, tenantID)
	}
	return int(c.Tokens), c.Bytes, err
}

// count counts what is there of a tenant.
func (s *Store) count(ctx context.Context, tenantID string) (heads.Counts, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return heads.Counts{}, err
	}
	return t.walk(ctx, func([]string) error { return nil })
}

// walk calls visit with the tokens of each page, and counts the pages that it returns nil
// for. It ends with the first error.
func (t tenant) walk(ctx context.Context, visit func(tokens []string) error) (c heads.Counts, err error) {
	for q := (docstore.Query{Limit: pageSize, MaxBytes: maxPageBytes}); ; {
		page, err := t.tokens.List(ctx, q)
		if err != nil || len(page) == 0 {
			return c, err
		}
		var keys []string
		var size int64
		for _, r := range page {
			keys, size = append(keys, r.Key), size+int64(len(r.Value.Sealed))
		}
		if err := visit(keys); err != nil {
			return c, err
		}
		c.Tokens, c.Bytes = c.Tokens+int64(len(keys)), c.Bytes+size
		q.After = keys[len(keys)-1]
	}
}
