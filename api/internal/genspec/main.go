// Command genspec writes api/openapi.yaml from api/fragments. It is run in
// api/ by "go generate ./api".
package main

import (
	"fmt"
	"os"

	"github.com/cpodkit/cpodkit/api/internal/assemble"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "genspec:", err)
		os.Exit(1)
	}
}

func run() error {
	doc, err := assemble.Fragments(os.DirFS("fragments"))
	if err != nil {
		return err
	}
	return os.WriteFile("openapi.yaml", doc, 0o644) //nolint:gosec // a source file, which everyone may read
}
