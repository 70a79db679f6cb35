package oauth_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The lists of attacks in docs/oauth.md and docs/users.md are those that the tests here make:
// a line for each row of their tables, or for the test where it has no table.
func TestAttacksAreListed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	lists, n := map[string]*strings.Builder{"oauth.md": {}, "users.md": {}}, 0
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		page := "oauth.md"
		if strings.HasPrefix(file, "signin_") || strings.HasPrefix(file, "upstream_") {
			page = "users.md"
		}
		for _, declared := range parsed.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok {
				continue
			}
			attack, isAttack := strings.CutPrefix(f.Doc.Text(), "Attack: ")
			if !isAttack && !strings.HasPrefix(f.Name.Name, "TestAttacksOn") && !strings.HasPrefix(f.Name.Name, "TestAttacksBy") {
				continue
			}
			rows := rowsOf(f)
			if len(rows) == 0 {
				first, _, _ := strings.Cut(strings.ReplaceAll(attack, "\n", " "), ". ")
				rows = []string{strings.TrimSuffix(strings.TrimSpace(first), ".")}
			}
			for _, row := range rows {
				fmt.Fprintf(lists[page], "| %s | `%s` |\n", row, f.Name.Name)
				n++
			}
		}
	}
	for page, list := range lists {
		text, err := os.ReadFile("../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "\n| attack | test |\n|---|---|\n"+list.String()) {
			t.Errorf("docs/%s does not hold these rows:\n%s", page, list)
		}
	}
	if n < 100 {
		t.Errorf("there are %d attacks", n)
	}
}

// rowsOf returns the names of the rows of the first table over which a test ranges: the keys of
// a map, or the first fields of structs.
func rowsOf(f *ast.FuncDecl) (rows []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		loop, ok := n.(*ast.RangeStmt)
		if !ok || rows != nil {
			return true
		}
		table, ok := loop.X.(*ast.CompositeLit)
		if !ok {
			return true
		}
		for _, element := range table.Elts {
			var name ast.Expr
			switch element := element.(type) {
			case *ast.KeyValueExpr:
				name = element.Key
			case *ast.CompositeLit:
				name = element.Elts[0]
			}
			if literal, ok := name.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				if err == nil && text != "nothing" { // where nothing is attacked
					rows = append(rows, text)
				}
			}
		}
		return true
	})
	return rows
}
