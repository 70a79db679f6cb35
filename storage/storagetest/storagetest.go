// Package storagetest attacks storage. One call fills the places around an
// attacker with canaries, tries to reach them in every crafted way that we know
// and with many random keys and ids, and fails the test when a value shows
// where it should not, changes or goes, or when an answer is not one of the
// contract.
//
// [RunFiles], [RunDocuments] and [RunKV] hold a driver to that through its
// portable type, [RunHTTP] a server. docs/isolation.md tells what is attacked.
package storagetest

import (
	"testing"

	"github.com/cpodkit/cpodkit/storage/documents"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/kv"
)

// How many random keys and ids are tried unless [WithRandom] says otherwise. With
// -short it is a tenth, and with the race detector, which is that much slower.
const (
	DefaultRandom     = 100_000 // through a portable type
	DefaultRandomHTTP = 1_000   // over HTTP, for each primitive
)

// Option configures a run.
type Option func(*config)

type config struct {
	random int
	seed   uint64
	effort effort
}

// WithRandom sets how many random keys and ids are tried: less for a slow driver,
// more for a long night.
func WithRandom(n int) Option { return func(c *config) { c.random = n } }

// ForSlowDriver is for a driver whose calls take a millisecond, not a microsecond:
// a fiftieth of the random keys and ids, and for each crafted key one of the
// attackers instead of all; with [RunHTTP] for a third of the crafted keys.
func ForSlowDriver() Option {
	return func(c *config) {
		c.random /= 50
		c.effort = byTurns
	}
}

// WithSeed chooses other random keys and ids. The same seed makes the same ones.
func WithSeed(seed uint64) Option { return func(c *config) { c.seed = seed } }

func newConfig(random int, opts []Option) config {
	if testing.Short() || raceDetector {
		random /= 10
	}
	c := config{random: random, seed: 1}
	for _, opt := range opts {
		opt(&c)
	}
	return c
}

// RunFiles attacks the driver that newDriver returns. It must be empty, and is
// closed in the end.
func RunFiles(t *testing.T, newDriver func(t testing.TB) files.Driver, opts ...Option) {
	t.Helper()
	s := newFilesSubject(t, newDriver(t))
	runStages(t, s, s.stages(newConfig(DefaultRandom, opts)))
}

// RunDocuments is [RunFiles] for documents.
func RunDocuments(t *testing.T, newDriver func(t testing.TB) documents.Driver, opts ...Option) {
	t.Helper()
	s := newDocumentsSubject(t, newDriver(t))
	runStages(t, s, s.stages(newConfig(DefaultRandom, opts)))
}

// RunKV is [RunFiles] for kv.
func RunKV(t *testing.T, newDriver func(t testing.TB) kv.Driver, opts ...Option) {
	t.Helper()
	runStages(t, newKVSubject(t, newDriver(t)), commonStages(newConfig(DefaultRandom, opts)))
}

// stage is one kind of attack. It returns how many crafted attempts it made.
type stage struct {
	name   string
	attack func(w *world) int
}

func commonStages(c config) []stage {
	return []stage{
		{"keys", func(w *world) int { return attackKeys(w, c.effort) }},
		{"identities", attackIdentities},
		{"random", func(w *world) int { attackRandomly(w, c); return 0 }},
	}
}

func (s *filesSubject) stages(c config) []stage {
	return append(commonStages(c),
		stage{"apps", attackApps}, stage{"prefixes", func(w *world) int { return attackPrefixes(w, c.effort) }}, stage{"cursors", s.attackCursors})
}

func (s *documentsSubject) stages(c config) []stage {
	return append(commonStages(c),
		stage{"apps", attackApps}, stage{"collections", s.attackCollections}, stage{"filters", s.attackFilters},
		stage{"batches", s.attackBatches}, stage{"cursors", s.attackCursors})
}

// runStages runs one stage after the other, for they share one world.
func runStages(t *testing.T, s subject, stages []stage) {
	t.Helper()
	w := newWorld(t, s, newCanaries())
	w.populate()
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
