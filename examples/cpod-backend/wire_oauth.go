package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/oauth"
)

// wireOAuth returns the authorization server, and the verifier of the
// credentials that it and the admin key stand for. The rotator is the one that
// keeps the signer's keys current.
func wireOAuth(cfg config, d *data, rotator *keyring.Rotator, log *slog.Logger) (*oauth.Server, authz.Verifier, error) {
	tokens, err := authz.NewJWT(authz.Issuer{
		Issuer: cfg.publicURL, Audience: cfg.publicURL, Keys: ringKeys{d.signer, rotator}, Revocations: d.revocations,
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

		ClientAddress: cfg.limits.address.Key,
		Limits:        oauth.Limits{PerAddress: math.MaxInt}, // CPOD_LIMIT_REFUSED_GRANTS has it, for all replicas
	})
	return server, verifier, err
}

// newRotator says how signing keys change. Everyone who keeps a copy of the key
// set has a new key before it signs, and a key goes once its last token is over.
func newRotator(d *data, opts ...keyring.Option) (*keyring.Rotator, error) {
	const interval = time.Minute
	if d.cluster != nil {
		opts = append(opts, keyring.WithNotices(d.cluster.Topic("keyring")))
	}
	return keyring.NewRotator(d.records.KeyRing(), d.master, append([]keyring.Option{
		keyring.WithInterval(interval),
		keyring.WithOverlap(2 * (oauth.KeySetMaxAge + interval)),
		keyring.WithRetention(oauth.MaxTokenTTL + time.Hour),
	}, opts...)...)
}

// ringKeys are the signer's keys. Where the ring has not been looked at for so
// long that another server may sign with a newer key, an unknown one is no
// reason to refuse a token.
type ringKeys struct {
	*authz.Signer

	rotator *keyring.Rotator
}

// Key implements [authz.KeySource].
func (k ringKeys) Key(ctx context.Context, id string) (*authz.VerificationKey, error) {
	key, err := k.Signer.Key(ctx, id)
	if errors.Is(err, cpodkit.CodeNotFound) && !k.rotator.Current() {
		return nil, errors.New("the key ring has not been looked at for too long")
	}
	return key, err
}

// followSigningKeys rotates the keys of a running server, and has it use what
// another process rotated.
func followSigningKeys(ctx context.Context, d *data, rotator *keyring.Rotator) {
	d.background(ctx, func(ctx context.Context) {
		rotator.Follow(ctx, d.ring, func(keys []keyring.SigningKey) error {
			return d.signer.Replace(forSigner(keys)...)
		})
	})
}

func forSigner(keys []keyring.SigningKey) []authz.SigningKey {
	list := make([]authz.SigningKey, len(keys))
	for i, k := range keys {
		list[i] = authz.SigningKey{ID: k.ID, Algorithm: k.Algorithm, Private: k.Private}
	}
	return list
}
