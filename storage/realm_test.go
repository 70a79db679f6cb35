package storage_test

import (
	"errors"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

func TestRealms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tenant, user, want string }{
		{"t1", "", "t1/"},
		{"t/1", "", "t%2F1/"},
		{"t1", "u", "t1/users/u/"},
		{"t1", "u/apps/a", "t1/users/u%2Fapps%2Fa/"},
	} {
		realm, err := storage.TenantRealm(c.tenant)
		if c.user != "" {
			realm, err = storage.UserRealm(c.tenant, c.user)
		}
		root, rootErr := realm.Root()
		if err := errors.Join(err, rootErr, storage.CheckPrefix(root)); err != nil || root != c.want {
			t.Errorf("the realm of %q, %q is %q, %v; want %q", c.tenant, c.user, root, err, c.want)
		}
	}
	for _, id := range []string{"", ".", "..", string(make([]byte, 65))} {
		if _, err := storage.TenantRealm(id); err == nil {
			t.Errorf("TenantRealm(%q) succeeded", id)
		}
		if _, err := storage.UserRealm("t1", id); err == nil {
			t.Errorf("UserRealm(%q) succeeded", id)
		}
		if _, err := storage.UserRealm(id, "u"); err == nil {
			t.Errorf("UserRealm of the tenant %q succeeded", id)
		}
	}
	if _, err := (storage.Realm{}).Root(); err == nil {
		t.Error("the zero realm has a root")
	}
	for _, prefix := range []string{"", "/", "t1", "t1//", "../", "t1/../", "t1/./", "/t1/", "t1\x00/", "\xff/"} {
		if err := storage.CheckPrefix(prefix); !errors.Is(err, cpodkit.CodeInvalidKey) {
			t.Errorf("CheckPrefix(%q) = %v", prefix, err)
		}
	}
}

func TestTenantOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"t1/apps/a/x": "t1", "t1/": "t1", "t1x/shared/": "t1x", "t%2F1/": "t%2F1", "t1/users/u/apps/a/": "t1",
		storage.System("apps").Root(): "$system", storage.System("tenants").Root() + "k": "$system",
		"none": "", "": "", "/": "", "/x": "",
	} {
		if got := storage.TenantOf(path); got != want {
			t.Errorf("TenantOf(%q) = %q, want %q", path, got, want)
		}
	}
}
