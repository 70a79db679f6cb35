//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
	"github.com/cpodkit/cpodkit/storage/storagetest"
)

// Three servers on the same MongoDB (its stand-in), S3 and Redis are one, to
// whoever comes through the proxy: also while one is killed, and while Redis is
// gone.
func TestReplicas(t *testing.T) { //nolint:paralleltest // it measures
	in := newInstallation(t)
	t.Cleanup(in.keepsSecrets)
	in.step("the storage client", in.storageClient)
	in.step("what one made the others know", in.shared)
	in.step("isolation", func(t *testing.T) {
		attack(t, in.env["CPOD_PUBLIC_URL"], in.signer(t),
			[]string{in.mongo.Addr, in.redis.Addr, in.s3.Addr, "mongo", "redis", "minio"},
			storagetest.NamesOnly())
	})
	in.step("wrong secrets", in.wrongSecrets)
	in.step("clients that leave", in.leaving)
	in.step("signed URLs", in.signedURLs)
	in.step("revocation", in.revocation)
	in.step("flags", in.flags)
	in.step("secrets", in.secretsOfReplicas)
	in.step("policies", in.policies)
	in.step("masking", in.masking)
	in.step("the command mask", in.maskCommand)
	in.step("users", in.usersOfReplicas)
	in.step("foreign tokens", in.foreignTokens)
	in.step("a tenant is deleted", in.tenantDelete)
	in.step("without Redis", in.withoutRedis)
	in.step("kill", in.kill)
	in.step("signing keys", in.rotation)
}

// storageClient runs what one server on its disk passes.
func (in *installation) storageClient(t *testing.T) {
	srv := in.all()
	t.Run("seed", func(t *testing.T) {
		c, _ := srv.register(t, "app-seed", storageScopes...)
		filesSeed(t, c, "") // S3 signs
		documentsSeed(t, c)
		kvSeed(t, c)
	})
	t.Run("errors", func(t *testing.T) { errorTable(t, setupOn(t, srv, in.signer(t))) })
	signer := in.signer(t)
	for name, test := range map[string]func(*testing.T, *users){
		"user tier": userTier, "user tier cursors": userTierCursors, "user tier walks": userTierWalks, "user tier storm": userTierStorm,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, &users{newCaller(t, srv.url), srv, signer, "-" + strings.ReplaceAll(name, " ", "-"), 10})
		})
	}
	t.Run("user tier through the client", func(t *testing.T) { userTierThroughTheClient(t, srv) })
}

// tenantDelete deletes a tenant and erases a user while all servers run: none of them
// serves the tenant any more when the command returns, and nothing is left in any system.
func (in *installation) tenantDelete(t *testing.T) {
	srv := in.all()
	acme, beside := newTenant(t, srv, "acme", "app-acme"), newTenant(t, srv, "acmex", "app-acmex")
	acme.fill(t)
	beside.fill(t)
	wantSaid(t, srv.mustCommand(t, "user", "erase", "--tenant", "acme", "--yes", "alice"), "kv 1")
	acme.want(t, http.StatusNotFound, func(who string) bool { return who == "alice" })
	acme.want(t, http.StatusOK, func(who string) bool { return who != "alice" })
	wantSaid(t, srv.mustCommand(t, "tenant", "delete", "--yes", "acme"), "documents 3", "files 3 12377 bytes", "kv 3", "apps 1")
	for i, p := range in.replicas {
		for _, credential := range []string{acme.token, acme.key, acme.admin} {
			if _, status := in.accepts(p, credential); status != http.StatusUnauthorized {
				t.Errorf("server %d answers a credential of the tenant with %d", i, status)
			}
		}
	}
	beside.want(t, http.StatusOK, anyone)
	later := newTenant(t, srv, "acme", "app-acme")
	later.want(t, http.StatusNotFound, anyone)
	later.fill(t)
	later.want(t, http.StatusOK, anyone)
	for i, p := range in.replicas {
		if _, status := in.accepts(p, acme.token); status != http.StatusUnauthorized {
			t.Errorf("server %d takes an old token for the later tenant: %d", i, status)
		}
	}
}

// wrongSecrets tries more of them on all servers in turn than one address may.
func (in *installation) wrongSecrets(t *testing.T) {
	in.register(in.all(), "app-guessed")
	const allowed = 10
	tried := 0
	for range allowed + 1 {
		for _, p := range in.replicas {
			if status := guess(t, p.url); status == http.StatusUnauthorized {
				tried++
			} else if status != http.StatusTooManyRequests {
				t.Errorf("a wrong secret is answered %d", status)
			}
		}
	}
	// The bucket refills by one in six seconds.
	if tried < allowed || tried > allowed+3 {
		t.Errorf("three servers looked at %d wrong secrets; one may try %d", tried, allowed)
	}
}

func guess(t *testing.T, base string) (status int) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"app-guessed"}, "client_secret": {"cs_wrong"}}
	res, err := http.PostForm(base+"/v1/oauth/token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// leaving leaves requests to one server, past the proxy.
func (in *installation) leaving(t *testing.T) {
	srv := in.through(in.replicas[0].url)
	srv.log = in.replicas[0].log
	leaveEverywhere(t, srv)
}

// shared asks each server for what another one made.
func (in *installation) shared(t *testing.T) {
	at := func(i int) *instance { return in.through(in.replicas[i].url) }
	first := in.register(at(0), "app-shared")
	for i := range in.replicas {
		token := at(i).token(t, first)
		for j, p := range in.replicas {
			if accepted, status := in.accepts(p, token); !accepted {
				t.Errorf("server %d answers a token of server %d with %d", j, i, status)
			}
		}
	}
	key := at(0).createKey(t, "app-shared", "storage.private.read")
	for j, p := range in.replicas {
		if accepted, status := in.accepts(p, key); !accepted {
			t.Errorf("server %d answers an API key of server 0 with %d", j, status)
		}
	}

	// Each reads on where the other one began.
	a, b := at(0).client(t, first).Storage, at(1).client(t, first).Storage
	for i := range 5 {
		name := fmt.Sprintf("walk/%d", i)
		if _, err := a.Files.Write(t.Context(), name, strings.NewReader(name)); err != nil {
			t.Fatal(err)
		}
		if _, err := a.DB.Collection("walk").Set(t.Context(), fmt.Sprint(i), i); err != nil {
			t.Fatal(err)
		}
	}
	files, err := a.Files.List(t.Context(), "walk/", client.Limit(2))
	if err != nil {
		t.Fatal(err)
	}
	if rest, err := b.Files.List(t.Context(), "walk/", client.Cursor(files.NextCursor)); err != nil || len(rest.Items) != 3 {
		t.Errorf("files by the cursor of another server: %+v, %v", rest, err)
	}
	docs, err := a.DB.Collection("walk").Query(t.Context(), client.Query{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	if rest, err := b.DB.Collection("walk").Query(t.Context(), client.Query{Cursor: docs.NextCursor}); err != nil || len(rest.Items) != 3 {
		t.Errorf("documents by the cursor of another server: %+v, %v", rest, err)
	}
	signed, err := a.Files.URL(t.Context(), "walk/3", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := get(t, signed.URL); status != http.StatusOK || body != "walk/3" {
		t.Errorf("the signed URL answers %d %q", status, body)
	}
}

// signedURLs makes a URL, which each server refuses at once when another one has
// deleted the key that made it.
func (in *installation) signedURLs(t *testing.T) {
	in.register(in.all(), "app-signing")
	admin := in.through(in.replicas[1].url).client(t, client.Config{APIKey: in.adminKey}).Apps
	made, key, err := admin.CreateKey(t.Context(), "app-signing", client.NewAPIKey{
		Name: "test", Scopes: []string{"storage.private.read", "storage.private.write"},
	})
	if err != nil {
		t.Fatal(err)
	}
	store := in.through(in.replicas[0].url).client(t, client.Config{APIKey: key}).Storage.Files
	if _, err := store.Write(t.Context(), "x", strings.NewReader("content")); err != nil {
		t.Fatal(err)
	}
	signed, err := store.URL(t.Context(), "x", 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(signed.URL, in.env["CPOD_PUBLIC_URL"])
	answers := func(want int) {
		t.Helper()
		for i, p := range in.replicas {
			if status, body := get(t, p.url+path); status != want {
				t.Errorf("server %d answers the signed URL with %d %s, want %d", i, status, body, want)
			}
		}
	}
	answers(http.StatusOK)
	if err := admin.DeleteKey(t.Context(), "app-signing", made.ID); err != nil {
		t.Fatal(err)
	}
	answers(http.StatusForbidden)
}

// revocation measures how long the others accept what one has revoked.
func (in *installation) revocation(t *testing.T) {
	app := in.register(in.through(in.replicas[0].url), "app-revoked-often")
	var took []time.Duration
	for range 9 {
		took = append(took, in.revoke(t, app, 0))
	}
	slices.Sort(took)
	t.Logf("a revoked token is refused everywhere after %v (median of %d; slowest %v)", took[len(took)/2], len(took), took[len(took)-1])
	if took[len(took)/2] >= time.Second {
		t.Errorf("the others refuse it only after %v", took[len(took)/2])
	}

	// An app that is deleted takes its tokens along.
	token := in.through(in.replicas[1].url).token(t, app)
	if err := in.through(in.replicas[2].url).client(t, client.Config{APIKey: in.adminKey}).Apps.Delete(t.Context(), app.ClientID); err != nil {
		t.Fatal(err)
	}
	in.refusedByAll(t, token)
}

// revoke gets a token, revokes it at one server, and returns how long it took
// until all refused it.
func (in *installation) revoke(t *testing.T, app client.Config, at int) time.Duration {
	t.Helper()
	token := in.through(in.replicas[(at+1)%replicaCount].url).token(t, app)
	for i, p := range in.replicas {
		if accepted, status := in.accepts(p, token); !accepted {
			t.Fatalf("server %d answers a new token with %d", i, status)
		}
	}
	if err := in.through(in.replicas[at].url).client(t, app).Revoke(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	return in.refusedByAll(t, token)
}

func (in *installation) refusedByAll(t *testing.T, token string) time.Duration {
	t.Helper()
	began := time.Now()
	for i, p := range in.replicas {
		eventually(t, fmt.Sprintf("server %d refuses a revoked token", i), func() bool {
			_, status := in.accepts(p, token)
			return status == http.StatusUnauthorized
		})
	}
	return time.Since(began)
}

// withoutRedis ends Redis: what needs it says so, the rest goes on, and what is
// revoked is refused.
func (in *installation) withoutRedis(t *testing.T) {
	app := in.register(in.all(), "app-cut-off")
	token := in.all().token(t, app)
	in.redis.Kill()
	took := in.revoke(t, app, 0)
	t.Logf("without Redis a revoked token is refused everywhere after %v", took)
	for i, p := range in.replicas {
		eventually(t, fmt.Sprintf("server %d names what is down", i), func() bool {
			status, backends, _ := p.state(t)
			return status == http.StatusServiceUnavailable && backends["kv"] == stateUnavailable && backends["cluster"] == stateUnavailable &&
				backends["files"] == stateOK && backends["documents"] == stateOK
		})
	}
	c := newCaller(t, in.env["CPOD_PUBLIC_URL"])
	c.tokens["app"] = token
	for range 2 * replicaCount {
		if a := c.do(t, "app", "PUT /v1/storage/kv/k", `{"value":"v"}`); a.code != "unavailable" || a.header.Get("Retry-After") == "" {
			t.Errorf("kv without Redis: %d %s", a.status, a.body)
		}
		if a := c.do(t, "app", "PUT /v1/storage/db/c/k", `1`); a.status != http.StatusOK {
			t.Errorf("documents without Redis: %d %s", a.status, a.body)
		}
		if a := c.do(t, "app", "PUT /v1/storage/files/k", `1`); a.status != http.StatusOK {
			t.Errorf("files without Redis: %d %s", a.status, a.body)
		}
	}
	in.redis.Start()
	for i, p := range in.replicas {
		eventually(t, fmt.Sprintf("server %d is whole again", i), func() bool {
			_, _, overall := p.state(t)
			return overall == stateOK
		})
	}
	eventually(t, "kv is back", func() bool {
		return c.do(t, "app", "PUT /v1/storage/kv/k", `{"value":"v"}`).status == http.StatusNoContent
	})
	in.revoke(t, app, 1)
}

// kill ends one server in the middle of writes. Every write that was answered is
// there.
func (in *installation) kill(t *testing.T) {
	const writers, before, after = 6, 120, 120
	app := in.register(in.all(), "app-writer")
	token := in.all().token(t, app)
	var answered [writers][]string
	var count, refused atomic.Int64
	halfway := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	defer cancel()
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for n := 0; count.Load() < before+after && ctx.Err() == nil; n++ {
				call, body := write(w, n)
				status, err := send(ctx, in.env["CPOD_PUBLIC_URL"], token, call, body)
				if err != nil || status >= 300 {
					refused.Add(1)
					continue
				}
				answered[w] = append(answered[w], call)
				if count.Add(1) == before {
					close(halfway)
				}
			}
		})
	}
	<-halfway
	in.replicas[2].kill()
	work.Wait()
	if count.Load() < before+after {
		t.Fatalf("only %d writes were answered", count.Load())
	}
	in.replicas[2] = in.start()
	if in.replicas[2] == nil || in.replicas[2].adminKey != "" {
		t.Fatal("the server does not come back, or makes another admin key")
	}
	in.proxy.set(2, in.replicas[2].url)
	c := newCaller(t, in.env["CPOD_PUBLIC_URL"])
	c.tokens["app"] = token
	for w := range answered {
		for _, call := range answered[w] {
			a := c.do(t, "app", strings.Replace(call, "PUT ", "GET ", 1), "")
			if _, value, _ := strings.Cut(call, "/k-"); a.status != http.StatusOK || !strings.Contains(a.body, "value of "+value) {
				t.Errorf("%s was answered and is now %d %.100s", call, a.status, a.body)
			}
		}
	}
	t.Logf("%d writes answered, %d not, none of the former lost", count.Load(), refused.Load())
}

// write is the n-th write of a writer, to each primitive in turn.
func write(w, n int) (call, body string) {
	value := fmt.Sprintf("%d-%d", w, n)
	switch n % 3 {
	case 0:
		return "PUT /v1/storage/files/k-" + value, "value of " + value
	case 1:
		return "PUT /v1/storage/db/kill/k-" + value, `"value of ` + value + `"`
	default:
		return "PUT /v1/storage/kv/k-" + value, `{"value":"value of ` + value + `"}`
	}
}

// send sends a call once.
func send(ctx context.Context, base, token, call, body string) (status int, err error) {
	method, path, _ := strings.Cut(call, " ")
	r, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// rotation makes a new signing key with a command. What it signs in a quarter of
// an hour is for TestSigningKeysRotateUnderLoad; here nothing ends.
func (in *installation) rotation(t *testing.T) {
	app := in.register(in.all(), "app-rotated")
	token := in.all().token(t, app)
	printed := in.all().mustCommand(t, "rotate-key")
	if !strings.Contains(printed, "signs tokens from") {
		t.Errorf("printed %q", printed)
	}
	for _, p := range in.replicas {
		eventually(t, "each server is told of the new key", func() bool {
			_, body := get(t, p.url+"/.well-known/jwks.json")
			return strings.Count(body, `"kid"`) == 2
		})
	}
	in.replicas[1].kill()
	in.replicas[1] = in.start()
	if in.replicas[1] == nil {
		t.Fatal("the server does not come back")
	}
	in.proxy.set(1, in.replicas[1].url)
	if _, body := get(t, in.replicas[1].url+"/.well-known/jwks.json"); strings.Count(body, `"kid"`) != 2 {
		t.Errorf("a new server publishes %s", body)
	}
	for i, p := range in.replicas {
		for _, one := range []string{token, in.through(p.url).token(t, app)} {
			for j, q := range in.replicas {
				if accepted, status := in.accepts(q, one); !accepted {
					t.Errorf("server %d answers a token with %d, rotated, by %d", j, status, i)
				}
			}
		}
	}
}
