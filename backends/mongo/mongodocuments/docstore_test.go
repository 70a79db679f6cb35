package mongodocuments_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cpodkit/cpodkit/authz"
	"github.com/cpodkit/cpodkit/authz/authztest"
	"github.com/cpodkit/cpodkit/authz/rego"
	"github.com/cpodkit/cpodkit/authz/rego/regotest"
	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/authzstore"
	"github.com/cpodkit/cpodkit/backends/docstore/keyringstore"
	"github.com/cpodkit/cpodkit/backends/docstore/oauthstore"
	"github.com/cpodkit/cpodkit/backends/docstore/policystore"
	"github.com/cpodkit/cpodkit/backends/docstore/secretstore"
	"github.com/cpodkit/cpodkit/backends/docstore/userstore"
	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/oauth/localusers/localuserstest"
	"github.com/cpodkit/cpodkit/oauth/oauthtest"
	"github.com/cpodkit/cpodkit/secrets"
	"github.com/cpodkit/cpodkit/secrets/secretstest"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// stores returns the server's own stores over a database of their own.
func stores(t *testing.T) *docstore.DB {
	t.Helper()
	d := open(t, newDatabase(t))
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return recordsOn(t, d)
}

func recordsOn(t *testing.T, d documents.Driver) *docstore.DB {
	t.Helper()
	db, err := docstore.New(d)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestStores(t *testing.T) {
	t.Parallel()
	testservice.MongoURL(t)
	t.Run("apps", func(t *testing.T) {
		t.Parallel()
		oauthtest.RunApps(t, func(t *testing.T) oauth.AppStore { return oauthstore.NewApps(stores(t)) })
	})
	t.Run("keys", func(t *testing.T) {
		t.Parallel()
		oauthtest.RunKeys(t, func(t *testing.T) oauth.KeyStore { return oauthstore.NewAPIKeys(stores(t)) })
	})
	t.Run("grants", func(t *testing.T) {
		t.Parallel()
		oauthtest.RunGrants(t, func(t *testing.T) oauth.GrantStore { return oauthstore.NewGrants(stores(t)) })
	})
	t.Run("sessions", func(t *testing.T) {
		t.Parallel()
		oauthtest.RunSessions(t, func(t *testing.T) oauth.SessionStore { return oauthstore.NewSessions(stores(t)) })
	})
	t.Run("accounts", func(t *testing.T) {
		t.Parallel()
		localuserstest.Run(t, func(t *testing.T) localusers.Store { return userstore.New(stores(t)) })
	})
	t.Run("policies", func(t *testing.T) {
		t.Parallel()
		regotest.Run(t, func(t testing.TB) rego.Store {
			d := open(t, newDatabase(t))
			t.Cleanup(func() { _ = d.Close() })
			db, err := docstore.New(d)
			if err != nil {
				t.Fatal(err)
			}
			store, err := policystore.New(db)
			if err != nil {
				t.Fatal(err)
			}
			return store
		})
	})
	newSecrets := func(t *testing.T) *secretstore.Store {
		store, err := secretstore.New(stores(t), keyring.NewMaster())
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	t.Run("secrets", func(t *testing.T) {
		t.Parallel()
		secretstest.Run(t, func(testing.TB) secretstest.Store { return secretstest.Store{Provider: newSecrets(t)} })
	})
	t.Run("records of secrets", func(t *testing.T) {
		t.Parallel()
		secretstest.RunRecords(t, func(testing.TB) secrets.Records { return newSecrets(t) })
	})
	t.Run("revocations", func(t *testing.T) {
		t.Parallel()
		authztest.RunRevocations(t, func(t *testing.T) authz.RevocationStore { return authzstore.NewRevocations(stores(t)) })
	})
}

// Pruning is one call, also of many, and leaves what is renewed when it has begun.
func TestPrune(t *testing.T) {
	t.Parallel()
	uri := newDatabase(t)
	direct := open(t, uri)
	defer direct.Close()
	now := time.Now()
	others := authzstore.NewRevocations(recordsOn(t, direct))
	renewed := authz.Revocation{ID: "renewed", ExpiresAt: now.Add(time.Hour).Truncate(time.Millisecond).UTC()}
	var r recorder
	r.before = func(command bson.Raw) {
		if name(command) != "delete" {
			return
		}
		if err := others.Add(t.Context(), renewed); err != nil {
			t.Error(err)
		}
	}
	d, err := mongodocuments.New(connect(t, uri, r.configure), mongodocuments.WithTimeLimit(watchdog))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	revocations := authzstore.NewRevocations(recordsOn(t, d))
	for _, id := range []string{"a", "b", "c", renewed.ID} {
		if err := revocations.Add(t.Context(), authz.Revocation{ID: id, ExpiresAt: now.Add(-time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	r.take()
	if err := revocations.Prune(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if commands := r.take(); len(commands) != 1 {
		t.Errorf("it sends %d commands", len(commands))
	}
	if left, err := others.List(t.Context(), now.Add(-2*time.Hour), time.Time{}); err != nil || len(left) != 1 || left[0] != renewed {
		t.Errorf("there are %v left, %v", left, err)
	}
}

// Replicas that start at once come to one key ring.
func TestKeyRing(t *testing.T) {
	t.Parallel()
	uri := newDatabase(t)
	master, err := keyring.ParseMaster(strings.Repeat("ab", 32))
	if err != nil {
		t.Fatal(err)
	}
	var replicas sync.WaitGroup
	rings := make([]*keyring.Ring, 4)
	for i := range rings {
		replicas.Go(func() {
			d := open(t, uri)
			ring, err := keyring.Open(t.Context(), keyringstore.New(recordsOn(t, d)), master)
			if err != nil {
				t.Error(err)
			}
			rings[i] = ring
			if err := d.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	replicas.Wait()
	for _, ring := range rings {
		if ring == nil || ring.SigningKeys()[0].ID != rings[0].SigningKeys()[0].ID {
			t.Fatal("the replicas have different rings")
		}
	}
}
