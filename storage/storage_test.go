package storage_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

var tiers = []storage.Tier{storage.Private, storage.User, storage.Shared}

func identity(tenant, app, user string) cpodkit.Identity {
	return cpodkit.Identity{
		TenantID: tenant, AppID: app, UserID: user,
		Scopes: cpodkit.Scopes{"storage.private.*", "storage.user.*", "storage.shared.*"},
	}
}

func caller(id cpodkit.Identity, tier storage.Tier, apps storage.Apps) storage.Caller {
	c := storage.For(id)
	c.Tier, c.Apps = tier, apps
	return c
}

func TestRoots(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		id   cpodkit.Identity
		tier storage.Tier
		want string
	}{
		{identity("t1", "app-1", ""), storage.Private, "t1/apps/app-1/"},
		{identity("t1", "app-1", "u"), storage.Private, "t1/apps/app-1/"},
		{identity("t1", "app-1", "ann@example.com"), storage.User, "t1/users/ann@example.com/apps/app-1/"},
		{identity("t1", "app-1", ""), storage.Shared, "t1/shared/"},
		{identity("t/1", "a%b", "u/../v"), storage.User, "t%2F1/users/u%2F..%2Fv/apps/a%25b/"},
		{identity("shared", "apps", "users"), storage.User, "shared/users/users/apps/apps/"},
		{identity("$system", "é", ""), storage.Private, "%24system/apps/%C3%A9/"},
	} {
		space, err := caller(test.id, test.tier, storage.Apps{}).Authorize(storage.Read)
		if err != nil || space.Root() != test.want || space.Tier() != test.tier {
			t.Errorf("Authorize(%+v, %s) = %q %s, %v; want %q", test.id, test.tier, space.Root(), space.Tier(), err, test.want)
		}
	}
	if system := storage.System("apps"); system.Root() != "$system/apps/" || system.Tier() != "" {
		t.Errorf("System is %q in tier %q", system.Root(), system.Tier())
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	for _, test := range []struct {
		name string
		id   cpodkit.Identity
		tier storage.Tier
		want cpodkit.Code
	}{
		{"no tier", identity("t", "a", "u"), "", cpodkit.CodeBadRequest},
		{"unknown tier", identity("t", "a", "u"), "system", cpodkit.CodeBadRequest},
		{"no user", identity("t", "a", ""), storage.User, cpodkit.CodeUserRequired},
		{"no tenant", identity("", "a", "u"), storage.Shared, cpodkit.CodeMissingToken},
		{"no app", identity("t", "", "u"), storage.Private, cpodkit.CodeForbidden},
		{"no app in the shared tier", identity("t", "", "u"), storage.Shared, cpodkit.CodeForbidden},
		{"tenant is dots", identity("..", "a", "u"), storage.Private, cpodkit.CodeForbidden},
		{"app is a dot", identity("t", ".", "u"), storage.Private, cpodkit.CodeForbidden},
		{"user is dots", identity("t", "a", ".."), storage.User, cpodkit.CodeForbidden},
		{"long tenant", identity(long, "a", "u"), storage.Private, cpodkit.CodeForbidden},
		{"long once encoded", identity("t", strings.Repeat("/", 22), "u"), storage.Private, cpodkit.CodeForbidden},
		{"the zero identity", cpodkit.Identity{}, storage.Private, cpodkit.CodeMissingToken},
	} {
		space, err := caller(test.id, test.tier, storage.Apps{}).Authorize(storage.Write)
		if cpodkit.CodeOf(err) != test.want || space != (storage.Space{}) {
			t.Errorf("%s: Authorize = %+v, %v; want %s", test.name, space, err, test.want)
		}
	}
}

func TestAuthorizeChecksTheScope(t *testing.T) {
	t.Parallel()
	actions := []storage.Action{storage.Read, storage.Write}
	for _, grantedTier := range tiers {
		for _, granted := range append(actions, "*") {
			id := identity("t", "a", "u")
			id.Scopes = cpodkit.Scopes{grantedTier.Scope(granted), "admin", "storage.*", "*"}
			for _, tier := range tiers {
				for _, action := range actions {
					_, err := caller(id, tier, storage.Apps{}).Authorize(action)
					want := cpodkit.CodeInvalidScope
					if tier == grantedTier && (granted == action || granted == "*") {
						want = ""
					}
					if cpodkit.CodeOf(err) != want {
						t.Errorf("with %v: %s of %s: %v; want %q", id.Scopes, action, tier, err, want)
					}
				}
			}
		}
	}
}

// owner is whom a space belongs to: two spaces are the same when their owners
// are.
func owner(id cpodkit.Identity, tier storage.Tier) [4]string {
	switch tier {
	case storage.User:
		return [4]string{string(tier), id.TenantID, id.UserID, id.AppID}
	case storage.Shared:
		return [4]string{string(tier), id.TenantID}
	}
	return [4]string{string(tier), id.TenantID, id.AppID}
}

// checkApart fails when the spaces of two owners touch, or one owner has two.
func checkApart(t *testing.T, a cpodkit.Identity, tierA storage.Tier, b cpodkit.Identity, tierB storage.Tier) {
	t.Helper()
	spaceA, errA := caller(a, tierA, storage.Apps{}).Authorize(storage.Write)
	spaceB, errB := caller(b, tierB, storage.Apps{}).Authorize(storage.Write)
	if errA != nil || errB != nil {
		return
	}
	rootA, rootB := spaceA.Root(), spaceB.Root()
	if owner(a, tierA) == owner(b, tierB) {
		if rootA != rootB {
			t.Fatalf("one owner has the spaces %q and %q", rootA, rootB)
		}
		return
	}
	if strings.HasPrefix(rootA, rootB) || strings.HasPrefix(rootB, rootA) {
		t.Fatalf("%q of %+v in %s and %q of %+v in %s share storage", rootA, a, tierA, rootB, b, tierB)
	}
	if strings.HasPrefix(rootA, storage.System("x").Root()[:1]) || !strings.HasSuffix(rootA, "/") || strings.Contains(rootA, "//") {
		t.Fatalf("the root %q of %+v is malformed", rootA, a)
	}
}

func TestCraftedIdentitiesAreApart(t *testing.T) {
	t.Parallel()
	ids := []string{
		"t1", "t1x", "T1", "t", "u", "a", "b", "u/apps/b", "b/apps/a", "apps", "users", "shared", "apps/a", "t1/apps/a", "t1/shared",
		"%2F", "/", "%", "%25", "u%2Fapps%2Fb", "../t1", "a/..", "a.", ".a", "...", "é", "e\u0301", "\x00", "a\x00", " a", "a ", "\\", "$system",
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func() string { return ids[rnd.IntN(len(ids))] }
	for range 50_000 {
		a, b := identity(pick(), pick(), pick()), identity(pick(), pick(), pick())
		// Mostly neighbours: the same tenant, often the same app or user.
		switch rnd.IntN(4) {
		case 0:
			b.TenantID = a.TenantID
		case 1:
			b.TenantID, b.AppID = a.TenantID, a.AppID
		case 2:
			b.TenantID, b.UserID = a.TenantID, a.UserID
		}
		checkApart(t, a, tiers[rnd.IntN(3)], b, tiers[rnd.IntN(3)])
	}
}

// TestIDsAsHardAsKeys tries two places that must not meet: joined without
// encoding, both would be t/users/u/apps/b/apps/a/x.
func TestIDsAsHardAsKeys(t *testing.T) {
	t.Parallel()
	victim, err := caller(identity("t", "b", "u"), storage.User, storage.Apps{}).Authorize(storage.Write)
	if err != nil {
		t.Fatal(err)
	}
	attacker, err := caller(identity("t", "a", "u/apps/b"), storage.User, storage.Apps{}).Authorize(storage.Write)
	if err != nil {
		t.Fatal(err)
	}
	if victim.Root()+"apps/a/x" == attacker.Root()+"x" || strings.HasPrefix(attacker.Root(), victim.Root()) {
		t.Errorf("%q and %q meet", victim.Root(), attacker.Root())
	}
}

func FuzzAuthorize(f *testing.F) {
	f.Add("t", "b", "u", uint8(1), "t", "a", "u/apps/b", uint8(1))
	f.Add("t1", "a", "", uint8(0), "t1x", "a", "", uint8(0))
	f.Add("t1", "a", "", uint8(0), "t1/apps/a", "a", "", uint8(0))
	f.Add("t", "shared", "u", uint8(2), "t", "shared", "u", uint8(0))
	f.Add("t%2F", "a", "", uint8(2), "t/", "a", "", uint8(2))
	f.Add("..", ".", "\x00", uint8(1), "$system", "\xff", "é", uint8(1))
	f.Fuzz(func(t *testing.T, t1, a1, u1 string, tier1 uint8, t2, a2, u2 string, tier2 uint8) {
		checkApart(t, identity(t1, a1, u1), tiers[tier1%3], identity(t2, a2, u2), tiers[tier2%3])
	})
}
