package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// Caller is for files, documents and kv: for whom a handle acts. The zero Caller is
// nobody: every call of it is missing_token.
type Caller struct {
	Tier Tier
	Apps Apps

	id   cpodkit.Identity
	kind kind
}

type kind uint8

const (
	nobody  kind = iota
	scoped       // an identity, which its scopes limit
	trusted      // an owner that trusted code names
)

// For is for files, documents and kv: it returns the caller of an identity, in the
// private tier. The zero identity is nobody.
func For(id cpodkit.Identity) Caller { return Caller{id: id, kind: scoped, Tier: Private} }

// Trusted is for files, documents and kv: it returns the caller for an owner, in the
// private tier. It needs no scope.
func Trusted(o Owner) Caller {
	id := cpodkit.Identity{TenantID: o.TenantID, AppID: o.AppID, UserID: o.UserID}
	return Caller{id: id, kind: trusted, Tier: Private}
}

// Query is the query of a call, such as [net/url.Values]. Each parameter is there at
// most once: of two values, Get returns one.
type Query interface {
	Has(name string) bool
	Get(name string) string // "" when the parameter is not there
}

// FromRequest is for the routes of files, documents and kv: it returns the caller of
// the identity in ctx, in the tier and of the apps that the query names. The tier is
// private when the query names none. An unknown tier, and app= outside the user tier
// or without a client_id, are bad_request.
func FromRequest(ctx context.Context, q Query) (Caller, error) {
	id, _ := cpodkit.IdentityFromContext(ctx) // without one the call itself is missing_token
	c := For(id)
	if q.Has("tier") {
		c.Tier = Tier(q.Get("tier"))
		if !c.Tier.Valid() {
			return Caller{}, cpodkit.Errorf(cpodkit.CodeBadRequest, "The query parameter tier is private, user or shared.")
		}
	}
	if !q.Has("app") {
		return c, nil
	}
	c.Apps = OneApp(q.Get("app"))
	if q.Get("app") == "*" {
		c.Apps = AllApps()
	}
	return c, c.Apps.check(c.Tier)
}

// Identity returns for whom the caller acts. That of an owner has neither a credential
// nor scopes.
func (c Caller) Identity() cpodkit.Identity { return c.id }

// Binding returns what ties a cursor to the caller, to the tier, and to what it is
// for. Different callers and purposes have different bindings.
func (c Caller) Binding(purpose ...string) string {
	return fmt.Sprintf("%q", append(purpose, c.id.TenantID, c.id.AppID, c.id.UserID, string(c.Tier)))
}

// Authorize returns the space of the caller when it may do action there. It is the
// one function that builds a storage path:
//
//	private   {tenant}/apps/{app}/
//	user      {tenant}/users/{user}/apps/{app}/
//	shared    {tenant}/shared/
//
// Ids are encoded by [cpodkit.EncodeID], so no id can hold a slash, and the segment
// after the tenant keeps the tiers apart.
//
// Its errors are missing_token for nobody and for an identity without a tenant,
// bad_request for an unknown tier, invalid_scope, user_required for the user tier
// without a user, and forbidden for ids that cannot be path segments.
func (c Caller) Authorize(action Action) (Space, error) {
	if c.kind == nobody || c.kind == scoped && c.id.TenantID == "" {
		return Space{}, c.missingToken()
	}
	if !c.Tier.Valid() {
		return Space{}, cpodkit.Errorf(cpodkit.CodeBadRequest, "The tier is private, user or shared.")
	}
	if c.kind == scoped {
		if err := c.id.Require(c.Tier.Scope(action)); err != nil {
			return Space{}, err
		}
	}
	if c.Tier == User && c.id.UserID == "" {
		return Space{}, cpodkit.Errorf(cpodkit.CodeUserRequired, "The user tier needs a user; the token, or the owner, names none.")
	}
	if err := c.validate(); err != nil {
		return Space{}, cpodkit.Errorf(cpodkit.CodeForbidden, "This caller cannot own storage: %s.", err)
	}
	tenant, _ := cpodkit.EncodeID(c.id.TenantID)
	app, _ := cpodkit.EncodeID(c.id.AppID)
	switch c.Tier {
	case User:
		user, _ := cpodkit.EncodeID(c.id.UserID)
		return Space{tenant + "/users/" + user + "/apps/" + app + "/", c.Tier}, nil
	case Shared:
		return Space{tenant + "/shared/", c.Tier}, nil
	}
	return Space{tenant + "/apps/" + app + "/", c.Tier}, nil
}

func (c Caller) missingToken() error {
	err := cpodkit.MissingToken()
	if c.kind == nobody {
		return err.WithCause(errors.New("storage: there is no handle in the context: wrap the handler in Store.Attach"))
	}
	return err
}

// validate returns an error unless each id that is given or needed can be encoded.
func (c Caller) validate() error {
	id := c.id
	if c.kind == trusted && c.Tier == Shared && id.AppID == "" {
		id.AppID = id.TenantID // an owner needs no app there
	}
	return id.Validate()
}

// AuthorizeWrite is [Caller.Authorize] for writing. An app writes its own data only,
// so apps that are named are bad_request.
func (c Caller) AuthorizeWrite() (Space, error) {
	space, err := c.Authorize(Write)
	if err != nil {
		return Space{}, err
	}
	if c.Apps != (Apps{}) {
		return Space{}, cpodkit.Errorf(cpodkit.CodeBadRequest, "An app writes its own data only: a write names no app.")
	}
	return space, nil
}

// AuthorizeRead returns where the caller may read one key. Its errors are those of
// [Caller.Authorize], and bad_request for [AllApps], for an app outside the user
// tier, and for one that is not a client_id.
func (c Caller) AuthorizeRead() (Reach, error) {
	reach, err := c.AuthorizeList()
	if err != nil {
		return Reach{}, err
	}
	if c.Apps.All() {
		return Reach{}, cpodkit.Errorf(cpodkit.CodeBadRequest,
			"All apps together (app=*) can be listed and queried; to read one key, name one app or none.")
	}
	reach.Wide = c.Tier == User && c.Apps == (Apps{})
	return reach, nil
}

// AuthorizeList returns where the caller may list or query. Its errors are those of
// [Caller.AuthorizeRead], but it takes [AllApps].
func (c Caller) AuthorizeList() (Reach, error) {
	space, err := c.Authorize(Read)
	if err != nil {
		return Reach{}, err
	}
	reach := Reach{own: Segment{c.id.AppID, space}}
	if c.Tier == User {
		app, _ := cpodkit.EncodeID(c.id.AppID)
		reach.user = strings.TrimSuffix(space.root, app+"/")
	}
	return reach.Of(c.Apps)
}
