package cpodkit_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
)

func TestEncodeID(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"acme":                                "acme",
		"alice@example.com":                   "alice@example.com",
		"a/b":                                 "a%2Fb",
		"a%2Fb":                               "a%252Fb",
		"$system":                             "%24system",
		"..a":                                 "..a",
		"Zoë":                                 "Zo%C3%AB",
		"a\x00b":                              "a%00b",
		strings.Repeat("x", cpodkit.MaxIDLen): strings.Repeat("x", cpodkit.MaxIDLen),
	} {
		got, err := cpodkit.EncodeID(in)
		if err != nil || got != want {
			t.Errorf("EncodeID(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", ".", "..", strings.Repeat("x", cpodkit.MaxIDLen+1), strings.Repeat("/", 22)} {
		if got, err := cpodkit.EncodeID(in); err == nil {
			t.Errorf("EncodeID(%q) = %q; want an error", in, got)
		}
	}
}

func FuzzEncodeID(f *testing.F) {
	for _, seed := range []string{"a", "a/b", "%", "..", "\xff\xfe", "u/apps/b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		got, err := cpodkit.EncodeID(id)
		if err != nil {
			return
		}
		if strings.ContainsAny(got, "/\\\x00$") || got == "." || got == ".." || len(got) > cpodkit.MaxIDLen {
			t.Fatalf("EncodeID(%q) = %q is no safe segment", id, got)
		}
		back, err := url.PathUnescape(got)
		if err != nil || back != id {
			t.Fatalf("EncodeID(%q) = %q decodes to %q, %v", id, got, back, err)
		}
	})
}

func TestIdentityValidate(t *testing.T) {
	t.Parallel()
	good := cpodkit.Identity{TenantID: "t", AppID: "a"}
	if err := good.Validate(); err != nil {
		t.Errorf("without a user: %v", err)
	}
	for name, id := range map[string]cpodkit.Identity{
		"tenant id": {TenantID: "..", AppID: "a"},
		"app id":    {TenantID: "t"},
		"user id":   {TenantID: "t", AppID: "a", UserID: "."},
	} {
		if err := id.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("bad %s: error is %v", name, err)
		}
	}
}

func TestScopesCovers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		granted, asked string
		want           bool
	}{
		{"jobs.read", "jobs.read", true},
		{"jobs.read", "jobs.write", false},
		{"jobs.*", "jobs.read", true},
		{"jobs.*", "jobs.*", true},
		{"jobs.*", "jobs", false},
		{"jobs.*", "jobs.", false},
		{"jobs.*", "jobsx.read", false},
		{"storage.*", "storage.private.read", false},
		{"storage.private.*", "storage.private.read", true},
		{"storage.private.*", "storage.shared.read", false},
		{"*", "jobs.read", false},
		{".*", ".read", false},
		{"*.read", "jobs.read", false},
		{"admin", "platform.admin", false},
		{"", "", false},
		{"a b", "b", true},
	} {
		if got := cpodkit.ParseScopes(c.granted).Covers(c.asked); got != c.want {
			t.Errorf("%q covers %q: %v; want %v", c.granted, c.asked, got, c.want)
		}
	}
}

func TestValidScope(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"admin": true, "storage.private.read": true, "orders.read": true, "jobs.*": true, "masking.detokenise": true,
		"": false, "*": false, ".read": false, "a..b": false, "A.read": false, "a b": false, "*.read": false, "a.*.b": false,
		`a"b`: false, strings.Repeat("a", 129): false,
	} {
		if got := cpodkit.ValidScope(s); got != want {
			t.Errorf("ValidScope(%q) = %v; want %v", s, got, want)
		}
	}
}
