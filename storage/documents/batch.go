package documents

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// MaxBatch is the most ops of a [Collection.Batch].
const MaxBatch = 500

// BatchOp is one write of a [Collection.Batch].
type BatchOp struct {
	Key    string
	Value  []byte // what to set, as for [Collection.Set]
	Delete bool   // delete instead; Value is not looked at
}

// BatchResult says what became of a batch.
type BatchResult struct {
	Succeeded int          `json:"succeeded"`
	Failed    int          `json:"failed"`
	Errors    []BatchError `json:"errors"` // one for each that failed, by Index
}

// BatchError is the failure of one op.
type BatchError struct {
	Index  int          `json:"index"` // in the ops of the batch, from 0
	Code   cpodkit.Code `json:"code"`
	Detail string       `json:"detail"`
}

// Batch carries out 1 to [MaxBatch] ops in order. Each op is atomic, the ops
// together are not: one that fails, because of its key (invalid_key), its size
// (payload_too_large) or the driver, stops no other. Deleting what is not there
// succeeds.
//
// The error is for a call of which nothing was done: with no or too many ops,
// with a value that is not JSON or breaks another rule (validation_failed), or
// when the driver failed every op.
func (c Collection) Batch(ctx context.Context, ops []BatchOp) (BatchResult, error) {
	in, err := c.authorizeWrite()
	if err != nil {
		return BatchResult{}, err
	}
	return c.handle.store.batch(ctx, in, ops)
}

// batch is Batch in a collection that is authorized.
func (s *Store) batch(ctx context.Context, in CollectionID, ops []BatchOp) (BatchResult, error) {
	if len(ops) == 0 || len(ops) > MaxBatch {
		return BatchResult{}, cpodkit.ValidationError(fault("/ops", "must be an array of 1 to %d ops", MaxBatch))
	}
	failures := make([]error, len(ops)) // one for each op
	writes := make([]Op, 0, len(ops))
	indexes := make([]int, 0, len(ops)) // of writes in ops
	for i, op := range ops {
		write, err := s.batchOp(op, fmt.Sprintf("/ops/%d/value", i))
		switch cpodkit.CodeOf(err) {
		case "":
			writes, indexes = append(writes, write), append(indexes, i)
		case cpodkit.CodeInvalidKey, cpodkit.CodePayloadTooLarge:
			failures[i] = err
		default:
			return BatchResult{}, err
		}
	}
	if err := s.applyWrites(ctx, in, writes, indexes, failures); err != nil {
		return BatchResult{}, err
	}
	return batchResult(failures), nil
}

func (s *Store) batchOp(op BatchOp, pointer string) (Op, error) {
	if err := storage.CheckKey(op.Key); err != nil {
		return Op{}, err
	}
	if op.Delete {
		return Op{Record: Record{Key: op.Key}, Delete: true}, nil
	}
	compact, err := compactValue(op.Value, pointer)
	if errors.Is(err, cpodkit.CodeBadRequest) {
		return Op{}, cpodkit.ValidationError(fault(pointer, "is not valid JSON")).WithCause(err)
	}
	return s.setOp(op.Key, compact), err
}

// applyWrites carries out writes and puts what failed at their indexes into failures.
func (s *Store) applyWrites(ctx context.Context, in CollectionID, writes []Op, indexes []int, failures []error) error {
	if len(writes) == 0 {
		return nil
	}
	errs, err := s.apply(ctx, in, writes)
	if err != nil {
		return err
	}
	down := 0
	for i, err := range errs {
		err = s.calls.Error(ctx, err)
		failures[indexes[i]] = err
		if err != nil && cpodkit.CodeOf(err).Status() >= http.StatusInternalServerError {
			down++
		}
	}
	if down == len(writes) {
		return failures[indexes[0]]
	}
	return nil
}

func batchResult(failures []error) BatchResult {
	result := BatchResult{Errors: []BatchError{}}
	for i, err := range failures {
		if err == nil {
			result.Succeeded++
			continue
		}
		result.Failed++
		e := BatchError{Index: i, Code: cpodkit.CodeOf(err), Detail: "The op was not carried out; try it again."}
		if known, ok := errors.AsType[*cpodkit.Error](err); ok {
			e.Detail = known.Detail
		}
		result.Errors = append(result.Errors, e)
	}
	return result
}
