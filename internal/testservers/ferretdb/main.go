// Command ferretdb serves MongoDB's wire protocol out of SQLite, for tests on
// machines that have no MongoDB.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	listen := flag.String("listen", "127.0.0.1:27017", "`address` to serve on")
	data := flag.String("data", "", "`folder` of the databases, which must exist")
	cert := flag.String("cert", "", "`file` with the certificate; serves TLS alone when set")
	key := flag.String("key", "", "`file` with the certificate's key")
	flag.Parse()
	if *data == "" {
		return errors.New("-data is missing")
	}
	listener := ferretdb.ListenerConfig{TCP: *listen}
	if *cert != "" {
		listener = ferretdb.ListenerConfig{TLS: *listen, TLSCertFile: *cert, TLSKeyFile: *key}
	}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  listener,
		Logger:    slog.New(slog.DiscardHandler),
		Handler:   "sqlite",
		SQLiteURL: (&url.URL{Scheme: "file", OmitHost: true, Path: *data + "/"}).String(),
	})
	if err != nil {
		return err
	}
	return server.Run(ctx)
}
