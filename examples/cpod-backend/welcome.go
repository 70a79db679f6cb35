package main

import (
	"fmt"
	"io"
	"strings"
)

// welcome says where the server is and, on its first start, how to use it. The
// three commands run as they stand in any POSIX shell.
func welcome(w io.Writer, h *house, newKey string) error {
	if newKey == "" {
		_, err := fmt.Fprintf(w, "cpod-backend serves on %s, data in %s\n", h.publicURL, h.place)
		return err
	}
	text := strings.NewReplacer("URL", h.publicURL, "KEY", newKey, "DIR", h.place).Replace(
		`cpod-backend serves on URL, data in DIR

This is the first start. The admin key of tenant "default", shown this once:

  KEY

Three commands to try in another shell. Register an app:

  SECRET=$(curl -sS URL/v1/oauth/apps -H "Authorization: Bearer KEY" -H "Content-Type: application/json" -d '{"client_id": "app-hello", "name": "Hello", "app_type": "service", "declared_scopes": ["storage.private.read", "storage.private.write", "storage.shared.read", "storage.shared.write"]}' | sed 's/.*"client_secret":"\([^"]*\)".*/\1/')

Get a token for it:

  TOKEN=$(curl -sS URL/v1/oauth/token -u "app-hello:$SECRET" -d grant_type=client_credentials | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

Store something and read it back:

  curl -sS URL/v1/storage/files/hello.txt -H "Authorization: Bearer $TOKEN" -H "Content-Type: text/plain" -X PUT --data "hello, world" && curl -sS URL/v1/storage/files/hello.txt -H "Authorization: Bearer $TOKEN"
`)
	_, err := io.WriteString(w, text)
	return err
}
