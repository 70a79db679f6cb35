package mongoclient_test

import (
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.uber.org/goleak"

	"github.com/cpodkit/cpodkit/backends/mongo/mongoclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDatabase(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"mongodb://127.0.0.1:1":                         mongoclient.DefaultDatabase,
		"mongodb://127.0.0.1:1/":                        mongoclient.DefaultDatabase,
		"mongodb://127.0.0.1:1/other":                   "other",
		"mongodb://user:p%40ss@127.0.0.1:1/other?tls=1": "",
	} {
		db, err := mongoclient.Open(uri)
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), `"tls"`) {
				t.Errorf("%s: %v", uri, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		if db.Name() != want {
			t.Errorf("%s has the database %q, want %q", uri, db.Name(), want)
		}
		if err := db.Client().Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// What the URI says goes before our defaults, and what the caller says before both.
func TestDefaults(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]time.Duration{
		"mongodb://127.0.0.1:1": 2 * time.Second,
		"mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50&appName=mine": 50 * time.Millisecond,
	} {
		var selection, connect time.Duration
		db, err := mongoclient.Open(uri, func(o *options.ClientOptions) {
			selection, connect = *o.ServerSelectionTimeout, *o.ConnectTimeout
			o.SetServerSelectionTimeout(time.Millisecond)
		})
		if err != nil {
			t.Fatal(err)
		}
		if selection != want || connect != 2*time.Second {
			t.Errorf("%s: %v to select a server, %v to connect", uri, selection, connect)
		}
		if err := db.Client().Ping(t.Context(), nil); err == nil {
			t.Errorf("%s: somebody answers", uri)
		}
		if err := db.Client().Disconnect(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestErrorsHoldNoPassword(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, uri := range []string{
		"",
		"user:hunter2@db/x",
		"mysql://user:hunter2@db/x",
		"mongodb://user:hunter2",
		"mongodb://user:hunter2/x",
		"mongodb://user:hunter2%zz@db/x",
		"mongodb://user:x@hunter2@db/x",
		"mongodb://user:hunter2@db:99999999/x",
		"mongodb://user:hunter2@db/x?nothing=1",
		"mongodb://user:hunter2@db/x?timeoutMS=5",
		"mongodb://user:hunter2@db/x?w=hunter&journal=maybe",
		"mongodb://user:hunter2@db/x?authMechanism=none",
		"mongodb://user:hunter2@db/x?authMechanismProperties=hunter2",
		"mongodb://user:hunter2@db/x?tlsCAFile=/none/ca.pem",
		"mongodb://user:hunter2@db/x?tlsCertificateKeyFile=/none/key.pem&tlsCertificateKeyFilePassword=hunter2",
	} {
		db, err := mongoclient.Open(uri)
		if err == nil {
			t.Errorf("%s is taken", uri)
			_ = db.Client().Disconnect(t.Context())
			continue
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", uri, err)
		}
	}
}
