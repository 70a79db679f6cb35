package masking_test

import (
	"fmt"
	"slices"
	"strings"
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

func TestEntitiesOnAndOff(t *testing.T) {
	t.Parallel()
	const text = "Call Alice at 555-867-5309 or alice@example.com"
	for want, entities := range map[string][]masking.Entity{
		text:                                     {},
		"Call Alice at 555-867-5309 or [EMAIL]":  {masking.Email},
		"Call [NAME] at 555-867-5309 or [EMAIL]": {masking.Email, masking.Name},
		"Call [NAME] at [PHONE] or [EMAIL]":      masking.Entities(),
	} {
		if got := newMasker(t, masking.WithEntities(entities...)).MaskString(text); got != want {
			t.Errorf("with %v: %q, want %q", entities, got, want)
		}
	}
	_, err := masking.New(masking.WithEntities("E-MAIL"))
	if err == nil || err.Error() != `masking: the entity "E-MAIL" is unknown; did you mean "EMAIL"?` {
		t.Errorf("an unknown entity: %v", err)
	}
}

// TestRules holds the table of rules complete, and its rows in the order of the entities.
func TestRules(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	last, entities := 0, masking.Entities()
	for _, r := range masking.Rules() {
		i := slices.Index(entities, r.Entity)
		if r.Name == "" || names[r.Name] || i < last || i > last+1 || r.Finds == "" || r.Source == "" || r.Score <= 0 || r.Score > 1 {
			t.Errorf("rule %+v is not complete, not in order, or there twice", r)
		}
		names[r.Name], last = true, i
	}
	if last != len(entities)-1 {
		t.Errorf("no rule for %s", entities[last+1])
	}
}

func TestFinding(t *testing.T) {
	t.Parallel()
	got := newMasker(t).Find(nil, "Call Alice at 555-867-5309")
	want := []string{"NAME name 5 10", "PHONE phone-nanp 14 26"}
	for i, f := range got {
		if s := fmt.Sprint(f.Entity, f.Rule, f.Start, f.End); i >= len(want) || strings.ReplaceAll(want[i], " ", "") != strings.ReplaceAll(s, " ", "") {
			t.Errorf("finding %d is %s", i, s)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d findings, want %d", len(got), len(want))
	}
}

// TestOverlaps: the longer one wins, then the score.
func TestOverlaps(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	for text, want := range map[string]string{
		"the password=alice@example.com here":                        "the password=[EMAIL] here",
		"see https://u:p@example.com/x here":                         "see https://[URL_CREDENTIALS]@example.com/x here",
		"with Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln here": "with Bearer [JWT] here",
		"mail Alice.Smith@example.com here":                          "mail [EMAIL] here",
		"token=ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a here":   "token=[API_KEY] here",
	} {
		if got := m.MaskString(text); got != want {
			t.Errorf("MaskString(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestShapes: a text that is one finding keeps its shape, and a secret does not tell its
// length.
func TestShapes(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	for text, want := range map[string]string{
		"+44 20 7946 0958":            "+** ** **** ****",
		"DE89 3704 0044 0532 0130 00": "**** **** **** **** **** **",
		"2001:db8::1":                 "****:***::*",
		"203.0.113.7":                 "***.*.***.*",
		"00:1a:2b:3c:4d:5e":           "**:**:**:**:**:**",
		"1EG4-TE5-MK73":               "****-***-****",
		"529.982.247-25":              "***.***.***-**",
		"12345678Z":                   "*********",
		"ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a":                      "[API_KEY]",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln":                          "[JWT]",
		"-----BEGIN PRIVATE KEY-----\nMIIB\nAB==\n-----END PRIVATE KEY-----": "[PRIVATE_KEY]",
		"a -----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY----- b":   "a [PRIVATE_KEY] b",
		"a -----BEGIN PRIVATE KEY-----\nMIIBVAIBADANBgkqhk\nnever ended":     "a [PRIVATE_KEY]\nnever ended",
		"a -----BEGIN PRIVATE KEY----- without one":                          "a -----BEGIN PRIVATE KEY----- without one",
	} {
		if got := m.MaskString(text); got != want {
			t.Errorf("MaskString(%q) = %q, want %q", text, got, want)
		}
	}
}

// Maskers that share tables keep profiles of their own.
func TestTablesOfAnother(t *testing.T) {
	t.Parallel()
	first := newMasker(t, masking.WithEntities(masking.Email))
	second := newMasker(t, masking.WithTablesOf(first))
	const text = "Call Alice at 555-867-5309 or alice@example.com"
	if got, want := first.MaskString(text), "Call Alice at 555-867-5309 or [EMAIL]"; got != want {
		t.Errorf("the first one: %q, want %q", got, want)
	}
	if got, want := second.MaskString(text), "Call [NAME] at [PHONE] or [EMAIL]"; got != want {
		t.Errorf("the second one: %q, want %q", got, want)
	}
}
