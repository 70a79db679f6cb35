package docstore_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/docstore/oauthstore"
	"github.com/cpodkit/cpodkit/backends/docstore/userstore"
	"github.com/cpodkit/cpodkit/oauth"
	"github.com/cpodkit/cpodkit/oauth/localusers"
	"github.com/cpodkit/cpodkit/storage/documents"
)

// queries is a driver that notes what it is asked.
type queries struct {
	documents.Driver

	mu    sync.Mutex
	asked []asked
}

type asked struct {
	in     documents.CollectionID
	filter []documents.Condition
	order  []documents.Order
}

func (q *queries) Query(ctx context.Context, in documents.CollectionID, query documents.DriverQuery) ([]documents.Record, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked = append(q.asked, asked{in, query.Filter, query.Order})
	return q.Driver.Query(ctx, in, query)
}

// scans reports whether a query has to look through its collection: whether no index begins
// with a member that the query fixes or bounds.
func (a asked) scans(indexes []documents.Index) bool {
	if len(a.filter) == 0 && len(a.order) == 0 {
		return false // a page by keys
	}
	return !slices.ContainsFunc(indexes, func(i documents.Index) bool {
		return i.Collection == a.in.Name && slices.ContainsFunc(a.filter, func(c documents.Condition) bool {
			return slices.Equal(c.Path, i.Members[0].Path) && (c.Test == documents.Equal || c.Test == documents.Range)
		})
	})
}

// What the server asks for while users sign in and out, grants end and apps go is found by
// indexes, however many users there are. Package sqlitedocuments tests that it uses them.
func TestUsersAreFoundByIndexes(t *testing.T) {
	t.Parallel()
	driver := &queries{Driver: documents.NewMemory()}
	db, ctx, now := open(t, driver), t.Context(), time.Now()
	grants, sessions, users := oauthstore.NewGrants(db), oauthstore.NewSessions(db), userstore.New(db)
	indexes := slices.Concat(oauthstore.Indexes(), userstore.Indexes())
	ofUser := oauth.GrantFilter{TenantID: "t1", UserID: "u1"}
	ofBoth := oauth.GrantFilter{TenantID: "t1", UserID: "u1", ClientID: "a"}
	list := func(filter oauth.GrantFilter, after string) error {
		_, err := grants.ListFamilies(ctx, filter, after, 10)
		return err
	}
	for name, call := range map[string]func() error{
		"the families of a user":            func() error { return list(ofUser, "") },
		"a next page of them":               func() error { return list(ofUser, "f") },
		"the families of a user and an app": func() error { return list(ofBoth, "") },
		"the families of an app":            func() error { return list(oauth.GrantFilter{Instance: "i"}, "") },
		"the grants of a user": func() error {
			_, err := grants.ListGrants(ctx, "t1", "u1", "", 10)
			return err
		},
		"an app is deleted":       func() error { return grants.DeleteAll(ctx, oauth.GrantFilter{Instance: "i"}) },
		"grants are thrown away":  func() error { return grants.Prune(ctx, now) },
		"a user is disabled":      func() error { _, err := sessions.DeleteUser(ctx, "t1", "u1"); return err },
		"sessions are counted":    func() error { _, err := sessions.Count(ctx, "t1", "u1"); return err },
		"a session too many":      func() error { return sessions.KeepNewest(ctx, "t1", "u1", 1) },
		"old sessions":            func() error { return sessions.Prune(ctx, now) },
		"a user":                  func() error { _, err := users.Get(ctx, "t1", "u1"); return err },
		"a link":                  func() error { _, err := users.FindLink(ctx, localusers.LinkDigest{1}); return err },
		"a page of users":         func() error { _, err := users.List(ctx, "t1", "", 10); return err },
		"a page of users after":   func() error { _, err := users.List(ctx, "t1", "u", 10); return err },
		"the users of one tenant": func() error { _, err := users.Count(ctx, "t1"); return err },
	} {
		driver.asked = nil
		if err := call(); err != nil && !errors.Is(err, cpodkit.CodeNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if len(driver.asked) == 0 {
			t.Errorf("%s asks nothing", name)
		}
		for _, a := range driver.asked {
			if a.scans(indexes) {
				t.Errorf("%s looks through all of %s: %+v", name, a.in.Name, a.filter)
			}
		}
	}
}
