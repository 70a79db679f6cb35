package oauth

import (
	"context"
	"errors"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
)

// Credential is what made something that outlives a request, such as a signed URL. Its
// fields are those of a files.URLMaker.
type Credential struct {
	TenantID  string
	AppID     string
	TokenID   string // of a token, or of an API key
	KeyDigest string // of an API key, in hex; empty for a token

	// IsOld is set where KeyDigest was not kept. Then TokenID may be that of an API key.
	IsOld bool

	Scope string // that is needed
}

// Ended reports whether what the credential made may not be used any more. A token has
// ended when it, or all tokens of its app, were revoked. An API key has ended when it or
// its app was deleted, or when it no longer has the scope; this is asked of the store
// each time, so that it holds on all replicas at once. Neither has ended because it has
// expired.
//
// The code of the error is [cpodkit.CodeUnavailable] when a store does not answer.
func (s *Server) Ended(ctx context.Context, c Credential) (bool, error) {
	var key authz.APIKey
	var err error
	switch digest, isKey := authz.ParseKeyDigest(c.KeyDigest); {
	case isKey && s.keys != nil:
		key, err = LiveKeys(s.keys, s.apps).Find(ctx, digest)
	case c.IsOld && c.AppID != "" && strings.HasPrefix(c.TokenID, keyIDPrefix) && s.keys != nil:
		key, err = s.findByID(ctx, c)
	default:
		return s.revocations.Revoked(ctx, c.TokenID)
	}
	if errors.Is(err, cpodkit.CodeNotFound) {
		return true, nil
	}
	if err != nil {
		return false, backendError(err)
	}
	return key.TenantID != c.TenantID || key.AppID != c.AppID || key.ID != c.TokenID || !key.Scopes.Covers(c.Scope), nil
}

// findByID returns the key of an app, as it counts now, by its ID.
func (s *Server) findByID(ctx context.Context, c Credential) (authz.APIKey, error) {
	app, err := s.apps.Get(ctx, c.AppID)
	if err != nil {
		return authz.APIKey{}, err
	}
	keys, err := s.keys.List(ctx, app.Instance, "", 2*MaxKeys) // some are made and taken back at the moment
	if err != nil {
		return authz.APIKey{}, err
	}
	for _, key := range keys {
		if key.ID == c.TokenID {
			return app.live(key)
		}
	}
	return authz.APIKey{}, cpodkit.CodeNotFound
}
