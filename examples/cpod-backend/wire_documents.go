package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/keyring"
)

const databaseFile = "cpod.db"

// purpose says who opens the database.
type purpose bool

const (
	forServer  purpose = true
	forCommand purpose = false // beside a running server; the data must be there
)

// openDocuments opens the database that CPOD_DB names.
func (d *data) openDocuments(ctx context.Context, cfg config, by purpose) (err error) {
	if isLocal(cfg.db) {
		return d.openSQLite(ctx, cfg, by)
	}
	d.isShared = true
	if d.master, err = masterKey(cfg, false); err != nil {
		return err
	}
	return d.openMongo(ctx, cfg, by)
}

func (d *data) openSQLite(ctx context.Context, cfg config, by purpose) error {
	path := cfg.databasePath()
	_, err := os.Stat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	opts := []sqlitedocuments.Option{sqlitedocuments.KeepFree(cfg.keepFree)}
	switch {
	case by == forServer:
		lock := filepath.Join(cfg.dataDir, "server.lock")
		if path != filepath.Join(cfg.dataDir, databaseFile) {
			lock = path + ".lock"
		}
		unlock, err := lockFile(lock)
		if err != nil {
			return err
		}
		d.closers = append(d.closers, unlock)
		opts = append(opts, sqlitedocuments.WithIndexes(cfg.indexes...))
	case isNew:
		return errNoData(filepath.Dir(path))
	}
	if d.master, err = masterKey(cfg, isNew); err != nil {
		return err
	}
	db, err := sqlitedocuments.Open(ctx, path, opts...)
	if err != nil {
		return err
	}
	d.documents = db
	d.closers = append(d.closers, db.Close)
	return nil
}

func errNoData(where string) error {
	return fmt.Errorf("there is no data in %s yet: start the server once, or set CPOD_DATA_DIR or CPOD_DB", where)
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

// awaitDatabase calls use again while the database does not answer, for as long
// as a start may wait for it.
func (d *data) awaitDatabase(ctx context.Context, cfg config, log *slog.Logger, use func() error) error {
	began, warned := time.Now(), false
	err := retry(ctx, cfg.startPatience, use, func(err error) bool {
		if !errors.Is(err, cpodkit.CodeUnavailable) {
			return false
		}
		if !warned {
			log.Warn("the database does not answer; trying again", "for", cfg.startPatience.String(), "error", err)
		}
		warned = true
		return true
	})
	if errors.Is(err, cpodkit.CodeUnavailable) {
		return fmt.Errorf("CPOD_DB: the database has not answered for %s: %w", time.Since(began).Round(time.Second), err)
	}
	return err
}

// openRecords opens what the server itself keeps in its documents. Of several
// servers that start at once on an empty database, one makes the key ring and one
// the first tenant, and all use them.
func (d *data) openRecords(ctx context.Context) (err error) {
	d.records = docstore.New(d.documents)
	if d.ring, err = keyring.Open(ctx, d.records.KeyRing(), d.master); err != nil {
		return err
	}
	if d.signer, err = authz.NewSigner(forSigner(d.ring.SigningKeys())...); err != nil {
		return err
	}
	if d.revocations, err = authz.OpenRevocations(ctx, d.records.Revocations(), d.revocationOptions()...); err != nil {
		return err
	}
	return ensureTenant(ctx, d, defaultTenant)
}
