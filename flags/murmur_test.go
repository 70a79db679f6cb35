package flags_test

import (
	"testing"

	"github.com/cpodkit/cpodkit/flags"
)

// The values of MurmurHash3_x86_32 with seed 0 that implementations are checked with.
func TestMurmur3(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint32{
		"":                          0,
		"a":                         0x3c2569b2,
		"aa":                        0x371091a9,
		"aaa":                       0xb4d05fb7,
		"aaaa":                      0x7eeed987,
		"abcde":                     0xe89b9af6,
		"ünïcödé":                   0x7b5af2c4,
		"abc":                       0xb3dd93fa,
		"test":                      0xba6bd213,
		"Hello, world!":             0xc0363e43,
		"hello":                     0x248bfa47,
		"hello, world":              0x149bbb7f,
		"19 Jan 2038 at 3:14:07 AM": 0xe31e8a70,
		"The quick brown fox jumps over the lazy dog.":             0xd5c48bfc,
		"The quick brown fox jumps over the lazy dog":              0x2e4ff723,
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": 0xee925b90,
	} {
		got := flags.Murmur3(text)
		if got != want {
			t.Errorf("the hash of %q is %#x; want %#x", text, got, want)
		}
		if bytes := flags.Murmur3Bytes([]byte(text)); bytes != got {
			t.Errorf("the hash of the bytes of %q is %#x, and not %#x", text, bytes, got)
		}
		if plain := plainMurmur3([]byte(text)); plain != got {
			t.Errorf("the plain hash of %q is %#x, and not %#x", text, plain, got)
		}
	}
}
