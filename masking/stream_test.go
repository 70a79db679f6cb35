package masking_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cpodkit/cpodkit/masking"
)

const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\nKUpRKfFLfRYC9AIKjbJTWit\n-----END RSA PRIVATE KEY-----"

// TestStream holds every split of a text with a private key, long lines and broken UTF-8 to
// the whole text.
func TestStream(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	for name, text := range map[string]string{
		"a word":        "alice@example.com",
		"a line":        "alice@example.com\n",
		"two lines":     "Date of birth:\n1980-05-12\n",
		"a private key": "key:\n" + pem + "\nfrom Alice Smith\n",
		"two of them":   pem + pem + "x" + pem[:90] + "\n" + pem[:40],
		"broken":        "Alice Smith \xff\xe2\x82 \xc3 called 555-867-5309\r\nand left",
	} {
		want := m.MaskString(text)
		for cut := range len(text) + 1 {
			var out bytes.Buffer
			write(t, m, &out, text[:cut], text[cut:])
			if out.String() != want {
				t.Fatalf("%s, cut at %d: %q, want %q", name, cut, out.String(), want)
			}
		}
	}
	for name, text := range map[string]string{
		"long lines":      strings.Repeat("Call Alice at 555-867-5309 or mail bob@example.com; ", 1500),
		"one long word":   strings.Repeat("x", 40<<10) + " Alice Smith called",
		"no space":        strings.Repeat("é", 20<<10) + "alice@example.com",
		"many lines":      strings.Repeat("Call Alice at 555-867-5309\n", 3000),
		"an endless key":  "a\n-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("MIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\n", 400),
		"keys and prose":  strings.Repeat("the key is\n"+pem+"\nkeep it safe\n", 100),
		"context in tail": strings.Repeat("SSN:\n123456789\n", 1000),
	} {
		want := m.MaskString(text)
		for _, size := range []int{1, 7, 1000, 16 << 10, 40 << 10} {
			var out bytes.Buffer
			w := m.Writer(&out)
			for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
				if _, err := io.WriteString(w, rest[:min(size, len(rest))]); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if out.String() != want {
				t.Errorf("%s, in pieces of %d: %s", name, size, difference(want, out.String()))
			}
		}
		got, err := io.ReadAll(m.Reader(iotest.HalfReader(strings.NewReader(text))))
		if err != nil || string(got) != want {
			t.Errorf("%s, read: %v; %s", name, err, difference(want, string(got)))
		}
	}
}

// TestStreamWritesLines holds a line to be written as soon as it has ended.
func TestStreamWritesLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := newMasker(t).Writer(&out)
	for _, step := range [][2]string{
		{"mail alice@exa", ""},
		{"mple.com now\nand 555-", "mail [EMAIL] now\n"},
		{"867-5309", "mail [EMAIL] now\n"},
		{"\n", "mail [EMAIL] now\nand [PHONE]\n"},
	} {
		if _, err := io.WriteString(w, step[0]); err != nil || out.String() != step[1] {
			t.Errorf("after %q: %q, %v; want %q", step[0], out.String(), err, step[1])
		}
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestStreamErrors(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	broken := errors.New("broken")
	w := m.Writer(brokenWriter{broken})
	if _, err := io.WriteString(w, "a line\n"); !errors.Is(err, broken) {
		t.Errorf("Write returns %v, want the error of the writer", err)
	}
	if err := w.Close(); !errors.Is(err, broken) {
		t.Errorf("Close returns %v, want the error of the writer", err)
	}
	closed := m.Writer(io.Discard)
	if err := errors.Join(closed.Close(), closed.Close()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := io.WriteString(closed, "a"); err == nil {
		t.Error("a write after Close returns no error")
	}
	text, err := io.ReadAll(m.Reader(io.MultiReader(strings.NewReader("mail alice@example.com\nunfinished alice@ex"), iotest.ErrReader(broken))))
	if !errors.Is(err, broken) || string(text) != "mail [EMAIL]\n" {
		t.Errorf("a reader that breaks: %q, %v", text, err)
	}
}

// TestStreamOfOtherStrategies holds every split to the whole text where a strategy leaves
// something to be found.
func TestStreamOfOtherStrategies(t *testing.T) {
	t.Parallel()
	own := masking.WithStrategy("alias", func(context.Context, masking.Finding, string) string { return "bob@example.com" })
	m := newMasker(t, own, masking.WithProfile(masking.Profile{
		Entities: map[masking.Entity]masking.Strategy{masking.Name: "alias", masking.Phone: masking.Last4, "CUT": masking.Drop},
		Deny:     map[string]masking.Entity{"(x)": "CUT"},
	}))
	for name, text := range map[string]string{
		"an alias":      "Call Alice at 555-867-5309\nor Bob Smith\n",
		"its last line": "one\ntwo\nCall Alice Smith today",
		"a cut":         "mail ali(x)ce@example.com, or\ncall 555-(x)867-5309 now\nor (x)(x)555(x)-867-5309",
		"a key":         "key:\n" + pem + "\nfrom Alice Smith (x)\n",
	} {
		want := m.MaskString(text)
		if again := m.MaskString(want); again != want {
			t.Errorf("%s: %q is masked as %q", name, want, again)
		}
		for cut := range len(text) + 1 {
			var out bytes.Buffer
			write(t, m, &out, text[:cut], text[cut:])
			if out.String() != want {
				t.Fatalf("%s, cut at %d: %q, want %q", name, cut, out.String(), want)
			}
		}
	}
	if got, want := m.MaskString("Call Alice at 555-867-5309 today"), "Call [EMAIL] at ***-***-5309 today"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
