package authz

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
)

// ClockSkew is how far the clock of an issuer may be ahead of ours: "iat" and
// "nbf" may lie that far in the future. "exp" has no grace.
const ClockSkew = 30 * time.Second

// JWT verifies signed access tokens. Verified tokens are remembered, in at most 64 MiB
// of memory, until they expire or the keys of their issuer change; whether a token
// was revoked is looked up each time. It is safe for concurrent use.
type JWT struct {
	setting  sync.Mutex // of issuers
	issuers  atomic.Pointer[map[string]*issuer]
	cache    *tokenCache
	encoding *base64.Encoding
	parsed   sync.Pool // of *compactToken
	changed  chan struct{}
}

var (
	_ Verifier       = (*JWT)(nil)
	_ cpodkit.Pinger = (*JWT)(nil)
)

// NewJWT returns a Verifier for the tokens of the given issuers. It fails when
// one lacks its name, audience or keys, when two have the same name, and when a setting
// is malformed.
func NewJWT(issuers ...Issuer) (*JWT, error) {
	v := &JWT{
		cache: newTokenCache(), encoding: base64.RawURLEncoding.Strict(), parsed: sync.Pool{New: newCompactToken},
		changed: make(chan struct{}, 1),
	}
	if err := v.SetIssuers(issuers...); err != nil {
		return nil, err
	}
	return v, nil
}

// SetIssuers replaces the issuers, as [NewJWT] took them. On an error the ones that were
// there stay. A token of an issuer that is gone is refused at once. An issuer with the same
// settings, or that [ParseIssuers] made of the same text with the same Revocations, goes on
// with the keys that it has, and its verified tokens are still remembered. One with an
// Identify is always new.
func (v *JWT) SetIssuers(issuers ...Issuer) error {
	if len(issuers) == 0 {
		return errors.New("authz: a JWT verifier needs at least one issuer")
	}
	v.setting.Lock()
	defer v.setting.Unlock()
	old := v.issuers.Load()
	next := make(map[string]*issuer, len(issuers))
	for _, settings := range issuers {
		if next[settings.Issuer] != nil {
			return fmt.Errorf("authz: the issuer %s stands twice", settings.Issuer)
		}
		if old != nil {
			if same := (*old)[settings.Issuer]; same != nil && same.is(settings) {
				next[settings.Issuer] = same
				continue
			}
		}
		compiled, err := compile(settings)
		if err != nil {
			return err
		}
		next[settings.Issuer] = compiled
	}
	keepApart(next)
	v.issuers.Store(&next)
	if old != nil {
		for name, i := range *old {
			if next[name] != i {
				i.retired.Store(true)
			}
		}
	}
	select {
	case v.changed <- struct{}{}:
	default: // Run has not seen the change before
	}
	return nil
}

// Run keeps the keys of the issuers current until ctx ends: it calls the method
// Run(context.Context) of each [KeySource] that has one, such as [RemoteKeys] and
// [FileKeys]. One Run at a time is enough. Without it [RemoteKeys] are fetched while
// tokens come in, and [FileKeys] stay as they are.
func (v *JWT) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	running := map[*issuer]context.CancelFunc{}
	defer func() {
		for _, stop := range running {
			stop()
		}
	}()
	for {
		current := map[*issuer]bool{}
		for _, i := range *v.issuers.Load() {
			keys, ok := i.Keys.(interface{ Run(ctx context.Context) })
			if current[i] = true; !ok || running[i] != nil {
				continue
			}
			runs, stop := context.WithCancel(ctx)
			running[i] = stop
			all.Go(func() { keys.Run(runs) })
		}
		for i, stop := range running {
			if !current[i] {
				stop()
				delete(running, i)
			}
		}
		select {
		case <-v.changed:
		case <-ctx.Done():
			return
		}
	}
}

// Ping returns which issuers have keys that are not current: the last fetch of [RemoteKeys]
// failed, or the file of [FileKeys] is broken. It returns nil when all are, and asks nobody.
func (v *JWT) Ping(context.Context) error {
	var failed []error
	for _, i := range v.Issuers() {
		if keys, ok := i.Keys.(interface{ Err() error }); ok {
			if err := keys.Err(); err != nil {
				failed = append(failed, fmt.Errorf("the keys of the issuer %s: %w", i.Issuer, err))
			}
		}
	}
	return errors.Join(failed...)
}

// Issuers returns the issuers, in the order of their names.
func (v *JWT) Issuers() []Issuer {
	var list []Issuer
	for _, i := range *v.issuers.Load() {
		list = append(list, i.Issuer)
	}
	slices.SortFunc(list, func(a, b Issuer) int { return strings.Compare(a.Issuer, b.Issuer) })
	return list
}

// Verify implements [Verifier] for a JWT as RFC 9068 section 4 asks.
func (v *JWT) Verify(ctx context.Context, token string) (cpodkit.Identity, error) {
	known, err := v.check(ctx, token)
	if err != nil {
		return cpodkit.Identity{}, err
	}
	if c, ok := ctx.Value(pendingKey{}).(*credential); ok && c.token == token {
		c.known = known
	}
	return known.identity, nil
}

func (v *JWT) check(ctx context.Context, token string) (*verified, error) {
	if len(token) > MaxToken {
		return nil, errTooLong()
	}
	now, hash := time.Now(), v.cache.hash(token)
	known := v.cache.get(hash, token)
	if known != nil {
		known.issuer.refresh(ctx, now)
		if known.generation != known.issuer.Keys.Generation() || known.rules != known.issuer.rules.Load() || known.issuer.retired.Load() {
			known = nil
		}
	}
	isNew := known == nil
	if isNew {
		var err error
		if known, err = v.verify(ctx, token, now); err != nil {
			return nil, err
		}
	}
	if !now.Before(known.identity.ExpiresAt) {
		return nil, errExpired()
	}
	if isNew {
		v.cache.put(hash, known)
	}
	revoked, err := known.issuer.Revocations.Revoked(ctx, known.identity.TokenID)
	if err != nil {
		return nil, err
	}
	if revoked {
		return nil, errRevoked()
	}
	return known, nil
}

// verify checks all of a token but its end: that it has expired or was revoked
// is asked on every use.
func (v *JWT) verify(ctx context.Context, token string, now time.Time) (*verified, error) {
	t, _ := v.parsed.Get().(*compactToken)
	defer func() {
		t.clear()
		v.parsed.Put(t)
	}()
	if err := t.parse(v.encoding, token); err != nil {
		return nil, errNotAJWT(err)
	}
	name, _ := t.claims.get("iss").text()
	issuer := (*v.issuers.Load())[name]
	if issuer == nil {
		return nil, refuse("The token's issuer is not accepted here.")
	}
	// The generation comes first: keys and rules that change meanwhile make the
	// result stale, and never a stale result current.
	generation, rules := issuer.Keys.Generation(), issuer.rules.Load()
	if err := issuer.checkSignature(ctx, t); err != nil {
		return nil, err
	}
	known, err := issuer.identity(t, now)
	if err != nil {
		return nil, err
	}
	known.generation, known.rules, known.token = generation, rules, token
	return known, nil
}

// checkSignature takes from the header which key to use and nothing more: keys
// and key addresses in a header (jku, jwk, x5u, x5c) are never looked at.
func (i *issuer) checkSignature(ctx context.Context, t *compactToken) error {
	if !i.hasType(t.header.get("typ")) {
		return i.wrongType
	}
	// RFC 7515 section 4.1.11: an extension that is critical and not understood
	// makes the token invalid, and we understand none.
	if t.header.get("crit") != "" {
		return refuse("The token uses extensions that are not known here.")
	}
	kid := t.header.get("kid")
	id, _ := kid.text()
	if id == "" && (kid != "" || !i.keyIDOptional) {
		return refuse("The token's header names no key.")
	}
	key, err := i.Keys.Key(ctx, id)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return refuse("The token's issuer has no such key.")
	}
	if err != nil {
		return unavailable(ctx, err)
	}
	if algorithm, _ := t.header.get("alg").text(); algorithm != key.algorithm || !i.takes(algorithm) {
		return refuse("The token's algorithm is not that of its key.")
	}
	if !key.verifies(t.signed, t.signature) {
		return refuse("The token's signature is wrong.")
	}
	return nil
}

func errClaim(name string) error {
	return cpodkit.Errorf(cpodkit.CodeInvalidToken, "The token's claim %s is missing or malformed.", name)
}

func errNotAJWT(cause error) error {
	return refuse("The token is not a well-formed JWT.").WithCause(cause)
}
