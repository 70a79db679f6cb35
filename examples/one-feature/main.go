// Command one-feature uses one capability of the toolkit and nothing else of
// it: files that are isolated by tenant and app, in a program of your own.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/local/localfiles"
	"github.com/cpodkit/cpodkit/storage/files"
)

func main() {
	if err := run(context.Background(), "data"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) error {
	disk, err := localfiles.Open(dir)
	if err != nil {
		return err
	}
	store, err := files.New(disk)
	if err != nil {
		return err
	}
	defer store.Close()

	// Whoever authenticates your users says for whom you act.
	id := cpodkit.Identity{TenantID: "acme", AppID: "reports", Scopes: cpodkit.Scopes{"storage.private.*"}}
	mine := store.For(id)
	file, err := mine.Write(ctx, "2026/q3.txt", strings.NewReader("All well."), nil)
	if err != nil {
		return err
	}
	fmt.Println(file.Key, file.Size)

	_, err = mine.Open(ctx, "../../other-tenant/secret.txt")
	fmt.Println(cpodkit.CodeOf(err))
	return nil
}
