package keyring

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrWrongMaster says that the ring was sealed under another master key.
	ErrWrongMaster = errors.New("keyring: the key ring was sealed under another master key")

	// ErrDamaged says that the stored ring is not what was saved.
	ErrDamaged = errors.New("keyring: the stored key ring is damaged; restore it from a backup")
)

// format is the version of both structures below. Format 1 had one signing key
// and no schedule; it is still read.
const format = 2

// envelope is what a store keeps.
type envelope struct {
	Format int    `json:"format"`
	Master string `json:"master"` // the ID of the sealer
	Sealed string `json:"sealed"` // contents as the sealer sealed them, in base64
}

type contents struct {
	Root        []byte      `json:"root"`
	SigningKeys []storedKey `json:"signingKeys"`
}

type storedKey struct {
	Algorithm     string    `json:"algorithm"`
	Private       []byte    `json:"private"` // PKCS #8 (RFC 5958)
	CreatedAt     time.Time `json:"createdAt"`
	SignsFrom     time.Time `json:"signsFrom,omitzero"` // absent where it is CreatedAt
	VerifiesUntil time.Time `json:"verifiesUntil,omitzero"`
}

func seal(ctx context.Context, r *Ring, sealer Sealer) ([]byte, error) {
	plain := contents{Root: r.root}
	for _, k := range r.signing {
		der, err := x509.MarshalPKCS8PrivateKey(k.Private)
		if err != nil {
			return nil, fmt.Errorf("keyring: encode a signing key: %w", err)
		}
		plain.SigningKeys = append(plain.SigningKeys, storedKey{k.Algorithm, der, k.CreatedAt, k.SignsFrom, k.VerifiesUntil})
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("keyring: encode: %w", err)
	}
	env := envelope{Format: format, Master: sealer.ID()}
	box, err := sealer.Seal(ctx, text, env.binding())
	if err != nil {
		return nil, fmt.Errorf("keyring: seal: %w", err)
	}
	env.Sealed = base64.StdEncoding.EncodeToString(box)
	return json.Marshal(env)
}

func unseal(ctx context.Context, sealed []byte, sealer Sealer) (*Ring, error) {
	var env envelope
	if err := json.Unmarshal(sealed, &env); err != nil || env.Format < 1 {
		return nil, ErrDamaged
	}
	if env.Format > format {
		return nil, fmt.Errorf("keyring: the key ring has format %d and this version reads formats up to %d; "+
			"run the version that wrote it, or a later one", env.Format, format)
	}
	if id := sealer.ID(); env.Master != id {
		return nil, fmt.Errorf("%w: start with the one named %.256q (this one is %q); "+
			"if that one is lost, remove the stored ring: a new one is made, and what the old one signed or sealed ends", ErrWrongMaster, env.Master, id)
	}
	// Strict, so that one ring has one spelling: encoding/json would let the
	// spare bits of the last character be anything.
	box, err := base64.StdEncoding.Strict().DecodeString(env.Sealed)
	if err != nil {
		return nil, ErrDamaged
	}
	text, err := sealer.Open(ctx, box, env.binding())
	if errors.Is(err, ErrAltered) {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: unseal: %w", err)
	}
	var plain contents
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, ErrDamaged
	}
	return plain.ring()
}

// binding ties the sealed bytes to the rest of the envelope.
func (e envelope) binding() []byte {
	return fmt.Appendf(nil, "cpodkit key ring %d %s", e.Format, e.Master)
}

func (c contents) ring() (*Ring, error) {
	if len(c.Root) < SecretLen || len(c.SigningKeys) == 0 {
		return nil, ErrDamaged
	}
	ring := &Ring{root: c.Root}
	for _, stored := range c.SigningKeys {
		parsed, err := x509.ParsePKCS8PrivateKey(stored.Private)
		if err != nil {
			return nil, ErrDamaged
		}
		private, ok := parsed.(*ecdsa.PrivateKey)
		if !ok || stored.Algorithm != ES256 {
			return nil, fmt.Errorf("keyring: this version cannot sign with %.16q; run the version that wrote the ring", stored.Algorithm)
		}
		key, err := newSigningKey(private, stored.CreatedAt)
		if err != nil {
			return nil, ErrDamaged
		}
		if !stored.SignsFrom.IsZero() {
			key.SignsFrom = stored.SignsFrom
		}
		key.VerifiesUntil = stored.VerifiesUntil
		ring.signing = append(ring.signing, key)
	}
	return ring, nil
}
