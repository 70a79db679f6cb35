// Command cpod-backend is the reference server: the whole toolkit wired
// together. It runs on one machine out of one data directory, or as any number
// of replicas on MongoDB, S3 and Redis.
//
//	cpod-backend         serve
//	cpod-backend help    list the other commands
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/api"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/oauth"
)

const (
	idleTimeout   = 30 * time.Second // of one read or write
	shutdownGrace = 15 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	// What go-redis would print is in the errors of the calls that meet it.
	logging.Disable()
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, errUsage): // which has been explained
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "cpod-backend:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, cfg config, log *slog.Logger, stdout io.Writer) (err error) {
	var listener net.ListenConfig
	ln, err := listener.Listen(ctx, "tcp", cfg.listen)
	if err != nil {
		return fmt.Errorf("%w (choose another address with CPOD_LISTEN)", err)
	}
	defer ln.Close()
	cfg.warnOfMixes(log)
	if cfg.publicURL == "" {
		_, port, err := net.SplitHostPort(ln.Addr().String())
		if err != nil {
			return err
		}
		cfg.publicURL = localURL(port)
	}
	telemetry, err := openTelemetry(ctx, cfg.otlp, log)
	if err != nil {
		return err
	}
	defer telemetry.close(ctx, log)
	data, err := openData(ctx, cfg, telemetry, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	handler, err := newHandler(ctx, cfg, data, telemetry, log)
	if err != nil {
		return err
	}
	if err := serveOps(ctx, cfg, data, telemetry.scrape, log); err != nil {
		return err
	}
	key, err := firstAdminKey(ctx, cfg, data)
	if err != nil {
		return err
	}
	if err := welcome(stdout, cfg, key); err != nil {
		return err
	}
	err = httpserver.Serve(ctx, httpserver.NewServer(handler, idleTimeout), ln, shutdownGrace)
	if errors.Is(err, context.DeadlineExceeded) {
		// Clients that stall must not make a stop look like a failure.
		log.Warn("requests were cut at shutdown", "after", shutdownGrace.String())
		return nil
	}
	return err
}

// localURL is the public URL of a server that was given none.
func localURL(port string) string { return "http://localhost:" + port }

// newHandler puts the capabilities together. A server of your own is this
// function with fewer lines.
func newHandler(ctx context.Context, cfg config, data *data, telemetry *telemetry, log *slog.Logger) (http.Handler, error) {
	rotator, err := newRotator(data, keyring.WithLog(log))
	if err != nil {
		return nil, err
	}
	oauthServer, verifier, err := wireOAuth(cfg, data, rotator, log)
	if err != nil {
		return nil, err
	}
	storageRoutes, err := wireStorage(cfg, data, telemetry)
	if err != nil {
		return nil, err
	}
	limits, err := wireRateLimit(cfg, data, telemetry)
	if err != nil {
		return nil, err
	}
	observe, err := httpserver.Telemetry(telemetry.tracers, telemetry.meters)
	if err != nil {
		return nil, err
	}
	followSigningKeys(ctx, data, rotator)
	followRevocations(ctx, data, log)
	followIndexes(ctx, data, log)
	mux := http.NewServeMux()
	routes := slices.Concat(oauthServer.Routes(), storageRoutes, limits.routes, api.Routes(), []cpodkit.Route{healthRoute()})
	cpodkit.Mount(mux, routes,
		cpodkit.WrapProtected(limits.refused), cpodkit.WrapNamed(limits.grants, oauth.TokenRoute),
		cpodkit.WrapProtected(authz.Authenticate(verifier)), cpodkit.WrapProtected(limits.calls))
	return cpodkit.Chain(httpserver.Guard(mux, httpserver.WithKeyPaths("/v1/storage/")),
		httpserver.Record(serverInfo()), observe, httpserver.AccessLog(log), httpserver.Recover(log)), nil
}

// serverInfo is what answers say of the server.
func serverInfo() cpodkit.ServerInfo {
	return cpodkit.ServerInfo{Realm: "cpod", CallsHint: "GET /openapi.yaml lists the calls."}
}

func healthRoute() cpodkit.Route {
	return cpodkit.Route{
		Name:    "getHealth",
		Pattern: "GET /health",
		Public:  true,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			cpodkit.WriteJSON(w, r, http.StatusOK, map[string]string{"status": "ok"})
		}),
	}
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
