package oauth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// ender ends what users have granted. A grant goes before its families, and the access
// tokens of a family before the family.
type ender struct {
	grants      GrantStore
	revocations *authz.Revocations
}

// revoke ends the tokens of a tenant with the "jti", or the prefix of one, that id is.
func (e ender) revoke(ctx context.Context, tenantID, id string) error {
	return e.revocations.Revoke(ctx, authz.Revocation{ID: id, TenantID: tenantID, ExpiresAt: time.Now().Add(RevocationLife)})
}

// endFamily ends the tokens of a family, and then removes it.
func (e ender) endFamily(ctx context.Context, id string) error {
	for range endAttempts {
		family, err := e.grants.Family(ctx, id)
		if errors.Is(err, cpodkit.CodeNotFound) {
			return nil
		}
		if err != nil {
			return backendError(err)
		}
		if err := e.revokeTokens(ctx, family, family.Tokens); err != nil {
			return err
		}
		if err := e.grants.DeleteFamily(ctx, family); !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return backendError(err)
		}
	}
	return errContended()
}

// endAttempts bounds how often a family or a grant that is changed meanwhile is looked at
// again.
const endAttempts = 20

func errContended() error {
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The same is used by too many calls at the same time; try again.")
}

// revokeTokens ends access tokens of a family that may be valid.
func (e ender) revokeTokens(ctx context.Context, family Family, tokens []IssuedToken) error {
	for _, token := range tokens {
		if time.Now().Before(token.ExpiresAt) {
			if err := e.revoke(ctx, family.TenantID, token.ID); err != nil {
				return backendError(err)
			}
		}
	}
	return nil
}

// endFamilies ends all families that pass a filter.
func (e ender) endFamilies(ctx context.Context, filter GrantFilter) error {
	return e.eachFamily(ctx, filter, func(family Family) error { return e.endFamily(ctx, family.ID) })
}

// eachFamily calls do with the families that pass a filter, until it fails.
func (e ender) eachFamily(ctx context.Context, filter GrantFilter, do func(Family) error) error {
	for after := ""; ; {
		page, err := e.grants.ListFamilies(ctx, filter, after, familiesPage)
		if err != nil {
			return backendError(err)
		}
		for _, family := range page {
			if err := do(family); err != nil {
				return err
			}
			after = family.ID
		}
		if len(page) < familiesPage {
			return nil
		}
	}
}

// makeRoom ends the families of the same user, app and kind that were used the longest ago,
// so that family is not one too many.
func (e ender) makeRoom(ctx context.Context, family Family) error {
	most := MaxFamilies
	if family.kind() == codeFamily {
		most = MaxCodes
	}
	var others []Family
	of := GrantFilter{TenantID: family.TenantID, UserID: family.UserID, ClientID: family.ClientID}
	err := e.eachFamily(ctx, of, func(other Family) error {
		if other.ID != family.ID && other.kind() == family.kind() {
			others = append(others, other)
		}
		return nil
	})
	if err != nil || len(others) < most {
		return err
	}
	slices.SortFunc(others, func(a, b Family) int { return a.usedAt().Compare(b.usedAt()) })
	for _, other := range others[:len(others)-most+1] {
		if err := e.endFamily(ctx, other.ID); err != nil {
			return err
		}
	}
	return nil
}

// removeGrant ends what a user has granted to an app, with all tokens that came of it.
// The grant goes first: who uses a family at the same time looks for it afterwards.
func (e ender) removeGrant(ctx context.Context, tenantID, userID, clientID string) error {
	if err := e.grants.DeleteGrant(ctx, tenantID, userID, clientID); err != nil {
		return backendError(err)
	}
	return e.endFamilies(ctx, GrantFilter{TenantID: tenantID, UserID: userID, ClientID: clientID})
}

// DeleteGrants removes the grants of a user, and ends all tokens that came of them. It
// returns how many grants there were. Call it for a user who is disabled, deleted or
// erased, after the user's sessions have ended: else new ones are given. After an error,
// call it again.
func DeleteGrants(ctx context.Context, grants GrantStore, revocations *authz.Revocations, tenantID, userID string) (int, error) {
	if tenantID == "" || userID == "" {
		return 0, errors.New("oauth: DeleteGrants needs a tenant and a user")
	}
	e := ender{grants, revocations}
	for n := 0; ; {
		page, err := grants.ListGrants(ctx, tenantID, userID, "", familiesPage)
		if err != nil {
			return n, backendError(err)
		}
		if len(page) == 0 {
			return n, e.endFamilies(ctx, GrantFilter{TenantID: tenantID, UserID: userID})
		}
		for _, grant := range page {
			if err := grants.DeleteGrant(ctx, tenantID, userID, grant.ClientID); err != nil {
				return n, backendError(err)
			}
			n++
		}
	}
}

// EndUser is [DeleteGrants] for the users of the server.
func (s *Server) EndUser(ctx context.Context, tenantID, userID string) error {
	if s.grants == nil {
		return nil
	}
	_, err := DeleteGrants(ctx, s.grants, s.revocations, tenantID, userID)
	return err
}
