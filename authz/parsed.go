package authz

import (
	"context"
	"encoding/base64"
	"time"
)

// ParsedJWT is a signed JWT that is not an access token, such as an ID token or the assertion
// of a client. [JWT] is for access tokens. It is safe for concurrent use.
type ParsedJWT struct {
	token compactToken
}

// ParseJWT takes a JWT in compact serialization apart, and verifies nothing. The code of the
// error is [cpodkit.CodeInvalidToken]. A token has at most [MaxToken] bytes, and no member
// of its objects twice.
func ParseJWT(token string) (*ParsedJWT, error) {
	if len(token) > MaxToken {
		return nil, errTooLong()
	}
	p := &ParsedJWT{}
	if err := p.token.parse(base64.RawURLEncoding.Strict(), token); err != nil {
		return nil, errNotAJWT(err)
	}
	return p, nil
}

// Unverified returns the claims that anybody may have written. They serve to find the keys
// that [ParsedJWT.Verify] needs. Of the fields only Issuer, Subject, TokenID, IssuedAt and
// ExpiresAt are set.
func (p *ParsedJWT) Unverified() Claims {
	c := Claims{all: p.token.json}
	c.Issuer, _ = c.Text("iss")
	c.Subject, _ = c.Text(subjectClaim)
	c.TokenID, _ = c.Text("jti")
	c.IssuedAt, _ = c.Time("iat")
	c.ExpiresAt, _ = c.Time("exp")
	return c
}

// Verify checks the signature, and returns the claims as [ParsedJWT.Unverified] does. What
// they say, and when they hold, is for the caller to check. The "typ" is one of types, by the
// rules of [Issuer.Types]. A token without "kid" is one of the only key of a [KeySet], or of
// [RemoteKeys], that has one. Nothing else in the header is looked at, except "alg", which is
// that of the key, and "crit", which is refused.
//
// The code of the error is [cpodkit.CodeInvalidToken] for a token that is refused, and
// [cpodkit.CodeUnavailable] when the keys are not there.
func (p *ParsedJWT) Verify(ctx context.Context, keys KeySource, types ...string) (Claims, error) {
	i := issuer{Issuer: Issuer{Keys: keys}, keyIDOptional: true}
	i.setTypes(Issuer{Types: types})
	if err := i.checkSignature(ctx, &p.token); err != nil {
		return Claims{}, err
	}
	return p.Unverified(), nil
}

// Time returns a claim that is a NumericDate (RFC 7519 section 2), by its name as in
// [Claims.Value]; false for one that is absent, malformed, or after the year 9999.
func (c Claims) Time(name string) (time.Time, bool) { return c.value(name).date() }
