package rego_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
)

// prepared returns a rule for inputs of a type.
func prepared[In any](t testing.TB, e *rego.Engine, path string) func(tenantID string, in In) rego.Decision {
	t.Helper()
	q, err := rego.Prepare[In](e, path)
	must(t, err)
	return func(tenantID string, in In) rego.Decision {
		t.Helper()
		d, err := q.Decide(t.Context(), tenantID, &in)
		must(t, err)
		return d
	}
}

type level string

func (l level) MarshalText() ([]byte, error) { return []byte("level-" + string(l)), nil }

type mark int

func (m *mark) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `{"mark":%d}`, *m), nil }

type base struct {
	ID string `json:"id"`
}

type tree struct {
	Name string  `json:"name"`
	Kids []*tree `json:"kids,omitempty"`
}

// everything has a member of each kind that package json treats in its own way.
type everything struct {
	Text     string `json:"text"`
	Plain    bool
	Hidden   string `json:"-"`
	Dash     int    `json:"-,"` //nolint:staticcheck // it is named so
	unseen   string
	Small    int8                       `json:"small"`
	Large    uint64                     `json:"large"`
	Ratio    float64                    `json:"ratio"`
	Bytes    []byte                     `json:"bytes"`
	List     []string                   `json:"list"`
	Pair     [2]int                     `json:"pair"`
	Names    map[string]string          `json:"names"`
	Any      any                        `json:"any"`
	Deep     map[string]any             `json:"deep"`
	Raw      json.RawMessage            `json:"raw"`
	Number   json.Number                `json:"number"`
	Time     time.Time                  `json:"time"`
	Pointer  *base                      `json:"pointer"`
	Missing  *base                      `json:"missing"`
	Left     *base                      `json:"left,omitempty"`
	Empty    []int                      `json:"empty,omitempty"`
	Zero     struct{ A int }            `json:"zero,omitzero"`
	Quoted   int                        `json:"quoted,string"`
	Level    level                      `json:"level"`
	Levels   map[level]int              `json:"levels"`
	Mark     mark                       `json:"mark"`
	Tree     tree                       `json:"tree"`
	Embedded struct{ base }             `json:"embedded"`
	Many     map[string]map[string]base `json:"many"`
	ByNumber map[int]string             `json:"by_number"`
}

func example(i int) everything {
	return everything{
		Text: "a<b>\xff & \u2028" + strings.Repeat("x", i), Plain: i%2 == 0, Hidden: "no", Dash: i, unseen: "no", Small: int8(-i),
		Large: 1<<63 + uint64(i), Ratio: 1e21 * float64(i), Bytes: []byte{1, 2, 3}, List: []string{"a", "a", ""}, Pair: [2]int{i, 2},
		Names: map[string]string{"k": "v", "": "e"}, Any: []any{nil, 1.5, "s", true, map[string]any{"x": i}, base{"any"}},
		Deep: map[string]any{"a": map[string]any{"b": []any{json.Number("1e2")}}}, Raw: json.RawMessage(` {"r": [1.0, {"s": null}]} `),
		Number: "12345678901234567890.5", Time: time.Unix(int64(i), 5).UTC(), Pointer: &base{"p"}, Level: "high",
		Levels: map[level]int{"low": 1}, Mark: mark(i), Tree: tree{Name: "root", Kids: []*tree{{Name: "kid"}}},
		Embedded: struct{ base }{base{"e"}}, Many: map[string]map[string]base{"a": {"b": {"c"}}}, Quoted: 5,
		ByNumber: map[int]string{3: "three"},
	}
}

// A rule sees the same input, whether it is a Go value, of which only what the rule reads is
// looked at, or the JSON that package json makes of it.
func TestTypedInput(t *testing.T) {
	t.Parallel()
	rules := "package in\nwhole := input\n"
	paths := []string{"whole"}
	for i, path := range []string{
		"text", "Plain", "Hidden", `["-"]`, "unseen", "small", "large", "ratio", "bytes", "list", "list[1]", "pair", "names", "names.k",
		"names.none", "any", "any[4].x", "deep.a.b", "deep.a.none", "raw.r", "raw", "number", "time", "pointer.id", "pointer",
		"missing.id", "missing", "left", "left.id", "empty", "zero", "zero.A", "quoted", "level", "levels", "levels[\"level-low\"]",
		"mark.mark", "tree.kids[0].name", "tree.name", "embedded.id", "many.a.b.id", "many.a", "by_number[\"3\"]", "text.none",
	} {
		dot := "."
		if strings.HasPrefix(path, "[") {
			dot = ""
		}
		rules += fmt.Sprintf("r%d := input%s%s\n", i, dot, path)
		paths = append(paths, fmt.Sprintf("r%d", i))
	}
	rules += "both := [x | x := [input.text, input.deep.a, input.list][_]]\ndynamic := input[\"li\" ++ \"st\"]\n"
	rules = strings.Replace(rules, `"li" ++ "st"`, `concat("", ["li", "st"])`, 1)
	paths = append(paths, "both", "dynamic")
	e := newEngine(t, fixed(rules))
	for _, path := range paths {
		typed := prepared[everything](t, e, "in/"+path)
		pointer := prepared[*everything](t, e, "in/"+path)
		boxed := prepared[any](t, e, "in/"+path)
		for i := range 4 {
			in := example(i)
			text, err := json.Marshal(&in)
			must(t, err)
			var plain any
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.UseNumber()
			must(t, decoder.Decode(&plain))
			whole := prepared[json.RawMessage](t, e, "in/"+path)("", text)
			for range 2 { // the second comes from the cache
				for kind, got := range map[string]rego.Decision{
					"a struct": typed("", in), "a pointer": pointer("", &in), "an interface": boxed("", &in), "decoded": boxed("", plain),
				} {
					if string(got.Result) != string(whole.Result) || got.Allowed != whole.Allowed {
						t.Errorf("%s of %s is %s, want %s", path, kind, got.Result, whole.Result)
					}
				}
			}
			if d, err := e.Evaluate(t.Context(), "", "in/"+path, json.RawMessage(text)); string(d.Result) != string(whole.Result) {
				t.Errorf("Evaluate of %s is %s, %v, want %s", path, d.Result, err, whole.Result)
			}
		}
	}
}

// Inputs of different types are not confused in the cache, nor are values that look alike.
func TestTypesApart(t *testing.T) {
	t.Parallel()
	e := newEngine(t, fixed("package in\nboth := [input.a, input.b]\nnone := object.keys(input)\n"))
	type ab struct{ A, B any }
	type lower struct {
		A any `json:"a"`
		B any `json:"b"`
	}
	type reversed struct {
		B any `json:"b"`
		A any `json:"a"`
	}
	for range 2 {
		if d := prepared[lower](t, e, "in/both")("", lower{"1", "2"}); string(d.Result) != `["1","2"]` {
			t.Errorf("got %s", d.Result)
		}
		if d := prepared[reversed](t, e, "in/both")("", reversed{"1", "2"}); string(d.Result) != `["2","1"]` {
			t.Errorf("got %s", d.Result)
		}
		if d := prepared[ab](t, e, "in/both")("", ab{"1", "2"}); d.Result != nil || d.Allowed {
			t.Errorf("got %s", d.Result)
		}
	}
	seen := map[string]string{}
	values := []any{
		nil, true, false, "", "1", 1, 1.5, json.Number("1.5"), []any{}, []any{[]any{}}, []any{"1", "2"}, []any{"12"}, []any{[]any{"1"}, "2"},
		map[string]any{}, map[string]any{"a": nil}, map[string]any{"a": "b"}, map[string]any{"a": map[string]any{"b": ""}}, "\x00", "a\x01b",
	}
	decide := prepared[lower](t, e, "in/both")
	for _, a := range values {
		for _, b := range values {
			text, _ := json.Marshal([]any{a, b})
			d := decide("", lower{a, b})
			if string(d.Result) != string(text) {
				t.Errorf("%s is %s", text, d.Result)
			}
			seen[string(text)] = string(d.Result)
		}
	}
}

// The cache never serves what a changed clock, data, revision or part of the input would
// decide differently.
func TestCacheIsRight(t *testing.T) {
	t.Parallel()
	const rules = `package shop
allow if input.user == data.owner
now := time.now_ns()
indirect := data.shop.clock.at
random := rand.intn("x", 1000000000)
via_function := later(input.user)
later(x) := {"user": x, "at": time.now_ns()}
wrapped if { allow with input as {"user": input.who.name} }
`
	const clock = "package shop.clock\nat := time.now_ns() if true\n"
	p := &policy{}
	p.set(map[string]any{"owner": "ann"}, rules, clock)
	e := running(t, newEngine(t, p))
	type who struct {
		Name string `json:"name"`
	}
	type in struct {
		User  string `json:"user"`
		Who   who    `json:"who"`
		Other string `json:"other"`
	}
	for _, path := range []string{"shop/now", "shop/indirect", "shop/random", "shop/via_function"} {
		decide := prepared[in](t, e, path)
		first := decide("acme", in{User: "ann"})
		waitFor(t, func() bool { return string(decide("acme", in{User: "ann"}).Result) != string(first.Result) })
	}
	allow, wrapped := prepared[in](t, e, "shop/allow"), prepared[in](t, e, "shop/wrapped")
	for i := range 3 {
		if !allow("acme", in{User: "ann", Other: fmt.Sprint(i)}).Allowed || allow("acme", in{User: "bob"}).Allowed {
			t.Error("the owner changed")
		}
		if !wrapped("acme", in{Who: who{"ann"}}).Allowed || wrapped("acme", in{User: "ann", Who: who{"bob"}}).Allowed {
			t.Error("a replaced input is not seen")
		}
	}
	before := allow("acme", in{User: "ann"})
	p.set(map[string]any{"owner": "bob"}, rules, clock) // data alone
	waitFor(t, func() bool { return allow("acme", in{User: "bob"}).Allowed })
	after := allow("acme", in{User: "ann"})
	if after.Allowed || after.Revision == before.Revision {
		t.Errorf("with other data, revision %s decides as %s: %t", after.Revision, before.Revision, after.Allowed)
	}
	// A tenant's own rule takes the place of the operator's, and goes again.
	_, err := e.PutModule(t.Context(), "acme", "own", "package shop\nallow if input.user == \"eve\"\n", rego.Condition{})
	must(t, err)
	if d := allow("acme", in{User: "eve"}); !d.Allowed || !strings.Contains(d.Revision, ".") {
		t.Errorf("the tenant's rule: %+v", d)
	}
	if allow("acme", in{User: "bob"}).Allowed || !allow("globex", in{User: "bob"}).Allowed {
		t.Error("the rule of a tenant decides for another one, or not for its own")
	}
	_, err = e.DeleteModule(t.Context(), "acme", "own", rego.Condition{})
	must(t, err)
	if allow("acme", in{User: "eve"}).Allowed || !allow("acme", in{User: "bob"}).Allowed {
		t.Error("the tenant's rule is still there")
	}
}

func TestEvaluateRefuses(t *testing.T) {
	t.Parallel()
	e := newEngine(t, fixed("package a\nr := input.x\nf(x) := x\nbad := {1: 2}[input.y]\nconflict := input.a\nconflict := input.b\n"))
	big := json.RawMessage(`{"x":"` + strings.Repeat("x", 64<<10) + `"}`)
	for _, c := range []struct {
		path  string
		input any
		want  cpodkit.Code
	}{
		{"a/r", map[string]any{"x": 1}, ""},
		{"data.a.r", struct {
			X int `json:"x"`
		}{1}, ""},
		{`data["a"].r`, json.RawMessage(`{"x":1}`), ""},
		{"data.a.r", nil, cpodkit.CodeNotFound},
		{"a/none", nil, cpodkit.CodeNotFound},
		{"a/f", nil, cpodkit.CodeNotFound},
		{"none", nil, cpodkit.CodeNotFound},
		{"", nil, cpodkit.CodeValidationFailed},
		{"data", nil, cpodkit.CodeNotFound},
		{"data.a[x]", nil, cpodkit.CodeValidationFailed},
		{"data.a.r; true", nil, cpodkit.CodeValidationFailed},
		{"a//r", nil, cpodkit.CodeValidationFailed},
		{strings.Repeat("a/", 300) + "a", nil, cpodkit.CodeValidationFailed},
		{"a/r", json.RawMessage(`{"x":`), cpodkit.CodeValidationFailed},
		{"a/r", json.RawMessage(`{} {}`), cpodkit.CodeValidationFailed},
		{"a/r", func() {}, cpodkit.CodeValidationFailed},
		{"a/r", json.RawMessage(`{"x":1e999999999}`), cpodkit.CodeValidationFailed},
		{"a/r", big, cpodkit.CodePayloadTooLarge},
		{"a/conflict", map[string]any{"a": 1, "b": 2}, cpodkit.CodeUnavailable},
	} {
		d, err := e.Evaluate(t.Context(), "acme", c.path, c.input)
		if c.want == "" {
			if err != nil || string(d.Result) != "1" || d.Path != "data.a.r" || !d.Allowed || d.ID == "" || d.Time.IsZero() {
				t.Errorf("%q: %+v, %v", c.path, d, err)
			}
			continue
		}
		wantCode(t, c.path, err, c.want)
	}
	_, err := rego.Prepare[string](e, "a//r")
	wantCode(t, "Prepare", err, cpodkit.CodeValidationFailed)
}
