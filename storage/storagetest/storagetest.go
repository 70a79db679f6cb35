// Package storagetest holds drivers and servers to the isolation that storage
// promises. docs/isolation.md says what is attacked, and how.
//
// [RunFiles], [RunDocuments] and [RunKV] are for a driver, which isolates by
// telling names apart: they store under names that a careless system takes for
// one. [RunHTTP] is for a whole server. It fills the places around an attacker
// with canaries, tries to reach them in every crafted way that we know and with
// many random keys and ids, and fails the test when a value shows where it should
// not, changes or goes, or when an answer is not one of the contract.
package storagetest

import "testing"

// DefaultRandom is how many random keys and ids [RunHTTP] tries on each primitive
// unless [WithRandom] says otherwise. With -short it is a tenth, and with the race
// detector, which is that much slower.
const DefaultRandom = 1_000

// Option configures [RunHTTP].
type Option func(*config)

type config struct {
	random int
	seed   uint64
	effort effort
	names  bool
}

// WithRandom sets how many random keys and ids are tried on each primitive.
func WithRandom(n int) Option { return func(c *config) { c.random = n } }

// WithSeed chooses other random keys and ids. The same seed makes the same ones.
func WithSeed(seed uint64) Option { return func(c *config) { c.seed = seed } }

// Brief is for a slow server, and for a run on every day: a third of the crafted
// keys. -short and the race detector mean it too.
func Brief() Option { return func(c *config) { c.effort = byFew } }

// NamesOnly is for a server whose systems are in question, and not its HTTP: all that
// it tries is what [RunFiles], [RunDocuments] and [RunKV] try on a driver.
func NamesOnly() Option { return func(c *config) { c.names = true } }

func newConfig(opts []Option) config {
	c := config{random: DefaultRandom, seed: 1, effort: byTurns}
	if testing.Short() || raceDetector {
		c.random, c.effort = c.random/10, byFew
	}
	for _, opt := range opts {
		opt(&c)
	}
	return c
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
