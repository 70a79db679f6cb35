package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
)

// signURL returns the path of a URL for the file x, made by the holder of a token.
func (c *caller) signURL(t *testing.T, who, method string) string {
	t.Helper()
	a := c.do(t, who, "POST /v1/storage/file-urls", fmt.Sprintf(`{"key":"x","expiresIn":604800,"method":%q}`, method))
	var signed struct{ URL string }
	if err := json.Unmarshal([]byte(a.body), &signed); err != nil || signed.URL == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return strings.TrimPrefix(signed.URL, c.base)
}

// signer is an app whose credentials sign URLs.
type signer struct {
	*client.Client // of the app itself

	id, keyID, token string
}

// Signed URLs end with the key or token that made them, and no others.
func TestSignedURLsEndWithTheirCredential(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	admin := srv.client(t, client.Config{APIKey: srv.adminKey}).Apps
	acme := srv.client(t, client.Config{APIKey: srv.mustCommand(t, "tenant", "create", "acme")}).Apps
	ctx := t.Context()
	remove := func(s signer) error { return admin.Delete(ctx, s.id) }
	registerWith := func(apps *client.Apps) func(signer) error {
		return func(s signer) error {
			if err := remove(s); err != nil {
				return err
			}
			if _, _, err := apps.Register(ctx, client.NewApp{ClientID: s.id, Name: s.id, DeclaredScopes: storageScopes}); err != nil {
				return err
			}
			_, _, err := apps.CreateKey(ctx, s.id, client.NewAPIKey{Name: "test", Scopes: storageScopes})
			return err
		}
	}
	for i, test := range []struct {
		name string
		end  func(signer) error
		ends string // whose URLs end: those to read, and in capitals those to write
	}{
		{"nothing happens", func(signer) error { return nil }, ""},
		{"the key is deleted", func(s signer) error { return admin.DeleteKey(ctx, s.id, s.keyID) }, "key, KEY"},
		{"the token is revoked", func(s signer) error { return s.Revoke(ctx, s.token) }, "token, TOKEN"},
		{"a scope is taken away", func(s signer) error {
			_, err := admin.Update(ctx, s.id, client.AppChange{DeclaredScopes: []string{"storage.private.write", "storage.shared.read"}})
			return err
		}, "key, other key, token, TOKEN"},
		{"the app is deleted", remove, "key, KEY, other key, OTHER KEY, token, TOKEN"},
		{"the client_id is registered anew", registerWith(admin), "key, KEY, other key, OTHER KEY, token, TOKEN"},
		{"another tenant registers the client_id", registerWith(acme), "key, KEY, other key, OTHER KEY, token, TOKEN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := signer{id: fmt.Sprintf("app-%d", i)}
			app, config := srv.register(t, s.id, storageScopes...)
			made, key, err := admin.CreateKey(ctx, s.id, client.NewAPIKey{Name: "test", Scopes: storageScopes})
			if err != nil {
				t.Fatal(err)
			}
			s.Client, s.keyID, s.token = app, made.ID, srv.token(t, config)
			c := newCaller(t, srv.url)
			c.tokens = map[string]string{"key": key, "other key": srv.createKey(t, s.id, storageScopes...), "token": s.token}
			urls := map[string]string{}
			for who := range c.tokens {
				urls[who], urls[strings.ToUpper(who)] = "GET "+c.signURL(t, who, "GET"), "PUT "+c.signURL(t, who, "PUT")
			}
			if a := c.do(t, "", urls["KEY"], "x"); a.status != http.StatusOK {
				t.Fatalf("write: %d %s", a.status, a.body)
			}
			if err := test.end(s); err != nil {
				t.Fatal(err)
			}
			for who, call := range urls {
				want := ""
				if slices.Contains(strings.Split(test.ends, ", "), who) {
					want = "forbidden"
				}
				if a := c.do(t, "", call, ""); a.code != want {
					t.Errorf("the URL of the %s: %d %q, want %q", who, a.status, a.code, want)
				}
			}
		})
	}
}

// Revoked tokens must stay revoked for as long as the URLs that they made work.
func TestRevocationsOutliveSignedURLs(t *testing.T) {
	t.Parallel()
	if oauth.RevocationLife <= files.MaxURLExpiry || oauth.RevocationLife <= oauth.MaxTokenTTL {
		t.Errorf("a revocation lasts for %v", oauth.RevocationLife)
	}
}

// A signed PUT that is under way when its key is deleted may finish; the next one is
// refused.
func TestASignedPutUnderWay(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	_, _ = srv.register(t, "app-a", storageScopes...)
	admin := srv.client(t, client.Config{APIKey: srv.adminKey}).Apps
	made, key, err := admin.CreateKey(t.Context(), "app-a", client.NewAPIKey{Name: "test", Scopes: storageScopes})
	if err != nil {
		t.Fatal(err)
	}
	c := newCaller(t, srv.url)
	c.tokens["key"] = key
	path := c.signURL(t, "key", "PUT")
	host := strings.TrimPrefix(srv.url, "http://")
	conn, err := (&net.Dialer{Timeout: watchdog}).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n", path, host)
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") {
		t.Fatalf("the server answers %q, %v, before the body", line, err)
	}
	_, _ = answers.ReadString('\n') // the empty line
	fmt.Fprint(conn, "bo")
	if err := admin.DeleteKey(t.Context(), "app-a", made.ID); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "dy")
	res, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		t.Errorf("the PUT under way is answered %d %s", res.StatusCode, body)
	}
	if a := c.do(t, "", "PUT "+path, "x"); a.code != "forbidden" {
		t.Errorf("the next PUT is answered %d %s", a.status, a.body)
	}
}

// fragile is a database that does not answer while it is down.
type fragile struct {
	documents.Driver

	down atomic.Bool
}

func (f *fragile) Get(ctx context.Context, in documents.CollectionID, key string) (documents.Record, error) {
	if f.down.Load() {
		return documents.Record{}, cpodkit.CodeUnavailable
	}
	return f.Driver.Get(ctx, in, key)
}

// What one replica ends, the other one refuses: what a key made, at once, and what a
// token made, as the token. A replica that cannot ask says so.
func TestSignedURLsOfReplicas(t *testing.T) {
	t.Parallel()
	database := &fragile{Driver: documents.NewMemory()}
	a, b := newReplicas(t, database)
	const app = `{"client_id":"app-a","name":"A","declared_scopes":["storage.private.write"],"app_type":"service"}`
	secret := decodeMember(t, a.call("POST", "/v1/oauth/apps", rotationAdmin, app), "client_secret")
	made := a.call("POST", "/v1/oauth/apps/app-a/keys", rotationAdmin, `{"name":"k","scopes":["storage.private.write"]}`)
	token := decodeMember(t, a.call("POST", "/v1/oauth/token", "", "grant_type=client_credentials&client_id=app-a&client_secret="+secret,
		"Content-Type", formType), "access_token")
	sign := func(credential string) string {
		w := a.call("POST", "/v1/storage/file-urls", credential, `{"key":"x","method":"PUT"}`)
		return strings.TrimPrefix(decodeMember(t, w, "url"), "http://localhost:8000")
	}
	byKey, byToken := sign(decodeMember(t, made, "key")), sign(token)
	want := func(what string, r *replica, url string, status int) {
		t.Helper()
		if w := r.call("PUT", url, "", "x"); w.Code != status {
			t.Errorf("%s: %d %s, want %d", what, w.Code, w.Body, status)
		}
	}
	for _, r := range []*replica{a, b} {
		want("by a key", r, byKey, http.StatusOK)
		want("by a token", r, byToken, http.StatusOK)
	}
	database.down.Store(true)
	want("by a key, without the database", b, byKey, http.StatusServiceUnavailable)
	database.down.Store(false)
	want("by a key, with it again", b, byKey, http.StatusOK)
	if w := a.call("DELETE", "/v1/oauth/apps/app-a/keys/"+decodeMember(t, made, "id"), rotationAdmin, ""); w.Code != http.StatusNoContent {
		t.Fatalf("delete the key: %d %s", w.Code, w.Body)
	}
	want("by a deleted key", b, byKey, http.StatusForbidden)
	want("by a token", b, byToken, http.StatusOK)
	if w := a.call("DELETE", "/v1/oauth/apps/app-a", rotationAdmin, ""); w.Code != http.StatusNoContent {
		t.Fatalf("delete the app: %d %s", w.Code, w.Body)
	}
	eventually(t, "the other replica refuses the URL of a token", func() bool {
		return b.call("PUT", byToken, "", "x").Code == http.StatusForbidden
	})
}
