package policystore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/internal/heads"
)

const (
	// renewAfter is how old the time of a blob is at least when it is renewed.
	renewAfter = time.Minute

	// dropAfter is for how long a blob was not put at least when it is dropped to make
	// room. An edit whose head is not there yet has put its blobs later than that.
	dropAfter = 10 * time.Minute
)

// blobRecord is a blob as it is stored. Its key is the encoded tenant, a slash, and the
// digest.
type blobRecord struct {
	Content []byte `json:"content"`
	PutAt   int64  `json:"putAt"` // Unix milliseconds
}

func full(string, int64, int64) error { return cpodkit.CodeQuotaExceeded }

// count counts the blobs of a tenant.
func (s *Store) count(ctx context.Context, tenantID string) (c heads.Counts, err error) {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return c, err
	}
	err = walk(ctx, s.blobs, prefix, func(r docstore.Record[blobRecord]) error {
		c.Bytes += int64(len(r.Value.Content))
		return nil
	})
	return c, err
}

func blobKey(tenantID, digest string) (string, error) {
	if tenantID == "" {
		return operator + digest, nil
	}
	prefix, err := prefixOf(tenantID)
	return prefix + digest, err
}

// PutBlob implements [rego.Store].
func (s *Store) PutBlob(ctx context.Context, tenantID, digest string, content []byte) error {
	err := s.putBlob(ctx, tenantID, digest, content)
	if tenantID == "" || !errors.Is(err, cpodkit.CodeQuotaExceeded) {
		return err
	}
	if err := s.makeRoom(ctx, tenantID); err != nil {
		return err
	}
	return s.putBlob(ctx, tenantID, digest, content)
}

func (s *Store) putBlob(ctx context.Context, tenantID, digest string, content []byte) error {
	key, err := blobKey(tenantID, digest)
	if err != nil {
		return err
	}
	always := func(*docstore.Record[blobRecord]) bool { return true }
	return heads.Change(ctx, s.blobs, key, always, func(old *docstore.Record[blobRecord]) error {
		now := time.Now()
		record := blobRecord{content, now.UnixMilli()}
		switch {
		case old == nil && tenantID == "":
			return s.blobs.Create(ctx, key, record)
		case old == nil:
			return s.heads.Within(ctx, tenantID, "", heads.Counts{Bytes: int64(len(content))}, func() error {
				return s.blobs.Create(ctx, key, record)
			})
		case now.Sub(time.UnixMilli(old.Value.PutAt)) < renewAfter:
			return nil
		}
		record.Content = old.Value.Content
		return s.blobs.Replace(ctx, key, record, old.Version)
	})
}

// Blob implements [rego.Store].
func (s *Store) Blob(ctx context.Context, tenantID, digest string) ([]byte, error) {
	key, err := blobKey(tenantID, digest)
	if err != nil {
		return nil, err
	}
	r, err := s.blobs.Get(ctx, key)
	return r.Value.Content, err
}

// makeRoom drops blobs of a tenant that its head does not name, those that were put longest
// ago first, until half of the room is free.
func (s *Store) makeRoom(ctx context.Context, tenantID string) error {
	prefix, err := prefixOf(tenantID)
	if err != nil {
		return err
	}
	var total int64
	var dropped []found
	err = walk(ctx, s.blobs, prefix, func(r docstore.Record[blobRecord]) error {
		total += int64(len(r.Value.Content))
		if time.Since(time.UnixMilli(r.Value.PutAt)) >= dropAfter {
			dropped = append(dropped, foundOf(r))
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(dropped, func(a, b found) int { return cmp.Compare(a.putAt, b.putAt) })
	head, err := s.Head(ctx, tenantID)
	if err != nil {
		return err
	}
	for _, b := range dropped {
		if total <= MaxTenantBytes/2 {
			break
		}
		if slices.Contains(head.Blobs, strings.TrimPrefix(b.key, prefix)) {
			continue
		}
		if err := s.drop(ctx, tenantID, b); err != nil {
			return err
		}
		total -= b.size
	}
	return nil
}

// found is a blob without its content.
type found struct {
	key, version string
	size, putAt  int64
}

func foundOf(r docstore.Record[blobRecord]) found {
	return found{r.Key, r.Version, int64(len(r.Value.Content)), r.Value.PutAt}
}

// drop removes a blob, unless it was renewed or is gone.
func (s *Store) drop(ctx context.Context, tenantID string, b found) error {
	remove := func() error { return s.blobs.DeleteVersion(ctx, b.key, b.version) }
	var err error
	if tenantID == "" {
		err = remove()
	} else {
		err = s.heads.Within(ctx, tenantID, "", heads.Counts{Bytes: -b.size}, remove)
	}
	if errors.Is(err, cpodkit.CodePreconditionFailed) {
		return nil
	}
	return err
}

// pruneBlobs removes the blobs that were put before a time and that no head names.
func (s *Store) pruneBlobs(ctx context.Context, before time.Time) error {
	tenantID, named := "", []string(nil) // of the blob before
	old := docstore.AtMost("putAt", before.UnixMilli()-1)
	for q := (docstore.Query{Where: []docstore.Condition{old}, Limit: pageSize, MaxBytes: maxPageBytes}); ; {
		page, err := s.blobs.List(ctx, q)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, r := range page {
			owner, digest, err := splitKey(r.Key)
			if err != nil {
				return err
			}
			if owner != tenantID {
				head := rego.Head{} // of the operator
				if owner != "" {
					if head, err = s.Head(ctx, owner); err != nil {
						return err
					}
				}
				tenantID, named = owner, head.Blobs
			}
			if slices.Contains(named, digest) {
				continue
			}
			if err := s.drop(ctx, owner, foundOf(r)); err != nil {
				return err
			}
		}
		q.After = page[len(page)-1].Key
	}
}
