package masking_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/masking"
)

// vault keeps keys and tokens for the tests of calls.
type vault struct {
	values map[string]string // by tenant and token
	err    error
	short  bool
	puts   int
}

func (v *vault) Key(_ context.Context, tenant string) ([]byte, error) {
	key := []byte(fmt.Sprintf("%-32s", tenant))
	if v.short {
		key = key[:31]
	}
	return key, v.err
}

func (v *vault) Put(_ context.Context, tenant string, values map[string]string) error {
	v.puts++
	for token, value := range values {
		if v.values == nil {
			v.values = map[string]string{}
		}
		v.values[tenant+"/"+token] = value
	}
	return v.err
}

func (v *vault) Get(_ context.Context, tenant string, tokens []string) (map[string]string, error) {
	found := map[string]string{}
	for _, token := range tokens {
		if value, ok := v.values[tenant+"/"+token]; ok {
			found[token] = value
		}
	}
	return found, v.err
}

func call(t *testing.T, m *masking.Masker, tenant string, o masking.Options) *masking.Call {
	t.Helper()
	c, err := m.For(t.Context(), tenant, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func callString(t *testing.T, c *masking.Call, text string) string {
	t.Helper()
	got, _, err := c.String(text)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestHash(t *testing.T) {
	t.Parallel()
	v := &vault{}
	m := withProfile(t, masking.Profile{Default: masking.Hash}, masking.WithKeys(v))
	a := call(t, m, "a", masking.Options{})
	first := callString(t, a, "alice@example.com")
	if !regexp.MustCompile(`^\[EMAIL#[0-9a-f]{16}\]$`).MatchString(first) {
		t.Errorf("a hash is %s", first)
	}
	if got := callString(t, call(t, m, "a", masking.Options{}), "to alice@example.com and bob@example.com"); !strings.HasPrefix(got, "to "+first+" and [EMAIL#") || strings.Count(got, first) != 1 {
		t.Errorf("a hash in a text is %s, want %s", got, first)
	}
	if got := callString(t, call(t, m, "b", masking.Options{}), "alice@example.com"); got == first {
		t.Error("two tenants have the same hash")
	}
	if got := callString(t, a, first); got != first {
		t.Errorf("a hash masked again is %s", got)
	}
	got, err := a.JSON(nil, []byte(`{"password":"`+first+`","secret":"x","a":"`+first+` bob@example.com"}`))
	if err != nil || !regexp.MustCompile(`^\{"password":"`+regexp.QuoteMeta(first)+`","secret":"\[MASKED\]","a":"`+regexp.QuoteMeta(first)+` \[EMAIL#[0-9a-f]{16}\]"\}$`).Match(got) {
		t.Errorf("JSON = %s, %v", got, err)
	}
	if got := callString(t, call(t, m, "", masking.Options{}), mail); got != "[EMAIL]" {
		t.Errorf("without a tenant it is %s", got)
	}
	v.short = true
	if _, _, err := call(t, m, "a", masking.Options{}).String(mail); err == nil || strings.Contains(err.Error(), mail) {
		t.Errorf("a short key: %v", err)
	}
	v.err = errors.New("down")
	if _, _, err := call(t, m, "a", masking.Options{}).String(mail); cpodkit.CodeOf(err) != cpodkit.CodeUnavailable {
		t.Errorf("no key: %v", err)
	}
	if got := callString(t, call(t, m, "a", masking.Options{}), "nothing"); got != "nothing" {
		t.Errorf("a call that needs no key: %s", got)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	v := &vault{}
	var reads []masking.Detokenised
	var refusal error
	m := newMasker(t, masking.WithKeys(v), masking.WithTokenStore(v), masking.WithReadHook(func(_ context.Context, d masking.Detokenised) error {
		reads = append(reads, d)
		return refusal
	}))
	c := call(t, m, "a", masking.Options{Strategy: masking.Token, Fields: []string{"address"}})
	got, err := c.JSON(nil, []byte(`{"a":"alice@example.com","b":["to alice@example.com"],"address":{"street":"x","no":5},"password":"hunter2"}`))
	const token = `(tok_[a-z2-7]{26})`
	parts := regexp.MustCompile(`^\{"a":"` + token + `","b":\["to ` + token + `"\],"address":\{"street":"` + token + `","no":"` + token + `"\},"password":"` + token + `"\}$`).FindStringSubmatch(string(got))
	if err != nil || parts == nil || parts[1] != parts[2] || v.puts != 1 || len(v.values) != 4 {
		t.Fatalf("JSON = %s, %v, with %v", got, err, v.values)
	}
	if again, err := c.JSON(nil, got); err != nil || string(again) != string(got) {
		t.Errorf("masked twice: %s, %v", again, err)
	}
	values, err := m.Detokenise(t.Context(), "a", append(parts[1:], "tok_none"))
	if want := map[string]string{parts[1]: mail, parts[3]: "x", parts[4]: "5", parts[5]: "hunter2"}; err != nil || !maps.Equal(values, want) {
		t.Errorf("Detokenise = %v, %v; want %v", values, err, want)
	}
	if values, err := m.Detokenise(t.Context(), "b", parts[1:]); err != nil || len(values) > 0 {
		t.Errorf("another tenant reads %v, %v", values, err)
	}
	if len(reads) != 2 || reads[0].TenantID != "a" || !slices.Equal(reads[1].Tokens, parts[1:]) {
		t.Errorf("the hook has %v", reads)
	}
	refusal = errors.New("no")
	if values, err := m.Detokenise(t.Context(), "a", parts[1:]); cpodkit.CodeOf(err) != cpodkit.CodeUnavailable || values != nil {
		t.Errorf("a refused read is %v, %v", values, err)
	}
	refusal, v.err = nil, errors.New("down "+mail)
	if _, err := m.Detokenise(t.Context(), "a", parts[1:]); cpodkit.CodeOf(err) != cpodkit.CodeUnavailable {
		t.Errorf("a store that is down: %v", err)
	}
	m = newMasker(t, masking.WithKeys(&vault{}), masking.WithTokenStore(v))
	if got, err := call(t, m, "a", masking.Options{Strategy: masking.Token}).Value(mail); cpodkit.CodeOf(err) != cpodkit.CodeUnavailable || got != nil {
		t.Errorf("a store that is down: %v, %v", got, err)
	}
	if _, err := newMasker(t).Detokenise(t.Context(), "a", nil); cpodkit.CodeOf(err) != cpodkit.CodeNotSupported {
		t.Errorf("without a store: %v", err)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	text := `{"user":[{"name":"x","mail":"alice@example.com"},{"name":""}],"user.name":"y","phone":"+1 415-867-5309","name":"z","password":"p"}`
	for want, o := range map[string]masking.Options{
		`{"user":[{"name":"x","mail":"a***@example.com"},{"name":""}],"user.name":"y","phone":"+* ***-***-****","name":"z","password":"[MASKED]"}`:               {},
		`{"user":[{"name":"x","mail":"a***@example.com"},{"name":""}],"user.name":"y","phone":"+1 415-867-5309","name":"z","password":"[MASKED]"}`:               {Entities: []masking.Entity{masking.Email}},
		`{"user":[{"name":"x","mail":"alice@example.com"},{"name":""}],"user.name":"y","phone":"+1 415-867-5309","name":"z","password":"[MASKED]"}`:              {Entities: []masking.Entity{}},
		`{"user":[{"name":"x","mail":"***"},{"name":""}],"user.name":"y","phone":"***","name":"z","password":"***"}`:                                             {Strategy: masking.Fixed},
		`{"user":[{"name":"x"},{"name":""}],"user.name":"y","name":"z"}`:                                                                                         {Strategy: masking.Drop},
		`{"user":[{"name":"[MASKED]","mail":"a***@example.com"},{"name":""}],"user.name":"[MASKED]","phone":"+* ***-***-****","name":"z","password":"[MASKED]"}`: {Fields: []string{"user.name"}},
		`{"user":[{"name":"[MASKED]","mail":"a***@example.com"},{"name":""}],"user.name":"y","phone":"+* ***-***-****","name":"z","password":"[MASKED]"}`:        {Fields: []string{"user"}},
	} {
		got, err := call(t, m, "a", o).JSON(nil, []byte(text))
		if err != nil || string(got) != want {
			t.Errorf("%+v:\n%s, want\n%s (%v)", o, got, want, err)
		}
	}
	value, err := call(t, m, "a", masking.Options{Fields: []string{"A.b"}}).Value(struct{ A []map[string]int }{[]map[string]int{{"b": 1, "c": 2}}})
	if want := (struct{ A []map[string]int }{[]map[string]int{{"b": 0, "c": 2}}}); err != nil || !reflect.DeepEqual(value, want) {
		t.Errorf("Value = %v, %v", value, err)
	}
	off := withProfile(t, masking.Profile{Entities: map[masking.Entity]masking.Strategy{masking.Email: masking.Keep}})
	if got := callString(t, call(t, off, "a", masking.Options{Entities: []masking.Entity{masking.Email}}), mail); got != "a***@example.com" {
		t.Errorf("an entity that a call turns on: %s", got)
	}
	for pointer, o := range map[string]masking.Options{
		"/entities/1: is not a known entity; did you mean EMAIL? known are EMAIL, PHONE": {Entities: []masking.Entity{masking.Email, "EMAIK"}},
		"/strategy: is not a known strategy; did you mean hash? known are auto, pl":      {Strategy: "hsh"},
		"/fields/0: is not a path":            {Fields: []string{""}},
		"/fields: has more than 100 elements": {Fields: strings.Split(strings.Repeat("a,", 100)+"a", ",")},
	} {
		_, err := m.For(t.Context(), "a", o)
		var e *cpodkit.Error
		if !errors.As(err, &e) || e.Code != cpodkit.CodeValidationFailed || !strings.HasPrefix(e.Fields[0].Pointer+": "+e.Fields[0].Detail, pointer) {
			t.Errorf("%s: %v", pointer, err)
		}
	}
	for _, s := range []masking.Strategy{masking.Hash, masking.Token} {
		if _, err := m.For(t.Context(), "a", masking.Options{Strategy: s}); cpodkit.CodeOf(err) != cpodkit.CodeNotSupported {
			t.Errorf("%s without keys: %v", s, err)
		}
	}
}

func TestCallString(t *testing.T) {
	t.Parallel()
	text, found, err := call(t, newMasker(t), "a", masking.Options{}).String("Call Alice at 555-867-5309")
	if err != nil || text != "Call [NAME] at [PHONE]" || len(found) != 2 || found[1].Start != 14 || found[1].End != 26 {
		t.Errorf("String = %q, %+v, %v", text, found, err)
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	v := &vault{err: errors.New("not to be asked")}
	m := withProfile(t, masking.Profile{
		Entities: map[masking.Entity]masking.Strategy{masking.Phone: masking.Token},
		Fields:   map[string]masking.Strategy{"gone": masking.Drop},
	}, masking.WithKeys(v), masking.WithTokenStore(v))
	c := call(t, m, "a", masking.Options{})
	got, err := c.DryRun([]byte(`{"a/b":["é alice@example.com", {"bob@example.com":1}],"phone":5558675309,"ssn":"123-45-6789","password":"x","gone":{"a":[1]}}`))
	want := []masking.Masked{
		{Pointer: "/a~1b/0", Entity: masking.Email, Rule: "email", Score: 0.98, Start: 2, End: 19, Strategy: masking.Auto},
		{Pointer: "/a~1b/1/bob@example.com", Entity: masking.Email, Rule: "email", Score: 0.98, Start: 0, End: 15, Strategy: masking.Auto},
		{Pointer: "/phone", Entity: masking.Phone, Rule: "phone-context", Score: 0.75, Start: 0, End: 10, Strategy: masking.Token},
		{Pointer: "/ssn", Entity: masking.SSN, Rule: "field", Score: 1, Start: 0, End: 11, Strategy: masking.Shape, Field: true},
		{Pointer: "/password", Rule: "field", Score: 1, Start: 0, End: 1, Strategy: masking.Placeholder, Field: true},
		{Pointer: "/gone", Rule: "field", Score: 1, Strategy: masking.Drop, Field: true},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("DryRun =\n%+v, want\n%+v (%v)", got, want, err)
	}
	if got, err := c.DryRun([]byte(`[]`)); err != nil || got == nil || len(got) > 0 || v.puts > 0 {
		t.Errorf("DryRun of nothing is %v, %v", got, err)
	}
	if _, err := c.DryRun([]byte(`{`)); cpodkit.CodeOf(err) != cpodkit.CodeBadRequest {
		t.Errorf("DryRun of no JSON: %v", err)
	}
}
