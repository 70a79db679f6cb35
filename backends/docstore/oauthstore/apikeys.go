package oauthstore

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/oauth"
)

// APIKeys keeps what is known of API keys, under their digests. Keys without an
// instance are admin keys, and belong to no app.
type APIKeys struct {
	records *docstore.Collection[apiKeyRecord]
	ends    *docstore.Collection[endRecord]
}

var _ oauth.KeyStore = (*APIKeys)(nil)

// NewAPIKeys returns the store of API keys.
func NewAPIKeys(db *docstore.DB) *APIKeys {
	return &APIKeys{
		docstore.NewCollection[apiKeyRecord](db, "authz", "api-keys"),
		docstore.NewCollection[endRecord](db, "authz", "admin-key-ends"),
	}
}

type apiKeyRecord struct {
	ID        string         `json:"id"`
	Name      string         `json:"name,omitempty"`
	TenantID  string         `json:"tenantId"`
	AppID     string         `json:"appId"`
	Instance  string         `json:"instance,omitempty"`
	Scopes    cpodkit.Scopes `json:"scopes"`
	CreatedAt time.Time      `json:"createdAt"`
	ExpiresAt time.Time      `json:"expiresAt,omitzero"`

	LastUsedAt time.Time `json:"lastUsedAt,omitzero"`
}

// endRecord names the admin key of a tenant that is being deleted or was. Its key is
// the tenant.
type endRecord struct {
	Ending string `json:"ending"` // the digest, in hex
}

// Find implements [authz.KeyStore].
func (k *APIKeys) Find(ctx context.Context, digest authz.KeyDigest) (authz.APIKey, error) {
	r, err := k.records.Get(ctx, digest.String())
	return authz.APIKey(r.Value), err
}

// Create implements [oauth.KeyStore].
func (k *APIKeys) Create(ctx context.Context, digest authz.KeyDigest, key authz.APIKey) error {
	return k.records.Create(ctx, digest.String(), apiKeyRecord(key))
}

// List implements [oauth.KeyStore].
func (k *APIKeys) List(ctx context.Context, instance, after string, limit int) ([]authz.APIKey, error) {
	return k.list(ctx, after, limit, ofInstance(instance))
}

func (k *APIKeys) list(ctx context.Context, after string, limit int, where ...docstore.Condition) ([]authz.APIKey, error) {
	page, err := k.records.List(ctx, docstore.Query{Where: where, OrderBy: "id", After: after, Limit: limit})
	if err != nil {
		return nil, err
	}
	keys := make([]authz.APIKey, len(page))
	for i, r := range page {
		keys[i] = authz.APIKey(r.Value)
	}
	return keys, nil
}

// Narrow implements [oauth.KeyStore]. It starts again when the key is changed
// meanwhile.
func (k *APIKeys) Narrow(ctx context.Context, instance, id string, scopes cpodkit.Scopes) error {
	for {
		r, err := k.find(ctx, instance, id)
		if err != nil {
			return err
		}
		r.Value.Scopes = scopes
		if err := k.records.Replace(ctx, r.Key, r.Value, r.Version); !errors.Is(err, cpodkit.CodePreconditionFailed) {
			return err
		}
	}
}

// Delete implements [oauth.KeyStore].
func (k *APIKeys) Delete(ctx context.Context, instance, id string) error {
	found, err := k.find(ctx, instance, id)
	if err != nil {
		return err
	}
	return k.records.Delete(ctx, found.Key)
}

// find returns the key with the ID of an instance, or not_found.
func (k *APIKeys) find(ctx context.Context, instance, id string) (docstore.Record[apiKeyRecord], error) {
	page, err := k.records.List(ctx, docstore.Query{Where: []docstore.Condition{ofInstance(instance), docstore.Equal("id", id)}, Limit: 1})
	if err == nil && len(page) == 0 {
		err = cpodkit.CodeNotFound
	}
	if err != nil {
		return docstore.Record[apiKeyRecord]{}, err
	}
	return page[0], nil
}

// DeleteAll implements [oauth.KeyStore].
func (k *APIKeys) DeleteAll(ctx context.Context, instance string) error {
	if instance == "" {
		return errors.New("oauthstore: DeleteAll needs an instance")
	}
	return k.records.DeleteAll(ctx, ofInstance(instance))
}

// FindAdmin implements [oauth.KeyStore].
func (k *APIKeys) FindAdmin(ctx context.Context, id string) (authz.APIKey, error) {
	found, err := k.find(ctx, "", id)
	return authz.APIKey(found.Value), err
}

// ListAdmin implements [oauth.KeyStore].
func (k *APIKeys) ListAdmin(ctx context.Context, tenantID, after string, limit int) ([]authz.APIKey, error) {
	return k.list(ctx, after, limit, ofInstance(""), docstore.Equal("tenantId", tenantID))
}

// endAttempts bounds how often DeleteAdmin starts again after another one.
const endAttempts = 20

// DeleteAdmin implements [oauth.KeyStore]. Who deletes writes first, by
// compare-and-set, which key of the tenant ends. Who comes next deletes that key, and
// then looks at what is left.
func (k *APIKeys) DeleteAdmin(ctx context.Context, key authz.APIKey, mayBeLast bool) error {
	for range endAttempts {
		found, err := k.find(ctx, "", key.ID)
		if err != nil {
			return err
		}
		if mayBeLast {
			return k.records.Delete(ctx, found.Key)
		}
		end, err := k.ends.Get(ctx, key.TenantID)
		switch {
		case errors.Is(err, cpodkit.CodeNotFound):
		case err != nil:
			return err
		default:
			if err := k.records.Delete(ctx, end.Value.Ending); err != nil {
				return err
			}
			if end.Value.Ending == found.Key {
				return cpodkit.CodeNotFound
			}
		}
		if last, err := k.isLast(ctx, authz.APIKey(found.Value)); err != nil || last {
			return cmp.Or(err, error(cpodkit.CodeConflict))
		}
		if end.Version == "" {
			err = k.ends.Create(ctx, key.TenantID, endRecord{found.Key})
		} else {
			err = k.ends.Replace(ctx, key.TenantID, endRecord{found.Key}, end.Version)
		}
		switch {
		case err == nil:
			return k.records.Delete(ctx, found.Key)
		case !errors.Is(err, cpodkit.CodeConflict) && !errors.Is(err, cpodkit.CodePreconditionFailed):
			return err
		}
	}
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "Other admin keys are deleted at the same time; try again.")
}

// isLast reports whether a key is the last one of its tenant that has not expired.
func (k *APIKeys) isLast(ctx context.Context, key authz.APIKey) (bool, error) {
	now := time.Now()
	if key.Expired(now) {
		return false, nil
	}
	for other, err := range k.records.All(ctx, ofInstance(""), docstore.Equal("tenantId", key.TenantID)) {
		if err != nil {
			return false, err
		}
		if other.Value.ID != key.ID && !authz.APIKey(other.Value).Expired(now) {
			return false, nil
		}
	}
	return true, nil
}

// NoteUse implements [oauth.KeyStore].
func (k *APIKeys) NoteUse(ctx context.Context, digest authz.KeyDigest, at time.Time) error {
	key := digest.String()
	r, err := k.records.Get(ctx, key)
	if err == nil {
		r.Value.LastUsedAt = at.UTC()
		err = k.records.Replace(ctx, key, r.Value, r.Version)
	}
	if errors.Is(err, cpodkit.CodeNotFound) || errors.Is(err, cpodkit.CodePreconditionFailed) {
		return nil
	}
	return err
}

// ofInstance holds for the keys of an instance.
func ofInstance(instance string) docstore.Condition {
	if instance == "" {
		return docstore.Missing("instance")
	}
	return docstore.Equal("instance", instance)
}

// DeleteTenant removes all keys of a tenant: those of its apps, and its admin keys.
func (k *APIKeys) DeleteTenant(ctx context.Context, tenantID string) error {
	if err := k.records.DeleteAll(ctx, docstore.Equal("tenantId", tenantID)); err != nil {
		return err
	}
	return k.ends.Delete(ctx, tenantID)
}

// CountTenant returns how many keys a tenant has.
func (k *APIKeys) CountTenant(ctx context.Context, tenantID string) (n int, err error) {
	for _, err := range k.records.All(ctx, docstore.Equal("tenantId", tenantID)) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
