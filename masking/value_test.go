package masking_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/masking"
)

const mail = "alice@example.com"

type email string

type address struct {
	Street string
	Mail   *email `json:"mail,omitempty"`
	secret string
}

type inner struct{ Contact, Note string }

type person struct {
	inner
	*address

	Name     string
	Born     string         `json:"dob"`
	Phone    int64          `json:"phone"`
	Mail     string         `mask:"email"`
	Card     string         `mask:"last4"`
	Hidden   string         `mask:"email,fixed"`
	Raw      string         `mask:"-"`
	Wrong    string         `mask:"emial"`
	Count    int            `mask:"placeholder"`
	Password map[string]any `json:"pwd"`
	Others   []person
	Any      any
	Bytes    []byte
	JSON     json.RawMessage
	Ch       chan int
	Fn       func()
	Time     time.Time
	Array    [2]string
}

func TestMaskValues(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	mailOf := email(mail)
	masked := email("a***@example.com")
	link, err := url.Parse("https://u:hunter2@example.com/")
	if err != nil {
		t.Fatal(err)
	}
	clean, err := url.Parse("https://example.com/a?b=c")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	wrapped := fmt.Errorf("reading: %w", io.EOF)
	for name, test := range map[string]struct{ in, want any }{
		"nil":            {nil, nil},
		"string":         {mail, "a***@example.com"},
		"kind of string": {mailOf, masked},
		"map": {
			map[string]any{"name": "Alice Smith", "email": mail, "ssn": "123-45-6789"},
			map[string]any{"name": "Alice Smith", "email": "a***@example.com", "ssn": "***-**-****"},
		},
		"nil map": {map[string]any(nil), map[string]any(nil)}, "nil slice": {[]string(nil), []string(nil)}, "nil pointer": {(*person)(nil), (*person)(nil)},
		"nil in any": {[]any{nil, (*int)(nil), error(nil)}, []any{nil, (*int)(nil), nil}},
		"keys": {
			map[string]int{"alice@example.com": 1, "adam@example.com": 2, "a": 3, "a***@example.com": 4},
			map[string]int{"a***@example.com#3": 1, "a***@example.com#2": 2, "a": 3, "a***@example.com": 4},
		},
		"kinds of keys": {
			map[email]bool{mailOf: true}, map[email]bool{masked: true},
		},
		"any keys": {
			map[any]any{mail: 1, 2: mail, mailOf: 3}, map[any]any{"a***@example.com": 1, 2: "a***@example.com", masked: 3},
		},
		"keys that are no text":  {map[netip.Addr]int{netip.MustParseAddr("203.0.113.7"): 1, {}: 2}, map[netip.Addr]int{{}: 2}},
		"numbers":                {map[string]any{"phone": 5558675309, "n": 5558675309, "x": 1.5, "phones": []float64{5558675309}, "b": true}, map[string]any{"phone": "**********", "n": 5558675309, "x": 1.5, "phones": []float64{0}, "b": true}},
		"numbers of json":        {map[string]any{"phone": json.Number("5558675309"), "n": json.Number("1.50")}, map[string]any{"phone": "**********", "n": json.Number("1.50")}},
		"number in its type":     {struct{ Phone json.Number }{"5558675309"}, struct{ Phone json.Number }{}},
		"fields":                 {map[string]any{"password": []any{"a", 1, nil, map[string]any{"b": "c"}}}, map[string]any{"password": []any{"[MASKED]", 1, nil, map[string]any{"b": "[MASKED]"}}}},
		"headers":                {map[string][]string{"Authorization": {"Bearer abc"}, "Accept": {"*/*"}}, map[string][]string{"Authorization": {"[MASKED]"}, "Accept": {"*/*"}}},
		"bytes":                  {[]byte("mail alice@example.com"), []byte("mail [EMAIL]")},
		"broken bytes":           {[]byte("\xff alice@example.com"), []byte("\xff alice@example.com")},
		"array of bytes":         {[]any{[20]byte{'a', '@', 'b', '.', 'c', 'o'}, [2]byte{'a'}, &[6]byte{'a', '@', 'b', '.', 'c', 'o'}}, []any{"a***@b.co", [2]byte{'a'}, "a***@b.co"}},
		"raw JSON":               {json.RawMessage(`{"ssn": "123-45-6789"}`), json.RawMessage(`{"ssn": "***-**-****"}`)},
		"broken raw JSON":        {json.RawMessage(`{"ssn": "123-45-6789"`), json.RawMessage(`null`)},
		"raw JSON under a field": {map[string]json.RawMessage{"secret": json.RawMessage(`["a", 1]`)}, map[string]json.RawMessage{"secret": json.RawMessage(`["[MASKED]", 1]`)}},
		"time":                   {now, now}, "duration": {time.Second, time.Second},
		"time of birth": {map[string]any{"dob": now, "at": now}, map[string]any{"dob": now, "at": now}},
		"big":           {[]*big.Int{big.NewInt(5)}, []*big.Int{big.NewInt(5)}},
		"address":       {map[string]any{"ip": netip.MustParseAddr("203.0.113.7"), "x": []netip.Addr{netip.MustParseAddr("203.0.113.7")}}, map[string]any{"ip": "***.*.***.*", "x": []netip.Addr{{}}}},
		"URL":           {map[string]any{"a": link, "b": clean, "c": struct{ U *url.URL }{link}}, map[string]any{"a": "https://[URL_CREDENTIALS]@example.com/", "b": clean, "c": struct{ U *url.URL }{}}},
		"errors":        {[]any{io.EOF, wrapped, errors.New("user " + mail)}, []any{io.EOF, wrapped, "user [EMAIL]"}},
		"functions":     {map[string]any{"f": func() {}, "c": make(chan int)}, map[string]any{"f": (func())(nil), "c": (chan int)(nil)}},
		"struct": {
			person{
				inner: inner{mail, "note"}, address: &address{Street: "x", Mail: &mailOf, secret: "s"}, Name: "Alice Mary Smith", Born: "1961-05-27", Phone: 5558675309,
				Mail: "not an address", Card: "4111 1111 1111 1111", Hidden: "abc", Raw: mail, Wrong: "abc", Count: 3, Password: map[string]any{"a": "b"},
				Others: []person{{Name: mail}}, Any: &inner{Contact: mail}, Bytes: []byte(mail), JSON: json.RawMessage(`"` + mail + `"`),
				Ch: make(chan int), Fn: func() {}, Time: now, Array: [2]string{mail, "b"},
			},
			person{
				inner: inner{"a***@example.com", "note"}, Name: "A*** M*** S***", Born: "****-**-**",
				Mail: "*** ** *******", Card: "**** **** **** 1111", Hidden: "***", Raw: mail, Wrong: "[MASKED]", Password: map[string]any{"a": "[MASKED]"},
				Others: []person{{Name: "a***@example.com"}}, Any: &inner{Contact: "a***@example.com"}, Bytes: []byte("a***@example.com"), JSON: json.RawMessage(`"a***@example.com"`),
				Time: now, Array: [2]string{"a***@example.com", "b"},
			},
		},
	} {
		before := fmt.Sprintf("%#v", test.in)
		got := m.Mask(test.in)
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: Mask(%v) =\n%#v, want\n%#v", name, test.in, got, test.want)
		}
		if after := fmt.Sprintf("%#v", test.in); after != before {
			t.Errorf("%s: the value of the caller was %s, and is %s", name, before, after)
		}
		if again := m.Mask(got); !reflect.DeepEqual(again, got) && name != "keys" {
			t.Errorf("%s: masked twice it is %#v", name, again)
		}
	}
	if got := m.Mask(math.NaN()); fmt.Sprint(got) != "NaN" {
		t.Errorf("NaN is %v", got)
	}
}

// TestMaskErrors: an error in a place of its type stays one.
func TestMaskErrors(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	type holder struct{ Err error }
	got, ok := m.Mask(holder{fmt.Errorf("user %s: %w", mail, io.EOF)}).(holder)
	if !ok || got.Err == nil || got.Err.Error() != "user [EMAIL]: EOF" {
		t.Errorf("an error with an address is %v", got)
	}
	got, ok = m.Mask(holder{fmt.Errorf("read: %w", io.EOF)}).(holder)
	if !ok || !errors.Is(got.Err, io.EOF) {
		t.Errorf("an error without is %v", got)
	}
}

type node struct {
	Mail        string
	Left, Right *node
	List        []*node
	Map         map[string]*node
	Any         any
}

func TestMaskSharesAndCycles(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	n := &node{Mail: mail}
	n.Left, n.Right, n.List, n.Any = n, &node{Mail: "bob@example.com"}, []*node{n}, n
	n.Map = map[string]*node{"a": n, "phone": n.Right}
	got, ok := m.Mask(n).(*node)
	if !ok || got == n || got.Mail != "a***@example.com" || got.Left != got || got.List[0] != got || got.Any != any(got) || got.Map["a"] != got || got.Map["phone"] != got.Right || got.Right.Mail != "b***@example.com" {
		t.Errorf("a cycle is %+v", got)
	}
	self := map[string]any{"mail": mail}
	self["self"] = self
	list := []any{mail, self, nil}
	list[2] = list
	out, ok := m.Mask(list).([]any)
	if !ok || reflect.ValueOf(out[2]).Pointer() != reflect.ValueOf(out).Pointer() {
		t.Fatalf("a slice in itself is %T", out)
	}
	if o, ok := out[1].(map[string]any); !ok || reflect.ValueOf(o["self"]).Pointer() != reflect.ValueOf(o).Pointer() || o["mail"] != "a***@example.com" {
		t.Error("a map in itself is another one")
	}
	var p any
	p = &p
	if q, ok := m.Mask(p).(*any); !ok || *q != any(q) {
		t.Error("a pointer to itself is another one")
	}
	// A copy that is made under one name is not that of a field with a secret.
	secret := &inner{Note: "hunter2"}
	both, ok := m.Mask([]map[string]*inner{{"a": secret, "b": secret}, {"password": secret}}).([]map[string]*inner)
	if !ok || both[0]["a"] != both[0]["b"] || both[0]["a"].Note != "hunter2" || both[1]["password"].Note != "[MASKED]" {
		t.Errorf("a pointer that is shared with a field is %+v", both)
	}
}

func TestMaskSharesNoMemory(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	in := map[string]any{"a": []string{"x"}, "b": []byte("x"), "c": &inner{Note: "x"}, "d": map[string]int{"x": 1}, "e": json.RawMessage(`"x"`), "f": big.NewInt(1), "g": []any{"x"}}
	before := fmt.Sprintf("%+v", m.Mask(in))
	out, ok := m.Mask(in).(map[string]any)
	if !ok {
		t.Fatal("not a map")
	}
	out["a"].([]string)[0] = "y"
	out["b"].([]byte)[0] = 'y'
	out["c"].(*inner).Note = "y"
	out["d"].(map[string]int)["x"] = 2
	out["e"].(json.RawMessage)[1] = 'y'
	out["f"].(*big.Int).SetInt64(2)
	out["g"].([]any)[0] = "y"
	if in["a"].([]string)[0] != "x" || string(in["b"].([]byte)) != "x" || in["c"].(*inner).Note != "x" || in["d"].(map[string]int)["x"] != 1 ||
		string(in["e"].(json.RawMessage)) != `"x"` || in["f"].(*big.Int).Int64() != 1 || in["g"].([]any)[0] != "x" {
		t.Errorf("%+v has changed, from %s", in, before)
	}
}

type panics struct{ x int }

func (p panics) String() string { panic(mail + fmt.Sprint(p.x)) }

type panicsText struct{ N string }

func (*panicsText) MarshalText() ([]byte, error) { panic(mail) }

type writesJSON struct{ hidden string }

func (w writesJSON) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"ssn": w.hidden})
}

type twoTexts struct{ Mail string }

func (twoTexts) String() string { return "nothing" }

type level int

func (l level) String() string { return []string{"info", mail}[l] }

type opaqueSlice struct{ list []string }

func (o opaqueSlice) String() string { return strings.Join(o.list, ",") }

func TestMaskMethods(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	for name, test := range map[string]struct{ in, want any }{
		"a panic":                            {panics{1}, panics{}},
		"a panic of a pointer":               {[]*panicsText{{"x"}}, []*panicsText{{}}},
		"JSON":                               {[]any{writesJSON{"123-45-6789"}, writesJSON{""}}, []any{`{"ssn":"***-**-****"}`, writesJSON{}}},
		"JSON in its type":                   {[]writesJSON{{"123-45-6789"}}, []writesJSON{{}}},
		"fields that the text does not have": {[]any{twoTexts{mail}, &twoTexts{mail}}, []any{twoTexts{"a***@example.com"}, &twoTexts{"a***@example.com"}}},
		"a kind of int":                      {[]any{level(0), level(1), struct{ L level }{1}}, []any{level(0), "a***@example.com", struct{ L level }{}}},
		"memory of its own":                  {[]any{opaqueSlice{[]string{"a", "b"}}, struct{ O opaqueSlice }{opaqueSlice{[]string{"a"}}}}, []any{"a,b", struct{ O opaqueSlice }{}}},
		"a secret":                           {map[string]any{"password": time.Unix(0, 0).UTC(), "token": netip.Addr{}}, map[string]any{"password": "[MASKED]", "token": netip.Addr{}}},
	} {
		if got := m.Mask(test.in); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: Mask(%#v) =\n%#v, want\n%#v", name, test.in, got, test.want)
		}
	}
}

// TestMaskPanics holds what callers bring along to hide more when it panics.
func TestMaskPanics(t *testing.T) {
	t.Parallel()
	m := withProfile(t, masking.Profile{Default: "mine"}, masking.WithRecognizer(panicRecognizer{}),
		masking.WithStrategy("mine", func(_ context.Context, _ masking.Finding, text string) string { panic(text) }))
	for text, want := range map[string]string{
		"alice":                               "[MASKED]",
		"an alice\r\nto bob@example.com here": "[MASKED]\r\nto [EMAIL] here",
	} {
		if got := m.MaskString(text); got != want || m.MaskString(got) != got {
			t.Errorf("MaskString(%q) = %q, want %q", text, got, want)
		}
	}
	if got := fmt.Sprint(m.Mask(map[string]any{"a": []string{"alice", "bob"}})); got != "map[a:[[MASKED] bob]]" {
		t.Errorf("Mask = %s", got)
	}
}

func TestMaskDepth(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	deep := func(n int) any {
		var v any = mail
		for range n {
			v = []any{v}
		}
		return v
	}
	innermost := func(v any) any {
		for {
			list, ok := v.([]any)
			if !ok || len(list) == 0 {
				return v
			}
			v = list[0]
		}
	}
	if got := innermost(m.Mask(deep(1000))); got != "a***@example.com" {
		t.Errorf("in 1,000 levels there is %v", got)
	}
	for _, n := range []int{1001, 100_000} {
		if got, ok := innermost(m.Mask(deep(n))).([]any); !ok || got != nil {
			t.Errorf("in %d levels there is %v", n, got)
		}
	}
	var list *node
	for range 5000 {
		list = &node{Left: list}
	}
	count := 0
	got, _ := m.Mask(list).(*node)
	for ; got != nil; got = got.Left {
		count++
	}
	if count == 0 || count > 1000 {
		t.Errorf("%d of 5,000 pointers", count)
	}
}

// TestMaskWithProfile holds paths and dropping on Go values.
func TestMaskWithProfile(t *testing.T) {
	t.Parallel()
	m := newMasker(t, masking.WithProfile(masking.Profile{
		Paths:  map[string]masking.Strategy{"$.a[0].b": masking.Fixed, "$..deep": masking.Drop, "$.keep": masking.Keep, "$.S.Name": masking.Last4},
		Fields: map[string]masking.Strategy{"gone": masking.Drop, "PassWord": masking.Keep},
	}))
	n := map[string]any{"x": nil}
	n["self"], n["deep"] = n, "d"
	got := m.Mask(map[string]any{
		"a": []any{map[string]any{"b": "x"}, map[string]any{"b": "x"}}, "keep": map[string]any{mail: mail}, "password": mail,
		"gone": 1, "list": []any{map[string]int{"deep": 1}}, "n": n, "S": struct{ Name, Gone string }{"abcdefgh", "x"},
	})
	want := map[string]any{
		"a": []any{map[string]any{"b": "***"}, map[string]any{"b": "x"}}, "keep": map[string]any{mail: mail}, "password": mail,
		"list": []any{map[string]int{}}, "S": struct{ Name, Gone string }{"****efgh", ""},
	}
	out, ok := got.(map[string]any)
	if !ok {
		t.Fatalf("%T", got)
	}
	if self, ok := out["n"].(map[string]any); !ok || self["deep"] != nil || len(self) != 2 {
		t.Errorf("n is %v", out["n"])
	}
	delete(out, "n")
	if !reflect.DeepEqual(out, want) {
		t.Errorf("Mask =\n%v, want\n%v", out, want)
	}
}

// TestMaskOfManyEqualKeys has so many keys that become equal that the time would be felt if
// it grew with their square.
func TestMaskOfManyEqualKeys(t *testing.T) {
	t.Parallel()
	keys := map[string]int{}
	for i := range 20_000 {
		keys[fmt.Sprintf("a%d@example.com", i)] = i
	}
	got, ok := newMasker(t).Mask(keys).(map[string]int)
	if _, last := got["a***@example.com#20000"]; !ok || len(got) != len(keys) || !last {
		t.Errorf("%d keys of %d stay", len(got), len(keys))
	}
}
