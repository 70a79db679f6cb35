package docstore

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// APIKeys keeps what is known of API keys, under their digests.
type APIKeys struct{ records records }

var _ authz.KeyStore = (*APIKeys)(nil)

// APIKeys returns the store of API keys.
func (s *Store) APIKeys() *APIKeys { return &APIKeys{s.records("authz", "api-keys")} }

type apiKeyRecord struct {
	ID        string         `json:"id"`
	TenantID  string         `json:"tenantId"`
	AppID     string         `json:"appId"`
	Scopes    cpodkit.Scopes `json:"scopes"`
	CreatedAt time.Time      `json:"createdAt"`
	ExpiresAt time.Time      `json:"expiresAt,omitzero"`
}

// Find implements [authz.KeyStore].
func (k *APIKeys) Find(ctx context.Context, digest authz.KeyDigest) (authz.APIKey, error) {
	var r apiKeyRecord
	if _, err := k.records.get(ctx, hex.EncodeToString(digest[:]), &r); err != nil {
		return authz.APIKey{}, err
	}
	return authz.APIKey(r), nil
}

// Put stores what the key with the digest stands for, in place of what was
// there. IDs are the caller's to keep apart.
func (k *APIKeys) Put(ctx context.Context, digest authz.KeyDigest, key authz.APIKey) error {
	return k.records.put(ctx, hex.EncodeToString(digest[:]), apiKeyRecord(key), documents.Op{})
}

// Delete removes the key with the ID from the tenant, and reports
// [cpodkit.CodeNotFound] when it has none.
func (k *APIKeys) Delete(ctx context.Context, tenantID, id string) error {
	filter, err := equals("id", id)
	if err != nil {
		return err
	}
	tenant, err := equals("tenantId", tenantID)
	if err != nil {
		return err
	}
	page, err := k.records.page(ctx, append(filter, tenant...), "", 1)
	if err != nil {
		return err
	}
	if len(page) == 0 {
		return cpodkit.CodeNotFound
	}
	return k.records.apply(ctx, documents.Op{Delete: true, Record: documents.Record{Key: page[0].Key}})
}

// List returns all keys of a tenant, in no particular order.
func (k *APIKeys) List(ctx context.Context, tenantID string) ([]authz.APIKey, error) {
	filter, err := equals("tenantId", tenantID)
	if err != nil {
		return nil, err
	}
	var keys []authz.APIKey
	err = k.records.each(ctx, filter, func(record documents.Record) error {
		var r apiKeyRecord
		if err := decode(record, &r); err != nil {
			return err
		}
		keys = append(keys, authz.APIKey(r))
		return nil
	})
	return keys, err
}
