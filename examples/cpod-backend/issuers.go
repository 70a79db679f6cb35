package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"go.opentelemetry.io/otel/metric"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/loopback"
	"github.com/cpodkit/cpodkit/internal/watch"
	"github.com/cpodkit/cpodkit/oauth"
)

const (
	issuersVariable  = "CPOD_ISSUERS"
	jwksVariable     = "CORESDK_JWKS_URI"
	issuerVariable   = "CORESDK_ISSUER"
	audienceVariable = "CORESDK_AUDIENCE"
)

// foreignSources say whose tokens are accepted besides the server's own.
type foreignSources struct {
	file             string // of issuers; "" for none
	jwksURL          string // of the one issuer that variables name; "" for none
	issuer, audience string
	isOn             bool // one of them is set
}

func readForeignSources(s *settings) foreignSources {
	f := foreignSources{
		file: s.optional(issuersVariable, "",
			"file of the issuers whose tokens are accepted besides the server's own, in JSON; an edit takes effect without a restart"),
		jwksURL: s.optional(jwksVariable, "",
			"key set of the one issuer whose tokens are accepted besides the server's own, by https; with `CORESDK_ISSUER` and `CORESDK_AUDIENCE`, instead of `CPOD_ISSUERS`"),
		issuer:   s.optional(issuerVariable, "", "what `iss` is in the tokens of that issuer"),
		audience: s.optional(audienceVariable, "", "what `aud` is, or holds, in them"),
	}
	byVariables := f.jwksURL != "" || f.issuer != "" || f.audience != ""
	f.isOn = f.file != "" || byVariables
	switch {
	case f.file != "" && byVariables:
		s.fail(issuersVariable, "%s, %s or %s is set, too: put that issuer into the file", jwksVariable, issuerVariable, audienceVariable)
	case byVariables:
		f.checkVariables(s)
	}
	if f.isOn && isDevelopment(s) {
		s.fail(environmentVariable, "in development no token is verified, so that issuers count for nothing: unset %s and %s, or use production", issuersVariable, jwksVariable)
	}
	return f
}

func (f foreignSources) checkVariables(s *settings) {
	for _, v := range []struct{ name, value, example string }{
		{jwksVariable, f.jwksURL, "https://sso.example.com/keys"},
		{issuerVariable, f.issuer, "https://sso.example.com, which is what iss is in its tokens"},
		{audienceVariable, f.audience, "https://api.example.com, which is what aud is in its tokens"},
	} {
		if v.value == "" {
			s.fail(v.name, "%s, %s and %s name one issuer together: set this one too, such as %s",
				jwksVariable, issuerVariable, audienceVariable, v.example)
		}
	}
	if _, err := authz.NewRemoteKeys(f.issuer, f.jwksURL, f.keyOptions()...); f.jwksURL != "" && err != nil {
		s.fail(jwksVariable, "want an https URL without user and fragment; http is for this machine alone")
	}
}

// keyOptions allow http for keys on this machine, as the URL says.
func (f foreignSources) keyOptions() []authz.RemoteOption {
	if u, err := url.Parse(f.jwksURL); err == nil && u.Scheme == "http" && loopback.Is(u.Hostname()) {
		return []authz.RemoteOption{authz.WithUnsafeLoopbackHTTP()}
	}
	return nil
}

// single is the issuer that variables name. Its claims are those of the server's own
// tokens, except that other names of the client are accepted as well.
func (f foreignSources) single(opts ...authz.RemoteOption) (authz.Issuer, error) {
	keys, err := authz.NewRemoteKeys(f.issuer, f.jwksURL, append(opts, f.keyOptions()...)...)
	return authz.Issuer{
		Issuer: f.issuer, Audience: f.audience, Keys: keys, Foreign: true,
		Types:  []string{authz.AccessTokenType, "JWT", ""},
		Claims: authz.ClaimNames{AppID: "appId client_id azp", Scope: "scope scp"},
		// ID tokens have these (OpenID Connect Core 1.0 sections 3.1.3.6 and 3.3.2.11).
		Require: []authz.Requirement{{Claim: "at_hash"}, {Claim: "c_hash"}},
	}, err
}

// issuers are all issuers whose tokens are accepted.
type issuers struct {
	*house

	own    authz.Issuer
	tokens *authz.JWT
	file   *watch.Watcher[[]authz.Issuer] // nil without a file
	known  sync.Map                       // tenants that are there
}

// openIssuers returns the verifier of tokens: the server's own, and those of the sources.
func openIssuers(ctx context.Context, h *house, own authz.Issuer, from foreignSources) (*issuers, error) {
	i := &issuers{house: h, own: own}
	opts := []authz.RemoteOption{authz.WithKeyLog(h.log), authz.WithKeyTelemetry(h.telemetry.tracers, h.telemetry.meters)}
	var foreign []authz.Issuer
	switch {
	case from.file != "":
		load := func(files watch.Files) ([]authz.Issuer, error) { return i.parse(ctx, files, opts) }
		var err error
		if i.file, err = watch.Open(ctx, from.file, load, watch.WithLog(h.log)); err != nil {
			return nil, fmt.Errorf("%s: %w", issuersVariable, err)
		}
		foreign = i.file.Current()
	case from.isOn:
		issuer, err := from.single(opts...)
		if err == nil {
			issuer.Revocations = h.revocations
			foreign, err = []authz.Issuer{issuer}, i.checkName(issuer)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", issuerVariable, err)
		}
	}
	var err error
	if i.tokens, err = authz.NewJWT(i.with(foreign)...); err != nil {
		return nil, err
	}
	return i, i.measure()
}

// with returns the server itself and other issuers.
func (i *issuers) with(foreign []authz.Issuer) []authz.Issuer {
	return append([]authz.Issuer{i.own}, foreign...)
}

// parse returns the issuers of a file.
func (i *issuers) parse(ctx context.Context, files watch.Files, opts []authz.RemoteOption) ([]authz.Issuer, error) {
	if len(files) != 1 {
		return nil, errors.New("it is not a file")
	}
	var list []authz.Issuer
	for _, content := range files {
		var err error
		if list, err = authz.ParseIssuers(context.WithoutCancel(ctx), content, opts...); err != nil {
			return nil, err
		}
	}
	for n := range list {
		if err := i.checkName(list[n]); err != nil {
			return nil, err
		}
		list[n].Revocations = i.revocations
	}
	return list, nil
}

// checkName keeps other keys from signing tokens in the name of this server.
func (i *issuers) checkName(issuer authz.Issuer) error {
	if issuer.Issuer == i.own.Issuer {
		return fmt.Errorf("%s is this server itself, whose tokens are accepted anyway", issuer.Issuer)
	}
	return nil
}

// run keeps the keys current, and takes edits of the file over.
func (i *issuers) run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { i.tokens.Run(ctx) })
	if i.file != nil {
		i.file.Run(ctx, func(_ context.Context, foreign []authz.Issuer) error {
			return i.tokens.SetIssuers(i.with(foreign)...)
		})
	}
}

// names returns the issuers, the server itself first.
func (i *issuers) names() []string {
	names := []string{i.own.Issuer}
	for _, issuer := range i.tokens.Issuers() {
		if issuer.Issuer != i.own.Issuer {
			names = append(names, issuer.Issuer)
		}
	}
	return names
}

// Ping returns why the content of the file is not in force, or which keys are not current.
func (i *issuers) Ping(ctx context.Context) error {
	return errors.Join(i.fileErr(), i.tokens.Ping(ctx))
}

func (i *issuers) fileErr() error {
	if i.file == nil {
		return nil
	}
	return i.file.Err()
}

// measure reports whether the file is in force.
func (i *issuers) measure() error {
	if i.file == nil || i.telemetry.meters == nil {
		return nil
	}
	_, err := i.telemetry.meters.Meter("github.com/cpodkit/cpodkit/examples/cpod-backend").Int64ObservableGauge(
		"cpodkit.authz.issuers.stale", metric.WithDescription("1 while the file of issuers is broken and the last good one is in force."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			stale := int64(0)
			if i.fileErr() != nil {
				stale = 1
			}
			o.Observe(stale)
			return nil
		}))
	return err
}

// Verify implements [authz.Verifier]. Another issuer may name a tenant
// that is not there.
func (i *issuers) Verify(ctx context.Context, token string) (cpodkit.Identity, error) {
	id, err := i.tokens.Verify(ctx, token)
	if err != nil || id.Issuer == i.own.Issuer {
		return id, err
	}
	if id.AppID == oauth.AdminAppID { // the log and storage would take it for an admin key
		return cpodkit.Identity{}, cpodkit.Errorf(cpodkit.CodeInvalidToken, "The token's issuer does not speak for its app.")
	}
	if _, ok := i.known.Load(id.TenantID); ok { // the gate keeps it out once it is deleted
		return id, nil
	}
	exists, err := i.tenantExists(ctx, id.TenantID)
	switch {
	case err != nil && ctx.Err() == nil:
		return cpodkit.Identity{}, cpodkit.Errorf(cpodkit.CodeUnavailable, "The token cannot be checked at the moment; try again.").WithCause(err)
	case err != nil:
		return cpodkit.Identity{}, err
	case !exists:
		return cpodkit.Identity{}, cpodkit.Errorf(cpodkit.CodeInvalidToken, "The tenant of the token is not known here.")
	}
	i.known.Store(id.TenantID, struct{}{})
	return id, nil
}
