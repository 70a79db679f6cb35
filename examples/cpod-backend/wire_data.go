package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/cpodkit/cpodkit/authz"
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
	master    keyring.Master
	ring      *keyring.Ring
	signer    *authz.Signer // of the ring's keys

	revocations *authz.Revocations // of the one server

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
	if err := d.openRecords(ctx, cfg, sqlitedocuments.WithIndexes(cfg.indexes...)); err != nil {
		return nil, err
	}
	disk, err := localfiles.Open(filepath.Join(cfg.dataDir, "files"), localfiles.KeepFree(cfg.keepFree))
	if err != nil {
		return nil, err
	}
	memory := kv.NewMemory()
	d.files, d.kv = disk, memory
	d.closers = append(d.closers, disk.Close, memory.Close)
	return d, nil
}

// openExisting opens the database of an installation that has been started
// before. A command may do so while the server runs.
func openExisting(ctx context.Context, cfg config) (*data, error) {
	if _, err := os.Stat(filepath.Join(cfg.dataDir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no data in %s yet: start the server once, or set CPOD_DATA_DIR", cfg.dataDir)
	}
	d := &data{}
	if err := d.openRecords(ctx, cfg); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// openRecords opens the database, and the key ring and the first tenant in it.
func (d *data) openRecords(ctx context.Context, cfg config, opts ...sqlitedocuments.Option) error {
	path := filepath.Join(cfg.dataDir, databaseFile)
	_, statErr := os.Stat(path)
	master, err := masterKey(cfg, errors.Is(statErr, fs.ErrNotExist))
	if err != nil {
		return err
	}
	db, err := sqlitedocuments.Open(ctx, path, append(opts, sqlitedocuments.KeepFree(cfg.keepFree))...)
	if err != nil {
		return err
	}
	d.closers = append(d.closers, db.Close)
	d.documents = db
	return d.openRing(ctx, master)
}

// openRing opens what the server itself keeps in its documents.
func (d *data) openRing(ctx context.Context, master keyring.Master) (err error) {
	d.records, d.master = docstore.New(d.documents), master
	if d.ring, err = keyring.Open(ctx, d.records.KeyRing(), master); err != nil {
		return err
	}
	if d.signer, err = authz.NewSigner(forSigner(d.ring.SigningKeys())...); err != nil {
		return err
	}
	if d.revocations, err = authz.OpenRevocations(ctx, d.records.Revocations()); err != nil {
		return err
	}
	return ensureTenant(ctx, d, defaultTenant)
}

// background runs work until ctx ends or the data is closed. It ends before
// anything is closed that was opened before.
func (d *data) background(ctx context.Context, work func(context.Context)) {
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	d.closers = append(d.closers, func() error {
		stop()
		<-done
		return nil
	})
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
