package authz

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Claims are what an access token says (RFC 9068 section 2.2). Times are cut to
// whole seconds.
//
// The Claims of a verified token hold all of its claims besides: see [Claims.Value].
type Claims struct {
	Issuer    string
	Audience  string // the accepted one, where the token has several
	Subject   string
	ClientID  string
	TokenID   string // "jti"
	IssuedAt  time.Time
	ExpiresAt time.Time
	Scopes    cpodkit.Scopes
	TenantID  string
	AppID     string
	UserID    string // empty without a user

	all string // of a verified token, as JSON
}

// ClaimsFromContext returns the claims of the token of the request. TenantID, AppID,
// UserID and Scopes are those of its identity. It is false where [Authenticate] did not
// let the request through with a token that a [JWT] verified. It decodes the claims again
// with each call.
func ClaimsFromContext(ctx context.Context) (Claims, bool) {
	c, ok := cpodkit.CredentialFromContext(ctx).(*credential)
	if !ok || c.known == nil {
		return Claims{}, false
	}
	claims := c.known.full()
	claims.TenantID, claims.AppID, claims.UserID = c.identity.TenantID, c.identity.AppID, c.identity.UserID
	claims.Scopes = slices.Clone(c.identity.Scopes)
	return claims, true
}

// full returns the claims of the token, with its identity as far as it is known.
func (v *verified) full() Claims {
	id := &v.identity
	c := Claims{
		Issuer: id.Issuer, IssuedAt: id.IssuedAt, ExpiresAt: id.ExpiresAt, Scopes: slices.Clone(id.Scopes),
		TenantID: id.TenantID, AppID: id.AppID, UserID: id.UserID, all: v.claims,
	}
	all, _ := scanObject(v.claims)
	c.Subject, _ = all.get("sub").text()
	c.ClientID, _ = all.get("client_id").text()
	c.TokenID, _ = all.get("jti").text()
	aud := v.issuer.audience.first(all)
	for _, audience := range append([]string{v.issuer.Audience}, v.issuer.Audiences...) {
		if aud.names(audience) {
			c.Audience = audience
			break
		}
	}
	return c
}

// Value returns a claim of a verified token as JSON, or nil when it has none. The name is
// that of a claim, or a JSON pointer that begins with "/" (RFC 6901).
func (c Claims) Value(name string) json.RawMessage {
	if v := c.value(name); v != "" {
		return json.RawMessage(v)
	}
	return nil
}

// Text returns a claim of a verified token that is a string, by its name as in
// [Claims.Value]; false for one that is absent or not a string.
func (c Claims) Text(name string) (string, bool) { return c.value(name).text() }

// Texts returns a claim of a verified token that is a string or an array of strings, by
// its name as in [Claims.Value]; false for any other one.
func (c Claims) Texts(name string) ([]string, bool) { return c.value(name).oneOrMore() }

func (c Claims) value(name string) value {
	path, ok := pointer(name)
	if !ok || c.all == "" {
		return ""
	}
	all, _ := scanObject(c.all)
	return all.at(path)
}

// MarshalJSON returns all claims of a verified token, as the token has them. Other Claims
// are returned under their registered names.
func (c Claims) MarshalJSON() ([]byte, error) {
	if c.all != "" {
		return []byte(c.all), nil
	}
	return c.encode()
}

func (c Claims) encode() ([]byte, error) {
	return json.Marshal(struct {
		Issuer    string `json:"iss"`
		Audience  string `json:"aud"`
		Subject   string `json:"sub"`
		ClientID  string `json:"client_id"`
		TokenID   string `json:"jti"`
		IssuedAt  int64  `json:"iat"`
		ExpiresAt int64  `json:"exp"`
		Scope     string `json:"scope"`
		TenantID  string `json:"tenantId"`
		AppID     string `json:"appId"`
		UserID    string `json:"userId,omitempty"`
	}{
		c.Issuer, c.Audience, c.Subject, c.ClientID, c.TokenID, c.IssuedAt.Unix(), c.ExpiresAt.Unix(),
		c.Scopes.String(), c.TenantID, c.AppID, c.UserID,
	})
}
