package secretstore

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/internal/heads"
	"github.com/cpodkit/cpodkit/secrets"
)

// accessRecord is a grant or a bundle as it is stored. Its key is the name.
type accessRecord struct {
	Owner     string            `json:"owner,omitempty"`
	Apps      []string          `json:"apps"`
	Env       map[string]string `json:"env,omitempty"`
	Files     map[string]string `json:"files,omitempty"`
	Version   string            `json:"version"`
	UpdatedAt int64             `json:"updatedAt"` // Unix milliseconds
}

func (r accessRecord) size() int64 {
	n := len(r.Owner)
	for _, app := range r.Apps {
		n += len(app)
	}
	for _, names := range []map[string]string{r.Env, r.Files} {
		for as, name := range names {
			n += len(as) + len(name)
		}
	}
	return int64(n)
}

func grantOf(r docstore.Record[accessRecord]) secrets.Grant {
	v := r.Value
	return secrets.Grant{Name: r.Key, Owner: v.Owner, Apps: v.Apps, Version: v.Version, UpdatedAt: timeOf(v.UpdatedAt)}
}

func bundleOf(r docstore.Record[accessRecord]) secrets.Bundle {
	v := r.Value
	return secrets.Bundle{
		Name: r.Key, Owner: v.Owner, Env: v.Env, Files: v.Files, Apps: v.Apps, Version: v.Version, UpdatedAt: timeOf(v.UpdatedAt),
	}
}

// GetGrant implements [secrets.Records].
func (s *Store) GetGrant(ctx context.Context, tenantID, name string) (secrets.Grant, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return secrets.Grant{}, err
	}
	r, err := t.grants.Get(ctx, name)
	return grantOf(r), err
}

// ListGrants implements [secrets.Records].
func (s *Store) ListGrants(ctx context.Context, tenantID, after string, limit int) ([]secrets.Grant, bool, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return nil, false, err
	}
	return list(ctx, t.grants, after, limit, grantOf)
}

// PutGrant implements [secrets.Records].
func (s *Store) PutGrant(ctx context.Context, tenantID string, g secrets.Grant, version string) (string, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return "", err
	}
	version, err = s.put(ctx, t, t.grants, heads.Counts{Grants: 1}, g.Name, accessRecord{Owner: g.Owner, Apps: g.Apps}, version)
	if err == nil {
		s.heads.Announce(ctx, tenantID, g.Name)
	}
	return version, err
}

// DeleteGrant implements [secrets.Records].
func (s *Store) DeleteGrant(ctx context.Context, tenantID, name, version string) error {
	t, err := s.tenant(tenantID)
	if err != nil {
		return err
	}
	err = s.remove(ctx, t, t.grants, heads.Counts{Grants: -1}, name, version)
	if err == nil {
		s.heads.Announce(ctx, tenantID, name)
	}
	return err
}

// GetBundle implements [secrets.Records].
func (s *Store) GetBundle(ctx context.Context, tenantID, name string) (secrets.Bundle, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return secrets.Bundle{}, err
	}
	r, err := t.bundles.Get(ctx, name)
	return bundleOf(r), err
}

// ListBundles implements [secrets.Records].
func (s *Store) ListBundles(ctx context.Context, tenantID, after string, limit int) ([]secrets.Bundle, bool, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return nil, false, err
	}
	return list(ctx, t.bundles, after, limit, bundleOf)
}

// PutBundle implements [secrets.Records].
func (s *Store) PutBundle(ctx context.Context, tenantID string, b secrets.Bundle, version string) (string, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return "", err
	}
	record := accessRecord{Owner: b.Owner, Apps: b.Apps, Env: b.Env, Files: b.Files}
	return s.put(ctx, t, t.bundles, heads.Counts{Bundles: 1}, b.Name, record, version)
}

// DeleteBundle implements [secrets.Records].
func (s *Store) DeleteBundle(ctx context.Context, tenantID, name, version string) error {
	t, err := s.tenant(tenantID)
	if err != nil {
		return err
	}
	return s.remove(ctx, t, t.bundles, heads.Counts{Bundles: -1}, name, version)
}

// put stores a record over the one with the version, and returns the new version. A new
// record is one more.
func (s *Store) put(
	ctx context.Context, t tenant, records *docstore.Collection[accessRecord], more heads.Counts, name string, record accessRecord, version string,
) (string, error) {
	old, err := records.Get(ctx, name)
	isNew := errors.Is(err, cpodkit.CodeNotFound)
	if err != nil && !isNew {
		return "", err
	}
	if old.Value.Version != version {
		return "", cpodkit.CodePreconditionFailed
	}
	record.Version, record.UpdatedAt = rand.Text(), time.Now().UnixMilli()
	if !isNew {
		more = heads.Counts{}
	}
	more.Bytes = record.size() - old.Value.size()
	err = s.heads.Within(ctx, t.id, name, more, func() error {
		if isNew {
			return records.Create(ctx, name, record)
		}
		return records.Replace(ctx, name, record, old.Version)
	})
	if errors.Is(err, cpodkit.CodeConflict) {
		err = cpodkit.CodePreconditionFailed
	}
	return record.Version, err
}

// remove removes the record with the version, which is one less.
func (s *Store) remove(
	ctx context.Context, t tenant, records *docstore.Collection[accessRecord], less heads.Counts, name, version string,
) error {
	old, err := records.Get(ctx, name)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if old.Value.Version != version {
		return cpodkit.CodePreconditionFailed
	}
	less.Bytes = -old.Value.size()
	return s.heads.Within(ctx, t.id, name, less, func() error { return records.DeleteVersion(ctx, name, old.Version) })
}
