// Command peer is PocketBase as a library, filled with the data that the
// comparison reads. It is as fast as its settings allow: requests are not logged
// and not rate limited, and superusers own the token, whose requests no rule is
// evaluated for. All else is its default.
//
// PEER_DIR is its data directory, PEER_LISTEN its address, and
// PEER_SYNCHRONOUS the durability of its databases: NORMAL, its default, or
// FULL. Once it is ready it prints one line of JSON with the tokens to use.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
)

func main() {
	if err := run(os.Getenv("PEER_DIR"), os.Getenv("PEER_LISTEN"), os.Getenv("PEER_SYNCHRONOUS")); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(dir, address, synchronous string) error {
	app := pocketbase.NewWithConfig(pocketbase.Config{
		DefaultDataDir:  dir,
		HideStartBanner: true,
		DBConnect:       func(path string) (*dbx.DB, error) { return connect(path, synchronous) },
	})
	if err := app.Bootstrap(); err != nil {
		return err
	}
	if err := app.RunAllMigrations(); err != nil {
		return err
	}
	if err := configure(app); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if err := fill(app); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	tokens, err := makeTokens(app)
	if err != nil {
		return fmt.Errorf("tokens: %w", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return err
	}
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.Listener = listener
		if err := e.Next(); err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(tokens)
	})
	return apis.Serve(app, apis.ServeConfig{HttpAddr: address})
}

// connect is core.DefaultDBConnect with a choice of synchronous.
func connect(path, synchronous string) (*dbx.DB, error) {
	return dbx.Open("sqlite", path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"+
		"&_pragma=journal_size_limit(200000000)&_pragma=synchronous("+synchronous+")&_pragma=foreign_keys(ON)"+
		"&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)")
}

func configure(app core.App) error {
	settings := app.Settings()
	settings.Logs.MaxDays = 0 // which turns the log of requests off
	settings.RateLimits.Enabled = false
	settings.Batch.Enabled = false
	return app.Save(settings)
}

type tokens struct {
	Auth string `json:"auth"`
	File string `json:"file"` // for the query of a protected file's URL
}

func makeTokens(app core.App) (tokens, error) {
	superusers, err := app.FindCollectionByNameOrId(core.CollectionNameSuperusers)
	if err != nil {
		return tokens{}, err
	}
	superusers.FileToken.Duration = superusers.AuthToken.Duration // it would outlive no long run
	if err := app.Save(superusers); err != nil {
		return tokens{}, err
	}
	caller := core.NewRecord(superusers)
	caller.SetEmail("bench@example.com")
	caller.SetRandomPassword()
	if err := app.Save(caller); err != nil {
		return tokens{}, err
	}
	auth, err := caller.NewAuthToken()
	if err != nil {
		return tokens{}, err
	}
	file, err := caller.NewFileToken()
	return tokens{Auth: auth, File: file}, err
}
