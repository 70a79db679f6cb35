package testclients_test

import (
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/internal/testservice"
)

// newNotes starts a server, and examples/browser-app registered there. It returns what its
// scripts need.
func newNotes(t *testing.T) (*server, map[string]any) {
	t.Helper()
	chromium, s, address := testservice.Chromium(t), start(t, nil), freeAddress(t)
	_, port, _ := strings.Cut(address, ":")
	origin := "http://localhost:" + port
	// Scripts start when the page is there: the program says so.
	if _, err := s.run("browser-app", nil, "-listen", address, "-server", s.url).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	s.register(client.NewApp{
		ClientID: "app-notes", Name: "Notes", Type: client.BrowserApp, RedirectURIs: []string{origin + "/"}, AllowedOrigins: []string{origin},
		DeclaredScopes: []string{"storage.user.read", "storage.user.write"},
	})
	return s, map[string]any{
		"chromium": chromium, "server": s.url, "home": origin + "/", "invite": s.invite(userEmail), "email": userEmail, "password": userPassword,
	}
}

// The example, from the invitation of its user to a file of the user.
func TestBrowserApp(t *testing.T) {
	t.Parallel()
	s, config := newNotes(t)
	script(t, "browser-app.mjs", config, nil,
		"the invitation sets a password, and signs in", "the user denies", "the user allows, and comes back",
		"the app stores a file of the user", "the user signs out", "the user signs in with the password",
		"the app takes no answer that it has not asked for",
		"without scripts and by keyboard alone the user signs in and allows",
		"without scripts and by keyboard alone the user signs out")
	users := 0
	for user, err := range s.as(s.adminKey).Users.All(t.Context()) {
		s.must(err)
		users++
		token := s.command("token", "--app", "app-notes", "--user", user.ID, "--scope", "storage.user.read")
		if note := s.read(s.as(strings.TrimSpace(token)).Storage.Files.Tier(client.User), "note.txt"); note != "a note of Ann" {
			t.Errorf("the user's file holds %q", note)
		}
	}
	if users != 1 {
		t.Errorf("there are %d users", users)
	}
}

// axe-core finds no violation on any page.
func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	s, config := newNotes(t)
	config["pending"] = s.invite("bob@example.com")
	script(t, "axe.mjs", config, nil,
		"invitation with an error", "signed in", "signed out", "invitation", "invitation that was used", "sign-in", "sign-in for an app",
		"sign-in with an error", "consent", "consent to more", "unknown app", "the app, signed out", "the app, signed in")
}
