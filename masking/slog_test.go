package masking_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/cpodkit/cpodkit/masking"
)

// TestSlog holds the handler to the contract of slog, over both handlers of slog.
func TestSlog(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		slogtest.Run(t, func(*testing.T) slog.Handler {
			out.Reset()
			return m.Handler(slog.NewJSONHandler(&out, nil))
		}, func(t *testing.T) map[string]any {
			record := map[string]any{}
			if err := json.Unmarshal(out.Bytes(), &record); err != nil {
				t.Fatal(err)
			}
			return record
		})
	})
	t.Run("text", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		slogtest.Run(t, func(*testing.T) slog.Handler {
			out.Reset()
			return m.Handler(slog.NewTextHandler(&out, nil))
		}, func(*testing.T) map[string]any { return parseText(out.String()) })
	})
}

// parseText reads a line of slog.TextHandler without quotes.
func parseText(line string) map[string]any {
	record := map[string]any{}
	for part := range strings.FieldsSeq(line) {
		key, value, _ := strings.Cut(part, "=")
		group := record
		names := strings.Split(key, ".")
		for _, name := range names[:len(names)-1] {
			inner, ok := group[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
				group[name] = inner
			}
			group = inner
		}
		group[names[len(names)-1]] = value
	}
	return record
}

// logged returns what both handlers of slog write for a call, without time and level.
func logged(m *masking.Masker, log func(*slog.Logger)) (asJSON, asText string) {
	var text, object bytes.Buffer
	options := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}}
	log(slog.New(m.Handler(slog.NewJSONHandler(&object, options))))
	log(slog.New(m.Handler(slog.NewTextHandler(&text, options))))
	return strings.TrimSpace(object.String()), strings.TrimSpace(text.String())
}

type user struct {
	Name, Email string
	Age         int
	note        string
}

type lazy struct{ v slog.Value }

func (l lazy) LogValue() slog.Value { return l.v }

type endless struct{}

func (e endless) LogValue() slog.Value { return slog.AnyValue(e) }

type panicValuer struct{}

func (panicValuer) LogValue() slog.Value { panic("alice@example.com") }

type panicError struct{}

func (panicError) Error() string { panic("alice@example.com") }

func TestSlogMasks(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	for name, test := range map[string]struct {
		attr                 slog.Attr
		wantJSON, wantInText string
	}{
		"a string":        {slog.String("to", "alice@example.com"), `"to":"a***@example.com"`, `to=a***@example.com`},
		"a text":          {slog.String("text", "Call Alice at 555-867-5309"), `"text":"Call [NAME] at [PHONE]"`, `text="Call [NAME] at [PHONE]"`},
		"nothing":         {slog.String("method", "GET"), `"method":"GET"`, `method=GET`},
		"a field":         {slog.String("password", "x"), `"password":"[MASKED]"`, `password=[MASKED]`},
		"a dotted field":  {slog.String("http.request.header.authorization", "x"), `"http.request.header.authorization":"[MASKED]"`, `http.request.header.authorization=[MASKED]`},
		"a field's shape": {slog.String("ssn", "123-45-6789"), `"ssn":"***-**-****"`, `ssn=***-**-****`},
		"a number":        {slog.Int("n", 123456789), `"n":123456789`, `n=123456789`},
		"a secret number": {slog.Int("pin", 1234), `"pin":"[MASKED]"`, `pin=[MASKED]`},
		"a count":         {slog.Int("tokens", 15), `"tokens":15`, `tokens=15`},
		"a token count":   {slog.Int("token", 15), `"token":15`, `token=15`},
		"context":         {slog.Int64("phone", 5558675309), `"phone":"**********"`, `phone=**********`},
		"a float's":       {slog.Float64("phone", 5558675309), `"phone":"**********"`, `phone=**********`},
		"a large float":   {slog.Float64("f", 1e300), `"f":1e+300`, `f=1e+300`},
		"a date":          {slog.String("dob", "1961-05-27"), `"dob":"****-**-**"`, `dob=****-**-**`},
		"a duration":      {slog.Duration("took", 5*time.Second), `"took":5000000000`, `took=5s`},
		"a time":          {slog.Time("at", time.Unix(1, 0).UTC()), `"at":"1970-01-01T00:00:01Z"`, `at=1970-01-01T00:00:01.000Z`},
		"a boolean":       {slog.Bool("b", true), `"b":true`, `b=true`},
		"a float":         {slog.Float64("f", 1.5), `"f":1.5`, `f=1.5`},
		"nil":             {slog.Any("x", nil), `"x":null`, `x=<nil>`},
		"a group":         {slog.Group("user", "mail", "alice@example.com", slog.Group("card", "password", "x")), `"user":{"mail":"a***@example.com","card":{"password":"[MASKED]"}}`, `user.mail=a***@example.com user.card.password=[MASKED]`},
		"a secret group":  {slog.Group("credentials", "user", "x", "n", 1), `"credentials":{"user":"[MASKED]","n":1}`, `credentials.user=[MASKED] credentials.n=1`},
		"an inline group": {slog.Group("", "mail", "alice@example.com"), `"mail":"a***@example.com"`, `mail=a***@example.com`},
		"an address key":  {slog.String("alice@example.com", "x"), `"a***@example.com":"x"`, `a***@example.com=x`},
		"an error":        {slog.Any("error", errors.New("no alice@example.com here")), `"error":"no [EMAIL] here"`, `error="no [EMAIL] here"`},
		"a wrapped error": {slog.Any("error", fmt.Errorf("a: %w", &url.Error{Op: "Get", URL: "https://u:p@example.com/", Err: io.EOF})), `"error":"a: Get \"https://[URL_CREDENTIALS]@example.com/\": EOF"`, `error="a: Get \"https://[URL_CREDENTIALS]@example.com/\": EOF"`},
		"a panicky error": {slog.Any("error", panicError{}), `"error":"[MASKED]"`, `error=[MASKED]`},
		"a LogValuer":     {slog.Any("x", lazy{slog.AnyValue(lazy{slog.StringValue("alice@example.com")})}), `"x":"a***@example.com"`, `x=a***@example.com`},
		"one of a group":  {slog.Any("x", lazy{slog.GroupValue(slog.Any("y", lazy{slog.StringValue("bob@example.com")}))}), `"x":{"y":"b***@example.com"}`, `x.y=b***@example.com`},
		"an endless one":  {slog.Any("x", endless{}), `"x":"[MASKED]"`, `x=[MASKED]`},
		"one that panics": {slog.Any("x", panicValuer{}), `"x":"[MASKED]"`, `x=[MASKED]`},
		"bytes":           {slog.Any("x", []byte("alice@example.com")), `"x":"YSoqKkBleGFtcGxlLmNvbQ=="`, `x="a***@example.com"`},
		"a map":           {slog.Any("x", map[string]any{"mail": "alice@example.com", "n": 1}), `"x":{"mail":"a***@example.com","n":1}`, `x="map[mail:a***@example.com n:1]"`},
		"a list":          {slog.Any("x", []any{"alice@example.com", 1}), `"x":["a***@example.com",1]`, `x="[a***@example.com 1]"`},
	} {
		asJSON, asText := logged(m, func(log *slog.Logger) {
			log.LogAttrs(t.Context(), slog.LevelInfo, "m", test.attr)
		})
		if want := `{"msg":"m",` + test.wantJSON + `}`; asJSON != want {
			t.Errorf("%s: %s, want %s", name, asJSON, want)
		}
		if want := `msg=m ` + test.wantInText; asText != want {
			t.Errorf("%s: %s, want %s", name, asText, want)
		}
	}
}

func TestSlogMessageAndGroups(t *testing.T) {
	t.Parallel()
	m := newMasker(t, masking.WithProfile(masking.Profile{
		Fields: map[string]masking.Strategy{"gone": masking.Drop, "kept": masking.Keep, "secret": masking.Keep, "born": masking.Placeholder},
		Paths:  map[string]masking.Strategy{"$.req.user.name": masking.Fixed, "$.req.list[*].id": masking.Drop, "$.whole": masking.Last4},
	}))
	asJSON, asText := logged(m, func(log *slog.Logger) {
		log = log.With("mail", "alice@example.com", "gone", 1).WithGroup("req").With("kept", "bob@example.com")
		log.Info("Call Alice at 555-867-5309", slog.Group("user", "name", "x"), "gone", "x", "secret", "y",
			"born", time.Unix(1, 0), "list", []map[string]any{{"id": 1, "v": 2}}, slog.Group("empty", "gone", 1))
	})
	if want := `{"msg":"Call [NAME] at [PHONE]","mail":"a***@example.com","req":{"kept":"bob@example.com","user":{"name":"***"},` +
		`"secret":"y","born":"[MASKED]","list":[{"v":2}]}}`; asJSON != want {
		t.Errorf("%s, want %s", asJSON, want)
	}
	if want := `msg="Call [NAME] at [PHONE]" mail=a***@example.com req.kept=bob@example.com req.user.name=*** ` +
		`req.secret=y req.born=[MASKED] req.list=[map[v:2]]`; asText != want {
		t.Errorf("%s, want %s", asText, want)
	}
	asJSON, _ = logged(m, func(log *slog.Logger) {
		log.Info("m", "whole", map[string]any{"a": []string{"4111111111111111", "x"}})
	})
	if want := `{"msg":"m","whole":{"a":["************1111","*"]}}`; asJSON != want {
		t.Errorf("%s, want %s", asJSON, want)
	}
}

// What a type may write of itself.

type asText struct{ v string }

func (a asText) MarshalText() ([]byte, error) { return []byte(a.v), nil }

type asJSON struct{ v string }

func (a asJSON) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]string{"v": a.v}) }

type hidden struct{ v string }

func (hidden) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

type stringer struct {
	Mail string
	v    string
}

func (stringer) String() string { return "a user" }

type formatter struct{ v string }

func (f formatter) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, f.v) }

type pointer struct{ v string }

func (p *pointer) String() string { return p.v }

type richError struct{ Mail string }

func (richError) Error() string                  { return "failed" }
func (e richError) Format(s fmt.State, _ rune)   { _, _ = io.WriteString(s, e.Mail) }
func (e richError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Mail) }

type panicMarshal struct{ V string }

func (panicMarshal) MarshalJSON() ([]byte, error) { panic("alice@example.com") }
func (panicMarshal) String() string               { panic("alice@example.com") }

type namedBytes []byte

type embeds struct {
	*user
	asText
}

// TestSlogHasNoLeaks: no form of a value that a handler may choose shows what is hidden.
func TestSlogHasNoLeaks(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	const mail = "alice@example.com"
	cyclic := &user{Email: mail}
	loop := map[string]any{"mail": mail}
	loop["self"] = []any{&loop}
	address, err := url.Parse("https://u:alice@example.com/?mail=" + mail)
	if err != nil {
		t.Fatal(err)
	}
	type node struct {
		Mail string
		Next *node
	}
	ring := &node{Mail: mail}
	ring.Next = ring
	for name, v := range map[string]any{
		"a structure":      user{Name: "x", Email: mail, note: mail},
		"a pointer to one": cyclic,
		"a pointer to a pointer": func() any {
			p := cyclic
			return &p
		}(),
		"a ring":               ring,
		"a loop":               loop,
		"TextMarshaler":        asText{mail},
		"json.Marshaler":       asJSON{mail},
		"a clean Marshaler":    hidden{mail},
		"nested":               struct{ A any }{hidden{mail}},
		"in a list":            []hidden{{mail}},
		"Stringer":             stringer{Mail: mail, v: mail},
		"Formatter":            formatter{mail},
		"a pointer's Stringer": &pointer{mail},
		"one by value":         pointer{mail},
		"in a field":           struct{ P *pointer }{&pointer{mail}},
		"an error":             richError{mail},
		"an error in a map":    map[string]error{"e": richError{mail}},
		"errors":               []error{errors.New(mail)},
		"a panic":              panicMarshal{mail},
		"a nested panic":       map[string]any{"x": panicMarshal{mail}},
		"RawMessage":           json.RawMessage(`{"mail":"` + mail + `"}`),
		"a broken RawMessage":  json.RawMessage(`{"mail":"` + mail),
		"bytes":                []byte(mail),
		"broken bytes":         []byte("\xff " + mail),
		"named bytes":          namedBytes("\xff " + mail),
		"bytes in a structure": struct{ B []byte }{[]byte(mail)},
		"an array":             [2]string{mail, mail},
		"keys":                 map[string]int{mail: 1},
		"keys of a type":       map[asText]int{{mail}: 1},
		"embedded":             embeds{&user{Email: mail}, asText{mail}},
		"a URL":                address,
		"a URL by value":       *address,
		"a function": struct {
			F func()
			M string
		}{func() {}, mail},
		"a group value":     []slog.Attr{slog.String("mail", mail)},
		"a value":           []slog.Value{slog.StringValue(mail)},
		"a LogValuer in it": []any{lazy{slog.StringValue(mail)}},
		"sync.Map":          new(sync.Map),
		"atoms":             []any{big.NewInt(4111111111111111), netip.MustParseAddr("203.0.113.7"), json.Number("4111111111111111")},
	} {
		asJSON, asText := logged(m, func(log *slog.Logger) { log.Info("m", "x", v) })
		for _, line := range []string{asJSON, asText} {
			for _, leak := range []string{mail, "alice", "YWxpY2VAZXhhbXBsZS5jb20", "97 108 105 99 101", "4111111111111111", "203.0.113"} {
				if strings.Contains(line, leak) {
					t.Errorf("%s: %s", name, line)
				}
			}
			if !strings.Contains(line, "x=") && !strings.Contains(line, "x.mail=") && !strings.Contains(line, `"x":`) {
				t.Errorf("%s: the attribute is lost: %s", name, line)
			}
		}
	}
	if cyclic.Email != mail || loop["mail"] != mail {
		t.Error("the values of the caller have changed")
	}
}

// TestMaskAttr: the same masks in a ReplaceAttr.
func TestMaskAttr(t *testing.T) {
	t.Parallel()
	m := newMasker(t, masking.WithProfile(masking.Profile{
		Paths: map[string]masking.Strategy{"$.user.name": masking.Drop},
	}))
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: m.MaskAttr}))
	log.Info("mail alice@example.com now", slog.Group("user", "name", "Alice", "mail", "alice@example.com"))
	if !strings.Contains(out.String(), `"msg":"mail [EMAIL] now","user":{"mail":"a***@example.com"}}`) {
		t.Error(out.String())
	}
}

// TestSlogRecords: the record of the caller stays, and level and context pass.
func TestSlogRecords(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	var got slog.Record
	next := &probe{onHandle: func(ctx context.Context, r slog.Record) error {
		got = r
		return ctx.Err()
	}}
	h := m.Handler(next)
	r := slog.NewRecord(time.Unix(1, 0), slog.LevelWarn, "alice@example.com", 42)
	for i := range 9 {
		r.AddAttrs(slog.String(fmt.Sprint("k", i), "alice@example.com"))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Handle(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("Handle returns %v, want the error of the handler", err)
	}
	if got.Message != "a***@example.com" || got.Level != r.Level || !got.Time.Equal(r.Time) || got.PC != 42 || got.NumAttrs() != 9 {
		t.Errorf("the record is %+v", got)
	}
	for a := range got.Attrs {
		if a.Value.String() != "a***@example.com" {
			t.Errorf("%s is handed on", a)
		}
	}
	for a := range r.Attrs {
		if a.Value.String() != "alice@example.com" {
			t.Errorf("the record of the caller has %s", a)
		}
	}
	if h.Enabled(t.Context(), slog.LevelDebug) || !h.Enabled(t.Context(), slog.LevelInfo) {
		t.Error("Enabled is not that of the handler")
	}
}

type probe struct {
	slog.Handler
	onHandle func(context.Context, slog.Record) error
}

func (*probe) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (p *probe) Handle(ctx context.Context, r slog.Record) error { return p.onHandle(ctx, r) }

type panicRecognizer struct{}

func (panicRecognizer) Recognize(_ []masking.Finding, line string) []masking.Finding {
	if strings.Contains(line, "alice") {
		panic(line)
	}
	return nil
}

// TestSlogLosesNothing: a recognizer that panics does not lose the record.
func TestSlogLosesNothing(t *testing.T) {
	t.Parallel()
	m := newMasker(t, masking.WithRecognizer(panicRecognizer{}))
	asJSON, _ := logged(m, func(log *slog.Logger) {
		log.WithGroup("alice").Info("alice", "x", "alice", "alice", 1, slog.Group("g", "y", "alice", "z", 1))
	})
	if want := `{"msg":"[MASKED]","[MASKED]":{"x":"[MASKED]","[MASKED]":1,"g":{"y":"[MASKED]","z":1}}}`; asJSON != want {
		t.Errorf("%s, want %s", asJSON, want)
	}
}

// TestSlogMasksOnce: the attributes of With are masked when they are given, and their
// LogValuers called once.
func TestSlogMasksOnce(t *testing.T) {
	t.Parallel()
	calls := 0
	count := counted(func() slog.Value {
		calls++
		return slog.StringValue("alice@example.com")
	})
	log := slog.New(newMasker(t).Handler(slog.NewJSONHandler(&sink{}, nil))).With("x", count)
	for range 3 {
		log.Info("m")
	}
	if calls != 1 {
		t.Errorf("LogValue is called %d times, want once", calls)
	}
}

type counted func() slog.Value

func (c counted) LogValue() slog.Value { return c() }

func TestSlogIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	log := slog.New(m.Handler(slog.NewJSONHandler(&sink{}, nil)))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 200 {
				log.With("i", i).Info("Call Alice at 555-867-5309", "mail", "alice@example.com", "x", user{Email: "bob@example.com"})
			}
		})
	}
	for range 50 {
		if err := m.SetProfile(masking.Profile{Fields: map[string]masking.Strategy{"mail": masking.Drop}}); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
}

// FuzzSlog: a string is masked as MaskString masks it, also where the handler sees at a glance
// that it is clean.
func FuzzSlog(f *testing.F) {
	for _, text := range []string{
		"GET", "user signed in", "/v1/files/{key...}", "alice@example.com", "203.0.113.7", "1.2.3.4", "0abc.cdef.abcd", "::1", "pwd x1", "AKIAIOSFODNN7EXAMPLE",
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "born 1/2/80", "AB123456C", "Alice Smith", "Dear Alice Smith", "1A 2B 3C", "1EG4TE5MK73", "key AKIA",
	} {
		f.Add(text)
	}
	m := newMasker(f)
	var got string
	h := m.Handler(&probe{onHandle: func(_ context.Context, r slog.Record) error {
		got = r.Message
		for a := range r.Attrs {
			if v := a.Value.String(); v != r.Message {
				return fmt.Errorf("the value is %q, the message %q", v, r.Message)
			}
		}
		return nil
	}})
	f.Fuzz(func(t *testing.T, text string) {
		r := slog.NewRecord(time.Time{}, slog.LevelInfo, text, 0)
		r.AddAttrs(slog.String("x", text))
		if err := h.Handle(t.Context(), r); err != nil {
			t.Error(err)
		}
		if want := m.MaskString(text); got != want {
			t.Errorf("%q is logged as %q, want %q", text, got, want)
		}
	})
}
