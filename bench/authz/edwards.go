package main

import (
	"crypto/ed25519"
	"crypto/rand"

	"github.com/cpodkit/cpodkit/authz"
)

func edwards() (*authz.Signer, authz.KeySource, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	signer, err := authz.NewSigner(authz.SigningKey{ID: "e1", Algorithm: authz.EdDSA, Private: private})
	return signer, signer, err
}
