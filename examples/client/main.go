// Command client stores a document through the Go client and reads it back. It
// takes the server and its credentials from the environment: CPOD_API_URL,
// CPOD_CLIENT_ID and CPOD_CLIENT_SECRET.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/cpodkit/cpodkit/client"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	c, err := client.FromEnv()
	if err != nil {
		return err
	}
	prefs := c.Storage.DB.Collection("preferences")
	if _, err := prefs.Set(ctx, "theme", map[string]any{"mode": "dark", "fontSize": 14}); err != nil {
		return err
	}
	var theme struct {
		Mode     string `json:"mode"`
		FontSize int    `json:"fontSize"`
	}
	found, err := prefs.Get(ctx, "theme", &theme)
	if err != nil {
		return err
	}
	fmt.Println(found, theme.Mode, theme.FontSize)
	return nil
}
