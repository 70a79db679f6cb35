package masking_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/masking"
)

// goldenJSON are JSON texts and what becomes of them by the default profile.
func goldenJSON() map[string]string {
	return map[string]string{
		`{"name":"Alice Smith","email":"alice@example.com","ssn":"123-45-6789"}`: `{"name":"Alice Smith","email":"a***@example.com","ssn":"***-**-****"}`,
		`"Call Alice at 555-867-5309"`:                                           `"Call [NAME] at [PHONE]"`,
		` [ 1 , "alice@example.com" , null ] `:                                   ` [ 1 , "a***@example.com" , null ] `,
		"{\r\n\t\"a\" : {\"b\":[{}, [] ]}\n}":                                    "{\r\n\t\"a\" : {\"b\":[{}, [] ]}\n}",

		// The name of a member is context of its value, in an array too.
		`{"dob":"1961-05-27","date":"1961-05-27"}`:            `{"dob":"****-**-**","date":"1961-05-27"}`,
		`{"dateOfBirth":"1961-05-27"}`:                        `{"dateOfBirth":"****-**-**"}`,
		`{"nhsNumber":"4244893628","number":"4244893628"}`:    `{"nhsNumber":"**********","number":"4244893628"}`,
		`{"phone":"5558675309","phones":[5558675309,"home"]}`: `{"phone":"**********","phones":["**********","home"]}`,
		`{"version":"1.2.3.4","ip":"1.2.3.4"}`:                `{"version":"1.2.3.4","ip":"*.*.*.*"}`,
		`{"db_password":"hunter2!","dbPassword":""}`:          `{"db_password":"[PASSWORD]","dbPassword":""}`,
		`{"card":4111111111111111,"n":123456789.5}`:           `{"card":"****************","n":123456789.5}`,

		// Fields.
		`{"password":"x","PassWord":"","X-Api-Key":"k","http.request.header.authorization":"b"}`: `{"password":"[MASKED]","PassWord":"","X-Api-Key":"[MASKED]","http.request.header.authorization":"[MASKED]"}`,
		`{"tokens":15,"token":15,"token":true,"token":null,"pin":1234,"otp":null}`:               `{"tokens":15,"token":15,"token":true,"token":null,"pin":"[MASKED]","otp":null}`,
		`{"secret":{"a":["b",1,{"c":"d"}],"e@example.com":"f"}}`:                                 `{"secret":{"a":["[MASKED]",1,{"c":"[MASKED]"}],"e***@example.com":"[MASKED]"}}`,
		`{"ssn":123456789}`: `{"ssn":"*********"}`,
		`{"password":"[MASKED]","secret":"[PASSWORD#0123456789abcdef]","token":"tok_abcdefghijklmnopqrstuvwxyz"}`: `{"password":"[MASKED]","secret":"[PASSWORD#0123456789abcdef]","token":"tok_abcdefghijklmnopqrstuvwxyz"}`,

		// Names of members.
		`{"alice@example.com":1,"adam@example.com":2,"a":{"anna@example.com":3}}`: `{"a***@example.com":1,"a***@example.com#2":2,"a":{"a***@example.com":3}}`,

		// Escapes. Those of a string that stays are not touched.
		`{"\u0065mail":"\u0061lice\u0040example.com"}`:  `{"\u0065mail":"a***@example.com"}`,
		`"\ud800 \u00e9 \/"`:                            `"\ud800 \u00e9 \/"`,
		`"\ud800 alice@example.com \ud83d\ude00\ud83d"`: "\"\uFFFD [EMAIL] \U0001F600\uFFFD\"",
		`"\"mail\": alice@example.com\n\t\u0001\\ "`:    `"\"mail\": [EMAIL]\n\t\u0001\\ "`,
		`"\u003cb\u003e alice@example.com"`:             `"\u003cb\u003e [EMAIL]"`,
		`"<b> alice@example.com"`:                       `"<b> [EMAIL]"`,
		`-0.5e+10`:                                      `-0.5e+10`, `true`: `true`, `""`: `""`,
	}
}

func TestMaskJSON(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	for text, want := range goldenJSON() {
		got, err := m.MaskJSON([]byte("x"), []byte(text))
		if err != nil || string(got) != "x"+want {
			t.Errorf("MaskJSON(%s) =\n%s, want\n%s (%v)", text, got, "x"+want, err)
		}
		again, err := m.MaskJSON(nil, []byte(want))
		if err != nil || string(again) != want {
			t.Errorf("MaskJSON(%s) = %s again (%v)", want, again, err)
		}
		everySplit(t, m, text, want)
	}
}

// everySplit holds what a JSONWriter writes at every split to the whole.
func everySplit(t *testing.T, m *masking.Masker, text, want string) {
	t.Helper()
	for cut := range len(text) + 1 {
		if got, err := writeJSON(m, text[:cut], text[cut:]); err != nil || got != want {
			t.Fatalf("cut at %d of %s: %s, want %s (%v)", cut, text, got, want, err)
		}
	}
	if got, err := writeJSON(m, strings.Split(text, "")...); err != nil || got != want {
		t.Fatalf("%s in pieces of one character: %s, want %s (%v)", text, got, want, err)
	}
}

func writeJSON(m *masking.Masker, pieces ...string) (string, error) {
	var out bytes.Buffer
	w := m.JSONWriter(&out)
	for _, p := range pieces {
		if _, err := io.WriteString(w, p); err != nil {
			return out.String(), err
		}
	}
	err := w.Close()
	return out.String(), err
}

func TestMaskJSONRefuses(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, text := range []string{
		"", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{,}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{"a":1]`, `[1}`, "]", "}", "1 2", `"a" "b"`, "nul", "nulll", "True",
		"01", "-", "+1", ".5", "1.", "1e", "1e+", "0x10", "NaN", "--1", "1-1", `"`, `"\`, `"\u12`, `"\x"`, `"\u12G4"`, "\"\n\"", "\"\x00\"", "\"\xff\"", "\"\xed\xa0\x80\"", "\xff", "'a'", "/* */1", "\ufeff1",
		deep(65), `{"alice@example.com":` + deep(64) + "}", `{"\xc3":1}`,
	} {
		got, err := m.MaskJSON([]byte("x"), []byte(text))
		if cpodkit.CodeOf(err) != cpodkit.CodeBadRequest || string(got) != "x" {
			t.Errorf("MaskJSON(%q) = %q, %v; want bad_request", text, got, err)
		}
		if json.Valid([]byte(text)) && !strings.Contains(text, deep(64)) && utf8.ValidString(text) {
			t.Errorf("%q is valid", text)
		}
		if _, err := writeJSON(m, strings.Split(text, "")...); cpodkit.CodeOf(err) != cpodkit.CodeBadRequest {
			t.Errorf("JSONWriter of %q: %v; want bad_request", text, err)
		}
	}
	if got, err := m.MaskJSON(nil, []byte(deep(64))); err != nil || string(got) != deep(64) {
		t.Errorf("64 levels: %s, %v", got, err)
	}
}
