package oauth

import (
	"encoding/json"
	"errors"

	"github.com/cpodkit/cpodkit/authz"
)

const (
	maxJWKS    = 16 << 10 // bytes
	maxAppKeys = 20
)

// parseJWKS returns the keys of an app, or what is wrong with which of them. A set with keys
// that are no use is refused as a whole: whoever registers it is there to mend it.
func parseJWKS(document []byte, at string) (*authz.KeySet, faults) {
	var faults faults
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	switch err := json.Unmarshal(document, &set); {
	case len(document) > maxJWKS:
		faults.add(at, "has at most %d bytes", maxJWKS)
	case err != nil || len(set.Keys) == 0 || len(set.Keys) > maxAppKeys:
		faults.add(at, "must be a JSON Web Key Set of 1 to %d public keys (RFC 7517)", maxAppKeys)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if len(set.Keys) == 1 {
		document = withKeyID(document, set.Keys[0])
	}
	keys, err := authz.ParseKeySet(document)
	var skipped []authz.SkippedKey
	var none *authz.NoKeyError
	switch {
	case errors.As(err, &none):
		skipped = none.Skipped
	case err != nil:
		faults.add(at, "is not accepted: %s", err)
	default:
		skipped = keys.Skipped()
	}
	for _, key := range skipped {
		faults.add(pointer(at+"/keys", key.Position), "%s", key.Reason)
	}
	return keys, faults
}

// withKeyID gives a key that is alone and has no id one, which nobody has to name.
func withKeyID(document []byte, key json.RawMessage) []byte {
	var members map[string]any
	if err := json.Unmarshal(key, &members); err != nil || members == nil || members["kid"] != nil {
		return document
	}
	members["kid"] = "-"
	named, err := json.Marshal(map[string]any{"keys": []any{members}})
	if err != nil {
		return document
	}
	return named
}
