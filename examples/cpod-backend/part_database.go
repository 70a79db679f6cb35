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
	"github.com/cpodkit/cpodkit/backends/docstore/authzstore"
	"github.com/cpodkit/cpodkit/backends/docstore/keyringstore"
	"github.com/cpodkit/cpodkit/backends/docstore/oauthstore"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/backends/docstore/usagestore"
	"github.com/cpodkit/cpodkit/backends/docstore/userstore"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const databaseFile = "cpod.db"

// purpose says who opens the database.
type purpose bool

const (
	forServer  purpose = true
	forCommand purpose = false // beside a running server; the data must be there
)

// database is where documents are, and all that the server keeps itself.
type database struct {
	base
	indexDeclaration
	url                      string
	seal                     string // what seals the key ring instead of a master key; "" for none
	masterKey, masterKeyFile string
	patience                 time.Duration // for one that does not answer yet
	tenantBytes              int64         // see readTenantBytes
}

const databaseVariable = "CPOD_DB"

func readDatabase(s *settings, b base) database {
	d := database{
		base: b, patience: 30 * time.Second,
		url: s.backend(databaseVariable, "sqlite:",
			"documents, and what the server keeps: `sqlite:` (in the data directory), `sqlite:/path/cpod.db`, or `mongodb://…`, `mongodb+srv://…`",
			"sqlite", "mongodb", "mongodb+srv"),
		masterKey: s.optional("CPOD_MASTER_KEY", "",
			"32 bytes in base64 or hex that seal the key ring, the same on every replica: `openssl rand -base64 32`"),
		masterKeyFile: s.optional("CPOD_MASTER_KEY_FILE", "<data>/master.key",
			"a file that holds them; made with mode 0600 when the database is on this machine"),
		seal: readSeal(s),
	}
	d.indexDeclaration = readIndexes(s)
	d.tenantBytes = readTenantBytes(s)
	switch {
	case d.masterKey != "" && d.masterKeyFile != "":
		s.fail("CPOD_MASTER_KEY", "CPOD_MASTER_KEY_FILE is set, too; keep one")
	case d.seal != "" && (d.masterKey != "" || d.masterKeyFile != ""):
		s.fail(sealVariable, "CPOD_MASTER_KEY or CPOD_MASTER_KEY_FILE is set, too, and would seal nothing; keep one")
	case d.seal == "" && !isLocal(d.url) && d.masterKey == "" && d.masterKeyFile == "":
		s.fail("CPOD_MASTER_KEY", "a database that is not on this machine needs the key that seals the keys of the server, "+
			"the same on every replica and kept apart from the database; make one with: openssl rand -base64 32 (or name a file with CPOD_MASTER_KEY_FILE)")
	}
	return d
}

// databasePart is documents, and the records of the server. It comes before the
// parts that use a record.
func databasePart(d database) part {
	p := part{name: "documents", data: func(_ context.Context, h *house) (data, error) {
		return documents.New(h.documents)
	}, open: func(ctx context.Context, h *house) (opened, error) {
		follow, err := d.indexDeclaration.open(ctx, h)
		if err != nil {
			return opened{}, err
		}
		build, err := d.open(ctx, h, forServer)
		if err != nil {
			return opened{}, err
		}
		if err := d.await(ctx, h.log, func() error { return h.openRecords(ctx) }); err != nil {
			return opened{}, err
		}
		count, err := h.openQuota(ctx, d.tenantBytes)
		if err != nil {
			return opened{}, err
		}
		o, err := serveDocuments(h, build, follow)
		if count != nil {
			o.run = append(o.run, count)
		}
		return o, err
	}}
	if d.publicURL == "" {
		p.alone = "CPOD_PUBLIC_URL is not set: servers on this database accept each other's tokens only when it is, and the same on all"
		p.variable = "CPOD_PUBLIC_URL"
	}
	return p
}

// serveDocuments serves the documents of a house whose records are open. build
// builds the declared indexes, and follow declares others; both may be nil.
func serveDocuments(h *house, build func(context.Context) error, follow func(context.Context)) (opened, error) {
	store, err := documents.New(h.documents,
		documents.WithSecret(h.ring.Secret("storage/documents")),
		documents.WithGate(h.gate),
		documents.WithQuota(h.quota),
		documents.WithTelemetry(h.telemetry.tracers, h.telemetry.meters))
	if err != nil {
		return opened{}, err
	}
	h.counted = append(h.counted, namedData{"documents", store})
	o := opened{
		routes: store.Routes(), ready: []dependency{{"documents", h.documents, false}},
		run: []func(context.Context){h.followRevocations},
	}
	if follow != nil {
		o.run = append(o.run, follow)
	}
	if build != nil {
		o.run = append(o.run, func(ctx context.Context) {
			if err := build(ctx); err != nil && ctx.Err() == nil {
				h.log.Warn("declared indexes of documents are missing, and queries scan instead", "error", err)
			}
		})
	}
	return o, nil
}

// openExisting opens the records of an installation that has been started before.
// A command may do so while servers run.
func openExisting(ctx context.Context, d database, log *slog.Logger) (_ *house, err error) {
	h := newHouse(d.base, log)
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if _, err := d.open(ctx, h, forCommand); err != nil {
		return nil, err
	}
	if err := h.makeRecords(); err != nil {
		return nil, err
	}
	err = d.await(ctx, log, func() error {
		if _, _, err := h.records.keyRing.Load(ctx); err != nil {
			return err
		}
		return h.openRecords(ctx)
	})
	if errors.Is(err, cpodkit.CodeNotFound) {
		return nil, errNoData("the database")
	}
	return h, err
}

// open opens the database. build, which may be nil, builds its declared indexes.
func (d database) open(ctx context.Context, h *house, by purpose) (build func(context.Context) error, err error) {
	if isLocal(d.url) {
		return nil, d.openSQLite(ctx, h, by)
	}
	h.isShared = true
	if h.master, err = d.sealer(ctx, h, false); err != nil {
		return nil, err
	}
	return d.openMongo(ctx, h, by)
}

func (d database) openSQLite(ctx context.Context, h *house, by purpose) error {
	inDataDir := filepath.Join(d.dataDir, databaseFile)
	path := pathOf(d.url, inDataDir)
	_, err := os.Stat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	opts := []sqlitedocuments.Option{sqlitedocuments.KeepFree(d.keepFree)}
	switch {
	case by == forServer:
		if err := h.makeDataDir(); err != nil { // for the master key, too
			return err
		}
		lock := path + ".lock"
		if path == inDataDir {
			lock = filepath.Join(d.dataDir, "server.lock")
		}
		unlock, err := lockFile(lock)
		if err != nil {
			return err
		}
		h.onClose(unlock)
		opts = append(opts, sqlitedocuments.WithIndexes(allIndexes(d.indexes, false)...))
	case isNew:
		return errNoData(filepath.Dir(path))
	}
	if h.master, err = d.sealer(ctx, h, isNew); err != nil {
		return err
	}
	db, err := sqlitedocuments.Open(ctx, path, opts...)
	if err != nil {
		return err
	}
	h.documents = db
	h.onClose(db.Close)
	return nil
}

// makeDataDir makes the data directory, for what lasts there.
func (h *house) makeDataDir() error {
	if err := os.MkdirAll(h.dataDir, 0o700); err != nil {
		return fmt.Errorf("CPOD_DATA_DIR: %w", err)
	}
	h.place = h.dataDir
	return nil
}

func errNoData(where string) error {
	return fmt.Errorf("there is no data in %s yet: start the server once, or set CPOD_DATA_DIR or CPOD_DB", where)
}

// await calls use again while the database, or what seals its keys, does not answer, for as long
// as a start may wait for it.
func (d database) await(ctx context.Context, log *slog.Logger, use func() error) error {
	began, warned := time.Now(), false
	variable, system := databaseVariable, "the database"
	err := retry(ctx, d.patience, use, func(err error) bool {
		if !errors.Is(err, cpodkit.CodeUnavailable) {
			return false
		}
		if errors.Is(err, errKeyService) {
			variable, system = sealVariable, "the key service"
		}
		if !warned {
			log.Warn(system+" does not answer; trying again", "for", d.patience.String(), "error", err)
		}
		warned = true
		return true
	})
	if errors.Is(err, cpodkit.CodeUnavailable) {
		return fmt.Errorf("%s: %s has not answered for %s: %w", variable, system, time.Since(began).Round(time.Second), err)
	}
	return err
}

// makeRecords makes the stores of what the server itself keeps in its documents.
func (h *house) makeRecords() error {
	db, err := docstore.New(h.documents, docstore.WithTelemetry(h.telemetry.tracers, h.telemetry.meters))
	if err != nil {
		return err
	}
	h.db = db
	h.records = records{
		apps: oauthstore.NewApps(db), apiKeys: oauthstore.NewAPIKeys(db), grants: oauthstore.NewGrants(db),
		sessions: oauthstore.NewSessions(db), users: userstore.New(db),
		installation: tenantstore.NewInstallation(db), tenants: tenantstore.New(db), claims: tenantstore.NewClaims(db),
		erasures: tenantstore.NewErasures(db), servers: tenantstore.NewServers(db), usage: usagestore.NewRecords(db),
		keyRing: keyringstore.New(db), revocations: authzstore.NewRevocations(db),
	}
	return nil
}

// openRecords opens the key ring, the signer and the revocations. Of several
// servers that start at once on an empty database, one makes the key ring and one
// the first tenant, and all use them.
func (h *house) openRecords(ctx context.Context) (err error) {
	if h.records.keyRing == nil { // at the first try
		if err := h.makeRecords(); err != nil {
			return err
		}
	}
	if h.ring, err = keyring.Open(ctx, h.records.keyRing, h.master); err != nil {
		return err
	}
	if h.signer, err = authz.NewSigner(forSigner(h.ring.SigningKeys())...); err != nil {
		return err
	}
	opts := h.revocationOptions()
	if h.rooms.revocations > 0 {
		opts = append(opts, authz.WithMaxRevocations(h.rooms.revocations))
	}
	if h.revocations, err = authz.OpenRevocations(ctx, h.records.revocations, opts...); err != nil {
		return err
	}
	return ensureTenant(ctx, h, defaultTenant)
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
