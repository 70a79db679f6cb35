package documentstest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestRequirements holds the suite against the list in docs/documents.md.
func TestRequirements(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../../docs/documents.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for line := range strings.Lines(string(docs)) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| D") && len(cells) == 2 {
			documented = append(documented, strings.TrimPrefix(cells[0], "| ")+" "+strings.TrimSuffix(strings.TrimSpace(cells[1]), " |"))
		}
	}
	var names []string
	for i, requirement := range requirements() {
		names = append(names, requirement.name)
		if !strings.HasPrefix(requirement.name, fmt.Sprintf("D%d ", i+1)) {
			t.Errorf("requirement %d is %q", i+1, requirement.name)
		}
	}
	if got, want := strings.Join(documented, "\n"), strings.Join(names, "\n"); got != want {
		t.Errorf("docs/documents.md lists\n%s\nand the suite tests\n%s", got, want)
	}
}
