// Package storage says once, for files, documents and kv, where data lives and
// who may reach it: the tiers, their scopes, the one function that builds a
// storage path ([Authorize]), and what a key may look like.
package storage

import (
	"strings"

	"github.com/cpodkit/cpodkit"
)

// Tier says who can read data. It does not choose the store.
type Tier string

// The tiers.
const (
	Private Tier = "private" // the app alone
	User    Tier = "user"    // the token's user, in every app
	Shared  Tier = "shared"  // every app of the tenant
)

// Action is what a scope permits in a tier.
type Action string

// The actions.
const (
	Read  Action = "read"
	Write Action = "write"
)

// Scope returns the scope that an action in the tier needs, such as
// "storage.private.read".
func (t Tier) Scope(a Action) string { return "storage." + string(t) + "." + string(a) }

// Space is the place of one identity in one tier: an exact prefix that no
// other identity's space shares, contains or lies in. The zero Space is none.
// Only [Authorize] and [System] make one.
type Space struct {
	root string
	tier Tier
}

// Tier returns the tier of the space; "" for a system space.
func (s Space) Tier() Tier { return s.tier }

// Root returns the prefix of every path in the space. It ends with a slash.
func (s Space) Root() string { return s.root }

// Authorize returns the space of id in tier when id may do action there. Its
// errors are invalid_scope, user_required for the user tier without a user,
// bad_request for an unknown tier, and forbidden for an identity whose ids
// cannot be path segments.
//
//	private   {tenant}/apps/{app}/
//	user      {tenant}/users/{user}/apps/{app}/
//	shared    {tenant}/shared/
//
// Ids are encoded by [cpodkit.EncodeID], so no id can hold a slash, and the
// segment after the tenant keeps the tiers apart.
func Authorize(id cpodkit.Identity, tier Tier, action Action) (Space, error) {
	if tier != Private && tier != User && tier != Shared {
		return Space{}, cpodkit.Errorf(cpodkit.CodeBadRequest, "The tier is private, user or shared.")
	}
	if err := id.Require(tier.Scope(action)); err != nil {
		return Space{}, err
	}
	if tier == User && id.UserID == "" {
		return Space{}, cpodkit.Errorf(cpodkit.CodeUserRequired, "The user tier needs a token with a user; this one has none.")
	}
	if err := id.Validate(); err != nil {
		return Space{}, cpodkit.Errorf(cpodkit.CodeForbidden, "The token's identity cannot own storage: %s.", err)
	}
	tenant, _ := cpodkit.EncodeID(id.TenantID)
	app, _ := cpodkit.EncodeID(id.AppID)
	switch tier {
	case User:
		user, _ := cpodkit.EncodeID(id.UserID)
		return Space{tenant + "/users/" + user + "/apps/" + app + "/", tier}, nil
	case Shared:
		return Space{tenant + "/shared/", tier}, nil
	}
	return Space{tenant + "/apps/" + app + "/", tier}, nil
}

const systemRoot = "$system/"

// System returns a space for the server's own records, such as apps and keys.
// No identity can reach it, because "$" never stands in an encoded id.
func System(name string) Space { return Space{root: systemRoot + name + "/"} }

// IsSystem reports whether root is that of a space of [System].
func IsSystem(root string) bool { return strings.HasPrefix(root, systemRoot) }

// Query is the query of a call, such as [url.Values]. Each parameter is there at
// most once: of two values, Get returns one.
type Query interface {
	Has(name string) bool
	Get(name string) string // "" when the parameter is not there
}

// TierOf reads the tier of a storage call; private when the query names none. An
// unknown tier is bad_request. It is for calls that reach one app's data alone;
// [TargetOf] is for the others.
func TierOf(q Query) (Tier, error) {
	if !q.Has("tier") {
		return Private, nil
	}
	tier := Tier(q.Get("tier"))
	if tier != Private && tier != User && tier != Shared {
		return "", cpodkit.Errorf(cpodkit.CodeBadRequest, "The query parameter tier is private, user or shared.")
	}
	return tier, nil
}

// TargetOf reads the tier of a storage call and, in the user tier, the apps that
// the query names. An unknown tier, and app= outside the user tier or without a
// client_id, are bad_request.
func TargetOf(q Query) (Tier, Apps, error) {
	tier, err := TierOf(q)
	if err != nil || !q.Has("app") {
		return tier, Apps{}, err
	}
	apps := OneApp(q.Get("app"))
	if q.Get("app") == "*" {
		apps = AllApps()
	}
	return tier, apps, apps.check(tier)
}
