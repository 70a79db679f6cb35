package rego

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestScratch(t *testing.T) {
	m := newSetMaker()
	op, err := m.compileOperator(&Policy{Modules: map[string]string{"a.rego": "package http\nallow if input.roles[_] == \"admin\"\nreason := sprintf(\"x %s\", [input.path[0]])"}, Data: map[string]any{"x": "y"}})
	if err != nil {
		t.Fatal(err)
	}
	in, _ := valueOf([]byte(`{"roles":["admin"],"path":["p"]}`))
	a, err := op.eval(t.Context(), "data.http.allow", in, evalOptions{trace: true})
	fmt.Println(a, err, strings.Join(a.trace, "\n"))
	fmt.Printf("%+v\n", op.prepare("data.http.allow").reads)
	_, err = m.compileOperator(&Policy{Modules: map[string]string{"a.rego": "package http\nallow if {input.roles[_] == admin\n"}})
	fmt.Println(err)
	chain := "package t\na0 := \"0123456789\"\n"
	arr := "package t\nb0 := [1,2]\nc0 := [1, 2]\n"
	for i := range 40 {
		chain += fmt.Sprintf("a%d := concat(\"\", [a%d, a%d])\n", i+1, i, i)
		arr += fmt.Sprintf("b%d := [b%d, b%d]\nc%d := [c%d, c%d]\n", i+1, i, i, i+1, i, i)
	}
	arr += "allow if b40 == c40\n"
	for _, c := range []string{chain + "allow if a40 != \"\"", arr,
		"package t\nallow if bits.lsh(1, 1000000000) > 0",
		"package t\nallow if sprintf(\"%1000000000d\", [1]) != \"\"",
		"package t\nallow if count(numbers.range(1, 100000000)) > 0",
		"package t\nallow if { some a in numbers.range(1,10000); some b in numbers.range(1,10000); a+b < 0 }",
		"package t\nxs := [a | some a in numbers.range(1,1000)]\nallow if { x := [[y|some y in xs] | some z in xs]; y := [[y|some y in xs] | some z in xs]; count(x) == count(y) }",
		"package t\nallow if { upper(\"a\") == \"b\" with upper as f }\nf(x) := \"b\"",
		"package t\nallow if { every x in [1,2] { x > 0 }; not 1 == 2; [a, b] := [1, [2, 3]]; [c, d] = b; c == 2; { y | some y in b } == {2,3} }",
		"package t\nallow if { a := [1|true]; b := {\"k\": a, \"j\": a}; [b, z] = [b, 3]; z == 3; walk(b, [p, 1]); p == [\"k\", 0] }",
		"package http\nallow := true", "package x\nallow if data.system.x", "package x\nallow if net.cidr_contains(\"10.0.0.0/8\", \"10.1.1.1\")",
	} {
		st := time.Now()
		s, err := m.compileTenant("r", map[string]string{"m": c}, []byte(`{"k":1}`))
		if err != nil {
			fmt.Println("compile", err)
			continue
		}
		d := time.Since(st)
		st = time.Now()
		a, err := s.eval(t.Context(), "data.t.allow", ast.NewObject(), evalOptions{})
		fmt.Println(d, time.Since(st), a, err)
	}
}
