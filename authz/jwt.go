package authz

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

// ClockSkew is how far the clock of an issuer may be ahead of ours: "iat" and
// "nbf" may lie that far in the future. "exp" has no grace.
const ClockSkew = 30 * time.Second

// Issuer is someone whose tokens are accepted, and for what.
type Issuer struct {
	Issuer   string // what "iss" must be, byte for byte
	Audience string // what "aud" must be, or hold
	Keys     KeySource

	// Type is the "typ" that tokens must have; [AccessTokenType] when it is
	// empty. With or without "application/", in any case of letters.
	Type string

	// Tenants are those that the issuer may speak for; any when it is nil.
	Tenants []string

	// Claims says which claims hold the identity.
	Claims ClaimNames

	// Foreign is for tokens of another authorization server, which does not keep to
	// all of RFC 9068: they may lack "sub" and "client_id", and their scopes may be a
	// JSON array of strings, or null for none.
	Foreign bool

	// Revocations lists the tokens of this issuer that were revoked; nil when
	// none ever are.
	Revocations *Revocations
}

// ClaimNames are the names of the claims that hold an identity. An empty name
// is that of this toolkit's own tokens: tenantId, appId, userId and scope.
type ClaimNames struct {
	TenantID string
	AppID    string
	UserID   string
	Scope    string // a space-separated list
}

// JWT verifies signed access tokens. Verified tokens are remembered, up to a
// bound, until they expire or the keys of their issuer change; whether a token
// was revoked is looked up each time. It is safe for concurrent use.
type JWT struct {
	issuers map[string]*Issuer
	cache   *tokenCache
}

var _ Verifier = (*JWT)(nil)

// NewJWT returns a Verifier for the tokens of the given issuers. It fails when
// one lacks its name, audience or keys, or when two have the same name.
func NewJWT(issuers ...Issuer) (*JWT, error) {
	if len(issuers) == 0 {
		return nil, errors.New("authz: a JWT verifier needs at least one issuer")
	}
	v := &JWT{issuers: make(map[string]*Issuer, len(issuers)), cache: newTokenCache()}
	for _, issuer := range issuers {
		switch {
		case issuer.Issuer == "":
			return nil, errors.New("authz: an issuer lacks its name")
		case issuer.Audience == "" || issuer.Keys == nil:
			return nil, fmt.Errorf("authz: the issuer %s needs an audience and keys", issuer.Issuer)
		case v.issuers[issuer.Issuer] != nil:
			return nil, fmt.Errorf("authz: the issuer %s stands twice", issuer.Issuer)
		}
		issuer.Type = cmp.Or(issuer.Type, AccessTokenType)
		issuer.Tenants = slices.Clone(issuer.Tenants)
		issuer.Claims.TenantID = cmp.Or(issuer.Claims.TenantID, "tenantId")
		issuer.Claims.AppID = cmp.Or(issuer.Claims.AppID, "appId")
		issuer.Claims.UserID = cmp.Or(issuer.Claims.UserID, "userId")
		issuer.Claims.Scope = cmp.Or(issuer.Claims.Scope, "scope")
		v.issuers[issuer.Issuer] = &issuer
	}
	return v, nil
}

// Verify implements [Verifier] for a JWT as RFC 9068 section 4 asks.
func (v *JWT) Verify(ctx context.Context, token string) (cpodkit.Identity, error) {
	if len(token) > MaxToken {
		return cpodkit.Identity{}, errTooLong()
	}
	digest := sha256.Sum256([]byte(token))
	known, ok := v.cache.get(digest)
	if ok && known.generation != known.issuer.Keys.Generation() {
		ok = false
	}
	if !ok {
		var err error
		if known, err = v.verify(ctx, token); err != nil {
			return cpodkit.Identity{}, err
		}
	}
	if !time.Now().Before(known.identity.ExpiresAt) {
		return cpodkit.Identity{}, errExpired()
	}
	if !ok {
		v.cache.put(digest, known)
	}
	revoked, err := known.issuer.Revocations.Revoked(ctx, known.identity.TokenID)
	if err != nil {
		return cpodkit.Identity{}, err
	}
	if revoked {
		return cpodkit.Identity{}, errRevoked()
	}
	return known.identity, nil
}

// verify checks all of a token but its end: that it has expired or was revoked
// is asked on every use.
func (v *JWT) verify(ctx context.Context, token string) (verified, error) {
	t, err := parseCompact(token)
	if err != nil {
		return verified{}, refuse("The token is not a well-formed JWT.").WithCause(err)
	}
	name, _ := t.claims.text("iss")
	issuer := v.issuers[name]
	if issuer == nil {
		return verified{}, refuse("The token's issuer is not accepted here.")
	}
	// The generation comes first: keys that change meanwhile make the result
	// stale, and never a stale result current.
	generation := issuer.Keys.Generation()
	if err := issuer.checkSignature(ctx, t); err != nil {
		return verified{}, err
	}
	id, err := issuer.identity(t.claims)
	if err != nil {
		return verified{}, err
	}
	return verified{identity: id, issuer: issuer, generation: generation}, nil
}

// checkSignature takes from the header which key to use and nothing more: keys
// and key addresses in a header (jku, jwk, x5u, x5c) are never looked at.
func (i *Issuer) checkSignature(ctx context.Context, t compactToken) error {
	if typ, _ := t.header.text("typ"); !sameType(typ, i.Type) {
		return cpodkit.Errorf(cpodkit.CodeInvalidToken, "The token's typ is not %s.", i.Type)
	}
	// RFC 7515 section 4.1.11: an extension that is critical and not understood
	// makes the token invalid, and we understand none.
	if _, there := t.header["crit"]; there {
		return refuse("The token uses extensions that are not known here.")
	}
	id, ok := t.header.text("kid")
	if !ok || id == "" {
		return refuse("The token's header names no key.")
	}
	key, err := i.Keys.Key(ctx, id)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return refuse("The token's issuer has no such key.")
	}
	if err != nil {
		return unavailable(ctx, err)
	}
	if algorithm, _ := t.header.text("alg"); algorithm != key.algorithm {
		return refuse("The token's algorithm is not that of its key.")
	}
	if err := key.verifier.Verify(t.signed, t.signature, key.public); err != nil {
		return refuse("The token's signature is wrong.").WithCause(err)
	}
	return nil
}

func sameType(got, want string) bool {
	got, want = strings.ToLower(got), strings.ToLower(want)
	return strings.TrimPrefix(got, "application/") == strings.TrimPrefix(want, "application/")
}

// identity checks the claims of a token whose signature is good.
func (i *Issuer) identity(claims members) (cpodkit.Identity, error) {
	if !claims.names(i.Audience) {
		return cpodkit.Identity{}, refuse("The token is meant for someone else: its aud is not this server's.")
	}
	expires, ok := claims.date("exp")
	if !ok {
		return cpodkit.Identity{}, errClaim("exp")
	}
	issued, ok := claims.date("iat")
	if !ok {
		return cpodkit.Identity{}, errClaim("iat")
	}
	notBefore := issued
	if _, there := claims["nbf"]; there {
		if notBefore, ok = claims.date("nbf"); !ok {
			return cpodkit.Identity{}, errClaim("nbf")
		}
	}
	if limit := time.Now().Add(ClockSkew); issued.After(limit) || notBefore.After(limit) {
		return cpodkit.Identity{}, refuse("The token is not valid yet.")
	}
	id := cpodkit.Identity{Issuer: i.Issuer, IssuedAt: issued, ExpiresAt: expires}
	for _, claim := range []struct {
		name string
		into *string
	}{{"jti", &id.TokenID}, {i.Claims.TenantID, &id.TenantID}, {i.Claims.AppID, &id.AppID}} {
		if *claim.into, ok = claims.text(claim.name); !ok || *claim.into == "" {
			return cpodkit.Identity{}, errClaim(claim.name)
		}
	}
	if id.UserID, ok = claims.optionalText(i.Claims.UserID); !ok {
		return cpodkit.Identity{}, errClaim(i.Claims.UserID)
	}
	if id.Scopes, ok = i.scopes(claims); !ok {
		return cpodkit.Identity{}, errClaim(i.Claims.Scope)
	}
	if !i.Foreign { // RFC 9068 section 2.2
		for _, name := range []string{"sub", "client_id"} {
			if s, ok := claims.text(name); !ok || s == "" {
				return cpodkit.Identity{}, errClaim(name)
			}
		}
	}
	if i.Tenants != nil && !slices.Contains(i.Tenants, id.TenantID) {
		return cpodkit.Identity{}, refuse("The token's issuer does not speak for its tenant.")
	}
	return id, checkIdentity(id)
}

// scopes returns false for a claim that is malformed.
func (i *Issuer) scopes(claims members) (cpodkit.Scopes, bool) {
	name := i.Claims.Scope
	if i.Foreign {
		if claims[name] == nil {
			return nil, true
		}
		if list, ok := claims.list(name); ok {
			// One with a space in it would be two scopes.
			return cpodkit.ParseScopes(strings.Join(list, " ")), !slices.ContainsFunc(list, hasSpace)
		}
	}
	text, ok := claims.optionalText(name)
	return cpodkit.ParseScopes(text), ok
}

func hasSpace(s string) bool { return strings.Contains(s, " ") }

func errClaim(name string) error {
	return cpodkit.Errorf(cpodkit.CodeInvalidToken, "The token's claim %s is missing or malformed.", name)
}
