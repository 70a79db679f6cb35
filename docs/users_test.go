package docs_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/webtest"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/ratelimit"
)

// The JavaScript of the page is that of the example, which a test runs in a browser.
func TestUsersScript(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("users.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("../examples/browser-app/app.js")
	if err != nil {
		t.Fatal(err)
	}
	_, snippet, found := strings.Cut(string(page), "```js\n")
	snippet, _, _ = strings.Cut(snippet, "```")
	if !found || !strings.Contains(string(program), snippet) {
		t.Errorf("app.js does not contain\n%s", snippet)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	const publicURL, secret = "https://api.example.com", "s3cr3t"
	accounts, store, apps, key := localusers.NewMemory(), oauth.NewMemorySessions(), oauth.NewMemoryApps(), make([]byte, 32)
	limiter, err := ratelimit.New(ratelimit.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	must(t, func() error {
		users, err := localusers.New(accounts, publicURL)
		if err != nil {
			return err
		}
		corp, err := oauth.NewUpstream(oauth.UpstreamConfig{
			Name: "corp", Label: "Example Corp", Issuer: "https://id.example.com", ClientID: "cpod", ClientSecret: secret, Tenant: "acme",
		})
		if err != nil {
			return err
		}
		sessions, err := oauth.NewSessions(oauth.SessionsConfig{
			PublicURL: publicURL, Store: store, Secret: key, Apps: apps, Limiter: limiter,
			Local: users, Upstreams: []*oauth.Upstream{corp},
		})
		if err != nil {
			return err
		}
		routes := append(sessions.Routes(), users.Routes()...)
		webtest.Call(t, webtest.Handler(routes), http.MethodGet, "/login", "", "").WantStatus(t, http.StatusOK)
		return nil
	})
}
