package client

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

const (
	accessTokenType   = "urn:ietf:params:oauth:token-type:access_token"   //nolint:gosec // a name, not a secret
	tokenExchangeType = "urn:ietf:params:oauth:grant-type:token-exchange" //nolint:gosec // a name, not a secret
)

// UserTokens are what a user's sign-in gives to an app.
type UserTokens struct {
	// AccessToken acts for the user: see [Client.AsUser].
	AccessToken string
	// RefreshToken gets the next tokens, once. It is empty after [Client.ExchangeToken].
	RefreshToken string
	Scopes       cpodkit.Scopes
	ExpiresAt    time.Time
}

// SignInURL returns where a web app sends the browser of a user who is to sign in, and the verifier that
// [Client.ExchangeCode] needs then: keep it with the session of that browser, as you do with state. scopes are all that
// the app has declared when there are none. It sends nothing.
//
// The browser comes back to redirectURI with state, iss and code, or error. Compare state with the one that the session
// has, and iss with the issuer of the server (RFC 9207), before you use the code.
func (c *Client) SignInURL(redirectURI, state string, scopes ...string) (target, verifier string) {
	secret := make([]byte, 32)
	rand.Read(secret)
	verifier = base64.RawURLEncoding.EncodeToString(secret)
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {c.api.clientID}, "redirect_uri": {redirectURI}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	if len(scopes) > 0 {
		query.Set("scope", strings.Join(scopes, " "))
	}
	return c.api.base + "/oauth/authorize?" + query.Encode(), verifier
}

// ExchangeCode returns the tokens for the code of a sign-in (RFC 6749 section 4.1.3). It is not repeated after a broken
// connection: a code that is used twice ends what it gave. It needs a ClientID and ClientSecret.
func (c *Client) ExchangeCode(ctx context.Context, code, redirectURI, verifier string) (UserTokens, error) {
	return c.api.userTokens(ctx, "oauth.exchangeCode", code, ifUntouched, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier},
	})
}

// RefreshUser returns the next tokens for a refresh token (RFC 6749 section 6). Store the new refresh token before you
// use the new access token: the old one counts as stolen from 10 s on. It needs a ClientID and ClientSecret.
func (c *Client) RefreshUser(ctx context.Context, refreshToken string) (UserTokens, error) {
	return c.api.userTokens(ctx, "oauth.refreshUser", refreshToken, always, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refreshToken},
	})
}

// ExchangeToken returns an access token of this server for the token of a user that another issuer has given, whom the
// server trusts (RFC 8693). scopes are all that both have when there are none. It needs a ClientID and ClientSecret.
func (c *Client) ExchangeToken(ctx context.Context, token string, scopes ...string) (UserTokens, error) {
	form := url.Values{"grant_type": {tokenExchangeType}, "subject_token": {token}, "subject_token_type": {accessTokenType}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	return c.api.userTokens(ctx, "oauth.exchangeToken", token, always, form)
}

func (a *api) userTokens(ctx context.Context, op, secret string, repeat repetition, form url.Values) (UserTokens, error) {
	switch {
	case a.clientID == "":
		return UserTokens{}, invalid(op, "invalid_client", "this call needs ClientID and ClientSecret: an API key cannot authenticate it")
	case secret == "":
		return UserTokens{}, invalid(op, "invalid_request", "the code or token is empty")
	}
	started := time.Now()
	var answer struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		Scope        string `json:"scope"`
		ExpiresIn    int64  `json:"expires_in"`
	}
	err := a.doJSON(ctx, &call{
		op: op, method: http.MethodPost, path: "/v1/oauth/token", contentType: formType, data: []byte(form.Encode()),
		secret: secret, auth: clientAuth, repeat: repeat, success: []int{http.StatusOK},
	}, &answer)
	if err != nil {
		return UserTokens{}, err
	}
	life := time.Duration(min(max(answer.ExpiresIn, 0), int64(maxTokenLife/time.Second))) * time.Second
	return UserTokens{answer.AccessToken, answer.RefreshToken, cpodkit.ParseScopes(answer.Scope), started.Add(life)}, nil
}

// AsUser returns a client that acts for a user, with an access token of the user. It shares the connections of c. When
// the token has expired its calls fail with an [AuthError]; then make another client with the next token.
func (c *Client) AsUser(accessToken string) (*Client, error) {
	if accessToken == "" || !isVisibleASCII(accessToken) {
		return nil, errors.New("cpod: the access token is empty, or holds characters that no token has")
	}
	a := *c.api
	a.apiKey, a.clientID, a.clientSecret, a.tokens = seal(accessToken), "", seal(""), nil
	return newClient(&a), nil
}

// Grants are what a user has granted to apps. The client must act for the user: see [Client.AsUser]. It then reaches the
// grant of its own app. It is safe for concurrent use.
type Grants struct {
	api *api
}

// Grant is what a user has granted to an app.
type Grant struct {
	ClientID  string         `json:"clientId"`
	Name      string         `json:"name"` // of the app
	Scopes    cpodkit.Scopes `json:"scopes"`
	CreatedAt time.Time      `json:"createdAt"`
	UpdatedAt time.Time      `json:"updatedAt"` // when the user was asked last
}

// List returns one page of the grants, by client id.
func (g *Grants) List(ctx context.Context, options ...PageOption) (Page[Grant], error) {
	return getPage[Grant](ctx, g.api, "grants.list", "/v1/oauth/me/grants", url.Values{}, options)
}

// All walks through all grants, fetching pages as it goes. It ends after an error.
func (g *Grants) All(ctx context.Context) iter.Seq2[Grant, error] {
	return walk("", func(cursor string) ([]Grant, string, error) {
		page, err := g.List(ctx, Limit(maxPageItems), Cursor(cursor))
		return page.Items, page.NextCursor, err
	})
}

// Delete removes a grant, and ends the app's tokens for the user at once, the one of this client included. One that is
// not there is a [NotFoundError].
func (g *Grants) Delete(ctx context.Context, clientID string) error {
	const op = "grants.delete"
	segment, err := clientIDSegment(op, clientID)
	if err != nil {
		return err
	}
	_, err = g.api.do(ctx, &call{
		op: op, method: http.MethodDelete, path: "/v1/oauth/me/grants/" + segment, success: []int{http.StatusNoContent},
	})
	return err
}

// AppKeys are the public keys of an app, a JSON Web Key Set (RFC 7517), with which it may authenticate instead of a
// secret (RFC 7523).
type AppKeys = json.RawMessage
