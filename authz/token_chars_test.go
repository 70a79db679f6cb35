package authz

import (
	"strings"
	"testing"
)

// Every byte at every place of a token, which eight at once must not change. The function
// is not part of the public surface.
func TestIsToken(t *testing.T) {
	t.Parallel()
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/="
	for c := range 256 {
		for at := range 19 {
			s := []byte("abcDEF-._019/zZaAxy")
			s[at] = byte(c)
			if want := strings.IndexByte(allowed, byte(c)) >= 0; isToken(string(s)) != want {
				t.Errorf("%q: want %t", s, want)
			}
		}
	}
}
