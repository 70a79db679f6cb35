package client

import (
	"context"
	"net/http"
	"time"

	"github.com/cpodkit/cpodkit"
)

// Auth checks and ends tokens of the client's tenant. Tokens are given with or without "Bearer " before them. It is safe
// for concurrent use.
type Auth struct{ api *api }

// AuthDecision is whether a token may do something.
type AuthDecision struct {
	Allowed bool
	// Claims are those of the token; empty for a token that is not valid.
	Claims map[string]any
	// Reason says why, in a sentence.
	Reason string
	// DecisionID names the decision in the server's logs.
	DecisionID string
}

// TokenClaims is what a valid token says.
type TokenClaims struct {
	// Claims are all of them, as encoding/json decodes them.
	Claims map[string]any
	// ExpiresAt is zero for an API key that does not expire.
	ExpiresAt time.Time
}

// AuthorizeOption changes what [Auth.Authorize] asks.
type AuthorizeOption func(*authorizeBody)

type authorizeBody struct {
	Token    string         `json:"token"`
	Action   string         `json:"action"`
	Resource string         `json:"resource"`
	Context  map[string]any `json:"context,omitempty"`
}

// AuthContext gives the server's policy something to look at besides.
func AuthContext(values map[string]any) AuthorizeOption {
	return func(b *authorizeBody) { b.Context = values }
}

// Authorize asks whether a token may do an action, such as "read", on a resource, such as "/api/orders". It needs the
// scope auth.read. A denial, also that of a token that is not valid, is no error.
func (a *Auth) Authorize(ctx context.Context, token, action, resource string, options ...AuthorizeOption) (AuthDecision, error) {
	body := authorizeBody{Token: token, Action: action, Resource: resource}
	for _, option := range options {
		option(&body)
	}
	var answer struct {
		Allowed    bool           `json:"allowed"`
		Claims     map[string]any `json:"claims"`
		Reason     string         `json:"reason"`
		DecisionID string         `json:"decisionId"`
	}
	err := a.post(ctx, "auth.authorize", "authorize", token, body, &answer)
	return AuthDecision(answer), err
}

// ValidateToken returns the claims of a valid token. It needs the scope auth.read. For a token that is not valid the error
// is an [AuthError] with the code invalid_token, token_expired or token_revoked.
func (a *Auth) ValidateToken(ctx context.Context, token string) (TokenClaims, error) {
	const op = "auth.validate"
	var answer struct {
		Valid     bool           `json:"valid"`
		Claims    map[string]any `json:"claims"`
		ExpiresAt time.Time      `json:"expiresAt"`
		Code      cpodkit.Code   `json:"code"`
		Reason    string         `json:"reason"`
	}
	if err := a.post(ctx, op, "validate", token, map[string]string{"token": token}, &answer); err != nil {
		return TokenClaims{}, err
	}
	if !answer.Valid {
		return TokenClaims{}, &AuthError{Op: op, Status: http.StatusOK, Code: answer.Code, Message: answer.Reason}
	}
	return TokenClaims{answer.Claims, answer.ExpiresAt}, nil
}

// RevokeToken ends a token of this app before its time; with the scope admin, one of the tenant. Within a second the
// server refuses it everywhere. It needs the scope auth.write. The reason, up to 512 bytes, is for the log; it may be "".
func (a *Auth) RevokeToken(ctx context.Context, token, reason string) error {
	body := struct {
		Token  string `json:"token"`
		Reason string `json:"reason,omitempty"`
	}{token, reason}
	return a.post(ctx, "auth.revoke", "revoke", token, body, nil)
}

// post sends a body that holds a token, and decodes the answer; 204 without one.
func (a *Auth) post(ctx context.Context, op, path, token string, body, answer any) error {
	data, err := encodeJSON(op, body)
	if err != nil {
		return err
	}
	sent := &call{
		op: op, method: http.MethodPost, path: "/v1/auth/" + path, data: data, secret: token,
		contentType: jsonType, repeat: always, success: []int{http.StatusOK},
	}
	if answer != nil {
		return a.api.doJSON(ctx, sent, answer)
	}
	sent.success = []int{http.StatusNoContent}
	_, err = a.api.do(ctx, sent)
	return err
}
