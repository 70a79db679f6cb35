package masking_test

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/masking"
)

// accuracyBar is the least precision and recall over all entities, of each set.
const accuracyBar = 0.97

// TestAccuracy holds the findings in the labelled lines of testdata/accuracy against their
// labels. A finding is right when entity and bytes are equal. Run it with -v for the table.
func TestAccuracy(t *testing.T) {
	t.Parallel()
	m := newMasker(t)
	all, sets := tally{}, map[string]tally{}
	for _, set := range []string{"own", "blind"} {
		files, err := filepath.Glob(filepath.Join("testdata", "accuracy", set, "*.txt"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join("testdata", "accuracy", set)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		got := tally{}
		sets[set] = got
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
				if strings.HasPrefix(line, "# ") {
					continue
				}
				for _, problem := range got.judge(m, line) {
					t.Logf("%s:%d: %s", file, i+1, problem)
				}
			}
		}
		t.Logf("set %s\n%s", set, got.table())
		if sum := got.sum(); sum.precision() < accuracyBar || sum.recall() < accuracyBar {
			t.Errorf("set %s: precision %.4f, recall %.4f; both must be at least %.2f", set, sum.precision(), sum.recall(), accuracyBar)
		}
		for entity, s := range got {
			all.of(entity).add(*s)
		}
	}
	t.Logf("all sets\n%s", all.table())
	if len(sets) > 1 {
		wantPublished(t, publish(sets["own"], sets["blind"], all))
	}
}

// score counts what was found of one entity.
type score struct {
	right, wrong, missed int
	traps                int // lines without a label of the entity, wrong ones included
}

func (s *score) add(o score) {
	s.right += o.right
	s.wrong += o.wrong
	s.missed += o.missed
	s.traps += o.traps
}

func (s score) precision() float64 { return ratio(s.right, s.right+s.wrong) }
func (s score) recall() float64    { return ratio(s.right, s.right+s.missed) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

// tally is a score for each entity; the one without a name counts the lines.
type tally map[masking.Entity]*score

func (t tally) of(e masking.Entity) *score {
	if t[e] == nil {
		t[e] = &score{}
	}
	return t[e]
}

func (t tally) sum() score {
	var sum score
	for e, s := range t {
		if e != "" {
			sum.right += s.right
			sum.wrong += s.wrong
			sum.missed += s.missed
		}
	}
	return sum
}

type label struct {
	entity     masking.Entity
	start, end int
}

// judge compares the findings of a labelled line with its labels, and returns a sentence
// for each difference.
func (t tally) judge(m *masking.Masker, line string) []string {
	text, want := parseLabels(line)
	var got []label
	for _, f := range m.Find(nil, text) {
		got = append(got, label{f.Entity, f.Start, f.End})
	}
	var problems []string
	for _, l := range got {
		if slices.Contains(want, l) {
			t.of(l.entity).right++
			continue
		}
		t.of(l.entity).wrong++
		problems = append(problems, fmt.Sprintf("wrong %s %q in %s", l.entity, text[l.start:l.end], line))
	}
	for _, l := range want {
		if !slices.Contains(got, l) {
			t.of(l.entity).missed++
			problems = append(problems, fmt.Sprintf("missed %s %q in %s", l.entity, text[l.start:l.end], line))
		}
	}
	if len(want) == 0 {
		t.of("").traps++
		if len(got) > 0 {
			t.of("").wrong++
		}
	}
	return problems
}

// parseLabels takes the marks ⟦ENTITY|text⟧ out of a line, and each ¦, which breaks keys so that
// scanners for secrets do not take them for real ones.
func parseLabels(line string) (string, []label) {
	line = strings.ReplaceAll(line, "¦", "")
	var text strings.Builder
	var labels []label
	for {
		before, rest, ok := strings.Cut(line, "⟦")
		text.WriteString(before)
		if !ok {
			return text.String(), labels
		}
		marked, after, _ := strings.Cut(rest, "⟧")
		entity, value, _ := strings.Cut(marked, "|")
		labels = append(labels, label{masking.Entity(entity), text.Len(), text.Len() + len(value)})
		text.WriteString(value)
		line = after
	}
}

func (t tally) table() string {
	var b strings.Builder
	b.WriteString("| entity | precision | recall | hits | wrong | missed |\n|---|---:|---:|---:|---:|---:|\n")
	row := func(name string, s score) {
		fmt.Fprintf(&b, "| %s | %.3f | %.3f | %d | %d | %d |\n", name, s.precision(), s.recall(), s.right+s.missed, s.wrong, s.missed)
	}
	entities := masking.Entities()
	slices.SortFunc(entities, func(a, b masking.Entity) int { return cmp.Compare(a, b) })
	for _, e := range entities {
		if s := t[e]; s != nil {
			row(string(e), *s)
		}
	}
	row("all", t.sum())
	if lines := t[""]; lines != nil {
		fmt.Fprintf(&b, "%d lines without anything to find, %d of them with a wrong finding\n", lines.traps, lines.wrong)
	}
	return b.String()
}

func texts(text string, labels []label) []string {
	var found []string
	for _, l := range labels {
		found = append(found, text[l.start:l.end])
	}
	return found
}
