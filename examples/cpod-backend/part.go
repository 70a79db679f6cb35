package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/authzstore"
	"github.com/cpodkit/cpodkit/backends/docstore/keyringstore"
	"github.com/cpodkit/cpodkit/backends/docstore/oauthstore"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/backends/docstore/usagestore"
	"github.com/cpodkit/cpodkit/backends/docstore/userstore"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/masking"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/ratelimit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// part is one capability of the server. The function that makes it reads its
// variables, and opens nothing.
type part struct {
	// name is that of its data in what erasures print, and data opens the data for a
	// command; nil for a part without any.
	name string
	data func(ctx context.Context, h *house) (data, error)

	// alone is the warning for a part that this server has for itself, although
	// other servers can use its database; "" for none. variable mends it.
	alone, variable string

	// open opens the part. What it has opened is closed by house.onClose, also
	// when open fails.
	open func(ctx context.Context, h *house) (opened, error)
}

// data is what a part holds of tenants and users. Each method returns how much it is, or
// was, also when it fails.
type data interface {
	Measure(ctx context.Context, realm storage.Realm) (storage.Amount, error)
	Erase(ctx context.Context, realm storage.Realm) (storage.Amount, error)
}

// namedData is the data of a part.
type namedData struct {
	name string
	data data
}

// opened is what a part gives to the server.
type opened struct {
	routes []cpodkit.Route
	wraps  []wrap
	ready  []dependency
	run    []func(context.Context) // until the server is closed
}

// layer is where a wrap belongs; the first one is the outermost.
type layer int

const (
	beforeAuthentication layer = iota
	authentication
	afterAuthentication
	innermost
)

type wrap struct {
	layer layer
	wrap  cpodkit.Wrap
}

// dependency is a system that a part needs, for /readyz.
type dependency struct {
	name   string
	driver any  // a [cpodkit.Pinger], or something in this process that is always up
	spare  bool // the server works without it
}

// records are the stores of what the server keeps itself.
type records struct {
	apps         *oauthstore.Apps
	apiKeys      *oauthstore.APIKeys
	grants       *oauthstore.Grants
	sessions     *oauthstore.Sessions
	users        *userstore.Accounts
	installation *tenantstore.Installation
	tenants      *tenantstore.Tenants
	claims       *tenantstore.Claims
	keyRing      *keyringstore.Store
	revocations  *authzstore.Revocations
	erasures     *tenantstore.Erasures
	servers      *tenantstore.Servers
	usage        *usagestore.Records
}

// house is what parts hand to each other. They are opened in their order, so each
// finds what those before it have put here.
type house struct {
	base
	log       *slog.Logger
	telemetry *telemetry

	redisClients map[string]redis.UniversalClient // by URL
	cluster      *cluster.Cluster                 // nil where this server is alone

	documents   documents.Driver
	db          *docstore.DB // of documents, for records
	isShared    bool         // the database is one that other servers can use too
	records     records
	master      keyring.Sealer // of the ring
	ring        *keyring.Ring
	signer      *authz.Signer // of the ring's keys
	revocations *authz.Revocations

	place string // of the data, for the welcome
	rooms rooms

	gate     *gate
	inMemory []namedData // what no other process reaches

	onAppDeleted []func(ctx context.Context, app oauth.App) error // drop what parts keep of an app

	quota   storage.Quota       // nil for none
	counted []namedData         // what a quota counts
	forget  func(tenant string) // drops what a quota has in memory of a tenant that is erased

	limiter *ratelimit.Limiter // of the server's own limits
	masker  *masking.Masker    // by the profile of the installation
	decider authz.Decider      // of the policy
	signIn  oauth.SignIn       // nil where no user can sign in
	oauth   *oauth.Server
	origins *oauth.Origins // of all apps

	shareRequests cpodkit.Middleware // around all calls of a tenant
	adminToken    string             // "" for none

	ready   []dependency // of the parts so far
	closers []func() error
}

// rooms are the sizes of what tenants share, for tests that fill it. 0 is the default.
type rooms struct {
	revocations, limitKeys int
	kvBytes                int64
}

// elsewhere is the place of data that is not in the data directory. No URL is
// shown: it may hold a password.
const elsewhere = "the backends of CPOD_DB, CPOD_FILES and CPOD_KV"

func newHouse(b base, log *slog.Logger) *house {
	return &house{
		base: b, log: log, telemetry: &telemetry{}, place: elsewhere, gate: newGate(), forget: func(string) {},
		shareRequests: httpserver.ShareRequests(b.most),
	}
}

// onClose has Close call closeOne. What is opened last is closed first.
func (h *house) onClose(closeOne func() error) { h.closers = append(h.closers, closeOne) }

// appDeleted drops what parts keep of an app that is being deleted.
func (h *house) appDeleted(ctx context.Context, app oauth.App) error {
	for _, drop := range h.onAppDeleted {
		if err := drop(ctx, app); err != nil {
			return err
		}
	}
	return nil
}

// background runs work until the house is closed. It ends before anything is
// closed that was opened before.
func (h *house) background(ctx context.Context, work func(context.Context)) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	h.onClose(func() error {
		stop()
		<-done
		return nil
	})
}

// Close closes everything, last opened first.
func (h *house) Close() error {
	var errs []error
	for _, closeOne := range slices.Backward(h.closers) {
		errs = append(errs, closeOne())
	}
	return errors.Join(errs...)
}

// server is all parts, opened.
type server struct {
	*house
	routes []cpodkit.Route
	wraps  []wrap
}

// openServer opens the parts in their order. When one fails, it closes those
// before it.
func openServer(ctx context.Context, h *house, parts []part) (_ *server, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	s := &server{house: h}
	for _, p := range parts {
		o, err := p.open(ctx, h)
		if err != nil {
			return nil, err
		}
		s.routes, s.wraps = append(s.routes, o.routes...), append(s.wraps, o.wraps...)
		h.ready = append(h.ready, o.ready...)
		for _, work := range o.run {
			h.background(ctx, work)
		}
	}
	if h.isShared {
		warnOfMixes(h.log, parts)
	}
	return s, nil
}

// warnOfMixes tells an operator what keeps servers on one database from behaving
// as one.
func warnOfMixes(log *slog.Logger, parts []part) {
	for _, p := range parts {
		if p.alone != "" {
			log.Warn(p.alone, "variable", p.variable)
		}
	}
}

// handler serves all routes, each inside of the wraps of all parts.
func (s *server) handler() (http.Handler, error) {
	slices.SortStableFunc(s.wraps, func(a, b wrap) int { return int(a.layer - b.layer) })
	wraps := make([]cpodkit.Wrap, len(s.wraps))
	for i, w := range s.wraps {
		wraps[i] = w.wrap
	}
	observe, err := httpserver.Telemetry(s.telemetry.tracers, s.telemetry.meters)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	cpodkit.Mount(mux, s.routes, wraps...)
	cors, err := s.cors(mux)
	if err != nil {
		return nil, err
	}
	return cpodkit.Chain(httpserver.Guard(mux, httpserver.WithKeyPaths("/v1/storage/")),
		httpserver.Record(s.serverInfo()), s.address.Middleware, observe, httpserver.AccessLog(s.log), httpserver.Recover(s.log), cors), nil
}

// serverInfo is what answers say of the server.
func (h *house) serverInfo() cpodkit.ServerInfo {
	return cpodkit.ServerInfo{
		Realm: "cpod", CallsHint: "GET /openapi.yaml lists the calls.",
		ResourceMetadata: authz.Resource{URL: h.publicURL}.MetadataURL(),
	}
}
