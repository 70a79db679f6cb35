// Command oidc is an OpenID provider in memory, for tests: the example server of
// github.com/zitadel/oidc, with users and a client of its own.
//
// The client is "cpod" with the secret "secret". The users are "ann" and "bob", with the
// password "verysecure". The e-mail address of bob is not verified. The provider sends
// e-mail addresses from its UserInfo endpoint alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "oidc:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	listen := flag.String("listen", "127.0.0.1:9998", "`address` to serve on; the issuer is http:// and the address")
	redirect := flag.String("redirect", "http://localhost:8000/login/callback", "the `URL` to which users come back")
	flag.Parse()
	storage.RegisterClients(storage.WebClient("cpod", "secret", *redirect))
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	handler := exampleop.SetupServer("http://"+*listen, storage.NewStorage(users{}), log, false)
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// users are the two users.
type users struct{}

// GetUserByID implements [storage.UserStore].
func (users) GetUserByID(id string) *storage.User {
	if id != "ann" && id != "bob" {
		return nil
	}
	return &storage.User{
		ID: id, Username: id, Password: "verysecure", FirstName: id, LastName: "Example", Email: id + "@example.com", EmailVerified: id == "ann",
	}
}

// GetUserByUsername implements [storage.UserStore].
func (u users) GetUserByUsername(name string) *storage.User { return u.GetUserByID(name) }

// ExampleClientID implements [storage.UserStore]. No client acts for itself.
func (users) ExampleClientID() string { return "" }
