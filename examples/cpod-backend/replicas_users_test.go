//go:build unix

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/client"
)

// usersOfReplicas leads a user over all servers in turn, page by page. What one server ends
// has ended on all of them: sessions and refresh tokens at once, access tokens within a
// second.
func (in *installation) usersOfReplicas(t *testing.T) {
	srv := in.all()
	newBrowserApp(t, srv, srv.adminKey, "app-users")
	path := invited(t, srv, "ann@replicas.example")
	p := newPerson(t, srv, "app-users")
	p.submit(p.send(http.MethodGet, path, nil), "password", userPassword)
	tokens := p.redeem(p.submit(p.authorize(), "decision", "allow"))
	second := newPerson(t, srv, "app-users")
	other := second.redeem(second.submit(second.submit(second.authorize(), "email", "ann@replicas.example", "password", userPassword), "decision", "allow"))
	for range 2 * replicaCount {
		refreshed, status := p.grant("grant_type", "refresh_token", "refresh_token", tokens.RefreshToken)
		if status != http.StatusOK {
			t.Fatalf("the refresh is answered %d", status)
		}
		tokens = refreshed
		if status := p.callStatus(tokens.AccessToken); status != http.StatusNotFound { // nothing is stored there
			t.Fatalf("the access token is answered %d", status)
		}
		if page := p.send(http.MethodGet, "/login", nil); !strings.Contains(page.body, "Sign out") {
			t.Fatalf("a server does not know the session: %d", page.status)
		}
	}
	page, err := in.through(in.replicas[0].url).client(t, client.Config{APIKey: srv.adminKey}).Users.List(t.Context())
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("the users are %+v, %v", page.Items, err)
	}
	yes := true
	if _, err := in.through(in.replicas[0].url).client(t, client.Config{APIKey: srv.adminKey}).
		Users.Update(t.Context(), page.Items[0].ID, client.UserChange{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	for i := range in.replicas {
		if page := p.send(http.MethodGet, "/login", nil); strings.Contains(page.body, "Sign out") {
			t.Error("a session goes on")
		}
		if _, status := p.grant("grant_type", "refresh_token", "refresh_token", other.RefreshToken); status != http.StatusBadRequest {
			t.Errorf("a refresh token is answered %d", status)
		}
		direct := newPerson(t, in.through(in.replicas[i].url), "app-users")
		for _, token := range []string{tokens.AccessToken, other.AccessToken} {
			eventually(t, fmt.Sprintf("server %d refuses the access token", i), func() bool {
				return direct.callStatus(token) == http.StatusUnauthorized
			})
		}
	}
}
