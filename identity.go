package cpodkit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MaxIDLen is the most bytes an id may have after [EncodeID].
const MaxIDLen = 64

// Identity says for whom a request acts. It is made from a verified token and
// from nothing else; no header, query or body can change it.
type Identity struct {
	TenantID string // the hard partition; never empty
	AppID    string // the OAuth client_id
	UserID   string // empty for a token without a user

	Scopes    Scopes
	TokenID   string    // the token's jti, or the id of an API key
	Issuer    string    // who signed the token; empty for an API key
	IssuedAt  time.Time // zero for an API key
	ExpiresAt time.Time // zero when the credential does not expire

	// KeyDigest is that of an API key, in hex: the SHA-256 under which the key is kept. It
	// names the key to what outlives the request, such as a signed URL. Empty for a token.
	KeyDigest string
}

// Validate reports whether tenant, app and, where there is one, user can be
// encoded as a path segment. See [EncodeID].
func (id Identity) Validate() error {
	if _, err := EncodeID(id.TenantID); err != nil {
		return fmt.Errorf("tenant id: %w", err)
	}
	if _, err := EncodeID(id.AppID); err != nil {
		return fmt.Errorf("app id: %w", err)
	}
	if id.UserID == "" {
		return nil
	}
	if _, err := EncodeID(id.UserID); err != nil {
		return fmt.Errorf("user id: %w", err)
	}
	return nil
}

type identityKey struct{}

// WithIdentity returns a context that carries id. Authentication middleware
// calls it; a server with an authentication of its own may call it too.
func WithIdentity(ctx context.Context, id Identity) context.Context {
	if rec := RecordFromContext(ctx); rec != nil {
		rec.identity.Store(&id)
	}
	return context.WithValue(ctx, identityKey{}, &id)
}

// IdentityFromContext returns the identity that [WithIdentity] stored.
func IdentityFromContext(ctx context.Context) (Identity, bool) {
	if id := identityOf(ctx); id != nil {
		return *id, true
	}
	return Identity{}, false
}

// identityOf returns the identity of the context, which nobody changes, or nil.
func identityOf(ctx context.Context) *Identity {
	id, _ := ctx.Value(identityKey{}).(*Identity)
	return id
}

// EncodeID returns id with every byte outside [A-Za-z0-9@._-] percent-encoded
// (RFC 3986 section 2.1, upper-case digits), which makes it one safe path
// segment. Different ids give different segments. An empty id, "." and "..",
// and one that is longer than [MaxIDLen] bytes once encoded, are errors.
func EncodeID(id string) (string, error) {
	const hexDigits = "0123456789ABCDEF"
	escapes := 0
	for i := range len(id) {
		if !plainIDByte(id[i]) {
			escapes++
		}
	}
	switch n := len(id) + 2*escapes; {
	case id == "":
		return "", errors.New("is empty")
	case id == "." || id == "..":
		return "", errors.New("is a dot segment")
	case n > MaxIDLen:
		return "", fmt.Errorf("has %d bytes after percent-encoding; at most %d are allowed", n, MaxIDLen)
	}
	if escapes == 0 {
		return id, nil
	}
	out := make([]byte, 0, len(id)+2*escapes)
	for i := range len(id) {
		if c := id[i]; plainIDByte(c) {
			out = append(out, c)
		} else {
			out = append(out, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return string(out), nil
}

func plainIDByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '@' || c == '.' || c == '_' || c == '-'
}
