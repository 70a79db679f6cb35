package storagetest

import (
	"errors"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// attackers stand in one app of one tenant, in each tier once.
func attackers() []actor {
	return []actor{
		{"t1", "app", "u", storage.Private},
		{"t1", "app", "u", storage.User},
		{"t1", "app", "u", storage.Shared},
	}
}

// neighbours are the places nearest to the attackers': those that a missing
// slash, a case, a wildcard, a decoding or a normalisation too many leads to.
func neighbours() []actor {
	var all []actor
	for _, tenant := range []string{
		"t", "t1x", "T1", "t2", "t1.", "t1 ", "t1/apps", "t1%2Fapps", "t1/apps/app", "t_", "%", "ｔ1", "apps", "users", "shared", "$system",
	} {
		all = append(all,
			actor{tenant, "app", "u", storage.Private},
			actor{tenant, "app", "u", storage.User},
			actor{tenant, "app", "u", storage.Shared})
	}
	for _, app := range []string{"appx", "ap", "App", "app.", "app ", "app/x", "app%2Fx", "a_p", "*", "%", "shared", "users", "ａpp"} {
		all = append(all, actor{"t1", app, "u", storage.Private})
	}
	for _, user := range []string{"ux", "U", "u.", "u/apps", "u/apps/app", "u%2Fapps", "*", "%", "_", "apps", "shared"} {
		all = append(all, actor{"t1", "app", user, storage.User})
	}
	for _, app := range []string{"appx", "App", "app/x", "*"} {
		all = append(all, actor{"t1", app, "u", storage.User})
	}
	// Whoever changes one id, or the tier, of a raider's is here.
	return append(all,
		actor{"t2", "raider", "raider", storage.Private}, actor{"t2", "raider", "raider", storage.User},
		actor{"t1", "raider", "raider", storage.User}, actor{"t1", "raider", "ux", storage.User},
		actor{"t1", "app", "u", storage.Shared})
}

// besides are spaces that no identity has: the server's own, and the levels
// above every place.
func besides() []string {
	return []string{storage.System("keys").Root(), storage.System("apps").Root(), "", "t1/", "t1/apps/", "t1/users/", "t1/users/u/"}
}

// target is what every neighbour has.
const target = "x"

// populate gives each of them the key that attacks aim at, one below a folder,
// and one whose name shows in a list that shows too much.
func (w *world) populate(places []actor) {
	for _, a := range places {
		if w.subject.able(a) && w.put(a, target) {
			w.put(a, "dir/"+target)
			w.put(a, w.canary(a.owner()))
		}
	}
	for _, space := range besides() {
		value := w.canary(actor{tenant: "the server itself"})
		err := w.subject.plant(w.ctx, space, target, value)
		if errors.Is(err, errors.ErrUnsupported) {
			return
		}
		if err != nil {
			w.Fatalf("planting in %q: %v", space, err)
		}
		w.beside[[2]string{space, target}] = value
	}
}

// pair is two places, and a key in each, that one mistake in joining, encoding or
// comparing ids makes one.
type pair struct {
	name string
	a    actor
	keyA string
	b    actor
	keyB string
}

// attackIdentities lets both of each pair write, and read at each other's key.
func attackIdentities(w *world) int {
	n := 0
	for _, p := range pairs() {
		if !w.subject.able(p.a) || !w.subject.able(p.b) {
			continue
		}
		n++
		w.put(p.a, p.keyA)
		w.put(p.b, p.keyB)
		for _, key := range []string{p.keyA, p.keyB} {
			w.read(p.a, key)
			w.read(p.b, key)
		}
		w.conditionals(p.a, p.keyB)
		w.conditionals(p.b, p.keyA)
	}
	for _, id := range hopelessIDs() {
		for _, a := range []actor{
			{id, "app", "u", storage.Private}, {"t1", id, "u", storage.Private}, {"t1", "app", id, storage.User},
			{id, "app", "u", storage.Shared}, {"t1", id, "u", storage.Shared},
		} {
			if a.hasPlace() {
				w.failf("the id %q is taken", id)
			}
			if !w.subject.able(a) {
				continue
			}
			n++
			w.visit(a, target)
			w.checkNoList(a)
		}
	}
	return n
}

// checkNoList fails unless the actor can list nothing at all.
func (w *world) checkNoList(a actor) {
	_, err := w.subject.list(w.ctx, a, "", onePage)
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	w.wantRefusal(a, doing{"listing", ""}, target, w.judge(a, doing{"listing", ""}, err))
}

// effort says how often a crafted key is used.
type effort int

const (
	byAll   effort = iota // by every attacker
	byTurns               // by one of them
	byFew                 // every third key, by one of them
)

// attackKeys uses every crafted key, by turns more briefly.
func attackKeys(w *world, e effort) int {
	if e == byAll {
		return w.attackEach(e, w.siege)
	}
	return w.attackEach(e, w.visit)
}

// attackPrefixes lists by every crafted key, with and without a slash behind.
func attackPrefixes(w *world, e effort) int {
	return 2 * w.attackEach(e, func(a actor, key string) {
		w.attackPrefix(a, key)
		w.attackPrefix(a, key+"/")
	})
}

// attackEach does one thing with crafted keys. It returns the number of keys.
func (w *world) attackEach(e effort, attack func(a actor, key string)) int {
	seen, used := 0, 0
	var all []attempt
	for _, group := range craftedKeys() {
		for _, key := range group.keys {
			if seen++; e == byFew && seen%3 != 0 {
				continue
			}
			as := attackers()
			if used++; e != byAll {
				as = as[used%3:][:1]
			}
			for _, a := range as {
				all = append(all, attempt{a, key})
			}
		}
	}
	inParallel(w, all, func(a attempt) { attack(a.actor, a.key) })
	return used
}

func (w *world) attackPrefix(a actor, prefix string) {
	if storage.CheckFilePrefix(prefix) == nil {
		w.checkList(a, prefix)
		return
	}
	got, err := w.subject.list(w.ctx, a, prefix, onePage)
	if code := w.judge(a, doing{"listing", prefix}, err); code != cpodkit.CodeInvalidKey {
		w.failf("listing %.80q by the %s is %q %.200q; want invalid_key", prefix, a, code, got)
	}
}
