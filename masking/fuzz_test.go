package masking_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit/masking"
)

// seed adds the lines of the labelled set of this package's author to a fuzz target, and
// runs of lines.
func seed(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/accuracy/own/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var block strings.Builder
		for i, line := range strings.Split(string(text), "\n") {
			text, _ := parseLabels(line)
			block.WriteString(text)
			if i%3 == 0 {
				f.Add(text)
			}
			if i%20 == 19 {
				f.Add(block.String())
				block.Reset()
			}
			block.WriteString([]string{"\n", " ", ", ", "-", "\r\n"}[i%5])
		}
	}
	f.Add("\xff\xfe broken \xc3 Alice Smith \xe2\x82 alice@example.com")
	f.Add("-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAK\nabc\n-----END RSA PRIVATE KEY-----\nand more")
	f.Add("-----BEGIN PRIVATE KEY-----\nMIIBOgIBAAJBAK\nabc")
}

// FuzzMask holds what is true of every text: findings are in order and inside, no
// placeholder breaks UTF-8, and masking twice changes nothing.
func FuzzMask(f *testing.F) {
	m := newMasker(f)
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		found := m.Find(nil, text)
		last := 0
		for _, x := range found {
			if x.Start < last || x.End <= x.Start || x.End > len(text) {
				t.Fatalf("finding %+v in a text of %d bytes, after one that ends at %d", x, len(text), last)
			}
			if utf8.ValidString(text) && !utf8.ValidString(text[x.Start:x.End]) {
				t.Errorf("%s cuts a code point: %q", x.Entity, text[x.Start:x.End])
			}
			last = x.End
		}
		masked := m.MaskString(text)
		if utf8.ValidString(text) && !utf8.ValidString(masked) {
			t.Errorf("MaskString(%q) = %q, which is not UTF-8", text, masked)
		}
		if again := m.MaskString(masked); again != masked {
			t.Errorf("masking twice: %s", difference(masked, again))
		}
		rest := unmasked(text, found)
		for _, x := range found {
			if value := text[x.Start:x.End]; len(value) >= 6 && strings.Contains(masked, value) && !strings.Contains(rest, value) {
				t.Errorf("%s survives in %q", value, masked)
			}
		}
	})
}

// difference shows two texts around their first difference.
func difference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	around := func(s string) string { return s[max(0, min(len(s), i-60)):min(len(s), i+60)] }
	return fmt.Sprintf("%q became %q", around(a), around(b))
}

// unmasked is the text without its findings.
func unmasked(text string, found []masking.Finding) string {
	var rest strings.Builder
	last := 0
	for _, x := range found {
		rest.WriteString(text[last:x.Start])
		rest.WriteByte(0)
		last = x.End
	}
	rest.WriteString(text[last:])
	return rest.String()
}

// FuzzStream holds a text that is cut in any two pieces, and in bytes, to the whole one.
func FuzzStream(f *testing.F) {
	m := newMasker(f)
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return // every split is tried, so a longer text takes too long
		}
		want := m.MaskString(text)
		var out bytes.Buffer
		for cut := 0; cut <= len(text); cut += 1 + len(text)/64 {
			out.Reset()
			write(t, m, &out, text[:cut], text[cut:])
			if out.String() != want {
				t.Fatalf("cut at %d of %q: %s", cut, text, difference(want, out.String()))
			}
		}
		for name, r := range map[string]io.Reader{
			"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text)),
			"error with data": iotest.DataErrReader(strings.NewReader(text)),
		} {
			got, err := io.ReadAll(m.Reader(r))
			if err != nil || string(got) != want {
				t.Fatalf("%s: Reader of %q: %v; %s", name, text, err, difference(want, string(got)))
			}
		}
	})
}

func write(t *testing.T, m *masking.Masker, out io.Writer, pieces ...string) {
	t.Helper()
	w := m.Writer(out)
	for _, p := range pieces {
		if n, err := io.WriteString(w, p); n != len(p) || err != nil {
			t.Fatalf("wrote %d bytes of %d: %v", n, len(p), err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// FuzzSurvive holds that values of which no context is needed are found on a line of their
// own, whatever is around it.
func FuzzSurvive(f *testing.F) {
	m := newMasker(f)
	secrets := []string{
		"alice@example.com", "+1 415-867-5309", "123-45-6789", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "2001:db8::42",
		"ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a", "00:1a:2b:3c:4d:5e", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
	}
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "-----BEGIN ") {
			return // a private key may take in the lines
		}
		for i, s := range secrets {
			cut := len(text) * i / len(secrets)
			masked := m.MaskString(text[:cut] + "\n  " + s + "\n" + text[cut:])
			if strings.Contains(masked, s) && !strings.Contains(text, s) {
				t.Errorf("%s survives in %q", s, masked)
			}
		}
	})
}
