package secrets

import (
	"context"
	"slices"

	"github.com/cpodkit/cpodkit"
)

// DeleteApp takes an app out of all grants and bundles of a tenant, so that a later app of
// the same client id finds none of them: for code that deletes the app. Its secrets then
// belong to administrators alone, and stay readable for the other apps that they are
// granted. Its bundles are deleted, because they lend its own rights. After an error it can
// be called again.
func (s *Secrets) DeleteApp(ctx context.Context, tenantID, appID string) error {
	h := s.Trusted(tenantID)
	if err := h.check(); err != nil {
		return err
	}
	for g, err := range s.grants(ctx, tenantID, "", pageSize) {
		if err == nil && (g.Owner == appID || g.allows(appID)) {
			err = s.dropFromGrant(ctx, tenantID, g.Name, appID)
		}
		if err != nil {
			return err
		}
	}
	for b, err := range h.bundles(ctx, "") {
		if err == nil && (b.Owner == appID || hasApp(b.Apps, appID)) {
			err = h.dropFromBundle(ctx, b.Name, appID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropFromGrant takes an app out of a grant, also when others change that at once.
func (s *Secrets) dropFromGrant(ctx context.Context, tenantID, name, appID string) error {
	_, err := again(Match{}, func() (Grant, error) {
		g, err := s.storedGrant(ctx, tenantID, name)
		if err != nil {
			return Grant{}, err
		}
		if g.Owner == appID {
			g.Owner = ""
		}
		g.Apps = without(g.Apps, appID)
		return s.storeGrant(ctx, tenantID, g)
	})
	return unlessGone(err)
}

// dropFromBundle takes an app out of a bundle, or removes the bundle when it is the app's.
func (h Handle) dropFromBundle(ctx context.Context, name, appID string) error {
	_, err := again(Match{}, func() (struct{}, error) {
		b, err := h.storedBundle(ctx, name)
		switch {
		case err != nil:
		case b.Owner == appID:
			err = h.removeBundle(ctx, b)
		default:
			b.Apps = without(b.Apps, appID)
			err = h.storeBundle(ctx, b)
		}
		return struct{}{}, err
	})
	return unlessGone(err)
}

func without(apps []string, appID string) []string {
	return slices.DeleteFunc(slices.Clone(apps), func(app string) bool { return app == appID })
}

func unlessGone(err error) error {
	if isCode(err, cpodkit.CodeNotFound) {
		return nil
	}
	return err
}
