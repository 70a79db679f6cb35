package masking_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/masking"
)

func withProfile(t testing.TB, p masking.Profile, opts ...masking.Option) *masking.Masker {
	t.Helper()
	return newMasker(t, append(opts, masking.WithProfile(p))...)
}

// TestStrategies masks the same texts by each strategy: one that is a finding as a whole,
// and a longer one.
func TestStrategies(t *testing.T) {
	t.Parallel()
	const whole, longer = "alice@example.com", "mail alice@example.com, card 4111 1111 1111 1111"
	for strategy, want := range map[masking.Strategy][2]string{
		masking.Auto:        {"a***@example.com", "mail [EMAIL], card [CREDIT_CARD]"},
		masking.Placeholder: {"[EMAIL]", "mail [EMAIL], card [CREDIT_CARD]"},
		masking.Shape:       {"a***@example.com", "mail a***@example.com, card **** **** **** ****"},
		masking.Last4:       {"*****@******e.com", "mail *****@******e.com, card **** **** **** 1111"},
		masking.Fixed:       {"***", "mail ***, card ***"},
		masking.Hash:        {"[EMAIL]", "mail [EMAIL], card [CREDIT_CARD]"},
		masking.Token:       {"[EMAIL]", "mail [EMAIL], card [CREDIT_CARD]"},
		masking.Drop:        {"", "mail , card "},
		masking.Keep:        {whole, longer},
		"mine":              {"<EMAIL email 17>", "mail <EMAIL email 17>, card <CREDIT_CARD credit-card 19>"},
	} {
		m := withProfile(t, masking.Profile{Default: strategy}, masking.WithStrategy("mine", func(ctx context.Context, f masking.Finding, text string) string {
			if ctx.Err() != nil {
				return "ended"
			}
			return fmt.Sprintf("<%s %s %d>", f.Entity, f.Rule, len(text))
		}))
		for i, text := range []string{whole, longer} {
			got := m.MaskString(text)
			if got != want[i] {
				t.Errorf("%s: MaskString(%q) = %q, want %q", strategy, text, got, want[i])
			}
			if again := m.MaskString(got); again != got {
				t.Errorf("%s: %q becomes %q again", strategy, got, again)
			}
			if got := string(m.AppendMasked(nil, text)); got != want[i] {
				t.Errorf("%s: AppendMasked(%q) = %q, want %q", strategy, text, got, want[i])
			}
		}
		var out strings.Builder
		w := m.Writer(&out)
		_, _ = w.Write([]byte(longer + "\n"))
		if err := w.Close(); err != nil || out.String() != want[1]+"\n" {
			t.Errorf("%s: a Writer writes %q, %v", strategy, out.String(), err)
		}
	}
}

func TestDropInJSON(t *testing.T) {
	t.Parallel()
	m := withProfile(t, masking.Profile{
		Entities: map[masking.Entity]masking.Strategy{masking.Email: masking.Drop},
		Fields:   map[string]masking.Strategy{"x": masking.Drop}, Paths: map[string]masking.Strategy{"$.list[1]": masking.Drop},
	})
	for text, want := range map[string]string{
		`{ "a":"alice@example.com" , "b":1 , "c":"bob@example.com" , "d":2 }`: `{ "b":1 , "d":2 }`,
		`{ "x":1 }`:                       `{ }`,
		`{"x":1,"x":[{"x":1}],"x":{}}`:    `{}`,
		`{"x":{"a":["]}"],"b":1},"c":1}`:  `{"c":1}`,
		`{"c":1,"x":{"a":["]}"],"b":1}}`:  `{"c":1}`,
		`{"c" : 1 , "x" : null , "d":[]}`: `{"c" : 1 , "d":[]}`,
		`["alice@example.com", 1]`:        `[null, 1]`,
		`{"list":[1,{"a":[2]},3]}`:        `{"list":[1,null,3]}`,
		`"alice@example.com"`:             `null`,
		`"to alice@example.com"`:          `"to "`,
		`{"alice@example.com":{"a":1},"b":{"alice@example.com":1,"c":2}}`: `{"b":{"c":2}}`,
		`{"a":{"x":1},"b":{"a":{"x":1,"y":2},"x":3}}`:                     `{"a":{},"b":{"a":{"y":2}}}`,
	} {
		got, err := m.MaskJSON(nil, []byte(text))
		if err != nil || string(got) != want {
			t.Errorf("MaskJSON(%s) = %s, want %s (%v)", text, got, want, err)
		}
		everySplit(t, m, text, want)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	const text = `{"a":{"b":[{"c":"1"},{"c":"2"}],"c":"3"},"c":"4","e f":{"'":"5"},"list":["6",["7"]]}`
	for path, want := range map[string]string{
		`$.a.b[0].c`:     `{"a":{"b":[{"c":"*"},{"c":"2"}],"c":"3"},"c":"4","e f":{"'":"5"},"list":["6",["7"]]}`,
		`$.a.b[*].c`:     `{"a":{"b":[{"c":"*"},{"c":"*"}],"c":"3"},"c":"4","e f":{"'":"5"},"list":["6",["7"]]}`,
		`$['a']["b"]`:    `{"a":{"b":[{"c":"*"},{"c":"*"}],"c":"3"},"c":"4","e f":{"'":"5"},"list":["6",["7"]]}`,
		`$.*.c`:          `{"a":{"b":[{"c":"1"},{"c":"2"}],"c":"*"},"c":"4","e f":{"'":"5"},"list":["6",["7"]]}`,
		`$..c`:           `{"a":{"b":[{"c":"*"},{"c":"*"}],"c":"*"},"c":"*","e f":{"'":"5"},"list":["6",["7"]]}`,
		`$.a..c`:         `{"a":{"b":[{"c":"*"},{"c":"*"}],"c":"*"},"c":"4","e f":{"'":"5"},"list":["6",["7"]]}`,
		`$['e f']['\'']`: `{"a":{"b":[{"c":"1"},{"c":"2"}],"c":"3"},"c":"4","e f":{"'":"*"},"list":["6",["7"]]}`,
		`$.list[0]`:      `{"a":{"b":[{"c":"1"},{"c":"2"}],"c":"3"},"c":"4","e f":{"'":"5"},"list":["*",["7"]]}`,
		`$..[0]`:         `{"a":{"b":[{"c":"*"},{"c":"2"}],"c":"3"},"c":"4","e f":{"'":"5"},"list":["*",["*"]]}`,
		`$`:              `{"a":{"b":[{"c":"*"},{"c":"*"}],"c":"*"},"c":"*","e f":{"'":"*"},"list":["*",["*"]]}`,
		`$.none`:         text,
	} {
		m := withProfile(t, masking.Profile{Paths: map[string]masking.Strategy{path: masking.Shape}})
		got, err := m.MaskJSON(nil, []byte(text))
		if err != nil || string(got) != want {
			t.Errorf("%s:\n%s, want\n%s (%v)", path, got, want, err)
		}
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		var wanted any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if got := m.Mask(v); !reflect.DeepEqual(got, wanted) {
			t.Errorf("%s: Mask = %v, want %v", path, got, wanted)
		}
	}
}

type ticketFinder struct{}

func (ticketFinder) Recognize(dst []masking.Finding, line string) []masking.Finding {
	for i := 0; ; {
		at := strings.Index(line[i:], "TCK")
		if at < 0 {
			return append(dst, masking.Finding{Entity: "BAD", Start: 2, End: 1}, masking.Finding{Entity: "bad", End: 1}, masking.Finding{Entity: "BAD", End: len(line) + 1}, masking.Finding{Entity: "BAD", Start: -1, End: 1})
		}
		dst = append(dst, masking.Finding{Entity: "TICKET", Start: i + at, End: i + at + 3, Score: 0.5})
		i += at + 3
	}
}

func customProfile() masking.Profile {
	return masking.Profile{
		Allow: []string{"Alice", "*@EXAMPLE.org", "support*"},
		Deny:  map[string]masking.Entity{"Project Aurora": "PROJECT", "straße": "STREET", "#42": "ROOM", "it": masking.Name},
		Patterns: []masking.Pattern{
			{Entity: "EMPLOYEE", Pattern: `\bE-\d{4,}\b`},
			{Entity: "CASE", Pattern: `\d{5}`, Context: []string{"case", "Fall"}},
			{Entity: "LONG", Pattern: `E-\d+ and \w+`, Score: 0.1},
		},
	}
}

func TestCustomEntities(t *testing.T) {
	t.Parallel()
	m := withProfile(t, customProfile(), masking.WithRecognizer(ticketFinder{}))
	for text, want := range map[string]string{
		"Call Alice at 555-867-5309":                           "Call Alice at [PHONE]",
		"mail bob@example.org or bob@example.com":              "mail bob@example.org or [EMAIL]",
		"support@example.com and alice@example.com":            "support@example.com and [EMAIL]",
		"the PROJECT aurora, project auroras, xproject aurora": "the [PROJECT], project auroras, xproject aurora",
		"Hauptstraße, STRASSE, Straße 5":                       "Hauptstraße, STRASSE, [STREET] 5",
		"room #42, #423, x#42":                                 "room [ROOM], #423, x[ROOM]",
		"it is E-12345 and E-123":                              "[NAME] is [LONG]-123",
		"case 12345, number 12345":                             "case [CASE], number [CASE]",
		"showcase 12345":                                       "showcase 12345",
		"der FALL: 12345":                                      "der FALL: [CASE]",
		"[CASE] 12345, [MY_CASE] 12345":                        "[CASE] 12345, [MY_CASE] 12345",
		"case\n12345":                                          "case\n12345",
		"case" + strings.Repeat(" ", 61) + "12345":             "case" + strings.Repeat(" ", 61) + "12345",
		"a TCK and TCKTCK":                                     "a [TICKET] and [TICKET][TICKET]",
		"E-1234":                                               "*-****",
		"[EMPLOYEE] [PROJECT#0123456789abcdef]":                "[EMPLOYEE] [PROJECT#0123456789abcdef]",
	} {
		got := m.MaskString(text)
		if got != want {
			t.Errorf("MaskString(%q) = %q, want %q", text, got, want)
		}
		if again := m.MaskString(got); again != got {
			t.Errorf("%q becomes %q again", got, again)
		}
		for cut := range len(text) + 1 {
			var out strings.Builder
			write(t, m, &out, text[:cut], text[cut:])
			if out.String() != want {
				t.Errorf("cut at %d of %q: %q, want %q", cut, text, out.String(), want)
			}
		}
	}
	got, err := m.MaskJSON(nil, []byte(`{"case":"12345","n":12345,"caseNumber":["12345"],"room":"#42"}`))
	if want := `{"case":"*****","n":12345,"caseNumber":["*****"],"room":"#**"}`; err != nil || string(got) != want {
		t.Errorf("MaskJSON = %s, want %s", got, want)
	}
	found := m.Find(nil, "E-12345 in project aurora")
	if len(found) != 2 || found[0] != (masking.Finding{Entity: "EMPLOYEE", Rule: "pattern", End: 7, Score: 0.8}) && found[0].Rule != "pattern" || found[1].Rule != "deny" {
		t.Errorf("Find = %+v", found)
	}
}

func TestEntitiesAreOff(t *testing.T) {
	t.Parallel()
	p := customProfile()
	p.Entities = map[masking.Entity]masking.Strategy{"EMPLOYEE": masking.Keep, "PROJECT": masking.Last4, "TICKET": masking.Keep, masking.Phone: masking.Keep, masking.Email: masking.Last4}
	m := withProfile(t, p, masking.WithRecognizer(ticketFinder{}))
	if got, want := m.MaskString("E-12345 of project aurora, TCK, call 555-867-5309 or bob@example.com"), "E-12345 of ******* **rora, TCK, call 555-867-5309 or ***@******e.com"; got != want {
		t.Errorf("MaskString = %q, want %q", got, want)
	}
	m = withProfile(t, masking.Profile{MinScore: 0.98})
	if got, want := m.MaskString("call 555-867-5309 or alice@example.com"), "call 555-867-5309 or [EMAIL]"; got != want {
		t.Errorf("MaskString = %q, want %q", got, want)
	}
}

func TestProfileIsRefused(t *testing.T) {
	t.Parallel()
	m := newMasker(t, masking.WithStrategy("mine", func(context.Context, masking.Finding, string) string { return "" }))
	revision := m.Revision()
	many := map[string]masking.Strategy{}
	for i := range 101 {
		many[fmt.Sprintf("$.a%d", i)] = masking.Fixed
	}
	for pointer, p := range map[string]masking.Profile{
		"/default: is not a known strategy; did you mean hash? known are auto, placeholder, shape, last4, fixed, hash, token, drop, keep, mine": {Default: "hach"},
		"/entities/E-MAIL: is not a known entity; did you mean EMAIL? known are EMAIL, PHONE, ":                                                 {Entities: map[masking.Entity]masking.Strategy{"E-MAIL": masking.Fixed}},
		"/entities/EMAIL: is not a known strategy":   {Entities: map[masking.Entity]masking.Strategy{masking.Email: ""}},
		"/fields/a~1b: is not a known strategy":      {Fields: map[string]masking.Strategy{"a/b": "x"}},
		"/fields/-: has no letter":                   {Fields: map[string]masking.Strategy{"-": masking.Fixed}},
		"/fields/x_y: is there twice":                {Fields: map[string]masking.Strategy{"X-Y": masking.Fixed, "x_y": masking.Hash}},
		"/paths/a: is not a path":                    {Paths: map[string]masking.Strategy{"a": masking.Fixed}},
		"/paths/$.: is not a path":                   {Paths: map[string]masking.Strategy{"$.": masking.Fixed}},
		"/paths/$[01]: is not a path":                {Paths: map[string]masking.Strategy{"$[01]": masking.Fixed}},
		"/paths/$[-1]: is not a path":                {Paths: map[string]masking.Strategy{"$[-1]": masking.Fixed}},
		"/paths/$['a: is not a path":                 {Paths: map[string]masking.Strategy{"$['a": masking.Fixed}},
		"/paths/$['a'x: is not a path":               {Paths: map[string]masking.Strategy{"$['a'x": masking.Fixed}},
		`/paths/$[': is not a path`:                  {Paths: map[string]masking.Strategy{"$['": masking.Fixed}},
		"/paths/$...a: is not a path":                {Paths: map[string]masking.Strategy{"$...a": masking.Fixed}},
		"/paths/$..: is not a path":                  {Paths: map[string]masking.Strategy{"$..": masking.Fixed}},
		"/paths/$[?(@.a)]: is not a path":            {Paths: map[string]masking.Strategy{"$[?(@.a)]": masking.Fixed}},
		"/paths/$[1:2]: is not a path":               {Paths: map[string]masking.Strategy{"$[1:2]": masking.Fixed}},
		"/paths: has more than 100":                  {Paths: many},
		"/allow/0: is not a text":                    {Allow: []string{"*"}},
		"/allow/1: is not a text":                    {Allow: []string{"a", "*a*"}},
		"/deny/a\n: is not a text":                   {Deny: map[string]masking.Entity{"a\n": "X"}},
		"/deny/[EMAIL]: is not a text":               {Deny: map[string]masking.Entity{"[EMAIL]": "X"}},
		"/deny/a: is not the name of an entity":      {Deny: map[string]masking.Entity{"a": "x"}},
		"/patterns/0/pattern: matches the empty":     {Patterns: []masking.Pattern{{Entity: "X", Pattern: "a*"}}},
		"/patterns/0/pattern: matches the empty s":   {Patterns: []masking.Pattern{{Entity: "X", Pattern: `\b`}}},
		"/patterns/0/pattern: matches the empty st":  {Patterns: []masking.Pattern{{Entity: "X", Pattern: `(a|b?)c{0,3}`}}},
		"/patterns/0/pattern: matches the empty str": {Patterns: []masking.Pattern{{Entity: "X", Pattern: ``}}},
		"/patterns/0/pattern: is not a regular":      {Patterns: []masking.Pattern{{Entity: "X", Pattern: "("}}},
		"/patterns/0/entity: is not the name":        {Patterns: []masking.Pattern{{Entity: "", Pattern: "a"}}},
		"/patterns/0/score: is not a number":         {Patterns: []masking.Pattern{{Entity: "X", Pattern: "a", Score: 2}}},
		"/patterns/0/context/0: is not a word":       {Patterns: []masking.Pattern{{Entity: "X", Pattern: "a", Context: []string{""}}}},
		"/fixedText: looks like EMAIL itself":        {FixedText: "hide@example.com"},
		"/fixedText: has more than":                  {FixedText: "a\n"},
		"/minScore: is not a number":                 {MinScore: 1.1},
		"/minScore: is not a num":                    {MinScore: math.NaN()},
	} {
		err := m.SetProfile(p)
		var e *cpodkit.Error
		if !errors.As(err, &e) || e.Code != cpodkit.CodeValidationFailed || len(e.Fields) != 1 || !strings.HasPrefix(e.Fields[0].Pointer+": "+e.Fields[0].Detail, pointer) {
			t.Errorf("%s: %v", pointer, err)
		}
		if _, err := masking.New(masking.WithProfile(p)); err == nil {
			t.Errorf("%s: New returns no error", pointer)
		}
	}
	if m.Revision() != revision {
		t.Error("a profile that is refused is in force")
	}
}

func TestProfileInForce(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	p := m.Profile()
	if p.Default != masking.Auto || len(p.Entities) != len(masking.Entities()) || p.Entities[masking.Email] != masking.Auto || p.Fields["ssn"] != masking.Shape || p.Fields["client_secret"] != masking.Placeholder || p.FixedText != "***" {
		t.Errorf("Profile = %+v", p)
	}
	p.Entities[masking.Email] = masking.Keep
	if m.MaskString(mail) == mail {
		t.Error("a change of the copy changes the profile")
	}
	first := m.Revision()
	if err := m.SetProfile(masking.Profile{}); err != nil || m.Revision() != first || len(first) != 16 {
		t.Errorf("the revision was %s, and is %s", first, m.Revision())
	}
	if err := m.SetProfile(p); err != nil || m.Revision() == first || m.MaskString(mail) != mail {
		t.Errorf("after SetProfile: %v, %s", err, m.MaskString(mail))
	}
	data, err := json.Marshal(m.Profile())
	if err != nil {
		t.Fatal(err)
	}
	second := m.Revision()
	back, err := masking.ParseProfile(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetProfile(back); err != nil || m.Revision() != second {
		t.Errorf("the profile from its JSON has the revision %s, not %s (%v)", m.Revision(), second, err)
	}
	for _, text := range []string{`{"entitys":{}}`, `{"default":1}`, `{"fields":{"a":"fixed","a":"hash"}}`, `[]`, ``, `{"patterns":[{"regexp":"a"}]}`} {
		if _, err := masking.ParseProfile([]byte(text)); err == nil {
			t.Errorf("ParseProfile(%s) returns no error", text)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]masking.Option{
		"a nil recognizer":    masking.WithRecognizer(nil),
		"no name":             masking.WithStrategy("", func(context.Context, masking.Finding, string) string { return "" }),
		"a built-in strategy": masking.WithStrategy(masking.Hash, func(context.Context, masking.Finding, string) string { return "" }),
		"a nil strategy":      masking.WithStrategy("mine", nil),
	} {
		if _, err := masking.New(opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestSetProfileUnderLoad swaps profiles while others mask: each call has one of the two.
func TestSetProfileUnderLoad(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if got := m.MaskString("mail " + mail); got != "mail [EMAIL]" && got != "mail ***" {
					t.Errorf("MaskString = %q", got)
				}
				got, err := m.MaskJSON(nil, []byte(`{"m":["alice@example.com","alice@example.com"]}`))
				if s := string(got); err != nil || s != `{"m":["***","***"]}` && s != `{"m":["a***@example.com","a***@example.com"]}` {
					t.Errorf("MaskJSON = %s, %v", got, err)
				}
				if s := fmt.Sprint(m.Mask(struct{ A, B string }{mail, mail})); s != "{*** ***}" && s != "{a***@example.com a***@example.com}" {
					t.Errorf("Mask = %s", s)
				}
			}
		})
	}
	for i := range 100 {
		p := masking.Profile{}
		if i%2 == 0 {
			p.Default = masking.Fixed
		}
		if err := m.SetProfile(p); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}
