package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/internal/seal"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

func newBox(t testing.TB, secret []byte, purpose string) *seal.Box {
	t.Helper()
	box, err := seal.New(secret, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	box := newBox(t, secret, "cursor")
	for _, plain := range []string{"", "x", "\x00\xff", strings.Repeat("long", 700)} {
		token := box.Seal("t1/app", []byte(plain))
		got, err := newBox(t, secret, "cursor").Open("t1/app", token)
		if err != nil || string(got) != plain {
			t.Errorf("Open of %d bytes = %q, %v", len(plain), got, err)
		}
		if strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("the token %q is not safe in a URL", token)
		}
		if plain != "" && strings.Contains(token, base64.RawURLEncoding.EncodeToString([]byte(plain))) {
			t.Error("the token shows what is sealed")
		}
	}
	if first, second := box.Seal("b", []byte("x")), box.Seal("b", []byte("x")); first == second {
		t.Error("two seals of the same are equal")
	}
}

func TestOpenElsewhere(t *testing.T) {
	t.Parallel()
	token := newBox(t, secret, "cursor").Seal("t1/app", []byte("x"))
	for name, open := range map[string]func() ([]byte, error){
		"another binding": func() ([]byte, error) { return newBox(t, secret, "cursor").Open("t1/app2", token) },
		"no binding":      func() ([]byte, error) { return newBox(t, secret, "cursor").Open("", token) },
		"another purpose": func() ([]byte, error) { return newBox(t, secret, "presign").Open("t1/app", token) },
		"another secret": func() ([]byte, error) {
			return newBox(t, bytes.Repeat([]byte("k"), 32), "cursor").Open("t1/app", token)
		},
	} {
		if got, err := open(); !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("%s opens it: %q, %v", name, got, err)
		}
	}
}

func TestAlteredTokens(t *testing.T) {
	t.Parallel()
	box := newBox(t, secret, "cursor")
	token := box.Seal("b", []byte("position 7"))
	for i := range token {
		for _, c := range []byte("Aa0_\n\r =+/%") {
			if token[i] == c {
				continue
			}
			for _, bent := range []string{
				token[:i] + string(c) + token[i+1:], // instead
				token[:i] + string(c) + token[i:],   // before
			} {
				if _, err := box.Open("b", bent); !errors.Is(err, seal.ErrInvalid) {
					t.Fatalf("Open of the token with %q at %d: %v", c, i, err)
				}
			}
		}
		if _, err := box.Open("b", token[:i]); !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("Open of the first %d bytes: %v", i, err)
		}
	}
	for _, bad := range []string{
		"", "x", token + "A", token + "=", token + "\n", token + token, strings.Repeat("A", seal.MaxToken), strings.Repeat("A", 1<<20),
	} {
		if _, err := box.Open("b", bad); !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("Open of %.40q: %v", bad, err)
		}
	}
}

func TestTokenSize(t *testing.T) {
	t.Parallel()
	box := newBox(t, secret, "cursor")
	const overhead = 12 + 16 // nonce and tag
	most := base64.RawURLEncoding.DecodedLen(seal.MaxToken) - overhead
	if _, err := box.Open("b", box.Seal("b", make([]byte, most))); err != nil {
		t.Errorf("a token of the largest size: %v", err)
	}
	if _, err := box.Open("b", box.Seal("b", make([]byte, most+1))); !errors.Is(err, seal.ErrInvalid) {
		t.Errorf("a token over the largest size: %v", err)
	}
}

func TestShortSecret(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 15} {
		if _, err := seal.New(secret[:n], "cursor"); err == nil {
			t.Errorf("New took a secret of %d bytes", n)
		}
	}
	newBox(t, secret[:16], "cursor")
}

// FuzzOpen looks for a text that opens without having been sealed.
func FuzzOpen(f *testing.F) {
	box := newBox(f, secret, "cursor")
	// Fixed, because every process of the fuzzer would seal another one.
	const token = "ayGCnNLfcYVnJT9okd1ipBYbzlA3xvz3h9XuawYjJiSuYv1pnt4"
	for _, seed := range []string{"", token, token[1:], token + "A", strings.ToLower(token), "%" + token, token + "\r\n", strings.Repeat("A", 38)} {
		f.Add("b", seed)
	}
	f.Fuzz(func(t *testing.T, binding, text string) {
		plain, err := box.Open(binding, text)
		if err == nil && (binding != "b" || text != token || string(plain) != "position 7") {
			t.Fatalf("Open(%q, %q) = %q", binding, text, plain)
		}
		if err != nil && (!errors.Is(err, seal.ErrInvalid) || plain != nil) {
			t.Fatalf("Open(%q, %q) = %q, %v", binding, text, plain, err)
		}
	})
}
