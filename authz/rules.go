package authz

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cpodkit/cpodkit"
)

// issuer is an [Issuer] that is ready for use.
type issuer struct {
	Issuer

	retired   atomic.Bool // SetIssuers replaced it
	types     []string    // in lower case, without "application/"; "" for none
	wrongType error
	refresher refresher // the Keys, or nil
	makesIDs  bool      // texts of its identities are not parts of the token

	keyIDOptional bool // where there is one key alone

	audience, tenant, app, user, scope, groups claimPaths
	require, noUser                            []requirement

	taken atomic.Pointer[[]string] // beginnings of users' ids that belong to other issuers
	rules atomic.Uint64            // counts changes of taken
}

// refresher is a [KeySource] that has to be refreshed now and then.
type refresher interface {
	refreshIfDue(ctx context.Context, now time.Time)
}

func (i *issuer) refresh(ctx context.Context, now time.Time) {
	if i.refresher != nil {
		i.refresher.refreshIfDue(ctx, now)
	}
}

// is reports whether an issuer with these settings is i.
func (i *issuer) is(s Issuer) bool {
	if i.source != s.source || i.Revocations != s.Revocations {
		return false
	}
	return s.source != "" || sameSettings(i.Issuer, s)
}

// sameSettings compares two issuers that were not parsed. Functions cannot be compared.
func sameSettings(a, b Issuer) bool {
	if a.Identify != nil || b.Identify != nil || !reflect.ValueOf(a.Keys).Comparable() || !reflect.ValueOf(b.Keys).Comparable() {
		return false
	}
	sameKeys := a.Keys == b.Keys
	a.Keys, b.Keys, a.Revocations, b.Revocations = nil, nil, nil, nil
	return sameKeys && reflect.DeepEqual(a, b)
}

// claimPaths are those of the alternatives of a name as in [ClaimNames].
type claimPaths struct {
	names string
	paths [][]string
}

// noClaim is the name of no claim.
const noClaim = "-"

func pathsOf(names, fallback string) (claimPaths, error) {
	c := claimPaths{names: cmp.Or(names, fallback)}
	if c.names == noClaim {
		return c, nil
	}
	for name := range strings.SplitSeq(c.names, " ") {
		path, ok := pointer(name)
		if !ok {
			return c, fmt.Errorf("authz: %q is not the name of a claim, a JSON pointer (RFC 6901), or a list of such", c.names)
		}
		c.paths = append(c.paths, path)
	}
	return c, nil
}

// first returns the first claim that is there, or "".
func (c *claimPaths) first(claims members) value {
	for _, path := range c.paths {
		if v := claims.at(path); v != "" {
			return v
		}
	}
	return ""
}

// maxNamespace leaves room for ":" and a hashed id: see [Issuer.LongSubjects].
const maxNamespace = 11

// compile checks the settings of an issuer.
func compile(s Issuer) (*issuer, error) {
	fault := func(format string, args ...any) (*issuer, error) {
		return nil, fmt.Errorf("authz: the issuer %s %s", s.Issuer, fmt.Sprintf(format, args...))
	}
	if s.Issuer == "" {
		return nil, fmt.Errorf("authz: an issuer lacks its name")
	}
	if s.Audience == "" || s.Keys == nil {
		return fault("needs an audience and keys")
	}
	s.Audiences, s.Algorithms, s.Tenants = slices.Clone(s.Audiences), slices.Clone(s.Algorithms), slices.Clone(s.Tenants)
	s.Groups.Scopes = maps.Clone(s.Groups.Scopes)
	i := &issuer{Issuer: s}
	i.refresher, _ = s.Keys.(refresher)
	i.makesIDs = s.UserNamespace != "" || s.LongSubjects || s.Identify != nil || s.Foreign
	for _, algorithm := range s.Algorithms {
		if !slices.Contains(Algorithms(), algorithm) {
			return fault("has the algorithm %q, which is not accepted", algorithm)
		}
	}
	for _, id := range []string{s.TenantID, s.AppID} {
		if _, err := cpodkit.EncodeID(id); id != "" && err != nil {
			return fault("has an id that %v", err)
		}
	}
	if n := s.UserNamespace; len(n) > maxNamespace || strings.Trim(n, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fault("has the user namespace %q, which is not up to %d characters of [a-z0-9-]", n, maxNamespace)
	}
	i.setTypes(s)
	return i, i.setPaths(s)
}

func (i *issuer) setTypes(s Issuer) {
	types := s.Types
	if types == nil {
		types = []string{cmp.Or(s.Type, AccessTokenType)}
	}
	for _, typ := range types {
		i.types = append(i.types, strings.TrimPrefix(strings.ToLower(typ), "application/"))
	}
	i.wrongType = cpodkit.Errorf(cpodkit.CodeInvalidToken, "The token's typ is not %s.", strings.Join(types, " or "))
}

func (i *issuer) setPaths(s Issuer) (err error) {
	if len(s.Groups.Scopes) == 0 {
		s.Groups.Claim = ""
	}
	for _, c := range []struct {
		into            *claimPaths
		names, fallback string
		optional        bool
	}{
		{&i.audience, s.Claims.Audience, "aud", false},
		{&i.tenant, s.Claims.TenantID, "tenantId", false},
		{&i.app, s.Claims.AppID, "appId", false},
		{&i.user, s.Claims.UserID, "userId", true},
		{&i.scope, s.Claims.Scope, "scope", true},
		{&i.groups, s.Groups.Claim, noClaim, true},
	} {
		if *c.into, err = pathsOf(c.names, c.fallback); err != nil {
			return err
		}
		if !c.optional && len(c.into.paths) == 0 {
			return fmt.Errorf("authz: the issuer %s needs claims for its audience, tenant and app", s.Issuer)
		}
	}
	if i.require, err = i.requirements(s.Require); err != nil {
		return err
	}
	i.noUser, err = i.requirements(s.NoUser)
	return err
}

// requirement is a [Requirement] that is ready for use.
type requirement struct {
	claim  claimPaths
	values []string
}

func (i *issuer) requirements(list []Requirement) ([]requirement, error) {
	var all []requirement
	for _, r := range list {
		claim, err := pathsOf(r.Claim, "")
		if err != nil {
			return nil, err
		}
		values := slices.Clone(r.Values)
		if r.Audience {
			values = slices.Concat(values, []string{i.Audience}, i.Audiences)
		}
		all = append(all, requirement{claim, values})
	}
	return all, nil
}

func (r *requirement) holds(claims members) bool {
	v := r.claim.first(claims)
	if len(r.values) == 0 {
		return v == ""
	}
	if list, ok := v.oneOrMore(); ok {
		return slices.ContainsFunc(list, func(s string) bool { return slices.Contains(r.values, s) })
	}
	return slices.Contains(r.values, string(v))
}

// keepApart gives each foreign issuer the namespaces of the others. This toolkit's own
// tokens may name users of all: token exchange makes such.
func keepApart(issuers map[string]*issuer) {
	var all []string
	for _, i := range issuers {
		if i.UserNamespace != "" {
			all = append(all, i.UserNamespace+":")
		}
	}
	for _, i := range issuers {
		others := slices.DeleteFunc(slices.Clone(all), func(n string) bool { return !i.Foreign || n == i.UserNamespace+":" })
		slices.Sort(others)
		if before := i.taken.Swap(&others); before != nil && !slices.Equal(*before, others) {
			i.rules.Add(1)
		}
	}
}

func (i *issuer) hasType(typ value) bool {
	text, ok := typ.text()
	if !ok && typ != "" {
		return false
	}
	if ok && text == "" {
		return false
	}
	for _, want := range i.types {
		if strings.EqualFold(text, want) {
			return true
		}
		if rest, isLong := cutPrefixFold(text, "application/"); isLong && strings.EqualFold(rest, want) {
			return true
		}
	}
	return false
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) <= len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

// takes reports whether the issuer may sign with the algorithm.
func (i *issuer) takes(algorithm string) bool {
	return len(i.Algorithms) == 0 || slices.Contains(i.Algorithms, algorithm)
}
