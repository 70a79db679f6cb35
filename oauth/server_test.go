package oauth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/oauth"
)

func TestNewFailsEarly(t *testing.T) {
	t.Parallel()
	var good oauth.Config
	newFixture(t, func(c *oauth.Config) { good = *c })
	for name, change := range map[string]func(*oauth.Config){
		"no issuer":              func(c *oauth.Config) { c.Issuer = "" },
		"a relative issuer":      func(c *oauth.Config) { c.Issuer = "api.example.com" },
		"another scheme":         func(c *oauth.Config) { c.Issuer = "ftp://api.example.com" },
		"an issuer with a slash": func(c *oauth.Config) { c.Issuer = issuer + "/" },
		"an issuer with a path":  func(c *oauth.Config) { c.Issuer = issuer + "/auth" },
		"an issuer with a query": func(c *oauth.Config) { c.Issuer = issuer + "?x" },
		"an issuer with a user":  func(c *oauth.Config) { c.Issuer = "https://u@api.example.com" },
		"an issuer too long":     func(c *oauth.Config) { c.Issuer = "https://" + strings.Repeat("a", 600) },
		"an audience too long":   func(c *oauth.Config) { c.Audience = strings.Repeat("a", 600) },
		"no apps":                func(c *oauth.Config) { c.Apps = nil },
		"no signer":              func(c *oauth.Config) { c.Signer = nil },
		"no revocations":         func(c *oauth.Config) { c.Revocations = nil },
		"no verifier":            func(c *oauth.Config) { c.Verifier = nil },
		"a negative TTL":         func(c *oauth.Config) { c.TokenTTL = -time.Second },
		"half a second":          func(c *oauth.Config) { c.TokenTTL = 1500 * time.Millisecond },
		"a TTL over a day":       func(c *oauth.Config) { c.TokenTTL = 25 * time.Hour },
		"a short cursor secret":  func(c *oauth.Config) { c.CursorSecret = []byte("short") },
		"a negative limit":       func(c *oauth.Config) { c.Limits.PerApp = -1 },
		"a limit without end":    func(c *oauth.Config) { c.Limits.Failures = 1 << 40 },
		"no limiter":             func(c *oauth.Config) { c.Limiter = nil },
	} {
		config := good
		change(&config)
		if _, err := oauth.New(config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	good.Log = nil
	if _, err := oauth.New(good); err != nil {
		t.Error(err)
	}
}

// Replicas that share a secret continue each other's lists.
func TestCursorSecretIsShared(t *testing.T) {
	t.Parallel()
	apps := oauth.NewMemoryApps()
	share := func(c *oauth.Config) { c.Apps, c.CursorSecret = apps, []byte("0123456789abcdef") }
	one, two := newFixture(t, share), newFixture(t, share)
	one.register(adminT1, "app-1")
	one.register(adminT1, "app-2")
	page := listApps(two, adminT1, "?cursor="+listApps(one, adminT1, "?limit=1").NextCursor)
	if len(page.Items) != 1 || page.Items[0].ClientID != "app-2" {
		t.Errorf("the second page is %+v", page)
	}
}
