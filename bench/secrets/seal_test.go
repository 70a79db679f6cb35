package secrets_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"testing"

	"github.com/cpodkit/cpodkit/internal/datakeys"
)

// BenchmarkSeal measures sealing and opening 4 KiB as secretstore does, by the newest of five
// keys, which is a year of them. The bare AEAD is that of the standard library under one key.
func BenchmarkSeal(b *testing.B) {
	plain, binding := make([]byte, 4<<10), []byte("cpodkit secret acme 1 databases/orders/password")
	rand.Read(plain)
	keys, err := datakeys.New()
	for range 4 {
		if err == nil {
			keys, err = keys.WithNewKey()
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	block, err := aes.NewCipher(plain[:32])
	if err != nil {
		b.Fatal(err)
	}
	bare, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		b.Fatal(err)
	}
	compare(b, way{"ours", func(int) error {
		sealed, err := keys.Seal(plain, binding)
		if err == nil {
			_, err = keys.Open(sealed, binding)
		}
		return err
	}}, way{"bare", func(int) error {
		_, err := bare.Open(nil, nil, bare.Seal(nil, nil, plain, binding), binding)
		return err
	}})
}
