package housetest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// MaxLines is the most lines of a source file.
const MaxLines = 500

// Exception permits one rule to be broken in one file.
type Exception struct {
	File   string // path within the module
	Rule   string // one of the Rule constants
	Reason string
}

// The rules that an [Exception] can name.
const (
	RuleLines      = "lines"      // no more than MaxLines
	RuleInit       = "init"       // no func init
	RuleSleep      = "sleep"      // no time.Sleep in tests, but in a synctest bubble
	RuleBackground = "background" // no context.Background and context.TODO in library files
)

// CheckSource reads the Go files and API fragments of the module in fsys and
// returns a sentence, with file and line, for each rule that one breaks. An
// exception that is needed no more is a violation too. Nested modules and
// folders that the go command ignores are left out.
func CheckSource(fsys fs.FS, exceptions []Exception) ([]string, error) {
	c := sourceChecker{exceptions: exceptions, used: make([]bool, len(exceptions))}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && skips(fsys, name):
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		isGo := path.Ext(name) == ".go"
		if !isGo && path.Dir(name) != "api/fragments" {
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if lines := bytes.Count(text, []byte("\n")); lines > MaxLines {
			c.report(RuleLines, name, 1, "has %d lines, more than %d: split it by subject", lines, MaxLines)
		}
		if !isGo {
			return nil
		}
		return c.goFile(name, text)
	})
	for i, e := range exceptions {
		if !c.used[i] {
			c.violations = append(c.violations, fmt.Sprintf("%s: the exception from %q is not needed", e.File, e.Rule))
		}
	}
	return c.violations, err
}

func skips(fsys fs.FS, dir string) bool {
	base := path.Base(dir)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" {
		return true
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

type sourceChecker struct {
	exceptions []Exception
	used       []bool
	violations []string
}

func (c *sourceChecker) report(rule, file string, line int, format string, args ...any) {
	for i, e := range c.exceptions {
		if e.File == file && e.Rule == rule && e.Reason != "" {
			c.used[i] = true
			return
		}
	}
	c.violations = append(c.violations, fmt.Sprintf("%s:%d: %s", file, line, fmt.Sprintf(format, args...)))
}

func (c *sourceChecker) goFile(name string, text []byte) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	isTest := strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test")
	isLibrary := !isTest && file.Name.Name != "main" && !strings.HasPrefix(name, "examples/")
	line := func(n ast.Node) int { return files.Position(n.Pos()).Line }

	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			c.report(RuleInit, name, line(f), "func init runs behind the user's back: make it a constructor")
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch called := selector(call.Fun); {
		case called == "synctest.Test":
			return false
		case isTest && called == "time.Sleep":
			c.report(RuleSleep, name, line(call), "time.Sleep in a test: wait for the event, or use testing/synctest")
		case isLibrary && slices.Contains([]string{"context.Background", "context.TODO"}, called):
			c.report(RuleBackground, name, line(call), "%s in a library: take the caller's context", called)
		}
		return true
	})
	return nil
}

// selector returns "time.Sleep" for that expression and "" for one that is no
// selector of a plain name.
func selector(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok {
			return x.Name + "." + s.Sel.Name
		}
	}
	return ""
}
