package docstore_test

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore/oauthstore"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func TestErasures(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		ctx, db := t.Context(), open(t, newDriver(t))
		erasures, tenants := tenantstore.NewErasures(db), tenantstore.New(db)
		_, err := erasures.Get(ctx, "acme", "")
		wantCode(t, err, cpodkit.CodeNotFound)
		changed := time.Date(2026, 1, 2, 15, 4, 5, 6_000_000, time.UTC)
		all := map[string]tenantstore.Erasure{}
		for _, e := range []tenantstore.Erasure{
			{TenantID: "acme", ID: "1", Closed: true, ChangedAt: changed},
			{TenantID: "acme", UserID: "u/1", ID: "2", Done: true, ChangedAt: changed},
			{TenantID: "acme", UserID: "u2", ID: "4", TokensOnly: true, ChangedAt: changed},
			{TenantID: "acmex", ID: "3", Closed: true, Done: true, ChangedAt: changed},
		} {
			must(t, erasures.Put(ctx, tenantstore.Erasure{TenantID: e.TenantID, UserID: e.UserID, ID: "before"}))
			must(t, erasures.Put(ctx, e))
			got, err := erasures.Get(ctx, e.TenantID, e.UserID)
			must(t, err)
			if got != e {
				t.Errorf("Get returned %+v, want %+v", got, e)
			}
			all[e.ID] = e
		}
		found := map[string]tenantstore.Erasure{}
		for e, err := range erasures.All(ctx) {
			must(t, err)
			found[e.ID] = e
		}
		if !maps.Equal(found, all) {
			t.Errorf("All yields %+v", found)
		}
		must(t, erasures.Delete(ctx, "acme", "u/1"))
		_, err = erasures.Get(ctx, "acme", "u/1")
		wantCode(t, err, cpodkit.CodeNotFound)
		if err := erasures.Put(ctx, tenantstore.Erasure{TenantID: ".."}); err == nil {
			t.Error("an id that cannot be encoded is stored")
		}

		must(t, tenants.Create(ctx, tenantstore.Tenant{ID: "acme", CreatedAt: changed}))
		for range 2 {
			must(t, tenants.Delete(ctx, "acme"))
		}
		_, err = tenants.Get(ctx, "acme")
		wantCode(t, err, cpodkit.CodeNotFound)
	})
}

func TestServers(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		ctx, servers := t.Context(), tenantstore.NewServers(open(t, newDriver(t)))
		one := tenantstore.Server{ID: "a", StartedAt: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)}
		must(t, servers.Put(ctx, one))
		one.Seen = []string{"e1", "e2"}
		one.Applied = map[string]map[string]storage.Amount{"e1": {"kv": {Items: 3}}}
		must(t, servers.Put(ctx, one))
		must(t, servers.Put(ctx, tenantstore.Server{ID: "b"}))
		list, err := servers.List(ctx)
		must(t, err)
		if len(list) != 2 || !reflect.DeepEqual(list[0], one) {
			t.Errorf("List returned %+v", list)
		}
		for range 2 {
			must(t, servers.Delete(ctx, "a"))
		}
		if list, err = servers.List(ctx); err != nil || len(list) != 1 || list[0].ID != "b" {
			t.Errorf("List returned %+v, %v", list, err)
		}
	})
}

func TestKeysOfATenant(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		ctx, keys := t.Context(), oauthstore.NewAPIKeys(open(t, newDriver(t)))
		for _, key := range []authz.APIKey{
			{ID: "1", TenantID: "t1"}, {ID: "2", TenantID: "t1", AppID: "a", Instance: "I"}, {ID: "3", TenantID: "t1x"}, {ID: "4", TenantID: "T1"},
		} {
			must(t, keys.Create(ctx, authz.DigestOf(key.ID), key))
		}
		for _, want := range []int{2, 0} {
			n, err := keys.CountTenant(ctx, "t1")
			must(t, err)
			if n != want {
				t.Errorf("there are %d, want %d", n, want)
			}
			must(t, keys.DeleteTenant(ctx, "t1"))
		}
		left, err := keys.List(ctx, "", "", 10)
		must(t, err)
		if len(left) != 2 || left[0].ID != "3" || left[1].ID != "4" {
			t.Errorf("there are %+v left", left)
		}
	})
}
