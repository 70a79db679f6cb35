package housetest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The Go code of the README stands word for word in a program under examples/,
// which the compiler checks.
func TestReadmeCodeIsCompiled(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var programs strings.Builder
	sources, err := filepath.Glob(filepath.Join(root, "examples", "*", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		programs.Write(source)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(readme, -1)
	if len(blocks) < 4 {
		t.Fatalf("found %d blocks of Go code; the README has at least four", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(programs.String(), string(block[1])) {
			t.Errorf("no program under examples/ contains this code of the README:\n%s", block[1])
		}
	}
}
