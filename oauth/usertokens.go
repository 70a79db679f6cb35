package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

const (
	codeGrant    = "authorization_code"
	refreshGrant = "refresh_token"
)

// grantCode is RFC 6749 section 4.1.3: a code becomes tokens, once.
func (s *Server) grantCode(w http.ResponseWriter, r *http.Request, form url.Values) error {
	app, err := s.identifyClient(w, r, form)
	if err != nil {
		return err
	}
	code := form.Get("code")
	if code == "" {
		return invalidRequest("The parameter code is missing.")
	}
	id, ok := familyIDOf(code)
	if !ok {
		return errCode()
	}
	ctx := r.Context()
	family, err := s.grants.Family(ctx, id)
	switch {
	case errors.Is(err, cpodkit.CodeNotFound), err == nil && !family.Code.matches(code):
		return errCode()
	case err != nil:
		return backendError(err)
	case family.Redeemed:
		return s.reused(ctx, family, "code")
	case !time.Now().Before(family.ExpiresAt):
		return errCode()
	}
	// Who has a code and not what belongs to it has stolen it: nobody uses it then.
	if !family.isOf(app) || form.Get("redirect_uri") != family.RedirectURI || !fits(form.Get("code_verifier"), family.Challenge) {
		if err := s.endFamily(ctx, family.ID); err != nil {
			return err
		}
		return errCode()
	}
	if err := s.countUserToken(w, r, family); err != nil {
		return err
	}
	refresh := refreshPrefix + familySecret(family.ID, randomSecret())
	family.Redeemed, family.RedirectURI, family.Challenge = true, "", ""
	family.Refresh, family.RotatedAt = hashOf(refresh), now()
	if err := s.makeRoom(ctx, family); err != nil {
		return err
	}
	answer, err := s.giveToken(ctx, app, family, "")
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return s.reused(ctx, family, "code")
	}
	if err != nil {
		return err
	}
	answer.RefreshToken = refresh
	writeUncached(w, r, http.StatusOK, answer)
	return nil
}

func errCode() error {
	return invalidGrant("The code is wrong, has expired, or is not for this client, redirect_uri and code_verifier.")
}

// grantRefresh is RFC 6749 section 6. The refresh token rotates (RFC 9700 section 4.14.2).
func (s *Server) grantRefresh(w http.ResponseWriter, r *http.Request, form url.Values) error {
	app, err := s.identifyClient(w, r, form)
	if err != nil {
		return err
	}
	token := form.Get("refresh_token")
	if token == "" {
		return invalidRequest("The parameter refresh_token is missing.")
	}
	text, isRefresh := strings.CutPrefix(token, refreshPrefix)
	id, ok := familyIDOf(text)
	if !isRefresh || !ok {
		return errRefresh()
	}
	for attempt := range endAttempts {
		family, err := s.family(r.Context(), id)
		if err != nil {
			return err
		}
		if !family.Redeemed || !family.isOf(app) {
			return errRefresh()
		}
		next := s.nextRefresh(id, token)
		switch {
		case family.Refresh.matches(token):
			family.Previous, family.Refresh, family.RotatedAt = family.Refresh, hashOf(next), now()
		case family.Previous.matches(token) && family.Refresh.matches(next) && time.Since(family.RotatedAt) < RetryTime:
		default:
			return s.reused(r.Context(), family, "refresh token")
		}
		if attempt == 0 {
			if err := s.countUserToken(w, r, family); err != nil {
				return err
			}
		}
		answer, err := s.giveToken(r.Context(), app, family, form.Get("scope"))
		if errors.Is(err, cpodkit.CodePreconditionFailed) {
			continue // with the family as it is now
		}
		if err != nil {
			return err
		}
		answer.RefreshToken = next
		writeUncached(w, r, http.StatusOK, answer)
		return nil
	}
	return errContended()
}

func errRefresh() error {
	return invalidGrant("The refresh token is wrong, has expired, or is not of this client; the user has to sign in again.")
}

// giveToken stores a family with one more access token, and returns the token with some
// of the family's scopes; all when asked is empty. The error is
// [cpodkit.CodePreconditionFailed] when the family was changed or has ended.
func (s *Server) giveToken(ctx context.Context, app App, family Family, asked string) (tokenResponse, error) {
	left := app.stillGranted(family.Scopes, family.Generation)
	if len(left) == 0 {
		return tokenResponse{}, invalidGrant("The app has lost the scopes that the user granted; the user has to be asked again.")
	}
	scopes, err := grantedScopes(asked, left)
	if err != nil {
		return tokenResponse{}, err
	}
	answer, issued, err := s.tokenFor(app, family.UserID, scopes, s.tokenTTL)
	if err != nil {
		return tokenResponse{}, err
	}
	family.Tokens = slices.DeleteFunc(family.Tokens, func(t IssuedToken) bool { return !t.ExpiresAt.After(time.Now()) })
	if n := len(family.Tokens) + 1 - maxLive; n > 0 {
		if err := s.revokeTokens(ctx, family, family.Tokens[:n]); err != nil {
			return tokenResponse{}, err
		}
		family.Tokens = family.Tokens[n:]
	}
	family.Tokens = append(family.Tokens, issued)
	family.ExpiresAt = earlier(now().Add(RefreshIdleLife), family.CreatedAt.Add(RefreshLife))
	if err := s.grants.UpdateFamily(ctx, family); err != nil {
		return tokenResponse{}, backendError(err)
	}
	return answer, s.confirmGrant(ctx, family)
}

// confirmGrant looks, after a family was stored with a new token, whether its grant is
// still there, and else ends the family. In this order no token outlives the removal of
// the grant.
func (s *Server) confirmGrant(ctx context.Context, family Family) error {
	grant, err := s.grants.Grant(ctx, family.TenantID, family.UserID, family.ClientID)
	if err == nil && grant.ID == family.GrantID {
		return nil
	}
	if err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
		return backendError(err) // nobody was told the token
	}
	if err := s.endFamily(ctx, family.ID); err != nil {
		return err
	}
	return invalidGrant("The user has removed the grant.")
}

// tokenFor makes an access token, and says how to end it.
func (s *Server) tokenFor(app App, userID string, scopes cpodkit.Scopes, ttl time.Duration) (tokenResponse, IssuedToken, error) {
	token, issued, err := s.sign(app, userID, scopes, ttl)
	return tokenResponse{
		AccessToken: token, TokenType: "Bearer", ExpiresIn: int64(ttl / time.Second), Scope: scopes.String(),
	}, issued, err
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
