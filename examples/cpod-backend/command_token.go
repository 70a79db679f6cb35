package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/ratelimit"
)

func declareToken(flags *flag.FlagSet) action {
	var request oauth.TokenRequest
	flags.StringVar(&request.ClientID, "app", "", "the `ID` (client_id) of a registered app")
	flags.StringVar(&request.TenantID, "tenant", "", "fail unless the app is of the tenant `NAME`")
	flags.StringVar(&request.UserID, "user", "", "act for the user `ID`; without it the app acts for itself")
	flags.DurationVar(&request.TTL, "ttl", oauth.DefaultTokenTTL, "how long it lives, as a `DURATION` of whole seconds, at most 24h; 1h without it")
	flags.Func("scope", "a `SCOPE` that the app has declared; more than one with more of these", func(value string) error {
		scopes := cpodkit.ParseScopes(value)
		if len(scopes) == 0 {
			return errors.New("it is empty")
		}
		request.Scopes = append(request.Scopes, scopes...)
		return nil
	})
	sign := onRecords(func(ctx context.Context, env environment, h *house, _ string) error {
		var err error
		if err = h.findPublicURL(ctx); err != nil {
			return err
		}
		rotator, err := newRotator(h)
		if err != nil {
			return err
		}
		if h.limiter, err = ratelimit.New(ratelimit.NewMemory()); err != nil { // which a command never uses
			return err
		}
		tokens, err := openIssuers(ctx, h, h.issuer(rotator), foreignSources{})
		if err != nil {
			return err
		}
		server, _, err := newOAuth(h, tokens)
		if err != nil {
			return err
		}
		token, err := server.Issue(ctx, request)
		if refused, ok := errors.AsType[*cpodkit.Error](err); ok {
			return errors.New(refused.Detail)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(env.stdout, token)
		return err
	})
	return func(ctx context.Context, env environment, operand string) error {
		if request.ClientID == "" || len(request.Scopes) == 0 {
			return misuse{"--app and --scope are needed"}
		}
		return sign(ctx, env, operand)
	}
}

func declareRotateKey(*flag.FlagSet) action {
	return onRecords(func(ctx context.Context, env environment, h *house, _ string) error {
		if _, err := clusterPart(env.settings).open(ctx, h); err != nil { // to tell the servers
			return err
		}
		rotator, err := newRotator(h, keyring.WithLog(env.settings.log))
		if err != nil {
			return err
		}
		key, err := rotator.Rotate(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.stdout, "The key %s signs tokens from %s on; until then it is published only.\n",
			key.ID, key.SignsFrom.Format(time.RFC3339))
		return err
	})
}
