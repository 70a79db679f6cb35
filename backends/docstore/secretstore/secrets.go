package secretstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/internal/heads"
	"github.com/cpodkit/cpodkit/secrets"
)

// secretRecord is a secret as it is stored. Its key is the name. One record holds all
// versions, so that a write is one write.
type secretRecord struct {
	CreatedAt int64           `json:"createdAt"` // Unix milliseconds
	Versions  []versionRecord `json:"versions"`  // the newest one last; at least one
}

type versionRecord struct {
	Version   int64  `json:"version"`
	CreatedAt int64  `json:"createdAt"` // Unix milliseconds
	Sealed    []byte `json:"sealed"`    // the value, by the keys of the tenant
}

func (r secretRecord) size() (n int64) {
	for _, v := range r.Versions {
		n += int64(len(v.Sealed))
	}
	return n
}

// newest returns the newest version; one with the version 0 for none.
func (r secretRecord) newest() versionRecord {
	if len(r.Versions) == 0 {
		return versionRecord{}
	}
	return r.Versions[len(r.Versions)-1]
}

func (r secretRecord) info(name string) secrets.Info {
	newest := r.newest()
	return secrets.Info{
		Name: name, Version: newest.Version, CreatedAt: timeOf(r.CreatedAt), UpdatedAt: timeOf(newest.CreatedAt),
	}
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// binding is what ties a sealed value to its place. No encoded tenant holds a space.
func (t tenant) binding(name string, version int64) []byte {
	return fmt.Appendf(nil, "cpodkit secret %s %d %s", t.encoded, version, name)
}

// Get implements [secrets.Provider].
func (s *Store) Get(ctx context.Context, tenantID, name string, version int64) (secrets.Secret, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return secrets.Secret{}, err
	}
	r, err := t.secrets.Get(ctx, name)
	if err != nil {
		return secrets.Secret{}, err
	}
	if r.Value.newest().Version < 1 {
		return secrets.Secret{}, fmt.Errorf("%w: %q of the tenant %q has no version", ErrDamaged, name, tenantID)
	}
	for _, v := range slices.Backward(r.Value.Versions) {
		if version == 0 || version == v.Version {
			value, err := s.unseal(ctx, t, name, v)
			return secrets.Secret{Value: secrets.NewValue(string(value)), Version: v.Version, CreatedAt: timeOf(v.CreatedAt)}, err
		}
	}
	return secrets.Secret{}, cpodkit.CodeNotFound
}

// List implements [secrets.Lister].
func (s *Store) List(ctx context.Context, tenantID, after string, limit int) ([]secrets.Info, bool, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return nil, false, err
	}
	return list(ctx, t.secrets, after, limit, func(r docstore.Record[secretRecord]) secrets.Info { return r.Value.info(r.Key) })
}

// Put implements [secrets.Editor]. Versions that an older key sealed are sealed anew.
func (s *Store) Put(ctx context.Context, tenantID, name string, value secrets.Value, c secrets.Condition) (secrets.Info, error) {
	t, err := s.tenant(tenantID)
	if err != nil {
		return secrets.Info{}, err
	}
	var next secretRecord
	err = s.change(ctx, t, name, c, func(old *docstore.Record[secretRecord]) error {
		k, err := s.currentKeys(ctx, t, true)
		if err != nil {
			return err
		}
		now := time.Now().UnixMilli()
		next = secretRecord{CreatedAt: now}
		if old != nil {
			next = secretRecord{old.Value.CreatedAt, slices.Clone(old.Value.Versions)}
			_, _ = k.renew(t, name, next.Versions) // one that is damaged stays as it is
		}
		v := versionRecord{Version: next.newest().Version + 1, CreatedAt: now}
		if v.Sealed, err = k.Seal([]byte(value.Reveal()), t.binding(name, v.Version)); err != nil {
			return err
		}
		next.Versions = append(next.Versions, v)
		next.Versions = next.Versions[max(0, len(next.Versions)-s.versions):]
		if old == nil {
			return s.heads.Within(ctx, tenantID, name, heads.Counts{Secrets: 1, Bytes: next.size()}, func() error {
				return t.secrets.Create(ctx, name, next)
			})
		}
		return s.heads.Within(ctx, tenantID, name, heads.Counts{Bytes: next.size() - old.Value.size()}, func() error {
			return t.secrets.Replace(ctx, name, next, old.Version)
		})
	})
	if err != nil {
		return secrets.Info{}, err
	}
	return next.info(name), nil
}

// Delete implements [secrets.Editor]. A secret of the same name begins with version 1.
func (s *Store) Delete(ctx context.Context, tenantID, name string, c secrets.Condition) error {
	t, err := s.tenant(tenantID)
	if err != nil {
		return err
	}
	return s.change(ctx, t, name, c, func(old *docstore.Record[secretRecord]) error {
		if old == nil {
			return nil
		}
		return s.heads.Within(ctx, tenantID, name, heads.Counts{Secrets: -1, Bytes: -old.Value.size()}, func() error {
			return t.secrets.DeleteVersion(ctx, name, old.Version)
		})
	})
}

// change calls write with the record of a secret, or nil, when the condition holds for it.
// Then it tells other replicas.
func (s *Store) change(
	ctx context.Context, t tenant, name string, c secrets.Condition, write func(old *docstore.Record[secretRecord]) error,
) error {
	holds := func(old *docstore.Record[secretRecord]) bool {
		if old == nil {
			return c.Holds(0)
		}
		return c.Holds(old.Value.newest().Version)
	}
	err := heads.Change(ctx, t.secrets, name, holds, write)
	if err == nil {
		s.heads.Announce(ctx, t.id, name)
	}
	return err
}
