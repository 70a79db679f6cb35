package docstore_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/authz/authztest"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/authzstore"
	"github.com/cpodkit/cpodkit/backends/docstore/keyringstore"
	"github.com/cpodkit/cpodkit/backends/docstore/oauthstore"
	"github.com/cpodkit/cpodkit/backends/docstore/tenantstore"
	"github.com/cpodkit/cpodkit/backends/docstore/userstore"
	"github.com/cpodkit/cpodkit/backends/sqlite/sqlitedocuments"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/oauth/localusers/localuserstest"
	"github.com/cpodkit/cpodkit/oauth/oauthtest"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// onEveryDriver runs a test on each document driver that needs no server.
func onEveryDriver(t *testing.T, test func(t *testing.T, newDriver func(t *testing.T) documents.Driver)) {
	t.Helper()
	for name, newDriver := range map[string]func(t *testing.T) documents.Driver{
		"memory": func(*testing.T) documents.Driver { return documents.NewMemory() },
		"sqlite": func(t *testing.T) documents.Driver {
			driver, err := sqlitedocuments.Open(t.Context(), filepath.Join(t.TempDir(), "documents.db"))
			must(t, err)
			t.Cleanup(func() { must(t, driver.Close()) })
			return driver
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newDriver)
		})
	}
}

func open(t *testing.T, driver documents.Driver, opts ...docstore.Option) *docstore.DB {
	t.Helper()
	db, err := docstore.New(driver, opts...)
	must(t, err)
	return db
}

func TestApps(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		oauthtest.RunApps(t, func(t *testing.T) oauth.AppStore { return oauthstore.NewApps(open(t, newDriver(t))) })
	})
}

func TestGrants(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		oauthtest.RunGrants(t, func(t *testing.T) oauth.GrantStore { return oauthstore.NewGrants(open(t, newDriver(t))) })
	})
}

func TestSessions(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		oauthtest.RunSessions(t, func(t *testing.T) oauth.SessionStore { return oauthstore.NewSessions(open(t, newDriver(t))) })
	})
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		localuserstest.Run(t, func(t *testing.T) localusers.Store { return userstore.New(open(t, newDriver(t))) })
	})
}

func TestRevocations(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		authztest.RunRevocations(t, func(t *testing.T) authz.RevocationStore { return authzstore.NewRevocations(open(t, newDriver(t))) })
	})
}

// A revocation that is renewed while others are pruned stays.
func TestPruneLeavesWhatIsRenewed(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		driver := newDriver(t)
		now := time.Now().Truncate(time.Millisecond).UTC()
		others := authzstore.NewRevocations(open(t, driver))
		for _, id := range []string{"old", "renewed"} {
			must(t, others.Add(t.Context(), authz.Revocation{ID: id, ExpiresAt: now.Add(-time.Hour)}))
		}
		renewed := authz.Revocation{ID: "renewed", ExpiresAt: now.Add(time.Hour)}
		slow := &slowWriter{driver, func() { must(t, others.Add(t.Context(), renewed)) }}
		must(t, authzstore.NewRevocations(open(t, slow)).Prune(t.Context(), now))
		left, err := others.List(t.Context(), now.Add(-2*time.Hour), time.Time{})
		must(t, err)
		if len(left) != 1 || left[0] != renewed {
			t.Errorf("there are %v left", left)
		}
	})
}

// slowWriter lets others write before it.
type slowWriter struct {
	documents.Driver
	before func()
}

func (s *slowWriter) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	s.before()
	return s.Driver.Apply(ctx, in, ops)
}

// What a driver takes as "unconditionally" must not come to it by accident.
func TestAppsWithoutAVersionAreNotWritten(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		apps := oauthstore.NewApps(open(t, newDriver(t)))
		must(t, apps.Create(t.Context(), oauth.App{ClientID: "a", TenantID: "t1", Name: "A"}))
		unversioned := oauth.App{ClientID: "a", TenantID: "t2"}
		wantCode(t, apps.Update(t.Context(), unversioned), cpodkit.CodePreconditionFailed)
		wantCode(t, apps.Delete(t.Context(), unversioned), cpodkit.CodePreconditionFailed)
		got, err := apps.Get(t.Context(), "a")
		must(t, err)
		if got.TenantID != "t1" {
			t.Errorf("the app is now %+v", got)
		}
	})
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		oauthtest.RunKeys(t, func(t *testing.T) oauth.KeyStore { return oauthstore.NewAPIKeys(open(t, newDriver(t))) })
	})
}

func TestAPIKeysAreVerified(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		keys := oauthstore.NewAPIKeys(open(t, newDriver(t)))
		verifier, err := authz.NewAPIKeys(keys)
		must(t, err)
		secret := authz.NewAPIKey()
		must(t, keys.Create(t.Context(), authz.DigestOf(secret), authz.APIKey{
			ID: "k1", TenantID: "t1", AppID: "a1", Scopes: cpodkit.Scopes{"admin"},
		}))
		id, err := verifier.Verify(t.Context(), secret)
		must(t, err)
		if id.TenantID != "t1" || id.TokenID != "k1" || !id.Scopes.Covers("admin") {
			t.Errorf("the identity is %+v", id)
		}
		must(t, keys.Delete(t.Context(), "", "k1"))
		_, err = verifier.Verify(t.Context(), secret)
		wantCode(t, err, cpodkit.CodeInvalidToken)
	})
}

func TestTenants(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		tenants := tenantstore.New(open(t, newDriver(t)))
		made := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
		_, err := tenants.Get(t.Context(), "acme")
		wantCode(t, err, cpodkit.CodeNotFound)
		for _, id := range []string{"globex", "acme", "initech"} {
			must(t, tenants.Create(t.Context(), tenantstore.Tenant{ID: id, CreatedAt: made}))
		}
		wantCode(t, tenants.Create(t.Context(), tenantstore.Tenant{ID: "acme"}), cpodkit.CodeConflict)
		got, err := tenants.Get(t.Context(), "acme")
		must(t, err)
		if got.ID != "acme" || !got.CreatedAt.Equal(made) {
			t.Errorf("Get returned %+v", got)
		}
		var ids []string
		for tenant, err := range tenants.All(t.Context()) {
			must(t, err)
			ids = append(ids, tenant.ID)
		}
		if strings.Join(ids, " ") != "acme globex initech" {
			t.Errorf("All returned %v", ids)
		}
	})
}

func TestClaims(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		claims := tenantstore.NewClaims(open(t, newDriver(t)))
		race := func(staleAfter time.Duration) int64 {
			var callers sync.WaitGroup
			var winners atomic.Int64
			for range 8 {
				callers.Go(func() {
					mine, err := claims.Claim(t.Context(), "admin key", staleAfter)
					if err != nil {
						t.Error(err)
					}
					if mine {
						winners.Add(1)
					}
				})
			}
			callers.Wait()
			return winners.Load()
		}
		if n := race(time.Hour); n != 1 {
			t.Errorf("%d callers have the claim", n)
		}
		if n := race(time.Hour); n != 0 {
			t.Errorf("%d callers have a claim that is held", n)
		}
		if n := race(0); n < 1 {
			t.Error("nobody has a claim that is stale")
		}
		if mine, err := claims.Claim(t.Context(), "another", time.Hour); !mine || err != nil {
			t.Errorf("another claim: %t, %v", mine, err)
		}
	})
}

func TestKeyRing(t *testing.T) {
	t.Parallel()
	onEveryDriver(t, func(t *testing.T, newDriver func(t *testing.T) documents.Driver) {
		store := keyringstore.New(open(t, newDriver(t)))
		master, err := keyring.ParseMaster(strings.Repeat("ab", 32))
		must(t, err)

		var wg sync.WaitGroup
		rings := make([]*keyring.Ring, 4)
		for i := range rings { // replicas that start at once
			wg.Go(func() {
				ring, err := keyring.Open(t.Context(), store, master)
				if err != nil {
					t.Error(err)
					return
				}
				rings[i] = ring
			})
		}
		wg.Wait()
		for _, ring := range rings {
			if ring == nil || ring.SigningKeys()[0].ID != rings[0].SigningKeys()[0].ID {
				t.Fatal("the replicas have different rings")
			}
		}
		sealed, version, err := store.Load(t.Context())
		must(t, err)
		wantCode(t, store.Save(t.Context(), sealed, ""), cpodkit.CodePreconditionFailed)
		wantCode(t, store.Save(t.Context(), sealed, "other"), cpodkit.CodePreconditionFailed)
		must(t, store.Save(t.Context(), sealed, version))
		_, err = keyring.Open(t.Context(), store, master)
		must(t, err)
	})
}

// The records stand where no identity's storage can be, and no tenant's
// documents store finds them.
func TestRecordsLiveInSystemSpaces(t *testing.T) {
	t.Parallel()
	driver := &spy{Driver: documents.NewMemory()}
	db := open(t, driver)
	must(t, oauthstore.NewApps(db).Create(t.Context(), oauth.App{ClientID: "a", TenantID: "t1"}))
	must(t, oauthstore.NewAPIKeys(db).Create(t.Context(), authz.DigestOf("k"), authz.APIKey{ID: "k", TenantID: "t1"}))
	must(t, tenantstore.New(db).Create(t.Context(), tenantstore.Tenant{ID: "t1"}))
	must(t, authzstore.NewRevocations(db).Add(t.Context(), authz.Revocation{ID: "r", ExpiresAt: time.Now().Add(time.Hour)}))
	must(t, keyringstore.New(db).Save(t.Context(), []byte(`{}`), ""))
	_, err := tenantstore.NewClaims(db).Claim(t.Context(), "c", time.Hour)
	must(t, err)
	if len(driver.spaces) != 6 {
		t.Fatalf("%d writes", len(driver.spaces))
	}
	for _, space := range driver.spaces {
		if !strings.HasPrefix(space, "$system/") {
			t.Errorf("a record was written to %q", space)
		}
	}
}

// spy notes where writes go.
type spy struct {
	documents.Driver
	spaces []string
}

func (s *spy) Apply(ctx context.Context, in documents.CollectionID, ops []documents.Op) []error {
	s.spaces = append(s.spaces, in.Space)
	return s.Driver.Apply(ctx, in, ops)
}

func wantCode(t *testing.T, err error, code cpodkit.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("got error %v, want %s", err, code)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
