// Command ferretdb serves MongoDB's wire protocol out of SQLite, for tests on
// machines that have no MongoDB.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
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
	behind, err := os.MkdirTemp("", "ferretdb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(behind)
	socket := filepath.Join(behind, "socket")
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Logger:    slog.New(slog.DiscardHandler),
		Handler:   "sqlite",
		SQLiteURL: (&url.URL{Scheme: "file", OmitHost: true, Path: *data + "/"}).String(),
	})
	if err != nil {
		return err
	}
	front, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			return err
		}
		front = tls.NewListener(front, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	}
	context.AfterFunc(ctx, func() { front.Close() })
	go (&queue{target: socket}).serve(front)
	return server.Run(ctx)
}
