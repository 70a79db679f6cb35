package docstore

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// APIKeys keeps what is known of API keys, under their digests. Keys without an
// instance are the operator's, and belong to no app.
type APIKeys struct{ records records }

var _ oauth.KeyStore = (*APIKeys)(nil)

// APIKeys returns the store of API keys.
func (s *Store) APIKeys() *APIKeys { return &APIKeys{s.records("authz", "api-keys")} }

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
	var r apiKeyRecord
	if _, err := k.records.get(ctx, hex.EncodeToString(digest[:]), &r); err != nil {
		return authz.APIKey{}, err
	}
	return authz.APIKey(r), nil
}

// Create implements [oauth.KeyStore].
func (k *APIKeys) Create(ctx context.Context, digest authz.KeyDigest, key authz.APIKey) error {
	err := k.records.put(ctx, hex.EncodeToString(digest[:]), apiKeyRecord(key), documents.Op{IfAbsent: true})
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return cpodkit.CodeConflict
	}
	return err
}

// List implements [oauth.KeyStore].
func (k *APIKeys) List(ctx context.Context, instance, after string, limit int) ([]authz.APIKey, error) {
	filter, err := ofInstance(instance)
	if err != nil {
		return nil, err
	}
	low, err := sortKey(after)
	if err != nil {
		return nil, err
	}
	_, high := low.TypeRange()
	id := documents.Path{"id"}
	page, err := k.records.driver.Query(ctx, k.records.in, documents.DriverQuery{
		Filter: append(filter, documents.Condition{
			Path: id, Test: documents.Range, Keys: []documents.SortKey{low, high}, OpenLow: true, OpenHigh: true,
		}),
		Order: []documents.Order{{Path: id}},
		Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	keys := make([]authz.APIKey, len(page))
	for i, record := range page {
		var r apiKeyRecord
		if err := decode(record, &r); err != nil {
			return nil, err
		}
		keys[i] = authz.APIKey(r)
	}
	return keys, nil
}

// Delete implements [oauth.KeyStore].
func (k *APIKeys) Delete(ctx context.Context, instance, id string) error {
	filter, err := ofInstance(instance)
	if err != nil {
		return err
	}
	named, err := equals("id", id)
	if err != nil {
		return err
	}
	page, err := k.records.page(ctx, append(filter, named...), "", 1)
	if err != nil {
		return err
	}
	if len(page) == 0 {
		return cpodkit.CodeNotFound
	}
	return k.records.apply(ctx, documents.Op{Delete: true, Record: documents.Record{Key: page[0].Key}})
}

// DeleteAll implements [oauth.KeyStore].
func (k *APIKeys) DeleteAll(ctx context.Context, instance string) error {
	if instance == "" {
		return errors.New("docstore: DeleteAll needs an instance")
	}
	filter, err := ofInstance(instance)
	if err != nil {
		return err
	}
	for {
		page, err := k.records.page(ctx, filter, "", pageSize)
		if err != nil || len(page) == 0 {
			return err
		}
		ops := make([]documents.Op, len(page))
		for i, record := range page {
			ops[i] = documents.Op{Delete: true, Record: documents.Record{Key: record.Key}}
		}
		if err := k.records.apply(ctx, ops...); err != nil {
			return err
		}
	}
}

// ofInstance is the condition that a key belongs to an instance.
func ofInstance(instance string) ([]documents.Condition, error) {
	if instance == "" {
		return []documents.Condition{{Path: documents.Path{"instance"}, Test: documents.Missing}}, nil
	}
	return equals("instance", instance)
}
