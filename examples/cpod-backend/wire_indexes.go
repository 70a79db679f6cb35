package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/internal/watch"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// openIndexes returns the declared indexes: those of CPOD_INDEXES, or those of the
// file, which a running server then watches.
func (d *data) openIndexes(ctx context.Context, cfg config, log *slog.Logger) ([]documents.Index, error) {
	if cfg.indexesFile == "" {
		return cfg.indexes, nil
	}
	file, err := watch.Open(ctx, cfg.indexesFile, func(files watch.Files) ([]documents.Index, error) {
		var text bytes.Buffer
		for _, content := range files { // one, unless it is a folder
			text.Write(append(content, '\n'))
		}
		return parseIndexFile(text.String())
	}, watch.WithLog(log))
	if err != nil {
		return nil, fmt.Errorf("CPOD_INDEXES_FILE: %w", err)
	}
	d.indexFile = file
	return file.Current(), nil
}

// followIndexes builds the declared indexes that the start did not wait for, and
// warns when that fails; the driver goes on trying. It declares them anew when the
// file changes.
func followIndexes(ctx context.Context, d *data, log *slog.Logger) {
	if d.buildIndexes != nil {
		d.background(ctx, func(ctx context.Context) {
			if err := d.buildIndexes(ctx); err != nil && ctx.Err() == nil {
				log.Warn("declared indexes of documents are missing, and queries scan instead", "error", err)
			}
		})
	}
	if d.indexFile != nil {
		d.background(ctx, func(ctx context.Context) {
			d.indexFile.Run(ctx, func(ctx context.Context, indexes []documents.Index) error {
				err := d.declareIndexes(ctx, indexes)
				if err == nil {
					log.Info("the indexes of documents are declared anew", "indexes", len(indexes))
				}
				return err
			})
		})
	}
}

func (d *data) declareIndexes(ctx context.Context, indexes []documents.Index) error {
	declarer, ok := d.documents.(documents.IndexDeclarer)
	if !ok {
		return cpodkit.Errorf(cpodkit.CodeNotSupported, "The database takes other indexes only when the server starts.")
	}
	if d.isShared {
		indexes = sharedIndexes(indexes)
	}
	return declarer.DeclareIndexes(ctx, indexes...)
}

// sharedIndexes are those of the operator, and what servers on one database need.
func sharedIndexes(declared []documents.Index) []documents.Index {
	indexes := slices.Clone(declared)
	for _, index := range docstore.Indexes() {
		same := func(other documents.Index) bool { return other.String() == index.String() }
		if !slices.ContainsFunc(indexes, same) {
			indexes = append(indexes, index)
		}
	}
	return indexes
}
