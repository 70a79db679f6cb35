package storage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// Realm is for trusted code that measures or erases data: all spaces of a tenant, or all
// that one of its users has in the user tier. It is an exact prefix that ends with a
// slash, so the realm of a tenant "t1" holds nothing of "t1x". The zero Realm is none,
// and every call with it fails.
type Realm struct{ root string }

// TenantRealm returns all that a tenant stores, in every tier. It fails when the id
// cannot be encoded.
func TenantRealm(tenantID string) (Realm, error) {
	tenant, err := cpodkit.EncodeID(tenantID)
	if err != nil {
		return Realm{}, fmt.Errorf("storage: the tenant's id %w", err)
	}
	return Realm{tenant + "/"}, nil
}

// UserRealm returns all that the apps of a tenant store for one user, in the user tier.
// It fails when an id cannot be encoded.
func UserRealm(tenantID, userID string) (Realm, error) {
	r, err := TenantRealm(tenantID)
	if err != nil {
		return Realm{}, err
	}
	user, err := cpodkit.EncodeID(userID)
	if err != nil {
		return Realm{}, fmt.Errorf("storage: the user's id %w", err)
	}
	return Realm{r.root + "users/" + user + "/"}, nil
}

// Root returns the prefix of every path in the realm, or an error for the zero Realm.
func (r Realm) Root() (string, error) {
	if r.root == "" {
		return "", errors.New("storage: the realm is empty: make it with TenantRealm or UserRealm")
	}
	return r.root, nil
}

// TenantOf is for stores: it returns the first segment of a storage path or of a
// space's root, the encoded id of the tenant. Every system space has the same one. For a
// text without a slash it is "".
func TenantOf(path string) string { return path[:max(0, strings.IndexByte(path, '/'))] }

// CheckPrefix is for drivers: it returns an invalid_key error unless prefix may be the
// root of a realm or of a space. That is one or more clean segments, each with a slash
// after it.
func CheckPrefix(prefix string) error {
	folder, ok := strings.CutSuffix(prefix, "/")
	if !ok {
		return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The prefix %q does not end with a slash.", prefix)
	}
	return check(folder, MaxFileKey)
}

// Amount is how much is stored, or was erased.
type Amount struct {
	Items int64 // files, documents or entries
	Bytes int64 // as a [Quota] counts them; 0 for kv, which is not measured
}

// Add adds another amount.
func (a *Amount) Add(more Amount) {
	a.Items += more.Items
	a.Bytes += more.Bytes
}
