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
			err = s.dropFromGrant(ctx, tenantID, g, appID)
		}
		if err != nil {
			return err
		}
	}
	for b, err := range h.bundles(ctx, "") {
		if err == nil && (b.Owner == appID || hasApp(b.Apps, appID)) {
			err = h.dropFromBundle(ctx, b, appID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// changeTries is how often a record is changed that others change at once.
const changeTries = 5

func (s *Secrets) dropFromGrant(ctx context.Context, tenantID string, g Grant, appID string) (err error) {
	for range changeTries {
		if g.Owner == appID {
			g.Owner = ""
		}
		g.Apps = without(g.Apps, appID)
		_, err = s.storeGrant(ctx, tenantID, g)
		if !isCode(err, cpodkit.CodePreconditionFailed) {
			return err
		}
		if g, err = s.storedGrant(ctx, tenantID, g.Name); err != nil {
			return unlessGone(err)
		}
	}
	return err
}

func (h Handle) dropFromBundle(ctx context.Context, b Bundle, appID string) (err error) {
	for range changeTries {
		if b.Owner == appID {
			err = h.removeBundle(ctx, b)
		} else {
			b.Apps = without(b.Apps, appID)
			err = h.storeBundle(ctx, b)
		}
		if !isCode(err, cpodkit.CodePreconditionFailed) {
			return err
		}
		if b, err = h.storedBundle(ctx, b.Name); err != nil {
			return unlessGone(err)
		}
	}
	return err
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
