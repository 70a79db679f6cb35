package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit/authz"
)

// keySet are the keys of a provider that verify signatures, by their ids.
type keySet map[string]clientKey

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
		var j jwk
		if json.Unmarshal(raw, &j) != nil {
			continue
		}
		key, err := j.key()
		if err != nil {
			continue
		}
		if _, taken := keys[key.id]; taken {
			twice[key.id] = true
		}
		keys[key.id] = key
	}
	for id := range twice {
		delete(keys, id)
	}
	if len(keys) == 0 {
		return nil, errors.New("the key set has no key that verifies ID tokens")
	}
	return keys, nil
}

// verifyIDToken returns the claims of an ID token, checked as OpenID Connect Core 1.0 section
// 3.1.3.7 asks. Keys, and addresses of keys, in its header are never looked at.
func (u *Upstream) verifyIDToken(ctx context.Context, token, nonce string) (map[string]any, error) {
	t, ok := parseAssertion(token)
	if !ok {
		return nil, u.refuse(errors.New("the ID token is not a well-formed JWT"))
	}
	if _, critical := t.header["crit"]; critical {
		return nil, u.refuse(errors.New("the ID token uses extensions that are not known here"))
	}
	id, ok := t.header["kid"].(string)
	if _, there := t.header["kid"]; there && (!ok || id == "") {
		return nil, u.refuse(errors.New("the key id of the ID token is not a text"))
	}
	keys, err := u.keys.get(ctx, func(set keySet) bool { _, known := set.find(id); return known })
	if err != nil {
		return nil, u.down(err)
	}
	key, known := keys.find(id)
	if !known || t.header["alg"] != key.algorithm {
		return nil, u.refuse(fmt.Errorf("no key of the provider has the id %q and the algorithm %v", id, t.header["alg"]))
	}
	if !key.verifies(t.signed, t.signature) {
		return nil, u.refuse(errors.New("the signature of the ID token is wrong"))
	}
	if err := u.checkClaims(t, nonce, time.Now()); err != nil {
		return nil, u.refuse(err)
	}
	return t.claims, nil
}

// find returns the key with an id. A token may leave it out where there is one key alone.
func (s keySet) find(id string) (clientKey, bool) {
	if id == "" && len(s) == 1 {
		for _, key := range s {
			return key, true
		}
	}
	key, ok := s[id]
	return key, ok && id != ""
}

func (u *Upstream) checkClaims(t assertion, nonce string, now time.Time) error {
	claims := t.claims
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
	expires, ok := t.date("exp")
	if !ok || !now.Before(expires.Add(authz.ClockSkew)) {
		return errors.New("the ID token has expired, or has no exp")
	}
	if issued, ok := t.date("iat"); !ok || issued.After(now.Add(authz.ClockSkew)) {
		return errors.New("the ID token is from the future, or has no iat")
	}
	if _, there := claims["nbf"]; there {
		if from, ok := t.date("nbf"); !ok || from.After(now.Add(authz.ClockSkew)) {
			return errors.New("the ID token is not valid yet")
		}
	}
	return nil
}
