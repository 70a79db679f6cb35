package housetest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The Go code of the README and of the pages under docs/ stands word for word in a
// program, an example or a test of this module, where the compiler checks it and
// the tests run it. Indentation does not count.
func TestSnippetsAreCompiled(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	code := sources(t, root)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(text, -1) {
			found++
			if !strings.Contains(code, withoutIndentation(string(block[1]))) {
				t.Errorf("%s: no Go file of this module contains\n%s", page, block[1])
			}
		}
	}
	if found < 30 {
		t.Errorf("found %d snippets; that is too few", found)
	}
}

// sources returns all Go code below root, without indentation.
func sources(t *testing.T, root string) string {
	t.Helper()
	var code strings.Builder
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		source, err := os.ReadFile(path)
		code.WriteString(withoutIndentation(string(source)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return code.String()
}

// withoutIndentation also takes runs of spaces for one, since gofmt aligns comments
// by what stands around them.
func withoutIndentation(code string) string {
	var lines strings.Builder
	lines.WriteString("\n")
	for line := range strings.Lines(code) {
		lines.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
	}
	return lines.String()
}
