package storage_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

func TestFromRequest(t *testing.T) {
	t.Parallel()
	ctx := cpodkit.WithIdentity(t.Context(), identity("t", "own", "u"))
	for _, test := range []struct {
		query string
		tier  storage.Tier
		apps  storage.Apps
		code  cpodkit.Code
	}{
		{"", storage.Private, storage.Apps{}, ""},
		{"limit=5", storage.Private, storage.Apps{}, ""},
		{"tier=private", storage.Private, storage.Apps{}, ""},
		{"tier=shared&x=1", storage.Shared, storage.Apps{}, ""},
		{"tier", "", storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=", "", storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=Shared", "", storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=shared%00", "", storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=../shared", "", storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=user", storage.User, storage.Apps{}, ""},
		{"tier=user&app=a", storage.User, storage.OneApp("a"), ""},
		{"app=a%2Fb&tier=user", storage.User, storage.OneApp("a/b"), ""},
		{"tier=user&app=*", storage.User, storage.AllApps(), ""},
		{"tier=user&app=%2A", storage.User, storage.AllApps(), ""},
		{"tier=user&app=**", storage.User, storage.OneApp("**"), ""},
		{"tier=user&app=..", storage.User, storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=user&app=", storage.User, storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=user&app", storage.User, storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=user&app=" + strings.Repeat("a", 65), storage.User, storage.Apps{}, cpodkit.CodeBadRequest},
		{"app=a", storage.Private, storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=private&app=*", storage.Private, storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=shared&app=a", storage.Shared, storage.Apps{}, cpodkit.CodeBadRequest},
		{"tier=users&app=a", "", storage.Apps{}, cpodkit.CodeBadRequest},
	} {
		q, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := storage.FromRequest(ctx, q)
		if cpodkit.CodeOf(err) != test.code {
			t.Errorf("FromRequest of %q: %v; want %q", test.query, err, test.code)
		}
		if err != nil {
			continue
		}
		reach, err := got.AuthorizeList()
		want, wantErr := caller(identity("t", "own", "u"), test.tier, test.apps).AuthorizeList()
		if reach != want || got.Tier != test.tier || err != nil || wantErr != nil {
			t.Errorf("FromRequest of %q reaches %+v, %v; want %+v, %v", test.query, reach, err, want, wantErr)
		}
	}
	anyone, err := storage.FromRequest(t.Context(), url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := anyone.AuthorizeRead(); cpodkit.CodeOf(err) != cpodkit.CodeMissingToken {
		t.Errorf("a request without an identity: %v", err)
	}
}

// An owner has the space of an identity with the same ids, and needs no scope.
func TestTrusted(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	for _, test := range []struct {
		owner storage.Owner
		codes [3]cpodkit.Code // of private, user and shared
	}{
		{storage.Owner{TenantID: "t", AppID: "a", UserID: "u"}, [3]cpodkit.Code{}},
		{storage.Owner{TenantID: "t/1", AppID: "a%b", UserID: "u/../v"}, [3]cpodkit.Code{}},
		{storage.Owner{TenantID: "t", AppID: "a"}, [3]cpodkit.Code{"", cpodkit.CodeUserRequired, ""}},
		{storage.Owner{TenantID: "t"}, [3]cpodkit.Code{cpodkit.CodeForbidden, cpodkit.CodeUserRequired, ""}},
		{storage.Owner{TenantID: "t", UserID: "u"}, [3]cpodkit.Code{cpodkit.CodeForbidden, cpodkit.CodeForbidden, ""}},
		{storage.Owner{}, [3]cpodkit.Code{cpodkit.CodeForbidden, cpodkit.CodeUserRequired, cpodkit.CodeForbidden}},
		{storage.Owner{AppID: "a", UserID: "u"}, [3]cpodkit.Code{cpodkit.CodeForbidden, cpodkit.CodeForbidden, cpodkit.CodeForbidden}},
		{storage.Owner{TenantID: "..", AppID: "a", UserID: "u"}, [3]cpodkit.Code{cpodkit.CodeForbidden, cpodkit.CodeForbidden, cpodkit.CodeForbidden}},
		{storage.Owner{TenantID: "t", AppID: long, UserID: "u"}, [3]cpodkit.Code{cpodkit.CodeForbidden, cpodkit.CodeForbidden, cpodkit.CodeForbidden}},
		{storage.Owner{TenantID: "t", AppID: "a", UserID: "."}, [3]cpodkit.Code{cpodkit.CodeForbidden, cpodkit.CodeForbidden, cpodkit.CodeForbidden}},
	} {
		for i, tier := range tiers {
			c := storage.Trusted(test.owner)
			c.Tier = tier
			space, err := c.Authorize(storage.Write)
			if cpodkit.CodeOf(err) != test.codes[i] {
				t.Errorf("%+v in %s: %v; want %q", test.owner, tier, err, test.codes[i])
			}
			same := identity(test.owner.TenantID, max(test.owner.AppID, "a"), test.owner.UserID)
			want, wantErr := caller(same, tier, storage.Apps{}).Authorize(storage.Write)
			if err == nil && (wantErr != nil || space != want) {
				t.Errorf("%+v in %s has %+v; an identity has %+v, %v", test.owner, tier, space, want, wantErr)
			}
		}
	}
	c := storage.Trusted(storage.Owner{TenantID: "t", AppID: "a"})
	c.Tier = "system"
	if _, err := c.AuthorizeRead(); cpodkit.CodeOf(err) != cpodkit.CodeBadRequest {
		t.Errorf("an unknown tier: %v", err)
	}
}

// Nobody is told to send a token, and whoever reads the cause to use Attach.
func TestNobody(t *testing.T) {
	t.Parallel()
	calls := map[string]func(storage.Caller) error{
		"read":  func(c storage.Caller) error { _, err := c.AuthorizeRead(); return err },
		"list":  func(c storage.Caller) error { _, err := c.AuthorizeList(); return err },
		"write": func(c storage.Caller) error { _, err := c.AuthorizeWrite(); return err },
	}
	for name, call := range calls {
		for _, c := range []storage.Caller{{}, {Tier: storage.Shared}, {Tier: "none"}, {Tier: storage.User, Apps: storage.AllApps()}} {
			err, ok := errors.AsType[*cpodkit.Error](call(c))
			if !ok || err.Code != cpodkit.CodeMissingToken || strings.Contains(err.Detail, "Attach") ||
				!strings.Contains(err.Error(), "wrap the handler in Store.Attach") {
				t.Errorf("%s of %+v: %v", name, c, err)
			}
		}
		if err := call(storage.For(cpodkit.Identity{})); cpodkit.CodeOf(err) != cpodkit.CodeMissingToken || strings.Contains(err.Error(), "Attach") {
			t.Errorf("%s of the zero identity: %v", name, err)
		}
	}
}

func TestBinding(t *testing.T) {
	t.Parallel()
	a := storage.For(identity("t", "a", "u"))
	bindings := map[string]string{}
	for name, binding := range map[string]string{
		"one":             a.Binding("list"),
		"another purpose": a.Binding("query", "c"),
		"no purpose":      a.Binding(),
		"another tier":    caller(identity("t", "a", "u"), storage.Shared, storage.Apps{}).Binding("list"),
		"another app":     storage.For(identity("t", "b", "u")).Binding("list"),
		"joined ids":      storage.For(identity("t", `a" "u`, "")).Binding("list"),
	} {
		if other, taken := bindings[binding]; taken {
			t.Errorf("%s and %s are both bound to %s", name, other, binding)
		}
		bindings[binding] = name
	}
	if a.Binding("list") != storage.For(identity("t", "a", "u")).Binding("list") {
		t.Error("the same caller has two bindings")
	}
}
