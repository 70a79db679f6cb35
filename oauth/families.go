package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
)

// The lives of what users give to apps.
const (
	CodeLife        = time.Minute
	RefreshIdleLife = 30 * 24 * time.Hour  // of a refresh token that is not used
	RefreshLife     = 180 * 24 * time.Hour // of all refresh tokens of one sign-in

	// RetryTime is how long a refresh token that was used may be sent again, and gets the
	// same refresh token for it. After that it counts as stolen.
	RetryTime = 10 * time.Second
)

// How much of a kind one app may have of one user at a time. One more ends the one that was
// used the longest ago.
const (
	MaxCodes    = 10  // codes that were not redeemed
	MaxFamilies = 100 // sign-ins with a refresh token, and as many tokens by exchange
)

// The kinds of a [Family].
const (
	codeFamily = iota
	refreshFamily
	exchangedFamily
)

func (f Family) kind() int {
	switch {
	case f.Redeemed:
		return refreshFamily
	case f.Code != SecretHash{}:
		return codeFamily
	}
	return exchangedFamily
}

func (f Family) usedAt() time.Time {
	if f.RotatedAt.IsZero() {
		return f.CreatedAt
	}
	return f.RotatedAt
}

const (
	refreshPrefix = "rt_"

	// maxLive is how many access tokens of a family may be valid at once. One more ends
	// the oldest.
	maxLive = 16

	familyIDBytes = 16
	secretBytes   = 32
	familiesPage  = 500
)

// familySecret returns what a code or a refresh token is made of: the ID of its family, and
// a secret.
func familySecret(id string, secret []byte) string {
	raw, _ := hex.DecodeString(id)
	return base64.RawURLEncoding.EncodeToString(append(raw, secret...))
}

func randomSecret() []byte {
	secret := make([]byte, secretBytes)
	rand.Read(secret)
	return secret
}

// familyIDOf returns the ID of the family that a code, or a refresh token without its
// prefix, names.
func familyIDOf(text string) (id string, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != familyIDBytes+secretBytes || len(text) != base64.RawURLEncoding.EncodedLen(len(raw)) {
		return "", false
	}
	return hex.EncodeToString(raw[:familyIDBytes]), true
}

// nextRefresh returns the refresh token that follows one. It is always the same, so that
// a client that has lost the answer, or asked twice at once, gets it again.
func (s *Server) nextRefresh(id, token string) string {
	mac := hmac.New(sha256.New, s.refreshKey)
	mac.Write([]byte(token))
	return refreshPrefix + familySecret(id, mac.Sum(nil))
}

func hashOf(text string) SecretHash { return sha256.Sum256([]byte(text)) }

func newFamily(app App, tenantID, userID string, scopes cpodkit.Scopes) Family {
	id := make([]byte, familyIDBytes)
	rand.Read(id)
	return Family{
		ID: hex.EncodeToString(id), TenantID: tenantID, UserID: userID, ClientID: app.ClientID, Instance: app.Instance,
		Scopes: scopes, Generation: app.Generation, CreatedAt: now(),
	}
}

// startFamily stores a family that has a code, and returns the code and the ID of the family.
func (s *Server) startFamily(ctx context.Context, a *authorization, user User, grant Grant) (code, id string, err error) {
	family := newFamily(a.app, user.TenantID, user.ID, a.scopes)
	code = familySecret(family.ID, randomSecret())
	family.GrantID, family.AuthTime, family.SessionID = grant.ID, user.AuthTime.UTC().Truncate(time.Millisecond), user.SessionID
	family.Code, family.RedirectURI, family.Challenge = hashOf(code), a.redirectURI, a.challenge
	family.ExpiresAt = family.CreatedAt.Add(CodeLife)
	return code, family.ID, s.addFamily(ctx, family)
}

// addFamily stores a new family.
func (s *Server) addFamily(ctx context.Context, family Family) error {
	if err := s.makeRoom(ctx, family); err != nil {
		return err
	}
	return backendError(s.grants.CreateFamily(ctx, family))
}

// family returns a family that has not expired, or the zero Family.
func (s *Server) family(ctx context.Context, id string) (Family, error) {
	family, err := s.grants.Family(ctx, id)
	if errors.Is(err, cpodkit.CodeNotFound) || err == nil && !time.Now().Before(family.ExpiresAt) {
		return Family{}, nil
	}
	return family, backendError(err)
}

// pruneEvery is how often what has expired is thrown away.
const pruneEvery = 10 * time.Minute

// Run removes, until ctx ends, codes and tokens of users that have expired. It does
// nothing without [Config.Grants].
func (s *Server) Run(ctx context.Context) {
	if s.grants == nil {
		return
	}
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := s.grants.Prune(ctx, time.Now()); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "expired tokens of users could not be removed", "error", err)
			}
		}
	}
}

// reused ends a family of which somebody has sent a code or a refresh token a second
// time: one of the two has stolen it (RFC 9700 section 4.14.2).
func (s *Server) reused(ctx context.Context, family Family, what string) error {
	s.log.LogAttrs(ctx, slog.LevelWarn, what+" used twice; its tokens end", slog.String("request_id", cpodkit.RequestID(ctx)),
		slog.String("tenant", family.TenantID), slog.String("user", family.UserID), slog.String("client_id", family.ClientID))
	if err := s.endFamily(ctx, family.ID); err != nil {
		return err
	}
	return invalidGrant("The " + what + " was used before; the user has to sign in again.")
}

func invalidGrant(detail string) error { return badRequest("invalid_grant", detail) }

// isOf reports whether a family belongs to this very registration of an app.
func (f Family) isOf(app App) bool {
	return f.ClientID == app.ClientID && f.Instance == app.Instance && !app.Deleting
}

// fits reports whether a code_verifier is that of a challenge (RFC 7636 section 4.6).
func fits(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 || strings.ContainsFunc(verifier, notUnreserved) {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return hmac.Equal([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge))
}

// notUnreserved holds for what is not an unreserved character (RFC 3986 section 2.3).
func notUnreserved(c rune) bool {
	isUnreserved := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-._~", c)
	return !isUnreserved
}
