package authz

import (
	"context"
	"errors"
	"log/slog"

	"github.com/cpodkit/cpodkit/internal/watch"
)

// FileKeys is a [KeySource] that reads a JSON Web Key Set from a file. When an edit is
// broken, the last good set stays in use.
type FileKeys struct{ file *watch.Watcher[*fileSet] }

var _ KeySource = (*FileKeys)(nil)

type fileSet struct {
	*KeySet

	generation uint64
}

// OpenKeys reads the key set in a file, as [ParseKeySet] does. It fails when it cannot be
// read. A nil log discards what [FileKeys.Run] says of broken edits.
func OpenKeys(ctx context.Context, path string, log *slog.Logger, algorithms ...string) (*FileKeys, error) {
	generation := uint64(0)
	load := func(files watch.Files) (*fileSet, error) {
		for _, content := range files {
			set, err := ParseKeySet(content, algorithms...)
			if err != nil {
				return nil, err
			}
			generation++
			return &fileSet{set, generation}, nil
		}
		return nil, errors.New("authz: there is no file")
	}
	file, err := watch.Open(ctx, path, load, watch.WithLog(log), watch.WithMaxBytes(MaxKeySet))
	if err != nil {
		return nil, err
	}
	return &FileKeys{file}, nil
}

// Run takes edits of the file over, some 2 s after them, until ctx ends.
func (k *FileKeys) Run(ctx context.Context) { k.file.Run(ctx, nil) }

// Err returns why the content of the file is not the current set; nil when it is.
func (k *FileKeys) Err() error { return k.file.Err() }

// Key implements [KeySource].
func (k *FileKeys) Key(ctx context.Context, id string) (*VerificationKey, error) {
	return k.file.Current().Key(ctx, id)
}

// Generation implements [KeySource].
func (k *FileKeys) Generation() uint64 { return k.file.Current().generation }
