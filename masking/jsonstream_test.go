package masking_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/masking"
)

// TestJSONWriterWritesEarly holds what is written to be held back no longer than needed.
func TestJSONWriterWritesEarly(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := newMasker(t).JSONWriter(&out)
	for _, step := range [][2]string{
		{`{"a": [1, 2`, `{"a": [1, `},
		{`, "alice@exa`, `{"a": [1, 2, `},
		{`mple.com" `, `{"a": [1, 2, "a***@example.com" `},
		{`, tr`, `{"a": [1, 2, "a***@example.com" , `},
		{`ue], "ssn`, `{"a": [1, 2, "a***@example.com" , true], `},
		{`" :`, `{"a": [1, 2, "a***@example.com" , true], "ssn" :`},
		{`"123-45-6789"}`, `{"a": [1, 2, "a***@example.com" , true], "ssn" :"***-**-****"}`},
		{"\n", `{"a": [1, 2, "a***@example.com" , true], "ssn" :"***-**-****"}` + "\n"},
	} {
		if _, err := io.WriteString(w, step[0]); err != nil || out.String() != step[1] {
			t.Errorf("after %s: %s, %v; want %s", step[0], out.String(), err, step[1])
		}
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Error(err)
	}
	if _, err := io.WriteString(w, " "); err == nil {
		t.Error("a write after Close returns no error")
	}
}

func TestJSONWriterLimits(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	drops := withProfile(t, masking.Profile{Fields: map[string]masking.Strategy{"x": masking.Drop}})
	text := func(n int) string { return `"` + strings.Repeat("é", n/2) + `"` }
	for name, test := range map[string]struct {
		m    *masking.Masker
		text string
		ok   bool
	}{
		"a string of 1 MiB":           {m, text(1<<20 - 2), true},
		"a string of more":            {m, text(1<<20 + 64<<10), false},
		"a name of more":              {m, "{" + text(1<<20+64<<10) + ":1}", false},
		"a number of 4 KiB":           {m, strings.Repeat("1", 4000) + " ", true},
		"a number of more":            {m, strings.Repeat("1", 5000), false},
		"white space":                 {m, strings.Repeat(" ", 5<<20) + "1", true},
		"white space before a member": {drops, "{" + strings.Repeat(" ", 5<<20) + `"x":1}`, false},
		"a member that is left out":   {drops, `{"x":[` + strings.Repeat(text(64<<10)+",", 100) + "1]}", true},
	} {
		var out strings.Builder
		w := test.m.JSONWriter(&out)
		var err error
		for rest := test.text; rest != "" && err == nil; rest = rest[min(1000, len(rest)):] {
			_, err = io.WriteString(w, rest[:min(1000, len(rest))])
		}
		if err == nil {
			err = w.Close()
		}
		if (err == nil) != test.ok || err != nil && cpodkit.CodeOf(err) != cpodkit.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want, maskErr := test.m.MaskJSON(nil, []byte(test.text)); test.ok && (maskErr != nil || out.String() != string(want)) {
			t.Errorf("%s: %d bytes, want %d (%v)", name, out.Len(), len(want), maskErr)
		}
		if _, again := io.WriteString(w, " "); err != nil && again == nil || !test.ok && !errors.Is(w.Close(), err) {
			t.Errorf("%s: the error does not stay", name)
		}
	}
}

// TestJSONWriterBytes writes 2 MiB byte by byte.
func TestJSONWriterBytes(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	text := `{"a":"` + strings.Repeat(`x\"`, 300<<10) + `","b":[` + strings.Repeat(`"alice@example.com",1,`, 20<<10) + `true]}`
	var out bytes.Buffer
	w := m.JSONWriter(&out)
	for i := range len(text) {
		if _, err := w.Write([]byte{text[i]}); err != nil {
			t.Fatal(err)
		}
	}
	want, err := m.MaskJSON(nil, []byte(text))
	if err := errors.Join(err, w.Close()); err != nil || out.String() != string(want) {
		t.Errorf("%d bytes, want %d (%v)", out.Len(), len(want), err)
	}
}

func TestJSONWriterErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	w := newMasker(t).JSONWriter(brokenWriter{broken})
	if _, err := io.WriteString(w, "[1]"); !errors.Is(err, broken) {
		t.Errorf("Write returns %v", err)
	}
	if err := w.Close(); !errors.Is(err, broken) {
		t.Errorf("Close returns %v", err)
	}
	// After broken JSON nothing more comes.
	var out bytes.Buffer
	w = newMasker(t).JSONWriter(&out)
	_, first := io.WriteString(w, `["a", "b" "alice@example.com"]`)
	_, second := io.WriteString(w, `"c"]`)
	if first == nil || second == nil || w.Close() == nil || out.Len() > 0 {
		t.Errorf("after broken JSON: %q, %v, %v", out.String(), first, second)
	}
	if strings.Contains(first.Error(), "alice") {
		t.Errorf("the error has the text: %v", first)
	}
}
