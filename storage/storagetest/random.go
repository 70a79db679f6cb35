package storagetest

import (
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cpodkit/cpodkit/storage"
)

// attempt is one random place and key.
type attempt struct {
	actor actor
	key   string
}

const (
	roundSize = 2_000
	workers   = 8
)

// attackRandomly writes at random keys of random identities, in rounds. Each
// value must stand alone: two places, or two keys, that are one would show as a
// value that was overwritten.
func attackRandomly(w *world, c config) {
	rnd := rand.New(rand.NewPCG(c.seed, 0))
	var stored atomic.Int64
	for left := c.random; left > 0 && !w.failedEnough(); {
		var round []attempt
		for _, next := range draw(rnd, min(left, roundSize)) {
			if _, taken := w.have(next.actor, next.key); !taken && w.subject.able(next.actor) {
				round = append(round, next)
			}
		}
		left -= len(round)
		w.random.Add(int64(len(round)))
		inParallel(w, round, func(a attempt) {
			if w.put(a.actor, a.key) {
				stored.Add(1)
			}
		})
		inParallel(w, round, func(a attempt) { w.read(a.actor, a.key) })
		for _, a := range round[:min(len(round), 50)] {
			if a.actor.hasPlace() {
				w.checkList(a.actor, "")
			}
		}
		inParallel(w, round, func(a attempt) { w.remove(a.actor, a.key) })
		inParallel(w, round[:min(len(round), 50)], func(a attempt) { w.look(a.actor, a.key) })
	}
	w.Logf("%d random keys and ids with seed %d, of which %d are taken", w.random.Load(), c.seed, stored.Load())
}

// inParallel does the same for all, some at a time, until enough has failed.
func inParallel[T any](w *world, all []T, do func(T)) {
	var wg sync.WaitGroup
	work := make(chan T)
	for range workers {
		wg.Go(func() {
			for one := range work {
				if !w.failedEnough() {
					do(one)
				}
			}
		})
	}
	for _, one := range all {
		work <- one
	}
	close(work)
	wg.Wait()
}

// draw returns n different attempts. About half of them are twins: places that
// would meet another one's if ids were joined, encoded or compared carelessly.
func draw(rnd *rand.Rand, n int) []attempt {
	seen := map[attempt]bool{}
	var all []attempt
	for len(all) < n {
		next := attempt{drawActor(rnd), drawText(rnd)}
		if len(all) > 0 && rnd.IntN(2) == 0 {
			next = twin(rnd, all[rnd.IntN(len(all))])
		}
		if id := (attempt{next.actor.owner(), next.key}); !seen[id] {
			seen[id] = true
			all = append(all, next)
		}
	}
	return all
}

func drawActor(rnd *rand.Rand) actor {
	tiers := []storage.Tier{storage.Private, storage.User, storage.Shared}
	return actor{"r" + drawText(rnd), drawText(rnd), drawText(rnd), tiers[rnd.IntN(len(tiers))]}
}

// pieces are what keys and ids are made of, the plain ones more often.
func pieces() []string {
	return []string{
		"a", "b", "u", "x", "t1", "apps", "users", "shared", "a", "b", "u", "x", "a/b", "b/x", "apps/a", "users/u", "/", "/", "/", ".", "..", "%", "%2F", "%2f",
		"%2E", "%00", "$system", " ", "\\", "*", "_", "'", `"`, ":", "~", "-", "é", "e\u0301", "ｘ", "\u200b", "\u202e", "世", "🙂", "\u212a", "A", "X",
		"\x00", "\n", "\x7f", "\xff", "\xc0\xaf", "\u0085",
	}
}

func drawText(rnd *rand.Rand) string {
	switch rnd.IntN(40) {
	case 0:
		return "" // sometimes
	case 1:
		return strings.Repeat("k", 1+rnd.IntN(80))
	case 2:
		raw := make([]byte, 1+rnd.IntN(20))
		for i := range raw {
			raw[i] = byte(rnd.UintN(256))
		}
		return string(raw)
	}
	all := pieces()
	var text strings.Builder
	for range 1 + rnd.IntN(3) {
		text.WriteString(all[rnd.IntN(len(all))])
	}
	return text.String()
}

// twin returns a place and key that a careless hand would take for a's.
func twin(rnd *rand.Rand, a attempt) attempt {
	switch t := &a.actor; rnd.IntN(12) {
	case 0: // the key's first segment goes into the app
		if head, rest, ok := strings.Cut(a.key, "/"); ok {
			t.app, a.key = t.app+"/"+head, rest
		}
	case 1: // and back
		if i := strings.LastIndexByte(t.app, '/'); i >= 0 {
			t.app, a.key = t.app[:i], t.app[i+1:]+"/"+a.key
		}
	case 2: // the app goes into the user
		t.user, t.app, a.key = t.user+"/apps/"+t.app, "a", strings.TrimPrefix(a.key, "apps/a/")
	case 3:
		t.tier, t.user, t.tenant = storage.Private, "", t.tenant+"/users/"+t.user
	case 4:
		a.key = "apps/" + t.app + "/" + a.key
		t.tier = storage.Shared
	case 5:
		t.app = strings.ReplaceAll(t.app, "/", "%2F")
	case 6:
		t.app = strings.ReplaceAll(t.app, "%2F", "/")
	case 7:
		t.app, a.key = strings.ToUpper(t.app), strings.ToUpper(a.key)
	case 8:
		t.tenant += "x"
	case 9:
		t.user += "."
	case 10:
		a.key += " "
	case 11:
		t.tier = []storage.Tier{storage.Private, storage.User, storage.Shared}[rnd.IntN(3)]
	}
	return a
}
