package testclients_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

// A user signs in at an OpenID provider that nobody here wrote.
func TestUpstreamProvider(t *testing.T) {
	t.Parallel()
	ctx, address := bounded(t), freeAddress(t)
	_, port, _ := strings.Cut(address, ":")
	provider := testservice.OIDC(t, "http://localhost:"+port+"/login/callback")
	file := filepath.Join(t.TempDir(), "providers.json")
	list, err := json.Marshal([]map[string]any{{
		"name": "corp", "label": "Example Corp", "issuer": "http://" + provider.Addr, "clientId": "cpod", "clientSecret": "secret",
		"domains": map[string]string{"example.com": "default"},
	}})
	if err == nil {
		err = os.WriteFile(file, list, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	h := house{server: start(t, map[string]string{"CPOD_LISTEN": address, "CPOD_USERS": "oidc:" + file}), browser: app{ID: "app-browser"}}
	h.register(client.NewApp{ClientID: h.browser.ID, Name: "Browser", Type: client.BrowserApp, RedirectURIs: []string{redirectURI},
		DeclaredScopes: []string{"storage.user.read", "storage.user.write"}})
	config := h.oauth2(h.browser, oauth2.AuthStyleInParams)

	h.person = newPerson(t, map[string]string{"username": "ann", "password": "verysecure"})
	claims := h.verified(ctx, h.signIn(ctx, config))
	if claims["userId"] != "corp-ann" || claims["tenantId"] != "default" {
		t.Errorf("the claims are %v", claims)
	}
	h.person.visit(h.url+"/login", h.url+"/logout")

	// The provider has not verified the address that decides on the tenant.
	h.person = newPerson(t, map[string]string{"username": "bob", "password": "verysecure"})
	page := h.person.visit(config.AuthCodeURL("state 1", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())), "")
	if !strings.Contains(page, "belongs to no organisation") {
		t.Errorf("bob sees\n%s", page)
	}
}
