//go:build unix

package mongodocuments_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/backendtest"
	"github.com/cpodkit/cpodkit/backends/mongo/mongoclient"
	"github.com/cpodkit/cpodkit/backends/mongo/mongodocuments"
	"github.com/cpodkit/cpodkit/internal/testservice"
	"github.com/cpodkit/cpodkit/storage/documents"
)

const secret = "hunter2-open-sesame"

func TestCertification(t *testing.T) { //nolint:paralleltest // it counts the goroutines of the process
	bad := func(uri string) func(context.Context) error {
		return func(context.Context) error {
			_, err := mongoclient.Open(uri)
			return err
		}
	}
	backendtest.RunDocuments(t, backendtest.Backend[documents.Driver]{
		Start: func(t testing.TB, tls bool) (backendtest.System, backendtest.Place) {
			var opts []testservice.Option
			if tls {
				opts = append(opts, testservice.WithTLS())
			}
			s := testservice.Mongo(t, opts...)
			return s, backendtest.Place{Addr: s.Addr, CA: s.CA}
		},
		Open: func(ctx context.Context, at backendtest.Place) (documents.Driver, func() error, error) {
			uri := "mongodb://" + at.Addr + "/certified"
			if at.CA != "" {
				uri += "?tlsCAFile=" + at.CA
			}
			db, err := mongoclient.Open(uri)
			if err != nil {
				return nil, nil, err
			}
			d, err := mongodocuments.New(db)
			return d, func() error {
				return errors.Join(d.Close(), db.Client().Disconnect(context.WithoutCancel(ctx)))
			}, err
		},
		OtherCA: testservice.OtherCA(t),
		Bad: map[string]func(context.Context) error{
			"no scheme":       bad("user:" + secret + "@db/x"),
			"no host":         bad("mongodb://user:" + secret),
			"no escape":       bad("mongodb://user:" + secret + "%zz@db/x"),
			"an at sign":      bad("mongodb://user:@" + secret + "@db/x"),
			"an option":       bad("mongodb://user:" + secret + "@db/x?retryWrite=true"),
			"a time limit":    bad("mongodb://user:" + secret + "@db/x?timeoutMS=1"),
			"a number":        bad("mongodb://user:" + secret + "@db/x?maxPoolSize=many"),
			"a contradiction": bad("mongodb://user:" + secret + "@a,b/x?directConnection=true"),
			"no CA":           bad("mongodb://user:" + secret + "@db/x?tlsCAFile=/none/" + secret),
		},
		Secrets: []string{secret},
	})
}

// A password that the server does not take is told in the log, without the
// password, and is not the client's concern.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	s := testservice.Mongo(t)
	d := open(t, "mongodb://user:"+secret+"@"+s.Addr+"/x?authMechanism=SCRAM-SHA-256")
	defer d.Close()
	_, err := d.Get(t.Context(), documents.CollectionID{Space: "t/", Name: "c"}, "k")
	if !errors.Is(err, cpodkit.CodeUnavailable) || !strings.Contains(err.Error(), "auth") || strings.Contains(err.Error(), secret) {
		t.Errorf("with a wrong password: %v", err)
	}
}
