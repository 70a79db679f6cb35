package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// The limit of a tenant holds for files and documents together, over HTTP, and lasts.
func TestTenantBytes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const (
		file     = len("acme/apps/app-a/a") + storage.FileOverhead // beside its bytes
		fileOf   = len("acme/users/alice/apps/app-a/b") + storage.FileOverhead
		document = len("k") + storage.DocumentOverhead
		all      = 100000 + file + fileOf + document
	)
	limit := map[string]string{"CPOD_LIMIT_TENANT_BYTES": fmt.Sprint(all)}
	srv := start(t, dir, limit)
	srv.env = limit
	acme, beside := newTenant(t, srv, "acme", "app-a"), newTenant(t, srv, "acmex", "app-b")
	body := func(n int) string { return strings.Repeat("x", n) }
	put := func(who, target, body string, status int) {
		t.Helper()
		if a := acme.do(t, who, "PUT "+target, body); a.status != status || status == http.StatusInsufficientStorage && a.code != "quota_exceeded" {
			t.Errorf("PUT %s of %d bytes: %d %s, want %d", target, len(body), a.status, a.body, status)
		}
	}
	put("app", "/v1/storage/files/a", body(60000), 200)
	put("app", "/v1/storage/db/c/k", `"`+body(29998)+`"`, 200)
	put("app", "/v1/storage/files/b", body(10001+fileOf-file), 507)
	put("alice", "/v1/storage/db/c/k?tier=user", `"`+body(10000+fileOf-document-1)+`"`, 507)
	put("alice", "/v1/storage/files/b?tier=user", body(10000), 200)
	put("app", "/v1/storage/kv/k", `{"value":"`+body(20000)+`"}`, 204) // kv is not counted
	acme.signedPut = acme.sign(t, "PUT", "a")
	if status := acme.signed(t, "PUT", acme.signedPut); status != 200 { // smaller than what was there
		t.Errorf("a signed PUT: %d", status)
	}
	put("app", "/v1/storage/files/c", body(59999-file), 200)
	put("app", "/v1/storage/files/d", "", 507)
	put("app", "/v1/storage/files/a", body(2), 507)
	beside.fill(t)
	a := acme.do(t, "app", "POST /v1/storage/db/c/batch", `{"ops":[{"op":"delete","key":"k"},{"op":"set","key":"l","value":"`+body(2000)+`"}]}`)
	if a.status != 200 || !strings.Contains(a.body, `"succeeded":1`) || !strings.Contains(a.body, "quota_exceeded") {
		t.Errorf("a batch: %d %s", a.status, a.body)
	}
	put("app", "/v1/storage/db/c/k", `"`+body(29998)+`"`, 200)
	put("app", "/v1/storage/files/a", body(2), 507)

	srv.stop() // which writes down what was taken
	if said := srv.mustCommand(t, "tenant", "usage", "acme"); !strings.Contains(said, fmt.Sprintf("%d bytes  of %d", all, all)) {
		t.Errorf("the usage is %s", said)
	}
	h := existing(t, dir) // as if a crash had lost some
	if err := h.records.usage.Put(t.Context(), "acme", 50000); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := srv.commandWith(t, "a secret is not counted", "secret", "set", "--tenant", "acme", "k"); err != nil {
		t.Error(err)
	}
	if said := srv.mustCommand(t, "tenant", "usage", "--recount"); !strings.Contains(said, fmt.Sprintf("acme     %d bytes", all)) || !strings.Contains(said, "acmex    ") {
		t.Errorf("counted anew, the usage is\n%s", said)
	}
	if _, err := srv.command(t, "tenant", "usage", "none"); err == nil || !strings.Contains(err.Error(), "no tenant") {
		t.Errorf("of an unknown tenant: %v", err)
	}

	again := start(t, dir, limit)
	again.env, acme.base = limit, again.url
	put("app", "/v1/storage/files/d", body(1), 401) // another issuer's
	fresh := newTenant(t, again, "globex", "app-c")
	fresh.fill(t)
	acme.tokens["alice"] = again.mustCommand(t, "token", "--app", "app-a", "--user", "alice", "--scope", "storage.user.read storage.user.write")
	put("alice", "/v1/storage/files/x?tier=user", body(1), 507)
	again.mustCommand(t, "user", "erase", "--tenant", "acme", "--yes", "alice")
	eventually(t, "what was erased makes room", func() bool {
		return acme.do(t, "alice", "PUT /v1/storage/files/x?tier=user", body(10000)).status == 200
	})
	put("alice", "/v1/storage/files/x?tier=user", body(10001), 507)
	again.mustCommand(t, "tenant", "delete", "--yes", "acme")
	later := newTenant(t, again, "acme", "app-a")
	if a := later.do(t, "app", "PUT /v1/storage/files/a", body(all-file)); a.status != 200 {
		t.Errorf("a later tenant has less: %d %s", a.status, a.body)
	}
	if a := later.do(t, "app", "PUT /v1/storage/files/a", body(all-file+1)); a.status != 507 {
		t.Errorf("a later tenant has more: %d %s", a.status, a.body)
	}
	again.stop()

	start(t, dir, nil).stop() // without a limit nobody follows what is stored
	if said := srv.mustCommand(t, "tenant", "usage"); strings.Contains(said, "0 bytes") || strings.Count(said, "not counted yet") != 4 {
		t.Errorf("without a limit the usage is\n%s", said)
	}
}

// Three servers on one database stay within the limit, and what two of them may take
// before they have read what the third one has.
func TestTenantBytesOfReplicas(t *testing.T) {
	t.Parallel()
	const limit, size = 200_000, 1000
	database, master := documents.NewMemory(), keyring.NewMaster()
	var runs sync.WaitGroup
	defer runs.Wait()
	stored := make([]int, 3)
	houses := make([]*house, len(stored))
	for i := range houses {
		h := newHouse(base{}, quiet())
		h.documents, h.master, h.isShared = database, master, true
		if err := h.openRecords(t.Context()); err != nil {
			t.Fatal(err)
		}
		run, err := h.openQuota(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		h.background(t.Context(), run)
		houses[i] = h
	}
	for i, h := range houses {
		store, err := documents.New(database, documents.WithQuota(h.quota))
		if err != nil {
			t.Fatal(err)
		}
		h.counted = append(h.counted, namedData{"documents", store})
		runs.Go(func() {
			c := store.Trusted(storage.Owner{TenantID: "acme", AppID: "app-a"}).Collection("c")
			value := []byte(`"` + strings.Repeat("x", size-storage.DocumentOverhead-10) + `"`)
			for n := range 400 {
				_, err := c.Set(t.Context(), fmt.Sprintf("%d-%05d", i, n), value, nil)
				if err == nil {
					stored[i]++
				}
			}
		})
	}
	runs.Wait()
	total := int64(0)
	for i, h := range houses {
		n, err := h.countTenant(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		if total = n; stored[i] == 0 {
			t.Errorf("server %d has stored nothing", i)
		}
	}
	if total > 3*limit || total < limit-size {
		t.Errorf("%d bytes are stored; the limit is %d, and %d servers may each have taken so much at once", total, limit, len(houses))
	}
	eventually(t, "every server knows of all", func() bool {
		for i, h := range houses {
			store, err := documents.New(database, documents.WithQuota(h.quota))
			if err != nil {
				t.Fatal(err)
			}
			_, err = store.Trusted(storage.Owner{TenantID: "acme", AppID: "app-a"}).Collection("c").Set(t.Context(), fmt.Sprintf("more-%d", i), []byte(`"`+strings.Repeat("x", size)+`"`), nil)
			if err == nil {
				return false
			}
		}
		return true
	})
}
