package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// welcome says where the server is and, on its first start, how to use it.
func welcome(w io.Writer, h *house, newKey string) error {
	warning := ""
	if h.isDevelopment {
		warning = "WARNING: " + notVerifiedWarning + "\n\n"
	}
	if newKey == "" {
		_, err := fmt.Fprintf(w, warning+"cpod-backend serves on %s, data in %s\n", h.publicURL, h.place)
		return err
	}
	replacer := strings.NewReplacer("URL", h.publicURL, "KEY", newKey, "DIR", h.place, "PROGRAM", program(os.Args[0]),
		"COMMANDS", commandsToTry(h.publicURL, newKey, "app-hello"))
	_, err := io.WriteString(w, warning+replacer.Replace(`cpod-backend serves on URL, data in DIR

This is the first start. The admin key of tenant "default", shown this once:

  KEY

COMMANDS
This key does not expire. To replace it, make one with a name and an end, look for the
id of the first key, and revoke that:

  PROGRAM admin-key --name "$USER" --expires 90d
  PROGRAM admin-key list
  PROGRAM admin-key revoke ID

"PROGRAM welcome" shows the commands again, and "PROGRAM help" all others.
`))
	return err
}

// program returns what a user types to run the program again, which "go run" has built
// into a folder of its own.
func program(arg0 string) string {
	if strings.Contains(filepath.ToSlash(arg0), "/go-build") {
		return "go run ./examples/cpod-backend"
	}
	return arg0
}

// commandsToTry are three commands that run as they stand in any POSIX shell. When one
// of them fails, it prints why, and those after it do nothing.
func commandsToTry(url, key, app string) string {
	return strings.NewReplacer("URL", url, "KEY", key, "APP", app).Replace(
		`Three commands to try in another shell. Register an app:

  SECRET=$(curl -sS URL/v1/oauth/apps -H "Authorization: Bearer KEY" -H "Content-Type: application/json" -d '{"client_id": "APP", "name": "Hello", "app_type": "service", "declared_scopes": ["auth.*", "policy.*", "secrets.*", "masking.*", "audit.*", "flags.*", "ratelimit.*", "jobs.*", "storage.private.*", "storage.user.*", "storage.shared.*"]}' | sed -n -e 's/.*"client_secret":"\([^"]*\)".*/\1/p' -e t -e 'w /dev/stderr')

Get a token for it:

  TOKEN=$(curl -sS URL/v1/oauth/token -u "APP:${SECRET:?the first command has failed}" -d grant_type=client_credentials | sed -n -e 's/.*"access_token":"\([^"]*\)".*/\1/p' -e t -e 'w /dev/stderr')

Store something and read it back:

  curl -sS --fail-with-body URL/v1/storage/files/hello.txt -H "Authorization: Bearer ${TOKEN:?the second command has failed}" -H "Content-Type: text/plain" -X PUT --data "hello, world" && curl -sS URL/v1/storage/files/hello.txt -H "Authorization: Bearer $TOKEN"
`)
}

// declareWelcome prints the commands to try with a key that the caller has, for an app
// whose name is not taken.
func declareWelcome(*flag.FlagSet) action {
	return onRecords(func(ctx context.Context, env environment, h *house, _ string) error {
		if err := h.findPublicURL(ctx); err != nil {
			return err
		}
		exists, err := h.tenantExists(ctx, defaultTenant)
		if err != nil {
			return err
		}
		tenant := ""
		if !exists {
			tenant = " --tenant NAME"
		}
		app := "app-hello-" + strings.ToLower(rand.Text()[:6])
		_, err = fmt.Fprintf(env.stdout, `Put an admin key into the variable ADMIN_KEY, such as a new one:

  ADMIN_KEY=$(%s admin-key%s --name "$USER" --expires 90d)

%s`, program(os.Args[0]), tenant, commandsToTry(h.publicURL, "${ADMIN_KEY:?there is no admin key in it}", app))
		return err
	})
}
