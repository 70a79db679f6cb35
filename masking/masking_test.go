package masking_test

import (
	"testing"

	"github.com/cpodkit/cpodkit/masking"
)

func newMasker(t testing.TB, opts ...masking.Option) *masking.Masker {
	t.Helper()
	m, err := masking.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMaskString(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	for text, want := range map[string]string{
		"":                             "",
		"nothing to see here":          "nothing to see here",
		"Call Alice at 555-867-5309":   "Call [NAME] at [PHONE]",
		"Alice Smith":                  "Alice Smith",
		"Alice\nSmith":                 "[NAME]\nSmith",
		"alice@example.com":            "a***@example.com",
		"123-45-6789":                  "***-**-****",
		"mail alice@example.com today": "mail [EMAIL] today",
		"SSN 123-45-6789.":             "SSN [SSN].",
		"(555) 867-5309":               "(***) ***-****",
		"4111 1111 1111 1111":          "**** **** **** ****",
		"élodie@example.com":           "é***@example.com",
		"Maria Garcia Lopez":           "M*** G*** L***",
	} {
		got := m.MaskString(text)
		if got != want {
			t.Errorf("MaskString(%q) = %q, want %q", text, got, want)
		}
		if again := m.MaskString(got); again != got {
			t.Errorf("MaskString(%q) = %q again, want no change", got, again)
		}
		if got := string(m.AppendMasked([]byte("x*"), text)); got != "x*"+want {
			t.Errorf("AppendMasked(%q) = %q, want %q", text, got, "x*"+want)
		}
	}
}
