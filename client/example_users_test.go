package client_test

import (
	"context"

	"github.com/cpodkit/cpodkit/client"
)

// A web app acts for a user.
func ExampleClient_SignInURL() {
	_ = func(ctx context.Context, web *client.Client, state, code string) error {
		target, verifier := web.SignInURL("https://photos.example/back", state, "storage.user.write")
		// The browser goes to target. It comes back to photos.example with code, state and iss.
		_ = target
		tokens, err := web.ExchangeCode(ctx, code, "https://photos.example/back", verifier)
		if err != nil {
			return err
		}
		user, err := web.AsUser(tokens.AccessToken)
		if err != nil {
			return err
		}
		return user.Storage.KV.Tier(client.User).Set(ctx, "greeting", "hello")
	}
}
