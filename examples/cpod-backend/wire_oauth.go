package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/oauth"
)

// wireOAuth returns the authorization server, and the verifier of the
// credentials that it and the admin key stand for.
func wireOAuth(cfg config, d *data, log *slog.Logger) (*oauth.Server, authz.Verifier, error) {
	tokens, err := authz.NewJWT(authz.Issuer{
		Issuer: cfg.publicURL, Audience: cfg.publicURL, Keys: d.signer, Revocations: d.revocations,
	})
	if err != nil {
		return nil, nil, err
	}
	keys, apps := d.records.APIKeys(), d.records.Apps()
	apiKeys := authz.NewAPIKeys(oauth.LiveKeys(keys, apps, d.revocations))
	verifier := authz.Any(withAdminToken(cfg, apiKeys), tokens)
	server, err := oauth.New(oauth.Config{
		Issuer:       cfg.publicURL,
		Apps:         apps,
		Signer:       d.signer,
		Revocations:  d.revocations,
		Keys:         keys,
		Verifier:     verifier,
		CursorSecret: d.ring.Secret("oauth"),
		Log:          log,
	})
	return server, verifier, err
}

// newRotator says how signing keys change. Everyone who keeps a copy of the key
// set has a new key before it signs, and a key goes once its last token is over.
func newRotator(d *data, opts ...keyring.Option) (*keyring.Rotator, error) {
	const interval = time.Minute
	return keyring.NewRotator(d.records.KeyRing(), d.master, append([]keyring.Option{
		keyring.WithInterval(interval),
		keyring.WithOverlap(2 * (oauth.KeySetMaxAge + interval)),
		keyring.WithRetention(oauth.MaxTokenTTL + time.Hour),
	}, opts...)...)
}

// followSigningKeys rotates the keys of a running server, and has it use what
// another process rotated.
func followSigningKeys(ctx context.Context, d *data, log *slog.Logger) error {
	rotator, err := newRotator(d, keyring.WithLog(log))
	if err != nil {
		return err
	}
	d.background(ctx, func(ctx context.Context) {
		rotator.Follow(ctx, d.ring, func(keys []keyring.SigningKey) error {
			return d.signer.Replace(forSigner(keys)...)
		})
	})
	return nil
}

func forSigner(keys []keyring.SigningKey) []authz.SigningKey {
	list := make([]authz.SigningKey, len(keys))
	for i, k := range keys {
		list[i] = authz.SigningKey{ID: k.ID, Algorithm: k.Algorithm, Private: k.Private}
	}
	return list
}
