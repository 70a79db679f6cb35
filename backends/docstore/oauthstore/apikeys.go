package oauthstore

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/oauth"
)

// APIKeys keeps what is known of API keys, under their digests. Keys without an
// instance are the operator's, and belong to no app.
type APIKeys struct {
	records *docstore.Collection[apiKeyRecord]
}

var _ oauth.KeyStore = (*APIKeys)(nil)

// NewAPIKeys returns the store of API keys.
func NewAPIKeys(db *docstore.DB) *APIKeys {
	return &APIKeys{docstore.NewCollection[apiKeyRecord](db, "authz", "api-keys")}
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
}

// Find implements [authz.KeyStore].
func (k *APIKeys) Find(ctx context.Context, digest authz.KeyDigest) (authz.APIKey, error) {
	r, err := k.records.Get(ctx, hex.EncodeToString(digest[:]))
	return authz.APIKey(r.Value), err
}

// Create implements [oauth.KeyStore].
func (k *APIKeys) Create(ctx context.Context, digest authz.KeyDigest, key authz.APIKey) error {
	return k.records.Create(ctx, hex.EncodeToString(digest[:]), apiKeyRecord(key))
}

// List implements [oauth.KeyStore].
func (k *APIKeys) List(ctx context.Context, instance, after string, limit int) ([]authz.APIKey, error) {
	page, err := k.records.List(ctx, docstore.Query{
		Where: []docstore.Condition{ofInstance(instance)}, OrderBy: "id", After: after, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	keys := make([]authz.APIKey, len(page))
	for i, r := range page {
		keys[i] = authz.APIKey(r.Value)
	}
	return keys, nil
}

// Delete implements [oauth.KeyStore].
func (k *APIKeys) Delete(ctx context.Context, instance, id string) error {
	page, err := k.records.List(ctx, docstore.Query{
		Where: []docstore.Condition{ofInstance(instance), docstore.Equal("id", id)}, Limit: 1,
	})
	if err != nil {
		return err
	}
	if len(page) == 0 {
		return cpodkit.CodeNotFound
	}
	return k.records.Delete(ctx, page[0].Key)
}

// DeleteAll implements [oauth.KeyStore].
func (k *APIKeys) DeleteAll(ctx context.Context, instance string) error {
	if instance == "" {
		return errors.New("oauthstore: DeleteAll needs an instance")
	}
	return k.records.DeleteAll(ctx, ofInstance(instance))
}

// ofInstance holds for the keys of an instance.
func ofInstance(instance string) docstore.Condition {
	if instance == "" {
		return docstore.Missing("instance")
	}
	return docstore.Equal("instance", instance)
}

// DeleteTenant removes all keys of a tenant: those of its apps, and the operator's for
// it. It returns how many there were.
func (k *APIKeys) DeleteTenant(ctx context.Context, tenantID string) (int, error) {
	n, err := k.CountTenant(ctx, tenantID)
	if err != nil {
		return 0, err
	}
	return n, k.records.DeleteAll(ctx, docstore.Equal("tenantId", tenantID))
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
