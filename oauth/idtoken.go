package oauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// verifyIDToken returns the claims of an ID token, checked as OpenID Connect Core 1.0 section
// 3.1.3.7 asks.
func (u *Upstream) verifyIDToken(ctx context.Context, token, nonce string) (authz.Claims, error) {
	parsed, err := authz.ParseJWT(token)
	if err != nil {
		return authz.Claims{}, u.refuse(err)
	}
	claims, err := parsed.Verify(ctx, u.keys, "", "JWT")
	if errors.Is(err, cpodkit.CodeUnavailable) {
		return authz.Claims{}, u.down(err)
	}
	if err == nil {
		err = u.checkClaims(claims, nonce, time.Now())
	}
	if err != nil {
		return authz.Claims{}, u.refuse(err)
	}
	return claims, nil
}

func (u *Upstream) checkClaims(claims authz.Claims, nonce string, now time.Time) error {
	if claims.Issuer != u.config.Issuer {
		return fmt.Errorf("the ID token is of the issuer %q", claims.Issuer)
	}
	audiences, _ := claims.Texts("aud")
	if !slices.Contains(audiences, u.config.ClientID) {
		return fmt.Errorf("the ID token is meant for %q", audiences)
	}
	party, _ := claims.Text("azp")
	if there := claims.Value("azp") != nil; there && party != u.config.ClientID || !there && len(audiences) > 1 {
		return fmt.Errorf("the ID token was made for %q", party)
	}
	if got, _ := claims.Text("nonce"); nonce == "" || got != nonce {
		return errors.New("the ID token has another nonce")
	}
	if !now.Before(claims.ExpiresAt.Add(authz.ClockSkew)) {
		return errors.New("the ID token has expired, or has no exp")
	}
	if claims.IssuedAt.IsZero() || !begun(claims, now, "iat", "nbf") {
		return errors.New("the ID token is not valid yet, or has no iat")
	}
	return nil
}
