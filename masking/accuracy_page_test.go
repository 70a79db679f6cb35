package masking_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// accuracyPage is where the accuracy is published, between two marks.
func accuracyPage() string { return filepath.Join("..", "docs", "masking.md") }

// publish returns the tables as the page has them. The line below a table is a paragraph
// there.
func publish(own, blind, all tally) string {
	var b strings.Builder
	for _, set := range []struct {
		title string
		tally tally
	}{
		{"Lines by somebody who had not seen the rules", blind}, {"Lines by the authors of the rules", own}, {"All lines", all},
	} {
		table := set.tally.table()
		last := strings.LastIndex(strings.TrimSuffix(table, "\n"), "\n") + 1
		if strings.HasPrefix(table[last:], "|") {
			last = len(table)
		}
		fmt.Fprintf(&b, "**%s**\n\n%s", set.title, table[:last])
		if last < len(table) {
			fmt.Fprintf(&b, "\n%s.\n", strings.TrimSuffix(table[last:], "\n"))
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// wantPublished holds the page equal to what was measured, once it has figures. With
// CPODKIT_WRITE_PAGES it writes them there.
func wantPublished(t *testing.T, want string) {
	t.Helper()
	const begin, end = "<!-- accuracy -->\n", "<!-- /accuracy -->"
	text, err := os.ReadFile(accuracyPage())
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), begin)
	published, after, ok2 := strings.Cut(rest, end)
	switch {
	case !ok1 || !ok2:
		t.Errorf("%s has no place for the accuracy", accuracyPage())
	case published == want:
	case os.Getenv("CPODKIT_WRITE_PAGES") != "":
		if err := os.WriteFile(accuracyPage(), []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Error(err)
		}
	case published != "":
		t.Errorf("%s has other figures; run the test with CPODKIT_WRITE_PAGES=1:\n%s", accuracyPage(), want)
	}
}
