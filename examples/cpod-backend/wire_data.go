package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

const databaseFile = "cpod.db"

// data is everything that outlives a request: the drivers and the key ring.
type data struct {
	files     files.Driver
	documents documents.Driver
	kv        kv.Driver
	records   *docstore.Store
	ring      *keyring.Ring

	closers []func() error
}

// openData opens the data directory for the one server that may use it.
func openData(ctx context.Context, cfg config) (_ *data, err error) {
	if err := os.MkdirAll(cfg.dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("CPOD_DATA_DIR: %w", err)
	}
	d := &data{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	unlock, err := lockDataDir(cfg.dataDir)
	if err != nil {
		return nil, err
	}
	d.closers = append(d.closers, unlock)
	if err := d.openRecords(ctx, cfg); err != nil {
		return nil, err
	}
	disk, err := localfiles.Open(filepath.Join(cfg.dataDir, "files"))
	if err != nil {
		return nil, err
	}
	memory := kv.NewMemory()
	d.files, d.kv = disk, memory
	d.closers = append(d.closers, disk.Close, memory.Close)
	return d, nil
}

// openRecords opens the database and the key ring in it. A second process may
// do so while the server runs.
func (d *data) openRecords(ctx context.Context, cfg config) error {
	path := filepath.Join(cfg.dataDir, databaseFile)
	_, statErr := os.Stat(path)
	master, err := masterKey(cfg, errors.Is(statErr, fs.ErrNotExist))
	if err != nil {
		return err
	}
	db, err := sqlitedocuments.Open(ctx, path)
	if err != nil {
		return err
	}
	d.documents, d.records = db, docstore.New(db)
	d.closers = append(d.closers, db.Close)
	d.ring, err = keyring.Open(ctx, d.records.KeyRing(), master)
	return err
}

// masterKey finds the master key. Only a new installation gets a new one: made
// for old data it would open nothing, and hide that the right one is lost.
func masterKey(cfg config, isNew bool) (keyring.Master, error) {
	switch file := filepath.Join(cfg.dataDir, "master.key"); {
	case cfg.masterKey != "":
		return keyring.ParseMaster(cfg.masterKey)
	case cfg.masterKeyFile != "":
		return keyring.LoadMasterFile(cfg.masterKeyFile)
	case isNew:
		return keyring.LoadOrCreateMasterFile(file)
	default:
		return keyring.LoadMasterFile(file)
	}
}

// Close closes everything, last opened first.
func (d *data) Close() error {
	var errs []error
	for _, closeOne := range slices.Backward(d.closers) {
		errs = append(errs, closeOne())
	}
	return errors.Join(errs...)
}
