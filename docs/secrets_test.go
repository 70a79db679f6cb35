package docs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/secretstore"
	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/secrets/secretstest"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	db, err := docstore.New(documents.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	store, err := secretstore.New(db, keyring.NewMaster())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log := slog.New(slog.DiscardHandler)
	identity := cpodkit.Identity{TenantID: "acme", AppID: "shop"}
	const password = "correct horse battery staple"
	connected := ""
	connect := func(_ context.Context, password string) error {
		connected = password
		return nil
	}
	must(t, func() error {
		all, err := secrets.New(store, store, secrets.WithLog(log))
		if err != nil {
			return err
		}
		go all.Run(ctx) // sees changes that other replicas make

		mine := all.For(identity)
		if _, err := mine.Put(ctx, "db/password", secrets.NewValue(password)); err != nil {
			return err
		}
		secret, err := mine.Get(ctx, "db/password")
		if err != nil {
			return err
		}
		return connect(ctx, secret.Value.Reveal())
	})
	if connected != password {
		t.Errorf("it connects with %q", connected)
	}
}

func TestSecretsInUse(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := secrets.NewMemory()
	all, err := secrets.New(store, store)
	if err != nil {
		t.Fatal(err)
	}
	identity := cpodkit.Identity{TenantID: "acme", AppID: "shop", Scopes: cpodkit.Scopes{"secrets.read"}}
	reports := cpodkit.Identity{TenantID: "acme", AppID: "reports"}
	mine := all.For(identity)
	for _, name := range []string{"tls/key", "payments/key", "db/password"} {
		if _, err := mine.Put(ctx, name, secrets.NewValue("hunter2 of "+name)); err != nil {
			t.Fatal(err)
		}
	}
	enough := errors.New("enough")
	used := ""
	use := func(key string) error {
		used = key
		return enough
	}
	watch := func() error {
		for secret, err := range mine.Watch(ctx, "tls/key") {
			if err != nil {
				return err
			}
			if err := use(secret.Value.Reveal()); err != nil {
				return err
			}
		}
		return nil
	}
	if err := watch(); !errors.Is(err, enough) || used != "hunter2 of tls/key" {
		t.Errorf("it uses %q, %v", used, err)
	}
	must(t, func() error {
		transport, err := secrets.NewTransport(mine, "payments/key", "https://api.payments.example")
		if err != nil {
			return err
		}
		client := &http.Client{Transport: transport}
		client.CloseIdleConnections()
		return nil
	})
	must(t, func() error {
		bundle := secrets.Bundle{
			Name: "nightly", Apps: []string{"reports"},
			Env:   map[string]string{"DB_PASSWORD": "db/password"},
			Files: map[string]string{"key.pem": "tls/key"},
		}
		if _, err := mine.PutBundle(ctx, bundle, secrets.Match{}); err != nil {
			return err
		}
		material, err := all.For(reports).Expand(ctx, "nightly") // in the code that runs the job
		if err != nil {
			return err
		}
		return redacted(material)
	})
	mux := http.NewServeMux()
	cpodkit.Mount(mux, all.Routes(), cpodkit.WrapProtected(webtest.As(identity)))
	if a := webtest.Call(t, mux, "GET", "/v1/secrets/tls/key", "", ""); a.Code != http.StatusOK {
		t.Errorf("%s", a)
	}
}

func redacted(material secrets.Material) error {
	output := strings.NewReader("logging in with hunter2 of db/password")
	logs := new(bytes.Buffer)
	write := func() error {
		redactor := secrets.NewRedactor()
		redactor.Add(material.Env["DB_PASSWORD"])
		clean := redactor.Writer(logs)
		if _, err := io.Copy(clean, output); err != nil {
			return err
		}
		return clean.Close()
	}
	err := write()
	if err == nil && logs.String() != "logging in with [redacted]" {
		err = errors.New("the log is " + logs.String())
	}
	return err
}

func TestSecretsSuites(t *testing.T) {
	t.Parallel()
	secretstest.Run(t, func(testing.TB) secretstest.Store {
		return secretstest.Store{Provider: secrets.NewMemory()}
	})
	secretstest.RunRecords(t, func(testing.TB) secrets.Records { return secrets.NewMemory() })
}
