package secrets_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/secrets"
)

// A name that is taken names one secret, and no path that it makes leads elsewhere. Every
// other one is invalid_key.
func FuzzNames(f *testing.F) {
	for _, name := range []string{
		"", "a", "a/b", "..", "../a", "a/../b", "a/..", "./a", "a//b", "/a", "a/", "...", "..a", "a..", "%2e%2e/a", "..%2fa", "%2e%2e%2fa", "%252e%252e%252fa",
		"..%00/a", "a\x00", "a\n", "\x7f", "\u0080", "\u009f", "\u00a0", "\xff", "\xc0\xae\xc0\xae/a", "．．/a", "‥/a", `..\a`, `a\..\b`, "..;/a", "~/a", "C:/a",
		"a#b", "a?b", strings.Repeat("n", secrets.MaxName), strings.Repeat("n", secrets.MaxName+1), strings.Repeat("é", secrets.MaxName/2+1),
	} {
		f.Add(name)
	}
	s, _ := newSecrets(f)
	h := app(s, "a")
	dir := f.TempDir()
	write(f, filepath.Join(dir, "outside"), "outside")
	write(f, filepath.Join(dir, "inside", "a"), "inside")
	files := over(f, openFiles(f, filepath.Join(dir, "inside")), secrets.NewMemory()).Trusted(tenant)
	f.Fuzz(func(t *testing.T, name string) {
		_, err := h.Put(t.Context(), name, secrets.NewValue("v"))
		isPath := fs.ValidPath(name) && name != "." && path.Clean("/"+name) == "/"+name && utf8.ValidString(name)
		if secrets.CheckName(name) != nil {
			wantCode(t, err, cpodkit.CodeInvalidKey)
			if isPath && len(name) <= secrets.MaxName && !strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 }) {
				t.Errorf("the name %q is refused", name)
			}
			_, err = h.Get(t.Context(), name)
			wantCode(t, err, cpodkit.CodeInvalidKey)
			return
		}
		if err != nil || !isPath || len(name) > secrets.MaxName {
			t.Errorf("the name %q is taken: %v", name, err)
		}
		wantValue(t, h, name, "v")
		for _, other := range []string{name + "x", "x" + name, name + "/x", strings.ToUpper(name) + "X", path.Base(name) + "/y", strings.ReplaceAll(name, "%", "%25") + "%"} {
			if secret, err := h.Get(t.Context(), other); err == nil {
				t.Errorf("%q is also %q: %q", name, other, secret.Value.Reveal())
			}
		}
		if secret, err := files.Get(t.Context(), name); err == nil && (name != "a" || secret.Value.Reveal() != "inside") {
			t.Errorf("the name %q leads to %q", name, secret.Value.Reveal())
		}
		wantCode(t, h.Delete(t.Context(), name), "")
	})
}

// A folder may hold symlinks; names lead nowhere by themselves.
func TestFilesStayInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "outside"), "outside")
	write(t, filepath.Join(dir, "inside", "a"), "inside")
	if err := os.Mkdir(filepath.Join(dir, "inside", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	files := openFiles(t, filepath.Join(dir, "inside"))
	for _, name := range []string{"../outside", "b/../../outside", filepath.Join(dir, "outside"), "b", ".", "", "a/", "./a"} {
		if secret, err := files.Get(t.Context(), tenant, name, 0); err == nil {
			t.Errorf("the name %q leads to %q", name, secret.Value.Reveal())
		}
	}
}
