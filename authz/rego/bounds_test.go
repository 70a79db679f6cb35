package rego_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/authz/rego"
)

// chain returns n rules, each made by f of the one before: a0, a1 and so on.
func chain(n int, first, f string) string {
	text := "a0 := " + first + "\n"
	for i := range n {
		text += fmt.Sprintf("a%d := %s\n", i+1, strings.ReplaceAll(f, "@", fmt.Sprintf("a%d", i)))
	}
	return text
}

// A tenant's module that takes all it can ends early, with little memory, as an error that
// is no decision.
func TestHostileEvaluations(t *testing.T) {
	t.Parallel()
	const untyped = `object.get({"k": [@, @]}, "k", 0)` // the compiler does not know its type
	loop := "some a in numbers.range(1, 10000); some b in numbers.range(1, 10000); a + b < 0"
	for name, rules := range map[string]string{
		"a loop":          "allow if { " + loop + " }",
		"a comprehension": "allow if count([1 | " + loop[:len(loop)-len("; a + b < 0")] + "]) > 1",
		"a set of many":   "s contains [a, b] if { some a in numbers.range(1, 10000); some b in numbers.range(1, 10000) }\nallow if count(s) > 1",
		"functions that call twice": func() string {
			text := "f0(x) := x + 1\n"
			for i := range 60 {
				text += fmt.Sprintf("f%d(x) := f%d(x) + f%d(x + 1)\n", i+1, i, i)
			}
			return text + "allow if f60(1) > 0"
		}(),
		"doubled texts":           chain(40, `"0123456789"`, `concat("", [@, @])`) + `allow if a40 != ""`,
		"formatted texts":         chain(40, `"0123456789"`, `sprintf("%s%s", [@, @])`) + `allow if a40 != ""`,
		"indexed formats":         `allow if sprintf("` + strings.Repeat("%[1]s", 5000) + `", [concat("", [input.x | some x in numbers.range(1, 1000)])]) != ""`,
		"template strings":        chain(40, `"0123456789"`, `$"{@}{@}"`) + `allow if a40 != ""`,
		"a wide field":            `allow if sprintf("%1000000000d", [1]) != ""`,
		"a wide field by operand": `allow if sprintf("%*d", [1000000000, 1]) != ""`,
		"many wide fields":        `allow if sprintf("` + strings.Repeat("%60000d", 50) + `", numbers.range(1, 50)) != ""`,
		"a shift":                 `allow if bits.lsh(1, 1000000000) > 0`,
		"squares":                 chain(40, `99999999999999999999`, `@ * @`) + `allow if a40 > 0`,
		"a factorial":             `allow if product(numbers.range(1, 100000)) > 0`,
		"a long range":            `allow if count(numbers.range(1, 1000000000)) > 0`,
		"a long range, down":      `allow if count(numbers.range(1000000000, -9000000000000000000)) > 0`,
		"a long range by step":    `allow if count(numbers.range_step(1, 1000000000, 1)) > 0`,
		"replaced texts":          chain(20, `"aaaaaaaaaa"`, `replace(@, "a", "aaaaaaaaaa")`) + `allow if a20 != ""`,
		"replaced patterns":       chain(20, `"aaaaaaaaaa"`, `regex.replace(@, "a", "aaaaaaaaaa")`) + `allow if a20 != ""`,
		"replaced empty matches":  chain(20, `"aaaaaaaaaa"`, `regex.replace(@, "", "aaaaaaaaaa")`) + `allow if a20 != ""`,
		"replaced by many":        chain(20, `"aaaaaaaaaa"`, `strings.replace_n({"a": "aaaaaaaaaa"}, @)`) + `allow if a20 != ""`,
		"encoded again and again": chain(80, `"0123456789"`, `base64.encode(@)`) + `allow if a80 != ""`,
		"hex again and again":     chain(60, `"0123456789"`, `hex.encode(@)`) + `allow if a60 != ""`,
		"marshaled texts":         chain(60, `"\"\""`, `json.marshal(@)`) + `allow if a60 != ""`,
		"joined arrays":           chain(40, `numbers.range(1, 10)`, `array.concat(@, @)`) + `allow if count(a40) > 1`,
		"marshaled arrays":        chain(24, `[1, 2]`, untyped) + `allow if json.marshal(a24) != ""`,
		"compared arrays":         chain(60, `[1, 2]`, untyped) + `allow if a60 == [a59, a59]`,
		"nested objects":          chain(60, `{"x": 1}`, `object.get({"k": {"a": @, "b": @}}, "k", 0)`) + `allow if a60 == {"a": a59, "b": a59}`,
		"nested sets":             chain(60, `{1}`, `object.get({"k": {[@, 1], [@, 2]}}, "k", 0)`) + `allow if {[a59, 1], [a59, 2]} == a60`,
		"the whole package":       chain(60, `[1, 2]`, untyped) + `allow if json.marshal(data.t.a60) == data.t.a59`,
		"patterns":                `allow if { some i in numbers.range(1, 100); regex.match("(a|b|ab)*c{1,1000}", concat("", [sprintf("%d", [x + i]) | some x in numbers.range(1, 50000)])) }`,
		"a long pattern":          `p := concat("", ["(a?){50}" | some x in numbers.range(1, 2000)])` + "\nallow if regex.match(p, p)",
		"a patched document":      `allow if json.patch({"a": numbers.range(1, 50000)}, [{"op": "copy", "from": "/a", "path": p} | some x in numbers.range(1, 1000); p := sprintf("/b%d", [x])]) != {}`,
		"unions":                  chain(40, `{"a": 1}`, `object.union({"x": @}, {"y": @})`) + `allow if count(json.marshal(a40)) > 1`,
		"a big key":               `k := concat("", ["a" | some x in numbers.range(1, 20000)])` + "\n" + `allow if io.jwt.verify_rs256("a.b.c", k)`,
		"input under input":       `allow if { some x in numbers.range(1, 90000); some y in numbers.range(1, 90000); y == -1 with input as {"a": x} }`,
		"every":                   `allow if { every x in numbers.range(1, 90000) { every y in numbers.range(1, 90000) { x + y > 0 } } }`,
		"flattened":               chain(40, `[1]`, `array.flatten([@, @])`) + `allow if count(a40) > 1`,
		"split":                   `allow if count([x | some i in numbers.range(1, 1000); x := split(sprintf("%60000d", [i]), "")]) > 1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, nil)
			_, err := e.PutModule(t.Context(), "acme", "m", "package t\n"+rules+"\n", rego.Condition{})
			must(t, err)
			start := time.Now()
			d, err := e.Evaluate(t.Context(), "acme", "t/allow", map[string]any{"x": strings.Repeat("x", 1000)})
			if !errors.Is(err, cpodkit.CodeUnavailable) {
				t.Errorf("the decision is %+v, %v", d, err)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// The same functions serve a policy that takes little.
func TestBoundedFunctionsWork(t *testing.T) {
	t.Parallel()
	const rules = `package t
r1 := concat("-", ["a", "b"])
r2 := sprintf("%5d|%s|%v", [7, "x", [1, {"a": 2}]])
r3 := [x | some x in numbers.range(3, 1)]
r4 := object.union({"a": 1}, {"b": [r1, r1]})
r5 := {x: y | some x, y in {"a": 1, "b": 2}}
r6 := json.unmarshal(json.marshal({"a": [1, 2]}))
r7 := replace("banana", "a", "oo")
r8 := regex.replace("banana", "(a)n", "<$1>")
r9 := {1, 2} & {2, 3}
r10 := bits.lsh(1, 10) + product([2, 3]) * sum([1, 2])
r11 := [a, c] if { [a, b] := [1, [2, 3]]; [_, c] = b }
r12 := true if { every x in [1, 2] { x > 0 }; not 1 in [2] }
r13 contains [x, y] if { some x in [1, 2]; y := x + 1 }
r14[k] := v if { some k, v in {"a": [1], "b": [2]} }
r15 := $"{r1} and {input.x}"
r16 := [path | walk({"a": {"b": 1}}, [path, 1])]
r17 := f([1, 2])
f([x, y]) := {"sum": x + y}
r18 := y if { x := "A"; y := lower(x) }
r19 := x if { x := mocked with lower as replaced }
mocked := lower("A")
replaced(x) := concat("", ["<", x, ">"])
r20 := x if { x := mocked with lower as upper with input.y as 1 }
r21 := x if { x := input with input.y as [r1, r1] }
r22 := data.t.deep
deep.a.b := [1, 2]
r23 := split("a,b", ",")
r24 := time.format(0)
r25 := "yes" if { false } else := ["else", r1]
r26 := glob.match("*.com", ["."], "a.com")
r27 := yaml.unmarshal("a: [1, 2]")
`
	e := newEngine(t, nil)
	_, err := e.PutModule(t.Context(), "acme", "m", rules, rego.Condition{})
	must(t, err)
	for i, want := range []string{
		`"a-b"`, `"    7|x|[1, {\"a\": 2}]"`, `[3,2,1]`, `{"a":1,"b":["a-b","a-b"]}`, `{"a":1,"b":2}`, `{"a":[1,2]}`, `"boonoonoo"`,
		`"b\u003ca\u003e\u003ca\u003ea"`, `[2]`, `1042`, `[1,3]`, `true`, `[[1,2],[2,3]]`, `{"a":[1],"b":[2]}`, `"a-b and 5"`,
		`[["a","b"]]`, `{"sum":3}`, `"a"`, `"\u003cA\u003e"`, `"A"`, `{"x":5,"y":["a-b","a-b"]}`, `{"a":{"b":[1,2]}}`, `["a","b"]`,
		`"1970-01-01T00:00:00Z"`, `["else","a-b"]`, `true`, `{"a":[1,2]}`,
	} {
		d, err := e.Evaluate(t.Context(), "acme", fmt.Sprintf("t/r%d", i+1), json.RawMessage(`{"x":5}`))
		if err != nil || string(d.Result) != want {
			t.Errorf("r%d is %s, %v, want %s", i+1, d.Result, err, want)
		}
	}
}

// What takes the compiler too long, or is the operator's, is refused with its place.
func TestHostileModules(t *testing.T) {
	t.Parallel()
	many := func(n int, f string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(f, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	nested := func(n int, open, inner, shut string) string {
		return "allow := " + strings.Repeat(open, n) + inner + strings.Repeat(shut, n)
	}
	for name, c := range map[string]struct{ text, want string }{
		"http":              {"package http\nallow := true\n", "data.http is the operator's"},
		"below http":        {"package http.sub\nallow := true\n", "data.http is the operator's"},
		"system":            {"package system.authz\nallow := true\n", "data.system is the operator's"},
		"a reference":       {"package t\nallow if data.http.allow\n", "line 2, column 15: data.http is the operator's"},
		"a name in quotes":  {"package t\nallow if data[\"system\"].x\n", "data.system is the operator's"},
		"an import":         {"package t\nimport data.http as h\nallow if h.allow\n", "data.http is the operator's"},
		"http.send":         {"package t\nallow if http.send({}).ok\n", "undefined function http.send"},
		"opa.runtime":       {"package t\nallow if opa.runtime().env\n", "undefined function opa.runtime"},
		"net":               {"package t\nallow if net.lookup_ip_addr(\"x\") != {}\n", "undefined function net.lookup_ip_addr"},
		"by with":           {"package t\nallow if upper({}) == 1 with upper as http.send\n", "var http is unsafe"},
		"signing":           {"package t\nallow if io.jwt.encode_sign({}, {}, {}) != \"\"\n", "undefined function io.jwt.encode_sign"},
		"recursion":         {"package t\nallow if not allow\n", "recursive"},
		"recursion of two":  {"package t\na if b\nb if a\n", "recursive"},
		"recursion by call": {"package t\nf(x) := f(x - 1)\nallow if f(1)\n", "recursive"},
		"brackets":          {"package t\n" + nested(5000, "[", "1", "]"), "more than 64 brackets"},
		"comprehensions":    {"package t\n" + nested(18, "[x|x:=", "1", "]"), "more than 5 comprehensions"},
		"templates":         {"package t\n" + nested(12, `$"{`, "1", `}"`), "more than 2 template strings"},
		"a long sum":        {"package t\nallow := 1" + strings.Repeat("+1", 20000), "more than 500 expressions"},
		"a long body":       {"package t\nallow if {\n" + many(4000, "x# = input.a\n") + "}", "more than 500 expressions"},
		"large types":       {"package t\n" + chain(40, "[1]", "[@, @]"), "more than 10000 parts"},
		"many in a row":     {"package t\n" + chain(2000, "1", "@"), "more than 500 rules"},
		"not Rego":          {"package t\nallow if {\n", "line"},
		"nothing":           {"", "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, nil)
			_, err := e.PutModule(t.Context(), "acme", "good", "package good\nallow := true\n", rego.Condition{})
			must(t, err)
			_, err = e.PutModule(t.Context(), "acme", "m", c.text, rego.Condition{})
			pointer, details := pointers(err)
			if !errors.Is(err, cpodkit.CodeValidationFailed) || !strings.Contains(details, c.want) || !strings.Contains(pointer, "/modules/m") {
				t.Errorf("the error is %v: %q, %q", err, pointer, details)
			}
			want(t, e, "acme", "good/allow", "true")
		})
	}
}

// A tenant that evaluates slow rules without end leaves room for another one.
func TestShareOfEvaluations(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	put := func(tenantID, rules string) {
		_, err := e.PutModule(t.Context(), tenantID, "m", "package t\n"+rules, rego.Condition{})
		must(t, err)
	}
	put("greedy", "allow if { some a in numbers.range(1, 90000); some b in numbers.range(1, 90000); a + b < input.n }\n")
	put("other", "allow if input.n >= 0\n")
	var limited, slow atomic.Int64
	var all sync.WaitGroup
	for i := range 256 + 8*runtime.GOMAXPROCS(0) {
		all.Go(func() {
			_, err := e.Evaluate(t.Context(), "greedy", "t/allow", map[string]any{"n": -i})
			switch {
			case errors.Is(err, cpodkit.CodeRateLimited):
				limited.Add(1)
			case errors.Is(err, cpodkit.CodeUnavailable):
				slow.Add(1)
			default:
				t.Errorf("the error is %v", err)
			}
		})
	}
	for i := range 20 {
		if d := evaluate(t, e, "other", "t/allow", fmt.Sprintf(`{"n":%d}`, i)); !d.Allowed {
			t.Error("the other tenant is denied")
		}
	}
	all.Wait()
	if limited.Load() == 0 || slow.Load() == 0 {
		t.Errorf("%d evaluations were limited, %d slow", limited.Load(), slow.Load())
	}
}

// 64 evaluations at once, while the policies of the operator and of a tenant change every
// 10 ms, are each made by exactly one revision.
func TestOneRevisionEach(t *testing.T) {
	t.Parallel()
	p := &policy{}
	set := func(n int) {
		p.set(map[string]any{"n": n}, fmt.Sprintf("package a\nn := %d\nall := [n, data.b.n, data.n, input.x]\n", n),
			fmt.Sprintf("package b\nn := %d\n", n))
	}
	set(0)
	e := running(t, newEngine(t, p))
	put := func(n int) string {
		c, err := e.PutModule(t.Context(), "acme", "m", fmt.Sprintf("package own\na := %d\nb := %d\nall := [a, b, a, input.x]\n", n, n), rego.Condition{})
		must(t, err)
		return c.Revision
	}
	var mu sync.Mutex
	own := map[string]int{put(0): 0} // what a revision of the tenant says
	seen := map[string]int{}         // what a revision of the operator has said
	ended := make(chan struct{})
	var changing, deciding sync.WaitGroup
	changing.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-tick.C:
			case <-ended:
				return
			}
			set(n)
			revision := put(n)
			mu.Lock()
			own[revision] = n
			mu.Unlock()
		}
	})
	type said struct {
		path, revision string
		n              [4]int
	}
	all := make(chan said, 64*1000)
	typed, err := rego.Prepare[struct {
		X int `json:"x"`
	}](e, "a/all")
	must(t, err)
	for worker := range 64 {
		deciding.Go(func() {
			for i := range 300 {
				path := []string{"a/all", "own/all"}[i%2]
				in := struct {
					X int `json:"x"`
				}{i * worker % 7}
				var d rego.Decision
				var err error
				if i%4 == 0 {
					d, err = typed.Decide(t.Context(), "acme", &in)
				} else {
					d, err = e.Evaluate(t.Context(), "acme", path, in)
				}
				if err != nil {
					t.Error(err)
					return
				}
				s := said{path: d.Path, revision: d.Revision}
				if err := json.Unmarshal(d.Result, &s.n); err != nil || s.n[3] != in.X {
					t.Errorf("%s is %s, %v", path, d.Result, err)
				}
				all <- s
			}
		})
	}
	deciding.Wait()
	close(ended)
	changing.Wait()
	close(all)
	for s := range all {
		if s.n[0] != s.n[1] || s.n[0] != s.n[2] {
			t.Fatalf("%s of %s is of several revisions: %v", s.path, s.revision, s.n)
		}
		operator, tenant, _ := strings.Cut(s.revision, ".")
		if s.path == "data.own.all" {
			if n, ok := own[tenant]; !ok || n != s.n[0] {
				t.Fatalf("revision %s says %v, want %d", s.revision, s.n, n)
			}
			continue
		}
		if n, ok := seen[operator]; ok && n != s.n[0] {
			t.Fatalf("revision %s says %v and %d", operator, s.n, n)
		}
		seen[operator] = s.n[0]
	}
	if len(own) < 3 || len(seen) < 3 {
		t.Errorf("there were %d and %d revisions", len(own), len(seen))
	}
}
