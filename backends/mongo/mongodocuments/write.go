package mongodocuments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// perOp is what each op adds to the time that a bulk write may take.
const perOp = 50 * time.Millisecond

// Apply implements [documents.Driver]. Ops without a condition that follow each
// other are one call of MongoDB for their sets and one for their deletes; of
// several for one key only the last is sent. An op with a condition is one
// call. Other readers may see the ops of a call in any order.
//
// When the server does not answer, an op that fails as CodeUnavailable may have
// been carried out, once. MongoDB's client asks a replica set again by itself,
// which knows an op that it has carried out; nothing is sent twice otherwise.
func (d *Driver) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	b := batch{driver: d, in: in, ops: ops, errs: make([]error, len(ops))}
	at, err := idPrefixOf(in)
	if err != nil {
		return b.fail(0, err)
	}
	b.at = at
	for i := 0; i < len(ops); {
		end := i + 1
		if conditional(ops[i]) {
			b.errs[i] = b.one(ctx, ops[i])
		} else {
			for end < len(ops) && !conditional(ops[end]) {
				end++
			}
			b.run(ctx, i, end)
		}
		// The rest would come to the same, after a wait for each.
		if err := b.errs[end-1]; errors.Is(err, cpodkit.CodeUnavailable) || ctx.Err() != nil && err != nil {
			return b.fail(end, err)
		}
		i = end
	}
	return b.errs
}

func conditional(op documents.Op) bool { return op.IfAbsent || op.IfPresent || op.IfVersion != "" }

// batch is one call of Apply.
type batch struct {
	driver *Driver
	in     documents.CollectionID
	at     idPrefix
	ops    []documents.Op
	errs   []error // of each op
}

// fail sets the outcome of the ops from the given one on.
func (b *batch) fail(from int, err error) []error {
	for i := from; i < len(b.errs); i++ {
		b.errs[i] = err
	}
	return b.errs
}

// one carries out an op with a condition.
func (b *batch) one(ctx context.Context, op documents.Op) error {
	present := op.IfPresent || op.IfVersion != ""
	if op.IfAbsent && !op.Delete && present { // which nothing fulfils
		return cpodkit.CodePreconditionFailed
	}
	id := b.at.id(op.Record.Key)
	filter := bson.D{{Key: fieldID, Value: id}}
	if op.IfVersion != "" {
		filter = append(filter, bson.E{Key: fieldVersion, Value: op.IfVersion})
	}
	var document bson.Raw
	if !op.Delete {
		var err error
		if document, err = encode(b.in, b.at, op.Record); err != nil {
			return err
		}
	}
	return b.driver.callFor(ctx, b.in.Space, b.driver.limit, func(ctx context.Context) error {
		switch docs := b.driver.docs; {
		case op.Delete:
			result, err := docs.DeleteOne(ctx, filter)
			return found(present, err, func() int64 { return result.DeletedCount })
		case present:
			result, err := docs.ReplaceOne(ctx, filter, document)
			return found(true, err, func() int64 { return result.MatchedCount })
		default:
			_, err := docs.InsertOne(ctx, document)
			if mongo.IsDuplicateKeyError(err) {
				return cpodkit.CodePreconditionFailed
			}
			return err
		}
	})
}

// DeleteMatching deletes all documents of a collection that pass filter, in one
// call of MongoDB. One that is written meanwhile stays unless it still passes.
// When it fails, some may be gone.
func (d *Driver) DeleteMatching(ctx context.Context, in documents.CollectionID, filter []documents.Condition) error {
	at, err := idPrefixOf(in)
	if err != nil {
		return err
	}
	matching, err := d.filter(in, at, documents.DriverQuery{Filter: filter})
	if err != nil {
		return err
	}
	return d.call(ctx, d.limit, func(ctx context.Context) error {
		_, err := d.docs.DeleteMany(ctx, matching)
		return err
	})
}

// found is the outcome of a write for which a document had to be there, or not.
func found(needed bool, err error, count func() int64) error {
	if err == nil && needed && count() == 0 {
		return cpodkit.CodePreconditionFailed
	}
	return err
}

// maxUpserts is how often a set is tried that another one of the same new key
// comes before.
const maxUpserts = 5

// run carries out the ops from first to before end, which have no condition.
func (b *batch) run(ctx context.Context, first, end int) {
	last := make(map[string]int, end-first) // op for each key
	var models []mongo.WriteModel
	var sent []int // the op of each model
	for i := first; i < end; i++ {
		op := b.ops[i]
		model, err := b.model(op)
		if err != nil {
			b.errs[i] = err
			continue
		}
		if at, again := last[op.Record.Key]; again {
			models[at], sent[at] = model, i
			continue
		}
		last[op.Record.Key] = len(models)
		models, sent = append(models, model), append(sent, i)
	}
	b.send(ctx, models, sent)
	for i := first; i < end; i++ {
		if at, ok := last[b.ops[i].Record.Key]; ok && b.errs[i] == nil {
			b.errs[i] = b.errs[sent[at]]
		}
	}
}

func (b *batch) model(op documents.Op) (mongo.WriteModel, error) {
	filter := bson.D{{Key: fieldID, Value: b.at.id(op.Record.Key)}}
	if op.Delete {
		return mongo.NewDeleteOneModel().SetFilter(filter), nil
	}
	document, err := encode(b.in, b.at, op.Record)
	return mongo.NewReplaceOneModel().SetFilter(filter).SetReplacement(document).SetUpsert(true), err
}

// send writes models and notes the outcome of the op of each.
func (b *batch) send(ctx context.Context, models []mongo.WriteModel, sent []int) {
	limit := b.driver.limit + time.Duration(len(models))*perOp
	for try := 1; len(models) > 0; try++ {
		var failed mongo.BulkWriteException
		err := b.driver.callFor(ctx, b.in.Space, limit, func(ctx context.Context) error {
			result, err := b.driver.docs.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
			switch {
			case err == nil:
				return countSets(result, models)
			case errors.As(err, &failed) && failed.WriteConcernError == nil && len(failed.WriteErrors) > 0:
				return nil // an outcome for each
			}
			return err
		})
		if err != nil {
			for _, i := range sent {
				b.errs[i] = err
			}
			return
		}
		var again []mongo.WriteModel
		var againSent []int
		for _, e := range failed.WriteErrors {
			if e.Index < 0 || e.Index >= len(models) {
				continue
			}
			if e.Code == duplicateKey && try < maxUpserts {
				again, againSent = append(again, models[e.Index]), append(againSent, sent[e.Index])
				continue
			}
			b.errs[sent[e.Index]] = classify(e)
		}
		models, sent = again, againSent
	}
}

// countSets checks that the server answers for every set.
func countSets(result *mongo.BulkWriteResult, models []mongo.WriteModel) error {
	sets := int64(0)
	for _, model := range models {
		if _, ok := model.(*mongo.ReplaceOneModel); ok {
			sets++
		}
	}
	if done := result.MatchedCount + result.UpsertedCount; done != sets {
		return fmt.Errorf("mongodocuments: the server carried out %d of %d sets", done, sets)
	}
	return nil
}
