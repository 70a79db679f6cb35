package documents

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/parallel"
	"github.com/cpodkit/cpodkit/storage"
)

// WithQuota bounds the bytes of the documents of each tenant: those of their keys and
// values, and [storage.DocumentOverhead] each. Each write then reads the document that is
// there. A set that does not fit is quota_exceeded; in a batch the other ops go on. What a
// batch deletes makes room once the batch is over. One process carries out writes of the
// same document one after the other. A nil q is no quota.
func WithQuota(q storage.Quota) Option { return func(o *options) { o.quota = q } }

// sizesAtOnce is how many documents are read for their sizes at a time.
const sizesAtOnce = 16

// applyBooked is applyAll with a quota. It returns an error for each op.
func (s *Store) applyBooked(ctx context.Context, in CollectionID, ops []Op) ([]error, error) {
	keys := make([]string, len(ops))
	names := make([]string, len(ops))
	for i, op := range ops {
		keys[i], names[i] = op.Record.Key, in.Space+in.Name+"/"+op.Record.Key
	}
	unlock, err := s.keys.Lock(ctx, names...)
	if err != nil {
		return nil, err
	}
	defer unlock()
	sizes, err := s.sizesOf(ctx, in, keys)
	if err != nil {
		return nil, err
	}
	tenant := storage.TenantOf(in.Space)

	// Several ops may set one key: room for the largest of its values is reserved.
	errs := make([]error, len(ops))
	peaks, reserved := map[string]int64{}, int64(0)
	var sent []Op
	var indexes []int // of sent in ops
	for i, op := range ops {
		peak := max(peaks[op.Record.Key], sizes[op.Record.Key])
		if need := sizeAfter(op) - peak; need > 0 {
			if errs[i] = s.quota.Reserve(ctx, tenant, need); errs[i] != nil {
				continue
			}
			reserved += need
			peak += need
		}
		peaks[op.Record.Key] = peak
		sent, indexes = append(sent, op), append(indexes, i)
	}
	grown := int64(0) // bytes that the ops have added, less those that they have removed
	defer func() { s.quota.Release(tenant, reserved-grown) }()
	if len(sent) == 0 {
		return errs, nil
	}
	outcome, err := s.applyAll(ctx, in, sent)
	if err != nil {
		return nil, err
	}
	for i, op := range sent {
		if errs[indexes[i]] = outcome[i]; outcome[i] == nil {
			grown += sizeAfter(op) - sizes[op.Record.Key]
			sizes[op.Record.Key] = sizeAfter(op)
		}
	}
	return errs, nil
}

// sizeOf returns the bytes that a document counts for.
func sizeOf(r Record) int64 { return int64(len(r.Key)+len(r.Value)) + storage.DocumentOverhead }

// sizeAfter is how many bytes there are after an op that succeeds.
func sizeAfter(op Op) int64 {
	if op.Delete {
		return 0
	}
	return sizeOf(op.Record)
}

// sizesOf returns the bytes of documents by key; those that are not there have none.
func (s *Store) sizesOf(ctx context.Context, in CollectionID, keys []string) (map[string]int64, error) {
	sizes := make(map[string]int64, len(keys))
	if len(keys) == 1 {
		size, err := s.sizeAt(ctx, in, keys[0])
		sizes[keys[0]] = size
		return sizes, err
	}
	var mu sync.Mutex
	err := parallel.Each(ctx, sizesAtOnce, slices.Values(keys), func(ctx context.Context, key string) error {
		size, err := s.sizeAt(ctx, in, key)
		mu.Lock()
		defer mu.Unlock()
		sizes[key] = size
		return err
	})
	return sizes, err
}

func (s *Store) sizeAt(ctx context.Context, in CollectionID, key string) (int64, error) {
	record, err := s.get(ctx, in, key)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return 0, nil
	}
	return sizeOf(record), err
}
