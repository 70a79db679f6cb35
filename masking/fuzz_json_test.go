package masking_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit/masking"
)

// seedJSON adds the golden texts, and lines of the labelled set as JSON.
func seedJSON(f *testing.F) {
	f.Helper()
	for text, want := range goldenJSON() {
		f.Add(text)
		f.Add(want)
	}
	for _, text := range []string{
		`[[[[{"a":[{"b":{"c":[]}}]}]]]]`, `{"a":1,"a":2,"a":{"a":3}}`, `"\ud83d\ude00\ud83d"`, `1e999999`, `-0`, strings.Repeat("[", 64) + strings.Repeat("]", 64),
		`{"password":{"a":[1,true,null,"x",{"y":-1.5e3}]},"mail":"\u0061@b.co"}`, "{\"a\":\"\xff\"}", `{"":{"":""}}`, `{"x":"a@b.co","y":["a@b.co",{"z":1}],"gone":[{}],"keep":"a@b.co"}`,
		`"tok_abcdefghijklmnopqrstuvwxyz [EMAIL#0123456789abcdef] E-12345 case 12345"`,
	} {
		f.Add(text)
	}
}

// fuzzMaskers are profiles of different kinds. All of them make JSON that stays when it is
// masked again.
func fuzzMaskers(tb testing.TB) map[string]*masking.Masker {
	tb.Helper()
	custom := customProfile()
	custom.Default = masking.Placeholder
	return map[string]*masking.Masker{
		"default": newMasker(tb),
		"custom":  withProfile(tb, custom, masking.WithRecognizer(ticketFinder{})),
		"drop":    withProfile(tb, masking.Profile{Entities: map[masking.Entity]masking.Strategy{masking.Email: masking.Drop}, Fields: map[string]masking.Strategy{"gone": masking.Drop, "keep": masking.Keep}, Paths: map[string]masking.Strategy{"$..a[0]": masking.Drop, "$.a.b": masking.Fixed}}),
	}
}

// FuzzMaskJSON holds what is true of every JSON text: the result is JSON of the same shape,
// masking it again changes nothing, and it is the same in two pieces.
func FuzzMaskJSON(f *testing.F) {
	maskers := fuzzMaskers(f)
	seedJSON(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return // every split is tried, so a longer text takes too long
		}
		for name, m := range maskers {
			got, err := m.MaskJSON(nil, []byte(text))
			if isJSON := json.Valid([]byte(text)) && utf8.ValidString(text) && depth(text) <= 64; isJSON != (err == nil) {
				t.Fatalf("%s: MaskJSON(%q): %v, but it is JSON: %t", name, text, err, isJSON)
			}
			for cut := 0; cut <= len(text); cut += 1 + len(text)/32 {
				out, pieceErr := writeJSON(m, text[:cut], text[cut:])
				if (pieceErr == nil) != (err == nil) || err == nil && out != string(got) {
					t.Fatalf("%s: cut at %d of %q: %q, %v; want %q, %v", name, cut, text, out, pieceErr, got, err)
				}
			}
			if err != nil {
				continue
			}
			if !json.Valid(got) || !utf8.Valid(got) {
				t.Fatalf("%s: MaskJSON(%q) = %q, which is not JSON", name, text, got)
			}
			if name != "drop" && shape(text) != shape(string(got)) {
				t.Errorf("%s: MaskJSON(%q) = %q, which has another shape", name, text, got)
			}
			if again, err := m.MaskJSON(nil, got); err != nil || !bytes.Equal(again, got) {
				t.Errorf("%s: %q twice: %s, %v", name, text, difference(string(got), string(again)), err)
			}
		}
	})
}

func depth(text string) int {
	depth, deepest := 0, 0
	d := json.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

// shape is the JSON without its strings, numbers and words.
func shape(text string) string {
	var out strings.Builder
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if err != nil {
			return out.String()
		}
		if delim, ok := token.(json.Delim); ok {
			out.WriteRune(rune(delim))
		} else {
			out.WriteByte('.')
		}
	}
}

// FuzzMaskValue holds that Mask never panics, changes nothing of its argument, and agrees
// with itself when it masks again.
func FuzzMaskValue(f *testing.F) {
	maskers := fuzzMaskers(f)
	seedJSON(f)
	f.Fuzz(func(t *testing.T, text string) {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			v = []any{text, []byte(text), json.RawMessage(text), map[string]string{text: text}, &inner{Contact: text}, email(text), fmt.Errorf("%s", text), json.Number(text)}
		}
		for name, m := range maskers {
			before := fmt.Sprintf("%#v", v)
			got := m.Mask(v)
			if after := fmt.Sprintf("%#v", v); after != before {
				t.Fatalf("%s: the argument was %s, and is %s", name, before, after)
			}
			if got == nil && v != nil && name != "drop" {
				t.Errorf("%s: Mask(%#v) is nil", name, v)
			}
			if _, isList := v.([]any); isList && reflect.TypeOf(got) != reflect.TypeOf(v) {
				t.Errorf("%s: Mask(%#v) is a %T", name, v, got)
			}
			if again := m.Mask(got); !reflect.DeepEqual(again, got) && fmt.Sprintf("%#v", again) != fmt.Sprintf("%#v", got) {
				t.Errorf("%s: %#v masked again is %#v", name, got, again)
			}
		}
	})
}

// FuzzTokens holds that hashes and tokens stay when they are masked again, and that what
// tokens stand for comes back.
func FuzzTokens(f *testing.F) {
	seed(f)
	v := &vault{}
	m := newMasker(f, masking.WithKeys(v), masking.WithTokenStore(v))
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range []masking.Strategy{masking.Hash, masking.Token} {
			c, err := m.For(t.Context(), "a", masking.Options{Strategy: s})
			if err != nil {
				t.Fatal(err)
			}
			masked, found, err := c.String(text)
			if err != nil {
				t.Fatal(err)
			}
			if again, _, err := c.String(masked); err != nil || again != masked {
				t.Errorf("%s twice: %s, %v", s, difference(masked, again), err)
			}
			for _, x := range found {
				if value := text[x.Start:x.End]; len(value) > 8 && strings.Contains(masked, value) && !strings.Contains(unmasked(text, found), value) {
					t.Errorf("%s: %q survives in %q", s, value, masked)
				}
			}
		}
	})
}
