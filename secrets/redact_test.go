package secrets_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/cpodkit/cpodkit/secrets"
)

const mark = "[redacted]"

func redactor(values ...string) *secrets.Redactor {
	r := secrets.NewRedactor()
	for _, v := range values {
		r.Add(secrets.NewValue(v))
	}
	return r
}

func TestRedact(t *testing.T) {
	t.Parallel()
	const password = `p&ss "wörd"/+1 `
	quoted, err := json.Marshal(password)
	if err != nil {
		t.Fatal(err)
	}
	pem := "-----BEGIN KEY-----\r\nMC4CAQAwBQYDK2VwBCIE\nshort\nIFt4iUQ2r2Dw7s9u\n-----END KEY-----\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                   {"a text without any", "a text without any"},
		"plain":                     {"<" + password + ">", "<" + mark + ">"},
		"twice":                     {password + password, mark + mark},
		"the longer one":            {"hunter2-and-more", mark},
		"the shorter one":           {"hunter2-and-mor", mark + "-and-mor"},
		"overlapping":               {"xhunter2-and-moreover", "x" + mark},
		"a short value":             {"abc", "abc"},
		"JSON of Go":                {`{"a":` + string(quoted) + `}`, `{"a":"` + mark + `"}`},
		"JSON of JavaScript":        {`"p&ss \"wörd\"/+1 "`, `"` + mark + `"`},
		"JSON in ASCII":             {`"p&ss \"w\u00f6rd\"/+1 "`, `"` + mark + `"`},
		"JSON of PHP":               {`"p&ss \"w\u00f6rd\"\/+1 "`, `"` + mark + `"`},
		"after a stray backslash":   {`\p&ss \"wörd\"/+1 `, `\` + mark},
		"a query":                   {"?p=" + url.QueryEscape(password) + "&q=1", "?p=" + mark + "&q=1"},
		"a query in small letters":  {"?p=" + strings.ToLower(url.QueryEscape(password)), "?p=" + mark},
		"a path":                    {"/" + url.PathEscape(password), "/" + mark},
		"a component of JavaScript": {"p%26ss%20%22w%C3%B6rd%22%2F%2B1%20", mark},
		"after a stray percent":     {"%" + url.QueryEscape("a1 b2 c3"), "%" + mark},
		"hexadecimal":               {"a" + hex.EncodeToString([]byte(password)) + "b", "a" + mark + "b"},
		"capital hexadecimal":       {fmt.Sprintf("%X", password), mark},
		"basic authentication":      {"Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+password+"!")), "Basic bWU6" + mark + "E="},
		"wrapped base64":            {"aHVu\r\ndGVyMg==\n", mark + "==\n"},
		"base64 in lines far apart": {"aHVu\n\n\ndGVyMg==\n", "aHVu\n\n\ndGVyMg==\n"},
		"JSON in base64":            {base64.RawURLEncoding.EncodeToString([]byte(`{"k":` + string(quoted) + `}`)), "eyJrIjoi" + mark + "ifQ"},
		"lines":                     {"1: MC4CAQAwBQYDK2VwBCIE\n2: short\n3: IFt4iUQ2r2Dw7s9u", "1: " + mark + "\n2: short\n3: " + mark},
		"a value without its line":  {"user wolf\n", "user " + mark + "\n"},
		"all lines":                 {"<" + pem + ">", "<" + mark + ">"},
		"a quoted text":             {strconv.Quote(pem), `"` + mark + `"`},
	} {
		if got := redactor(password, "hunter2", "hunter2-and-more", "moreover", "abc", "a1 b2 c3", "wolf\r\n", pem).Redact(c.text); got != c.want {
			t.Errorf("%s: %q is %q, want %q", name, c.text, got, c.want)
		}
	}
}

func TestRedactorUses(t *testing.T) {
	t.Parallel()
	r := redactor("hunter2", "hunter2")
	for i, want := range []string{mark, mark, "hunter2", "hunter2"} {
		if got := r.Redact("hunter2"); got != want {
			t.Errorf("after %d removals it is %s", i, got)
		}
		r.Remove(secrets.NewValue("hunter2"), secrets.NewValue("abc"))
	}
	r.Add(secrets.NewValue("hunter3"))
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", r, r, struct{ R any }{r}), fmt.Sprintf("%+v", struct{ r *secrets.Redactor }{r})} {
		if strings.Contains(text, "hunter") {
			t.Errorf("it prints as %s", text)
		}
	}
}

// forms returns a value in every form that is removed, some of them inside of a longer
// text in the same encoding.
func forms(value, before, after string) []string {
	around := []byte(before + value + after)
	goQuoted, _ := json.Marshal(string(around))
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(string(around))
	javaScript := strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(b.String())
	std := base64.StdEncoding.EncodeToString(around)
	var wrapped strings.Builder
	for part := range slices.Chunk([]byte(std), 76) {
		wrapped.Write(part)
		wrapped.WriteString("\r\n")
	}
	return []string{
		string(around),
		std, base64.URLEncoding.EncodeToString(around), base64.RawStdEncoding.EncodeToString(around), wrapped.String(),
		hex.EncodeToString(around), fmt.Sprintf("%X", around),
		before + url.QueryEscape(value) + after, before + url.PathEscape(value) + after, url.QueryEscape(string(around)),
		before + strings.ReplaceAll(url.QueryEscape(value), "+", "%20") + after,
		string(goQuoted), b.String(), javaScript, strconv.Quote(string(around)),
		base64.StdEncoding.EncodeToString(goQuoted), hex.EncodeToString([]byte(url.QueryEscape(string(around)))),
	}
}

func FuzzRedactor(f *testing.F) {
	f.Add("hunter2", "hunter2-more", "say: ", " !", uint8(3))
	f.Add(`a"b\c<d>`, "line one is\nline two is", `\`, "%", uint8(1))
	f.Add("aaaa", "aaaaaaab", "aaa", "aaaab", uint8(7))
	f.Add("\xff\xfe\xfd\xfc", "wörd  é🎉", "é", "4", uint8(2))
	f.Add("+/+/+/", "%41%42", "%4", "1", uint8(5))
	f.Add("n0\"x", "u0041", `\`, `\u00`, uint8(9))
	f.Fuzz(func(t *testing.T, one, two, before, after string, size uint8) {
		if len(one)+len(two)+len(before)+len(after) > 2000 {
			return
		}
		// Whatever holds a piece of the mark may be found in the mark.
		for _, value := range []string{one, two} {
			if len(value) < secrets.MinRedacted || strings.Contains(value, mark) {
				return
			}
		}
		// JSON has no other bytes than UTF-8.
		one, two = strings.ToValidUTF8(one, "?"), strings.ToValidUTF8(two, "?")
		before, after = strings.ToValidUTF8(before, "?"), strings.ToValidUTF8(after, "?")
		if len(one) < secrets.MinRedacted || len(two) < secrets.MinRedacted {
			return
		}
		r := redactor(one, two)
		for _, form := range append(forms(one, before, after), forms(two, before, after+one)...) {
			clean := r.Redact(form)
			for piece := range strings.SplitSeq(clean, mark) {
				for _, value := range []string{one, two} {
					if found := formIn(piece, value); found != "" {
						t.Fatalf("%q of %q is in %q, which was %q", found, value, clean, form)
					}
				}
			}
			if !strings.Contains(clean, mark) {
				t.Fatalf("%q stays", form)
			}
			if got := inPieces(t, r, form, int(size)+1); got != clean {
				t.Fatalf("%q is %q in pieces of %d, and %q whole", form, got, int(size)+1, clean)
			}
		}
	})
}

// formIn returns a form of the value that the text holds, or "".
func formIn(text, value string) string {
	quoted, _ := json.Marshal(value)
	for _, form := range []string{
		value, url.QueryEscape(value), strings.ToLower(url.QueryEscape(value)), url.PathEscape(value),
		hex.EncodeToString([]byte(value)), fmt.Sprintf("%X", value), string(quoted[1 : len(quoted)-1]),
	} {
		if strings.Contains(text, form) && (form != strings.ToLower(value) || form == value) {
			return form
		}
	}
	std := strings.NewReplacer("-", "+", "_", "/", "\r", "", "\n", "").Replace(text)
	isOther := func(c rune) bool {
		return !strings.ContainsRune("+/", c) && (c > 'z' || !unicode.IsLetter(c) && !unicode.IsDigit(c))
	}
	for _, run := range strings.FieldsFunc(std, isOther) {
		for start := range min(4, len(run)) {
			part := run[start:]
			if len(part)%4 == 1 { // no byte ends there
				part = part[:len(part)-1]
			}
			if decoded, err := base64.RawStdEncoding.DecodeString(part); err != nil || strings.Contains(string(decoded), value) {
				return part
			}
		}
	}
	return ""
}

func inPieces(t *testing.T, r *secrets.Redactor, text string, size int) string {
	t.Helper()
	var b strings.Builder
	w := r.Writer(&b)
	for part := range slices.Chunk([]byte(text), size) {
		if n, err := w.Write(part); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A text comes out the same wherever it is cut.
func TestRedactEverySplit(t *testing.T) {
	t.Parallel()
	r := redactor("hunter2", "aXaXa", "2 hunters", "line one..\nline two..\n")
	text := "hunter2 hunters aXaXaXaXa " + strings.Join(append(forms("hunter2", "a", "b"), forms("line one..\nline two..\n", "", "")...), " ")
	want := r.Redact(text)
	for i := range text {
		var b strings.Builder
		w := r.Writer(&b)
		_, _ = io.WriteString(w, text[:i])
		_, _ = io.WriteString(w, text[i:])
		if _ = w.Flush(); b.String() != want {
			t.Fatalf("cut at %d it is %q, want %q", i, b.String(), want)
		}
	}
	for size := 1; size < 40; size++ {
		if got := inPieces(t, r, text, size); got != want {
			t.Fatalf("in pieces of %d it is %q, want %q", size, got, want)
		}
	}
}

// How much is read and held does not depend on how often a text comes close to a value.
func TestRedactHostileText(t *testing.T) {
	t.Parallel()
	value := strings.Repeat("a", 20_000)
	r := redactor(value+"b", value+"c", "\x01"+value)
	text := strings.Repeat("a", 4<<20) + strings.Repeat("QUFB\nQ", 1<<18) + strings.Repeat("61", 1<<20)
	var b strings.Builder
	w := r.Writer(&b)
	for part := range slices.Chunk([]byte(text), 1<<20) {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil || b.String() != text {
		t.Errorf("%v; of %d bytes came %d", err, len(text), b.Len())
	}
}

// Values come and go while texts are written.
func TestRedactWhileValuesChange(t *testing.T) {
	t.Parallel()
	r := redactor("hunter2")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range 200 {
				other := secrets.NewValue(fmt.Sprintf("other value %d-%d", i, n))
				r.Add(other)
				if text := r.Redact("x" + other.Reveal()); text != "x"+mark {
					t.Errorf("it is %s", text)
				}
				r.Remove(other)
			}
		})
		wg.Go(func() {
			var b strings.Builder
			w := r.Writer(&b)
			random := rand.New(rand.NewPCG(1, uint64(i)))
			text := strings.Repeat("say hunter2 and 68756e74657232 ", 200)
			for rest := []byte(text); len(rest) > 0; {
				n := min(len(rest), 1+random.IntN(9))
				_, _ = w.Write(rest[:n])
				rest = rest[n:]
			}
			if _ = w.Close(); b.String() != strings.Repeat("say "+mark+" and "+mark+" ", 200) {
				t.Errorf("it is %.100q", b.String())
			}
		})
	}
	wg.Wait()
}

// A value that is added takes effect on text that is held back.
func TestRedactAddedLater(t *testing.T) {
	t.Parallel()
	r := redactor("hunter2", "un more")
	var b strings.Builder
	w := r.Writer(&b)
	_, _ = io.WriteString(w, "a hunter2hunt")
	r.Add(secrets.NewValue("ter3"))
	_, _ = io.WriteString(w, "er3")
	if err := w.Close(); err != nil || b.String() != "a "+mark+"hun"+mark {
		t.Errorf("%v: %q", err, b.String())
	}
}

type failing struct{}

var errFull = errors.New("no room")

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestRedactingWriterFails(t *testing.T) {
	t.Parallel()
	w := redactor("hunter2").Writer(failing{})
	for range 2 {
		if _, err := io.WriteString(w, "some text "); !errors.Is(err, errFull) {
			t.Errorf("the error is %v", err)
		}
	}
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("the error is %v", err)
	}
}

func BenchmarkRedact(b *testing.B) {
	values := make([]string, 100)
	for i := range values {
		values[i] = fmt.Sprintf("cs_%032x", i*7919)
	}
	r := redactor(values...)
	line := strings.Repeat(`{"time":"2026-01-02T15:04:05Z","level":"INFO","msg":"request","path":"/v1/secrets/db/password"}`+"\n", 100)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		r.Redact(line)
	}
}
