// Package docs_test runs the code of the pages in this folder. A test in
// internal/housetest finds each snippet of a page, word for word, in a Go file.
package docs_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/cluster"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/oauth"
)

// must fails the test when a snippet returns an error.
func must(t *testing.T, snippet func() error) {
	t.Helper()
	if err := snippet(); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	refuse := func() error {
		return &cpodkit.Error{
			Code: "out_of_stock", Status: http.StatusConflict,
			Title: "Out of stock", Detail: "The last one was sold.",
		}
	}
	if err := refuse(); cpodkit.StatusOf(err) != http.StatusConflict {
		t.Error(err)
	}
}

// openRing is the first snippet of keyring.md.
func openRing(ctx context.Context, dataDir string, store keyring.Store) (keyring.Master, *keyring.Ring, *authz.Signer, error) {
	fail := func(err error) (keyring.Master, *keyring.Ring, *authz.Signer, error) {
		return keyring.Master{}, nil, nil, err
	}
	var signer *authz.Signer
	var keys keyring.Master
	var opened *keyring.Ring
	err := func() error {
		master, err := keyring.LoadOrCreateMasterFile(filepath.Join(dataDir, "master.key"))
		if err != nil {
			return err
		}
		ring, err := keyring.Open(ctx, store, master) // store is a keyring.Store, such as docstore's
		if err != nil {
			return err
		}
		cursors := ring.Secret("cursor") // 32 bytes
		first := ring.SigningKeys()[0]   // ID, Algorithm, Private

		if len(cursors) != 32 {
			return errors.New("the secret is short")
		}
		keys, opened = master, ring
		signer, err = authz.NewSigner(forSigner([]keyring.SigningKey{first})...)
		return err
	}()
	if err != nil {
		return fail(err)
	}
	return keys, opened, signer, nil
}

func forSigner(keys []keyring.SigningKey) []authz.SigningKey {
	list := make([]authz.SigningKey, len(keys))
	for i, k := range keys {
		list[i] = authz.SigningKey{ID: k.ID, Algorithm: k.Algorithm, Private: k.Private}
	}
	return list
}

func TestKeyring(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	store := keyring.NewMemoryStore()
	master, ring, signer, err := openRing(ctx, t.TempDir(), store)
	if err != nil {
		t.Fatal(err)
	}
	must(t, func() error {
		rotator, err := keyring.NewRotator(store, master)
		if err != nil {
			return err
		}
		go rotator.Follow(ctx, ring, func(keys []keyring.SigningKey) error {
			return signer.Replace(forSigner(keys)...) // an authz.Signer
		})
		return nil
	})
}

func TestAuthz(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, _, signer, err := openRing(ctx, t.TempDir(), keyring.NewMemoryStore())
	if err != nil {
		t.Fatal(err)
	}
	replicas, err := cluster.New(cluster.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	mux, store := http.NewServeMux(), authz.NewMemoryRevocations()
	must(t, func() error {
		verifier, err := authz.NewJWT(authz.Issuer{
			Issuer:   "https://api.example.com",
			Audience: "https://api.example.com",
			Keys:     signer, // or any authz.KeySource
		})
		if err != nil {
			return err
		}
		handler := cpodkit.Chain(mux, authz.Authenticate(verifier), cpodkit.RequireScope("orders.read"))

		return wantStatus(handler, "/", http.StatusUnauthorized)
	})
	must(t, func() error {
		revocations, err := authz.OpenRevocations(ctx, store, authz.WithChannel(replicas.Topic("revocations"))) // a *cluster.Topic
		if err != nil {
			return err
		}
		go revocations.Follow(ctx)
		return nil
	})
}

// A client without a server finds nothing.
func TestClient(t *testing.T) {
	t.Setenv("CPOD_API_URL", "http://127.0.0.1:1")
	t.Setenv("CPOD_API_KEY", "cpod_none")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var found bool
	err := func() error {
		c, err := client.FromEnv()
		if err != nil {
			return err
		}
		prefs := c.Storage.DB.Collection("preferences")
		if _, err := prefs.Set(ctx, "theme", map[string]any{"mode": "dark", "fontSize": 14}); err != nil {
			return err
		}
		var theme struct {
			Mode     string `json:"mode"`
			FontSize int    `json:"fontSize"`
		}
		found, err = prefs.Get(ctx, "theme", &theme)
		return err
	}()
	if err == nil || found {
		t.Errorf("without a server: %v", err)
	}
}

// drawer takes what a lease protects.
type drawer struct{ token int64 }

func (d *drawer) Put(_ string, token int64) error {
	if token < d.token {
		return errors.New("the lease has gone to another")
	}
	d.token = token
	return nil
}

func TestCluster(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, err := cluster.New(cluster.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	apply, readAllAnew := func([]byte) {}, func() {}
	store, report := &drawer{}, "the report"
	must(t, func() error {
		topic := c.Topic("flags.changed")
		go topic.Follow(ctx, apply, readAllAnew) // until ctx ends
		err := topic.Publish(ctx, []byte("new-checkout"))
		return err
	})
	must(t, func() error {
		lease, err := c.Lease(ctx, "nightly-report", 30*time.Second) // CodeConflict while another has it
		if err != nil {
			return err
		}
		defer lease.Release(ctx)
		// every 10 s: lease.Renew(ctx); stop all work when lease.Done() is closed
		err = store.Put(report, lease.Token()) // refused if a larger token was seen
		return err
	})
}

func TestHTTPServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the server stops as soon as it serves
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	list := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	place, health, log := list, list, slog.New(slog.DiscardHandler)
	authenticate := func(next http.Handler) http.Handler { return next }
	var tracers trace.TracerProvider
	var meters metric.MeterProvider
	telemetry, err := httpserver.Telemetry(tracers, meters)
	if err != nil {
		t.Fatal(err)
	}
	routes := []cpodkit.Route{
		{Name: "listOrders", Pattern: "GET /orders", Scopes: []string{"orders.read"}, Handler: list},
		{Name: "placeOrder", Pattern: "POST /orders", Scopes: []string{"orders.write"}, Handler: place},
		{Name: "health", Pattern: "GET /health", Public: true, Handler: health},
	}
	must(t, func() error {
		mux := http.NewServeMux()
		cpodkit.Mount(mux, routes, cpodkit.WrapProtected(authenticate))
		handler := cpodkit.Chain(httpserver.Guard(mux),
			httpserver.Record(cpodkit.ServerInfo{Realm: "shop", CallsHint: "See https://shop.example.com/api."}),
			telemetry, // from httpserver.Telemetry(tracers, meters)
			httpserver.AccessLog(log),
			httpserver.Recover(log))
		err := httpserver.Serve(ctx, httpserver.NewServer(handler, 30*time.Second), listener,
			httpserver.Stop{Grace: 15 * time.Second, Log: log})

		return errors.Join(err, wantStatus(handler, "/health", http.StatusOK), wantStatus(handler, "/orders", http.StatusUnauthorized))
	})
}

func TestCORS(t *testing.T) {
	t.Parallel()
	ctx, log, mux, apps := t.Context(), slog.New(slog.DiscardHandler), http.NewServeMux(), oauth.NewMemoryApps()
	must(t, func() error {
		origins, err := oauth.OpenOrigins(ctx, apps, log) // apps is an oauth.AppStore
		if err != nil {
			return err
		}
		go origins.Follow(ctx)
		cors, err := httpserver.CORS(mux, origins,
			httpserver.WithOrigins("https://console.shop.example.com"),
			httpserver.WithOpenPaths("/health", "/.well-known/"),
			httpserver.WithClosedPaths("/login"))
		if err != nil {
			return err
		}
		handler := cpodkit.Chain(httpserver.Guard(mux),
			httpserver.Record(cpodkit.ServerInfo{Realm: "shop"}),
			httpserver.AccessLog(log),
			httpserver.Recover(log),
			cors)

		return wantStatus(handler, "/health", http.StatusNotFound)
	})
}

// acceptOthers is the second snippet of authz.md. Nobody answers at its address.
func acceptOthers(ctx context.Context, log *slog.Logger) error {
	issuer, err := authz.PresetIssuer("keycloak")
	if err != nil {
		return err
	}
	issuer.Issuer, issuer.Audience, issuer.TenantID = "https://sso.example.com/realms/acme", "api", "acme"
	issuer.UserNamespace = "sso"
	if issuer.Keys, err = authz.DiscoverKeys(issuer.Issuer, authz.WithKeyLog(log)); err != nil {
		return err
	}
	verifier, err := authz.NewJWT(issuer)
	if err != nil {
		return err
	}
	go verifier.Run(ctx) // fetches the keys before they get too old
	return nil
}

func TestAuthService(t *testing.T) {
	t.Parallel()
	verifier := authz.VerifierFunc(func(context.Context, string) (cpodkit.Identity, error) {
		return cpodkit.Identity{}, cpodkit.CodeInvalidToken
	})
	mux := http.NewServeMux()
	must(t, func() error {
		service, err := authz.NewService(verifier)
		if err != nil {
			return err
		}
		cpodkit.Mount(mux, service.Routes(), cpodkit.WrapProtected(authz.Authenticate(verifier)))
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, func() error { return acceptOthers(ctx, slog.New(slog.DiscardHandler)) })
}
