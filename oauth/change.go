package oauth

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"slices"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/rest"
)

// change is the body of PATCH /v1/oauth/apps/{id}, a JSON Merge Patch (RFC 7396). What
// is nil stays as it is.
type change struct {
	Name           *string   `json:"name"`
	DeclaredScopes *[]string `json:"declared_scopes"`
	RedirectURIs   *[]string `json:"redirect_uris"`
	AllowedOrigins *[]string `json:"allowed_origins"`

	JWKS json.RawMessage `json:"jwks"` // "null" takes them away
}

// patchTypes are the media types that a change comes in (RFC 5789 section 3.1).
const patchTypes = "application/merge-patch+json, application/json"

// readChange reads the body. null empties a list.
func readChange(w http.ResponseWriter, r *http.Request) (change, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && media != "application/merge-patch+json" && media != "application/json" {
		w.Header().Set("Accept-Patch", patchTypes)
		return change{}, cpodkit.Errorf(cpodkit.CodeUnsupportedMediaType, "This call takes a JSON Merge Patch: send %s.", patchTypes)
	}
	data, err := cpodkit.ReadJSON(w, r, 0)
	if err != nil {
		return change{}, err
	}
	noName, noList := new(string), new([]string) // null makes nil of them
	c := change{Name: noName, DeclaredScopes: noList, RedirectURIs: noList, AllowedOrigins: noList}
	if err := cpodkit.UnmarshalStrict(data, &c); err != nil {
		return change{}, err
	}
	switch c.Name {
	case noName:
		c.Name = nil
	case nil:
		c.Name = new(string) // which is refused as any empty one
	}
	for _, list := range []**[]string{&c.DeclaredScopes, &c.RedirectURIs, &c.AllowedOrigins} {
		switch *list {
		case noList:
			*list = nil
		case nil:
			*list = &[]string{}
		}
	}
	return c, nil
}

// check returns everything that is wrong with the values at once.
func (c change) check(app App) error {
	var faults faults
	if c.Name != nil {
		faults.name(*c.Name)
	}
	if c.DeclaredScopes != nil {
		faults.scopes("/declared_scopes", *c.DeclaredScopes, app.DeclaredScopes)
	}
	if c.RedirectURIs != nil {
		faults.list("/redirect_uris", *c.RedirectURIs, checkRedirectURI)
	}
	if c.AllowedOrigins != nil {
		faults.list("/allowed_origins", *c.AllowedOrigins, checkOrigin)
	}
	faults.jwks(c.JWKS, app.Type)
	return faults.err()
}

// apply returns the changed app, and the names of the members that are others now.
func (c change) apply(app App) (changed App, members []string) {
	changed = app
	if c.Name != nil && *c.Name != app.Name {
		changed.Name = *c.Name
		members = append(members, "name")
	}
	set := func(member string, list, value *[]string) {
		if value != nil && !slices.Equal(*list, *value) {
			*list = *value
			members = append(members, member)
		}
	}
	set("declared_scopes", (*[]string)(&changed.DeclaredScopes), c.DeclaredScopes)
	set("redirect_uris", &changed.RedirectURIs, c.RedirectURIs)
	set("allowed_origins", &changed.AllowedOrigins, c.AllowedOrigins)
	if jwks := compactJWKS(c.JWKS); c.JWKS != nil && !bytes.Equal(jwks, app.JWKS) {
		changed.JWKS = jwks
		members = append(members, "jwks")
	}
	changed.noteDeclared(lacking(app.DeclaredScopes, changed.DeclaredScopes))
	return changed, members
}

// noteDeclared notes that the app has added these scopes: what a user granted before they
// were taken away does not come back with them.
func (a *App) noteDeclared(scopes cpodkit.Scopes) {
	a.DeclaredIn = maps.Clone(a.DeclaredIn)
	maps.DeleteFunc(a.DeclaredIn, func(scope string, _ int64) bool { return !slices.Contains(a.DeclaredScopes, scope) })
	if len(scopes) == 0 {
		return
	}
	a.Generation++
	if a.DeclaredIn == nil {
		a.DeclaredIn = map[string]int64{}
	}
	for _, scope := range scopes {
		a.DeclaredIn[scope] = a.Generation
	}
}

// lacking returns those of scopes that the others do not cover.
func lacking(others, scopes cpodkit.Scopes) cpodkit.Scopes {
	return slices.DeleteFunc(slices.Clone(scopes), others.Covers)
}

// refuse returns why an administrator may not make the change that makes changed of
// app, or nil. The grants are those of new scopes. A new redirect URI is worth all
// that the app declares, because codes are sent there.
func (c change) refuse(admin administrator, app, changed App, conditions rest.Conditions) error {
	if conditions.IfAbsent || conditions.IfMatch != "" && conditions.IfMatch != admin.tag(app) {
		return cpodkit.Errorf(cpodkit.CodePreconditionFailed, "The condition does not hold: the app is there, and may have changed.")
	}
	if err := c.check(app); err != nil {
		return err
	}
	granted := lacking(app.DeclaredScopes, changed.DeclaredScopes)
	if !bytes.Equal(app.JWKS, changed.JWKS) && changed.JWKS != nil {
		granted = changed.DeclaredScopes // whoever has the private key has them
	}
	for _, uri := range changed.RedirectURIs {
		if !slices.Contains(app.RedirectURIs, uri) {
			granted = changed.DeclaredScopes
		}
	}
	return admin.mayGrant(granted)
}

// updateApp is PATCH /v1/oauth/apps/{id}.
func (s *Server) updateApp(w http.ResponseWriter, r *http.Request, _ rest.Query) error {
	conditions, err := rest.WriteConditions(r.Header)
	if err != nil {
		return err
	}
	c, err := readChange(w, r)
	if err != nil {
		return err
	}
	for range changeAttempts {
		admin, app, err := s.appOf(r)
		if err != nil {
			return err
		}
		if app.Deleting {
			return errDeleting()
		}
		changed, members := c.apply(app)
		refusal := c.refuse(admin, app, changed, conditions)
		if refusal != nil {
			changed, members = app, nil
		}
		err = s.replace(r.Context(), app, changed, len(members) > 0)
		switch {
		case errors.Is(err, cpodkit.CodePreconditionFailed):
			continue
		case err != nil:
			return backendError(err)
		case refusal != nil:
			return refusal
		}
		if slices.Contains(members, "allowed_origins") {
			s.origins.changed(r.Context(), slices.Concat(app.AllowedOrigins, changed.AllowedOrigins)...)
		}
		if len(members) > 0 {
			s.logChange(r, "app changed", admin, changed, slog.Any("members", members))
		}
		admin.writeApp(w, r, changed)
		return nil
	}
	return errBusy()
}

// replace stores a changed app.
//
// Taking a scope away ends the app's tokens before the app is stored, so that none of
// them outlives the answer. Where that is not finished, because of a crash or because
// another change comes first, the app's new tokens are refused as the old ones are. The
// next call gives the app a new TokenPrefix, also when nothing else has changed.
//
// Before an app declares a new scope, its keys lose what they cannot use without it. So
// no key gets a scope back that was taken away.
func (s *Server) replace(ctx context.Context, app, changed App, hasChanged bool) error {
	ended, err := s.revocations.Revoked(ctx, app.tokens())
	if err != nil {
		return err
	}
	if !ended && len(lacking(changed.DeclaredScopes, app.DeclaredScopes)) > 0 {
		if err := s.revoke(ctx, app.TenantID, app.tokens()); err != nil {
			return err
		}
		ended = true
	}
	if ended {
		changed.TokenPrefix = rand.Text()
	}
	if len(lacking(app.DeclaredScopes, changed.DeclaredScopes)) > 0 {
		// To take the scope away again needs a place, and is never refused.
		if err := s.revocations.HasRoom(app.TenantID); err != nil {
			return err
		}
		if err := s.narrowKeys(ctx, app); err != nil {
			return err
		}
	}
	if !ended && !hasChanged {
		return nil
	}
	return s.apps.Update(ctx, changed)
}

// narrowKeys stores the keys of an app with the scopes that [LiveKeys] leaves them.
func (s *Server) narrowKeys(ctx context.Context, app App) error {
	if s.keys == nil {
		return nil
	}
	for after := ""; ; {
		keys, err := s.keys.List(ctx, app.Instance, after, MaxKeys)
		if err != nil {
			return err
		}
		for _, key := range keys {
			after = key.ID
			scopes := narrowed(key.Scopes, app.DeclaredScopes)
			if slices.Equal(scopes, key.Scopes) {
				continue
			}
			err := s.keys.Narrow(ctx, app.Instance, key.ID, scopes)
			if err != nil && !errors.Is(err, cpodkit.CodeNotFound) { // it was deleted meanwhile
				return err
			}
		}
		if len(keys) < MaxKeys {
			return nil
		}
	}
}
