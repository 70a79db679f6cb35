package docstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/backends/docstore/oauthstore"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// Grants and families are read, and written as they were.
func TestGrantRecords(t *testing.T) {
	t.Parallel()
	hash := func(c string) string { return strings.Repeat(c, 42) + "o=" }
	golden := map[string][2]string{ // key and value, by collection
		"user-grants": {"acme/ann%2F1/photos", `{"id":"G1","tenantId":"acme","userId":"ann/1","clientId":"photos","instance":"I1","scopes":["storage.user.read"],` +
			`"generation":2,"createdAt":1767366245000,"updatedAt":1767366246000}`},
		"token-families": {"f00d", `{"tenantId":"acme","userId":"ann/1","clientId":"photos","instance":"I1","grantId":"G1","scopes":["storage.user.read"],` +
			`"generation":2,"authTime":1767366240000,"sessionId":"S1","codeSha256":"` + hash("q") + `","redirectUri":"https://photos.example/back","challenge":"C",` +
			`"redeemed":true,"refreshSha256":"` + hash("A") + `","previousSha256":"` + hash("E") + `","rotatedAt":1767366247000,` +
			`"tokens":[{"id":"p.1","expiresAt":1767369845000}],"createdAt":1767366245000,"expiresAt":1769958245000}`},
		"apps": {"photos", `{"tenantId":"acme","name":"Photos","type":"web","declaredScopes":["storage.user.read"],"redirectUris":null,"allowedOrigins":null,` +
			`"createdAt":"2026-01-02T15:04:05Z","instance":"I1","generation":2,"declaredIn":{"storage.user.read":2},"jwks":"{\"keys\":[]}"}`},
	}
	in := func(collection string) documents.CollectionID {
		return documents.CollectionID{Space: storage.System("oauth").Root(), Name: collection}
	}
	driver, ctx := documents.NewMemory(), t.Context()
	for collection, g := range golden {
		op := documents.Op{Record: documents.Record{Key: g[0], Value: []byte(g[1]), Version: "v1", UpdatedAt: time.Now()}}
		must(t, driver.Apply(ctx, in(collection), []documents.Op{op})[0])
	}
	db := open(t, driver)
	store, apps := oauthstore.NewGrants(db), oauthstore.NewApps(db)
	grant, err := store.Grant(ctx, "acme", "ann/1", "photos")
	must(t, err)
	family, err := store.Family(ctx, "f00d")
	must(t, err)
	app, err := apps.Get(ctx, "photos")
	must(t, err)
	if grant.ID != "G1" || grant.Generation != 2 || grant.UpdatedAt.UnixMilli() != 1767366246000 || len(family.Tokens) != 1 || family.Code[0] != 0xaa ||
		family.Previous[0] != 0x10 || app.DeclaredIn["storage.user.read"] != 2 || string(app.JWKS) != `{"keys":[]}` {
		t.Errorf("the records are %+v, %+v, %+v", grant, family, app)
	}
	if n, err := store.Count(ctx, oauth.GrantFilter{TenantID: "acme"}); n != 1 || err != nil {
		t.Errorf("%d grants are counted, %v", n, err)
	}

	// And back.
	must(t, store.PutGrant(ctx, grant))
	must(t, store.UpdateFamily(ctx, family))
	must(t, apps.Update(ctx, app))
	for collection, g := range golden {
		r, err := driver.Get(ctx, in(collection), g[0])
		must(t, err)
		if string(r.Value) != g[1] {
			t.Errorf("%s is written as %s, want %s", collection, r.Value, g[1])
		}
	}
}
