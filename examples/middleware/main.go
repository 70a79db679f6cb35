// Command middleware adds parts of the toolkit to a plain net/http server, as
// middleware that any router takes.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/httpserver"
	"github.com/cpodkit/cpodkit/storage/kv"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	pemKey, err := os.ReadFile("issuer.pem") // the public key of whoever signs your tokens
	if err != nil {
		return err
	}
	handler, err := newHandler(pemKey)
	if err != nil {
		return err
	}
	var listener net.ListenConfig
	ln, err := listener.Listen(ctx, "tcp", "127.0.0.1:8080")
	if err != nil {
		return err
	}
	return httpserver.Serve(ctx, httpserver.NewServer(handler, time.Minute), ln, httpserver.Stop{Grace: 10 * time.Second})
}

func newHandler(pemKey []byte) (http.Handler, error) {
	verifier, err := newVerifier(pemKey)
	if err != nil {
		return nil, err
	}
	store, err := kv.New(kv.NewMemory())
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /visits", func(w http.ResponseWriter, r *http.Request) {
		mine := kv.FromContext(r.Context()) // bound to the tenant and app of the token
		visits, err := mine.Incr(r.Context(), "visits", 1)
		if err != nil {
			cpodkit.WriteError(w, r, err)
			return
		}
		cpodkit.WriteJSON(w, r, http.StatusOK, map[string]int64{"visits": visits})
	})
	return cpodkit.Chain(httpserver.Guard(mux),
		httpserver.Record(cpodkit.ServerInfo{Realm: "example"}),
		httpserver.AccessLog(slog.Default()),
		httpserver.Recover(slog.Default()),
		authz.Authenticate(verifier),
		store.Attach,
	), nil
}

func newVerifier(pemKey []byte) (authz.Verifier, error) {
	block, _ := pem.Decode(pemKey)
	if block == nil {
		return nil, errors.New("issuer.pem holds no PEM block")
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	ecdsaKey, ok := public.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("issuer.pem holds no ECDSA key")
	}
	key, err := authz.NewVerificationKey("2026-11", authz.ES256, ecdsaKey)
	if err != nil {
		return nil, err
	}
	keys, err := authz.NewKeySet(key)
	if err != nil {
		return nil, err
	}
	return authz.NewJWT(authz.Issuer{Issuer: "https://login.example.com", Audience: "visits", Keys: keys})
}
