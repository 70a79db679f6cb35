package storagetest

import (
	"testing"

	"github.com/cpodkit/cpodkit/internal/testfull"
	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// The portable types, on their drivers in memory, are attacked with everything.
// The drivers of systems only have to tell names apart.

func TestFilesInMemory(t *testing.T) {
	t.Parallel()
	s := newFilesSubject(t, files.NewMemory())
	siege(t, s, s.stages(wholeSiege()))
}

func TestDocumentsInMemory(t *testing.T) {
	t.Parallel()
	s := newDocumentsSubject(t, documents.NewMemory())
	siege(t, s, s.stages(wholeSiege()))
}

func TestKVInMemory(t *testing.T) {
	t.Parallel()
	siege(t, newKVSubject(t, kv.NewMemory()), commonStages(wholeSiege()))
}

func wholeSiege() config {
	c := config{random: testfull.Pick(2_000, 100_000), seed: 1}
	if raceDetector {
		c.random /= 10
	}
	return c
}

func (s *filesSubject) stages(c config) []stage {
	return append(commonStages(c),
		stage{"apps", attackApps}, stage{"prefixes", func(w *world) int { return attackPrefixes(w, c.effort) }}, stage{"cursors", s.attackCursors})
}

func (s *documentsSubject) stages(c config) []stage {
	return append(commonStages(c),
		stage{"apps", attackApps}, stage{"collections", s.attackCollections}, stage{"filters", s.attackFilters},
		stage{"batches", s.attackBatches}, stage{"cursors", s.attackCursors},
		stage{"lists", func(w *world) int { return attackLists(w, s) }})
}

// siege runs one stage after the other, for they share one world.
func siege(t *testing.T, s subject, stages []stage) {
	t.Helper()
	w := newWorld(t, s, newCanaries())
	w.populate(neighbours())
	attempts := 0
	for _, stage := range stages {
		t.Run(stage.name, func(t *testing.T) {
			w := w.in(t)
			attempts += stage.attack(w)
			w.sweep()
		})
		if w.failedEnough() {
			t.Fatalf("too many failures; the rest is not tried")
		}
	}
	t.Logf("%d crafted attempts, %d random ones, %d calls", attempts, w.random.Load(), w.calls.Load())
}
