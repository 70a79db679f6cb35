package docstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/authzstore"
	"github.com/cpodkit/cpodkit/backends/docstore/flagstore"
	"github.com/cpodkit/cpodkit/backends/docstore/keyringstore"
	"github.com/cpodkit/cpodkit/backends/docstore/maskstore"
	"github.com/cpodkit/cpodkit/backends/docstore/oauthstore"
	"github.com/cpodkit/cpodkit/backends/docstore/secretstore"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/backends/docstore/userstore"
	"github.com/cpodkit/cpodkit/flags"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/documents"
)

type thing struct {
	Name  string `json:"name"`
	Size  int64  `json:"size"`
	Owner string `json:"owner,omitempty"`
}

func TestCollection(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		ctx := t.Context()
		things := docstore.NewCollection[thing](open(t, newDriver(t)), "tests", "things")
		_, err := things.Get(ctx, "a")
		wantCode(t, err, cpodkit.CodeNotFound)
		for i, key := range []string{"c", "a", "d", "b"} {
			must(t, things.Create(ctx, key, thing{Name: fmt.Sprintf("n%d", i), Size: int64(i), Owner: strings.Repeat("o", i%2)}))
		}
		wantCode(t, things.Create(ctx, "a", thing{}), cpodkit.CodeConflict)

		a, err := things.Get(ctx, "a")
		must(t, err)
		if a.Key != "a" || a.Value != (thing{Name: "n1", Size: 1, Owner: "o"}) {
			t.Errorf("Get returned %+v", a)
		}
		must(t, things.Replace(ctx, "a", thing{Name: "n9", Size: 1}, a.Version))
		wantCode(t, things.Replace(ctx, "a", thing{}, a.Version), cpodkit.CodePreconditionFailed)
		wantCode(t, things.Replace(ctx, "a", thing{}, ""), cpodkit.CodePreconditionFailed)
		wantCode(t, things.Replace(ctx, "z", thing{}, a.Version), cpodkit.CodePreconditionFailed)
		wantCode(t, things.DeleteVersion(ctx, "a", a.Version), cpodkit.CodePreconditionFailed)
		wantCode(t, things.DeleteVersion(ctx, "a", ""), cpodkit.CodePreconditionFailed)
		must(t, things.Put(ctx, "e", thing{Name: "n0", Size: 7}))

		for _, c := range []struct {
			query docstore.Query
			want  string
		}{
			{docstore.Query{Limit: 9}, "a b c d e"},
			{docstore.Query{After: "b", Limit: 2}, "c d"},
			{docstore.Query{Where: []docstore.Condition{docstore.Equal("size", int64(1))}, Limit: 9}, "a"},
			{docstore.Query{Where: []docstore.Condition{docstore.Equal("name", "n0")}, Limit: 9}, "c e"},
			{docstore.Query{Where: []docstore.Condition{docstore.AtLeast("size", 2), docstore.AtMost("size", 3)}, Limit: 9}, "b d"},
			{docstore.Query{Where: []docstore.Condition{docstore.Missing("owner")}, OrderBy: "name", Limit: 9}, "c e d a"},
			{docstore.Query{OrderBy: "name", After: "n2", Limit: 9}, "b a"},
		} {
			page, err := things.List(ctx, c.query)
			must(t, err)
			if got := keysOf(page); got != c.want {
				t.Errorf("%+v: %q, want %q", c.query, got, c.want)
			}
		}
		var all []docstore.Record[thing]
		for r, err := range things.All(ctx, docstore.AtLeast("size", 1)) {
			must(t, err)
			all = append(all, r)
		}
		if got := keysOf(all); got != "a b d e" {
			t.Errorf("All returned %q", got)
		}
		if err := things.DeleteAll(ctx); err == nil {
			t.Error("DeleteAll without a condition is accepted")
		}
		must(t, things.DeleteAll(ctx, docstore.AtLeast("size", 2)))
		must(t, things.Delete(ctx, "a"))
		must(t, things.Delete(ctx, "a"))
		page, err := things.List(ctx, docstore.Query{Limit: 9})
		must(t, err)
		if got := keysOf(page); got != "c" {
			t.Errorf("there are %q left", got)
		}
	})
}

// Several records are created, and deleted, at once. Those that are there stay as they are.
func TestCollectionWritesSeveral(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		ctx, driver := t.Context(), newDriver(t)
		words := docstore.NewCollection[string](open(t, driver), "tests", "words")
		must(t, words.Create(ctx, "b", "old"))
		taken, err := words.CreateAll(ctx, map[string]string{"a": "new", "b": "new", "c": "new"})
		must(t, err)
		if !slices.Equal(taken, []string{"b"}) {
			t.Errorf("taken are %q", taken)
		}
		if taken, err := words.CreateAll(ctx, nil); taken != nil || err != nil {
			t.Errorf("taken of none are %q, %v", taken, err)
		}
		for key, want := range map[string]string{"a": "new", "b": "old", "c": "new"} {
			if got, err := words.Get(ctx, key); err != nil || got.Value != want || got.Version == "" {
				t.Errorf("%s is %+v, %v", key, got, err)
			}
		}
		must(t, words.Delete(ctx))
		must(t, words.Delete(ctx, "a", "none", "c"))
		page, err := words.List(ctx, docstore.Query{Limit: 9})
		must(t, err)
		if got := keysOf(page); got != "b" {
			t.Errorf("there are %q left", got)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if taken, err := words.CreateAll(ended, map[string]string{"x": "new", "b": "new"}); err == nil || len(taken) > 1 {
			t.Errorf("without a context taken are %q, %v", taken, err)
		}
	})
}

func keysOf[R any](records []docstore.Record[R]) string {
	var keys []string
	for _, r := range records {
		keys = append(keys, r.Key)
	}
	return strings.Join(keys, " ")
}

// Records of more than one page come whole, and one that is broken is an error.
func TestCollectionReadsInPages(t *testing.T) {
	t.Parallel()
	driver := documents.NewMemory()
	numbers := docstore.NewCollection[int](open(t, driver), "tests", "numbers")
	const many = 1203
	for i := range many {
		must(t, numbers.Put(t.Context(), fmt.Sprintf("%05d", i), i))
	}
	count := 0
	for r, err := range numbers.All(t.Context()) {
		must(t, err)
		if r.Value != count {
			t.Fatalf("record %d is %+v", count, r)
		}
		count++
	}
	if count != many {
		t.Errorf("there are %d records", count)
	}
	words := docstore.NewCollection[string](open(t, driver), "tests", "numbers")
	if _, err := words.Get(t.Context(), "00000"); err == nil || !strings.Contains(err.Error(), `decode the record "00000"`) {
		t.Errorf("a record of another type: %v", err)
	}
	for range numbers.All(t.Context()) {
		break // and nothing more is read
	}
}

// The records of the commit before are read, and written as they were.
func TestRecordsKeepTheirForm(t *testing.T) {
	t.Parallel()
	const hash = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo="
	golden := []struct{ space, collection, key, value string }{
		{"oauth", "apps", "shop", `{"tenantId":"acme","name":"Shop","type":"service","declaredScopes":["a.read"],"redirectUris":null,"allowedOrigins":null,"secretSha256":"` + hash + `","createdAt":"2026-01-02T15:04:05Z","instance":"I1"}`},
		{"oauth", "apps", "narrowed", `{"tenantId":"acme","name":"Shop","type":"browser","declaredScopes":["a.read"],"redirectUris":["https://a.example"],"allowedOrigins":[],"createdAt":"2026-01-02T15:04:05Z","instance":"I2","tokenPrefix":"P2","deleting":true}`},
		{"authz", "api-keys", digestHex("secret"), `{"id":"key-1","name":"n","tenantId":"acme","appId":"shop","instance":"I1","scopes":["a.read"],"createdAt":"2026-01-02T15:04:05Z","expiresAt":"2036-01-02T15:04:05Z"}`},
		{"authz", "revocations", "4cbdb00ec0e4d94f1b9a9a5e3f0b2a07", `{"id":"x.y","expiresAt":4102444800000,"addedAt":1767366245000}`},
		{"tenants", "tenants", "acme", `{"createdAt":"2026-01-02T15:04:05Z"}`},
		{"claims", "claims", "first admin key", `{"claimedAt":"2026-01-02T15:04:05Z"}`},
		{"keyring", "rings", "ring", `{"sealed":"x"}`},
		{"flags", "flags", "acme/dark_mode", `{"definition":{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"},"version":"V1","updatedAt":1767366245000}`},
		{"flags", "flag-heads", "acme/", `{"flags":1,"bytes":64,"change":"C1","changedAt":1767366245000}`},
	}
	driver := documents.NewMemory()
	for _, g := range golden {
		in := documents.CollectionID{Space: storage.System(g.space).Root(), Name: g.collection}
		op := documents.Op{Record: documents.Record{Key: g.key, Value: []byte(g.value), Version: "v1", UpdatedAt: time.Now()}}
		if err := driver.Apply(t.Context(), in, []documents.Op{op})[0]; err != nil {
			t.Fatal(err)
		}
	}
	db, ctx, made := open(t, driver), t.Context(), time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	apps, keys, tenants := oauthstore.NewApps(db), oauthstore.NewAPIKeys(db), tenantstore.New(db)
	app, err := apps.Get(ctx, "shop")
	must(t, err)
	if app.TenantID != "acme" || app.SecretHash[0] != 0xaa || app.Instance != "I1" || !app.CreatedAt.Equal(made) {
		t.Errorf("the app is %+v", app)
	}
	narrowed, err := apps.Get(ctx, "narrowed")
	must(t, err)
	if app.TokenPrefix != "" || app.Deleting || narrowed.TokenPrefix != "P2" || !narrowed.Deleting {
		t.Errorf("the app is %+v, and the other one %+v", app, narrowed)
	}
	key, err := keys.Find(ctx, authz.DigestOf("secret"))
	must(t, err)
	if key.ID != "key-1" || key.Instance != "I1" || !key.ExpiresAt.Equal(made.AddDate(10, 0, 0)) {
		t.Errorf("the key is %+v", key)
	}
	revoked, err := authzstore.NewRevocations(db).List(ctx, made, time.Time{})
	must(t, err)
	if len(revoked) != 1 || revoked[0].ID != "x.y" {
		t.Errorf("the revocations are %v", revoked)
	}
	if mine, err := tenantstore.NewClaims(db).Claim(ctx, "first admin key", 1<<62); mine || err != nil {
		t.Errorf("an old claim does not count: %v", err)
	}
	ring, version, err := keyringstore.New(db).Load(ctx)
	must(t, err)
	if string(ring) != `{"sealed":"x"}` || version != "v1" {
		t.Errorf("the ring is %s", ring)
	}
	flagged := newFlagStore(t, db)
	loaded, err := flagged.Load(ctx, "acme")
	must(t, err)
	flag, err := flagged.GetFlag(ctx, "acme", "dark_mode")
	must(t, err)
	if len(loaded) != 1 || flag.Version != "V1" || !flag.UpdatedAt.Equal(made) {
		t.Errorf("the flag is %+v, and loaded are %v", flag, loaded)
	}

	// And back.
	must(t, apps.Update(ctx, app))
	must(t, apps.Update(ctx, narrowed))
	must(t, keys.Delete(ctx, "I1", "key-1"))
	must(t, keys.Create(ctx, authz.DigestOf("secret"), key))
	must(t, tenants.Create(ctx, tenantstore.Tenant{ID: "globex", CreatedAt: made}))
	for _, g := range append(golden[:3:3], struct{ space, collection, key, value string }{"tenants", "tenants", "globex", `{"createdAt":"2026-01-02T15:04:05Z"}`}) {
		r, err := driver.Get(ctx, documents.CollectionID{Space: storage.System(g.space).Root(), Name: g.collection}, g.key)
		must(t, err)
		if string(r.Value) != g.value {
			t.Errorf("%s is written as %s, want %s", g.collection, r.Value, g.value)
		}
	}
}

func newFlagStore(t *testing.T, db *docstore.DB) *flagstore.Store {
	t.Helper()
	store, err := flagstore.New(db)
	must(t, err)
	return store
}

// Sessions and users are stored in this form.
func TestUserRecords(t *testing.T) {
	t.Parallel()
	driver, at := documents.NewMemory(), time.UnixMilli(1767366245678).UTC()
	db := open(t, driver)
	must(t, oauthstore.NewSessions(db).Create(t.Context(), oauth.Session{
		Digest: oauth.SessionDigest{0xab}, ID: "S", TenantID: "acme", UserID: "user-1", Email: "a@b.c", Name: "Ann", Source: "corp",
		AuthTime: at, CreatedAt: at, EndsAt: at, ExpiresAt: at,
	}))
	must(t, userstore.New(db).Create(t.Context(), localusers.Account{
		ID: "user-1", TenantID: "a/b", Email: "a@b.c", Name: "Ann", Disabled: true, Password: "$x", ValidFrom: at,
		Link: localusers.LinkDigest{0xcd}, LinkEndsAt: at, CreatedAt: at,
	}))
	zeros := strings.Repeat("0", 62)
	for _, want := range []struct{ space, collection, key, value string }{
		{"oauth", "user-sessions", "ab" + zeros, `{"id":"S","tenantId":"acme","userId":"user-1","email":"a@b.c","name":"Ann","source":"corp","authTime":1767366245678,"createdAt":1767366245678,"endsAt":1767366245678,"expiresAt":1767366245678}`},
		{"users", "accounts", "a%2Fb/a@b.c", `{"id":"user-1","tenantId":"a/b","email":"a@b.c","name":"Ann","disabled":true,"password":"$x","validFrom":1767366245678,"link":"cd` + zeros + `","linkEndsAt":1767366245678,"createdAt":1767366245678}`},
	} {
		r, err := driver.Get(t.Context(), documents.CollectionID{Space: storage.System(want.space).Root(), Name: want.collection}, want.key)
		must(t, err)
		if string(r.Value) != want.value {
			t.Errorf("%s has %s, want %s", want.collection, r.Value, want.value)
		}
	}
}

// What a flag is stored as, except for what is new with every write.
func TestFlagRecords(t *testing.T) {
	t.Parallel()
	driver := documents.NewMemory()
	const flag = `{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}`
	put, err := newFlagStore(t, open(t, driver)).PutFlag(t.Context(), "acme", "dark_mode", []byte(flag), flags.Condition{})
	must(t, err)
	for collection, want := range map[string]string{
		"flags":      `{"definition":` + flag + `,"version":"` + put.Version + `","updatedAt":` + fmt.Sprint(put.UpdatedAt.UnixMilli()) + `}`,
		"flag-heads": `{"flags":1,"bytes":64,"change":"`,
	} {
		in := documents.CollectionID{Space: storage.System("flags").Root(), Name: collection}
		records, err := driver.Query(t.Context(), in, documents.DriverQuery{Limit: 9})
		must(t, err)
		if len(records) != 1 || !strings.HasPrefix(string(records[0].Value), want) {
			t.Errorf("%s has %s, want %s", collection, records[0].Value, want)
		}
	}
}

// The secrets of the commit before are read, and written in the same form. The golden keys
// were sealed by a master key of 32 times 5a.
func TestSecretRecords(t *testing.T) {
	t.Parallel()
	const (
		keys   = "EogBA86ssyQdwJcxa1oLPZsLmaMmKb77dJmbADOHGZBv5kq0qPjxhb3hO5YOTv+evaUHQbNXc297UR9h5pLFWb54U8v1gmdNgorEbhYg9SfubCMFDsmgRHLVdErWoSNPhYln36xm3v3igM0gv/mZbBekdqVTlkLPgLRsDbp/676HUaHn83CSfj0kEQ=="
		sealed = "AaW30szoDfDzz+cVSXBJW/V9+8FJKMhas4YaSvxnEkwRSm3JAwekMg=="
		first  = `{"version":1,"createdAt":1796054240836,"sealed":"` + sealed + `"}`
	)
	golden := map[string][2]string{ // key and value, by collection
		"keys":         {"acme", `{"sealer":"6e159a4077bb66a4","keys":"` + keys + `","newestAt":1796054240835,"renewedBy":2780287692}`},
		"secrets/acme": {"db/password", `{"createdAt":1796054240836,"versions":[` + first + `]}`},
		"grants/acme":  {"db/password", `{"owner":"shop","apps":["bot","shop"],"version":"G1","updatedAt":1796054240837}`},
		"bundles/acme": {"job", `{"apps":["bot"],"env":{"PGPASSWORD":"db/password"},"files":{"pw":"db/password"},"version":"B1","updatedAt":1796054240837}`},
		"secret-heads": {"acme/", `{"secrets":1,"grants":1,"bundles":1,"bytes":72,"change":"C1","changedAt":1796054240837}`},
	}
	in := func(name string) documents.CollectionID {
		return documents.CollectionID{Space: storage.System("secrets").Root(), Name: name}
	}
	driver, ctx := documents.NewMemory(), t.Context()
	for collection, g := range golden {
		op := documents.Op{Record: documents.Record{Key: g[0], Value: []byte(g[1]), Version: "v1"}}
		must(t, driver.Apply(ctx, in(collection), []documents.Op{op})[0])
	}
	master, err := keyring.ParseMaster(strings.Repeat("5a", 32))
	must(t, err)
	store, err := secretstore.New(open(t, driver), master)
	must(t, err)
	got, err := store.Get(ctx, "acme", "db/password", 0)
	if err != nil || got.Value.Reveal() != "hunter2" || got.Version != 1 || got.CreatedAt.UnixMilli() != 1796054240836 {
		t.Errorf("the secret is %+v, %v", got, err)
	}
	grant, err := store.GetGrant(ctx, "acme", "db/password")
	if err != nil || grant.Owner != "shop" || !slices.Equal(grant.Apps, []string{"bot", "shop"}) || grant.Version != "G1" {
		t.Errorf("the grant is %+v, %v", grant, err)
	}
	bundle, err := store.GetBundle(ctx, "acme", "job")
	if err != nil || bundle.Env["PGPASSWORD"] != "db/password" || bundle.Files["pw"] != "db/password" || bundle.Version != "B1" {
		t.Errorf("the bundle is %+v, %v", bundle, err)
	}

	// And back.
	_, err = store.Put(ctx, "acme", "db/password", secrets.NewValue("hunter3"), secrets.Condition{})
	must(t, err)
	grant.Version, err = store.PutGrant(ctx, "acme", grant, grant.Version)
	must(t, err)
	bundle.Version, err = store.PutBundle(ctx, "acme", bundle, bundle.Version)
	must(t, err)
	for collection, want := range map[string]string{
		"keys":         golden["keys"][1],
		"secrets/acme": `{"createdAt":1796054240836,"versions":[` + first + `,{"version":2,"createdAt":`,
		"grants/acme":  `{"owner":"shop","apps":["bot","shop"],"version":"` + grant.Version,
		"bundles/acme": `{"apps":["bot"],"env":{"PGPASSWORD":"db/password"},"files":{"pw":"db/password"},"version":"` + bundle.Version,
		"secret-heads": `{"secrets":1,"grants":1,"bundles":1,"bytes":112,"change":"`,
	} {
		r, err := driver.Get(ctx, in(collection), golden[collection][0])
		must(t, err)
		if !strings.HasPrefix(string(r.Value), want) {
			t.Errorf("%s is written as %s, want %s", collection, r.Value, want)
		}
	}
}

// The tokens of masking of the commit before are read, and written in the same form, and the
// tenant's key is the same. The golden keys were sealed by a master key of 32 times 5a.
func TestTokenRecords(t *testing.T) {
	t.Parallel()
	const (
		token   = "tok_aaaaaaaaaaaaaaaaaaaaaaaaaa"
		keys    = "EogBRhh9gBEsHZ1+7HvtM6AXBTlnGc0IhGdHdXPCImLQk4rkqgjjq92W52TQuyLAYf8vXyA5tUKqeeBXRLFzgkJ8KY9BTHOuAqHMipV1oFjrodAsRZVM0RsCYPtT6Hhs5XXH+DZBF5LedBEKgxPpJ+daoB1gmzOpCcS8Rg5RZNwc3quPIR2P/HvE8A=="
		hashKey = "AcO6r8ftTd+2DES+mARPo1MJt6H2xjMF6INRJaDYPSjyu6bmXmRNcI1uKImeTk7dT/AhM2OEF/wSxBgTwqCRR84="
		sealed  = "AcO6r8d16IYbjstJf0AFoKjzVs+CG2AQWjM1Kxw3htkXcznEPZ/2BX1KWSGV1A28iEU="
	)
	in := func(name string) documents.CollectionID {
		return documents.CollectionID{Space: storage.System("masking").Root(), Name: name}
	}
	driver, ctx := documents.NewMemory(), t.Context()
	for collection, g := range map[string][2]string{ // key and value
		"keys":        {"acme", `{"sealer":"6e159a4077bb66a4","keys":"` + keys + `","hashKey":"` + hashKey + `"}`},
		"tokens/acme": {token, `{"sealed":"` + sealed + `"}`},
		"token-heads": {"acme/", `{"tokens":1,"bytes":50,"change":"C1","changedAt":1796054240837}`},
	} {
		op := documents.Op{Record: documents.Record{Key: g[0], Value: []byte(g[1]), Version: "v1"}}
		must(t, driver.Apply(ctx, in(collection), []documents.Op{op})[0])
	}
	master, err := keyring.ParseMaster(strings.Repeat("5a", 32))
	must(t, err)
	store, err := maskstore.New(open(t, driver), master)
	must(t, err)
	values, err := store.Get(ctx, "acme", []string{token})
	if err != nil || values[token] != "alice@example.com" {
		t.Errorf("the values are %q, %v", values, err)
	}
	key, err := store.Key(ctx, "acme")
	if err != nil || fmt.Sprintf("%x", key) != "c6181c2d2c00a07ef93683204c2509f634ef0b803c7b6b44d6b908258a5da9f1" {
		t.Errorf("the key is %x, %v", key, err)
	}

	// And back.
	must(t, store.Put(ctx, "acme", map[string]string{token: "alice@example.com", "tok_b": "bob"}))
	for collection, want := range map[string][2]string{
		"tokens/acme": {token, `{"sealed":"` + sealed + `"}`},
		"token-heads": {"acme/", `{"tokens":2,"bytes":86,"change":"`},
	} {
		r, err := driver.Get(ctx, in(collection), want[0])
		must(t, err)
		if !strings.HasPrefix(string(r.Value), want[1]) {
			t.Errorf("%s is written as %s, want %s", collection, r.Value, want[1])
		}
	}
}

func digestHex(secret string) string {
	digest := authz.DigestOf(secret)
	return fmt.Sprintf("%x", digest[:])
}

// What the server keeps itself is measured as the capabilities are.
func TestRecordsAreMeasured(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	driver := &spy{Driver: documents.NewMemory()}
	things := docstore.NewCollection[thing](open(t, driver, docstore.WithTelemetry(nil, meters)), "tests", "things")
	must(t, things.Put(t.Context(), "a", thing{}))
	_, err := things.Get(t.Context(), "none")
	wantCode(t, err, cpodkit.CodeNotFound)
	_, err = things.List(t.Context(), docstore.Query{Limit: 1})
	must(t, err)
	var all metricdata.ResourceMetrics
	must(t, reader.Collect(t.Context(), &all))
	var got []string
	for _, m := range all.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				got = append(got, values(p.Attributes))
			}
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				got = append(got, values(p.Attributes))
			}
		}
	}
	slices.Sort(got)
	want := []string{"records apply", "records get", "records get not_found", "records query"}
	if !slices.Equal(got, want) {
		t.Errorf("measured are %q, want %q", got, want)
	}
}

// values are those of the attributes, in the order of their keys.
func values(set attribute.Set) string {
	var text []string
	for _, a := range set.ToSlice() {
		text = append(text, a.Value.AsString())
	}
	return strings.Join(text, " ")
}
