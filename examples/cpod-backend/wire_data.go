package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/internal/watch"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// data is everything that outlives a request: the drivers and the key ring.
type data struct {
	files         files.Driver
	documents     documents.Driver
	kv            kv.Driver
	clusterDriver cluster.Driver   // nil where this server is alone
	cluster       *cluster.Cluster // on clusterDriver
	rateLimit     ratelimit.Driver // of the server's own limits
	appLimits     ratelimit.Driver // of those that apps keep by REST

	buildIndexes func(context.Context) error       // of documents; nil where they are there at once
	indexFile    *watch.Watcher[[]documents.Index] // nil without one

	isShared    bool // the database is one that other servers can use too
	records     *docstore.Store
	master      keyring.Master
	ring        *keyring.Ring
	signer      *authz.Signer // of the ring's keys
	revocations *authz.Revocations

	redisClients map[string]redis.UniversalClient // by URL
	closers      []func() error
}

// openData opens all backends for a server. What is not on this machine may be
// down, but for the database, in which the keys of the server are.
func openData(ctx context.Context, cfg config, t *telemetry, log *slog.Logger) (_ *data, err error) {
	d := &data{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if cfg.usesDataDir() {
		if err := os.MkdirAll(cfg.dataDir, 0o700); err != nil {
			return nil, fmt.Errorf("CPOD_DATA_DIR: %w", err)
		}
	}
	if err := d.openCluster(cfg, t); err != nil {
		return nil, err
	}
	if cfg.indexes, err = d.openIndexes(ctx, cfg, log); err != nil {
		return nil, err
	}
	if err := d.openDocuments(ctx, cfg, forServer); err != nil {
		return nil, err
	}
	if err := d.awaitDatabase(ctx, cfg, log, func() error { return d.openRecords(ctx) }); err != nil {
		return nil, err
	}
	if err := d.openFiles(cfg); err != nil {
		return nil, err
	}
	if err := d.openKV(cfg); err != nil {
		return nil, err
	}
	if err := d.openRateLimit(cfg); err != nil {
		return nil, err
	}
	return d, nil
}

// openExisting opens the database of an installation that has been started
// before. A command may do so while servers run.
func openExisting(ctx context.Context, cfg config, log *slog.Logger) (_ *data, err error) {
	d := &data{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if err := d.openDocuments(ctx, cfg, forCommand); err != nil {
		return nil, err
	}
	err = d.awaitDatabase(ctx, cfg, log, func() error {
		if _, _, err := docstore.New(d.documents).KeyRing().Load(ctx); err != nil {
			return err
		}
		return d.openRecords(ctx)
	})
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil, errNoData("the database")
	}
	return d, err
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

// Close closes everything, last opened first.
func (d *data) Close() error {
	var errs []error
	for _, closeOne := range slices.Backward(d.closers) {
		errs = append(errs, closeOne())
	}
	return errors.Join(errs...)
}

// retry calls try until it succeeds, its error is not one that time may heal, or
// patience is over. It returns the last error.
func retry(ctx context.Context, patience time.Duration, try func() error, mayHeal func(error) bool) error {
	const firstPause, longPause = 100 * time.Millisecond, 2 * time.Second
	deadline := time.Now().Add(patience)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := try()
		if err == nil || !mayHeal(err) || time.Now().Add(pause).After(deadline) {
			return err
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return errors.Join(ctx.Err(), err)
		}
	}
}
