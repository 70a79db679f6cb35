package oauth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/internal/strictjson"
)

// keySet are the keys of a provider that verify signatures, by their ids.
type keySet map[string]upstreamKey

// upstreamKey is bound to one algorithm, so that a token cannot choose how it is verified
// (RFC 8725 section 3.1).
type upstreamKey struct {
	algorithm string
	public    crypto.PublicKey
}

// jwk is RFC 7517 section 4 and RFC 7518 section 6.
type jwk struct {
	Type  string `json:"kty"`
	Use   string `json:"use"`
	ID    string `json:"kid"`
	Alg   string `json:"alg"`
	N     string `json:"n"`
	E     string `json:"e"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

// fetchKeys returns the keys of the provider that are of use. Others are skipped, and so are
// two keys with one id.
func (u *Upstream) fetchKeys(ctx context.Context) (keySet, error) {
	p, err := u.provider.get(ctx, nil)
	if err != nil {
		return nil, err
	}
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := u.get(ctx, p.Keys, &document); err != nil {
		return nil, err
	}
	keys, twice := keySet{}, map[string]bool{}
	for _, raw := range document.Keys {
		var k jwk
		if json.Unmarshal(raw, &k) != nil || k.Use != "" && k.Use != "sig" {
			continue
		}
		key, err := k.key()
		if err != nil {
			continue
		}
		if _, taken := keys[k.ID]; taken {
			twice[k.ID] = true
		}
		keys[k.ID] = key
	}
	for id := range twice {
		delete(keys, id)
	}
	if len(keys) == 0 {
		return nil, errors.New("the key set has no key that verifies ID tokens")
	}
	return keys, nil
}

func (k jwk) key() (upstreamKey, error) {
	var key upstreamKey
	switch {
	case k.Type == "RSA":
		n, e := number(k.N), number(k.E)
		if !e.IsInt64() || e.Int64() > 1<<31-1 {
			return key, errors.New("the exponent is too large")
		}
		key = upstreamKey{authz.RS256, &rsa.PublicKey{N: n, E: int(e.Int64())}}
		if k.Alg == authz.PS256 {
			key.algorithm = authz.PS256
		}
	case k.Type == "EC" && k.Curve == "P-256":
		key = upstreamKey{authz.ES256, &ecdsa.PublicKey{Curve: elliptic.P256(), X: number(k.X), Y: number(k.Y)}}
	case k.Type == "OKP" && k.Curve == "Ed25519":
		x, err := base64.RawURLEncoding.DecodeString(k.X)
		if err != nil || len(x) != ed25519.PublicKeySize {
			return key, errors.New("the key has a wrong length")
		}
		key = upstreamKey{authz.EdDSA, ed25519.PublicKey(x)}
	default:
		return key, errors.New("no key of this kind is of use")
	}
	if k.Alg != "" && k.Alg != key.algorithm {
		return key, fmt.Errorf("%s is not the algorithm of the key", k.Alg)
	}
	// It checks sizes and curves.
	_, err := authz.NewVerificationKey("key", key.algorithm, key.public)
	return key, err
}

// number returns 0 for what is not one.
func number(text string) *big.Int {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return new(big.Int)
	}
	return new(big.Int).SetBytes(raw)
}

func (k upstreamKey) verify(signed, signature []byte) bool {
	digest := sha256.Sum256(signed)
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		if k.algorithm == authz.PS256 {
			options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
			return rsa.VerifyPSS(public, crypto.SHA256, digest[:], signature, options) == nil
		}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	case *ecdsa.PublicKey:
		if len(signature) != 64 { // RFC 7518 section 3.4
			return false
		}
		return ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	case ed25519.PublicKey:
		return ed25519.Verify(public, signed, signature)
	}
	return false
}

// verifyIDToken returns the claims of an ID token, checked as OpenID Connect Core 1.0 section
// 3.1.3.7 asks. Keys, and addresses of keys, in its header are never looked at.
func (u *Upstream) verifyIDToken(ctx context.Context, token, nonce string) (map[string]any, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, u.refuse(errors.New("the ID token is not a JWT"))
	}
	header, err := jsonPart(parts[0])
	if err != nil {
		return nil, u.refuse(err)
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return nil, u.refuse(err)
	}
	if _, critical := header["crit"]; critical {
		return nil, u.refuse(errors.New("the ID token uses extensions that are not known here"))
	}
	id, _ := header["kid"].(string)
	keys, err := u.keys.get(ctx, func(set keySet) bool { _, known := set.find(id); return known })
	if err != nil {
		return nil, u.down(err)
	}
	key, ok := keys.find(id)
	if !ok || header["alg"] != key.algorithm {
		return nil, u.refuse(fmt.Errorf("no key of the provider has the id %q and the algorithm %v", id, header["alg"]))
	}
	if !key.verify([]byte(parts[0]+"."+parts[1]), signature) {
		return nil, u.refuse(errors.New("the signature of the ID token is wrong"))
	}
	claims, err := jsonPart(parts[1])
	if err == nil {
		err = u.checkClaims(claims, nonce, time.Now())
	}
	if err != nil {
		return nil, u.refuse(err)
	}
	return claims, nil
}

// find returns the key with an id. A token may leave it out where there is one key alone.
func (s keySet) find(id string) (upstreamKey, bool) {
	if id == "" && len(s) == 1 {
		for _, key := range s {
			return key, true
		}
	}
	key, ok := s[id]
	return key, ok && id != ""
}

func jsonPart(part string) (map[string]any, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	faults, err := strictjson.Unmarshal(data, &members)
	if err != nil || len(faults) > 0 || members == nil {
		return nil, errors.New("a part of the ID token is not a JSON object")
	}
	return members, nil
}

func (u *Upstream) checkClaims(claims map[string]any, nonce string, now time.Time) error {
	if claims["iss"] != u.config.Issuer {
		return fmt.Errorf("the ID token is of the issuer %v", claims["iss"])
	}
	var audiences []any
	switch aud := claims["aud"].(type) {
	case string:
		audiences = []any{aud}
	case []any:
		audiences = aud
	}
	if !slices.Contains(audiences, any(u.config.ClientID)) {
		return fmt.Errorf("the ID token is meant for %v", claims["aud"])
	}
	if party, there := claims["azp"]; there && party != u.config.ClientID || !there && len(audiences) > 1 {
		return fmt.Errorf("the ID token was made for %v", party)
	}
	if nonce == "" || claims["nonce"] != nonce {
		return errors.New("the ID token has another nonce")
	}
	expires, ok := numericDate(claims["exp"])
	if !ok || !now.Before(expires.Add(authz.ClockSkew)) {
		return errors.New("the ID token has expired, or has no exp")
	}
	if issued, ok := numericDate(claims["iat"]); !ok || issued.After(now.Add(authz.ClockSkew)) {
		return errors.New("the ID token is from the future, or has no iat")
	}
	if before, there := claims["nbf"]; there {
		if from, ok := numericDate(before); !ok || from.After(now.Add(authz.ClockSkew)) {
			return errors.New("the ID token is not valid yet")
		}
	}
	return nil
}

// numericDate is RFC 7519 section 2, up to the year 9999.
func numericDate(value any) (time.Time, bool) {
	n, ok := value.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := n.Float64()
	if err != nil || seconds < 0 || seconds > 253402300799 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}
