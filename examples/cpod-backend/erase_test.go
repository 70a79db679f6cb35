package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// tenantOf makes a tenant with an app, its key and a token, and stores in every tier.
type tenantOf struct {
	*caller
	admin, token, key, signedGet, signedPut string
}

var everyScope = append(storageScopes, "storage.user.read", "storage.user.write")

func newTenant(t *testing.T, srv *instance, name, app string) *tenantOf {
	t.Helper()
	x := &tenantOf{caller: newCaller(t, srv.url)}
	if name == defaultTenant {
		x.admin = srv.adminKey
	} else {
		x.admin = srv.mustCommand(t, "tenant", "create", name)
	}
	admin := srv.client(t, client.Config{APIKey: x.admin})
	_, secret, err := admin.Apps.Register(t.Context(), client.NewApp{ClientID: app, Name: app, Type: client.ServiceApp, DeclaredScopes: everyScope})
	if err != nil {
		t.Fatal(err)
	}
	if _, x.key, err = admin.Apps.CreateKey(t.Context(), app, client.NewAPIKey{Name: "k", Scopes: storageScopes}); err != nil {
		t.Fatal(err)
	}
	x.token = srv.token(t, client.Config{ClientID: app, ClientSecret: secret})
	x.tokens["app"], x.tokens["key"], x.tokens["admin"] = x.token, x.key, x.admin
	x.tokens["alice"] = srv.mustCommand(t, "token", "--app", app, "--user", "alice", "--scope", "storage.user.read storage.user.write")
	x.tokens["bob"] = srv.mustCommand(t, "token", "--app", app, "--user", "alice2", "--scope", "storage.user.read storage.user.write")
	return x
}

// places are what stored writes, and there reads.
var places = []struct{ who, target, body string }{
	{"app", "/v1/storage/files/a/b", "content"},
	{"app", "/v1/storage/files/c?tier=shared", "content"},
	{"app", "/v1/storage/db/things/d", `{"n":1}`},
	{"app", "/v1/storage/db/others/d?tier=shared", `{"n":1}`},
	{"app", "/v1/storage/kv/k", `{"value":"v"}`},
	{"app", "/v1/storage/kv/k?tier=shared", `{"value":"v"}`},
	{"alice", "/v1/storage/files/u?tier=user", "content"},
	{"alice", "/v1/storage/db/things/u?tier=user", `{"n":1}`},
	{"alice", "/v1/storage/kv/u?tier=user", `{"value":"v"}`},
	{"bob", "/v1/storage/files/u?tier=user", "content"},
	{"bob", "/v1/storage/db/things/u?tier=user", `{"n":1}`},
	{"bob", "/v1/storage/kv/u?tier=user", `{"value":"v"}`},
}

func (x *tenantOf) fill(t *testing.T) {
	t.Helper()
	for _, p := range places {
		if a := x.do(t, p.who, "PUT "+p.target, p.body); a.status >= 300 {
			t.Fatalf("PUT %s: %d %s", p.target, a.status, a.body)
		}
	}
	x.signedGet, x.signedPut = x.sign(t, "GET", "a/b"), x.sign(t, "PUT", "a/b")
}

func (x *tenantOf) sign(t *testing.T, method, key string) string {
	t.Helper()
	a := x.do(t, "app", "POST /v1/storage/file-urls", `{"key":"`+key+`","method":"`+method+`"}`)
	_, url, _ := strings.Cut(a.body, `"url":"`)
	url, _, _ = strings.Cut(url, `"`)
	if a.status != http.StatusOK || url == "" {
		t.Fatalf("sign: %d %s", a.status, a.body)
	}
	return url
}

// want fails unless what who stored answers with the status.
func (x *tenantOf) want(t *testing.T, status int, whose func(who string) bool) {
	t.Helper()
	for _, p := range places {
		if !whose(p.who) {
			continue
		}
		if a := x.do(t, p.who, "GET "+p.target, ""); a.status != status {
			t.Errorf("%s: GET %s: %d %s, want %d", p.who, p.target, a.status, a.body, status)
		}
	}
}

func anyone(string) bool { return true }

// wantSaid fails unless a command has said all that is wanted, whatever the space between
// words.
func wantSaid(t *testing.T, said string, wanted ...string) {
	t.Helper()
	words := strings.Join(strings.Fields(said), " ")
	for _, want := range wanted {
		if !strings.Contains(words, want) {
			t.Errorf("it says\n%s\nwant %q", said, want)
		}
	}
}

// signed calls a signed URL.
func (x *tenantOf) signed(t *testing.T, method, url string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// A tenant is deleted beside a running server: nothing serves it any more, nothing of it
// is left, and a later tenant of the same name finds nothing.
func TestTenantDelete(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := start(t, dir, nil)
	acme, beside := newTenant(t, srv, "acme", "app-a"), newTenant(t, srv, "acmex", "app-b")
	acme.fill(t)
	beside.fill(t)

	said, err := srv.command(t, "tenant", "delete", "acme")
	if err == nil || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("without --yes: %v", err)
	}
	wantSaid(t, said, "documents 4 ", "files 4 16503 bytes", "kv ", "apps 1", "API keys and admin keys 2")
	acme.want(t, http.StatusOK, anyone)
	for _, unknown := range []string{"acm", "acmexx", "Acme"} {
		if _, err := srv.command(t, "tenant", "delete", "--yes", unknown); err == nil || !strings.Contains(err.Error(), "no tenant") {
			t.Errorf("delete %s: %v", unknown, err)
		}
	}

	said = srv.mustCommand(t, "tenant", "delete", "acme", "--yes")
	wantSaid(t, said, "documents 4", "files 4 16503 bytes", "kv 4", "apps 1", "API keys and admin keys 2")
	acme.want(t, http.StatusUnauthorized, anyone)
	for _, who := range []string{"app", "alice", "key", "admin"} {
		if a := acme.do(t, who, "GET /v1/storage/files", ""); a.status != http.StatusUnauthorized {
			t.Errorf("the credential of the %s: %d %s", who, a.status, a.body)
		}
	}
	for method, url := range map[string]string{"GET": acme.signedGet, "PUT": acme.signedPut} {
		if status := acme.signed(t, method, url); status != http.StatusForbidden {
			t.Errorf("a signed URL for %s: %d", method, status)
		}
	}
	nothingOf(t, dir, "acme")
	beside.want(t, http.StatusOK, anyone)
	if listed := srv.mustCommand(t, "tenant", "list"); strings.Contains(listed, "acme ") {
		t.Errorf("the tenants are\n%s", listed)
	}
	if _, err := srv.command(t, "tenant", "delete", "--yes", "acme"); err == nil {
		t.Error("it can be deleted again")
	}

	later := newTenant(t, srv, "acme", "app-a")
	later.want(t, http.StatusNotFound, anyone)
	later.fill(t)
	later.want(t, http.StatusOK, anyone)
	for _, who := range []string{"app", "alice", "admin"} {
		if a := acme.do(t, who, "GET /v1/storage/files", ""); a.status != http.StatusUnauthorized {
			t.Errorf("the old credential of the %s, for the later tenant: %d %s", who, a.status, a.body)
		}
	}
	if status := acme.signed(t, "GET", acme.signedGet); status != http.StatusForbidden {
		t.Errorf("an old signed URL, for the later tenant: %d", status)
	}

	srv.stop()
	again := start(t, dir, nil)
	later.base, beside.base = again.url, again.url
	if _, err := again.command(t, "tenant", "delete", "acme"); err == nil {
		t.Error("without --yes: no error")
	}
}

// nothingOf fails when a data directory holds anything of a tenant.
func nothingOf(t *testing.T, dir, tenant string) {
	t.Helper()
	h := existing(t, dir)
	defer h.Close()
	finder, ok := h.documents.(documents.CollectionFinder)
	if !ok {
		t.Fatal("the database finds no collections")
	}
	if found, err := finder.Collections(t.Context(), tenant+"/", documents.CollectionID{}, 10); err != nil || len(found) > 0 {
		t.Errorf("collections are left: %q, %v", found, err)
	}
	if apps, err := h.records.apps.List(t.Context(), tenant, "", 10); err != nil || len(apps) > 0 {
		t.Errorf("apps are left: %v, %v", apps, err)
	}
	if n, err := h.records.apiKeys.CountTenant(t.Context(), tenant); err != nil || n > 0 {
		t.Errorf("%d keys are left, %v", n, err)
	}
	if _, err := h.records.tenants.Get(t.Context(), tenant); err == nil {
		t.Error("the tenant is left")
	}
	folder := filepath.Join(dir, "files", "objects", tenant)
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left: %v", folder, err)
	}
}

// An upload that is under way when its tenant is deleted stores nothing, and the command
// does not wait for it.
func TestUploadDuringADeletion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := start(t, dir, nil)
	acme := newTenant(t, srv, "acme", "app-a")
	acme.fill(t)
	type outcome struct {
		status int
		err    error
	}
	uploads := map[string]chan outcome{}
	bodies := map[string]*io.PipeWriter{}
	for name, url := range map[string]string{"token": srv.url + "/v1/storage/files/slow", "signed": acme.signedPut} {
		out, in := io.Pipe()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, out)
		if err != nil {
			t.Fatal(err)
		}
		if name == "token" {
			r.Header.Set("Authorization", "Bearer "+acme.token)
		}
		done := make(chan outcome, 1)
		go func() {
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				done <- outcome{0, err}
				return
			}
			defer res.Body.Close()
			done <- outcome{res.StatusCode, nil}
		}()
		if _, err := in.Write([]byte(strings.Repeat("x", 100<<10))); err != nil {
			t.Fatal(err)
		}
		uploads[name], bodies[name] = done, in
	}
	eventually(t, "both uploads have begun", func() bool {
		writing, err := os.ReadDir(filepath.Join(dir, "files", "tmp"))
		return err == nil && len(writing) == 2
	})
	srv.mustCommand(t, "tenant", "delete", "--yes", "acme")
	for name, in := range bodies {
		_ = in.Close()
		if got := <-uploads[name]; got.status != http.StatusForbidden {
			t.Errorf("the upload by %s ends with %+v", name, got)
		}
	}
	nothingOf(t, dir, "acme")
	later := newTenant(t, srv, "acme", "app-a")
	if a := later.do(t, "app", "GET /v1/storage/files", ""); a.status != http.StatusOK || strings.Contains(a.body, "key") {
		t.Errorf("the later tenant lists %d %s", a.status, a.body)
	}
}

// A user's data goes in all apps, and nobody else's.
func TestUserErase(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	one := newTenant(t, srv, defaultTenant, "app-a")
	other, elsewhere := newTenant(t, srv, defaultTenant, "app-b"), newTenant(t, srv, "acme", "app-c")
	for _, x := range []*tenantOf{one, other, elsewhere} {
		x.fill(t)
	}
	said, err := srv.command(t, "user", "erase", "alice")
	if err == nil || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("without --yes: %v", err)
	}
	wantSaid(t, said, "documents 2 1040 bytes")
	for args, want := range map[string]string{"--tenant none alice": "no tenant", "--tenant default ..": "usage"} {
		_, err := srv.command(t, append([]string{"user", "erase", "--yes"}, strings.Fields(args)...)...)
		if err == nil || !errors.Is(err, errUsage) && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	if said := srv.mustCommand(t, "user", "erase", "--yes", "nobody"); !strings.Contains(said, "no data") {
		t.Errorf("a user without data: %s", said)
	}
	one.want(t, http.StatusOK, anyone)

	said = srv.mustCommand(t, "user", "erase", "--yes", "alice")
	wantSaid(t, said, "documents 2 1040 bytes", "files 2 8270 bytes", "kv 2")
	alices := func(who string) bool { return who == "alice" }
	others := func(who string) bool { return who != "alice" }
	for _, x := range []*tenantOf{one, other} {
		x.want(t, http.StatusNotFound, alices)
		x.want(t, http.StatusOK, others)
	}
	elsewhere.want(t, http.StatusOK, anyone)
	one.fill(t) // her token is as good as before
	one.want(t, http.StatusOK, anyone)
	if said := srv.mustCommand(t, "user", "erase", "--tenant", "acme", "alice", "--yes"); !strings.Contains(said, "erased") {
		t.Errorf("in another tenant: %s", said)
	}
	elsewhere.want(t, http.StatusNotFound, alices)
	one.want(t, http.StatusOK, anyone)
}

// The tenant default comes back by tenant create alone, and not with the next start.
func TestDeleteTheDefaultTenant(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := start(t, dir, nil)
	first := newTenant(t, srv, defaultTenant, "app-a")
	first.fill(t)
	srv.mustCommand(t, "tenant", "delete", "--yes", defaultTenant)
	if a := first.do(t, "admin", "GET /v1/oauth/apps", ""); a.status != http.StatusUnauthorized {
		t.Errorf("the admin key: %d %s", a.status, a.body)
	}
	nothingOf(t, dir, defaultTenant)
	srv.stop()
	again := start(t, dir, map[string]string{"CPOD_ADMIN_TOKEN": "cpod_" + strings.Repeat("ab", 20)})
	if again.adminKey != "" {
		t.Error("the next start makes an admin key")
	}
	nothingOf(t, dir, defaultTenant)
	first.base, first.tokens["env"] = again.url, "cpod_"+strings.Repeat("ab", 20)
	for _, who := range []string{"admin", "env"} {
		if a := first.do(t, who, "GET /v1/oauth/apps", ""); a.status != http.StatusUnauthorized {
			t.Errorf("the key %s after a restart: %d %s", who, a.status, a.body)
		}
	}
	again.adminKey = again.mustCommand(t, "tenant", "create", defaultTenant)
	later := newTenant(t, again, defaultTenant, "app-a")
	later.want(t, http.StatusNotFound, anyone)
	later.fill(t)
}

// A server that was killed is in nobody's way, and one that starts during a deletion
// keeps to it.
func TestServersThatEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := start(t, dir, nil)
	newTenant(t, srv, "acme", "app-a").fill(t)
	h := existing(t, dir)
	defer h.Close()
	servers, err := h.records.servers.List(t.Context())
	if err != nil || len(servers) != 1 {
		t.Fatalf("there are %d servers, %v", len(servers), err)
	}
	srv.stop()
	if left, err := h.records.servers.List(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("a server that has stopped is still listed: %v, %v", left, err)
	}
	dead := servers[0]
	dead.ID = "killed"
	if err := h.records.servers.Put(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
	srv.mustCommand(t, "tenant", "delete", "--yes", "acme")
	nothingOf(t, dir, "acme")
	if left, err := h.records.servers.List(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("a server that was killed is still listed: %v, %v", left, err)
	}
}

// A server that a command took for ended puts itself back, so that the next command waits
// for it.
func TestAServerPutsItselfBack(t *testing.T) {
	t.Parallel()
	srv := start(t, t.TempDir(), nil)
	h := existing(t, srv.dir)
	defer h.Close()
	servers, err := h.records.servers.List(t.Context())
	if err != nil || len(servers) != 1 {
		t.Fatalf("%d servers, %v", len(servers), err)
	}
	if err := h.records.servers.Delete(t.Context(), servers[0].ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server is back", func() bool {
		there, err := h.records.servers.Has(t.Context(), servers[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		return there
	})
}

// failingOnce is data whose first erasure fails.
type failingOnce struct{ tried bool }

func (*failingOnce) Measure(context.Context, storage.Realm) (storage.Amount, error) {
	return storage.Amount{}, nil
}

func (d *failingOnce) Erase(context.Context, storage.Realm) (storage.Amount, error) {
	if !d.tried {
		d.tried = true
		return storage.Amount{}, errBroken
	}
	return storage.Amount{Items: 1}, nil
}

// A server that has failed to apply an erasure, and then has applied it, is busy no more.
func TestAnErasureThatIsAppliedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(base{}, quiet())
	defer h.Close()
	h.documents, h.master = documents.NewMemory(), keyring.NewMaster()
	if err := h.openRecords(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.inMemory = []namedData{{"kv", new(failingOnce)}}
	f := &erasureFollower{house: h, server: tenantstore.Server{ID: "a"}, applied: map[place]string{}}
	if err := h.records.erasures.Put(t.Context(), tenantstore.Erasure{TenantID: "acme", ID: "e1", Closed: true}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []error{errBroken, nil} {
		if err := f.refresh(t.Context()); !errors.Is(err, want) {
			t.Errorf("refresh: %v, want %v", err, want)
		}
	}
	servers, err := h.records.servers.List(t.Context())
	if err != nil || len(servers) != 1 || len(servers[0].Seen) != 1 || servers[0].Applied["e1"]["kv"].Items != 1 {
		t.Errorf("the servers are %+v, %v", servers, err)
	}
}
