package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Introspection is what the server says about a token (RFC 7662 section 2.2). Only Active has a meaning when it is false.
type Introspection struct {
	Active    bool
	Scopes    cpodkit.Scopes
	ClientID  string
	Subject   string
	Issuer    string
	Audience  []string
	TokenID   string
	TenantID  string
	AppID     string
	UserID    string
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Introspect asks whether a token is valid, and what it permits (RFC 7662). The client authenticates with its ClientID
// and ClientSecret, which the Config must have. A token that is not valid is no error: Active is false.
func (c *Client) Introspect(ctx context.Context, token string) (Introspection, error) {
	introspect, err := c.api.tokenCall("oauth.introspect", "/v1/oauth/introspect", token, http.StatusOK)
	if err != nil {
		return Introspection{}, err
	}
	var claims struct {
		Active   bool     `json:"active"`
		Scope    string   `json:"scope"`
		ClientID string   `json:"client_id"`
		Subject  string   `json:"sub"`
		Issuer   string   `json:"iss"`
		Audience audience `json:"aud"`
		TokenID  string   `json:"jti"`
		TenantID string   `json:"tenantId"`
		AppID    string   `json:"appId"`
		UserID   string   `json:"userId"`
		IssuedAt int64    `json:"iat"`
		Expires  int64    `json:"exp"`
	}
	if err := c.api.doJSON(ctx, introspect, &claims); err != nil {
		return Introspection{}, err
	}
	return Introspection{
		Active:    claims.Active,
		Scopes:    cpodkit.ParseScopes(claims.Scope),
		ClientID:  claims.ClientID,
		Subject:   claims.Subject,
		Issuer:    claims.Issuer,
		Audience:  claims.Audience,
		TokenID:   claims.TokenID,
		TenantID:  claims.TenantID,
		AppID:     claims.AppID,
		UserID:    claims.UserID,
		IssuedAt:  unixTime(claims.IssuedAt),
		ExpiresAt: unixTime(claims.Expires),
	}, nil
}

// Revoke makes a token of this app worthless (RFC 7009). It succeeds too for a token that is unknown or has expired.
// Like [Client.Introspect] it needs a ClientID and ClientSecret.
func (c *Client) Revoke(ctx context.Context, token string) error {
	revoke, err := c.api.tokenCall("oauth.revoke", "/v1/oauth/revoke", token, http.StatusOK, http.StatusNoContent)
	if err != nil {
		return err
	}
	_, err = c.api.do(ctx, revoke)
	return err
}

func (a *api) tokenCall(op, path, token string, success ...int) (*call, error) {
	switch {
	case a.clientID == "":
		return nil, invalid(op, "invalid_client", "this call needs ClientID and ClientSecret: an API key cannot authenticate it")
	case token == "":
		return nil, invalid(op, "invalid_request", "the token is empty")
	}
	return &call{
		op: op, method: http.MethodPost, path: path, contentType: formType,
		data: []byte(url.Values{"token": {token}}.Encode()), secret: token, auth: clientAuth, repeat: always, success: success,
	}, nil
}

// audience is a string or a list of strings (RFC 7519 section 4.1.3).
type audience []string

func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

func unixTime(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
