package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// TokenRequest says what token [Server.Issue] makes.
type TokenRequest struct {
	ClientID string
	TenantID string         // that the app must be of; any when it is empty
	UserID   string         // for whom the app acts; nobody when it is empty
	Scopes   cpodkit.Scopes // within the declared ones, at least one

	// TTL is how long the token lives, in whole seconds up to [MaxTokenTTL]; what
	// the Server was configured with when it is zero.
	TTL time.Duration
}

// Issue returns an access token for an app without asking for its secret. It is
// for whoever runs the server, such as a command to try things out with: what
// reaches it must be trusted.
func (s *Server) Issue(ctx context.Context, request TokenRequest) (string, error) {
	app, err := s.lookUp(ctx, request.ClientID)
	if err != nil {
		return "", err
	}
	if app.ClientID == "" || request.TenantID != "" && app.TenantID != request.TenantID {
		return "", cpodkit.Errorf(cpodkit.CodeNotFound, "There is no app with this client_id.")
	}
	if request.UserID != "" {
		if _, err := cpodkit.EncodeID(request.UserID); err != nil {
			return "", cpodkit.Errorf(cpodkit.CodeBadRequest, "The user id cannot be used: it %s.", err)
		}
	}
	if len(request.Scopes) == 0 {
		return "", cpodkit.Errorf(cpodkit.CodeBadRequest, "A token needs at least one scope.")
	}
	scopes, err := grantedScopes(request.Scopes.String(), app.DeclaredScopes)
	if refusal, ok := errors.AsType[*cpodkit.OAuthError](err); ok {
		err = refusal.Err
	}
	if err != nil {
		return "", err
	}
	ttl := request.TTL
	if ttl == 0 {
		ttl = s.tokenTTL
	}
	if err := checkTTL(ttl); err != nil {
		return "", err
	}
	token, _, err := s.sign(app, request.UserID, scopes, ttl)
	return token, err
}

func checkTTL(ttl time.Duration) error {
	if ttl < time.Second || ttl > MaxTokenTTL || ttl%time.Second != 0 {
		return fmt.Errorf("oauth: the token TTL is %s; it must be whole seconds, up to %s", ttl, MaxTokenTTL)
	}
	return nil
}

// sign returns a token by which the app acts, for a user when there is one.
func (s *Server) sign(app App, userID string, scopes cpodkit.Scopes, ttl time.Duration) (string, IssuedToken, error) {
	subject := userID
	if subject == "" {
		subject = app.ClientID // RFC 9068 section 2.2: no user, so the client itself
	}
	now := time.Now()
	issued := IssuedToken{app.tokens() + rand.Text(), now.Add(ttl).UTC().Truncate(time.Millisecond)}
	token, err := s.signer.Sign(authz.Claims{
		Issuer:    s.issuer,
		Audience:  s.audience,
		Subject:   subject,
		ClientID:  app.ClientID,
		TokenID:   issued.ID,
		IssuedAt:  now,
		ExpiresAt: now.Add(ttl),
		Scopes:    scopes,
		TenantID:  app.TenantID,
		AppID:     app.ClientID,
		UserID:    userID,
	})
	return token, issued, err
}
