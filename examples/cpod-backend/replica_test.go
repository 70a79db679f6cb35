package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// eventually waits for what a goroutine or another process brings about.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	limit := time.NewTimer(watchdog)
	defer limit.Stop()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for !done() {
		select {
		case <-poll.C:
		case <-limit.C:
			t.Fatalf("not within %v: %s", watchdog, what)
		}
	}
}

const formType = "application/x-www-form-urlencoded"

// What one replica is told, the other one keeps to: what it makes, at once, and
// what it ends.
func TestWhatOneReplicaIsToldAllKeepTo(t *testing.T) {
	t.Parallel()
	a, b := newReplicas(t, documents.NewMemory())
	admin := rotationAdmin
	register := func(id string) (secret string) {
		body := `{"client_id":"` + id + `","name":"A","declared_scopes":["storage.private.read"],"app_type":"service"}`
		return decodeMember(t, a.call("POST", "/v1/oauth/apps", admin, body), "client_secret")
	}
	credentials := func(id, secret string) string { return "client_id=" + id + "&client_secret=" + secret }
	newToken := func(r *replica, id, secret string) (status int, token string) {
		w := r.call("POST", "/v1/oauth/token", "", "grant_type=client_credentials&"+credentials(id, secret), "Content-Type", formType)
		return w.Code, decodeMember(t, w, "access_token")
	}
	secret := register("app-a")
	_, token := newToken(a, "app-a", secret)
	_, other := newToken(b, "app-a", secret)
	key := decodeMember(t, a.call("POST", "/v1/oauth/apps/app-a/keys", admin, `{"name":"k","scopes":["storage.private.read"]}`), "key")
	for _, r := range []*replica{a, b} {
		for _, credential := range []string{token, other, key} {
			if !r.accepts(credential) {
				t.Fatal("a replica refuses what another one made")
			}
		}
	}

	if w := a.call("POST", "/v1/oauth/revoke", "", "token="+token+"&"+credentials("app-a", secret), "Content-Type", formType); w.Code != http.StatusOK {
		t.Fatalf("revoke: %d %s", w.Code, w.Body)
	}
	eventually(t, "the other replica refuses a revoked token", func() bool { return !b.accepts(token) })
	if !b.accepts(other) {
		t.Error("another token of the app is refused too")
	}

	id := strings.Split(a.call("GET", "/v1/oauth/apps/app-a/keys", admin, "").Body.String(), `"`)[5]
	if w := a.call("DELETE", "/v1/oauth/apps/app-a/keys/"+id, admin, ""); w.Code != http.StatusNoContent {
		t.Fatalf("delete the key %s: %d %s", id, w.Code, w.Body)
	}
	if b.accepts(key) {
		t.Error("a deleted key is accepted")
	}

	fresh := decodeMember(t, a.call("POST", "/v1/oauth/apps/app-a/rotate-secret", admin, ""), "client_secret")
	if status, _ := newToken(b, "app-a", secret); status != http.StatusUnauthorized {
		t.Errorf("the old secret: %d", status)
	}
	if status, _ := newToken(b, "app-a", fresh); status != http.StatusOK {
		t.Errorf("the new secret: %d", status)
	}

	a.call("DELETE", "/v1/oauth/apps/app-a", admin, "")
	eventually(t, "the other replica refuses the tokens of a deleted app", func() bool { return !b.accepts(other) })
	if status, _ := newToken(b, "app-a", fresh); status != http.StatusUnauthorized {
		t.Errorf("a deleted app gets a token: %d", status)
	}
}

// Servers on one database that have no channel look every revocation up.
func TestReplicasWithoutAChannel(t *testing.T) {
	t.Parallel()
	database, master := documents.NewMemory(), keyring.NewMaster()
	revocations := func() *authz.Revocations {
		h := newHouse(base{}, quiet())
		h.documents, h.master, h.isShared = database, master, true
		if err := h.openRecords(t.Context()); err != nil {
			t.Fatal(err)
		}
		return h.revocations
	}
	a, b := revocations(), revocations()
	if err := a.Revoke(t.Context(), authz.Revocation{ID: "x.y", ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if revoked, err := b.Revoked(t.Context(), "x.y"); !revoked || err != nil {
		t.Errorf("revoked is %t, %v", revoked, err)
	}
}

// A new signing key is published by all replicas at once, and not only when each of
// them looks for it, a minute later.
func TestReplicasAreToldOfASigningKey(t *testing.T) {
	t.Parallel()
	a, b := newReplicas(t, documents.NewMemory())
	rotator, err := newRotator(a.house)
	if err != nil {
		t.Fatal(err)
	}
	next, err := rotator.Rotate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*replica{a, b} {
		eventually(t, "the new key is published", func() bool { return slices.Contains(r.publishes(), next.ID) })
	}
}

func TestReplicasThatStartAtOnceMakeOneAdminKey(t *testing.T) {
	t.Parallel()
	database, master := documents.NewMemory(), keyring.NewMaster()
	var mu sync.Mutex
	var made []string
	var starts sync.WaitGroup
	for range 8 {
		starts.Go(func() {
			h := newHouse(base{}, quiet())
			h.documents, h.master, h.isShared = database, master, true
			if err := h.openRecords(t.Context()); err != nil {
				t.Error(err)
				return
			}
			key, err := firstAdminKey(t.Context(), h)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if key != "" {
				made = append(made, key)
			}
		})
	}
	starts.Wait()
	if len(made) != 1 {
		t.Errorf("%d admin keys were printed", len(made))
	}
}

// A replica that may lack a key that others sign with says so, and refuses no
// token for it.
func TestAKeyThatMayBeNew(t *testing.T) {
	t.Parallel()
	r := newReplica(t, documents.NewMemory(), keyring.NewMaster())
	rotator, err := newRotator(r.house)
	if err != nil {
		t.Fatal(err)
	}
	keys := ringKeys{r.house.signer, rotator}
	if _, err := keys.Key(t.Context(), "unknown"); err == nil || errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("before the ring was looked at: %v", err)
	}
	if _, err := keys.Key(t.Context(), r.house.ring.SigningKeys()[0].ID); err != nil {
		t.Errorf("a known key: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { rotator.Follow(ctx, r.house.ring, func([]keyring.SigningKey) error { return nil }) })
	eventually(t, "the rotator looks at the ring", rotator.Current)
	if _, err := keys.Key(t.Context(), "unknown"); !errors.Is(err, cpodkit.CodeNotFound) {
		t.Errorf("once the ring was looked at: %v", err)
	}
	stop()
	following.Wait()
}
