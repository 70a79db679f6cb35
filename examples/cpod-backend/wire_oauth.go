package main

import (
	"context"
	"log/slog"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/oauth"
)

// wireOAuth returns the authorization server, and the verifier of the
// credentials that it and the admin key stand for.
func wireOAuth(ctx context.Context, cfg config, d *data, log *slog.Logger) (*oauth.Server, authz.Verifier, error) {
	var keys []authz.SigningKey
	for _, k := range d.ring.SigningKeys() {
		keys = append(keys, authz.SigningKey{ID: k.ID, Algorithm: k.Algorithm, Private: k.Private})
	}
	signer, err := authz.NewSigner(keys...)
	if err != nil {
		return nil, nil, err
	}
	revocations, err := authz.OpenRevocations(ctx, d.records.Revocations())
	if err != nil {
		return nil, nil, err
	}
	tokens, err := authz.NewJWT(authz.Issuer{
		Issuer: cfg.publicURL, Audience: cfg.publicURL, Keys: signer, Revocations: revocations,
	})
	if err != nil {
		return nil, nil, err
	}
	server, err := oauth.New(oauth.Config{
		Issuer:       cfg.publicURL,
		Apps:         d.records.Apps(),
		Signer:       signer,
		Revocations:  revocations,
		Verifier:     tokens,
		CursorSecret: d.ring.Secret("oauth"),
		Log:          log,
	})
	return server, authz.Any(adminKeys(cfg, d), tokens), err
}
