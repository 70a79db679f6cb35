// Package mongoclient connects to MongoDB.
package mongoclient

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

// DefaultDatabase is the database of a URI that names none.
const DefaultDatabase = "cpodkit"

// What a URI does not set. A server that is down is told within two seconds.
const (
	serverSelectionTimeout = 2 * time.Second
	connectTimeout         = 2 * time.Second
	maxConnIdleTime        = 5 * time.Minute
	maxPoolSize            = 100
	appName                = "cpodkit"
)

// Open returns the database of a mongodb:// or mongodb+srv:// URI
// (https://www.mongodb.com/docs/manual/reference/connection-string/), such as
// "mongodb://user:password@db1,db2/cpodkit?replicaSet=rs0&tlsCAFile=/etc/ca.pem".
// It does not wait for a server, which may come later; mongodb+srv asks the DNS.
// Each of configure may change the options of the client before it connects.
//
// A URI that is malformed, has an option that does not exist, or sets timeoutMS is
// an error, which holds no password. The caller closes the client:
// database.Client().Disconnect(ctx).
func Open(uri string, configure ...func(*options.ClientOptions)) (*mongo.Database, error) {
	parsed, err := parse(uri)
	if err != nil {
		return nil, err
	}
	o := options.Client().
		SetAppName(appName).
		SetServerSelectionTimeout(serverSelectionTimeout).
		SetConnectTimeout(connectTimeout).
		SetMaxConnIdleTime(maxConnIdleTime).
		SetMaxPoolSize(maxPoolSize).
		ApplyURI(uri)
	for _, change := range configure {
		if change == nil {
			return nil, errors.New("mongoclient: a function that configures the client is nil")
		}
		change(o)
	}
	client, err := mongo.Connect(o)
	if err != nil {
		return nil, fmt.Errorf("mongoclient: %w", redacted(err, parsed))
	}
	return client.Database(cmp.Or(parsed.Database, DefaultDatabase)), nil
}

func parse(uri string) (*connstring.ConnString, error) {
	parsed, err := connstring.ParseAndValidate(uri)
	if err != nil {
		// Only this text holds for sure nothing but an option and its number: what
		// is taken for a host may be a password.
		if text, ok := strings.CutPrefix(err.Error(), "error parsing uri: "); ok && strings.HasPrefix(text, "invalid value for ") {
			return nil, fmt.Errorf("mongoclient: the URI has an %s", text)
		}
		return nil, errors.New("mongoclient: the URI is malformed, or its options contradict each other: it must read " +
			"mongodb://user:password@host:port/database?option=value, with user and password percent-encoded")
	}
	if len(parsed.UnknownOptions) > 0 {
		names := slices.Sorted(maps.Keys(parsed.UnknownOptions))
		return nil, fmt.Errorf("mongoclient: the URI has the options %q, which do not exist", names)
	}
	if parsed.TimeoutSet {
		return nil, errors.New("mongoclient: the URI sets timeoutMS: leave it out, each call has a time limit of its own")
	}
	return parsed, nil
}

// redacted hides the passwords of a URI.
func redacted(err error, parsed *connstring.ConnString) error {
	text, secrets := err.Error(), []string{parsed.Password}
	if parsed.SSLClientCertificateKeyPasswordSet {
		secrets = append(secrets, parsed.SSLClientCertificateKeyPassword())
	}
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "xxxxx")
		}
	}
	return errors.New(text)
}
