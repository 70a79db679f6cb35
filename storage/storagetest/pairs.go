package storagetest

import (
	"strings"

	"github.com/cpodkit/cpodkit/storage"
)

func private(tenant, app string) actor    { return actor{tenant, app, "", storage.Private} }
func user(tenant, app, user string) actor { return actor{tenant, app, user, storage.User} }
func shared(tenant string) actor          { return actor{tenant, "app", "", storage.Shared} }

// pairs are the ids that are as hard as keys. In the first ones both places and
// keys, joined as they are, spell the same path.
func pairs() []pair {
	a63, a64 := strings.Repeat("a", 63), strings.Repeat("a", 64)
	return []pair{
		{"a user that spells an app", user("i", "b", "u"), "apps/a/x", user("i", "a", "u/apps/b"), "x"},
		{"a user that spells an app, both below", user("i", "b", "u"), "apps/a/dir/x", user("i", "a", "u/apps/b"), "dir/x"},
		{"a user that spells two apps", user("i", "c", "u"), "apps/b/apps/a/x", user("i", "a", "u/apps/c/apps/b"), "x"},
		{"an app that spells a folder", private("i", "a"), "b/x", private("i", "a/b"), "x"},
		{"an app that spells two folders", private("i", "a"), "b/c/x", private("i", "a/b/c"), "x"},
		{"an app of slashes", private("i", "a"), "b", private("i", "a/b"), "b"},
		{"a tenant that spells an app", private("i", "a"), "apps/b/x", private("i/apps/a", "b"), "x"},
		{"a tenant that spells its shared tier", shared("i"), "apps/a/x", private("i/shared", "a"), "x"},
		{"a tenant that spells a user", user("i", "a", "u"), "apps/b/x", private("i/users/u/apps/a", "b"), "x"},
		{"a tenant that spells another's apps", private("i", "apps"), "b/x", private("i/apps", "b"), "x"},
		{"a tenant that ends with a slash", private("i", "a"), "x", private("i/", "a"), "x"},
		{"a tenant that begins with a slash", private("i", "a"), "x", private("/i", "a"), "x"},
		{"an app that ends with a slash", private("i", "a"), "x", private("i", "a/"), "x"},
		{"an app that climbs", private("i", "b"), "x", private("i", "a/../b"), "x"},
		{"an app that climbs to the shared tier", shared("i"), "x", private("i", "../shared"), "x"},
		{"an app that climbs to another tenant", private("j", "a"), "x", private("i", "../../j/apps/a"), "x"},
		{"a user that climbs", user("i", "a", "v"), "x", user("i", "a", "u/../v"), "x"},
		{"a user that climbs to an app", private("i", "a"), "x", user("i", "a", "../apps/a/.."), "x"},
		{"a tenant that climbs to the server's own", private("$system", "keys"), "x", private("i/../$system", "keys"), "x"},
		{"an app with a dot segment", private("i", "a"), "x", private("i", "./a"), "x"},

		{"an app named like the shared tier", shared("i"), "x", private("i", "shared"), "x"},
		{"an app named like the word apps", private("i", "apps"), "x", private("i", "apps/apps"), "x"},
		{"a user named apps", user("i", "a", "apps"), "x", private("i", "a"), "x"},
		{"a tenant named shared", shared("shared"), "x", private("shared", "shared"), "x"},
		{"a tenant named apps", private("apps", "apps"), "apps/x", user("apps", "apps", "apps"), "x"},
		{"the private and the user tier", private("i", "a"), "users/u/x", user("i", "a", "u"), "x"},
		{"the shared tier and a user", shared("i"), "u/x", user("i", "a", "shared"), "x"},
		{"the private tier of a user's name", private("i", "u"), "x", user("i", "u", "u"), "x"},

		{"an encoded slash in an app", private("i", "a/b"), "x", private("i", "a%2Fb"), "x"},
		{"its lower-case twin", private("i", "a/c"), "x", private("i", "a%2fc"), "x"},
		{"both encodings", private("i", "a%2Fd"), "x", private("i", "a%2fd"), "x"},
		{"an encoded percent sign", private("i", "a%25"), "x", private("i", "a%"), "x"},
		{"twice encoded", private("i", "a%252F"), "x", private("i", "a%2F"), "x"},
		{"an encoded slash in a tenant", private("i/k", "a"), "x", private("i%2Fk", "a"), "x"},
		{"an encoded slash in a user", user("i", "a", "u/k"), "x", user("i", "a", "u%2Fk"), "x"},
		{"an encoded dot", private("i", "a."), "x", private("i", "a%2E"), "x"},
		{"encoded dots", private("i", "%2E%2E"), "x", private("i", "..."), "x"},
		{"an encoded letter", private("i", "%61"), "x", private("i", "a"), "x"},
		{"a plus and a blank", private("i", "a+b"), "x", private("i", "a b"), "x"},
		{"an encoded blank", private("i", "a%20b"), "x", private("i", "a b"), "x"},
		{"an encoded NUL", private("i", "a%00"), "x", private("i", "a\x00"), "x"},
		{"the server's own", private("$system", "a"), "x", private("%24system", "a"), "x"},

		{"a longer tenant", private("i", "a"), "x", private("ix", "a"), "x"},
		{"a longer app", private("i", "a"), "x", private("i", "ax"), "x"},
		{"a longer user", user("i", "a", "u"), "x", user("i", "a", "ux"), "x"},
		{"a longer tenant, shared", shared("i"), "x", shared("ix"), "x"},
		{"a number and a longer one", private("i", "1"), "x", private("i", "10"), "x"},
		{"cases of a tenant", private("i", "a"), "x", private("I", "a"), "x"},
		{"cases of an app", private("i", "b"), "x", private("i", "B"), "x"},
		{"cases of a user", user("i", "a", "u"), "x", user("i", "a", "U"), "x"},
		{"a dot behind", private("i", "a"), "x", private("i", "a."), "x"},
		{"dots behind", private("i", "b"), "x", private("i", "b.."), "x"},
		{"a blank behind", private("i", "a"), "x", private("i", "a "), "x"},
		{"a blank before", private("i", "a"), "x", private("i", " a"), "x"},
		{"a NUL behind", private("i", "a"), "x", private("i", "a\x00"), "x"},
		{"a line end behind", private("i", "a"), "x", private("i", "a\n"), "x"},
		{"a space of no width", private("i", "a"), "x", private("i", "a\u200b"), "x"},

		{"two forms of one letter", private("i", "\u00e9"), "x", private("i", "e\u0301"), "x"},
		{"a letter and its mark left out", private("i", "é"), "x", private("i", "e"), "x"},
		{"a wide letter", private("i", "a"), "x", private("i", "ａ"), "x"},
		{"a wide slash", private("i", "a/b"), "x", private("i", "a／b"), "x"},
		{"a Kelvin sign", private("i", "K"), "x", private("i", "\u212a"), "x"},
		{"a long s", private("i", "s"), "x", private("i", "ſ"), "x"},
		{"two broken bytes", private("i", "\xff"), "x", private("i", "\xfe"), "x"},
		{"a broken byte and what replaces it", private("i", "\xff"), "x", private("i", "\ufffd"), "x"},
		{"an overlong slash", private("i", "a/b"), "x", private("i", "a\xc0\xafb"), "x"},
		{"a backslash", private("i", "a/b"), "x", private("i", `a\b`), "x"},

		{"a star", private("i", "*"), "x", private("i", "a"), "x"},
		{"a percent sign", private("i", "%"), "x", private("i", "a"), "x"},
		{"an underscore", private("i", "_"), "x", private("i", "a"), "x"},
		{"a question mark", private("i", "?"), "x", private("i", "a"), "x"},
		{"an underscore in a tenant", private("i_", "a"), "x", private("ij", "a"), "x"},
		{"a star as user", user("i", "a", "*"), "x", user("i", "a", "u"), "x"},
		{"a quote", private("i", "'"), "x", private("i", "''"), "x"},
		{"a quote in SQL", private("i", "a' OR '1'='1"), "x", private("i", "a"), "x"},
		{"a colon", private("i", "a:b"), "x", private("i", "a"), "b:x"},
		{"a key that begins with a colon", private("i", "a"), ":x", private("i", "a:"), "x"},

		{"63 and 64 bytes", private("i", a63), "x", private("i", a64), "x"},
		{"64 bytes that differ in the last", private("i", a63+"b"), "x", private("i", a64), "x"},
		{"64 bytes once encoded", private("i", strings.Repeat("/", 21)+"a"), "x", private("i", strings.Repeat("/", 21)), "a/x"},
		{"tenants of 64 bytes", private(a64, "a"), "x", private(a63, "a"), "x"},
		{"users of 64 bytes", user("i", "a", a64), "x", user("i", "a", a63), "x"},
		{"all of 64 bytes", user(a64, a64, a64), "x", user(a64, a64, a63), "x"},
	}
}
