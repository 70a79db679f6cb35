package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/oauth"
)

// oauthPart is the authorization server, and the authentication of all calls.
func oauthPart(s *settings) part {
	const name = "CPOD_ADMIN_TOKEN"
	adminToken := s.optional(name, "", "the admin key of tenant `default`, instead of a made one: `cpod_` and at least 32 characters")
	switch secret, ok := strings.CutPrefix(adminToken, "cpod_"); {
	case adminToken == "":
	case !ok || len(secret) < 32:
		s.fail(name, "an admin key starts with cpod_ and has at least 32 characters after that; leave it unset and the first start makes one")
	case strings.Trim(secret, secret[:1]) == "":
		s.fail(name, "an admin key of one repeated character is guessed at once; leave it unset and the first start makes one")
	}
	foreign := readForeignSources(s)
	return part{open: func(ctx context.Context, h *house) (opened, error) {
		h.adminToken = adminToken
		var err error
		if h.origins, err = oauth.OpenOrigins(ctx, h.records.apps, h.log); err != nil {
			return opened{}, err
		}
		rotator, err := newRotator(h, keyring.WithLog(h.log))
		if err != nil {
			return opened{}, err
		}
		all, err := openIssuers(ctx, h, h.issuer(rotator), foreign)
		if err != nil {
			return opened{}, err
		}
		server, verifier, err := newOAuth(h, all)
		if err != nil {
			return opened{}, err
		}
		h.oauth = server
		if h.isDevelopment {
			verifier = unverified(verifier)
		}
		routes, err := authRoutes(h, verifier, all)
		if err != nil {
			return opened{}, err
		}
		o := opened{
			routes: append(server.Routes(), routes...),
			wraps: []wrap{
				{authentication, cpodkit.WrapProtected(authz.Authenticate(verifier))},
				{afterAuthentication, cpodkit.WrapProtected(h.shareRequests)},
			},
			run: []func(context.Context){
				func(ctx context.Context) { h.followSigningKeys(ctx, rotator) },
				h.origins.Follow,
				server.Run,
				all.run,
			},
		}
		if foreign.isOn {
			o.ready = append(o.ready, dependency{"issuers", all, true}) // the last good ones go on
		}
		if h.isDevelopment {
			o.ready = append(o.ready, dependency{"verification of tokens", pingFunc(notVerified), true})
			o.wraps = append(o.wraps, wrap{beforeAuthentication, onThisMachine})
		}
		return o, nil
	}}
}

// issuer is the server itself. The rotator is the one that keeps the signer's keys current.
func (h *house) issuer(rotator *keyring.Rotator) authz.Issuer {
	return authz.Issuer{Issuer: h.publicURL, Audience: h.publicURL, Keys: ringKeys{h.signer, rotator}, Revocations: h.revocations}
}

// authRoutes are the calls about tokens, and where tokens come from.
func authRoutes(h *house, verifier authz.Verifier, all *issuers) ([]cpodkit.Route, error) {
	service, err := authz.NewService(verifier, authz.WithDecider(h.decider), authz.WithLog(h.log))
	if err != nil {
		return nil, err
	}
	metadata, err := authz.Resource{URL: h.publicURL, AuthorizationServers: all.names}.Route()
	return append(service.Routes(), metadata), err
}

// newOAuth returns the authorization server, and the verifier of the credentials
// that it, other issuers and the admin key stand for.
func newOAuth(h *house, tokens authz.Verifier) (*oauth.Server, authz.Verifier, error) {
	keys, apps := h.records.apiKeys, h.records.apps
	apiKeys, err := authz.NewAPIKeys(oauth.LiveKeys(keys, apps))
	if err != nil {
		return nil, nil, err
	}
	var byKey authz.Verifier = apiKeys
	var fixed []authz.APIKey
	if h.adminToken != "" {
		fixed = []authz.APIKey{envKey()}
		byKey = withAdminToken(h.adminToken, fixed[0], apiKeys)
	}
	verifier := h.gate.guard(authz.Any(byKey, tokens))
	server, err := oauth.New(oauth.Config{
		Issuer:         h.publicURL,
		Apps:           apps,
		Signer:         h.signer,
		Revocations:    h.revocations,
		Keys:           keys,
		Grants:         h.records.grants,
		SignIn:         h.signIn,
		FixedAdminKeys: fixed,
		TenantExists:   h.tenantExists,
		AppDeleted:     h.appDeleted,
		Origins:        h.origins,
		Verifier:       verifier,
		CursorSecret:   h.ring.Secret("oauth"),
		Limiter:        h.limiter,
		Log:            h.log,
	})
	return server, verifier, err
}

// newRotator says how signing keys change. Everyone who keeps a copy of the key
// set has a new key before it signs, and a key goes once its last token is over.
func newRotator(h *house, opts ...keyring.Option) (*keyring.Rotator, error) {
	const interval = time.Minute
	if h.cluster != nil {
		opts = append(opts, keyring.WithNotices(h.cluster.Topic("keyring")))
	}
	return keyring.NewRotator(h.records.keyRing, h.master, append([]keyring.Option{
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
func (h *house) followSigningKeys(ctx context.Context, rotator *keyring.Rotator) {
	rotator.Follow(ctx, h.ring, func(keys []keyring.SigningKey) error {
		return h.signer.Replace(forSigner(keys)...)
	})
}

func forSigner(keys []keyring.SigningKey) []authz.SigningKey {
	list := make([]authz.SigningKey, len(keys))
	for i, k := range keys {
		list[i] = authz.SigningKey{ID: k.ID, Algorithm: k.Algorithm, Private: k.Private}
	}
	return list
}
