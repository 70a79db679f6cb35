// Command ferretdb serves MongoDB's wire protocol out of SQLite, for tests on
// machines that have no MongoDB.
//
// FerretDB carries out an update in two steps, a search and a write, and another
// one may come in between; it names no op of several that failed; and an update
// of many documents that are there keeps a connection to SQLite for each. A front
// (front.go) lets one write at a time and one update at a time through, so that
// each is atomic and has an outcome, as with MongoDB.
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
	"time"

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
	var config *tls.Config
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			return err
		}
		config = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	// A socket's path is short, and the folder of the data may be deep.
	folder, err := os.MkdirTemp("", "ferretdb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	socket := filepath.Join(folder, "s")
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Logger:    slog.New(slog.DiscardHandler),
		Handler:   "sqlite",
		SQLiteURL: (&url.URL{Scheme: "file", OmitHost: true, Path: *data + "/"}).String(),
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	for {
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			break
		}
		select {
		case err := <-ended:
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
	ln, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	if config != nil {
		ln = tls.NewListener(ln, config)
	}
	f := front{dial: func() (net.Conn, error) { return net.Dial("unix", socket) }}
	go f.serve(ctx, ln)
	return <-ended
}
