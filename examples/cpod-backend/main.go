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
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/cpodkit/cpodkit/httpserver"
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
	err := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, errUsage): // which has been explained
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "cpod-backend:", err)
		os.Exit(1)
	}
}

// parts are the capabilities of the server, in the order in which they are opened.
// A server of your own is this list with fewer lines.
func parts(s *settings, d database) []part {
	return []part{
		telemetryPart(s),
		clusterPart(s),
		databasePart(d),
		rateLimitPart(s),
		usersPart(s),
		policyPart(s),
		oauthPart(s),
		filesPart(s),
		kvPart(s),
		flagsPart(s),
		secretsPart(s),
		maskingPart(s),
		tenantsPart(),
		apiPart(s),
		opsPart(s),
	}
}

// load reads all variables.
func load(s *settings) (database, []part, error) {
	d := readDatabase(s, readBase(s))
	all := parts(s, d)
	return d, all, s.err()
}

func serve(ctx context.Context, s *settings, stdout io.Writer) (err error) {
	d, all, err := load(s)
	if err != nil {
		return err
	}
	s.logWarnings()
	b := d.base
	ln, err := listen(ctx, b.listen)
	if err != nil {
		return fmt.Errorf("%w (choose another address with CPOD_LISTEN)", err)
	}
	defer ln.Close()
	if b.isDevelopment {
		if err := mustBeLoopback(ln); err != nil {
			return err
		}
	}
	if b.publicURL == "" {
		_, port, err := net.SplitHostPort(ln.Addr().String())
		if err != nil {
			return err
		}
		b.publicURL = localURL(port)
	}
	server, err := openServer(ctx, newHouse(b, s.log), all)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	handler, err := server.handler()
	if err != nil {
		return err
	}
	key, err := firstAdminKey(ctx, server.house)
	if err != nil {
		return err
	}
	if err := server.records.installation.SetIssuer(ctx, b.publicURL); err != nil {
		s.log.Warn("commands will not know the server's public URL unless CPOD_PUBLIC_URL is set", "error", err)
	}
	server.logStart(ctx, s, ln.Addr().String())
	if err := welcome(stdout, server.house, key); err != nil {
		return err
	}
	web := httpserver.NewServer(handler, idleTimeout)
	limits := httpserver.ConnectionLimits{Max: b.most, Trusted: b.address.Trusts, Server: server.serverInfo(), Log: s.log}
	limited, err := limits.Listen(web, ln)
	if err != nil {
		return err
	}
	err = httpserver.Serve(ctx, web, limited, httpserver.Stop{Drain: b.drain, Grace: shutdownGrace, Log: s.log})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // clients that stall must not make a stop look like a failure
	}
	return err
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
