package authz

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

// identity checks the claims of a token whose signature is good.
func (i *issuer) identity(t *compactToken, now time.Time) (*verified, error) {
	v := &verified{issuer: i, claims: t.json}
	id := &v.identity
	id.Issuer = i.Issuer.Issuer
	if err := i.checkClaims(t.claims, id, now); err != nil {
		return nil, err
	}
	if err := i.setTokenID(t, id); err != nil {
		return nil, err
	}
	err := i.who(t.claims, v)
	if err != nil {
		return nil, err
	}
	if !i.Foreign { // RFC 9068 section 2.2
		for _, name := range [...]string{subjectClaim, "client_id"} {
			if s, ok := t.claims.get(name).text(); !ok || s == "" {
				return nil, errClaim(name)
			}
		}
	}
	if i.Tenants != nil && !slices.Contains(i.Tenants, id.TenantID) {
		return nil, refuse("The token's issuer does not speak for its tenant.")
	}
	for _, prefix := range *i.taken.Load() {
		if strings.HasPrefix(id.UserID, prefix) {
			return nil, refuse("The token's issuer does not speak for its user.")
		}
	}
	return v, checkIdentity(*id)
}

// checkClaims checks for whom and for when the token is, and what the issuer requires.
func (i *issuer) checkClaims(claims members, id *cpodkit.Identity, now time.Time) error {
	if aud := i.audience.first(claims); !aud.names(i.Audience) && !slices.ContainsFunc(i.Audiences, aud.names) {
		return refuse("The token is meant for someone else: its aud is not this server's.")
	}
	var ok bool
	if id.ExpiresAt, ok = claims.get("exp").date(); !ok {
		return errClaim("exp")
	}
	if id.IssuedAt, ok = claims.get("iat").date(); !ok {
		return errClaim("iat")
	}
	notBefore := id.IssuedAt
	if nbf := claims.get("nbf"); nbf != "" {
		if notBefore, ok = nbf.date(); !ok {
			return errClaim("nbf")
		}
	}
	if limit := now.Add(ClockSkew); id.IssuedAt.After(limit) || notBefore.After(limit) {
		return refuse("The token is not valid yet.")
	}
	for n := range i.require {
		if r := &i.require[n]; !r.holds(claims) {
			return cpodkit.Errorf(cpodkit.CodeInvalidToken,
				"The token's claim %s is not what its issuer's access tokens have.", r.claim.names)
		}
	}
	return nil
}

// setTokenID sets by which id the token is revoked. A foreign "jti" could be that of a
// token of ours, or the beginning of many. Its token is named without the signature,
// because an ECDSA signature has two forms.
func (i *issuer) setTokenID(t *compactToken, id *cpodkit.Identity) error {
	jti := t.claims.get("jti")
	text, ok := jti.text()
	if ok && text != "" {
		if id.TokenID = text; i.Foreign {
			id.TokenID = hashed(id.Issuer + "\x00" + text)
		}
		return nil
	}
	if !i.Foreign || jti != "" {
		return errClaim("jti")
	}
	id.TokenID = hashed(t.signed)
	return nil
}

// hashPrefix begins an id that is a digest.
const hashPrefix = "sha256-"

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hashPrefix + base64.RawURLEncoding.EncodeToString(sum[:])
}

// who sets tenant, app, user and scopes.
func (i *issuer) who(claims members, v *verified) error {
	if i.Identify != nil {
		return i.identify(v)
	}
	id := &v.identity
	var ok bool
	for _, claim := range [...]struct {
		fixed string
		paths *claimPaths
		into  *string
	}{{i.TenantID, &i.tenant, &id.TenantID}, {i.AppID, &i.app, &id.AppID}} {
		if *claim.into = claim.fixed; claim.fixed == "" {
			if *claim.into, ok = claim.paths.first(claims).text(); !ok || *claim.into == "" {
				return errClaim(claim.paths.names)
			}
		}
	}
	hasUser := !slices.ContainsFunc(i.noUser, func(r requirement) bool { return r.holds(claims) })
	if user := i.user.first(claims); user != "" && hasUser {
		if id.UserID, ok = user.text(); !ok {
			return errClaim(i.user.names)
		}
		id.UserID = i.userID(id.UserID)
	}
	if id.Scopes, ok = i.scopes(claims); !ok {
		return errClaim(i.scope.names)
	}
	return i.addGroups(claims, id)
}

// userID returns the id of a user by the name that the issuer has for it.
func (i *issuer) userID(name string) string {
	if name == "" {
		return ""
	}
	id := name
	if i.UserNamespace != "" {
		id = i.UserNamespace + ":" + name
	}
	if !i.LongSubjects {
		return id
	}
	// A name in the form of a hash could be that of another user.
	if _, err := cpodkit.EncodeID(id); err == nil && !strings.HasPrefix(name, hashPrefix) {
		return id
	}
	if i.UserNamespace != "" {
		return i.UserNamespace + ":" + hashed(name)
	}
	return hashed(name)
}

// scopes returns false for a claim that is malformed.
func (i *issuer) scopes(claims members) (cpodkit.Scopes, bool) {
	if !i.Foreign {
		v := i.scope.first(claims)
		text, ok := v.text()
		return cpodkit.ParseScopes(text), ok || v == ""
	}
	var all cpodkit.Scopes
	for _, path := range i.scope.paths {
		scopes, ok := foreignScopes(claims.at(path))
		if !ok {
			return nil, false
		}
		all = union(all, scopes)
	}
	return slices.DeleteFunc(all, coversPlatform), true
}

// coversPlatform reports whether a scope covers all tenants, for which no other issuer
// speaks.
func coversPlatform(scope string) bool { return scope == "platform.admin" || scope == "platform.*" }

func foreignScopes(v value) (cpodkit.Scopes, bool) {
	if v == "" || v == "null" {
		return nil, true
	}
	if text, ok := v.text(); ok {
		return cpodkit.ParseScopes(text), true
	}
	list, ok := v.texts()
	// One with a space in it would be two scopes.
	return cpodkit.ParseScopes(strings.Join(list, " ")), ok && !slices.ContainsFunc(list, hasSpace)
}

func hasSpace(s string) bool { return strings.Contains(s, " ") }

func union(a, b cpodkit.Scopes) cpodkit.Scopes {
	if len(a) == 0 {
		return b
	}
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

func (i *issuer) addGroups(claims members, id *cpodkit.Identity) error {
	v := i.groups.first(claims)
	if v == "" || v == "null" {
		return nil
	}
	list, ok := v.oneOrMore()
	if !ok {
		return errClaim(i.groups.names)
	}
	for _, group := range list {
		if scopes := i.Groups.Scopes[group]; len(scopes) > 0 {
			id.Scopes = union(slices.Clone(id.Scopes), scopes)
		}
	}
	return nil
}

// identify asks the issuer's own function.
func (i *issuer) identify(v *verified) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = refuse("The token's identity is not usable here.").WithCause(fmt.Errorf("authz: Identify panicked: %v", p))
		}
	}()
	id, err := i.Identify(v.full())
	if errors.Is(err, cpodkit.CodeUnavailable) {
		return err
	}
	if err != nil {
		return refuse("The token's identity is not accepted here.").WithCause(err)
	}
	v.identity.TenantID, v.identity.AppID, v.identity.UserID = id.TenantID, id.AppID, id.UserID
	v.identity.Scopes = slices.Clone(id.Scopes)
	return nil
}
