package datakeys_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"testing"

	"github.com/cpodkit/cpodkit/internal/datakeys"
)

// BenchmarkSeal seals and opens 4 KiB: bare is the AEAD of the standard library under one key.
func BenchmarkSeal(b *testing.B) {
	plain, binding := make([]byte, 4<<10), []byte("cpodkit secret acme 1 database/password")
	rand.Read(plain)
	b.Run("bare", func(b *testing.B) {
		key := make([]byte, 32)
		rand.Read(key)
		block, err := aes.NewCipher(key)
		if err != nil {
			b.Fatal(err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := aead.Open(nil, nil, aead.Seal(nil, nil, plain, binding), binding); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("keys", func(b *testing.B) {
		keys, err := datakeys.New()
		for range 4 { // of a year
			if err == nil {
				keys, err = keys.WithNewKey()
			}
		}
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			sealed, err := keys.Seal(plain, binding)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := keys.Open(sealed, binding); err != nil {
				b.Fatal(err)
			}
		}
	})
}
